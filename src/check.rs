//! Whether every declared job has a backup that is young enough to count on, whoever started it and whether or not `jbr` ever ran.
//!
//! Pure: what the servers said and what is remembered go in, a level with its reasons for each job comes out. Nothing is believed younger
//! than it is proven to be, and what cannot be proven is *unknown*, which alarms as loudly as "too old".
//!
//! Absent: what will be done about it. That is the proposal's.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::desired::{Desired, Job, Partial};
use crate::diff::{Choice, Decision, Notice, Remark, diff};
use crate::history::{History, histories};
use crate::hold::Holds;
use crate::inventory::Inventory;
use crate::names::{JobAddress, JobId};
use crate::proposal::is_our_doing;
use crate::seen::{Seen, Why};
use crate::state::State;

/// Without `max_age` a backup is too old when it is older than so many times `every`: one may fail, two in a row may not.
pub const EVERY_MISSED_MAX: u32 = 2;

/// How bad it is; the worst counts for all. The order is that of the monitoring world's plug-ins, where what is certainly bad comes before
/// what nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// As it should be.
    Ok,
    /// To be looked at; there is a backup to count on.
    Warning,
    /// It cannot be said.
    Unknown,
    /// There is no backup to count on, or nothing can start.
    Critical,
}

impl Level {
    /// The number that the plug-ins of Nagios exit with.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }
}

/// What to ask of the check.
pub struct Scope<'a> {
    /// Which jobs.
    pub is_asked_for: &'a dyn Fn(&JobAddress) -> bool,
    /// Which of the other findings.
    pub is_of_interest: &'a dyn Fn(&Remark) -> bool,
}

/// The whole verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// When it was made.
    pub at: Timestamp,
    /// Each job that was asked for, in file order.
    pub jobs: Vec<JobCheck>,
    /// What else a person should know, in the order of the servers: jobs in no plan, schedules, differences. What runs at the moment is not
    /// among it.
    pub remarks: Vec<Remark>,
}

/// The verdict on one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobCheck {
    /// Which job.
    pub address: JobAddress,
    /// What the past says of it.
    pub history: History,
    /// How old its last good backup may be; `None` if any age will do.
    pub max_age: Option<Duration>,
    /// What holds it.
    pub holds: Option<Holds>,
    /// Whether a backup of it is under way; `None` if that could not be read.
    pub runs: Option<bool>,
    /// What is to be said of it; nothing if all is well.
    pub findings: Vec<Finding>,
}

/// One thing to say of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Its server has no such job.
    Missing {
        /// The id that was declared.
        id: JobId,
    },
    /// No good backup of it is known, and everybody was heard.
    Never,
    /// Its last good backup is older than it may be.
    TooOld,
    /// Not all could be heard who might know of a newer one.
    Unread {
        /// Why.
        why: Why,
        /// What could be heard proves a backup that is young enough.
        is_proven: bool,
    },
    /// It is held: see [`JobCheck::holds`].
    Held,
    /// It has not ended well so many times in a row.
    Failing {
        /// How many.
        times: u32,
    },
    /// Its last good backup is a partial one, and the plan says `partial: fail`.
    Partial,
    /// Its good backups take longer than its `every`: it is due again before it is over.
    EveryTooShort {
        /// The plan's `every`.
        every: Duration,
        /// What half of its good backups took at most.
        median: Duration,
    },
    /// It could not be run now.
    Hindered {
        /// Why, printable.
        why: String,
    },
}

impl Finding {
    /// How bad it is.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            Self::Missing { .. } | Self::Never | Self::TooOld => Level::Critical,
            Self::Unread { is_proven: false, .. } => Level::Unknown,
            Self::Unread { is_proven: true, .. } | Self::EveryTooShort { .. } => Level::Ok,
            Self::Held | Self::Failing { .. } | Self::Partial | Self::Hindered { .. } => Level::Warning,
        }
    }
}

impl JobCheck {
    /// How bad it is.
    #[must_use]
    pub fn level(&self) -> Level {
        self.findings.iter().map(Finding::level).max().unwrap_or(Level::Ok)
    }

    /// Whether its last good backup is a partial one; `None` where none is known.
    #[must_use]
    pub fn partial(&self) -> Option<bool> {
        matches!(self.history.last_good, Seen::Known(Some(_))).then_some(self.history.partial)
    }

    /// How many times in a row it did not end well; `None` where nobody could be heard who would know.
    #[must_use]
    pub fn failures_in_a_row(&self) -> Option<u32> {
        let History { last_good, failures_in_a_row, unread, .. } = &self.history;
        let is_known = unread.is_none() || *failures_in_a_row > 0 || matches!(last_good, Seen::Known(Some(_)));
        is_known.then_some(*failures_in_a_row)
    }
}

