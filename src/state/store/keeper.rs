//! The journal's way into the store, as the machine's driver asks for it.

use super::{Store, StoreError};
use crate::execute::drive::Keep;
use crate::execute::journal::Journal;
use crate::state::State;

/// Keeps the journal of the run that is in progress in `state`.
pub struct RunKeeper<'a> {
    store: &'a mut dyn Store,
    state: State,
}

impl<'a> RunKeeper<'a> {
    /// Keeps into `store`, which must hold `state` as it is (or nothing, if `state` has serial 0).
    pub fn new(store: &'a mut dyn Store, state: State) -> Self {
        Self { store, state }
    }

    /// The state as it was stored last.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Gives the state back, to end the run in it.
    #[must_use]
    pub fn into_state(self) -> State {
        self.state
    }
}

impl Keep for RunKeeper<'_> {
    type Error = StoreError;

    fn keep(&mut self, journal: &Journal) -> Result<(), StoreError> {
        let run = self.state.run.as_mut().ok_or(StoreError::NoRun)?;
        let before = std::mem::replace(&mut run.journal, journal.clone());
        let outcome = self.store.commit(&mut self.state);
        if outcome.is_err()
            && let Some(run) = &mut self.state.run
        {
            run.journal = before;
        }
        outcome
    }
}
