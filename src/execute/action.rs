//! What a turn asks for. Each action changes one thing at most.

use std::time::Duration;

use super::end::End;
use super::event::Event;
use super::journal::Journal;
use crate::names::{GroupId, JobId, LogId, ServerName};
use crate::queue::Gate;

/// One step's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The journal to store before the action.
    pub journal: Journal,
    /// What to do then.
    pub action: Action,
    /// What happened, in order.
    pub events: Vec<Event>,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Action {
    /// Ask every server for its groups; and, for the job that is to start, for its newest logs.
    Survey {
        /// The job that is to start.
        job: Option<(ServerName, JobId)>,
    },
    /// Open or close something, and read it back.
    Set {
        /// Where.
        server: ServerName,
        /// What.
        gate: Gate,
        /// Open it, or close it.
        open: bool,
    },
    /// Look whether something is open.
    LookAtGate {
        /// Where.
        server: ServerName,
        /// What.
        gate: Gate,
    },
    /// Start a backup.
    Trigger {
        /// Where.
        server: ServerName,
        /// Of which job.
        job: JobId,
    },
    /// Look for what a job has to show.
    LookAtJob {
        /// Where.
        server: ServerName,
        /// Which job.
        job: JobId,
    },
    /// Look at one group.
    LookAtGroup {
        /// Where.
        server: ServerName,
        /// Which group.
        group: GroupId,
    },
    /// Read one log.
    ReadLog {
        /// Where.
        server: ServerName,
        /// Of which job.
        job: JobId,
        /// Which log.
        log: LogId,
    },
    /// Ask for a group to be stopped.
    Stop {
        /// Where.
        server: ServerName,
        /// Which group.
        group: GroupId,
    },
    /// Let time pass.
    Wait(Duration),
    /// Leave the loop.
    Finish(End),
}

impl Action {
    /// Whether it changes anything on a server.
    #[must_use]
    pub fn is_mutation(&self) -> bool {
        matches!(self, Self::Set { .. } | Self::Trigger { .. } | Self::Stop { .. })
    }
}
