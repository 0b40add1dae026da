//! Answers as facts: the envelope first, then what is in it.
//!
//! What cannot be understood is an error that names the function, the place and the value; it never becomes a default.
//! One unreadable row makes a whole list unknown, because that row might be the backup that runs. Keys that `jbr` does
//! not know are no concern of it: versions differ.

mod envelope;
mod node;
mod schedule;

pub use envelope::{Data, Envelope};
pub use node::Node;
pub use schedule::schedule;

use crate::jetbackup::command::TYPE_BACKUP;
use crate::jetbackup::facts::{Destination, Group, GroupStatus, Job, Log, LogStatus, LogText, Performance, Schedule};
use crate::jetbackup::page::Page;
use crate::names::JobId;

/// Why an answer is no fact. Every text is printable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// A whole envelope whose `success` is false.
    #[error("{function}: JetBackup refused: {message}")]
    Refused {
        /// The API function.
        function: &'static str,
        /// The server's own words.
        message: String,
    },
    /// No whole envelope, or one with something in it that cannot be understood.
    #[error("{function}: {message}")]
    Garbled {
        /// The API function.
        function: &'static str,
        /// What is wrong, where, and the value.
        message: String,
    },
}

/// The page that `listBackupJobs` answers with.
///
/// # Errors
/// [`ReplyError::Garbled`] for anything that cannot be understood in any row.
pub fn jobs(data: &Node) -> Result<Page<Job>, ReplyError> {
    page(data, "jobs", job)
}

/// The page that `listQueueGroups` answers with.
///
/// # Errors
/// [`ReplyError::Garbled`] for anything that cannot be understood in any row.
pub fn groups(data: &Node) -> Result<Page<Group>, ReplyError> {
    page(data, "groups", group)
}

/// The page that `listDestinations` answers with.
///
/// # Errors
/// [`ReplyError::Garbled`] for anything that cannot be understood in any row.
pub fn destinations(data: &Node) -> Result<Page<Destination>, ReplyError> {
    page(data, "destinations", destination)
}

/// The page that `listSchedules` answers with.
///
/// # Errors
/// [`ReplyError::Garbled`] for anything that cannot be understood in any row.
pub fn schedules(data: &Node) -> Result<Page<Schedule>, ReplyError> {
    page(data, "schedules", schedule)
}

/// The page that `listLogs` answers with.
///
/// # Errors
/// [`ReplyError::Garbled`] for anything that cannot be understood in any row.
pub fn logs(data: &Node) -> Result<Page<Log>, ReplyError> {
    page(data, "logs", log)
}

/// A backup job.
///
/// # Errors
/// [`ReplyError::Garbled`] for anything that is missing or cannot be understood.
pub fn job(node: &Node) -> Result<Job, ReplyError> {
    Ok(Job {
        id: node.need("_id")?.id()?,
        name: node.need("name")?.text()?,
        kind: node.need("type")?.int()?,
        contains: node.optional("contains")?.map(|n| n.int()).transpose()?,
        destinations: destinations_of(node)?,
        disabled: disabled(node)?,
        running: node.optional("running")?.map(|n| n.flag()).transpose()?,
        schedules: node.get("schedules")?.map(|n| n.list()).transpose()?.map(|list| list.len()),
        next_run: node.date("next_run")?,
    })
}

/// Where a job writes; an empty list where the server does not say, which nothing takes for "nowhere".
fn destinations_of(node: &Node) -> Result<Vec<crate::names::DestinationId>, ReplyError> {
    let Some(list) = node.get("destination")? else { return Ok(Vec::new()) };
    list.list()?.iter().map(destination_id).collect()
}

/// A queue group of a backup.
///
/// # Errors
/// [`ReplyError::Garbled`] for anything that is missing or cannot be understood, and for a group of another type.
pub fn group(node: &Node) -> Result<Group, ReplyError> {
    backups_only(node)?;
    Ok(Group {
        id: node.need("_id")?.id()?,
        job: job_of_group(node)?,
        created: node.date("created")?,
        status: GroupStatus::from_code(node.need("status")?.int()?),
        log: node.optional("log_id")?.map(|n| n.id()).transpose()?,
        percent: percent(node)?,
        execution_time: node.optional("execution_time")?.map(|n| n.seconds()).transpose()?.flatten(),
    })
}

