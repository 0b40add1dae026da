//! One backup, as the records have it.

use crate::clock::Timestamp;
use crate::inventory::guard::Writes;
use crate::names::{GroupId, JobAddress, JobId, LogId, ServerName};

/// One execution of a backup job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// On which server.
    pub server: ServerName,
    /// Of which job; `None` where no record says it.
    pub id: Option<JobId>,
    /// The job's address in the plan, if it is in it or `jbr` remembers it.
    pub address: Option<JobAddress>,
    /// The job's name in JetBackup, where it is listed; printable.
    pub name: Option<String>,
    /// Its queue group, where that is known.
    pub group: Option<GroupId>,
    /// Its log; `None` for one that runs and of which there is none yet.
    pub log: Option<LogId>,
    /// When it began, by its server's clock.
    pub from: Timestamp,
    /// When it ended, by its server's clock; `None` while it runs.
    pub to: Option<Timestamp>,
    /// Whether it wrote to the guarded storage.
    pub writes: Writes,
}

impl Backup {
    /// Its end; for one that runs, now, or its beginning where its server's clock is ahead of that.
    #[must_use]
    pub fn end(&self, now: Timestamp) -> Timestamp {
        self.to.unwrap_or(now.max(self.from))
    }
}
