//! The contract around the machine, whole: take a turn; if the journal changed, store it durably; only then act.

use super::action::Action;
use super::end::End;
use super::event::Event;
use super::invariant::{self, Violation};
use super::journal::Journal;
use super::observation::{Observation, Sight};
use super::step::step;
use crate::clock::Timestamp;
use crate::queue::Queue;

/// Who performs actions. A lost connection is part of the observation, never an error.
pub trait Perform {
    /// Performs one action and says what was seen.
    fn perform(&mut self, action: &Action) -> Sight;
    /// The time now, and whether somebody asked to stop.
    fn moment(&self) -> (Timestamp, bool);
}

/// Who keeps the journal.
pub trait Keep {
    /// Why it could not be kept.
    type Error;
    /// Returns when the journal would survive a loss of power.
    ///
    /// # Errors
    /// Where that cannot be had; the run ends then, before the action.
    fn keep(&mut self, journal: &Journal) -> Result<(), Self::Error>;
}

/// Who is told what happens.
pub trait Listen {
    /// Takes one event.
    fn hear(&mut self, at: Timestamp, event: &Event);
}

/// Why a loop ended without an [`End`].
#[derive(Debug, thiserror::Error)]
pub enum DriveError<E> {
    /// The journal could not be stored. Nothing was done after that.
    #[error("the state could not be stored")]
    Store(#[source] E),
    /// A bug of `jbr`, noticed before it could do harm.
    #[error(transparent)]
    Violation(#[from] Violation),
}

/// Runs the machine from a journal to an end.
///
/// # Errors
/// Where the journal cannot be stored, or an invariant is about to be broken.
pub fn drive<K: Keep>(
    queue: &Queue,
    mut journal: Journal,
    keep: &mut K,
    performer: &mut dyn Perform,
    listener: &mut dyn Listen,
) -> Result<(Journal, End), DriveError<K::Error>> {
    let mut sight = Sight::Started;
    loop {
        let (at, stop) = performer.moment();
        let observation = Observation { at, stop, sight };
        let turn = step(queue, &journal, &observation);
        invariant::check(queue, &journal, &observation, &turn)?;
        if turn.journal != journal {
            keep.keep(&turn.journal).map_err(DriveError::Store)?;
        }
        journal = turn.journal;
        for event in &turn.events {
            listener.hear(at, event);
        }
        if let Action::Finish(end) = turn.action {
            return Ok((journal, end));
        }
        sight = performer.perform(&turn.action);
    }
}
