//! JetBackup's own record of one execution, with its other enumeration of states.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// Under way (documented).
pub(super) const PROCESSING: i64 = 6;

/// A log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// `_id`.
    pub id: String,
    /// `type`: 1 is a backup (documented); the simulator numbers all others as the queue does (inferred).
    pub kind: i64,
    /// `info.ID`: the job.
    pub job: Option<String>,
    /// `info.Backup`: the job's name.
    pub name: String,
    /// When the execution began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// 1 completed, 2 failed, 3 aborted, 4 partial, 5 never finished, 6 processing (documented).
    pub status: i64,
    /// How many items it had.
    pub items: u64,
}

/// A queue group's last status in the log's enumeration. An unknown status is a failure there (inferred).
pub(super) fn status_of(group_status: i64) -> i64 {
    match group_status {
        100 => 1,
        101 => 4,
        103 => 3,
        104 => 5,
        _ => 2,
    }
}
