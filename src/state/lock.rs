//! One `jbr` at a time: a kernel lock beside the state, for the life of an `apply`.
//!
//! The kernel frees it when its holder dies, however it dies: nothing in here goes stale. The file's content only tells whoever meets the
//! lock who has it. The file is never removed: whoever removes a lock file can remove somebody else's.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use fd_lock::{RwLock, RwLockWriteGuard};
use serde::{Deserialize, Serialize};

use super::store::{in_folder, resolved};
use crate::clock::Timestamp;
use crate::printable::printable;

/// No holder's note is longer.
const NOTE_SIZE_MAX_BYTES: u64 = 4096;

/// Why the lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("another jbr holds the lock: {0}")]
    Held(Holder),
    /// It cannot be taken at all.
    #[error("the lock {} cannot be taken", path.display())]
    Io {
        /// The lock's file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        why: io::Error,
    },
}

/// Who has the lock; `None` where the note is not there yet or is no note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder(pub Option<Note>);

/// What a holder wrote about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Its process.
    pub pid: u32,
    /// What it does: `apply`, for instance.
    pub what: String,
    /// Since when.
    pub since: Timestamp,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("it has not said who it is"),
            Some(note) => write!(
                f,
                "process {} (jbr {}), since {}",
                note.pid,
                printable(&note.what),
                note.since.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
            ),
        }
    }
}

/// The lock of one state, not taken yet.
pub struct Lock {
    path: PathBuf,
    file: RwLock<File>,
}

/// The lock, taken until this is dropped.
pub struct Held<'a> {
    _guard: RwLockWriteGuard<'a, File>,
}

impl Lock {
    /// Opens the lock beside a state file, and makes the folder if there is none.
    ///
    /// # Errors
    /// Where the file cannot be made or opened.
    pub fn open(state: &Path) -> Result<Self, LockError> {
        let path = lock_path(state);
        let failed = |why| LockError::Io { path: path.clone(), why };
        in_folder(&path).map_err(failed)?;
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        Ok(Self { file: RwLock::new(file.map_err(failed)?), path })
    }

    /// Takes it, without waiting, and writes who has it now.
    ///
    /// # Errors
    /// [`LockError::Held`] with whoever has it.
    pub fn take(&mut self, what: &str, now: Timestamp) -> Result<Held<'_>, LockError> {
        let path = self.path.clone();
        let failed = |why| LockError::Io { path: path.clone(), why };
        let mut guard = match self.file.try_write() {
            Ok(guard) => guard,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(LockError::Held(read_note(&path))),
            Err(error) => return Err(failed(error)),
        };
        let note = Note { pid: std::process::id(), what: what.to_owned(), since: now };
        let text = serde_json::to_string(&note).map_err(|error| failed(error.into()))?;
        guard.set_len(0).and_then(|()| guard.rewind()).and_then(|()| writeln!(guard, "{text}")).map_err(failed)?;
        Ok(Held { _guard: guard })
    }
}

/// Where the lock of a state is: beside the file itself, wherever a link leads, so that two names of one state share one lock.
fn lock_path(state: &Path) -> PathBuf {
    let mut name = resolved(state).into_os_string();
    name.push(".lock");
    PathBuf::from(name)
}

/// Who has the lock of a state, if anybody has; nothing is taken or written. A state without a lock file is free.
///
/// # Errors
/// Where it cannot be looked at.
pub fn holder(state: &Path) -> Result<Option<Holder>, LockError> {
    let path = lock_path(state);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(LockError::Io { path, why }),
    };
    // A shared lock: two who look do not meet, and whoever takes it meets no one for longer than this.
    match RwLock::new(file).try_read() {
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Some(read_note(&path))),
        Err(why) => Err(LockError::Io { path, why }),
    }
}

fn read_note(path: &Path) -> Holder {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(NOTE_SIZE_MAX_BYTES).read_to_string(&mut text));
    Holder(read.ok().and_then(|_| serde_json::from_str(&text).ok()))
}
