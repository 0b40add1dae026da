//! Every error that ends a command: what it says, what to do about it, and its exit code. All prose of errors is here
//! or in the errors that these wrap.

use std::io;
use std::path::PathBuf;

use super::exit::Exit;
use crate::execute::drive::DriveError;
use crate::names::{GroupId, JobAddress, RunId, ServerName};
use crate::plan::{ReadError, closest};
use crate::render::own_words;
use crate::seen::{Seen, Why};
use crate::state::EditError;
use crate::state::lock::LockError;
use crate::state::store::StoreError;

/// No more names are listed where one was mistyped.
const NAMES_SHOWN_MAX: usize = 10;

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

impl CliError {
    /// The exit code.
    #[must_use]
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::UnknownName { .. }
            | Self::NothingSelected
            | Self::Period(_)
            | Self::Hold(_)
            | Self::StopTarget(_) => Exit::Usage,
            Self::Edit { what, .. } => edit_exit(what),
            Self::NothingToStop { .. } => Exit::NothingRan,
            Self::NobodyToAsk | Self::NobodyToConfirm | Self::NotApproved => Exit::NotApproved,
            Self::Stopped => Exit::Stopped,
            Self::Stale { .. } => Exit::Stale,
            Self::Lock(LockError::Held(_)) | Self::HoldWhileLocked(_) | Self::StateWhileLocked(_) => Exit::Locked,
            Self::ServerGone { .. } | Self::OpenServerGone { .. } | Self::Drive(DriveError::Violation(_)) => {
                Exit::Unsafe
            }
            Self::PlanRead(_)
            | Self::PlanInvalid { .. }
            | Self::Missing(_)
            | Self::Forbidden(_)
            | Self::ImportIncomplete(_)
            | Self::NothingRead(_)
            | Self::NothingToImport(_)
            | Self::Import(_)
            | Self::ImportOut { .. }
            | Self::ManOut { .. }
            | Self::Config { .. }
            | Self::ConfigInvalid { .. }
            | Self::RunInProgress(_)
            | Self::SavedPlan { .. }
            | Self::NotHeld { .. }
            | Self::NoNotify
            | Self::Textfile { .. }
            | Self::StopUnread { .. }
            | Self::StopAmbiguous { .. }
            | Self::StopNameless { .. }
            | Self::StopForbidden { .. }
            | Self::StopRefused { .. }
            | Self::Store(_)
            | Self::Lock(_)
            | Self::Drive(DriveError::Store(_))
            | Self::Output(_)
            | Self::System { .. } => Exit::Error,
        }
    }

    /// What to do about it, where the error does not say it itself.
    #[must_use]
    pub(super) fn help(&self) -> Option<String> {
        let help = match self {
            Self::PlanRead(ReadError::Missing(_)) => {
                "`--plan PATH` or $JBR_PLAN names another; `jbr demo` shows jbr without any plan".to_owned()
            }
            Self::UnknownName { nearest: Some(nearest), .. } => format!("did you mean `{nearest}`?"),
            Self::UnknownName { known, .. } => some_of(known),
            Self::NothingSelected => {
                "`--job` names a job and `--server` all jobs of a server; with both, a job must match both".to_owned()
            }
            Self::SavedPlan { .. } => {
                "`jbr plan --out FILE` saves a plan for `jbr apply FILE`; a plan in YAML is named with `--plan PATH`"
                    .to_owned()
            }
            Self::ImportIncomplete(_) => {
                "`jbr import` again once they answer; what was read is above, and can be used as it is".to_owned()
            }
            Self::NothingRead(_) => "mend what is said there, then `jbr import` again".to_owned(),
            Self::NothingToImport(_) => "a plan needs a job: enable one in JetBackup, or name other servers".to_owned(),
            Self::ImportOut { .. } => "name a file that is not there yet".to_owned(),
            Self::Config { .. } => "name the config.json of jetbackup-remote; it was in /etc/jetbackup-remote".to_owned(),
            Self::ConfigInvalid { .. } => "mend a copy of it, and import that; docs/migrating.md has all its keys".to_owned(),
            Self::Missing(_) => "correct the ids in the plan, or take the jobs out; nothing was started".to_owned(),
            Self::Forbidden(_) => {
                "its scopes stand in the key's line of authorized_keys on that server: `server/install.sh` writes it anew; \
                 nothing was started"
                    .to_owned()
            }
            Self::RunInProgress(_) => {
                "`jbr apply` goes on with it; `jbr apply --fresh` closes it and starts over".to_owned()
            }
            Self::ServerGone { .. } | Self::OpenServerGone { .. } => {
                "put the server back into the plan until that is over: jbr must see it end".to_owned()
            }
            Self::NobodyToAsk => {
                "run it on a terminal, with `--auto-approve`, or with a plan saved by `jbr plan --out FILE`".to_owned()
            }
            Self::NobodyToConfirm => "run it on a terminal, or with `--auto-approve`".to_owned(),
            Self::StateWhileLocked(_) => "try again when it is over; `jbr status` says how far it is".to_owned(),
            Self::Edit { what, known } => edit_help(what, known),
            Self::StopUnread { .. } => "try again; or stop it in JetBackup on that server".to_owned(),
            Self::NothingToStop { running: Some(running), .. } => under_way_there(running),
            Self::StopNameless { server, groups, .. } => may_be(server, groups),
            Self::StopAmbiguous { server, groups } => {
                format!("name one with `jbr stop {server} GROUP`:\n{}", indented(groups))
            }
            Self::StopForbidden { .. } => {
                "stop it in JetBackup on that server; or give the key that scope (`jbr test` says how)".to_owned()
            }
            Self::StopRefused { server, after, .. } => after_refusal(server, after),
            Self::Stale { .. } => "look at it again with `jbr plan`, and save it anew".to_owned(),
            Self::Drive(DriveError::Store(_)) => {
                "the backup that was running goes on; once the state can be written, `jbr apply` goes on from there"
                    .to_owned()
            }
            Self::Drive(DriveError::Violation(_)) => {
                "this is a bug of jbr, noticed before it could do harm; please report it with the state file".to_owned()
            }
            Self::Lock(LockError::Held(_)) => "it goes on by itself; `jbr state show` says how far it is".to_owned(),
            Self::Hold(_) => {
                "`jbr hold SERVER/NAME --reason TEXT`; `--until` takes a duration from now (3d), a day (2026-12-01) or a time (2026-12-01T08:00)"
                    .to_owned()
            }
            Self::HoldWhileLocked(_) => {
                "the queue of that run is settled: try again when it is over. To hold a job of it that has not begun, stop the run (SIGTERM; \
                 its backup goes on), hold the job, and `jbr apply` goes on without it"
                    .to_owned()
            }
            Self::NotHeld { by_plan: true, .. } => "take `hold` out of the plan".to_owned(),
            Self::NotHeld { by_plan: false, .. } => "`jbr state show` lists the jobs that are".to_owned(),
            Self::NoNotify => "docs/plan.md says how to declare it; without it `jbr check` can still be watched".to_owned(),
            Self::Textfile { .. } => {
                "name a file in the folder that node_exporter's `--collector.textfile.directory` names".to_owned()
            }
            Self::Period(_) => {
                "`--since` and `--until` take a duration ago (7d), a day (2026-11-20) or a time (2026-11-20T02:00, or with an offset)"
                    .to_owned()
            }
            Self::Stopped
            | Self::StopTarget(_)
            | Self::NothingToStop { running: None, .. }
            | Self::Import(_)
            | Self::ManOut { .. }
            | Self::PlanRead(_)
            | Self::PlanInvalid { .. }
            | Self::Store(_)
            | Self::Lock(_)
            | Self::NotApproved
            | Self::Output(_)
            | Self::System { .. } => return None,
        };
        Some(help)
    }
}

