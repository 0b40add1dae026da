//! What must not be started, and what must be, told by the fleet's account, the plan and the clocks, and not by jbr.
//!
//! A last good backup is one whose log says so: by its server's clock, as jbr must read it, against the clock of jbr's machine. What is held is
//! held by that clock, too.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::TimeDelta;
use jbr::clock::{Timestamp, elapsed, later};
use jbr::desired::{Desired, Job, When};
use jbr::history::AHEAD_MAX;
use jbr::names::JobAddress;
use jbr::simulator::{ExecutionEnd, Fleet, Server};

use crate::book::{Book, RunTruth, Send};

/// Logs have whole seconds, and two clocks are read.
const SECONDS: Duration = Duration::from_secs(3);
/// How much of a window must be left for a job to be missed if it was not started: looks at all servers take time.
pub(crate) const LEFT_OF_WINDOW_MINUTES: i64 = 10;

/// What is true of a plan's jobs when a process reads the servers.
pub(crate) struct Standing {
    /// When it read them, by the clock of its machine.
    pub(crate) at: Timestamp,
    /// How far that clock is ahead of the truth.
    pub(crate) ahead: TimeDelta,
    /// What is held.
    pub(crate) held: BTreeSet<JobAddress>,
    /// What comes after what is held, and so waits with it: not where that has a backup that is young for sure.
    pub(crate) held_back: BTreeSet<JobAddress>,
    /// What has a good backup that is younger than `every`, in a log that could be read.
    pub(crate) young: BTreeMap<JobAddress, Timestamp>,
    /// What may have one, by whatever record.
    pub(crate) perhaps_young: BTreeSet<JobAddress>,
}

impl Standing {
    /// `read` is the span of true time in which the servers were read; `is_clear` that nothing went wrong in it.
    pub(crate) fn new(
        book: &Book,
        fleet: &Fleet,
        desired: &Desired,
        read: (Timestamp, Timestamp),
        at: Timestamp,
        is_clear: bool,
    ) -> Self {
        let mut standing = Self {
            at,
            ahead: at - read.1,
            held: BTreeSet::new(),
            held_back: BTreeSet::new(),
            young: BTreeMap::new(),
            perhaps_young: BTreeSet::new(),
        };
        for job in &desired.jobs {
            if is_held(book, job, at) {
                standing.held.insert(job.address.clone());
            }
            let (Some(every), Some(server)) = (job.every, fleet.server_of(job.address.server.as_str())) else {
                continue;
            };
            if let Some(good) = last_good(book, server, job, read.0, at)
                && is_clear
                && later(at, SECONDS) < later(good, every)
            {
                standing.young.insert(job.address.clone(), good);
            }
            if may_be_young(book, server, job, every, read.1, at) {
                standing.perhaps_young.insert(job.address.clone());
            }
        }
        standing.hold_back(desired);
        standing
    }

    /// Down every chain: as often as there are jobs, which is more than any chain is long.
    fn hold_back(&mut self, desired: &Desired) {
        for job in desired.jobs.iter().flat_map(|_| &desired.jobs) {
            let keeps = |before: &JobAddress| {
                (self.held.contains(before) || self.held_back.contains(before)) && !self.young.contains_key(before)
            };
            if job.after.iter().any(|after| keeps(&after.job)) {
                self.held_back.insert(job.address.clone());
            }
        }
    }

    /// Whether a hold keeps a job from being started: its own, or that of one it comes after.
    pub(crate) fn is_kept_back(&self, job: &JobAddress) -> bool {
        self.held.contains(job) || self.held_back.contains(job)
    }
}

fn is_held(book: &Book, job: &Job, at: Timestamp) -> bool {
    let is_in_force = |until: &Option<Timestamp>| until.is_none_or(|until| at < until);
    job.hold.as_ref().is_some_and(|hold| is_in_force(&hold.until))
        || book.held_by_hand.get(&job.address).is_some_and(is_in_force)
}

