//! `jbr plan`: what would be done. It changes nothing, anywhere.

use std::path::PathBuf;

use chrono::Utc;
use clap::Args;

use super::error::CliError;
use super::fleet::{connect, interrupt_on_signals};
use super::saved::SavedPlan;
use super::select::Selection;
use super::validate::load;
use super::{Exit, Global, Output, saved, select};
use crate::clock::{Clock, Interrupt, SystemClock, Timestamp, later};
use crate::desired::Desired;
use crate::history::AHEAD_MAX;
use crate::inventory::collect::collect;
use crate::links::Links;
use crate::names::JobAddress;
use crate::printable::printable;
use crate::proposal::{Proposal, Request, logs_wanted, propose};
use crate::render;
use crate::state::State;
use crate::state::lock::{Lock, peek};
use crate::state::store::{FileStore, Store as _};

/// `jbr plan`.
#[derive(Debug, Clone, Args)]
pub(super) struct PlanArgs {
    /// Which jobs.
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Save the plan for `jbr apply FILE`; replaces nothing but an earlier saved plan
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Exit with 2 if there is something to do, with 0 if there is not
    #[arg(long)]
    pub(super) detailed_exitcode: bool,
    /// Show the plan for `apply --fresh`, which closes an interrupted run and starts over
    #[arg(long)]
    pub(super) fresh: bool,
}

/// Shows the plan.
pub(super) fn plan(global: &Global, args: &PlanArgs, output: &Output) -> Result<Exit, CliError> {
    let interrupt = interrupt_on_signals()?;
    let desired = load(&global.plan, output)?;
    select::check(&args.selection, &desired)?;
    if let Some(path) = &args.out {
        // Before the servers are read: whoever mistyped should not wait for the answer.
        saved::refuse_to_replace(path)?;
    }
    let state = FileStore::new(&global.state)?.load()?.unwrap_or_else(State::unwritten);
    let mut links = connect(&desired, &interrupt, output);
    let clock = run_clock(&state, args.fresh, output);
    let proposal = look(&desired, &mut links, &state, &args.selection, args.fresh, &clock)?;
    stop_if_asked(&interrupt)?;
    show(&proposal, &state, output)?;
    say_what_holds_nothing(&desired, &state, proposal.at, output);
    if let Lock::Held(holder) = peek(&global.state)? {
        let who = holder.map_or_else(|| "it has not said who it is".to_owned(), |holder| holder.to_string());
        output
            .say(format_args!("note: another jbr is at work and holds the lock ({who}); the plan may change under it"));
    }
    refuse_missing(&proposal)?;
    if let Some(path) = &args.out {
        SavedPlan::new(&global.plan, &desired, &proposal, &state, &args.selection, args.fresh)?.write(path)?;
        output.say(format_args!("saved: `jbr apply {}` runs it", printable(&path.to_string_lossy())));
    }
    let something = args.detailed_exitcode && proposal.touches_servers();
    Ok(if something { Exit::SomethingToDo } else { Exit::Success })
}

/// A run's time goes on where its journal ended: the clock of a Raspberry Pi may be behind until the network has told it. Or it was ahead
/// when the journal was stored; which of them, nobody here can know. Whoever starts over wants the machine's clock.
pub(super) fn run_clock(state: &State, fresh: bool, output: &Output) -> SystemClock {
    let ended = state.run.as_ref().map(|run| run.journal.at).filter(|_| !fresh);
    if let Some(ended) = ended.filter(|ended| *ended > later(Utc::now(), AHEAD_MAX)) {
        let (ended, now) = (output.page().zone.date_time(ended), output.page().zone.date_time(Utc::now()));
        output.warn(format_args!(
            "the clock says {now}, and the interrupted run ended at {ended}: windows, holds and `run.resume_within` go by the later; if the \
             clock is right now, `jbr apply --fresh` goes by it"
        ));
    }
    SystemClock::starting(ended)
}

/// Reads every server and makes the proposal.
///
/// # Errors
/// Where a part of the plan was selected while a run is in progress.
pub(super) fn look(
    desired: &Desired,
    links: &mut Links,
    state: &State,
    selection: &Selection,
    fresh: bool,
    clock: &dyn Clock,
) -> Result<Proposal, CliError> {
    if let Some(run) = &state.run
        && !select::is_everything(selection)
        && !fresh
    {
        return Err(CliError::RunInProgress(run.id.clone()));
    }
    let desired = select::named_are_due(desired, selection);
    let inventory = collect(links, &logs_wanted(&desired, state));
    let is_asked_for = |address: &JobAddress| select::includes(selection, address);
    let request = Request { is_asked_for: &is_asked_for, fresh };
    Ok(propose(&desired, &inventory, state, &request, clock.now()))
}

/// Shows a proposal as the output wants it.
pub(super) fn show(proposal: &Proposal, state: &State, output: &Output) -> Result<(), CliError> {
    let text = if output.json {
        render::plan_json::plan_json(proposal)
    } else {
        render::plan::text(proposal, state, &output.page())
    };
    output.result(&text)
}

/// A hold follows no job that was renamed: it would be started under its new name, and nobody would have said so.
pub(super) fn say_what_holds_nothing(desired: &Desired, state: &State, now: Timestamp, output: &Output) {
    let holds = state.holds.iter().filter(|(_, hold)| hold.is_in_force(now));
    for (address, hold) in holds.filter(|(address, _)| desired.job(address).is_none()) {
        output.warn(format_args!(
            "note: {} holds {address}, and the plan has no such job: hold it under its new name, and `jbr release {address}`",
            hold.user
        ));
    }
}

/// A job or destination that does not exist stops everything before it starts.
pub(super) fn refuse_missing(proposal: &Proposal) -> Result<(), CliError> {
    let missing: Vec<String> = proposal.diff.errors().collect();
    if missing.is_empty() { Ok(()) } else { Err(CliError::Missing(missing)) }
}

/// What a gate would refuse stops everything before it starts: a queue that fails in its middle helps nobody.
pub(super) fn refuse_forbidden(proposal: &Proposal) -> Result<(), CliError> {
    let forbidden = proposal.forbidden();
    if forbidden.is_empty() { Ok(()) } else { Err(CliError::Forbidden(forbidden)) }
}

/// What was read while somebody asked to stop is no basis for anything.
pub(super) fn stop_if_asked(interrupt: &Interrupt) -> Result<(), CliError> {
    if interrupt.is_requested() { Err(CliError::Stopped) } else { Ok(()) }
}
