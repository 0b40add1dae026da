//! What waits to be sent, for whoever asks.

use std::io;
use std::path::Path;

use rustix::fs::{StatVfsMountFlags, statvfs};

use super::entry::Entry;
use super::outbox::Outbox;
use crate::printable::printable;
use crate::status::{self, Unsent};

/// What waits to be sent beside the state at `state`. Takes no lock and makes nothing.
///
/// # Errors
/// Where the folder is there and cannot be read.
pub fn outbox(state: &Path) -> io::Result<status::Outbox> {
    let outbox = Outbox::beside(state);
    let mut seen = status::Outbox { shut: shut(&outbox.folder), ..status::Outbox::default() };
    for name in outbox.names()? {
        match outbox.read(&name) {
            Ok(entry) => seen.unsent.push(Unsent::from(&entry)),
            Err(_) => seen.unreadable += 1,
        }
    }
    Ok(seen)
}

/// Why its disk takes nothing more, whoever writes: who asks may be another than who sends.
fn shut(folder: &Path) -> Option<String> {
    // The first that is there: the folder is made when it is needed.
    let disk = folder.ancestors().find_map(|place| statvfs(place).ok())?;
    if disk.f_flag.contains(StatVfsMountFlags::RDONLY) {
        return Some("its disk is read-only".to_owned());
    }
    // A disk of no size, as /proc, is none.
    let is_full = (disk.f_blocks > 0 && disk.f_bavail == 0) || (disk.f_files > 0 && disk.f_ffree == 0);
    is_full.then(|| "no space is left on its disk".to_owned())
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
