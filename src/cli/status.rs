//! `jbr status`: what is, at this moment. It changes nothing, takes no lock, and needs no `apply` to have run.

use clap::Args;

use super::args::Selection;
use super::error::CliError;
use super::fleet::{connect, interrupt_on_signals};
use super::plan::stop_if_asked;
use super::validate::load;
use super::{Exit, Global, Output, select};
use crate::clock::{Clock as _, SystemClock};
use crate::desired::Desired;
use crate::inventory::collect::collect;
use crate::names::{JobAddress, ServerName};
use crate::notify::outbox;
use crate::proposal::{Request, logs_wanted, propose};
use crate::render;
use crate::seen::{Seen, Why};
use crate::state::State;
use crate::state::lock::peek;
use crate::state::store::{FileStore, Store as _};
use crate::status::{View, status as judge};

/// `jbr status`.
#[derive(Debug, Clone, Args)]
pub(super) struct StatusArgs {
    /// Which jobs.
    #[command(flatten)]
    pub(super) selection: Selection,
}

/// Shows what every server that was asked for does.
pub(super) fn status(global: &Global, args: &StatusArgs, output: &Output) -> Result<Exit, CliError> {
    let interrupt = interrupt_on_signals()?;
    let desired = load(&global.plan, output)?;
    select::check(&args.selection, &desired)?;
    let store = FileStore::new(&global.state)?;
    let before = store.load()?.unwrap_or_else(State::unwritten);
    let mut links = connect(&asked(&desired, &args.selection), &interrupt, output);
    let inventory = collect(&mut links, &logs_wanted(&desired, &before));
    stop_if_asked(&interrupt)?;
    // Read after the servers: what a run triggered meanwhile is its own, and nobody else's.
    let state = store.load()?.unwrap_or_else(State::unwritten);
    let now = SystemClock::starting(None).now();
    let proposal = propose(&desired, &inventory, &state, &Request { is_asked_for: &|_| true, fresh: false }, now);
    let is_asked_for = |address: &JobAddress| select::includes(&args.selection, address);
    let lock = peek(&global.state)?;
    let outbox = match outbox(&global.state) {
        Ok(outbox) => Seen::Known(outbox),
        Err(error) => Seen::Unknown(Why::new(error.to_string())),
    };
    let view = View {
        desired: &desired,
        inventory: &inventory,
        state: &state,
        lock,
        outbox,
        proposal: &proposal,
        is_asked_for: &is_asked_for,
        now,
    };
    let status = judge(view);
    output.result(&if output.json {
        render::status_json::status_json(&status)
    } else {
        render::status::text(&status, &output.page())
    })?;
    Ok(Exit::of_status(status.reading()))
}

/// The plan with those servers alone that have a job that was asked for; one without jobs is asked where no job is named.
fn asked(desired: &Desired, selection: &Selection) -> Desired {
    let is_asked = |server: &ServerName| {
        let by_name = selection.servers.is_empty() || selection.servers.contains(server);
        by_name && (selection.jobs.is_empty() || selection.jobs.iter().any(|job| job.server == *server))
    };
    let servers = desired.servers.iter().filter(|server| is_asked(&server.name)).cloned().collect();
    Desired { servers, ..desired.clone() }
}
