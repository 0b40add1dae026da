//! Every error that ends a command, and what it says. What to do about it and its exit code stand beside it; all prose of errors is
//! here, there, or in the errors that these wrap.

mod exit;
mod help;

use std::io;
use std::path::PathBuf;

use crate::execute::drive::DriveError;
use crate::names::{GroupId, JobAddress, RunId, ServerName};
use crate::plan::ReadError;
use crate::render::own_words;
use crate::seen::{Seen, Why};
use crate::state::EditError;
use crate::state::lock::LockError;
use crate::state::store::StoreError;

/// An error that ends a command.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// The plan could not be read from disk.
    #[error("{0}")]
    PlanRead(ReadError),
    /// The plan has problems, which have been shown.
    #[error("the plan has {count} {}; nothing was done", plural(*count, "problem", "problems"))]
    PlanInvalid {
        /// How many.
        count: usize,
    },
    /// `--server` or `--job` names something that is not in the plan.
    #[error("the plan has no {what} called `{name}`")]
    UnknownName {
        /// `server` or `job`.
        what: &'static str,
        /// As it was typed.
        name: String,
        /// The nearest name that exists.
        nearest: Option<String>,
        /// All that exist.
        known: Vec<String>,
    },
    /// The selection is empty.
    #[error("no job of the plan is left with these --server and --job options")]
    NothingSelected,
    /// A declared job or destination does not exist on its server.
    #[error("the plan does not fit the servers:\n{}", indented(.0))]
    Missing(Vec<String>),
    /// The gate of a server does not let the key do what the plan needs.
    #[error("the gate does not let this key do what the plan needs:\n{}", indented(.0))]
    Forbidden(Vec<String>),
    /// A selection while a run is in progress.
    #[error("the run {0} was interrupted and is not over, so a part of the plan cannot be run by itself")]
    RunInProgress(RunId),
    /// A backup is under way on a server that the plan does not have any more.
    #[error("a backup of {job} may be running, and the plan has no server `{}` any more", job.server)]
    ServerGone {
        /// The job.
        job: JobAddress,
    },
    /// Something is open on a server that the plan does not have any more.
    #[error("{what} was left enabled on {server}, and the plan has no server `{server}` any more")]
    OpenServerGone {
        /// What.
        what: String,
        /// The server.
        server: ServerName,
    },
    /// A period that is none.
    #[error("{0}")]
    Period(String),
    /// The log file is a file of jbr's own.
    #[error("the log file {} is {what}: nothing was done", path.display())]
    LogFile {
        /// The file.
        path: PathBuf,
        /// Which of its own files.
        what: &'static str,
    },
    /// A hold that is none.
    #[error("{0}")]
    Hold(String),
    /// A hold while another `jbr` holds the lock.
    #[error("nothing was recorded: {0}")]
    HoldWhileLocked(LockError),
    /// There is nothing to release.
    #[error("{job} is not held by anybody{}", if *by_plan { ", but by the plan" } else { "" })]
    NotHeld {
        /// Which job.
        job: JobAddress,
        /// The plan says `hold`.
        by_plan: bool,
    },
    /// The file of metrics.
    #[error("{}: {what}", path.display())]
    Textfile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A server could not be read for an import.
    #[error("not all servers could be read, so the plan lacks their jobs:\n{}", indented(.0))]
    ImportIncomplete(Vec<String>),
    /// An import found nothing that could be run, and could not read everything.
    #[error("nothing was found to import, and not all servers could be read:\n{}", indented(.0))]
    NothingRead(Vec<String>),
    /// An import found nothing that could be run.
    #[error("there is no job to be run{}", if .0.is_empty() { String::new() } else { format!(":\n{}", indented(.0)) })]
    NothingToImport(Vec<String>),
    /// An import that cannot be a plan.
    #[error("{0}")]
    Import(String),
    /// The imported plan cannot be written there.
    #[error("{}: {what}; nothing was written", path.display())]
    ImportOut {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The manual pages cannot be written.
    #[error("{}: the manual pages cannot be written there", path.display())]
    ManOut {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        why: io::Error,
    },
    /// The predecessor's configuration cannot be read.
    #[error("{}: {what}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The predecessor's configuration has problems, which have been shown.
    #[error("the configuration has {count} {}; nothing was imported", plural(*count, "problem", "problems"))]
    ConfigInvalid {
        /// How many.
        count: usize,
    },
    /// There is nobody to be told.
    #[error("the plan has no `notify`, so nobody is told anything")]
    NoNotify,
    /// A signal came before anything was started.
    #[error("stopped before anything was started")]
    Stopped,
    /// There is nobody to ask.
    #[error("nobody is there to approve the plan")]
    NobodyToAsk,
    /// There is nobody to ask, of a command that only `--auto-approve` can approve.
    #[error("nobody is there to be asked; nothing was done")]
    NobodyToConfirm,
    /// What is to be stopped was not understood.
    #[error("{0}")]
    StopTarget(String),
    /// The server with the backup that is to be stopped could not be asked.
    #[error("nothing was stopped, {server} could not be asked: {}", own_words(server, &why.0))]
    StopUnread {
        /// Which server.
        server: ServerName,
        /// Why.
        why: Why,
    },
    /// There is nothing to stop.
    #[error("nothing was stopped on {server}: {what}")]
    NothingToStop {
        /// Which server.
        server: ServerName,
        /// What is not there.
        what: String,
        /// What is under way there; `None` where nobody asked.
        running: Option<Vec<String>>,
    },
    /// Nothing tells of which job a backup is.
    #[error(
        "nothing was stopped: no backup of {typed} is known to be under way, and nothing tells of which job {} is",
        group_list(groups)
    )]
    StopNameless {
        /// Which server.
        server: ServerName,
        /// The job as it was typed.
        typed: String,
        /// The backups without a job.
        groups: Vec<GroupId>,
    },
    /// More than one backup is meant.
    #[error("nothing was stopped: more than one backup of that job is under way on {server}")]
    StopAmbiguous {
        /// Which server.
        server: ServerName,
        /// Which backups.
        groups: Vec<String>,
    },
    /// The gate would refuse it.
    #[error("nothing was stopped: the gate of {server} does not let this key {what}")]
    StopForbidden {
        /// Which server.
        server: ServerName,
        /// What it forbids.
        what: String,
    },
    /// The stop was not carried out.
    #[error("nothing was stopped on {server}: {}", own_words(server, &why.0))]
    StopRefused {
        /// Which server.
        server: ServerName,
        /// Why.
        why: Why,
        /// The backup runs on, or why that is not known.
        after: Seen<()>,
    },
    /// A change of the state while another `jbr` holds the lock.
    #[error("nothing was changed: {0}")]
    StateWhileLocked(LockError),
    /// A change of the state that cannot be made.
    #[error("nothing was changed: {what}")]
    Edit {
        /// What keeps it from being made.
        what: Box<EditError>,
        /// The jobs that are remembered.
        known: Vec<String>,
    },
    /// The answer was not `yes`.
    #[error("not approved; nothing was done")]
    NotApproved,
    /// The saved plan cannot be used.
    #[error("{}: {what}", path.display())]
    SavedPlan {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Something has changed since the plan was saved.
    #[error("the saved plan {} is stale:\n{}", path.display(), indented(changes))]
    Stale {
        /// The file.
        path: PathBuf,
        /// What has changed.
        changes: Vec<String>,
    },
    /// The state file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The lock.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The run had to be given up.
    #[error("the run was stopped: {0}")]
    Drive(#[source] DriveError<StoreError>),
    /// stdout did not take what was printed.
    #[error("the output could not be written")]
    Output(#[source] io::Error),
    /// The system refused something basic.
    #[error("{what}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        #[source]
        why: io::Error,
    },
}

fn plural<'a>(count: usize, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

/// `the queue group …`, or all of several.
fn group_list(groups: &[GroupId]) -> String {
    let ids: Vec<&str> = groups.iter().map(GroupId::as_str).collect();
    format!("the queue {} {}", plural(ids.len(), "group", "groups"), ids.join(", "))
}

fn indented(lines: &[String]) -> String {
    lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
