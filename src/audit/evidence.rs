//! What a server said when it was asked for everything that it recorded.

use std::time::Duration;

use crate::jetbackup::facts::{Group, Job, Log};
use crate::names::{DestinationId, ServerName};
use crate::seen::Seen;

/// One server's part of the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Which server.
    pub server: ServerName,
    /// The guarded destination, if the plan names one.
    pub guard: Option<DestinationId>,
    /// The longest that an answer of it may take: so much earlier than `jbr` heard of it a backup may have begun.
    pub answer_max: Duration,
    /// What it recorded.
    pub records: Seen<Records>,
}

/// JetBackup's own records of one server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Records {
    /// Its jobs, as they are now.
    pub jobs: Vec<Job>,
    /// Its backup groups, finished and not.
    pub groups: Vec<Group>,
    /// Its logs of backups, whatever job they are of.
    pub logs: Vec<Log>,
}
