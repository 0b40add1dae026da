//! From decisions to the queue: everything that a run needs, settled before it begins.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::order::order;
use super::{Gate, Item, Queue, Usual};
use crate::clock::Timestamp;
use crate::desired::{After, Desired, Job, Server};
use crate::diff::Diff;
use crate::names::JobAddress;
use crate::window::openings;

/// The queue of the jobs that were asked for, exist, are due and not held: what must come first, then by priority over all servers, ties in
/// file order, but for what the last run had left. Those that cannot run are in it too, so that the run's record says what became of them.
#[must_use]
pub fn build(desired: &Desired, diff: &Diff, outlook: &Outlook) -> Queue {
    let mut queued: Vec<&Job> = desired
        .jobs
        .iter()
        .filter(|job| diff.decisions.iter().any(|d| d.address == job.address && d.verdict.is_queued()))
        .collect();
    let turn = |job: &Job| outlook.left_over.iter().position(|left| *left == job.address).unwrap_or(usize::MAX);
    // A stable sort: all others stay in the order of the file.
    queued.sort_by_cached_key(|job| turn(job));
    Queue {
        items: arrange(&queued).into_iter().map(|(job, after)| item(desired, job, after, outlook)).collect(),
        servers: desired.servers.iter().map(|server| server.name.clone()).collect(),
        poll: desired.run.poll,
        pace: desired.run.pace,
        unreachable_wait: desired.run.unreachable_wait,
        stays: false,
    }
}

/// Jobs in the order in which they run, each with those among them that it comes after. One that comes after a job that is not among
/// them (it was not asked for, say) does not wait for it.
///
/// Jobs that wait for each other in a circle are an error of the plan and never get here; should they, then nothing among them waits, for
/// a queue must have an end.
#[must_use]
pub fn arrange<'a>(jobs: &[&'a Job]) -> Vec<(&'a Job, Vec<After>)> {
    let places: BTreeMap<&JobAddress, usize> =
        jobs.iter().enumerate().map(|(place, job)| (&job.address, place)).collect();
    let priorities: Vec<i64> = jobs.iter().map(|job| job.priority).collect();
    let mut edges: Vec<(usize, usize)> = Vec::new();
    for (place, job) in jobs.iter().enumerate() {
        edges.extend(job.after.iter().filter_map(|after| Some((*places.get(&after.job)?, place))));
    }
    let ordered = order(&priorities, &edges).unwrap_or_else(|circle| {
        let stuck: BTreeSet<usize> = circle.0.into_iter().collect();
        edges.retain(|(before, after)| !stuck.contains(before) || !stuck.contains(after));
        order(&priorities, &edges).unwrap_or_else(|_| (0..jobs.len()).collect())
    });
    let edges: BTreeSet<(usize, usize)> = edges.into_iter().collect();
    let after = |place: usize| {
        let is_edge = |after: &&After| places.get(&after.job).is_some_and(|before| edges.contains(&(*before, place)));
        jobs[place].after.iter().filter(is_edge).cloned().collect()
    };
    ordered.into_iter().map(|place| (jobs[place], after(place))).collect()
}

/// What the queue must know of the time before and after it.
#[derive(Debug, Clone, Copy)]
pub struct Outlook<'a> {
    /// From when on the windows are worked out.
    pub now: Timestamp,
    /// How long the jobs usually take, as far as is known.
    pub usual: &'a BTreeMap<JobAddress, Usual>,
    /// What the run that was closed before had left, in its order. Among jobs of one priority it goes first: nights that are too short for
    /// all jobs would otherwise begin with the same ones each time, and never come to the others.
    pub left_over: &'a [JobAddress],
}

/// How far ahead windows are worked out: a run that waits for longer is started anew before that.
pub const HORIZON: Duration = Duration::from_secs(35 * 24 * 3600);

fn item(desired: &Desired, job: &Job, after: Vec<After>, outlook: &Outlook) -> Item {
    let usual = outlook.usual.get(&job.address).copied();
    let server = desired.server(&job.address.server);
    let closed = server.and_then(|server| server.destination.as_ref()).filter(|destination| destination.keep_closed);
    let destination = closed.map(|destination| Gate::Destination(destination.id.clone()));
    let gate = job.keep_disabled.then(|| Gate::Job(job.id.clone()));
    Item {
        address: job.address.clone(),
        id: job.id.clone(),
        timeout: job.timeout,
        start_timeout: job.start_timeout,
        settle: job.start_timeout + server.map(call_max).unwrap_or_default(),
        on_timeout: job.on_timeout,
        gates: destination.into_iter().chain(gate).collect(),
        after,
        openings: (!job.windows.is_empty()).then(|| openings(&job.windows, outlook.now, HORIZON)),
        // Of what never ran nobody knows whether it fits: it may start wherever a window is open.
        fits: usual.filter(|_| job.fits).map(|usual| usual.p90),
        retry: job.retry,
        usual,
    }
}

/// How long one call may last from the stored intent on. A lost command can be carried out as late as that, and then its group can take
/// a start's time to appear.
fn call_max(server: &Server) -> Duration {
    server.connect_timeout * 2 + server.command_timeout
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::fixture::job;

    fn check(jobs: &[Job], expected: &[(&str, &[&str])]) {
        let jobs: Vec<&Job> = jobs.iter().collect();
        let arranged: Vec<(String, Vec<String>)> = arrange(&jobs)
            .into_iter()
            .map(|(job, after)| (job.address.to_string(), after.iter().map(|after| after.job.to_string()).collect()))
            .collect();
        let expected: Vec<(String, Vec<String>)> = expected
            .iter()
            .map(|(job, after)| ((*job).to_owned(), after.iter().map(|after| (*after).to_owned()).collect()))
            .collect();
        assert_eq!(arranged, expected);
    }

    #[test]
    fn a_job_comes_after_what_it_names_and_nothing_waits_for_what_is_not_queued() {
        let jobs =
            [job("a/one", 10, &["b/two", "c/not-asked-for"]), job("b/two", 0, &[]), job("a/three", 5, &["a/one"])];
        check(&jobs, &[("b/two", &[]), ("a/one", &["b/two"]), ("a/three", &["a/one"])]);
    }

    #[test]
    fn a_circle_that_got_here_all_the_same_has_an_end_and_keeps_what_is_no_part_of_it() {
        let jobs = [job("a/one", 0, &["a/two"]), job("a/two", 0, &["a/one", "a/free"]), job("a/free", 0, &[])];
        check(&jobs, &[("a/one", &[]), ("a/free", &[]), ("a/two", &["a/free"])]);
    }
}
