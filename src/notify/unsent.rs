//! What waits to be sent, for whoever asks.

use std::io;
use std::path::Path;

use super::entry::Entry;
use super::outbox::Outbox;
use crate::printable::printable;
use crate::status::Unsent;

/// What waits to be sent beside the state at `state`, oldest first. Takes no lock and makes nothing.
///
/// # Errors
/// Where the folder is there and cannot be read.
pub fn unsent(state: &Path) -> io::Result<Vec<Unsent>> {
    let outbox = Outbox::beside(state);
    let all = outbox.names()?;
    Ok(all.iter().filter_map(|name| outbox.read(name).ok()).map(|entry| Unsent::from(&entry)).collect())
}

impl From<&Entry> for Unsent {
    fn from(entry: &Entry) -> Self {
        Self {
            since: entry.made,
            channel: entry.message.channel(),
            what: printable(&entry.message.title()),
            tries: entry.tries,
            why: entry.last.as_ref().map(|last| last.why.clone()),
            refused: entry.last.as_ref().is_some_and(|last| last.refused),
        }
    }
}
