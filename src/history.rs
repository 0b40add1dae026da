//! What the past says of a job: its last good backup, how long its backups take, how often it failed in a row.
//!
//! There are two witnesses. JetBackup's logs know every backup, whoever started it, by their server's own clock, and are kept for about
//! thirty days. `jbr`'s record knows only what `jbr` ran, by its own clock. What either proves is so, and the newer proof counts. Where
//! neither proves anything and one of them could not be heard, the answer is *unknown*, which is not "never".
//!
//! Absent: what follows from it. Whether a job is due is the proposal's business, whether its backup is too old the check's.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::{Timestamp, elapsed, later};
use crate::desired::{Desired, Job};
use crate::execute::outcome::Verdict;
use crate::inventory::Inventory;
use crate::jetbackup::facts::Log;
use crate::names::JobAddress;
use crate::queue::{FAR_MIN, Usual};
use crate::seen::{Seen, Why};
use crate::state::JobRecord;
use crate::state::record::DURATIONS_MAX;

/// How far a time may lie in the future before it is not believed. Clocks of two machines differ a little. One that is wrong by a year
/// would make a backup fresh for a year, and running a backup too often is harmless where not running it is not.
pub const AHEAD_MAX: Duration = Duration::from_secs(600);

/// A last backup is compared with those before it where there are so many of them.
const COMPARED_MIN: usize = 3;
/// A last backup took far longer than usual if it took more than so many times the median of those before it.
const SLOW_TIMES: u32 = 2;

/// What is known of a job's past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// When its last good backup ended, never after now; `None` if no log and no record knows of one. Completed and partially
    /// completed backups are good. Where [`History::unread`] says something, there may be a newer one.
    pub last_good: Seen<Option<Timestamp>>,
    /// Whether that one was completed only in part.
    pub partial: bool,
    /// How long its good backups took, oldest first, [`DURATIONS_MAX`] at most: from the logs, or from the record if that has more of them
    /// (the same backups stand in both).
    pub durations: Vec<Duration>,
    /// How many times in a row there was no good backup since; as far as that is known.
    pub failures_in_a_row: u32,
    /// Why its logs were not heard; `None` if they were.
    pub unread: Option<Why>,
}

impl History {
    /// The history of one job by its logs (newest first, as the client gives them) and by what `jbr` remembers of it.
    #[must_use]
    pub fn new(logs: Seen<&[Log]>, record: Option<&JobRecord>, now: Timestamp) -> Self {
        let (logs, unread) = match logs {
            Seen::Known(logs) => (logs, None),
            Seen::Unknown(why) => (&[][..], Some(why)),
        };
        let proofs: Vec<Proof> =
            logs.iter().filter_map(Proof::of_log).chain(record.and_then(Proof::of_record)).collect();
        let believed = proofs.iter().filter_map(|proof| Some((proof.believed(now)?, proof.partial)));
        let newest = believed.max_by_key(|(at, _)| *at);
        let last_good = match (newest, &unread, proofs.first()) {
            (Some((at, _)), _, _) => Seen::Known(Some(at)),
            (None, _, Some(proof)) => Seen::Unknown(proof.doubt()),
            (None, Some(why), None) => Seen::Unknown(why.clone()),
            (None, None, None) => Seen::Known(None),
        };
        Self {
            failures_in_a_row: failures(logs, record, newest.map(|(at, _)| at)),
            durations: durations(logs, record),
            partial: newest.is_some_and(|(_, partial)| partial),
            last_good,
            unread,
        }
    }

    /// Until when its last good backup is younger than `every`, where that is known and still to come. A moment later it is due.
    #[must_use]
    pub fn fresh_until(&self, every: Duration, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let Seen::Known(Some(last_good)) = self.last_good else { return None };
        let due = later(last_good, every);
        (now < due).then_some((last_good, due))
    }

    /// How old the last good backup is; `None` if that is not known, or if there never was one.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Option<Duration> {
        let Seen::Known(Some(last_good)) = self.last_good else { return None };
        Some(elapsed(last_good, now))
    }

    /// Half of its good backups took no longer than this.
    #[must_use]
    pub fn median(&self) -> Option<Duration> {
        let sorted = self.sorted();
        sorted.get(sorted.len() / 2).copied()
    }

    /// Nine of ten of its good backups took no longer than this (nearest rank).
    #[must_use]
    pub fn p90(&self) -> Option<Duration> {
        let sorted = self.sorted();
        sorted.get((sorted.len() * 9).div_ceil(10).saturating_sub(1)).copied()
    }

    /// How long its good backups took; `None` if there is none to go by.
    #[must_use]
    pub fn usual(&self) -> Option<Usual> {
        Some(Usual { median: self.median()?, p90: self.p90()? })
    }

    /// How long those of its good backups took that took longer than this; `None` if none did. A backup that has run for an hour is none
    /// of those that were over within one.
    #[must_use]
    pub fn usual_beyond(&self, ran: Duration) -> Option<Usual> {
        let durations = self.durations.iter().filter(|took| ran.is_zero() || **took > ran).copied().collect();
        Self { durations, ..self.clone() }.usual()
    }

    /// Where its last good backup took far longer than those before it: how long it took, and the median of those.
    #[must_use]
    pub fn slow_last(&self) -> Option<(Duration, Duration)> {
        let (last, before) = self.durations.split_last()?;
        let before = Self { durations: before.to_vec(), ..self.clone() };
        let median = before.median().filter(|_| before.durations.len() >= COMPARED_MIN)?;
        let is_slow = *last > median.saturating_mul(SLOW_TIMES) && last.saturating_sub(median) >= FAR_MIN;
        is_slow.then_some((*last, median))
    }

    fn sorted(&self) -> Vec<Duration> {
        let mut sorted = self.durations.clone();
        sorted.sort_unstable();
        sorted
    }
}

