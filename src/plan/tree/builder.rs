//! The event pass: YAML becomes a tree, within limits.
//!
//! It runs before serde sees anything, because YAML can be a bomb: nesting costs a scanner quadratic time, and aliases
//! multiply.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, Span as EventSpan};

use super::{Content, Entry, Key, Node, Scalar};
use crate::plan::fault;
use crate::plan::finding::{Findings, Reported, quoted};
use crate::plan::problem::Problem;
use crate::plan::source::FILE_SIZE_MAX_BYTES;
use crate::plan::spanned::Span;
use crate::plan::visible;

/// How deep maps and lists may nest; a plan needs four levels.
const DEPTH_MAX: usize = 16;

/// How many values one file may hold, those that aliases repeat and anchors keep included.
const NODES_MAX: usize = 50_000;

/// How many aliases one file may hold.
const ALIASES_MAX: usize = 100;

/// How many bytes of text aliases and anchors of one file may repeat: few values can hold long texts.
const REPEATED_BYTES_MAX: usize = 256 * 1024;

/// How long a line may be.
const LINE_LENGTH_MAX_BYTES: usize = 2000;

/// Reads one source.
///
/// # Errors
/// Reported: text that is not YAML, or not within the limits.
pub(in crate::plan) fn parse(file: usize, findings: &mut Findings<'_>) -> Result<Node, Reported> {
    let sources = findings.sources;
    let text = sources[file].text.as_str();
    check_text(file, text, findings)?;
    let options = granit_parser::options! {
        emit_comments: false,
        disallow_directives: true,
        flow_nesting_limit: DEPTH_MAX,
        block_nesting_limit: DEPTH_MAX,
    };
    let mut builder = Builder { file, text, ..Builder::default() };
    for event in Parser::new_from_str_with_options(text, options) {
        let taken = match event {
            Ok((event, at)) => builder.take(event, &at),
            Err(error) => Err(fault::explain(
                &error,
                &fault::Context { file, text, good: builder.end, bracket: builder.bracket() },
            )),
        };
        if let Err((span, problem)) = taken {
            return Err(findings.push(span, problem));
        }
    }
    builder.root.ok_or_else(|| findings.push(Span::start_of(file), empty()))
}

fn empty() -> Problem {
    Problem::new("the file holds no plan", "nothing but space and comments").help(
        "begin it with `version: 1`, then declare `servers` and `jobs`; a file that is not a plan must not end in .yaml",
    )
}

/// What can be said before any YAML is read: size, length of lines, characters that nobody sees.
fn check_text(file: usize, text: &str, findings: &mut Findings<'_>) -> Result<(), Reported> {
    if text.len() > FILE_SIZE_MAX_BYTES {
        let problem =
            Problem::new(format!("the file is larger than {FILE_SIZE_MAX_BYTES} bytes"), "too large for a plan");
        return Err(findings.push(Span::start_of(file), problem.help("split it into several files of one folder")));
    }
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if line.len() > LINE_LENGTH_MAX_BYTES {
            let problem =
                Problem::new(format!("the line is longer than {LINE_LENGTH_MAX_BYTES} bytes"), "too long for a plan");
            return Err(findings.push(Span { file, start, end: start }, problem.help("break it into several lines")));
        }
        start += line.len();
    }
    match visible::first_invisible(text) {
        None => Ok(()),
        Some((at, c)) => {
            let code = u32::from(c);
            let problem = Problem::new(format!("a character that cannot be seen: U+{code:04X}"), "here")
                .help("delete it: it could make the plan look different from what it says");
            Err(findings.push(Span { file, start: at, end: at + c.len_utf8() }, problem))
        }
    }
}

type Taken = Result<(), (Span, Problem)>;

/// A map or a list whose end has not come yet.
struct Open {
    node: Node,
    anchor: usize,
    /// The key that waits for its value.
    key: Option<Key>,
}

