//! What a person changes in what is remembered: a job's record is forgotten, or a job has another name from now on.

use std::collections::{BTreeMap, BTreeSet};

use super::{JobRecord, State};
use crate::execute::journal::Phase;
use crate::hold::ByHand;
use crate::names::{JobAddress, RunId};

/// Why it was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Nothing is remembered of the job.
    #[error("nothing is remembered of {0}")]
    NotRemembered(JobAddress),
    /// The run that has not ended has begun it.
    #[error("the run {run} has not ended, and has begun {job}")]
    InRun {
        /// The run.
        run: RunId,
        /// The job.
        job: JobAddress,
    },
    /// The new name is taken.
    #[error("{0} is remembered already")]
    Taken(JobAddress),
    /// A job does not move from one server to another.
    #[error("{from} and {to} are on different servers")]
    OtherServer {
        /// The old name.
        from: JobAddress,
        /// The new one.
        to: JobAddress,
    },
}

/// What of the state a change concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The job's record.
    pub record: Option<JobRecord>,
    /// The hold that a person put on it.
    pub hold: Option<ByHand>,
    /// How many of the runs that are over have it.
    pub runs: usize,
    /// Whether the run that has not ended has it in its queue.
    pub in_run: bool,
}

impl State {
    /// What is remembered of a job.
    #[must_use]
    pub fn remembered(&self, job: &JobAddress) -> Remembered {
        Remembered {
            record: self.jobs.get(job).cloned(),
            hold: self.holds.get(job).cloned(),
            runs: self.history.iter().filter(|run| run.items.iter().any(|(address, _)| address == job)).count(),
            in_run: self.run.as_ref().is_some_and(|run| run.queue.item(job).is_some()),
        }
    }

    /// Every job of which anything is remembered.
    #[must_use]
    pub fn addresses(&self) -> Vec<JobAddress> {
        let records = self.records();
        let queued = self.run.iter().flat_map(|run| run.queue.items.iter().map(|item| &item.address));
        let all: BTreeSet<&JobAddress> = records.keys().chain(self.holds.keys()).chain(queued).collect();
        all.into_iter().cloned().collect()
    }

    /// Forgets a job's record. Its hold stays, since whoever forgets how a job did has not said that it may run; so do the runs that are
    /// over, which are what happened.
    ///
    /// # Errors
    /// [`EditError::NotRemembered`]; [`EditError::InRun`] where the run that has not ended has begun it, or has its outcome: at its end the
    /// record would be there again.
    pub fn forget(&mut self, job: &JobAddress) -> Result<JobRecord, EditError> {
        if let Some(run) = self.run.as_ref().filter(|run| run.queue.item(job).is_some())
            && *run.journal.phase(job) != Phase::Queued
        {
            return Err(EditError::InRun { run: run.id.clone(), job: job.clone() });
        }
        self.jobs.remove(job).ok_or_else(|| EditError::NotRemembered(job.clone()))
    }

    /// Gives a job another name: its record, its hold, its place in the run that has not ended and in those that are over.
    ///
    /// # Errors
    /// [`EditError::OtherServer`]; [`EditError::NotRemembered`] of the old name; [`EditError::Taken`] where anything is remembered of the
    /// new one. Nothing was changed then.
    pub fn rename(&mut self, from: &JobAddress, to: &JobAddress) -> Result<(), EditError> {
        if from.server != to.server {
            return Err(EditError::OtherServer { from: from.clone(), to: to.clone() });
        }
        let is_known = |what: &Remembered| what.record.is_some() || what.hold.is_some() || what.in_run || what.runs > 0;
        if !is_known(&self.remembered(from)) {
            return Err(EditError::NotRemembered(from.clone()));
        }
        if is_known(&self.remembered(to)) {
            return Err(EditError::Taken(to.clone()));
        }
        move_key(&mut self.jobs, from, to);
        move_key(&mut self.holds, from, to);
        let past = self.history.iter_mut().flat_map(|run| &mut run.items);
        past.filter(|(address, _)| address == from).for_each(|(address, _)| *address = to.clone());
        if let Some(run) = &mut self.run {
            move_key(&mut run.journal.entries, from, to);
            for item in &mut run.queue.items {
                let named = item.after.iter_mut().map(|after| &mut after.job).chain([&mut item.address]);
                named.filter(|address| *address == from).for_each(|address| *address = to.clone());
            }
        }
        Ok(())
    }
}

fn move_key<T>(map: &mut BTreeMap<JobAddress, T>, from: &JobAddress, to: &JobAddress) {
    if let Some(value) = map.remove(from) {
        map.insert(to.clone(), value);
    }
}
