//! What follows from jobs that will not run: their outcome before the run begins, and what becomes of those that come after them.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::desired::{After, Desired};
use crate::diff::{Choice, Diff};
use crate::execute::journal::{Journal, Phase};
use crate::execute::outcome::{Outcome, Verdict};
use crate::history::History;
use crate::names::JobAddress;
use crate::queue::Queue;

/// What cannot run is over before it begins: recorded with its reason like everything else.
pub(super) fn skip_what_cannot_run(diff: &Diff, journal: &mut Journal) {
    for decision in &diff.decisions {
        let Some(note) = decision.verdict.hindrance() else { continue };
        if *journal.phase(&decision.address) == Phase::Queued {
            let ended = journal.at;
            journal.entry_mut(&decision.address).phase =
                Phase::Done(Outcome::without_run(Verdict::Skipped, ended, note));
        }
    }
}

/// What an interrupted run has left counts as a predecessor, too: one that failed in it and is held today is in the queue, though not in
/// today's. One that is young enough need not be waited for.
pub(super) fn come_after_what_is_left(desired: &Desired, diff: &Diff, queue: &mut Queue) {
    let is_fresh = |address: &JobAddress| {
        diff.decisions.iter().any(|d| d.address == *address && matches!(d.verdict, Choice::Fresh { .. }))
    };
    let queued: Vec<JobAddress> = queue.items.iter().map(|item| item.address.clone()).collect();
    for item in &mut queue.items {
        let Some(job) = desired.job(&item.address).filter(|job| job.id == item.id) else { continue };
        let is_left = |after: &&After| queued.contains(&after.job) && !is_fresh(&after.job);
        let more: Vec<After> = job.after.iter().filter(is_left).filter(|a| !item.after.contains(a)).cloned().collect();
        item.after.extend(more);
    }
}

/// What comes after a job that is held waits with it, and so does what comes after that: in this run nothing of the kind will happen. It is
/// no more a failure than the hold is, so it is taken out of the queue. What is held and young enough keeps nobody waiting, and what was done
/// of it in this run counts like everything that was done.
pub(super) fn hold_back(
    desired: &Desired,
    diff: &mut Diff,
    histories: &BTreeMap<JobAddress, History>,
    now: Timestamp,
    queue: &mut Queue,
    journal: &mut Journal,
) {
    let is_fresh = |address: &JobAddress| {
        let every = desired.job(address).and_then(|job| job.every);
        every.zip(histories.get(address)).is_some_and(|(every, history)| history.fresh_until(every, now).is_some())
    };
    // In the queue's order, in which nothing stands before its predecessors.
    let queued: Vec<JobAddress> = queue.items.iter().map(|item| item.address.clone()).collect();
    for address in queued {
        let Some(job) = desired.job(&address).filter(|_| *journal.phase(&address) == Phase::Queued) else { continue };
        let is_held = |diff: &Diff, job: &JobAddress| {
            queue.item(job).is_none() && diff.decisions.iter().any(|d| d.address == *job && d.verdict.is_held())
        };
        let held = job.after.iter().find(|after| is_held(diff, &after.job) && !is_fresh(&after.job));
        let decision = diff.decisions.iter_mut().find(|decision| decision.address == address);
        if let (Some(held), Some(decision)) = (held, decision)
            && !matches!(decision.verdict, Choice::Adopt { .. })
        {
            decision.verdict = Choice::HeldBack { by: held.job.clone() };
            queue.items.retain(|item| item.address != address);
            journal.entries.remove(&address);
        }
    }
}
