//! The run that has not ended: how far it is, and what becomes of it.

use crate::clock::Timestamp;
use crate::execute::journal::{Phase, WaitReason};
use crate::names::{JobAddress, RunId};
use crate::proposal::{Because, Beginning};
use crate::state::Run;

/// The run that has not ended: how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunStatus {
    /// Its id.
    pub id: RunId,
    /// When it was begun.
    pub started: Timestamp,
    /// How many of its items have their outcome …
    pub done: usize,
    /// … of how many.
    pub total: usize,
    /// The items that are neither done nor untouched.
    pub at_work: Vec<(JobAddress, Phase)>,
    /// What it waits for, and since when.
    pub waiting: Option<(Timestamp, WaitReason)>,
    /// What becomes of it if no `jbr` is at work.
    pub fate: Fate,
}

/// What the next `jbr apply` does with an interrupted run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It goes on.
    Resumes,
    /// It is closed as incomplete, and everything is queued anew.
    StartsOver(Because),
    /// Not every server of it was asked, and one of them may have a job of it that is due again.
    Unknown,
}

impl RunStatus {
    pub(super) fn new(run: &Run, fate: Fate) -> Self {
        let items = run.queue.items.iter().map(|item| (&item.address, run.journal.phase(&item.address)));
        let at_work = items.filter(|(_, phase)| !matches!(phase, Phase::Queued | Phase::Done(_)));
        Self {
            id: run.id.clone(),
            started: run.started,
            done: run.queue.items.iter().filter(|item| run.journal.outcome(&item.address).is_some()).count(),
            total: run.queue.items.len(),
            at_work: at_work.map(|(address, phase)| (address.clone(), phase.clone())).collect(),
            waiting: run.journal.waiting.as_ref().map(|waiting| (waiting.since, waiting.reason.clone())),
            fate,
        }
    }
}

/// A run that is too old is so whoever was asked; that no job of it is due again, all of its servers must say.
pub(super) fn fate(beginning: &Beginning, is_whole: bool) -> Fate {
    match beginning {
        Beginning::StartOver { because, .. } => Fate::StartsOver(because.clone()),
        Beginning::Resume(_) if is_whole => Fate::Resumes,
        Beginning::Resume(_) | Beginning::Fresh => Fate::Unknown,
    }
}
