//! `jbr status`: what is, at this moment. It changes nothing, takes no lock, and needs no `apply` to have run.

use clap::Args;

use super::error::CliError;
use super::fleet::{connect, interrupt_on_signals};
use super::plan::{run_clock, stop_if_asked};
use super::remembered::{known_or_why, or_unwritten, remembered};
use super::select::Selection;
use super::validate::load_servers;
use super::{Exit, Global, Output, select};
use crate::clock::{Clock as _, SystemClock};
use crate::inventory::collect::collect;
use crate::names::JobAddress;
use crate::notify::outbox;
use crate::proposal::{Request, logs_wanted, propose};
use crate::render;
use crate::state::lock::peek;
use crate::status::{View, status as judge};

/// `jbr status`.
#[derive(Debug, Clone, Args)]
pub(super) struct StatusArgs {
    /// Which jobs.
    #[command(flatten)]
    pub(super) selection: Selection,
}

/// Shows what every server that was asked for does. That the state, the lock or the outbox cannot be read is part of what is, and keeps nobody
/// from seeing the rest.
pub(super) fn status(global: &Global, args: &StatusArgs, output: &Output) -> Result<Exit, CliError> {
    let interrupt = interrupt_on_signals()?;
    let desired = load_servers(&global.plan, output)?;
    select::check_names(&args.selection, &desired)?;
    let before = or_unwritten(remembered(global));
    let mut links = connect(&select::asked(&desired, &args.selection), &interrupt, output);
    let inventory = collect(&mut links, &logs_wanted(&desired, &before));
    stop_if_asked(&interrupt)?;
    // Read after the servers: what a run triggered meanwhile is its own, and nobody else's.
    let state = remembered(global);
    let known = or_unwritten(state.clone());
    let now = SystemClock::starting(None).now();
    // What comes next is what `apply` would do, by its clock.
    let then = run_clock(&known, false, output).now();
    let proposal = propose(&desired, &inventory, &known, &Request { is_asked_for: &|_| true, fresh: false }, then);
    let is_asked_for = |address: &JobAddress| select::includes(&args.selection, address);
    let lock = known_or_why(peek(&global.state));
    let outbox = known_or_why(outbox(&global.state));
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
