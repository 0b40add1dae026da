//! What follows from jobs that will not run: their outcome before the run begins, and what becomes of those that come after them.

use std::collections::{BTreeMap, BTreeSet};

use crate::clock::Timestamp;
use crate::desired::{After, Desired};
use crate::diff::{Choice, Diff};
use crate::execute::journal::{Journal, Phase};
use crate::execute::outcome::{Outcome, Verdict};
use crate::history::History;
use crate::hold::Holds;
use crate::names::JobAddress;
use crate::queue::Queue;
use crate::state::State;

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
/// of it in this run counts like everything that was done. A hold counts whether anybody asked for the job or not.
pub(super) fn hold_back(
    desired: &Desired,
    state: &State,
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
            let decision = diff.decisions.iter().find(|decision| decision.address == *job);
            let is_held = decision.map_or_else(|| rests(desired, state, now, job), |it| it.verdict.is_held());
            queue.item(job).is_none() && is_held
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

/// Whether a job that nobody asked for is held, or comes after one that is, however far back.
fn rests(desired: &Desired, state: &State, now: Timestamp, address: &JobAddress) -> bool {
    let mut before = vec![address];
    let mut seen = BTreeSet::new();
    while let Some(job) = before.pop().and_then(|address| desired.job(address)) {
        if Holds::at(now, job.hold.as_ref(), state.holds.get(&job.address)).is_some() {
            return true;
        }
        if seen.insert(&job.address) {
            before.extend(job.after.iter().map(|after| &after.job));
        }
    }
    false
}
