//! A plan's YAML as a tree in which everything knows its place.
//!
//! Duplicate keys survive here, so that they can be reported with both places.

mod builder;

use super::spanned::Span;

pub(super) use builder::{parse, too_deep};

/// A value of the plan's text.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) content: Content,
    pub(super) span: Span,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) value: Node,
}

/// A key of a map.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) scalar: Scalar,
    pub(super) span: Span,
}

/// A single value: as it is meant, and as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scalar {
    /// The value after quotes and escapes.
    pub(super) text: String,
    /// The very text of the file, quotes included.
    pub(super) source: String,
    /// Whether it stands without quotes, so that YAML may take it for something other than text.
    pub(super) plain: bool,
}

impl Node {
    /// Where to point for the whole of it: its first key, as the span of a map ends lines later.
    pub(super) fn head(&self) -> Span {
        match &self.content {
            Content::Map(entries) => entries.first().map_or(self.span, |entry| entry.key.span),
            Content::List(items) => items.first().map_or(self.span, Node::head),
            Content::Scalar(_) => self.span,
        }
    }

    /// Whether nothing is written here, or a word for nothing.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(&self.content, Content::Scalar(scalar) if scalar.is_nothing())
    }

    /// How many values it holds, itself and the keys of maps included.
    fn count(&self) -> usize {
        match &self.content {
            Content::Scalar(_) => 1,
            Content::List(items) => 1 + items.iter().map(Node::count).sum::<usize>(),
            Content::Map(entries) => 1 + entries.iter().map(|entry| 1 + entry.value.count()).sum::<usize>(),
        }
    }

    /// How much text a copy of it copies, in bytes.
    fn bytes(&self) -> usize {
        match &self.content {
            Content::Scalar(scalar) => scalar.bytes(),
            Content::List(items) => items.iter().map(Node::bytes).sum(),
            Content::Map(entries) => entries.iter().map(|entry| entry.key.scalar.bytes() + entry.value.bytes()).sum(),
        }
    }

    /// How deep maps and lists nest in it; 0 for a single value.
    fn depth(&self) -> usize {
        match &self.content {
            Content::Scalar(_) => 0,
            Content::List(items) => 1 + items.iter().map(Node::depth).max().unwrap_or_default(),
            Content::Map(entries) => 1 + entries.iter().map(|entry| entry.value.depth()).max().unwrap_or_default(),
        }
    }
}

impl Scalar {
    /// Whether this is YAML's "no value".
    pub(super) fn is_nothing(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// How much text a copy of it copies, in bytes.
    fn bytes(&self) -> usize {
        self.text.len() + self.source.len()
    }
}
