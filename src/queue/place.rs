//! Why an item stands where it does: what `plan` tells whoever wonders.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Item, Queue};
use crate::desired::{After, Desired, Job};
use crate::names::JobAddress;

/// Why an item stands where it does in its queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// It would stand earlier, but comes after this one.
    After(After),
    /// By its priority, which is not everybody's.
    Priority {
        /// The priority.
        priority: i64,
        /// Others have the same; among them it is the file that decides.
        is_shared: bool,
    },
    /// The run before was closed without it: it goes before others of its priority.
    LeftOver,
    /// As the file has it: nothing else tells it from the others.
    File,
    /// It is in no plan any more, or has another id there: taken along from the run that is resumed, before everything else.
    TakenAlong,
}

/// The place of each item, in the order of the queue. `left_over` is what the queue was built with.
#[must_use]
pub fn places(desired: &Desired, queue: &Queue, left_over: &[JobAddress]) -> Vec<(JobAddress, Place)> {
    let files: BTreeMap<&JobAddress, (usize, &Job)> =
        desired.jobs.iter().enumerate().map(|(place, job)| (&job.address, (place, job))).collect();
    let declared = |item: &Item| files.get(&item.address).filter(|(_, job)| job.id == item.id).copied();
    let mut of_priority: BTreeMap<i64, usize> = BTreeMap::new();
    let mut has_others: BTreeSet<i64> = BTreeSet::new();
    for (_, job) in queue.items.iter().filter_map(declared) {
        *of_priority.entry(job.priority).or_default() += 1;
        if !left_over.contains(&job.address) {
            has_others.insert(job.priority);
        }
    }
    let numbers: BTreeMap<&JobAddress, usize> =
        queue.items.iter().enumerate().map(|(number, item)| (&item.address, number)).collect();
    let mut least_urgent = None;
    let mut places = Vec::with_capacity(queue.items.len());
    for (number, item) in queue.items.iter().enumerate() {
        let place = declared(item).map_or(Place::TakenAlong, |(file, job)| {
            // Without what it comes after, the more urgent stands first.
            let turn = left_over.iter().position(|left| *left == job.address);
            let is_left_over = turn.is_some();
            let urgency = (Reverse(job.priority), turn.unwrap_or(usize::MAX), file);
            let is_held_back = least_urgent > Some(urgency);
            least_urgent = least_urgent.max(Some(urgency));
            // Of all that it comes after, the last one in the queue: with that it became ready.
            let before = item.after.iter().filter_map(|after| Some((numbers.get(&after.job)?, after)));
            let last = before.filter(|(before, _)| **before < number).max_by_key(|(before, _)| **before);
            match last {
                Some((_, after)) if is_held_back => Place::After(after.clone()),
                _ if is_left_over && has_others.contains(&job.priority) => Place::LeftOver,
                _ => by_priority(job.priority, &of_priority),
            }
        });
        places.push((item.address.clone(), place));
    }
    places
}

fn by_priority(priority: i64, of_priority: &BTreeMap<i64, usize>) -> Place {
    if of_priority.len() > 1 {
        Place::Priority { priority, is_shared: of_priority.get(&priority).is_some_and(|count| *count > 1) }
    } else {
        Place::File
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::{Pace, Partial, RunSettings};
    use crate::diff::{Choice, Decision, Diff};
    use crate::queue::build::{Outlook, build};
    use crate::queue::fixture::{after_success, job};
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);

    fn check(jobs: Vec<Job>, expected: &[(&str, Place)]) {
        check_with(jobs, &[], expected);
    }

    fn check_with(jobs: Vec<Job>, left_over: &[&str], expected: &[(&str, Place)]) {
        let left_over: Vec<JobAddress> = left_over.iter().map(|job| job.parse().unwrap()).collect();
        let run = RunSettings {
            poll: SECOND,
            pace: Pace::Adaptive,
            unreachable_wait: SECOND,
            partial: Partial::Warn,
            resume_within: SECOND,
        };
        let decision =
            |job: &Job| Decision { address: job.address.clone(), live_name: None, verdict: Choice::Run, due: None };
        let diff = Diff { decisions: jobs.iter().map(decision).collect(), remarks: Vec::new() };
        let desired = Desired { servers: Vec::new(), jobs, run, notify: None };
        let now = crate::clock::Timestamp::UNIX_EPOCH;
        let outlook = Outlook { now, usual: &BTreeMap::new(), left_over: &left_over };
        let queue = build(&desired, &diff, &outlook);
        let expected: Vec<_> = expected.iter().map(|(job, place)| (job.parse().unwrap(), place.clone())).collect();
        assert_eq!(places(&desired, &queue, &left_over), expected);
        // Whatever is no longer declared was taken along.
        let nothing = Desired { jobs: Vec::new(), ..desired };
        assert!(places(&nothing, &queue, &left_over).iter().all(|(_, place)| *place == Place::TakenAlong));
    }

    #[test]
    fn each_place_has_the_reason_that_decided_it() {
        check(vec![job("a/x", 0, &[]), job("b/y", 0, &[])], &[("a/x", Place::File), ("b/y", Place::File)]);
        let shared = |priority| Place::Priority { priority, is_shared: true };
        let only = |priority| Place::Priority { priority, is_shared: false };
        check(
            vec![job("a/x", 0, &[]), job("b/y", 5, &[]), job("c/z", 0, &[])],
            &[("b/y", only(5)), ("a/x", shared(0)), ("c/z", shared(0))],
        );
        // Of two that it waits for, the later one let it go; an edge that changed nothing is no reason.
        check(
            vec![job("a/x", 9, &["c/z", "b/y"]), job("b/y", 0, &[]), job("c/z", 1, &[]), job("d/end", -1, &["b/y"])],
            &[("c/z", only(1)), ("b/y", only(0)), ("a/x", Place::After(after_success("b/y"))), ("d/end", only(-1))],
        );
    }

    #[test]
    fn what_was_left_over_goes_first_among_its_priority_and_after_its_predecessors() {
        let all = || vec![job("a/x", 0, &[]), job("b/y", 0, &[]), job("c/z", 5, &[])];
        let first = Place::Priority { priority: 5, is_shared: false };
        let shared = Place::Priority { priority: 0, is_shared: true };
        check_with(all(), &["b/y"], &[("c/z", first.clone()), ("b/y", Place::LeftOver), ("a/x", shared.clone())]);
        check_with(all(), &["a/x", "b/y"], &[("c/z", first), ("a/x", shared.clone()), ("b/y", shared)]);
        check_with(
            vec![job("a/x", 0, &[]), job("b/y", 0, &["a/x"])],
            &["b/y"],
            &[("a/x", Place::File), ("b/y", Place::After(after_success("a/x")))],
        );
    }
}
