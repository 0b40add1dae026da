//! WHAT IS TRUE, OR UNKNOWN: every server as it answered, before it is compared with anything.

pub mod collect;
pub mod guard;
pub mod kind;

use std::collections::BTreeMap;

use crate::jetbackup::facts::{Destination, Group, Job, Log};
use crate::jetbackup::ssh_gate::SshGate;
use crate::names::{JobId, ServerName};
use crate::seen::Seen;

/// Every server of the plan, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inventory {
    /// One view for each server.
    pub servers: Vec<ServerView>,
}

impl Inventory {
    /// The view of one server.
    #[must_use]
    pub fn of(&self, name: &ServerName) -> Option<&ServerView> {
        self.servers.iter().find(|view| view.server == *name)
    }
}

/// One server as it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerView {
    /// Which server.
    pub server: ServerName,
    /// JetBackup's version, where the server said it.
    pub version: Option<String>,
    /// Its backup jobs.
    pub jobs: Seen<Vec<Job>>,
    /// Its backup groups, finished and not, newest first.
    pub groups: Seen<Vec<Group>>,
    /// The logs of the jobs whose logs were asked for, newest first.
    pub logs: BTreeMap<JobId, Seen<Vec<Log>>>,
    /// Its destinations.
    pub destinations: Seen<Vec<Destination>>,
    /// What stands between the key and its JetBackup.
    pub gate: Seen<SshGate>,
    /// How many backups it runs at once (`backup_forks`); `None` where it does not say.
    pub forks: Seen<Option<i64>>,
}

impl ServerView {
    /// The unfinished group of a job, if there is one.
    #[must_use]
    pub fn unfinished(&self, job: &JobId) -> Seen<Option<&Group>> {
        self.groups
            .as_ref()
            .map(|groups| groups.iter().find(|group| group.status.is_unfinished() && group.job.as_ref() == Some(job)))
    }
}
