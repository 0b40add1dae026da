//! WHAT JBR REMEMBERS: the run in progress, what is known of each job, and the last runs.
//!
//! This file is what it is; `format` is how it is written, in all its versions; `store` and `lock` are who may write it,
//! and how it survives a loss of power.

mod edit;
pub mod format;
pub mod lock;
mod mend;
mod place;
pub mod record;
pub mod store;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::{Timestamp, elapsed};
use crate::execute::journal::{Journal, Opened};
use crate::hold::ByHand;
use crate::names::{JobAddress, RunId};
use crate::queue::{Item, Queue};
pub use edit::{EditError, Remembered};
pub(crate) use place::Place;
pub use place::files;
pub use record::{JobRecord, RunEnd, RunRecord};

/// How many finished runs are remembered: a month of nights. All of them are written at every change of the journal, to an SD card.
pub const HISTORY_MAX: usize = 30;

/// Everything that `jbr` remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Which state this is: random, made once. Two states never share one, so a copy cannot be taken for another's successor.
    pub lineage: String,
    /// How often it was written; goes up by one each time.
    pub serial: u64,
    /// The run that has not ended, if there is one.
    pub run: Option<Run>,
    /// What is known of each job that ever ran.
    pub jobs: BTreeMap<JobAddress, JobRecord>,
    /// The jobs that a person holds (`jbr hold`). One that is over counts for nothing, and goes at the next write.
    pub holds: BTreeMap<JobAddress, ByHand>,
    /// What is open on a server, or may be, and must be closed, while no run is in progress (a run has it in its journal).
    pub opened: Vec<Opened>,
    /// The last runs, oldest first, [`HISTORY_MAX`] at most.
    pub history: Vec<RunRecord>,
}

/// A run in progress: it may span several processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// When it was begun.
    pub started: Timestamp,
    /// What it runs.
    pub queue: Queue,
    /// How far it is.
    pub journal: Journal,
}

impl Run {
    /// Whether it is too old to go on with, by the plan's `run.resume_within`.
    #[must_use]
    pub fn is_too_old(&self, resume_within: Duration, now: Timestamp) -> bool {
        elapsed(self.started, now) >= resume_within
    }
}

impl State {
    /// A state that knows nothing yet.
    #[must_use]
    pub fn new(lineage: String) -> Self {
        Self {
            lineage,
            serial: 0,
            run: None,
            jobs: BTreeMap::new(),
            holds: BTreeMap::new(),
            opened: Vec::new(),
            history: Vec::new(),
        }
    }

    /// What is remembered where there is no state file yet.
    #[must_use]
    pub fn unwritten() -> Self {
        Self::new(String::new())
    }

    /// What is open on a server, or may be, and must be closed.
    #[must_use]
    pub fn opened(&self) -> &[Opened] {
        self.run.as_ref().map_or(&self.opened, |run| &run.journal.opened)
    }

    /// What is known of each job, the run in progress included. A job that has been renamed since takes its record along: it is its server's
    /// id.
    #[must_use]
    pub fn records(&self) -> BTreeMap<JobAddress, JobRecord> {
        let mut records = self.jobs.clone();
        let Some(run) = &self.run else { return records };
        for item in &run.queue.items {
            if let Some(outcome) = run.journal.outcome(&item.address) {
                follow(&mut records, item);
                let record = records.entry(item.address.clone()).or_insert_with(|| JobRecord::new(item.id.clone()));
                record.learn(item, outcome);
            }
        }
        records
    }

    /// Forgets the holds that are over.
    pub fn drop_expired_holds(&mut self, now: Timestamp) {
        self.holds.retain(|_, hold| hold.is_in_force(now));
    }

    /// Begins a run, or goes on with it changed. What was left open stands in its journal and is its to close.
    pub fn begin(&mut self, run: Run) {
        self.opened.clear();
        self.run = Some(run);
    }

    /// Ends the run in progress: its outcomes go into the jobs' records, and it into the history.
    pub fn end(&mut self, at: Timestamp, end: RunEnd) {
        self.jobs = self.records();
        let Some(run) = self.run.take() else { return };
        self.opened.clone_from(&run.journal.opened);
        let items = run.queue.items.iter().map(|item| {
            let outcome = run.journal.outcome(&item.address);
            (item.address.clone(), outcome.cloned())
        });
        let items = items.collect();
        self.history.push(RunRecord {
            id: run.id,
            started: run.started,
            ended: at,
            end,
            items,
            overlaps: run.journal.overlaps,
        });
        let surplus = self.history.len().saturating_sub(HISTORY_MAX);
        self.history.drain(..surplus);
    }
}

/// Brings the record of an item's job to the item's address. What another job has left there takes the free place: two may have changed names.
fn follow(records: &mut BTreeMap<JobAddress, JobRecord>, item: &Item) {
    if records.get(&item.address).is_some_and(|record| record.id == item.id) {
        return;
    }
    let is_its =
        |(address, record): &(&JobAddress, &JobRecord)| address.server == item.address.server && record.id == item.id;
    let Some(before) = records.iter().find(is_its).map(|(address, _)| address.clone()) else { return };
    let Some(record) = records.remove(&before) else { return };
    if let Some(other) = records.insert(item.address.clone(), record) {
        records.insert(before, other);
    }
}