/// The history of every declared job. `records` are the state's, those of the run in progress included.
#[must_use]
pub fn histories(
    desired: &Desired,
    inventory: &Inventory,
    records: &BTreeMap<JobAddress, JobRecord>,
    now: Timestamp,
) -> BTreeMap<JobAddress, History> {
    let of = |job: &Job| {
        let logs = logs_of(job, inventory);
        let logs = match &logs {
            Seen::Known(logs) => Seen::Known(logs.as_slice()),
            Seen::Unknown(why) => Seen::Unknown(why.clone()),
        };
        (job.address.clone(), History::new(logs, record_of(job, records), now))
    };
    desired.jobs.iter().map(of).collect()
}

fn logs_of<'a>(job: &Job, inventory: &'a Inventory) -> Seen<&'a Vec<Log>> {
    let Some(view) = inventory.of(&job.address.server) else {
        return Seen::Unknown(Why::new(format!("{} was not asked", job.address.server)));
    };
    match (view.logs.get(&job.id), &view.jobs) {
        (Some(logs), _) => logs.as_ref(),
        (None, Seen::Unknown(why)) => Seen::Unknown(why.clone()),
        (None, Seen::Known(_)) => Seen::Unknown(Why::new("its logs were not asked for")),
    }
}

/// What is remembered of a job under whatever name it had: a job is its server's id.
fn record_of<'a>(job: &Job, records: &'a BTreeMap<JobAddress, JobRecord>) -> Option<&'a JobRecord> {
    let is_its =
        |(address, record): &(&JobAddress, &JobRecord)| address.server == job.address.server && record.id == job.id;
    let its = records.iter().filter(is_its);
    its.max_by_key(|(address, record)| (**address == job.address, record.last_success)).map(|(_, record)| record)
}

/// One witness's word for a good backup.
struct Proof {
    /// When it ended, by the witness's clock; `None` if the witness does not say.
    at: Option<Timestamp>,
    partial: bool,
    whose: &'static str,
}

impl Proof {
    fn of_log(log: &Log) -> Option<Self> {
        let verdict = Verdict::of_log(log.status).filter(|verdict| verdict.is_good())?;
        // Without its end, its beginning is what it is no older than.
        Some(Self { at: log.ended.or(log.started), partial: verdict == Verdict::Partial, whose: "its newest good log" })
    }

    fn of_record(record: &JobRecord) -> Option<Self> {
        let (at, partial) = (Some(record.last_success?), record.last_success_partial);
        Some(Self { at, partial, whose: "what jbr remembers of it" })
    }

    fn believed(&self, now: Timestamp) -> Option<Timestamp> {
        self.at.filter(|at| *at <= later(now, AHEAD_MAX)).map(|at| at.min(now))
    }

    fn doubt(&self) -> Why {
        let whose = self.whose;
        Why::new(match self.at {
            None => format!("{whose} says neither when it began nor when it ended"),
            Some(at) => format!(
                "{whose} ends in the future ({}): set the clocks here and on its server right",
                at.format("%Y-%m-%dT%H:%M:%SZ")
            ),
        })
    }
}

fn durations(logs: &[Log], record: Option<&JobRecord>) -> Vec<Duration> {
    let good = logs.iter().filter(|log| Verdict::of_log(log.status).is_some_and(Verdict::is_good));
    let took = good.filter_map(|log| (log.ended? - log.started?).to_std().ok());
    let mut logged: Vec<Duration> = took.take(DURATIONS_MAX).collect();
    logged.reverse();
    match record {
        Some(record) if record.durations.len() > logged.len() => record.durations.clone(),
        _ => logged,
    }
}

/// The logs do not know of triggers that had no effect, the record not of what others ran: whoever counts more is right, unless a good
/// backup came after what is remembered.
fn failures(logs: &[Log], record: Option<&JobRecord>, last_good: Option<Timestamp>) -> u32 {
    let verdicts = logs.iter().filter_map(|log| Verdict::of_log(log.status));
    let logged = u32::try_from(verdicts.take_while(|verdict| !verdict.is_good()).count()).unwrap_or(u32::MAX);
    let is_past = |record: &&JobRecord| {
        let last = record.last_outcome.as_ref().map(|outcome| outcome.ended);
        last.zip(last_good).is_some_and(|(last, good)| good > last)
    };
    let remembered = record.filter(|record| !is_past(record)).map_or(0, |record| record.failures_in_a_row);
    logged.max(remembered)
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