impl Check {
    /// The worst of all.
    #[must_use]
    pub fn level(&self) -> Level {
        let jobs = self.jobs.iter().map(JobCheck::level);
        jobs.chain(self.remarks.iter().map(level_of)).max().unwrap_or(Level::Ok)
    }

    /// How many jobs are at a level.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.jobs.iter().filter(|job| job.level() == level).count()
    }
}

/// How bad a remark is, by the symbol that it has in a plan.
#[must_use]
pub fn level_of(remark: &Remark) -> Level {
    match (&remark.what, remark.what.symbol()) {
        (_, 'x') => Level::Critical,
        // A server without a job in the plan: what belongs there is not known.
        _ if is_silence(remark) => Level::Warning,
        // That something could not be read is said of the jobs that it matters for. A job that names no destination is on every server:
        // JetBackup's own.
        (_, '?') | (Notice::Unmanaged { is_certain: false, .. }, _) => Level::Ok,
        _ => Level::Warning,
    }
}

/// Judges the jobs that are asked for. The inventory must have their logs.
#[must_use]
pub fn check(desired: &Desired, inventory: &Inventory, state: &State, scope: &Scope, now: Timestamp) -> Check {
    let diff = diff(desired, inventory, scope.is_asked_for);
    let histories = histories(desired, inventory, &state.records(), now);
    let judge = |decision: &Decision| {
        let (job, history) = (desired.job(&decision.address)?, histories.get(&decision.address)?);
        let holds = Holds::at(now, job.hold.as_ref(), state.holds.get(&job.address));
        Some(judge(job, decision, history.clone(), holds, desired.run.partial, now))
    };
    let is_said = |remark: &Remark| {
        // What runs is no fault, and a server that is silent is said of each of its jobs, where it has any.
        let is_said_of_jobs = diff.decisions.iter().any(|decision| decision.address.server == remark.server);
        let is_said_already = is_silence(remark) && is_said_of_jobs;
        !is_said_already
            && !matches!(remark.what, Notice::Foreign { .. })
            && !is_our_doing(desired, remark, state.opened())
            && (scope.is_of_interest)(remark)
    };
    Check {
        at: now,
        jobs: diff.decisions.iter().filter_map(judge).collect(),
        remarks: diff.remarks.iter().filter(|remark| is_said(remark)).cloned().collect(),
    }
}

/// Whether a server could not be asked for its jobs, or for what runs.
fn is_silence(remark: &Remark) -> bool {
    matches!(remark.what, Notice::Unread { what: "jobs" | "queue", .. })
}

fn judge(
    job: &Job,
    decision: &Decision,
    history: History,
    holds: Option<Holds>,
    partial: Partial,
    now: Timestamp,
) -> JobCheck {
    let max_age = job.max_age.or(job.every.map(|every| every.saturating_mul(EVERY_MISSED_MAX)));
    let is_old = history.age(now).zip(max_age).is_some_and(|(age, max_age)| age > max_age);
    let missing = match &decision.verdict {
        Choice::Missing { id } => Some(Finding::Missing { id: id.clone() }),
        _ => None,
    };
    let hindered = decision.verdict.hindrance().map(|why| Finding::Hindered { why });
    let times = history.failures_in_a_row;
    let rest = [
        holds.is_some().then_some(Finding::Held),
        (times > 0).then_some(Finding::Failing { times }),
        (history.partial && partial == Partial::Fail).then_some(Finding::Partial),
        hindered,
        every_too_short(job, &history),
    ];
    let findings = [missing, age(&history, is_old)].into_iter().chain(rest).flatten().collect();
    let runs = match decision.verdict {
        Choice::Unread { .. } => None,
        Choice::Adopt { .. } => Some(true),
        _ => Some(false),
    };
    JobCheck { address: job.address.clone(), history, max_age, holds, runs, findings }
}

fn every_too_short(job: &Job, history: &History) -> Option<Finding> {
    let (every, median) = job.every.zip(history.median())?;
    (median > every).then_some(Finding::EveryTooShort { every, median })
}

/// What there is to say of a last good backup's age. Where a log could not be read, an old one may not be the last.
fn age(history: &History, is_old: bool) -> Option<Finding> {
    match (&history.last_good, &history.unread) {
        (Seen::Unknown(why), _) => Some(Finding::Unread { why: why.clone(), is_proven: false }),
        (Seen::Known(last), Some(why)) => {
            Some(Finding::Unread { why: why.clone(), is_proven: last.is_some() && !is_old })
        }
        (Seen::Known(None), None) => Some(Finding::Never),
        (Seen::Known(Some(_)), None) => is_old.then_some(Finding::TooOld),
    }
}
