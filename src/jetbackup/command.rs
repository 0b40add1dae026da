//! Exactly the calls that `jbr` makes, as exact command lines.
//!
//! Always JSON, because the plain text shows `true` and `1` alike; always one `-D`, because several are silently
//! ignored by some functions; always percent-encoded values in single quotes, so that no value can be read by a shell.
//! Deliberately absent: `clearQueue` (it destroys the record of finished backups) and everything that deletes or
//! creates.

use std::fmt::Write as _;

use crate::names::{DestinationId, GroupId, JobId, LogId};

/// The queue type and the log type of backups. Both are documented as 1, in two different enumerations.
pub const TYPE_BACKUP: i64 = 1;

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// How many rows at most. Never left out: without it a server answers with 100.
    pub limit: u32,
    /// How many rows before the first.
    pub skip: u32,
}

/// A call of `jetbackup5api`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `listBackupJobs`, in an order that stays the same from page to page.
    ListBackupJobs(Slice),
    /// `getBackupJob`.
    GetBackupJob(JobId),
    /// `runBackupJobManually`: the trigger.
    RunBackupJobManually(JobId),
    /// `listQueueGroups` of backups, newest first.
    ListQueueGroups(Slice),
    /// `getQueueGroup`.
    GetQueueGroup(GroupId),
    /// `getQueueGroup` with the text of the group's log in its answer.
    GetQueueGroupLog(GroupId),
    /// `stopQueueGroup`: sends a signal and waits for nothing.
    StopQueueGroup(GroupId),
    /// `listDestinations`.
    ListDestinations(Slice),
    /// `getDestination`.
    GetDestination(DestinationId),
    /// `listLogs` of one job's backups, newest first.
    ListLogs(JobId, Slice),
    /// `listLogs` of all backups, newest first.
    ListAllLogs(Slice),
    /// `getLog`.
    GetLog(LogId),
    /// `listSchedules`.
    ListSchedules(Slice),
    /// `getSettingsPerformance`.
    GetSettingsPerformance,
    /// `manageBackupJob`: makes a job disabled (or not).
    DisableJob(JobId, bool),
    /// `manageDestinationState`: makes a destination disabled (or not). Undocumented, seen to work.
    DisableDestinationByState(DestinationId, bool),
    /// `manageDestination`: the same in the documented way.
    DisableDestinationByModify(DestinationId, bool),
}

impl Command {
    /// The API function.
    #[must_use]
    pub fn function(&self) -> &'static str {
        match self {
            Self::ListBackupJobs(_) => "listBackupJobs",
            Self::GetBackupJob(_) => "getBackupJob",
            Self::RunBackupJobManually(_) => "runBackupJobManually",
            Self::ListQueueGroups(_) => "listQueueGroups",
            Self::GetQueueGroup(_) | Self::GetQueueGroupLog(_) => "getQueueGroup",
            Self::StopQueueGroup(_) => "stopQueueGroup",
            Self::ListDestinations(_) => "listDestinations",
            Self::GetDestination(_) => "getDestination",
            Self::ListLogs(..) | Self::ListAllLogs(_) => "listLogs",
            Self::GetLog(_) => "getLog",
            Self::ListSchedules(_) => "listSchedules",
            Self::GetSettingsPerformance => "getSettingsPerformance",
            Self::DisableJob(..) => "manageBackupJob",
            Self::DisableDestinationByState(..) => "manageDestinationState",
            Self::DisableDestinationByModify(..) => "manageDestination",
        }
    }

    /// Whether the call changes something on the server. `jbr plan` sends none that does.
    #[must_use]
    pub fn is_mutation(&self) -> bool {
        match self {
            Self::RunBackupJobManually(_)
            | Self::StopQueueGroup(_)
            | Self::DisableJob(..)
            | Self::DisableDestinationByState(..)
            | Self::DisableDestinationByModify(..) => true,
            Self::ListBackupJobs(_)
            | Self::GetBackupJob(_)
            | Self::ListQueueGroups(_)
            | Self::GetQueueGroup(_)
            | Self::GetQueueGroupLog(_)
            | Self::ListDestinations(_)
            | Self::GetDestination(_)
            | Self::ListLogs(..)
            | Self::ListAllLogs(_)
            | Self::GetLog(_)
            | Self::ListSchedules(_)
            | Self::GetSettingsPerformance => false,
        }
    }

    /// The parameters in the order in which they are sent, values not yet encoded.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        match self {
            // `_id` is the one field that never changes, so that pages fit together.
            Self::ListBackupJobs(slice) => paged(vec![("sort[_id]", "1".into())], *slice),
            Self::ListQueueGroups(slice) => {
                paged(vec![("type", TYPE_BACKUP.to_string()), ("sort[created]", "-1".into())], *slice)
            }
            Self::ListDestinations(slice) | Self::ListSchedules(slice) => paged(Vec::new(), *slice),
            Self::ListLogs(job, slice) => paged(logs(Some(job)), *slice),
            Self::ListAllLogs(slice) => paged(logs(None), *slice),
            Self::GetBackupJob(id) | Self::RunBackupJobManually(id) => one(id.as_str()),
            Self::GetQueueGroup(id) | Self::StopQueueGroup(id) => one(id.as_str()),
            Self::GetQueueGroupLog(id) => {
                vec![("_id", id.as_str().to_owned()), ("get_log_contents", flag(true))]
            }
            Self::GetDestination(id) => one(id.as_str()),
            Self::GetLog(id) => one(id.as_str()),
            Self::GetSettingsPerformance => Vec::new(),
            Self::DisableJob(id, disabled) => modify(id.as_str(), *disabled),
            Self::DisableDestinationByModify(id, disabled) => modify(id.as_str(), *disabled),
            Self::DisableDestinationByState(id, disabled) => {
                vec![("_id", id.as_str().to_owned()), ("disabled", flag(*disabled))]
            }
        }
    }

    /// The command line, as the server's shell sees it.
    #[must_use]
    pub fn line(&self) -> String {
        let function = self.function();
        let parameters = self.parameters();
        if parameters.is_empty() {
            return format!("jetbackup5api -F {function} -O json");
        }
        let data: Vec<String> = parameters.iter().map(|(key, value)| format!("{key}={}", encode(value))).collect();
        format!("jetbackup5api -F {function} -D '{}' -O json", data.join("&"))
    }
}

/// A value percent-encoded: ASCII letters, digits, `-`, `_` and `.` stay, every other byte becomes `%XX`, which PHP's query
/// parser turns back and no shell reads as anything.
#[must_use]
pub fn encode(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn paged(mut parameters: Vec<(&'static str, String)>, slice: Slice) -> Vec<(&'static str, String)> {
    parameters.push(("limit", slice.limit.to_string()));
    parameters.push(("skip", slice.skip.to_string()));
    parameters
}

fn logs(job: Option<&JobId>) -> Vec<(&'static str, String)> {
    let of_job = job.map(|job| ("find[info.ID]", job.as_str().to_owned()));
    let newest_first = ("sort[start_time]", "-1".into());
    [("find[type]", TYPE_BACKUP.to_string())].into_iter().chain(of_job).chain([newest_first]).collect()
}

fn one(id: &str) -> Vec<(&'static str, String)> {
    vec![("_id", id.to_owned())]
}

fn modify(id: &str, disabled: bool) -> Vec<(&'static str, String)> {
    vec![("action", "modify".into()), ("_id", id.to_owned()), ("disabled", flag(disabled))]
}

/// Booleans are 1 and 0 only: the words are not understood.
fn flag(value: bool) -> String {
    if value { "1".into() } else { "0".into() }
}
