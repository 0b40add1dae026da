//! `jbr stop`: an operator's brake. It stops one backup, and says whether that was seen.
//!
//! It takes no lock and writes no state, so it works while an `apply` is at work: that one sees the end of its backup as JetBackup
//! records it, and asks every server before it starts anything else.

use std::time::Duration;

use clap::Args;

use super::error::CliError;
use super::fleet::{connect, interrupt_on_signals};
use super::plan::stop_if_asked;
use super::prompt::{self, Answer};
use super::remembered::{known_or_why, or_unwritten, remembered};
use super::validate::load_servers;
use super::{Exit, Global, Output, select};
use crate::clock::{Clock as _, Interrupt, SystemClock};
use crate::desired::Desired;
use crate::halt::{Found, Patience, Refusal, Sight, Wanted, find, halt};
use crate::jetbackup::call_error::{CallError, seen};
use crate::jetbackup::facts::{Group, GroupStatus, Job};
use crate::jetbackup::ssh_gate::{Scope, SshGate};
use crate::links::Link;
use crate::names::{GroupId, JobAddress, ServerName};
use crate::plan;
use crate::printable::printable;
use crate::render::group_status;
use crate::render::halt::{self as page, Target};
use crate::seen::Seen;
use crate::state::lock::peek;
use crate::status::{UnderWay, under_way};

/// Between two looks at what should stop; less if the plan polls more often.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// How long the end is watched for where nobody says.
const WATCH_DEFAULT: &str = "5m";

/// `jbr stop`.
#[derive(Debug, Clone, Args)]
pub(super) struct StopArgs {
    /// The job whose backup is to be stopped; or the server, with the queue group
    #[arg(value_name = "SERVER/NAME|SERVER")]
    pub(super) target: String,
    /// JetBackup's queue group, as `jbr status` shows it
    #[arg(value_name = "GROUP")]
    pub(super) group: Option<GroupId>,
    /// Do not ask
    #[arg(long)]
    pub(super) auto_approve: bool,
    /// How long to watch for its end
    #[arg(long, value_name = "DURATION", default_value = WATCH_DEFAULT, value_parser = plan::span)]
    pub(super) timeout: Duration,
}

/// Stops a backup.
pub(super) fn stop(global: &Global, args: &StopArgs, output: &Output) -> Result<Exit, CliError> {
    let interrupt = interrupt_on_signals()?;
    let desired = load_servers(&global.plan, output)?;
    let (name, wanted) = wanted(args, &desired)?;
    let alone = select::only_servers(desired.clone(), std::slice::from_ref(&name))?;
    let mut links = connect(&alone, &interrupt, output);
    let (Some(server), Some(link)) = (alone.server(&name), links.to(&name)) else {
        return Err(CliError::StopTarget(format!("the plan has no server called `{name}`")));
    };
    let clock = SystemClock::starting(None);
    let (group, jobs) = look(link, &wanted, &args.target)?;
    stop_if_asked(&interrupt)?;
    // Only shown: a brake must not need it.
    let lock = known_or_why(peek(&global.state));
    if let Seen::Unknown(why) = &lock {
        output.say(format_args!("note: whether a jbr is at work is not known: {why}"));
    }
    let state = remembered(global);
    if let Seen::Unknown(why) = &state {
        let what = "whose this backup is is not known, because the state cannot be read";
        output.say(format_args!("note: {what}: {why}"));
    }
    let backup = under_way(server, &group, &jobs, &state, clock.now());
    let run = or_unwritten(state).run;
    let is_too_old = run.is_some_and(|run| run.is_too_old(desired.run.resume_within, clock.now()));
    let address = desired.jobs.iter().find(|job| job.address.server == name && Some(&job.id) == group.job.as_ref());
    let target =
        Target { server: &name, address: address.map(|job| &job.address), backup: &backup, lock: &lock, is_too_old };
    if !output.json {
        output.result(&page::question(&target, clock.now(), &output.page()))?;
    }
    if !args.auto_approve {
        ask(output, &interrupt)?;
        still_there(link, &backup)?;
    }
    let look_every = desired.run.poll.min(LOOK_EVERY);
    let patience = Patience { clock: &clock, interrupt: &interrupt, look_every, limit: args.timeout };
    let halt = halt(&mut link.client, &group.id, &patience).map_err(|refusal| refused(&name, &group.id, refusal))?;
    output.result(&if output.json {
        page::json(&target, &halt, clock.now())
    } else {
        page::text(&target, &halt, &output.page())
    })?;
    Ok(if halt.is_over() { Exit::Success } else { Exit::Unsafe })
}

/// Which server, and what on it.
fn wanted(args: &StopArgs, desired: &Desired) -> Result<(ServerName, Wanted), CliError> {
    let wrong = |error: crate::names::NameError| CliError::StopTarget(error.to_string());
    if args.target.contains('/') {
        let address: JobAddress = args.target.parse().map_err(wrong)?;
        if args.group.is_some() {
            let text =
                format!("{address} names a job; a queue group is named with its server, `jbr stop SERVER GROUP`");
            return Err(CliError::StopTarget(text));
        }
        select::check_job(&address, desired)?;
        let job = desired.job(&address).map(|job| job.id.clone());
        return match job {
            Some(id) => Ok((address.server, Wanted::Job(id))),
            None => Err(CliError::StopTarget(format!("the plan has no job called `{address}`"))),
        };
    }
    let server: ServerName = args.target.parse().map_err(wrong)?;
    select::check_servers(std::slice::from_ref(&server), desired)?;
    args.group.clone().map(|group| (server.clone(), Wanted::Group(group))).ok_or_else(|| {
        let shows = format!("`jbr status --server {server}` shows both");
        CliError::StopTarget(format!("which backup on {server}? Name its job or its queue group; {shows}"))
    })
}

