//! What to do about an error, where it does not say it itself.

use super::{CliError, indented};
use crate::execute::drive::DriveError;
use crate::names::{GroupId, JobAddress, ServerName};
use crate::plan::{ReadError, closest};
use crate::render::own_words;
use crate::seen::Seen;
use crate::state::EditError;
use crate::state::lock::LockError;

/// No more names are listed where one was mistyped.
const NAMES_SHOWN_MAX: usize = 10;

impl CliError {
    /// What to do about it, where the error does not say it itself.
    #[must_use]
    pub(in crate::cli) fn help(&self) -> Option<String> {
        match self {
            Self::UnknownName { nearest: Some(nearest), .. } => Some(perhaps(nearest)),
            Self::UnknownName { known, .. } => Some(some_of(known)),
            Self::Edit { what, known } => Some(help_of_edit(what, known)),
            Self::NothingToStop { running, .. } => running.as_deref().map(under_way),
            Self::StopNameless { server, groups, .. } => Some(may_be(server, groups)),
            Self::StopRefused { server, after, .. } => Some(after_refusal(server, after)),
            Self::StopAmbiguous { server, groups } => {
                Some(format!("name one with `jbr stop {server} GROUP`:\n{}", indented(groups)))
            }
            _ => self.advice().map(str::to_owned),
        }
    }

    /// What to do about it, where that does not depend on what is there.
    fn advice(&self) -> Option<&'static str> {
        Some(match self {
            Self::PlanRead(ReadError::Missing(_)) => {
                "`--plan PATH` or $JBR_PLAN names another; `jbr demo` shows jbr without any plan"
            }
            Self::NothingSelected => {
                "`--job` names a job and `--server` all jobs of a server; with both, a job must match both"
            }
            Self::SavedPlan { .. } => {
                "`jbr plan --out FILE` saves a plan for `jbr apply FILE`; a plan in YAML is named with `--plan PATH`"
            }
            Self::ImportIncomplete(_) => {
                "`jbr import` again once they answer; what was read is above, and can be used as it is"
            }
            Self::NothingRead(_) => "mend what is said there, then `jbr import` again",
            Self::NothingToImport(_) => "a plan needs a job: enable one in JetBackup, or name other servers",
            Self::ImportOut { .. } => "name a file that is not there yet",
            Self::Config { .. } => "name the config.json of jetbackup-remote; it was in /etc/jetbackup-remote",
            Self::ConfigInvalid { .. } => "mend a copy of it, and import that; docs/migrating.md has all its keys",
            Self::Missing(_) => "correct the ids in the plan, or take the jobs out; nothing was started",
            Self::Forbidden(_) => {
                "its scopes stand in the key's line of authorized_keys on that server: `server/install.sh` writes it anew; \
                 nothing was started"
            }
            Self::RunInProgress(_) => "`jbr apply` goes on with it; `jbr apply --fresh` closes it and starts over",
            Self::ServerGone { .. } | Self::OpenServerGone { .. } => {
                "put the server back into the plan until that is over: jbr must see it end"
            }
            Self::NobodyToAsk => {
                "run it on a terminal, with `--auto-approve`, or with a plan saved by `jbr plan --out FILE`"
            }
            Self::NobodyToConfirm => "run it on a terminal, or with `--auto-approve`",
            Self::StateWhileLocked(_) => "try again when it is over; `jbr status` says how far it is",
            Self::StopUnread { .. } => "try again; or stop it in JetBackup on that server",
            Self::StopForbidden { .. } => {
                "stop it in JetBackup on that server; or give the key that scope (`jbr test` says how)"
            }
            Self::Stale { .. } => "look at it again with `jbr plan`, and save it anew",
            Self::Drive(DriveError::Store(_)) => {
                "the backup that was running goes on; once the state can be written, `jbr apply` goes on from there"
            }
            Self::Drive(DriveError::Violation(_)) => {
                "this is a bug of jbr, noticed before it could do harm; please report it with the state file"
            }
            Self::Lock(LockError::Held(_)) => "it goes on by itself; `jbr state show` says how far it is",
            Self::Hold(_) => {
                "`jbr hold SERVER/NAME --reason TEXT`; `--until` takes a duration from now (3d), a day (2026-12-01) or a time (2026-12-01T08:00)"
            }
            Self::HoldWhileLocked(_) => {
                "the queue of that run is settled: try again when it is over. To hold a job of it that has not begun, stop the run (SIGTERM; \
                 its backup goes on), hold the job, and `jbr apply` goes on without it"
            }
            Self::LogFile { .. } => "`--log-file PATH` or $JBR_LOG_FILE names another, such as /var/log/jbr/jbr.log",
            Self::NotHeld { by_plan: true, .. } => "take `hold` out of the plan",
            Self::NotHeld { by_plan: false, .. } => "`jbr state show` lists the jobs that are",
            Self::NoNotify => "docs/plan.md says how to declare it; without it `jbr check` can still be watched",
            Self::Textfile { .. } => {
                "name a file in the folder that node_exporter's `--collector.textfile.directory` names"
            }
            Self::Period(_) => {
                "`--since` and `--until` take a duration ago (7d), a day (2026-11-20) or a time (2026-11-20T02:00, or with an offset)"
            }
            Self::UnknownName { .. }
            | Self::NothingToStop { .. }
            | Self::StopAmbiguous { .. }
            | Self::StopNameless { .. }
            | Self::StopRefused { .. }
            | Self::Edit { .. }
            | Self::Stopped
            | Self::StopTarget(_)
            | Self::Import(_)
            | Self::ManOut { .. }
            | Self::PlanRead(_)
            | Self::PlanInvalid { .. }
            | Self::Store(_)
            | Self::Lock(_)
            | Self::NotApproved
            | Self::Output(_)
            | Self::System { .. } => return None,
        })
    }
}

/// What to do about a change of the state that cannot be made.
fn help_of_edit(what: &EditError, known: &[String]) -> String {
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
        EditError::OtherServer { .. } => "a job of another server is another job, with a past of its own".to_owned(),
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

fn perhaps(meant: &str) -> String {
    format!("did you mean `{meant}`?")
}

/// What runs on the server, so that one of it can be named.
fn under_way(running: &[String]) -> String {
    if running.is_empty() {
        return "no backup is under way there".to_owned();
    }
    format!("under way there:\n{}", indented(running))
}

/// The remembered job that may be meant, or all.
fn nearest_of(job: &JobAddress, known: &[String]) -> String {
    let name = job.to_string();
    match closest(&name, known.iter().map(String::as_str).filter(|known| *known != name)) {
        Some(nearest) => perhaps(nearest),
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
