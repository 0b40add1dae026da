//! WHO KEEPS THE STATE: a file, or memory; and the promise that they share.
//!
//! A store is compare-and-swap: who replaces says what is there now. A stale process can then not write over what it has not read.

mod error;
mod file;
mod generation;
mod keeper;
mod lineage;
mod memory;
mod write;

use std::fmt;

use super::State;
pub use super::place::GENERATIONS_MAX;
pub use error::StoreError;
pub use file::FileStore;
pub use generation::Generation;
pub use keeper::RunKeeper;
pub use lineage::new_lineage;
pub use memory::MemoryStore;

/// Which state it is, and which writing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The state's lineage.
    pub lineage: String,
    /// The state's serial.
    pub serial: u64,
}

impl From<&State> for Version {
    fn from(state: &State) -> Self {
        Self { lineage: state.lineage.clone(), serial: state.serial }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = self.lineage.get(..8).unwrap_or(&self.lineage);
        write!(f, "serial {} of {}", self.serial, crate::printable::printable(short))
    }
}

/// Where a state is kept. A state that was never stored has serial 0; the first that is kept has serial 1.
pub trait Store {
    /// The state as it was stored last; `None` if there never was one.
    ///
    /// # Errors
    /// A [`StoreError`] where something is there that cannot be believed, or where nobody can tell.
    fn load(&self) -> Result<Option<State>, StoreError>;

    /// Stores `next` in the place of the state of version `expected` (`None`: there is none yet). Returns when it would survive a loss
    /// of power.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another version is there, [`StoreError::NotTheNext`] if `next` is not `expected`'s successor. After
    /// any error either the old state is there or `next`, whole.
    fn replace(&mut self, expected: Option<&Version>, next: &State) -> Result<(), StoreError>;

    /// Stores a state that was loaded here, or is new, and was changed since: raises its serial and replaces what it was made from.
    ///
    /// # Errors
    /// As [`Store::replace`]; the serial is as it was then.
    fn commit(&mut self, state: &mut State) -> Result<(), StoreError> {
        let before = Version::from(&*state);
        state.serial = state.serial.saturating_add(1);
        let expected = (before.serial > 0).then_some(&before);
        let outcome = self.replace(expected, state);
        if outcome.is_err() {
            state.serial = before.serial;
        }
        outcome
    }
}

/// What every store checks before it writes.
fn check(found: Option<&State>, expected: Option<&Version>, next: &State) -> Result<(), StoreError> {
    let found = found.map(Version::from);
    if found.as_ref() != expected {
        return Err(StoreError::Conflict { expected: expected.cloned(), found });
    }
    let serial = expected.map_or(Some(1), |version| version.serial.checked_add(1));
    let is_same_line = expected.is_none_or(|version| version.lineage == next.lineage);
    if is_same_line && serial == Some(next.serial) {
        Ok(())
    } else {
        Err(StoreError::NotTheNext { expected: expected.cloned(), next: Version::from(next) })
    }
}
