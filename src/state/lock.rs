//! WHO MAY WRITE: one kernel lock beside the state, held for the life of a process that writes.
//!
//! The lock is `flock(2)`, which ends with its holder, however that ends. What stands in the file only tells others who it is.
//! The file stays when the lock is free: removing it would let two processes lock two files of the same name.

mod holder;

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fd_lock::RwLock;
use rustix::fs::{Mode, OFlags};

use super::mend::{mend, shown};
use super::place::Place;
use crate::clock::Interrupt;
pub use holder::Holder;

/// How often the lock is tried before it counts as held: somebody who just looks has it for an instant.
const TRIES_MAX: usize = 5;

/// Between two tries.
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// Nobody needs more to say who they are.
const CONTENT_SIZE_MAX_BYTES: u64 = 4096;

/// Why the lock could not be taken, or looked at.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it.
    #[error("another jbr holds the lock: {}", whom(.0.as_ref()))]
    Held(Option<Holder>),
    /// The folder of the state is not there, nor the one that it would be in.
    #[error("there is no folder {}: make it with mkdir -p -m 700, or name another place with --state", shown(.0))]
    NoFolder(PathBuf),
    /// Something else has the lock's name.
    #[error("{} is not a file: remove it, it is where jbr keeps its lock", shown(.0))]
    NotAFile(PathBuf),
    /// The operating system refuses.
    #[error("cannot lock {}: {}", shown(.path), mend(.source))]
    Io {
        /// What was to be locked.
        path: PathBuf,
        /// What it says.
        source: io::Error,
    },
}

/// What [`peek`] saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lock {
    /// Nobody writes.
    Free,
    /// Somebody does; who, if that could be read.
    Held(Option<Holder>),
}

/// The lock, held until this is dropped or the process ends, however that happens.
#[derive(Debug)]
pub struct Held {
    file: File,
    path: PathBuf,
}

/// Takes the lock of the state at `state`, and writes who has it. The state's folder is made (mode 0700) if only that one is missing.
///
/// # Errors
/// [`LockError::Held`] if another process has it, after a tenth of a second; otherwise what keeps the file from being locked.
pub fn take(state: &Path, me: &Holder) -> Result<Held, LockError> {
    let place = Place::of(state).map_err(|source| LockError::Io { path: state.to_owned(), source })?;
    make_folder(&place.folder)?;
    let path = place.lock();
    let io = |source| LockError::Io { path: path.clone(), source };
    for _ in 0..TRIES_MAX {
        match attempt(open(&path, OFlags::RDWR | OFlags::CREATE)?, &path) {
            Ok(Some(mut held)) => {
                held.announce(me).map_err(io)?;
                return Ok(held);
            }
            Ok(None) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(io(error)),
        }
        Interrupt::new().map_err(io)?.wait(BETWEEN_TRIES);
    }
    Err(LockError::Held(read_holder(&open(&path, OFlags::RDONLY)?)))
}

/// `None` if somebody removed the file between its opening and its lock: that would be a lock on nothing.
fn attempt(file: File, path: &Path) -> io::Result<Option<Held>> {
    let mut lock = RwLock::new(file);
    // Forgetting the guard leaves the lock with the open file, which needs no lifetime: the kernel frees it when the file is closed.
    lock.try_write().map(std::mem::forget)?;
    let held = Held { file: lock.into_inner(), path: path.to_owned() };
    Ok(held.is_intact()?.then_some(held))
}

/// Who holds the lock of the state at `state` now. Takes nothing that would keep a writer out, and makes no file.
///
/// # Errors
/// Where the file cannot be read.
pub fn peek(state: &Path) -> Result<Lock, LockError> {
    let place = Place::of(state).map_err(|source| LockError::Io { path: state.to_owned(), source })?;
    let path = place.lock();
    let file = match open(&path, OFlags::RDONLY) {
        Ok(file) => file,
        Err(LockError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => return Ok(Lock::Free),
        Err(error) => return Err(error),
    };
    let lock = RwLock::new(file);
    // Shared, and given back at once: a writer that meets it tries again (TRIES_MAX).
    let answer = lock.try_read().map(drop);
    match answer {
        Ok(()) => Ok(Lock::Free),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Lock::Held(read_holder(&lock.into_inner()))),
        Err(source) => Err(LockError::Io { path, source }),
    }
}

impl Held {
    /// Whether the lock still keeps others out: if its file was removed, they lock another one.
    ///
    /// # Errors
    /// Where that cannot be found out.
    pub(super) fn is_intact(&self) -> io::Result<bool> {
        let ours = self.file.metadata()?;
        match std::fs::symlink_metadata(&self.path) {
            Ok(there) => Ok((there.dev(), there.ino()) == (ours.dev(), ours.ino())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn announce(&mut self, me: &Holder) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(me.to_json().as_bytes())
    }
}

impl Drop for Held {
    /// Who holds it is nobody from here on; a process that is killed leaves its name, which is believed only while the lock is held.
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}

/// One folder, not a whole path: a mistyped `--state` must not become an empty state somewhere.
fn make_folder(folder: &Path) -> Result<(), LockError> {
    match std::fs::DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {
            // The folder's own name must survive a loss of power as well.
            let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let synced = File::open(above).and_then(|above| above.sync_all());
            synced.map_err(|source| LockError::Io { path: above.to_owned(), source })
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(LockError::NoFolder(folder.to_owned())),
        // An existing folder on a read-only disk answers with EROFS rather than EEXIST: what is wrong shows below.
        Err(_) if folder.is_dir() => Ok(()),
        Err(source) => Err(LockError::Io { path: folder.to_owned(), source }),
    }
}

/// Mode 0600: whoever may open the file may lock it, and could keep every backup from running.
fn open(path: &Path, flags: OFlags) -> Result<File, LockError> {
    let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let io = |source| LockError::Io { path: path.to_owned(), source };
    let file: File = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR).map_err(|errno| io(errno.into()))?.into();
    if file.metadata().map_err(io)?.is_file() { Ok(file) } else { Err(LockError::NotAFile(path.to_owned())) }
}

fn read_holder(file: &File) -> Option<Holder> {
    let mut file = file;
    let mut content = Vec::new();
    file.rewind().ok()?;
    file.take(CONTENT_SIZE_MAX_BYTES).read_to_end(&mut content).ok()?;
    Holder::from_json(&content)
}

fn whom(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "it has not said who it is".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_removed_before_its_lock_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json.lock");
        let open = || super::open(&path, OFlags::RDWR | OFlags::CREATE).unwrap();
        let removed = open();
        std::fs::remove_file(&path).unwrap();
        assert!(attempt(removed, &path).unwrap().is_none());
        let replaced = open();
        std::fs::remove_file(&path).unwrap();
        let there = open();
        assert!(attempt(replaced, &path).unwrap().is_none());
        assert!(attempt(there, &path).unwrap().is_some());
    }
}
