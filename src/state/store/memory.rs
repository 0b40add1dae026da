//! A store for as long as the process lives: for the demo, and for tests.

use std::path::PathBuf;

use super::{Store, StoreError, Version, check};
use crate::state::State;
use crate::state::format::{FormatError, decode, encode};

/// A state in memory, as the bytes that a file would hold: what a file could not hold, this does not either.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    bytes: Option<Vec<u8>>,
}

impl Store for MemoryStore {
    fn load(&self) -> Result<Option<State>, StoreError> {
        let damaged = |what: FormatError| StoreError::Damaged { path: here(), what, newest: None };
        self.bytes.as_deref().map(decode).transpose().map_err(damaged)
    }

    fn replace(&mut self, expected: Option<&Version>, next: &State) -> Result<(), StoreError> {
        check(self.load()?.as_ref(), expected, next)?;
        self.bytes = Some(encode(next).map_err(|source| StoreError::Unwritable { path: here(), source })?);
        Ok(())
    }
}

fn here() -> PathBuf {
    PathBuf::from("in memory")
}
