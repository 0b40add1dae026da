//! `jbr apply`: lock, plan, approval, run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::Utc;
use clap::Args;

use super::args::Selection;
use super::conduct::{World, conduct};
use super::error::CliError;
use super::fleet::{connect, interrupt_on_signals};
use super::log::TOLD;
use super::notify::Reporter;
use super::plan::{look, refuse_forbidden, refuse_missing, say_what_holds_nothing, show, stop_if_asked};
use super::prompt::Answer;
use super::saved::SavedPlan;
use super::validate::load;
use super::{Exit, Global, Output, prompt, select};
use crate::clock::{Interrupt, SystemClock, later};
use crate::desired::Desired;
use crate::diff::Choice;
use crate::history::AHEAD_MAX;
use crate::proposal::Proposal;
use crate::render::plan::nothing_begun;
use crate::state::State;
use crate::state::lock::Holder;
use crate::state::store::{FileStore, Store as _, new_lineage};

/// `jbr apply`.
#[derive(Debug, Clone, Args)]
pub(super) struct ApplyArgs {
    /// A plan saved by `jbr plan --out`: running it needs no approval, and it is refused if anything has changed. It
    /// knows where its plan is: `--plan` is not used
    #[arg(value_name = "FILE", conflicts_with_all = ["servers", "jobs", "fresh"])]
    pub(super) saved: Option<PathBuf>,
    /// Which jobs.
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Do not ask
    #[arg(long)]
    pub(super) auto_approve: bool,
    /// Close an interrupted run as incomplete and start over; a backup that still runs is watched all the same
    #[arg(long)]
    pub(super) fresh: bool,
    /// Wait for closed windows to open; otherwise the run ends with exit code 10, and the next `jbr apply` goes on. Where no window is
    /// open to begin with, nothing is begun then
    #[arg(long)]
    pub(super) wait: bool,
}

/// Runs the queue.
pub(super) fn apply(global: &Global, args: &ApplyArgs, output: &Output) -> Result<Exit, CliError> {
    let interrupt = interrupt_on_signals()?;
    let approved = args.saved.as_deref().map(|path| SavedPlan::read(path).map(|saved| (path, saved))).transpose()?;
    let plan_path = approved.as_ref().map_or(&*global.plan, |(_, saved)| saved.plan_path());
    let desired = load(plan_path, output)?;
    let (selection, fresh) = match &approved {
        Some((path, saved)) => (saved.selection(path)?, saved.fresh()),
        None => (args.selection.clone(), args.fresh),
    };
    select::check(&selection, &desired)?;
    let mut reporter = Reporter::new(&desired, &global.state, &interrupt, output);
    let approved = approved.as_ref().map(|(path, saved)| (*path, saved));
    let asked = Asked { args, selection, fresh, approved };
    let ended = begin(global, &desired, &asked, interrupt, reporter.as_mut(), output);
    if let Some(reporter) = reporter {
        // A person who approves sees it.
        let is_attended = output.can_ask && !args.auto_approve;
        reporter.finish(&ended, is_attended);
    }
    ended
}

/// What is asked for.
struct Asked<'a> {
    args: &'a ApplyArgs,
    selection: Selection,
    fresh: bool,
    approved: Option<(&'a Path, &'a SavedPlan)>,
}

