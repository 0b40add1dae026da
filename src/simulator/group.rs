//! A queue group: JetBackup's record of one execution while it waits, runs, and for some time after.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::account::Trigger;
use super::execution::Execution;
use crate::clock::{Timestamp, elapsed, later};

/// Waits for its turn (vendor code).
const PENDING: i64 = 1;
/// Started (vendor code).
const STARTED: i64 = 2;

/// A queue group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// `_id`; kept through a rerun (documented).
    pub id: String,
    /// Queue type: 1 is a backup (documented).
    pub kind: i64,
    /// The job that it executes; `None` for what belongs to no job.
    pub job: Option<String>,
    /// `data`: the job's id is at `_id` for a backup, at `id` for a reindex (production).
    pub data: Value,
    /// When it appeared.
    pub created: Timestamp,
    /// When what caused it was carried out: the trigger, or the schedule. By it a test tells which trigger a group is of.
    pub caused: Timestamp,
    /// What caused this execution.
    pub trigger: Trigger,
    /// How often it went back to pending under its id.
    pub reruns: u64,
    /// How this execution goes.
    pub execution: Execution,
    /// Where it writes: destination ids.
    pub destinations: Vec<String>,
    /// How far it is.
    pub phase: Phase,
    /// When the stop signal takes effect.
    pub stops_at: Option<Timestamp>,
    /// Its log, from the start on.
    pub log: Option<String>,
}

/// How far a group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Status 1; may start from `ready` on, when a fork is free.
    Pending {
        /// Since when it waits.
        since: Timestamp,
        /// The first moment at which it may start.
        ready: Timestamp,
    },
    /// Status 2 and the sub-steps.
    Running {
        /// Its start.
        since: Timestamp,
    },
    /// Status 2 for ever; it died with a reboot.
    Stuck {
        /// Its start.
        since: Timestamp,
        /// When it died.
        at: Timestamp,
    },
    /// Status 100 and more.
    Finished {
        /// Its start; `None` where it was stopped before.
        since: Option<Timestamp>,
        /// Its end.
        at: Timestamp,
        /// Its last status.
        status: i64,
    },
}

impl Group {
    /// The status that a server shows at this moment.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> i64 {
        match self.phase {
            Phase::Pending { .. } => PENDING,
            Phase::Stuck { .. } => STARTED,
            Phase::Finished { status, .. } => status,
            Phase::Running { .. } => self.step(now),
        }
    }

    /// Whether its status is below 100.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        !matches!(self.phase, Phase::Finished { .. })
    }

    /// Whether it is really at work.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Running { .. })
    }

    pub(super) fn started(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Pending { .. } => None,
            Phase::Running { since } | Phase::Stuck { since, .. } => Some(since),
            Phase::Finished { since, .. } => since,
        }
    }

    pub(super) fn ended(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Finished { at, .. } => Some(at),
            _ => None,
        }
    }

    pub(super) fn status_since(&self) -> Timestamp {
        match self.phase {
            Phase::Pending { since, .. } | Phase::Running { since } | Phase::Stuck { since, .. } => since,
            Phase::Finished { at, .. } => at,
        }
    }

    /// When it ends if nothing happens.
    pub(super) fn ends_at(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Running { since } => Some(later(since, self.execution.runs)),
            _ => None,
        }
    }

    /// How long it has been executing, or did.
    pub(super) fn executing(&self, now: Timestamp) -> Duration {
        match self.phase {
            Phase::Pending { .. } => Duration::ZERO,
            Phase::Running { since } => elapsed(since, now),
            Phase::Stuck { since, at } => elapsed(since, at),
            Phase::Finished { since, at, .. } => since.map_or(Duration::ZERO, |since| elapsed(since, at)),
        }
    }

    /// How many of `parts` equal parts are done; all of them only at the end.
    pub(super) fn done_of(&self, parts: u64, now: Timestamp) -> u64 {
        if matches!(self.phase, Phase::Finished { status: 100 | 101, .. }) {
            return parts;
        }
        let whole = self.execution.runs.as_millis().max(1);
        let done = self.executing(now).as_millis().saturating_mul(u128::from(parts)) / whole;
        u64::try_from(done).unwrap_or(u64::MAX).min(parts.saturating_sub(1))
    }

    /// Sub-steps come and go (vendor code): status 2 first, then each scripted step for an equal part of the time.
    fn step(&self, now: Timestamp) -> i64 {
        let steps = &self.execution.steps;
        let place = self.done_of(steps.len() as u64 + 1, now);
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        place.checked_sub(1).and_then(|place| steps.get(place)).copied().unwrap_or(STARTED)
    }
}
