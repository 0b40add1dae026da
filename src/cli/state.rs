//! `jbr state`: what is remembered.

use chrono::Utc;
use clap::Subcommand;

use super::error::CliError;
use super::{Exit, Global, Output};
use crate::clock::Timestamp;
use crate::printable::printable;
use crate::render;
use crate::state::State;
use crate::state::store::{FileStore, Store as _};

/// `jbr state`.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum StateVerb {
    /// The run in progress, what is open, and every job's record
    Show,
    /// The jobs that are remembered
    List,
    /// The last runs
    History,
}

/// Shows the state.
pub(super) fn state(global: &Global, verb: StateVerb, output: &Output) -> Result<Exit, CliError> {
    let Some(state) = FileStore::new(&global.state)?.load()? else {
        output.say(format_args!(
            "{}: no state yet; the first `jbr apply` writes it",
            printable(&global.state.to_string_lossy())
        ));
        return show(&State::unwritten(), verb, Utc::now(), output);
    };
    show(&state, verb, Utc::now(), output)
}

/// Shows a state that was read.
pub(super) fn show(state: &State, verb: StateVerb, now: Timestamp, output: &Output) -> Result<Exit, CliError> {
    let page = output.page();
    let text = match (verb, output.json) {
        (StateVerb::Show, false) => render::state::show(state, now, &page),
        (StateVerb::Show, true) => render::state_json::show_json(state, now),
        (StateVerb::List, false) => render::state::list(state),
        (StateVerb::List, true) => render::state_json::list_json(state),
        (StateVerb::History, false) => render::history::history(state, now, &page),
        (StateVerb::History, true) => render::state_json::history_json(state),
    };
    output.result(&text)?;
    Ok(Exit::Success)
}