/// From the lock to the end of the run.
fn begin(
    global: &Global,
    desired: &Desired,
    asked: &Asked<'_>,
    interrupt: Interrupt,
    reporter: Option<&mut Reporter>,
    output: &Output,
) -> Result<Exit, CliError> {
    let Asked { args, selection, fresh, approved } = asked;
    let mut store = FileStore::new(&global.state)?;
    store.lock(&Holder::this_process("apply", Utc::now()))?;
    output.log.rotate_from_now_on();
    let state = load_or_new(&store)?;
    refuse_lost_servers(&state, desired)?;
    let clock = clock(&state, *fresh, output);
    let mut links = connect(desired, &interrupt, output);
    let mut proposal = look(desired, &mut links, &state, selection, *fresh, &clock)?;
    proposal.queue.stays = args.wait;
    stop_if_asked(&interrupt)?;
    show(&proposal, &state, output)?;
    log_what_is_not_due(&proposal);
    say_what_holds_nothing(desired, &state, proposal.at, output);
    refuse_missing(&proposal)?;
    refuse_forbidden(&proposal)?;
    if let Some(pause) = proposal.standstill() {
        output.say(format_args!("{}", nothing_begun(pause, output.page().zone)));
        return Ok(Exit::Stopped);
    }
    if !proposal.has_work() {
        // A timer finds everything fresh or held, as it should be. Whoever names jobs, all of them held, gets none of what was asked for.
        let all_held = !selection.jobs.is_empty() && proposal.not_due().count() > 0;
        return Ok(if all_held { Exit::NothingRan } else { Exit::Success });
    }
    match approved {
        Some((path, saved)) => saved.refuse_if_stale(path, desired, &proposal, &state)?,
        // Where nothing is started, watched or closed there is nothing to approve: what is skipped is only recorded.
        None if proposal.touches_servers() => ask(args, output, &interrupt)?,
        None => {}
    }
    let world = World { links: &mut links, store: &mut store, clock: Arc::new(clock), interrupt, reporter };
    conduct(desired, &proposal, state, world, output)
}

/// A run's time goes on where its journal ended: the clock of a Raspberry Pi may be behind until the network has told it. Or it was ahead
/// when the journal was stored; which of them, nobody here can know. Whoever starts over wants the machine's clock.
fn clock(state: &State, fresh: bool, output: &Output) -> SystemClock {
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

/// The log alone must tell why a job is not in the night.
fn log_what_is_not_due(proposal: &Proposal) {
    let of = |is_so: fn(&Choice) -> bool| {
        let decisions = proposal.not_due().filter(|decision| is_so(&decision.verdict));
        decisions.map(|decision| decision.address.to_string()).collect::<Vec<_>>().join(", ")
    };
    for (why, jobs) in [
        ("fresh, so not due", of(|choice| !choice.is_held())),
        ("held", of(|choice| matches!(choice, Choice::Held { .. }))),
        ("after a job that is held", of(|choice| matches!(choice, Choice::HeldBack { .. }))),
    ] {
        if !jobs.is_empty() {
            tracing::info!(target: TOLD, "{why}: {jobs}");
        }
    }
}

/// Whoever approves must have seen what is approved.
fn ask(args: &ApplyArgs, output: &Output, interrupt: &Interrupt) -> Result<(), CliError> {
    if args.auto_approve {
        return Ok(());
    }
    if !output.can_ask {
        return Err(CliError::NobodyToAsk);
    }
    match prompt::ask("Run these backups?", interrupt) {
        Answer::Yes => Ok(()),
        Answer::No => Err(CliError::NotApproved),
        Answer::Stopped => Err(CliError::Stopped),
    }
}

/// What is under way or open on a server can only be seen to its end while the plan says how to reach the server.
fn refuse_lost_servers(state: &State, desired: &Desired) -> Result<(), CliError> {
    for opened in state.opened() {
        if desired.server(&opened.server).is_none() {
            let (what, server) = (opened.gate.to_string(), opened.server.clone());
            return Err(CliError::OpenServerGone { what, server });
        }
    }
    let Some(run) = &state.run else { return Ok(()) };
    for item in &run.queue.items {
        let phase = run.journal.phase(&item.address);
        if phase.is_in_flight() && desired.server(&item.address.server).is_none() {
            return Err(CliError::ServerGone { job: item.address.clone() });
        }
    }
    Ok(())
}

/// The state, or a new one where there never was any.
pub(super) fn load_or_new(store: &FileStore) -> Result<State, CliError> {
    if let Some(state) = store.load()? {
        return Ok(state);
    }
    Ok(State::new(new_lineage()?))
}
