//! One server, as it answered: what each of its jobs does, and what else is under way there.

use std::collections::BTreeMap;

use super::View;
use super::under_way::{UnderWay, under_way};
use crate::clock::Timestamp;
use crate::desired::{Job, Server};
use crate::hold::Holds;
use crate::inventory::ServerView;
use crate::jetbackup::facts::Destination;
use crate::jetbackup::ssh_gate::SshGate;
use crate::names::{DestinationId, JobAddress, JobId, ServerName};
use crate::seen::{Seen, Why};

/// One server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerStatus {
    /// Which.
    pub server: ServerName,
    /// JetBackup's version, where the server said it.
    pub version: Option<String>,
    /// Whether its jobs could be read: the first thing that it is asked.
    pub answers: Seen<()>,
    /// Whether its queue could be read.
    pub queue: Seen<()>,
    /// What stands between the key and JetBackup.
    pub gate: Seen<SshGate>,
    /// The guarded destination; `None` where the plan names none.
    pub destination: Option<DestinationStatus>,
    /// The declared jobs that were asked for, in the plan's order.
    pub jobs: Vec<JobStatus>,
    /// Backups under way that no declared job explains.
    pub others: Vec<UnderWay>,
    /// What else could not be read, as far as it was asked for.
    pub is_partly_read: bool,
}

/// The guarded destination of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationStatus {
    /// Its id.
    pub id: DestinationId,
    /// The plan says `keep: closed`.
    pub keep_closed: bool,
    /// It, as its server has it; `None` where its server has none of this id.
    pub live: Seen<Option<Destination>>,
}

/// A declared job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobStatus {
    /// Its address.
    pub address: JobAddress,
    /// Its id.
    pub id: JobId,
    /// JetBackup's name of it, where it was read.
    pub name: Option<String>,
    /// Whether it is disabled; `None` where it was not read.
    pub disabled: Option<bool>,
    /// Whether JetBackup starts it by itself, and when next; `None` where it does not, or where that was not read.
    pub scheduled: Option<Option<Timestamp>>,
    /// What holds it.
    pub holds: Option<Holds>,
    /// What it does.
    pub doing: Doing,
}

/// What a declared job does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doing {
    /// Nothing.
    Idle,
    /// Its backups, one as a rule.
    Busy(Vec<UnderWay>),
    /// Nobody can say, for this reason.
    Unknown(Why),
    /// Its server has no such job.
    Missing,
}

/// What a server does.
pub(super) fn server_status(view: &View, server: &Server, live: &ServerView) -> ServerStatus {
    let declared: Vec<&Job> = view.desired.jobs.iter().filter(|job| job.address.server == server.name).collect();
    let mut by_job = unfinished(view, server, live);
    let jobs = declared.iter().map(|job| {
        let its = by_job.remove(&Some(job.id.clone())).unwrap_or_default();
        (job, its)
    });
    let jobs: Vec<_> = jobs.collect();
    let nameless = by_job.get(&None).map(|nameless| nameless_why(nameless));
    let asked = jobs.into_iter().filter(|(job, _)| (view.is_asked_for)(&job.address));
    let destination = server.destination.as_ref().map(|declared| DestinationStatus {
        id: declared.id.clone(),
        keep_closed: declared.keep_closed,
        live: live.destinations.as_ref().map(|all| all.iter().find(|known| known.id == declared.id).cloned()),
    });
    let is_unread = destination.as_ref().is_some_and(|destination| matches!(destination.live, Seen::Unknown(_)));
    let is_partly_read = nameless.is_some()
        || is_unread
        || matches!(live.gate, Seen::Unknown(_))
        || matches!(live.forks, Seen::Unknown(_));
    ServerStatus {
        server: server.name.clone(),
        version: live.version.clone(),
        answers: live.jobs.as_ref().map(|_| ()),
        queue: live.groups.as_ref().map(|_| ()),
        gate: live.gate.clone(),
        destination,
        jobs: asked.map(|(job, its)| job_status(view, job, live, its, nameless.as_ref())).collect(),
        others: by_job.into_values().flatten().collect(),
        is_partly_read,
    }
}

/// What is under way on a server, by the job that it is of.
fn unfinished(view: &View, server: &Server, live: &ServerView) -> BTreeMap<Option<JobId>, Vec<UnderWay>> {
    let mut by_job: BTreeMap<Option<JobId>, Vec<UnderWay>> = BTreeMap::new();
    let Seen::Known(groups) = &live.groups else { return by_job };
    for group in groups.iter().filter(|group| group.status.is_unfinished()) {
        let one = under_way(server, group, &live.jobs, view.state, view.now);
        by_job.entry(one.job.clone()).or_default().push(one);
    }
    by_job
}

/// Why it is not known of a job that it does nothing, though nothing of it is listed.
fn nameless_why(nameless: &[UnderWay]) -> Why {
    let groups: Vec<&str> = nameless.iter().map(|one| one.group.as_str()).collect();
    let (groups, does) = match groups.as_slice() {
        [group] => (format!("group {group}"), "names no job, and may be a backup of it"),
        _ => (format!("groups {}", groups.join(", ")), "name no job, and one may be a backup of it"),
    };
    Why::new(format!("{groups} {does}"))
}

fn job_status(view: &View, job: &Job, live: &ServerView, its: Vec<UnderWay>, nameless: Option<&Why>) -> JobStatus {
    let found = match &live.jobs {
        Seen::Known(jobs) => Some(jobs.iter().find(|live| live.id == job.id)),
        Seen::Unknown(_) => None,
    };
    let known = found.flatten();
    let doing = match (found, &live.groups) {
        _ if !its.is_empty() => Doing::Busy(its),
        (Some(None), _) => Doing::Missing,
        (_, Seen::Unknown(why)) => Doing::Unknown(why.clone()),
        (_, Seen::Known(_)) => match (&live.jobs, nameless) {
            (Seen::Unknown(why), _) | (_, Some(why)) => Doing::Unknown(why.clone()),
            (Seen::Known(_), None) => Doing::Idle,
        },
    };
    let by_hand = match view.state {
        Seen::Known(state) => state.holds.get(&job.address),
        Seen::Unknown(_) => None,
    };
    let is_scheduled =
        |live: &crate::jetbackup::facts::Job| live.next_run.is_some() || live.schedules.is_some_and(|count| count > 0);
    JobStatus {
        address: job.address.clone(),
        id: job.id.clone(),
        name: known.map(|live| live.name.clone()),
        disabled: known.map(|live| live.disabled),
        scheduled: known.filter(|live| is_scheduled(live) && !live.disabled).map(|live| live.next_run),
        holds: Holds::at(view.now, job.hold.as_ref(), by_hand),
        doing,
    }
}
