//! Where one item of a run is, as far as its events have told.

use std::time::Duration;

use super::when::{about, duration};
use crate::clock::{Timestamp, elapsed, later};
use crate::execute::journal::Phase;
use crate::execute::outcome::Outcome;
use crate::names::{GroupId, JobAddress};
use crate::queue::Usual;

/// Where one item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its turn has not come.
    Left,
    /// Its trigger was sent, or may have been; nothing of it was seen yet.
    Triggered {
        /// When.
        at: Timestamp,
    },
    /// Its backup is watched.
    Running(Watch),
    /// Its backup is over; the log must say how.
    Confirming {
        /// When its end was seen.
        ended: Timestamp,
    },
    /// It has its outcome.
    Done(Outcome),
}

/// A backup that is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Watch {
    /// JetBackup's record of it.
    pub(super) group: GroupId,
    /// Since when it runs, or since when it is watched.
    pub(super) since: Timestamp,
    /// `since` is when it was found, not when it began.
    pub(super) found: bool,
    /// Percent done, where the server says.
    pub(super) percent: Option<u8>,
    /// It waits in JetBackup's own queue.
    pub(super) pending: bool,
    /// Whether it takes longer than its `timeout`.
    pub(super) lateness: Lateness,
}

/// Whether a backup takes longer than its `timeout`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lateness {
    /// It does not, yet.
    InTime,
    /// It does, and keeps the slot.
    Overdue,
    /// It does, and the queue goes on beside it.
    Released,
}

impl Lateness {
    /// From the two facts that the run keeps.
    pub(super) fn of(overdue: bool, released: bool) -> Self {
        match (overdue, released) {
            (_, true) => Self::Released,
            (true, false) => Self::Overdue,
            (false, false) => Self::InTime,
        }
    }
}

impl Watch {
    /// A backup seen now for the first time.
    pub(super) fn new(group: GroupId, since: Timestamp, found: bool) -> Self {
        Self { group, since, found, percent: None, pending: false, lateness: Lateness::InTime }
    }

    /// How long it runs, as far as that is known.
    pub(super) fn ran(&self, now: Timestamp) -> Duration {
        elapsed(self.since, now)
    }

    /// When it should end; `None` where that cannot be told, or the time has passed already.
    pub(super) fn end(&self, usual: Option<Duration>, now: Timestamp) -> Option<Timestamp> {
        let end = later(self.since, usual?);
        (!self.found && !self.pending && end > now).then_some(end)
    }

    /// `12m 03s of about 26m`, as far as that is known.
    pub(super) fn length(&self, usual: Option<Duration>, now: Timestamp) -> String {
        let ran = duration(self.ran(now));
        match usual {
            _ if self.found => format!("watched for {ran}"),
            Some(usual) => format!("{ran} of about {}", about(usual)),
            None => format!("{ran}, usual time unknown"),
        }
    }
}

impl From<&Phase> for Stage {
    fn from(phase: &Phase) -> Self {
        match phase {
            Phase::Queued | Phase::Preparing => Self::Left,
            Phase::Triggered(triggered) => Self::Triggered { at: triggered.at },
            Phase::Running(running) => Self::Running(Watch {
                lateness: Lateness::of(running.overdue, running.released),
                ..Watch::new(running.group.clone(), running.since, false)
            }),
            Phase::Confirming(confirming) => Self::Confirming { ended: confirming.ended },
            Phase::Done(outcome) => Self::Done(outcome.clone()),
        }
    }
}

/// One item and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tracked {
    pub(super) address: JobAddress,
    pub(super) stage: Stage,
    /// How long it usually takes; `None` without a good backup to go by.
    pub(super) usual: Option<Usual>,
}

impl Tracked {
    /// What half of its past backups took no longer than.
    pub(super) fn median(&self) -> Option<Duration> {
        self.usual.map(|usual| usual.median)
    }

    /// How long it usually takes, where its backup has run for far longer by now. One that was found has run for longer still.
    pub(super) fn far_beyond(&self, watch: &Watch, now: Timestamp) -> Option<Usual> {
        self.usual.filter(|usual| !watch.pending && usual.is_far_beyond(watch.ran(now)))
    }
}
