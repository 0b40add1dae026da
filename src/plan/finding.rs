//! A problem of the plan as data: what, where, and how to mend it. `report` turns it into text.

use std::ops::Range;
use std::path::PathBuf;

use super::Source;
use super::problem::Problem;
use super::spanned::Span;
use crate::printable::printable;

/// The most findings of one load; the last of them then says how many more there were.
pub(super) const FINDINGS_MAX: usize = 100;

/// Windows writes it at the start of a file; it is no part of the text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// One problem of a plan. All texts are printable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong, in one line.
    pub message: String,
    /// Where.
    pub place: Place,
    /// What is to be seen at the place.
    pub label: String,
    /// Other places that belong to it, such as the first of two equal names.
    pub related: Vec<Related>,
    /// How to mend it.
    pub help: String,
    /// Text that must not be shown: secrets that stand in the plan.
    pub hidden: Vec<Hidden>,
}

/// Text of a source that must not be shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hidden {
    /// The file, as [`Source::path`] names it.
    pub file: PathBuf,
    /// Its bytes in [`Source::text`].
    pub span: Range<usize>,
}

/// A second place of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// Where.
    pub place: Place,
    /// What is to be seen there.
    pub label: String,
}

/// A place in a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as [`Source::path`] names it.
    pub file: PathBuf,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// Its bytes in [`Source::text`].
    pub span: Range<usize>,
}

/// Proof that a finding was recorded. Only [`Findings`] makes one, so that a value that could not be read can never be
/// dropped without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reported(());

/// A problem at its place, before line and column are counted: only what is shown is worth that.
struct Found {
    span: Span,
    problem: Problem,
    hidden: Option<Span>,
}

/// The findings of one load, as they come.
pub(super) struct Findings<'a> {
    pub(super) sources: &'a [Source],
    found: Vec<Found>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(sources: &'a [Source]) -> Self {
        Self { sources, found: Vec::new() }
    }

    /// Records a problem at its place.
    pub(super) fn push(&mut self, span: Span, problem: Problem) -> Reported {
        self.push_hiding(span, problem, None)
    }

    /// Records a problem at its place, and what must not be shown of the plan because of it.
    pub(super) fn push_hiding(&mut self, span: Span, problem: Problem, hidden: Option<Span>) -> Reported {
        self.found.push(Found { span, problem, hidden });
        Reported(())
    }

    /// The span without the space at its end: a block of text ends at the next line's indentation.
    fn trimmed(&self, span: Span) -> Span {
        Span { end: span.start + self.text(span).trim_end().len(), ..span }
    }

    /// The text of a span; empty where there is none.
    pub(super) fn text(&self, span: Span) -> &'a str {
        self.sources.get(span.file).and_then(|source| source.text.get(span.start..span.end)).unwrap_or_default()
    }

    /// What was read, if nothing was found; otherwise the findings, in the order of the text.
    pub(super) fn conclude<T>(mut self, read: Result<T, Reported>) -> Result<T, Vec<Finding>> {
        match read {
            Ok(value) if self.found.is_empty() => return Ok(value),
            Ok(_) | Err(Reported(())) => {}
        }
        self.found.sort_by_key(|found| (found.span.file, found.span.start));
        let (shown, more) = self.found.split_at(self.found.len().min(FINDINGS_MAX));
        let mut findings: Vec<Finding> = shown.iter().map(|found| self.finding(found)).collect();
        if let (Some(last), false) = (shown.last(), more.is_empty()) {
            let message = format!("{} more problems are not shown", more.len());
            let problem = Problem::new(message, "they come after this line").help("mend the ones above first");
            let mut finding = self.finding(&Found { span: last.span, problem, hidden: None });
            // A secret stays hidden also where its own finding is not shown: it may share a line with one that is.
            finding.hidden.extend(more.iter().filter_map(|found| self.hidden(found)));
            finding.hidden.sort_by_key(|hidden| (hidden.file.clone(), hidden.span.start, hidden.span.end));
            finding.hidden.dedup();
            findings.push(finding);
        }
        Err(findings)
    }

    fn hidden(&self, found: &Found) -> Option<Hidden> {
        let span = self.trimmed(found.hidden?);
        let file = self.sources.get(span.file)?.path.clone();
        Some(Hidden { file, span: span.start..span.end })
    }

    fn finding(&self, found: &Found) -> Finding {
        let problem = &found.problem;
        Finding {
            message: problem.message.clone(),
            place: self.place(found.span),
            label: problem.label.clone(),
            related: problem
                .related
                .iter()
                .map(|(span, label)| Related { place: self.place(*span), label: label.clone() })
                .collect(),
            help: problem.help.clone(),
            hidden: self.hidden(found).into_iter().collect(),
        }
    }

    fn place(&self, span: Span) -> Place {
        let (file, text) = match self.sources.get(span.file) {
            Some(source) => (source.path.clone(), source.text.as_str()),
            None => (PathBuf::new(), ""),
        };
        let mark = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
        let start = char_boundary(text, span.start.max(mark));
        let before = &text[..start];
        let line_start = line_start(before);
        Place {
            file,
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            span: start..char_boundary(text, span.end).max(start),
        }
    }
}

impl Span {
    /// The first character of a source.
    pub(super) fn start_of(file: usize) -> Self {
        Self { file, start: 0, end: 0 }
    }
}

/// Where the last line of a text starts; a byte order mark is not part of a line.
pub(super) fn line_start(text: &str) -> usize {
    match text.rfind('\n') {
        Some(end) => end + 1,
        None if text.starts_with(BYTE_ORDER_MARK) => BYTE_ORDER_MARK.len_utf8(),
        None => 0,
    }
}

/// The place at or before an offset where a character starts.
fn char_boundary(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

/// Text of the plan between backticks, safe to show.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", printable(text))
}
