//! What follows from jobs that will not run: their outcome before the run begins, and that of those that come after them.

use crate::desired::{After, Desired};
use crate::diff::{Choice, Diff};
use crate::execute::journal::{Journal, Phase};
use crate::execute::outcome::{Outcome, Verdict};
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

/// What comes after a job that is held waits with it: in this run nothing of the kind will happen.
pub(super) fn skip_what_comes_after_what_is_held(desired: &Desired, diff: &Diff, queue: &Queue, journal: &mut Journal) {
    let is_held = |address: &JobAddress| {
        queue.item(address).is_none()
            && diff.decisions.iter().any(|d| d.address == *address && matches!(d.verdict, Choice::Held { .. }))
    };
    for job in &desired.jobs {
        let Some(held) = job.after.iter().find(|after| is_held(&after.job)) else { continue };
        if queue.item(&job.address).is_some() && *journal.phase(&job.address) == Phase::Queued {
            let note = format!("it comes after {}, which is held", held.job);
            let outcome = Outcome::without_run(Verdict::Skipped, journal.at, note);
            journal.entry_mut(&job.address).phase = Phase::Done(outcome);
        }
    }
}
