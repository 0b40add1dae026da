//! What a YAML parser says, in words that help: where the mistake is, which is seldom where the parser noticed it.

use granit_parser::{ErrorKind, ScanError};

use super::problem::Problem;
use super::spanned::Span;
use super::tree;
use crate::printable::printable;

/// What was known when the parser gave up.
pub(super) struct Context<'a> {
    pub(super) file: usize,
    pub(super) text: &'a str,
    /// Where the last understood piece ended, in bytes.
    pub(super) good: usize,
    /// The innermost `{` or `[` that was open.
    pub(super) bracket: Option<Span>,
}

/// A parser's error as a problem at its place.
pub(super) fn explain(error: &ScanError, context: &Context<'_>) -> (Span, Problem) {
    let Context { file, text, good, bracket } = *context;
    let noticed = error.marker().byte_offset().unwrap_or(good).min(text.len());
    let character = |at: usize| {
        let length = text[at..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
        Span { file, start: at, end: at + length }
    };
    let quote = opening_quote(text, good).filter(|at| *at <= noticed);
    if let Some(at) = quote.filter(|at| !closes_on_its_line(text, *at)) {
        return (character(at), unclosed_quote());
    }
    let problem = problem(error.kind());
    match (error.kind(), bracket) {
        (ErrorKind::InvalidTrailingDoubleQuotedScalar | ErrorKind::InvalidTrailingSingleQuotedScalar, _) => {
            (character(quote.unwrap_or(noticed)), problem)
        }
        (kind, _) if is_about_tabs(kind) => (character(nearest_tab(text, noticed)), problem),
        (_, Some(bracket)) if text[bracket.start..noticed].contains('\n') => {
            (character(noticed), problem.related(bracket, "inside of this; is it closed?"))
        }
        _ => (character(noticed), problem),
    }
}

fn unclosed_quote() -> Problem {
    Problem::new("a quote is opened and not closed", "this quote").help("close it on the same line")
}

fn is_about_tabs(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TabInIndentation
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInPlainScalar
            | ErrorKind::TabNotAllowed
            | ErrorKind::TabAtBlockScalarStart
    )
}

fn problem(kind: &ErrorKind) -> Problem {
    match kind {
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::DocumentIndicatorInQuotedScalar => unclosed_quote(),
        ErrorKind::InvalidTrailingDoubleQuotedScalar | ErrorKind::InvalidTrailingSingleQuotedScalar => {
            Problem::new("something follows after a closing quote", "the text that begins here ends too early").help(
                "put the whole value between the quotes; inside '…' a quote is written twice, inside \"…\" as \\\"",
            )
        }
        kind if is_about_tabs(kind) => {
            Problem::new("a tab is used for indentation", "this is a tab").help("indent with spaces")
        }
        ErrorKind::MappingValueNotAllowed => Problem::new("a second `: ` in one value", "not expected here").help(
            "put a value that holds `: ` between quotes; if this is a key of its own, indent it like its neighbours",
        ),
        ErrorKind::UnknownAnchor => Problem::new("an alias of something that has no anchor", "nothing has this name")
            .help("put a value that begins with * between quotes"),
        ErrorKind::UnexpectedCharacter { .. } => {
            Problem::new("a value cannot begin like this", "not allowed here").help("put the value between quotes")
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            let close = if *open == '[' { ']' } else { '}' };
            Problem::new(format!("`{open}` is opened and not closed"), "this one")
                .help(format!("add the missing `{close}`"))
        }
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator => {
            Problem::new("a comma or a closing bracket is missing", "expected before this")
                .help("put a comma between two entries, and close each { with } and each [ with ]")
        }
        ErrorKind::InvalidIndentation | ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedBlockSequenceEntry => {
            Problem::new("the indentation does not fit", "not expected in this column")
                .help("give neighbours the same indentation, with spaces")
        }
        ErrorKind::RecursionLimitExceeded => tree::too_deep(),
        ErrorKind::DirectiveDisallowed => {
            Problem::new("a YAML directive", "directives have no meaning in a plan").help("remove the line")
        }
        kind => Problem::new(format!("not YAML: {}", printable(&kind.to_string())), "not understood here")
            .help("compare with the lines around it; a value with characters such as : # [ { needs quotes"),
    }
}

/// The first quote that can open a value after the last understood piece, that is, the one that was being read. Neither a
/// quote in a comment nor the apostrophe of a word can.
fn opening_quote(text: &str, good: usize) -> Option<usize> {
    let mut in_comment = false;
    let mut before = good.checked_sub(1).map_or(b' ', |at| text.as_bytes()[at]);
    for (at, byte) in text.bytes().enumerate().skip(good) {
        match byte {
            b'\n' => in_comment = false,
            b'#' if before.is_ascii_whitespace() => in_comment = true,
            b'"' | b'\'' if !in_comment && (before.is_ascii_whitespace() || b"[{,:".contains(&before)) => {
                return Some(at);
            }
            _ => {}
        }
        before = byte;
    }
    None
}

/// Whether the quote of this place comes again on its line.
fn closes_on_its_line(text: &str, quote: usize) -> bool {
    let mut line = text[quote..].split('\n').next().unwrap_or_default().chars();
    let quote = line.next();
    line.any(|c| Some(c) == quote)
}

/// Parsers notice a tab before, on, or after it.
fn nearest_tab(text: &str, noticed: usize) -> usize {
    let before = noticed.checked_sub(1).filter(|at| text.as_bytes().get(*at) == Some(&b'\t'));
    before.unwrap_or_else(|| text[noticed..].find('\t').map_or(noticed, |distance| noticed + distance))
}