/// How a change of the state that cannot be made ends: a wrong name is a usage error.
fn edit_exit(what: &EditError) -> Exit {
    match what {
        EditError::NotRemembered(_) | EditError::OtherServer { .. } | EditError::SameName(_) => Exit::Usage,
        EditError::NoRecord { .. }
        | EditError::InRun { .. }
        | EditError::OtherJob { .. }
        | EditError::BothHeld { .. }
        | EditError::BothInRun { .. } => Exit::Error,
    }
}

/// What to do about a change of the state that cannot be made.
fn edit_help(what: &EditError, known: &[String]) -> String {
    match what {
        EditError::NotRemembered(job) => nearest_of(job, known),
        EditError::InRun { .. } => {
            "`jbr apply` goes on with that run, and `jbr apply --fresh` closes it; then it can be forgotten".to_owned()
        }
        EditError::NoRecord { job, rest } if rest.hold.is_some() => format!("`jbr release {job}` ends the hold"),
        EditError::NoRecord { .. } => "a run keeps what was in its queue; there is nothing else to forget".to_owned(),
        EditError::SameName(_) => "FROM is its name until now, TO its new one".to_owned(),
        EditError::OtherJob { .. } => {
            "a past belongs to a job of JetBackup, by its id: `jbr state show --json` has both, and `jbr state rm` forgets the record \
             that is not wanted"
                .to_owned()
        }
        EditError::BothHeld { from, to } => {
            format!("end one of them first: `jbr release {from}` or `jbr release {to}`; `jbr state show` has both")
        }
        EditError::BothInRun { .. } => {
            "`jbr apply` goes on with that run, and `jbr apply --fresh` closes it; then they can be joined".to_owned()
        }
        EditError::OtherServer { .. } => {
            "a job of another server is another job, with a past of its own".to_owned()
        }
    }
}

