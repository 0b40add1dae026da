//! How a run begins: anew, where it was interrupted, or over again because what was left of it is of no use any more.

use super::standing::standing;
use super::{Because, Beginning, Interrupted};
use crate::clock::Timestamp;
use crate::desired::{Desired, Job};
use crate::execute::journal::{GateState, Journal, Phase, Running};
use crate::execute::resume::{Merged, resume, start_over, under_names};
use crate::inventory::Inventory;
use crate::names::JobAddress;
use crate::queue::{Item, Queue};
use crate::state::{RunEnd, State};

/// How a run begins.
pub(super) struct Begun {
    /// Anew, where it was interrupted, or over again.
    pub(super) beginning: Beginning,
    /// Its queue and journal.
    pub(super) merged: Merged,
    /// What the run before was closed without, in its order.
    pub(super) left_over: Vec<JobAddress>,
}

/// How a run begins; `today` makes today's queue, with what goes first in it.
pub(super) fn begin(
    desired: &Desired,
    inventory: &Inventory,
    state: &State,
    today: impl Fn(&[JobAddress]) -> Queue,
    fresh: bool,
    now: Timestamp,
) -> Begun {
    let left_over = left_by_the_run_before(state);
    let Some(run) = &state.run else {
        let journal = Journal { opened: state.opened.clone(), ..Journal::new(now) };
        let merged = Merged { queue: today(&left_over), journal };
        return Begun { beginning: Beginning::Fresh, merged, left_over };
    };
    let old = Interrupted::from(run);
    let (queue, journal) = under_names(&run.queue, &run.journal, |item| {
        let is_same = |job: &&Job| job.id == item.id && job.address.server == item.address.server;
        desired.jobs.iter().find(is_same).map(|job| job.address.clone())
    });
    let because = if run.is_too_old(desired.run.resume_within, now) {
        Some(Because::TooOld)
    } else if fresh {
        Some(Because::Asked)
    } else {
        due_again(desired, &queue, &journal, &today(&left_over)).map(Because::DueAgain)
    };
    let Some(because) = because else {
        let merged = resume(&queue, &journal, today(&left_over));
        return Begun { beginning: Beginning::Resume(old), merged, left_over };
    };
    let left_over = old.left.clone();
    let standing = |item: &Item, phase: &Phase| standing(inventory, item, phase);
    let merged = forget_run(start_over(&queue, &journal, today(&left_over), standing), now);
    Begun { beginning: Beginning::StartOver { old, because }, merged, left_over }
}

/// What the run that ended before the one in progress had left. A run that goes on must go on in the order in which it began.
fn left_by_the_run_before(state: &State) -> Vec<JobAddress> {
    let Some(run) = state.history.last().filter(|run| run.end == RunEnd::Incomplete) else { return Vec::new() };
    run.items.iter().filter(|(_, outcome)| outcome.is_none()).map(|(address, _)| address.clone()).collect()
}

/// A job that the run has done well, and that is due again. Not while anything of the run may be under way: that is seen to its end first.
fn due_again(desired: &Desired, old: &Queue, journal: &Journal, today: &Queue) -> Option<JobAddress> {
    if old.items.iter().any(|item| journal.phase(&item.address).is_in_flight()) {
        return None;
    }
    let is_good = |item: &&Item| journal.outcome(&item.address).is_some_and(|outcome| outcome.verdict.is_good());
    let mut done = old.items.iter().filter(is_good);
    // What is young enough is not in today's queue; what runs already, by whomever, is not started anew.
    let is_due = |item: &&Item| {
        let job = desired.job(&item.address).filter(|job| job.every.is_some() && job.id == item.id);
        let is_only_watched = |item: &Item| item.openings.as_ref().is_some_and(Vec::is_empty);
        job.is_some() && today.item(&item.address).is_some_and(|item| !is_only_watched(item))
    };
    done.find(is_due).map(|item| item.address.clone())
}

/// A new run has overlaps and waits of its own, and begins now, whatever the clock said when the old one ended.
fn forget_run(merged: Merged, now: Timestamp) -> Merged {
    let Merged { queue, mut journal } = merged;
    // What lies in the future would be waited for until then.
    journal.entries.values_mut().for_each(|entry| no_later_than(&mut entry.phase, now));
    for opened in &mut journal.opened {
        opened.since = opened.since.min(now);
        if let GateState::Closing { since, .. } = &mut opened.state {
            *since = (*since).min(now);
        }
    }
    let journal = Journal { entries: journal.entries, opened: journal.opened, busy: journal.busy, ..Journal::new(now) };
    Merged { queue, journal }
}

fn no_later_than(phase: &mut Phase, now: Timestamp) {
    match phase {
        Phase::Triggered(triggered) => triggered.at = triggered.at.min(now),
        Phase::Running(running) => running_since(running, now),
        Phase::Confirming(confirming) => {
            confirming.ended = confirming.ended.min(now);
            running_since(&mut confirming.running, now);
        }
        Phase::Queued | Phase::Preparing | Phase::Done(_) => {}
    }
}

fn running_since(running: &mut Running, now: Timestamp) {
    running.since = running.since.min(now);
    if let Some(stop) = &mut running.stop {
        stop.asked = stop.asked.min(now);
    }
}
