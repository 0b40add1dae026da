//! What is remembered of a job, and of a run that is over.

use std::time::Duration;

use crate::clock::{Timestamp, elapsed};
use crate::execute::journal::Overlap;
use crate::execute::outcome::{Outcome, Verdict};
use crate::names::{JobAddress, JobId, RunId};
use crate::queue::Item;

/// How many durations of good backups are remembered a job.
pub const DURATIONS_MAX: usize = 20;

/// What is remembered of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRecord {
    /// Its id when it ran last. Another one is another job, and starts over.
    pub id: JobId,
    /// When its last good backup ended.
    pub last_success: Option<Timestamp>,
    /// Whether that one was completed only in part.
    pub last_success_partial: bool,
    /// How it ended last.
    pub last_outcome: Option<Outcome>,
    /// How long its last good backups took in whole seconds, oldest first, [`DURATIONS_MAX`] at most.
    pub durations: Vec<Duration>,
    /// How many times in a row it did not end well.
    pub failures_in_a_row: u32,
}

impl JobRecord {
    /// A job that never ran.
    #[must_use]
    pub fn new(id: JobId) -> Self {
        Self {
            id,
            last_success: None,
            last_success_partial: false,
            last_outcome: None,
            durations: Vec::new(),
            failures_in_a_row: 0,
        }
    }

    /// Takes in how the job ended in a run.
    pub fn learn(&mut self, item: &Item, outcome: &Outcome) {
        if self.id != item.id {
            *self = Self::new(item.id.clone());
        }
        if outcome.verdict.is_good() {
            self.last_success = Some(outcome.ended);
            self.last_success_partial = outcome.verdict == Verdict::Partial;
            self.failures_in_a_row = 0;
            if let Some(started) = outcome.started {
                self.durations.push(Duration::from_secs(elapsed(started, outcome.ended).as_secs()));
                let surplus = self.durations.len().saturating_sub(DURATIONS_MAX);
                self.durations.drain(..surplus);
            }
        } else {
            self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        }
        self.last_outcome = Some(outcome.clone());
    }

    /// Two records of one job that had two names: the newer good backup and the newer outcome count, durations follow each other, and a
    /// row of failures is no longer broken by the change of the name.
    #[must_use]
    pub fn joined_with(self, other: Self) -> Self {
        let ended = |record: &Self| record.last_outcome.as_ref().map(|outcome| outcome.ended);
        let (older, newer) = if ended(&self) > ended(&other) { (other, self) } else { (self, other) };
        let row_before = if newer.last_success.is_some() { 0 } else { older.failures_in_a_row };
        let good = |record: &Self| (record.last_success, record.last_success_partial);
        let last_good = if older.last_success > newer.last_success { good(&older) } else { good(&newer) };
        let mut durations = older.durations;
        durations.extend(newer.durations);
        let surplus = durations.len().saturating_sub(DURATIONS_MAX);
        durations.drain(..surplus);
        Self {
            id: newer.id,
            last_success: last_good.0,
            last_success_partial: last_good.1,
            last_outcome: newer.last_outcome.or(older.last_outcome),
            durations,
            failures_in_a_row: newer.failures_in_a_row.saturating_add(row_before),
        }
    }

    /// The median of the remembered durations.
    #[must_use]
    pub fn usual_duration(&self) -> Option<Duration> {
        let mut sorted = self.durations.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }
}

/// A run that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Its id.
    pub id: RunId,
    /// When it was begun.
    pub started: Timestamp,
    /// When it was over.
    pub ended: Timestamp,
    /// How.
    pub end: RunEnd,
    /// Its items in their order; `None` for one that was not finished when the run was closed.
    pub items: Vec<(JobAddress, Option<Outcome>)>,
    /// Backups that overlapped.
    pub overlaps: Vec<Overlap>,
}

/// How a run was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// Every item has its outcome.
    Complete,
    /// It was interrupted and not resumed in time, or `--fresh` closed it.
    Incomplete,
}