/// When the last good backup ended whose log is there to be read, by its server's clock; never after now.
fn last_good(book: &Book, server: &Server, job: &Job, before: Timestamp, at: Timestamp) -> Option<Timestamp> {
    let skew = TimeDelta::seconds(server.skew_s);
    let groups = book.groups_of(&server.name, job.id.as_str()).filter(|group| !group.is_unfinished());
    let ends = groups.filter_map(|group| book.ends_of(&server.name, &group.id).last());
    let good = ends.filter(|end| matches!(end.log, Some(1 | 4)) && later(end.at, SECONDS) < before);
    let shown = good.map(|end| end.at + skew).filter(|shown| later(*shown, SECONDS) <= later(at, AHEAD_MAX));
    shown.map(|shown| shown.min(at)).max()
}

/// Whether any record can say so: a log, or what jbr remembers of a backup without one. Once a clock was set, what it remembers may be of any time.
fn may_be_young(book: &Book, server: &Server, job: &Job, every: Duration, now: Timestamp, at: Timestamp) -> bool {
    let skew = TimeDelta::seconds(server.skew_s);
    let is_good = |end: &&ExecutionEnd| matches!(end.log, Some(1 | 4)) || matches!(end.status, 100 | 101);
    let groups = book.groups_of(&server.name, job.id.as_str());
    let mut good = groups.flat_map(|group| book.ends_of(&server.name, &group.id)).filter(is_good);
    let margin = every + elapsed(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH + skew.abs()) + Duration::from_secs(900);
    good.any(|end| {
        book.clock_set.is_some() || elapsed(end.at, now) < margin || at < later(end.at + skew, every + SECONDS)
    })
}

/// The job of a server's id, as a plan has it.
pub(crate) fn declared<'d>(desired: &'d Desired, server: &str, job: &str) -> Option<&'d Job> {
    desired.jobs.iter().find(|known| known.address.server.as_str() == server && known.id.as_str() == job)
}

/// Whether what a job comes after has been in this run what it must have been, or need not be in it.
pub(crate) fn predecessor_missing<'j>(
    book: &Book,
    desired: &Desired,
    job: &'j Job,
    run: &RunTruth,
    standing: &Standing,
) -> Option<&'j JobAddress> {
    let is_enough = |address: &JobAddress, when: When| {
        let Some(before) = desired.job(address) else { return true };
        let server = address.server.as_str();
        let ends = book.groups_of(server, before.id.as_str()).flat_map(|group| book.ends_of(server, &group.id));
        let mut in_run = ends.filter(|end| end.at >= run.started);
        // Over without ever having begun: nobody's account has that. Whether it is so is judged where the run is over.
        let never_began = run.done.get(address).is_some_and(|(outcome, _)| !outcome.verdict.has_run());
        standing.perhaps_young.contains(address)
            || (when == When::Finished && never_began)
            || in_run.any(|end| match when {
                When::Success => matches!(end.log, Some(1 | 4)) || matches!(end.status, 100 | 101) && end.log.is_none(),
                When::Finished => true,
            })
    };
    job.after.iter().find(|after| !is_enough(&after.job, after.when)).map(|after| &after.job)
}

/// Whether nothing stands in the way of a job in truth: its server can be asked, lets it run, and nothing is under way anywhere.
pub(crate) fn is_free(fleet: &Fleet, desired: &Desired, job: &Job) -> bool {
    let name = job.address.server.as_str();
    let (Some(server), Some(declared)) = (fleet.server_of(name), desired.server(&job.address.server)) else {
        return false;
    };
    let Some(live) = server.job_of(job.id.as_str()) else { return false };
    let is_closed = |id: &String| server.destination_of(id).is_none_or(|known| known.disabled);
    let keeps = |id: &String| {
        declared.destination.as_ref().is_some_and(|known| known.keep_closed && known.id.as_str() == id.as_str())
    };
    let may_write = live.destinations.iter().all(|id| !is_closed(id) || keeps(id));
    let is_idle = fleet.servers().iter().all(|server| server.groups.iter().all(|group| !group.is_unfinished()));
    (!live.disabled || job.keep_disabled) && may_write && is_idle
}

