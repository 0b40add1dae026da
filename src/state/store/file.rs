//! The state in a file. `docs/state.md` says what a crash between any two of its steps leaves.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::generation::{self, read};
use super::write::{Write, steps, sweep};
use super::{Store, StoreError, Version, check};
use crate::state::State;
use crate::state::format::{FormatError, decode, encode};
use crate::state::lock::{self, Held, Holder, LockError};
use crate::state::place::Place;

/// The state in a file: read by anybody, written only by who has locked it.
#[derive(Debug)]
pub struct FileStore {
    place: Place,
    held: Option<Held>,
}

impl FileStore {
    /// The store at `path`, which may be a link to the file. Neither the file nor its folder need exist; nothing is made.
    ///
    /// # Errors
    /// [`StoreError::Io`] where links lead in a circle or a part of the path cannot be entered.
    pub fn new(path: &Path) -> Result<Self, StoreError> {
        let place = Place::of(path).map_err(|source| io("find", path, source))?;
        Ok(Self { place, held: None })
    }

    /// The file itself, no link to it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.place.file
    }

    /// Locks the state for as long as this store lives, so that it can be written. Removes what killed writers have left.
    ///
    /// # Errors
    /// [`LockError::Held`] if another process has it, otherwise why it cannot be locked.
    pub fn lock(&mut self, me: &Holder) -> Result<(), LockError> {
        if self.held.is_none() {
            self.held = Some(lock::take(&self.place.file, me)?);
            sweep(&self.place);
        }
        Ok(())
    }

    fn path_buf(&self) -> PathBuf {
        self.place.file.clone()
    }

    /// The state that is there, or why what is there cannot be believed.
    fn understand(&self, bytes: &[u8]) -> Result<State, StoreError> {
        decode(bytes).map_err(|what| match what {
            FormatError::Newer { found } => StoreError::Newer { path: self.path_buf(), found },
            what => StoreError::Damaged { path: self.path_buf(), what, newest: generation::newest(self.path()) },
        })
    }

    fn must_be_locked(&self) -> Result<(), StoreError> {
        let held = self.held.as_ref().ok_or_else(|| StoreError::NotLocked(self.path_buf()))?;
        match held.is_intact() {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::LockLost(self.path_buf())),
            Err(source) => Err(io("look at the lock of", self.path(), source)),
        }
    }
}

impl Store for FileStore {
    fn load(&self) -> Result<Option<State>, StoreError> {
        match read(self.path()) {
            Ok(bytes) => self.understand(&bytes).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => match generation::any(self.path()) {
                Ok(false) => Ok(None),
                Ok(true) => Err(StoreError::Missing { path: self.path_buf(), newest: generation::newest(self.path()) }),
                Err(source) => Err(io("look for earlier generations of", self.path(), source)),
            },
            Err(error) if error.kind() == ErrorKind::IsADirectory => Err(StoreError::NotAFile(self.path_buf())),
            Err(source) => Err(io("read", self.path(), source)),
        }
    }

    fn replace(&mut self, expected: Option<&Version>, next: &State) -> Result<(), StoreError> {
        self.must_be_locked()?;
        check(self.load()?.as_ref(), expected, next)?;
        let bytes = encode(next).map_err(|source| StoreError::Unwritable { path: self.path_buf(), source })?;
        let failed = |source| io("write", self.path(), source);
        let mut write = Write::new(&self.place, &bytes);
        for step in steps(&self.place).map_err(failed)? {
            write.perform(&step).map_err(failed)?;
        }
        Ok(())
    }
}

fn io(doing: &'static str, path: &Path, source: io::Error) -> StoreError {
    StoreError::Io { doing, path: path.to_owned(), source }
}
