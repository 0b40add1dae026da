//! What happens to a whole server.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::{Timestamp, later};

/// A time in which a server cannot be reached; what runs on it runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// The first moment without an answer.
    pub from: Timestamp,
    /// The first moment with one again.
    pub to: Timestamp,
}

/// A restart in the middle of whatever runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reboot {
    /// When the server goes down; everything that runs on it ends.
    pub at: Timestamp,
    /// Until it can be reached and starts waiting groups again.
    pub takes: Duration,
    /// What becomes of the groups that ran.
    pub leaves: LeftBehind,
}

/// What a restart leaves of a group that ran (unknown; both must be survived).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeftBehind {
    /// Status 104, never finished.
    NeverFinished,
    /// Status 2 for ever, although nothing runs.
    Stuck,
}

impl Outage {
    pub(super) fn covers(self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }
}

impl Reboot {
    /// The first moment at which the server answers again.
    pub(super) fn up(self) -> Timestamp {
        later(self.at, self.takes)
    }
}
