//! How a run begins: anew, where it was interrupted, or over again because what was left of it is of no use any more.

use super::standing::standing;
use super::{Because, Beginning, Interrupted};
use crate::clock::Timestamp;
use crate::desired::{Desired, Job};
use crate::execute::journal::{Journal, Phase};
use crate::execute::resume::{Merged, resume, start_over, under_names};
use crate::inventory::Inventory;
use crate::names::JobAddress;
use crate::queue::{Item, Queue};
use crate::state::State;

/// How a run begins, and its queue and journal: anew, where it was interrupted, or over again.
pub(super) fn begin(
    desired: &Desired,
    inventory: &Inventory,
    state: &State,
    today: Queue,
    fresh: bool,
    now: Timestamp,
) -> (Beginning, Merged) {
    let Some(run) = &state.run else {
        let journal = Journal { opened: state.opened.clone(), ..Journal::new(now) };
        return (Beginning::Fresh, Merged { queue: today, journal });
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
        due_again(desired, &queue, &journal, &today).map(Because::DueAgain)
    };
    let Some(because) = because else {
        return (Beginning::Resume(old), resume(&queue, &journal, today));
    };
    let standing = |item: &Item, phase: &Phase| standing(inventory, item, phase);
    let merged = start_over(&queue, &journal, today, standing);
    (Beginning::StartOver { old, because }, forget_run(merged, now))
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

/// A new run has overlaps and waits of its own.
fn forget_run(merged: Merged, now: Timestamp) -> Merged {
    let Merged { queue, journal } = merged;
    let at = journal.at.max(now);
    let journal = Journal { entries: journal.entries, opened: journal.opened, busy: journal.busy, ..Journal::new(at) };
    Merged { queue, journal }
}
