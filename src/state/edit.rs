//! What a person changes in what is remembered: a job's record is forgotten, or a job has another name from now on.

use std::collections::{BTreeMap, BTreeSet};

use super::{JobRecord, State};
use crate::execute::journal::Phase;
use crate::hold::ByHand;
use crate::names::{JobAddress, JobId, RunId};

/// Why it was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Nothing is remembered of the job.
    #[error("nothing is remembered of {0}")]
    NotRemembered(JobAddress),
    /// Something is remembered of the job, but it has no record.
    #[error("there is no record of {job} to forget; {}", rest.sentence())]
    NoRecord {
        /// The job.
        job: JobAddress,
        /// What is remembered of it.
        rest: Box<Remembered>,
    },
    /// The run that has not ended has begun it.
    #[error("the run {run} has not ended, and has begun {job}")]
    InRun {
        /// The run.
        run: RunId,
        /// The job.
        job: JobAddress,
    },
    /// The old name is the new one.
    #[error("{0} is its name already")]
    SameName(JobAddress),
    /// Under the new name another job of JetBackup is remembered.
    #[error("{to} has the record of another job ({}; that of {from} is {})", ids.1, ids.0)]
    OtherJob {
        /// The old name.
        from: JobAddress,
        /// The new one.
        to: JobAddress,
        /// The ids of their records, in this order.
        ids: Box<(JobId, JobId)>,
    },
    /// Both names are held by a person.
    #[error("both {from} and {to} are held")]
    BothHeld {
        /// The old name.
        from: JobAddress,
        /// The new one.
        to: JobAddress,
    },
    /// The run that has not ended has both names in its queue.
    #[error("the run {run} has not ended, and has both {from} and {to}")]
    BothInRun {
        /// The run.
        run: RunId,
        /// The old name.
        from: JobAddress,
        /// The new one.
        to: JobAddress,
    },
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

impl Remembered {
    /// Whether there is anything at all.
    fn is_anything(&self) -> bool {
        self.record.is_some() || self.hold.is_some() || self.in_run || self.runs > 0
    }

    /// `it has a hold, and 3 runs that are over have it`.
    fn sentence(&self) -> String {
        let hold = self.hold.as_ref().map(|_| "it has a hold".to_owned());
        let in_run = self.in_run.then(|| "the run that has not ended has it in its queue".to_owned());
        let runs = match self.runs {
            0 => None,
            1 => Some("1 run that is over has it".to_owned()),
            runs => Some(format!("{runs} runs that are over have it")),
        };
        [hold, in_run, runs].into_iter().flatten().collect::<Vec<_>>().join(", and ")
    }
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
        let past = self.history.iter().flat_map(|run| run.items.iter().map(|(address, _)| address));
        let all: BTreeSet<&JobAddress> = records.keys().chain(self.holds.keys()).chain(queued).chain(past).collect();
        all.into_iter().cloned().collect()
    }

    /// Forgets a job's record. Its hold stays, since whoever forgets how a job did has not said that it may run; so do the runs that are
    /// over, which are what happened.
    ///
    /// # Errors
    /// [`EditError::NotRemembered`]; [`EditError::NoRecord`] where it has a hold or past runs alone; [`EditError::InRun`] where the run that has not ended has begun it, or has its outcome: at its end the
    /// record would be there again.
    pub fn forget(&mut self, job: &JobAddress) -> Result<JobRecord, EditError> {
        if let Some(run) = self.run.as_ref().filter(|run| run.queue.item(job).is_some())
            && *run.journal.phase(job) != Phase::Queued
        {
            return Err(EditError::InRun { run: run.id.clone(), job: job.clone() });
        }
        self.jobs.remove(job).ok_or_else(|| match self.remembered(job) {
            rest if rest.is_anything() => EditError::NoRecord { job: job.clone(), rest: Box::new(rest) },
            _ => EditError::NotRemembered(job.clone()),
        })
    }

    /// Gives a job another name: its record, its hold, its place in the run that has not ended and in those that are over.
    ///
    /// The new name may have run already, as where a timer was faster than whoever renamed it: two records of one job are joined, and the
    /// runs of both names are its runs. In a run that is over and had both names, both stay: they were two jobs then.
    ///
    /// # Errors
    /// [`EditError::OtherServer`]; [`EditError::SameName`]; [`EditError::NotRemembered`] of the old name; and, where the two cannot be
    /// joined without losing one, [`EditError::OtherJob`], [`EditError::BothHeld`] or [`EditError::BothInRun`]. Nothing was changed then.
    pub fn rename(&mut self, from: &JobAddress, to: &JobAddress) -> Result<(), EditError> {
        if from.server != to.server {
            return Err(EditError::OtherServer { from: from.clone(), to: to.clone() });
        }
        if from == to {
            return Err(EditError::SameName(from.clone()));
        }
        let before = self.remembered(from);
        if !before.is_anything() {
            return Err(EditError::NotRemembered(from.clone()));
        }
        self.refuse_two(&before, from, to)?;
        if let Some(record) = self.jobs.remove(from) {
            let joined = self.jobs.remove(to).map_or(record.clone(), |there| record.joined_with(there));
            self.jobs.insert(to.clone(), joined);
        }
        move_key(&mut self.holds, from, to);
        let had_one = self.history.iter_mut().filter(|run| !run.items.iter().any(|(address, _)| address == to));
        let past = had_one.flat_map(|run| &mut run.items);
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

    /// Refuses what could only be joined by losing one of the two.
    fn refuse_two(&self, before: &Remembered, from: &JobAddress, to: &JobAddress) -> Result<(), EditError> {
        let there = self.remembered(to);
        let (from, to) = (from.clone(), to.clone());
        if let (Some(record), Some(other)) = (&before.record, &there.record)
            && record.id != other.id
        {
            let ids = Box::new((record.id.clone(), other.id.clone()));
            return Err(EditError::OtherJob { from, to, ids });
        }
        if before.hold.is_some() && there.hold.is_some() {
            return Err(EditError::BothHeld { from, to });
        }
        match &self.run {
            Some(run) if before.in_run && there.in_run => Err(EditError::BothInRun { run: run.id.clone(), from, to }),
            _ => Ok(()),
        }
    }
}

fn move_key<T>(map: &mut BTreeMap<JobAddress, T>, from: &JobAddress, to: &JobAddress) {
    if let Some(value) = map.remove(from) {
        map.insert(to.clone(), value);
    }
}