/// The one backup that is meant, and its server's jobs; refuses what the gate would.
fn look(link: &mut Link, wanted: &Wanted, typed: &str) -> Result<(Group, Seen<Vec<Job>>), CliError> {
    let server = link.server.clone();
    let unread = |error: CallError| CliError::StopUnread { server: server.clone(), why: error.into_why() };
    let groups = link.client.named_groups().map_err(unread)?;
    let jobs = seen(link.client.jobs());
    let running: Vec<String> =
        groups.iter().filter(|group| group.status.is_unfinished()).map(|group| described(group, &jobs)).collect();
    let group = match find(&groups, wanted) {
        Found::One(group) => group,
        Found::Several(several) => {
            let groups = several.iter().map(|group| described(group, &jobs)).collect();
            return Err(CliError::StopAmbiguous { server, groups });
        }
        Found::Over(group) => {
            let what = format!("the queue group {} {} already", group.id, group_status(group.status));
            return Err(CliError::NothingToStop { server, what, running: Some(running) });
        }
        Found::Nameless(groups) => return Err(CliError::StopNameless { server, typed: typed.to_owned(), groups }),
        Found::Nothing => {
            let what = match wanted {
                Wanted::Group(id) => format!("it has no queue group {id}"),
                Wanted::Job(_) => format!("no backup of {typed} is under way"),
            };
            return Err(CliError::NothingToStop { server, what, running: Some(running) });
        }
    };
    refuse_forbidden(link, &group)?;
    Ok((group, jobs))
}

/// A gate that says by itself that it would refuse is not tried. One that says nothing is.
fn refuse_forbidden(link: &mut Link, group: &Group) -> Result<(), CliError> {
    let Seen::Known(SshGate::Own { scope, .. }) = seen(link.client.ssh_gate()) else { return Ok(()) };
    let is_allowed = match (&scope, &group.job) {
        (Scope::ReadOnly, _) => false,
        (Scope::Only { .. }, Some(job)) => scope.has_job(job),
        // Whose it is the gate finds out by itself, where nobody says it.
        (Scope::Everything, _) | (Scope::Only { .. }, None) => true,
    };
    let job = group.job.as_ref().map_or(String::new(), |job| format!(" of job {job}"));
    let what = format!("stop a backup{job}");
    if is_allowed { Ok(()) } else { Err(CliError::StopForbidden { server: link.server.clone(), what }) }
}

fn described(group: &Group, jobs: &Seen<Vec<Job>>) -> String {
    let name = match (jobs, &group.job) {
        (Seen::Known(jobs), Some(id)) => jobs.iter().find(|job| job.id == *id).map(|job| printable(&job.name)),
        _ => None,
    };
    let job = group.job.as_ref().map_or("a job that is not named".to_owned(), |id| format!("job {id}"));
    format!("group {}: {}", group.id, name.map_or(job.clone(), |name| format!("{name} ({job})")))
}

fn ask(output: &Output, interrupt: &Interrupt) -> Result<(), CliError> {
    if !output.can_ask {
        return Err(CliError::NobodyToConfirm);
    }
    match prompt::ask("Stop this backup?", interrupt) {
        Answer::Yes => Ok(()),
        Answer::No => Err(CliError::NotApproved),
        Answer::Stopped => Err(CliError::Stopped),
    }
}

/// Whoever was asked took their time, and it may have ended meanwhile.
fn still_there(link: &mut Link, backup: &UnderWay) -> Result<(), CliError> {
    let server = link.server.clone();
    let unread = |error: CallError| CliError::StopUnread { server: server.clone(), why: error.into_why() };
    let group = link.client.group(&backup.group).map_err(unread)?;
    if group.status.is_unfinished() {
        return Ok(());
    }
    Err(ended_meanwhile(server, &group.id, group.status))
}

/// Of what else is under way there nothing is said: it was not looked at again.
fn ended_meanwhile(server: ServerName, group: &GroupId, status: GroupStatus) -> CliError {
    let what = format!("the queue group {group} ended by itself meanwhile: it {}", group_status(status));
    CliError::NothingToStop { server, what, running: None }
}

fn refused(server: &ServerName, group: &GroupId, refusal: Refusal) -> CliError {
    let Refusal { why, after } = refusal;
    let server = server.clone();
    match after {
        Seen::Known(Sight::Over(status)) => ended_meanwhile(server, group, status),
        Seen::Known(Sight::StillRuns(_)) => CliError::StopRefused { server, why, after: Seen::Known(()) },
        Seen::Unknown(unseen) => CliError::StopRefused { server, why, after: Seen::Unknown(unseen) },
    }
}
