//! WHAT IS, at this moment: every server as it answered, seen with what `jbr` remembers. It decides nothing.
//!
//! Absent: what is to be done about it. That is the proposal's business, of which only the next item and the remarks are taken along.

mod next;
mod under_way;
mod unsent;

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::desired::{Desired, Job, Server};
use crate::diff::{Notice, Remark};
use crate::execute::journal::{Phase, WaitReason};
use crate::hold::Holds;
use crate::inventory::{Inventory, ServerView};
use crate::jetbackup::facts::Destination;
use crate::jetbackup::ssh_gate::SshGate;
use crate::names::{DestinationId, JobAddress, JobId, RunId, ServerName};
use crate::proposal::{Because, Beginning, Proposal};
use crate::seen::{Seen, Why};
use crate::state::lock::Lock;
use crate::state::{Run, State};

pub use next::{Next, Waits, next};
pub use under_way::{UnderWay, Whose, under_way};
pub use unsent::{Outbox, Unsent};

/// Everything that `jbr status` shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// When the servers had answered.
    pub at: Timestamp,
    /// Whether what `jbr` remembers could be read. Where it could not, nothing is known of a run, and of whose a backup is.
    pub state: Seen<()>,
    /// Whether a `jbr` is at work.
    pub lock: Seen<Lock>,
    /// The run that has not ended.
    pub run: Option<RunStatus>,
    /// What runs next; `None` also where the state or the lock could not be read.
    pub next: Option<Next>,
    /// The notices that wait to be sent.
    pub outbox: Seen<Outbox>,
    /// The servers that were asked, in the plan's order.
    pub servers: Vec<ServerStatus>,
    /// What else a person should know of them.
    pub remarks: Vec<Remark>,
}

/// The run that has not ended: how far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunStatus {
    /// Its id.
    pub id: RunId,
    /// When it was begun.
    pub started: Timestamp,
    /// How many of its items have their outcome …
    pub done: usize,
    /// … of how many.
    pub total: usize,
    /// The items that are neither done nor untouched.
    pub at_work: Vec<(JobAddress, Phase)>,
    /// What it waits for, and since when.
    pub waiting: Option<(Timestamp, WaitReason)>,
    /// What becomes of it if no `jbr` is at work.
    pub fate: Fate,
}

/// What the next `jbr apply` does with an interrupted run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It goes on.
    Resumes,
    /// It is closed as incomplete, and everything is queued anew.
    StartsOver(Because),
    /// Not every server of it was asked, and one of them may have a job of it that is due again.
    Unknown,
}

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

/// How much could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// Everything.
    Whole,
    /// What runs is known, something else is not.
    Partly,
    /// Of a server it is not known what runs there.
    Blind,
}

impl Status {
    /// How much could be read.
    #[must_use]
    pub fn reading(&self) -> Reading {
        let of = |server: &ServerStatus| match (&server.answers, &server.queue) {
            (Seen::Unknown(_), _) | (_, Seen::Unknown(_)) => Reading::Blind,
            _ if server.is_partly_read => Reading::Partly,
            _ => Reading::Whole,
        };
        let is_partly = [matches!(self.state, Seen::Unknown(_)), matches!(self.lock, Seen::Unknown(_))];
        let is_partly = is_partly.contains(&true)
            || match &self.outbox {
                Seen::Known(outbox) => outbox.unreadable > 0,
                Seen::Unknown(_) => true,
            };
        let own = if is_partly { Reading::Partly } else { Reading::Whole };
        self.servers.iter().map(of).chain([own]).max().unwrap_or(own)
    }
}

/// What a status is made of.
pub struct View<'a> {
    /// The plan, whole.
    pub desired: &'a Desired,
    /// The servers that were asked.
    pub inventory: &'a Inventory,
    /// What `jbr` remembers, read after the servers answered: what was triggered meanwhile is in it.
    pub state: &'a Seen<State>,
    /// Whether a `jbr` is at work.
    pub lock: Seen<Lock>,
    /// The notices that wait to be sent.
    pub outbox: Seen<Outbox>,
    /// What the next `apply` would do.
    pub proposal: &'a Proposal,
    /// Which jobs were asked for.
    pub is_asked_for: &'a dyn Fn(&JobAddress) -> bool,
    /// When the servers had answered.
    pub now: Timestamp,
}

/// Puts together what was seen.
#[must_use]
pub fn status(view: View) -> Status {
    let asked = view.desired.servers.iter().filter_map(|server| Some((server, view.inventory.of(&server.name)?)));
    let run = match view.state {
        Seen::Known(state) => state.run.as_ref(),
        Seen::Unknown(_) => None,
    };
    let is_whole =
        run.is_none_or(|run| run.queue.items.iter().all(|item| view.inventory.of(&item.address.server).is_some()));
    let next = match (view.state, &view.lock) {
        (Seen::Known(_), Seen::Known(lock)) => next(view.proposal, lock, is_whole, view.is_asked_for),
        (Seen::Unknown(_), _) | (_, Seen::Unknown(_)) => None,
    };
    Status {
        at: view.now,
        state: view.state.as_ref().map(|_| ()),
        run: run.map(|run| RunStatus::new(run, fate(&view.proposal.beginning, is_whole))),
        next,
        servers: asked.map(|(server, live)| server_status(&view, server, live)).collect(),
        remarks: view.proposal.diff.remarks.iter().filter(|remark| !is_shown_otherwise(remark)).cloned().collect(),
        lock: view.lock,
        outbox: view.outbox,
    }
}

/// A run that is too old is so whoever was asked; that no job of it is due again, all of its servers must say.
fn fate(beginning: &Beginning, is_whole: bool) -> Fate {
    match beginning {
        Beginning::StartOver { because, .. } => Fate::StartsOver(because.clone()),
        Beginning::Resume(_) if is_whole => Fate::Resumes,
        Beginning::Resume(_) | Beginning::Fresh => Fate::Unknown,
    }
}

/// What stands with a server or a job already, or is the business of `jbr plan` alone.
fn is_shown_otherwise(remark: &Remark) -> bool {
    match &remark.what {
        Notice::Foreign { .. } | Notice::Scheduled { .. } | Notice::DestinationMissing { .. } => true,
        // It does nothing now, and nothing will start it but a person.
        Notice::Unmanaged { is_scheduled, .. } => *is_scheduled != Some(true),
        Notice::Unread { what, .. } => matches!(*what, "jobs" | "queue" | "destinations" | "gate"),
        Notice::Differs { .. } | Notice::SeveralDestinations { .. } | Notice::Forks { .. } | Notice::Gate(_) => false,
    }
}

fn server_status(view: &View, server: &Server, live: &ServerView) -> ServerStatus {
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

impl RunStatus {
    fn new(run: &Run, fate: Fate) -> Self {
        let items = run.queue.items.iter().map(|item| (&item.address, run.journal.phase(&item.address)));
        let at_work = items.filter(|(_, phase)| !matches!(phase, Phase::Queued | Phase::Done(_)));
        Self {
            id: run.id.clone(),
            started: run.started,
            done: run.queue.items.iter().filter(|item| run.journal.outcome(&item.address).is_some()).count(),
            total: run.queue.items.len(),
            at_work: at_work.map(|(address, phase)| (address.clone(), phase.clone())).collect(),
            waiting: run.journal.waiting.as_ref().map(|waiting| (waiting.since, waiting.reason.clone())),
            fate,
        }
    }
}