/// The remembered job that may be meant, or all.
fn nearest_of(job: &JobAddress, known: &[String]) -> String {
    let name = job.to_string();
    match closest(&name, known.iter().map(String::as_str).filter(|known| *known != name)) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None if known.is_empty() => "nothing is remembered of any job yet".to_owned(),
        None => some_of(known),
    }
}

/// The names that exist, as many as anybody reads.
fn some_of(known: &[String]) -> String {
    if known.is_empty() {
        return "it has none".to_owned();
    }
    let shown = known.iter().take(NAMES_SHOWN_MAX).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let more = known.len().saturating_sub(NAMES_SHOWN_MAX);
    if more == 0 { format!("it has {shown}") } else { format!("it has {shown} and {more} more") }
}

fn plural<'a>(count: usize, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

/// What could be stopped instead of what is not there.
fn under_way_there(running: &[String]) -> String {
    match running {
        [] => "no backup is under way there".to_owned(),
        running => format!("under way there:\n{}", indented(running)),
    }
}

/// How to stop backups that may be the one that was meant.
fn may_be(server: &ServerName, groups: &[GroupId]) -> String {
    let commands: Vec<String> = groups.iter().map(|group| format!("jbr stop {server} {group}")).collect();
    format!("it may be that one; to stop it:\n{}", indented(&commands))
}

/// What was seen of a backup whose stop was refused.
fn after_refusal(server: &ServerName, after: &Seen<()>) -> String {
    match after {
        Seen::Known(()) => "it runs on: try again, or stop it in JetBackup on that server".to_owned(),
        Seen::Unknown(why) => {
            let why = own_words(server, &why.0);
            format!(
                "whether it runs on is not known ({why}): `jbr status --server {server}` shows it once the server answers"
            )
        }
    }
}

/// `the queue group …`, or all of several.
fn group_list(groups: &[GroupId]) -> String {
    let ids: Vec<&str> = groups.iter().map(GroupId::as_str).collect();
    format!("the queue {} {}", plural(ids.len(), "group", "groups"), ids.join(", "))
}

fn indented(lines: &[String]) -> String {
    lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
