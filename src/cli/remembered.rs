//! What is remembered, for a command that does without it: that the state cannot be read is one of the things that it says.

use super::Global;
use crate::seen::{Seen, Why};
use crate::state::State;
use crate::state::store::{FileStore, Store as _};

/// What is remembered, or why it cannot be read. Where there is no state yet, nothing is remembered.
pub(super) fn remembered(global: &Global) -> Seen<State> {
    let loaded = FileStore::new(&global.state).and_then(|store| store.load());
    known_or_why(loaded).map(|state| state.unwrap_or_else(State::unwritten))
}

/// The same where what is not known is taken for nothing, once that was said.
pub(super) fn or_unwritten(state: Seen<State>) -> State {
    match state {
        Seen::Known(state) => state,
        Seen::Unknown(_) => State::unwritten(),
    }
}

/// What was read of a file of this machine, as knowledge.
pub(super) fn known_or_why<T>(result: Result<T, impl std::error::Error>) -> Seen<T> {
    match result {
        Ok(fact) => Seen::Known(fact),
        Err(error) => Seen::Unknown(Why::new(error.to_string())),
    }
}
