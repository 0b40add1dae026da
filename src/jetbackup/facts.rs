//! What a server says, decoded: plain data with the vendor's meaning and nothing of its encoding.

use std::time::Duration;

use chrono::Weekday;

use crate::clock::Timestamp;
use crate::names::{DestinationId, GroupId, JobId, LogId, ScheduleId};

/// A backup job (`listBackupJobs`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Its name, printable.
    pub name: String,
    /// What it backs up: 1 accounts, 2 directories, 3 JetBackup's own configuration, 4 whole server.
    pub kind: i64,
    /// What of an account it contains, as bits (4 databases, 128 database users, 511 all); `None` where the server says nothing.
    pub contains: Option<i64>,
    /// Where it writes; a job can write to several destinations. Empty where the server names none: that is no proof that
    /// it writes nowhere.
    pub destinations: Vec<DestinationId>,
    /// A trigger of a disabled job is answered with success and does nothing.
    pub disabled: bool,
    /// Says what it likes for up to two minutes after a trigger.
    pub running: Option<bool>,
    /// How many schedules would start it without `jbr`; `None` where the server says nothing of schedules.
    pub schedules: Option<usize>,
    /// When its own schedule starts it next.
    pub next_run: Option<Timestamp>,
}

/// A queue group (`listQueueGroups`): one execution of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// The job that it executes (`data._id`); `None` where the server says nothing.
    pub job: Option<JobId>,
    /// When it was made, by the server's clock.
    pub created: Option<Timestamp>,
    /// How far it is.
    pub status: GroupStatus,
    /// Its log, once there is one.
    pub log: Option<LogId>,
    /// Percent done, 0 to 100.
    pub percent: Option<u8>,
    /// How long it has been executing.
    pub execution_time: Option<Duration>,
}

/// What the log file of a queue group says (`getQueueGroup` with `get_log_contents`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogText {
    /// The group that it is of.
    pub group: GroupId,
    /// The text as it came, which is not fit to be shown; empty where the server shows nothing of it.
    pub text: String,
}

/// A queue group's status. Source: the vendor's published client code (5.x).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GroupStatus {
    /// 1: waits for its turn.
    Pending,
    /// 2: started.
    Started,
    /// Any other number below 100: a sub-step that comes and goes.
    Step(i64),
    /// 100.
    Completed,
    /// 101: some of its accounts failed.
    Partial,
    /// 102.
    Failed,
    /// 103.
    Aborted,
    /// 104: the server was restarted in the middle, for instance.
    NeverFinished,
    /// Any other number from 100 on: finished, and not known to be good.
    Other(i64),
}

impl GroupStatus {
    /// The status of this number.
    #[must_use]
    pub fn from_code(code: i64) -> Self {
        match code {
            1 => Self::Pending,
            2 => Self::Started,
            100 => Self::Completed,
            101 => Self::Partial,
            102 => Self::Failed,
            103 => Self::Aborted,
            104 => Self::NeverFinished,
            code if code < 100 => Self::Step(code),
            code => Self::Other(code),
        }
    }

    /// The number of this status.
    #[must_use]
    pub fn code(self) -> i64 {
        match self {
            Self::Pending => 1,
            Self::Started => 2,
            Self::Completed => 100,
            Self::Partial => 101,
            Self::Failed => 102,
            Self::Aborted => 103,
            Self::NeverFinished => 104,
            Self::Step(code) | Self::Other(code) => code,
        }
    }

    /// Whether it may still write.
    #[must_use]
    pub fn is_unfinished(self) -> bool {
        matches!(self, Self::Pending | Self::Started | Self::Step(_))
    }
}

/// A log (`listLogs`): JetBackup's own record of one execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Its id.
    pub id: LogId,
    /// The job that it is about (`info.ID`); `None` where the server says nothing.
    pub job: Option<JobId>,
    /// When the execution began, by the server's clock.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How it ended.
    pub status: LogStatus,
}

/// A log's status: another enumeration than a queue group's. Source: JetBackup's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LogStatus {
    /// 1.
    Completed,
    /// 2.
    Failed,
    /// 3.
    Aborted,
    /// 4.
    Partial,
    /// 5.
    NeverFinished,
    /// 6: still under way.
    Processing,
    /// Any other number: not known to be good.
    Other(i64),
}

impl LogStatus {
    /// The status of this number.
    #[must_use]
    pub fn from_code(code: i64) -> Self {
        match code {
            1 => Self::Completed,
            2 => Self::Failed,
            3 => Self::Aborted,
            4 => Self::Partial,
            5 => Self::NeverFinished,
            6 => Self::Processing,
            code => Self::Other(code),
        }
    }

    /// The number of this status.
    #[must_use]
    pub fn code(self) -> i64 {
        match self {
            Self::Completed => 1,
            Self::Failed => 2,
            Self::Aborted => 3,
            Self::Partial => 4,
            Self::NeverFinished => 5,
            Self::Processing => 6,
            Self::Other(code) => code,
        }
    }
}

/// A destination (`listDestinations`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Its id.
    pub id: DestinationId,
    /// Its name, printable.
    pub name: String,
    /// Its engine: `SSH`, `Local`, `S3`, …
    pub kind: String,
    /// Nothing can be written to a disabled one.
    pub disabled: bool,
}

/// One of JetBackup's own schedules (`listSchedules`), which start jobs without anybody asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Its id.
    pub id: ScheduleId,
    /// Its name, printable.
    pub name: String,
    /// When it starts them; the time of the day is each job's own, see [`Job::next_run`].
    pub rhythm: Rhythm,
    /// The jobs that it starts.
    pub jobs: Vec<JobId>,
}

/// When a schedule starts its jobs. Source: JetBackup's documentation (5.1 to 5.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rhythm {
    /// 1: every so many hours.
    Hourly {
        /// 1 to 24.
        every_h: u32,
    },
    /// 2: on these days of the week, in the server's order.
    Daily(Vec<Weekday>),
    /// 3: on one day of the week.
    Weekly(Weekday),
    /// 4: on these days of the month, 1 to 31.
    Monthly(Vec<u32>),
    /// 5: when another job is over.
    AfterJob(JobId),
    /// Any other number.
    Other(i64),
}

/// What of the performance settings matters (`getSettingsPerformance`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Performance {
    /// How many accounts one job backs up at the same time, 1 to 10: that many write streams. `None` where the server says
    /// nothing.
    pub backup_forks: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_kept_and_only_those_below_100_are_unfinished() {
        for code in -5..300 {
            let status = GroupStatus::from_code(code);
            assert_eq!(status.code(), code);
            assert_eq!(status.is_unfinished(), code < 100, "{code}");
            assert_eq!(LogStatus::from_code(code).code(), code);
        }
    }
}
