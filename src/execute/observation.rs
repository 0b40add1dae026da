//! What comes back from an action: a fact, or that it is unknown. Never an error.

use crate::clock::Timestamp;
use crate::jetbackup::facts::{Group, Log};
use crate::names::{JobId, ServerName};
use crate::seen::{Seen, Why};

/// What was seen, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The time after the action.
    pub at: Timestamp,
    /// Somebody asked `jbr` to stop: nothing new may start.
    pub stop: bool,
    /// What was seen.
    pub sight: Sight,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// Nothing yet: the process has just started.
    Started,
    /// Every server, asked at the same time.
    Survey(Survey),
    /// A gate, looked at, or read back after it was told to open or close: whether it is open.
    Gate(Seen<bool>),
    /// The answer to a trigger.
    Trigger(TriggerAnswer),
    /// What one job has to show: its groups and newest logs.
    Job(Seen<JobSight>),
    /// One queue group; `None` if the server lists all its groups and this is not among them.
    Group(Seen<Option<Group>>),
    /// One log; `None` if the server says that there is none.
    Log(Seen<Option<Log>>),
    /// A stop was asked for. What came of it is not in the answer: it must be seen.
    Stop,
    /// Time has passed.
    Waited,
}

/// Every server, asked at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// In the plan's order, each one of them.
    pub servers: Vec<(ServerName, Seen<ServerSight>)>,
    /// The job that the survey is for, if it is for one.
    pub job: Option<(ServerName, JobId)>,
    /// The newest logs of that job.
    pub logs: Seen<Vec<Log>>,
}

impl Survey {
    /// What was seen of one server.
    #[must_use]
    pub fn of(&self, name: &ServerName) -> Seen<&ServerSight> {
        self.servers.iter().find(|(server, _)| server == name).map_or_else(
            || Seen::Unknown(Why::new("the server is not in the plan any more")),
            |(_, sight)| sight.as_ref(),
        )
    }
}

/// One server's backup groups, finished and not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServerSight {
    /// Every one that the server still lists.
    pub groups: Vec<GroupSight>,
}

/// A queue group, and whether it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSight {
    /// The group.
    pub group: Group,
    /// It writes to the guarded storage, or could: what is not known is guarded.
    pub guarded: bool,
}

/// What one job has to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSight {
    /// Its groups.
    pub groups: Vec<Group>,
    /// Its newest logs, newest first; evidence of its own, so that a server without readable logs still shows its groups.
    pub logs: Seen<Vec<Log>>,
}

/// The answer to a trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TriggerAnswer {
    /// The server said yes.
    Accepted,
    /// The server said no.
    Refused(Why),
    /// It certainly did not leave.
    NotSent(Why),
    /// It may have arrived, or may yet.
    Unknown(Why),
}
