//! `jbr state`: what is remembered, and what a person changes in it.

use chrono::Utc;
use clap::{Args, Subcommand};

use super::error::CliError;
use super::fleet::interrupt_on_signals;
use super::prompt::{self, Answer};
use super::{Exit, Global, Output};
use crate::clock::{Interrupt, Timestamp};
use crate::names::JobAddress;
use crate::printable::printable;
use crate::render;
use crate::state::State;
use crate::state::lock::{Holder, Lock, LockError, peek};
use crate::state::store::{FileStore, Store as _};

/// `jbr state`.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum StateVerb {
    /// The run in progress, what is open, and every job's record
    Show,
    /// The jobs that are remembered
    List,
    /// The last runs
    History,
    /// Forget a job's record: when its last good backup was, how long its backups take, how often it failed
    ///
    /// For a job that is in the plan no more, or whose past says nothing of it any more. A hold stays (`jbr release`), and so do the runs that
    /// are over. Refused while a run has begun the job, or another jbr holds the lock.
    Rm(RmArgs),
    /// Take along what is remembered of a job that was renamed in the plan
    ///
    /// Its record, its hold, and its place in the run in progress and in those that are over. If the new name has run already, the two
    /// records are joined. Refused, and nothing lost, where the new name has the record of another job of JetBackup, where both are held,
    /// where the run in progress has both, or while another jbr holds the lock.
    Mv(MvArgs),
}

/// `jbr state rm`.
#[derive(Debug, Clone, Args)]
pub(super) struct RmArgs {
    /// The job
    #[arg(value_name = "SERVER/NAME")]
    pub(super) job: JobAddress,
    /// Do not ask
    #[arg(long)]
    pub(super) auto_approve: bool,
}

/// `jbr state mv`.
#[derive(Debug, Clone, Args)]
pub(super) struct MvArgs {
    /// The job's name until now
    #[arg(value_name = "FROM")]
    pub(super) from: JobAddress,
    /// Its name from now on, on the same server
    #[arg(value_name = "TO")]
    pub(super) to: JobAddress,
    /// Do not ask
    #[arg(long)]
    pub(super) auto_approve: bool,
}

/// Shows the state, or changes it.
pub(super) fn state(global: &Global, verb: &StateVerb, output: &Output) -> Result<Exit, CliError> {
    match verb {
        StateVerb::Show | StateVerb::List | StateVerb::History => look(global, verb, output),
        StateVerb::Rm(args) => change(global, &Change::Rm(&args.job), args.auto_approve, output),
        StateVerb::Mv(args) => change(global, &Change::Mv(&args.from, &args.to), args.auto_approve, output),
    }
}

/// What is to be changed.
enum Change<'a> {
    Rm(&'a JobAddress),
    Mv(&'a JobAddress, &'a JobAddress),
}

/// Shows what would be changed, asks, and changes it. It is the very state that was shown which is changed: where somebody has written
/// another meanwhile, the store refuses.
fn change(global: &Global, change: &Change, auto_approve: bool, output: &Output) -> Result<Exit, CliError> {
    let interrupt = interrupt_on_signals()?;
    let now = Utc::now();
    let mut store = FileStore::new(&global.state)?;
    let mut state = store.load()?.unwrap_or_else(State::unwritten);
    // Before the question: whoever could not be obeyed should not be asked.
    if let Lock::Held(holder) = peek(&global.state)? {
        return Err(CliError::StateWhileLocked(LockError::Held(holder)));
    }
    let (verb, job, to) = match change {
        Change::Rm(job) => ("rm", *job, None),
        Change::Mv(from, to) => ("mv", *from, Some(*to)),
    };
    state.drop_expired_holds(now);
    let before = state.remembered(job);
    let joins = before.record.is_some() && to.is_some_and(|to| state.remembered(to).record.is_some());
    let known = state.addresses().iter().map(ToString::to_string).collect();
    match change {
        Change::Rm(job) => state.forget(job).map(drop),
        Change::Mv(from, to) => state.rename(from, to),
    }
    .map_err(|what| CliError::Edit { what: Box::new(what), known })?;
    let shown = render::edit::Edit { job, to, before: &before, joins };
    if !output.json {
        output.result(&render::edit::question(&shown, now, &output.page()))?;
    }
    if !auto_approve {
        ask(output, &interrupt)?;
    }
    store.lock(&Holder::this_process(&format!("state {verb}"), now)).map_err(|error| match error {
        LockError::Held(holder) => CliError::StateWhileLocked(LockError::Held(holder)),
        error => CliError::Lock(error),
    })?;
    store.commit(&mut state)?;
    output.result(&if output.json {
        render::edit::json(&shown, &state, now)
    } else {
        format!("done: the state has serial {}, and the one before is kept beside it", state.serial)
    })?;
    Ok(Exit::Success)
}

fn ask(output: &Output, interrupt: &Interrupt) -> Result<(), CliError> {
    if !output.can_ask {
        return Err(CliError::NobodyToConfirm);
    }
    match prompt::ask("Change the state like this?", interrupt) {
        Answer::Yes => Ok(()),
        Answer::No => Err(CliError::NotApproved),
        Answer::Stopped => Err(CliError::Stopped),
    }
}

fn look(global: &Global, verb: &StateVerb, output: &Output) -> Result<Exit, CliError> {
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
pub(super) fn show(state: &State, verb: &StateVerb, now: Timestamp, output: &Output) -> Result<Exit, CliError> {
    let page = output.page();
    let text = match (verb, output.json) {
        (StateVerb::Show, false) => render::state::show(state, now, &page),
        (StateVerb::Show, true) => render::state_json::show_json(state, now),
        (StateVerb::List, false) => render::state::list(state),
        (StateVerb::List, true) => render::state_json::list_json(state),
        (StateVerb::History, false) => render::history::history(state, now, &page),
        (StateVerb::History, true) => render::state_json::history_json(state),
        // They are no way to show it.
        (StateVerb::Rm(_) | StateVerb::Mv(_), _) => String::new(),
    };
    output.result(&text)?;
    Ok(Exit::Success)
}
