//! What is not to be run although it could be: a job that is held, or whose last good backup is young enough.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::desired::Desired;
use crate::diff::{Choice, Diff, Due};
use crate::history::History;
use crate::hold::Holds;
use crate::names::JobAddress;
use crate::queue::Queue;
use crate::state::State;

/// Takes back the decision to run what is held or fresh. What runs is watched, held or not, and a job that does not exist stays an error.
///
/// A fresh job is not due whatever else is to be said of it: that it is disabled, or that its server is silent, matters from the moment on
/// at which it is due.
pub(super) fn settle(
    diff: &mut Diff,
    desired: &Desired,
    state: &State,
    histories: &BTreeMap<JobAddress, History>,
    now: Timestamp,
) {
    for decision in &mut diff.decisions {
        let (Some(job), Some(history)) = (desired.job(&decision.address), histories.get(&decision.address)) else {
            continue;
        };
        decision.due = job.every.map(|every| Due { every, last_good: history.last_good.clone() });
        if matches!(decision.verdict, Choice::Adopt { .. } | Choice::Missing { .. }) {
            continue;
        }
        if let Some(holds) = Holds::at(now, job.hold.as_ref(), state.holds.get(&job.address)) {
            decision.verdict = Choice::Held { holds };
        } else if let Some((last_good, due)) = job.every.and_then(|every| history.fresh_until(every, now)) {
            decision.verdict = Choice::Fresh { last_good, due };
        }
    }
}

/// What runs already is watched, held or young enough or not; but it is not started again if it fails.
pub(super) fn only_watch(
    mut queue: Queue,
    desired: &Desired,
    state: &State,
    histories: &BTreeMap<JobAddress, History>,
    now: Timestamp,
) -> Queue {
    for item in &mut queue.items {
        let (Some(job), Some(history)) = (desired.job(&item.address), histories.get(&item.address)) else { continue };
        let is_held = Holds::at(now, job.hold.as_ref(), state.holds.get(&job.address)).is_some();
        if is_held || job.every.is_some_and(|every| history.fresh_until(every, now).is_some()) {
            *item = item.clone().only_watched();
        }
    }
    queue
}
