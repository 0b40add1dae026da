//! The notices that could not be sent yet.

use crate::clock::Timestamp;

/// The outbox, as it is seen without its lock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outbox {
    /// What waits to be sent, oldest first.
    pub unsent: Vec<Unsent>,
    /// How many files could not be read: whether they are messages is not known.
    pub unreadable: usize,
    /// Why nothing can be added to it, printable: then what is not sent at once is lost.
    pub shut: Option<String>,
}

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
