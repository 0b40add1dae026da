//! A proposal carried out, from the first stored journal to the summary. `apply` and `demo` differ only in what they
//! hand in.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::CliError;
use super::screen::Screen;
use super::{Exit, Output};
use crate::clock::{Clock, Interrupt};
use crate::desired::Desired;
use crate::execute::End;
use crate::execute::drive::{DriveError, drive};
use crate::execute::perform::Performer;
use crate::links::Links;
use crate::names::JobAddress;
use crate::proposal::Proposal;
use crate::render::summary::Ending;
use crate::render::{Progress, Summary};
use crate::state::store::{RunKeeper, Store};
use crate::state::{JobRecord, Run, RunEnd, State};

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
    let World { links, store, clock, interrupt } = world;
    // From before the run: a backup is compared with those of other nights.
    let records = state.jobs.clone();
    let mut run = proposal.begin(&mut state);
    store.commit(&mut state)?;
    let mut keeper = RunKeeper::new(store, state);
    let driven = {
        let progress = Progress::new(&run.queue, &run.journal);
        let mut screen = Screen::new(output, &run.id, progress, &clock);
        let mut performer = Performer::new(links, Arc::clone(&clock), interrupt);
        drive(&run.queue, run.journal.clone(), &mut keeper, &mut performer, &mut screen)
    };
    let mut state = keeper.into_state();
    if let Some(kept) = &state.run {
        run = kept.clone();
    }
    let ended = match driven {
        Ok((_, End::Complete)) => {
            state.end(clock.now(), RunEnd::Complete);
            // As much a part of the run as every store before it: what was started was started.
            let stored = store.commit(&mut state).map(|()| End::Complete);
            stored.map_err(|error| CliError::Drive(DriveError::Store(error)))
        }
        Ok((_, end)) => Ok(end),
        Err(error) => Err(CliError::Drive(error)),
    };
    let shown = summarize(&run, &ended, &records, &clock, output);
    let ended = ended?;
    let mut exit = Exit::of_run(&ended, &run.queue, &run.journal, desired.run.partial);
    if ended == End::Complete && say_what_another_job_displaced(desired, proposal, output) {
        exit = exit.or_backup_failed();
    }
    // How the run ended weighs more than whether it could be printed.
    match shown {
        Err(error) if exit != Exit::Success => output.error(&error),
        shown => shown?,
    }
    Ok(exit)
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
            output.say(format_args!(
                "{}: job {} was not run: the backup that was watched under its name is of job {}; `jbr apply` runs it",
                job.address, job.id, item.id
            ));
        }
    }
    displaced
}

fn summarize(
    run: &Run,
    ended: &Result<End, CliError>,
    records: &BTreeMap<JobAddress, JobRecord>,
    clock: &Arc<dyn Clock>,
    output: &Output,
) -> Result<(), CliError> {
    let broken = ended.as_ref().err().map(ToString::to_string).unwrap_or_default();
    let summary = Summary {
        run: &run.id,
        started: run.started,
        now: clock.now(),
        queue: &run.queue,
        journal: &run.journal,
        records,
        ending: ended.as_ref().map_or(Ending::Broken(&broken), Ending::Ended),
    };
    output.result(&if output.json { summary.json() } else { summary.text(&output.page()) })
}
