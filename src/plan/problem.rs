//! A problem before it has a place.

use super::spanned::Span;

/// What is wrong and how to mend it; becomes a finding where it is pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) label: String,
    pub(super) help: String,
    /// Other places that belong to it, such as the first of two equal names.
    pub(super) related: Vec<(Span, String)>,
}

impl Problem {
    /// A problem: the whole of it in one line, and what is to be seen at the place.
    pub(super) fn new(message: impl Into<String>, label: impl Into<String>) -> Self {
        Self { message: message.into(), label: label.into(), help: String::new(), related: Vec::new() }
    }

    /// How to mend it.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// Says whose problem it is, where the message is only the end of a sentence.
    pub(super) fn of(mut self, whose: &str) -> Self {
        self.message = format!("{whose} {}", self.message);
        self
    }

    /// Another place that belongs to it.
    pub(super) fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }
}
