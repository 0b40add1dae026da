//! A notice that could not be sent yet.

use crate::clock::Timestamp;

/// A message that waits in the outbox. All texts are printable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsent {
    /// Since when.
    pub since: Timestamp,
    /// `mail`, `ping` or `webhook`.
    pub channel: &'static str,
    /// What it is: the subject of a mail.
    pub what: String,
    /// How often it was tried.
    pub tries: u32,
    /// Why it could not be sent; `None` if nobody has tried yet.
    pub why: Option<String>,
    /// It was refused for good, and is tried again by `jbr notify test` alone.
    pub refused: bool,
}