/// What the log file of a queue group says. The key is documented, and empty in an answer that was not asked for it; that it holds
/// text is inferred, and a list of lines is taken as well.
///
/// # Errors
/// As [`group`], and for contents that are neither.
pub fn log_text(node: &Node) -> Result<LogText, ReplyError> {
    let text = node.optional("log_contents")?.map(|contents| contents.long_text()).transpose()?;
    Ok(LogText { group: group(node)?.id, text: text.unwrap_or_default() })
}

/// A destination.
///
/// # Errors
/// [`ReplyError::Garbled`] for anything that is missing or cannot be understood.
pub fn destination(node: &Node) -> Result<Destination, ReplyError> {
    Ok(Destination {
        id: node.need("_id")?.id()?,
        name: node.need("name")?.text()?,
        kind: node.need("type")?.text()?,
        disabled: disabled(node)?,
    })
}

/// A log of a backup.
///
/// # Errors
/// [`ReplyError::Garbled`] for anything that is missing or cannot be understood, and for a log of another type.
pub fn log(node: &Node) -> Result<Log, ReplyError> {
    backups_only(node)?;
    let info = node.get("info")?;
    Ok(Log {
        id: node.need("_id")?.id()?,
        job: info.map(|info| info.optional("ID")).transpose()?.flatten().map(|id| id.id()).transpose()?,
        started: node.date("start_time")?,
        ended: node.date("end_time")?,
        status: LogStatus::from_code(node.need("status")?.int()?),
    })
}

/// The performance settings.
///
/// # Errors
/// [`ReplyError::Garbled`] for a number that is none.
pub fn performance(node: &Node) -> Result<Performance, ReplyError> {
    Ok(Performance { backup_forks: node.optional("backup_forks")?.map(|n| n.int()).transpose()? })
}

fn page<T>(data: &Node, key: &str, row: impl Fn(&Node) -> Result<T, ReplyError>) -> Result<Page<T>, ReplyError> {
    let total = data.need("total")?.count()?;
    let rows = data.need(key)?.list()?.iter().map(row).collect::<Result<_, _>>()?;
    Ok(Page { rows, total })
}

/// `disabled` must be there; null in it is documented as one of JetBackup's two ways to say false.
fn disabled(node: &Node) -> Result<bool, ReplyError> {
    let flag = node.need("disabled")?;
    if flag.is_null() { Ok(false) } else { flag.flag() }
}

/// A row of another queue or log type was not asked for: whoever stops or judges it would take it for a backup.
fn backups_only(node: &Node) -> Result<(), ReplyError> {
    match node.optional("type")? {
        Some(kind) if kind.int()? != TYPE_BACKUP => Err(kind.odd("1, a backup")),
        _ => Ok(()),
    }
}

/// `data._id` for backups; the other two places were seen with other types and versions.
fn job_of_group(node: &Node) -> Result<Option<JobId>, ReplyError> {
    let data = node.get("data")?;
    for key in ["_id", "id"] {
        if let Some(id) = data.as_ref().map(|data| data.optional(key)).transpose()?.flatten() {
            return id.id().map(Some);
        }
    }
    node.optional("job_id")?.map(|id| id.id()).transpose()
}

/// `progress` is an object with a percentage, or the number itself, or nothing yet.
fn percent(node: &Node) -> Result<Option<u8>, ReplyError> {
    let Some(progress) = node.optional("progress")? else { return Ok(None) };
    if progress.is_number() {
        return progress.percent().map(Some);
    }
    progress.optional("percentage")?.map(|n| n.percent()).transpose()
}

/// A destination's id in a job's list: the id alone, or the object with it.
fn destination_id(node: &Node) -> Result<crate::names::DestinationId, ReplyError> {
    if node.is_object() { node.need("_id")?.id() } else { node.id() }
}
