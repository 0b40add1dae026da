//! A proposal carried out, from the first stored journal to the summary. `apply` and `demo` differ only in what they
//! hand in.

use std::sync::Arc;

use super::error::CliError;
use super::log::TOLD;
use super::log::scribe::Scribe;
use super::notify::Reporter;
use super::screen::Screen;
use super::{Exit, Output};
use crate::clock::{Clock, Interrupt, Timestamp};
use crate::desired::Desired;
use crate::execute::drive::{DriveError, Listen, drive};
use crate::execute::perform::Performer;
use crate::execute::{End, Event};
use crate::links::Links;
use crate::proposal::Proposal;
use crate::render::summary::Ending;
use crate::render::{Progress, Summary, count};
use crate::state::store::{RunKeeper, Store, StoreError};
use crate::state::{Run, RunEnd, State};

/// What a run needs of the world.
pub(super) struct World<'a> {
    /// The servers.
    pub(super) links: &'a mut Links,
    /// Where the state is kept.
    pub(super) store: &'a mut dyn Store,
    /// The time.
    pub(super) clock: Arc<dyn Clock>,
    /// The wish to stop.
    pub(super) interrupt: Interrupt,
    /// Who tells others of it, if the plan wants that.
    pub(super) reporter: Option<&'a mut Reporter>,
}

/// Carries out a proposal and shows it. The state that is handed in is the one that the proposal was made from.
///
/// # Errors
/// Where the state cannot be stored, or `jbr` has a bug.
pub(super) fn conduct(
    desired: &Desired,
    proposal: &Proposal,
    mut state: State,
    world: World,
    output: &Output,
) -> Result<Exit, CliError> {
    let World { links, store, clock, interrupt, mut reporter } = world;
    let mut run = proposal.begin(&mut state);
    store.commit(&mut state)?;
    // Every line of the log from here on is the run's.
    let span = tracing::info_span!(target: TOLD, "run", run = run.id.as_str());
    let _inside = span.enter();
    tracing::info!(target: TOLD, "{}", begins(&run));
    if let Some(reporter) = &mut reporter {
        reporter.begin(&run.id, &run.queue);
    }
    let mut keeper = RunKeeper::new(store, state);
    let mut performer = Performer::new(&mut *links, Arc::clone(&clock), interrupt);
    let driven = drive_and_tell(&run, &mut keeper, &mut performer, reporter.as_deref_mut(), &clock, output);
    let mut state = keeper.into_state();
    if let Some(kept) = &state.run {
        run = kept.clone();
    }
    let exit = driven.as_ref().ok().map(|end| exit_of(end, &run, desired, proposal, output));
    // Before anything is printed: whoever reads stdout may be slow. And before it is stored as over: a crash in between tells it twice, not never.
    if let (Some(reporter), Ok(end)) = (&mut reporter, &driven) {
        let links = (*end != End::Interrupted).then_some(links);
        let summary = summary(&run, proposal, clock.now(), Ending::Ended(end));
        reporter.run_ended(&summary, exit == Some(Exit::Success), links);
    }
    let ended = driven.and_then(|end| concluded(end, &mut state, store, &*clock)).map_err(CliError::Drive);
    let broken = ended.as_ref().err().map(ToString::to_string).unwrap_or_default();
    let summary = summary(&run, proposal, clock.now(), ended.as_ref().map_or(Ending::Broken(&broken), Ending::Ended));
    if let (Some(reporter), Err(_)) = (&mut reporter, &ended) {
        reporter.run_ended(&summary, false, None);
    }
    let shown = output.result(&if output.json { summary.json() } else { summary.text(&output.page()) });
    ended?;
    let exit = exit.unwrap_or(Exit::Error);
    // How the run ended weighs more than whether it could be printed.
    match shown {
        Err(error) if exit != Exit::Success => output.error(&error),
        shown => shown?,
    }
    Ok(exit)
}

fn summary<'a>(run: &'a Run, proposal: &'a Proposal, now: Timestamp, ending: Ending<'a>) -> Summary<'a> {
    let closed = proposal.beginning.closed();
    Summary { run: &run.id, started: run.started, now, queue: &run.queue, journal: &run.journal, ending, closed }
}

/// Drives the run to its end, while those who watch it are told.
fn drive_and_tell(
    run: &Run,
    keeper: &mut RunKeeper,
    performer: &mut Performer,
    reporter: Option<&mut Reporter>,
    clock: &Arc<dyn Clock>,
    output: &Output,
) -> Result<End, DriveError<StoreError>> {
    let progress = Progress::new(&run.queue, &run.journal);
    let mut scribe = Scribe::new(&output.log, &run.id, &progress, output.stderr_page(), clock);
    let mut screen = Screen::new(output, &run.id, progress, clock);
    let mut audience = Audience(vec![&mut scribe, &mut screen]);
    if let Some(reporter) = reporter {
        audience.0.push(reporter);
    }
    drive(&run.queue, run.journal.clone(), keeper, performer, &mut audience).map(|(_, end)| end)
}

/// Stores that the run is over, if it is: as much a part of it as every store before. What was started was started.
fn concluded(
    end: End,
    state: &mut State,
    store: &mut dyn Store,
    clock: &dyn Clock,
) -> Result<End, DriveError<StoreError>> {
    if end == End::Complete {
        state.end(clock.now(), RunEnd::Complete);
        store.commit(state).map_err(DriveError::Store)?;
    }
    Ok(end)
}

/// How a run ends that was not given up.
fn exit_of(end: &End, run: &Run, desired: &Desired, proposal: &Proposal, output: &Output) -> Exit {
    let exit = Exit::of_run(end, &run.queue, &run.journal, desired.run.partial);
    let lacks_one = *end == End::Complete && say_what_another_job_displaced(desired, proposal, output);
    if lacks_one { exit.or_backup_failed() } else { exit }
}

/// The first line of a run in the log: what is to be done.
fn begins(run: &Run) -> String {
    let left = run.queue.items.iter().filter(|item| run.journal.outcome(&item.address).is_none());
    let left: Vec<String> = left.map(|item| item.address.to_string()).collect();
    format!("{} in the queue: {}", count(left.len(), "job"), left.join(", "))
}

/// All who hear of what happens, each in turn.
struct Audience<'a>(Vec<&'a mut dyn Listen>);

impl Listen for Audience<'_> {
    fn hear(&mut self, at: Timestamp, event: &Event) {
        for listener in &mut self.0 {
            listener.hear(at, event);
        }
    }
}

/// Says which jobs were asked for and not run, because a backup of the job that had their address before was still under way; whether
/// there are any.
fn say_what_another_job_displaced(desired: &Desired, proposal: &Proposal, output: &Output) -> bool {
    let mut displaced = false;
    for decision in &proposal.diff.decisions {
        let (Some(job), Some(item)) = (desired.job(&decision.address), proposal.queue.item(&decision.address)) else {
            continue;
        };
        if job.id != item.id {
            displaced = true;
            output.warn(format_args!(
                "{}: job {} was not run: the backup that was watched under its name is of job {}; `jbr apply` runs it",
                job.address, job.id, item.id
            ));
        }
    }
    displaced
}
