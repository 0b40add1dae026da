//! What happened, as data. Events are the only output of a run: progress, JSON and the summary are folds over them.

use super::end::End;
use super::journal::{Overlap, WaitReason};
use super::outcome::Outcome;
use crate::clock::Timestamp;
use crate::names::{GroupId, JobAddress, ServerName};
use crate::queue::Gate;

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The run waits before its next trigger.
    Waiting {
        /// The item that is next.
        next: Option<JobAddress>,
        /// What for.
        reason: WaitReason,
    },
    /// A server that could not be asked answers again.
    Reachable(ServerName),
    /// A server does not answer.
    Unreachable {
        /// Which one.
        server: ServerName,
        /// Why, as far as is known.
        why: String,
    },
    /// A gate was seen open.
    Opened {
        /// Where.
        server: ServerName,
        /// What.
        gate: Gate,
    },
    /// A gate was seen closed.
    Closed {
        /// Where.
        server: ServerName,
        /// What.
        gate: Gate,
    },
    /// A gate could not be closed: an alarm.
    LeftOpen {
        /// Where.
        server: ServerName,
        /// What.
        gate: Gate,
        /// Why.
        why: String,
    },
    /// A trigger is about to be sent.
    Triggering {
        /// Of which job.
        job: JobAddress,
        /// The how manieth for this item, from 1.
        attempt: u32,
        /// Servers that have been out of reach for longer than the plan waits: what runs there is not known.
        unasked: Vec<ServerName>,
    },
    /// What came of the trigger is not known; it is found out by looking.
    TriggerLost {
        /// Of which job.
        job: JobAddress,
        /// Why.
        why: String,
    },
    /// The trigger certainly did not leave.
    TriggerNotSent {
        /// Of which job.
        job: JobAddress,
        /// Why.
        why: String,
    },
    /// A backup of this run was seen.
    Started {
        /// Of which job.
        job: JobAddress,
        /// Its queue group.
        group: GroupId,
    },
    /// A backup that was under way already is watched as this run's.
    Adopted {
        /// Of which job.
        job: JobAddress,
        /// Its queue group.
        group: GroupId,
        /// It was given up as never started before.
        late: bool,
    },
    /// How far a backup is.
    Progress {
        /// Of which job.
        job: JobAddress,
        /// Percent, where the server says.
        percent: Option<u8>,
        /// It waits in JetBackup's own queue.
        pending: bool,
    },
    /// A backup takes longer than its `timeout`.
    Overdue {
        /// Of which job.
        job: JobAddress,
        /// Its queue group.
        group: GroupId,
        /// The queue goes on beside it.
        released: bool,
    },
    /// JetBackup is asked to stop an overdue backup.
    Stopping {
        /// Of which job.
        job: JobAddress,
        /// Its queue group.
        group: GroupId,
    },
    /// The stop was not seen: an alarm. The slot is held.
    StopUnseen {
        /// Of which job.
        job: JobAddress,
        /// Its queue group.
        group: GroupId,
    },
    /// Two guarded backups write at the same time.
    Overlapped(Overlap),
    /// An item has its outcome.
    Done {
        /// Of which job.
        job: JobAddress,
        /// How it ended.
        outcome: Outcome,
    },
    /// A try ended badly, and another follows.
    Retrying {
        /// Of which job.
        job: JobAddress,
        /// How it ended.
        outcome: Outcome,
        /// Which try the next one is, from 2.
        attempt: u32,
        /// Before when it does not begin.
        not_before: Timestamp,
    },
    /// A backup that was taken along from a run that was closed had ended in that run: its job is started anew.
    EndedBefore {
        /// Of which job.
        job: JobAddress,
        /// How it ended.
        outcome: Outcome,
    },
    /// The loop ends.
    Ended(End),
}