/// What must hold of a trigger as it leaves. No time passes between the decision and that moment, so there is no tolerance: the command may
/// arrive as much later as a call lasts, and the window may have closed by then.
pub(crate) fn may_be_triggered(book: &mut Book, desired: &Desired, standing: &Standing, send: &Send) {
    let Some(job) = declared(desired, &send.server, &send.job) else {
        return book.ensure("what left the plan is not started", false, || format!("{} on {}", send.job, send.server));
    };
    let address = &job.address;
    let is_held = standing.held.contains(address);
    book.ensure("a held job is not started", !is_held, || format!("{address} is triggered"));
    let good = standing.young.get(address);
    book.ensure("every", good.is_none(), || format!("{address} is triggered at {}, and {good:?} is good", standing.at));
    in_its_window(book, job, send.at + standing.ahead);
    let Some(run) = book.runs.get(&send.run).cloned() else { return };
    let missing = predecessor_missing(book, desired, job, &run, standing);
    book.ensure("after", missing.is_none(), || format!("{address} is triggered before {missing:?}"));
    if !job.after.is_empty() {
        book.figures.count("triggers_after_another");
    }
    tries_are_apart(book, &run, send);
}

fn in_its_window(book: &mut Book, job: &Job, at: Timestamp) {
    let (address, windows) = (&job.address, &job.windows);
    if windows.is_empty() {
        return;
    }
    let is_open = book.hours.is_open(windows, at);
    book.ensure("windows are kept", is_open, || format!("{address} is triggered at {at}, outside of {windows:?}"));
    book.figures.count("triggers_in_a_window");
    if !job.fits {
        return;
    }
    // Of nine of ten of its good backups the shortest took no longer than any of them.
    let server = address.server.as_str();
    let ends = book.groups_of(server, job.id.as_str()).flat_map(|group| {
        let took = group.execution.runs;
        book.ends_of(server, &group.id).iter().filter(|end| matches!(end.log, Some(1 | 4))).map(move |_| took)
    });
    let shortest = ends.min().unwrap_or_default();
    let minutes = i64::try_from(shortest.as_secs() / 60).unwrap();
    let fits = book.hours.is_open_for(windows, at, minutes);
    book.ensure("windows are kept", fits, || format!("{address} is triggered at {at}, {shortest:?} before a close"));
    if !shortest.is_zero() {
        book.figures.count("triggers_that_fit");
    }
}

/// Another try follows one that was not good, after its wait. A group that came later than anybody could wait for is none, nor is one without
/// a log, which its server may have forgotten before jbr saw it.
fn tries_are_apart(book: &mut Book, run: &RunTruth, send: &Send) {
    let key = (send.server.clone(), send.job.clone());
    let Some((attempts, wait)) = run.tries.get(&key).copied() else { return };
    let is_earlier = |first: &&Send| {
        let is_its = first.run == send.run && (&first.server, &first.job) == (&send.server, &send.job);
        is_its && !book.is_late(first) && !book.is_late_for_a_slow_look(first)
    };
    let groups = book.sends.iter().filter(is_earlier).filter_map(|first| first.group.clone());
    let ends: Vec<ExecutionEnd> =
        groups.filter_map(|group| book.ends_of(&send.server, &group).first().cloned()).collect();
    for end in ends.into_iter().filter(|end| end.log.is_some()) {
        let is_good = matches!(end.status, 100 | 101) && matches!(end.log, Some(1 | 4));
        book.ensure("retry", !is_good, || format!("{key:?} is triggered again after {end:?}"));
        let is_apart = book.clock_set.is_some() || later(end.at, wait) <= send.at;
        book.ensure("retry", is_apart, || format!("{key:?} is triggered {wait:?} after {end:?}, at {}", send.at));
        if attempts > 1 {
            book.figures.count("tries_again_after_a_backup");
        }
    }
}