/// Builds the tree from events.
#[derive(Default)]
struct Builder<'a> {
    file: usize,
    text: &'a str,
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    aliases: usize,
    /// The text that aliases and anchors have copied so far, in bytes.
    repeated_bytes: usize,
    /// Where the last event ended; a quote that never closes starts after it.
    end: usize,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, at: &EventSpan) -> Taken {
        let span = self.span(at);
        self.end = span.end;
        if at.tag_start().is_some() {
            return Err((at.tag_span().map_or(span, |tag| self.span(&tag)), tagged()));
        }
        match event {
            Event::DocumentStart(..) if self.root.is_some() => Err((span, several_documents())),
            Event::Scalar(text, style, anchor, _) => self.scalar(text.into_owned(), style, anchor, span),
            Event::SequenceStart(_, anchor, _) => self.start(Content::List(Vec::new()), anchor, span),
            Event::MappingStart(_, anchor, _) => self.start(Content::Map(Vec::new()), anchor, span),
            Event::SequenceEnd | Event::MappingEnd => self.finish(span.end),
            Event::Alias(anchor) => self.alias(anchor, span),
            _ => Ok(()),
        }
    }

    /// The innermost `{` or `[` that is open.
    fn bracket(&self) -> Option<Span> {
        let last = self.open.last()?.node.span;
        let opens = self.text[last.start..].starts_with(['{', '[']);
        opens.then_some(Span { end: last.start + 1, ..last })
    }

    fn span(&self, at: &EventSpan) -> Span {
        let bytes = at.byte_range().unwrap_or(self.end..self.end);
        Span { file: self.file, start: bytes.start, end: bytes.end.max(bytes.start) }
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, anchor: usize, span: Span) -> Taken {
        let source = self.text.get(span.start..span.end).unwrap_or_default().to_owned();
        // The parser says `~` for a value that is not there.
        let text = if source.is_empty() && style == ScalarStyle::Plain { String::new() } else { text };
        let scalar = Scalar { text, source, plain: style == ScalarStyle::Plain };
        self.add(Node { content: Content::Scalar(scalar), span }, anchor)
    }

    fn start(&mut self, content: Content, anchor: usize, span: Span) -> Taken {
        if self.open.len() == DEPTH_MAX {
            return Err((span, too_deep()));
        }
        self.open.push(Open { node: Node { content, span }, anchor, key: None });
        Ok(())
    }

    fn finish(&mut self, end: usize) -> Taken {
        let Some(mut open) = self.open.pop() else { return Ok(()) };
        open.node.span.end = end.max(open.node.span.start);
        self.add(open.node, open.anchor)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Taken {
        self.aliases += 1;
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            let problem = Problem::new("the alias stands inside of what it repeats", "this would never end");
            return Err((span, problem.help("write the value itself")));
        };
        if self.aliases > ALIASES_MAX {
            let problem = Problem::new(format!("more than {ALIASES_MAX} aliases"), "one too many");
            return Err((span, problem.help("put what repeats into `defaults`")));
        }
        if self.open.len() + node.depth() > DEPTH_MAX {
            return Err((span, too_deep()));
        }
        self.charge(&node).map_err(|problem| (span, problem))?;
        self.add(node, 0).map_err(|(_, problem)| (span, problem))
    }

    /// Counts a copy of a value, for an alias or because it has an anchor: both multiply.
    fn charge(&mut self, node: &Node) -> Result<(), Problem> {
        self.nodes += node.count();
        self.repeated_bytes += node.bytes();
        if self.repeated_bytes > REPEATED_BYTES_MAX {
            let problem =
                Problem::new(format!("anchors and aliases repeat more than {REPEATED_BYTES_MAX} bytes"), "too many");
            return Err(problem.help("put what repeats into `defaults`"));
        }
        if self.nodes > NODES_MAX { Err(too_many_values()) } else { Ok(()) }
    }

    /// Puts a finished node where it belongs: into the map or list that is open, or at the root.
    fn add(&mut self, node: Node, anchor: usize) -> Taken {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err((node.span, too_many_values()));
        }
        if anchor != 0 {
            self.charge(&node).map_err(|problem| (node.span, problem))?;
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut open.node.content {
            Content::List(items) => items.push(node),
            Content::Map(entries) => match open.key.take() {
                Some(key) => entries.push(Entry { key, value: node }),
                None => open.key = Some(key(node)?),
            },
            Content::Scalar(_) => {}
        }
        Ok(())
    }
}

fn key(node: Node) -> Result<Key, (Span, Problem)> {
    match node.content {
        Content::Scalar(scalar) => Ok(Key { scalar, span: node.span }),
        Content::List(_) | Content::Map(_) => {
            let problem = Problem::new("a map or a list stands where a key is expected", "not a key");
            Err((node.span, problem.help("write `key: value`; text that begins with [ or { needs quotes")))
        }
    }
}

/// Too many maps or lists inside each other.
pub(in crate::plan) fn too_deep() -> Problem {
    Problem::new(format!("more than {DEPTH_MAX} maps or lists inside each other"), "too deep for a plan")
        .help("a plan needs four levels; look for a bracket or a `-` too many")
}

fn too_many_values() -> Problem {
    Problem::new(format!("more than {NODES_MAX} values in one file"), "too many for a plan")
        .help("split it into several files of one folder")
}

fn tagged() -> Problem {
    Problem::new("a YAML tag", "tags have no meaning in a plan")
        .help("remove it; to have a value taken as text, put it between quotes")
}

fn several_documents() -> Problem {
    Problem::new("a second document begins in this file", "only one document in a file")
        .help(format!("remove the line {}, or move what follows into a file of its own", quoted("---")))
}
