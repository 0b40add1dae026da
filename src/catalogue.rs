//! What is declared and what there is, side by side: every backup job of every server, in the plan or not.

use crate::clock::Timestamp;
use crate::desired::{Desired, Job, JobKind, Server};
use crate::inventory::guard::{Writes, writes};
use crate::inventory::kind::{is_idle_config, is_scheduled, kind_of};
use crate::jetbackup::call_error::seen;
use crate::jetbackup::facts;
use crate::links::{Link, Links};
use crate::names::{DestinationId, JobAddress, JobId, ServerName};
use crate::seen::Seen;

/// One server's jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelf {
    /// Which server.
    pub server: ServerName,
    /// Whether its jobs could be read.
    pub jobs: Seen<()>,
    /// Whether its destinations could be read, which gives them names.
    pub destinations: Seen<()>,
    /// The declared jobs in the plan's order, then all others in the server's.
    pub rows: Vec<Row>,
}

/// One job: declared, on its server, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its address, if it is in the plan.
    pub address: Option<JobAddress>,
    /// Its id.
    pub id: JobId,
    /// The plan says `keep: disabled`.
    pub keep_disabled: bool,
    /// As its server has it: `None` inside if it has none of this id.
    pub live: Seen<Option<Live>>,
}

/// A job as its server has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// JetBackup's name of it, printable.
    pub name: String,
    /// What it backs up.
    pub kind: JobKind,
    /// Where it writes.
    pub destinations: Vec<Target>,
    /// Whether it writes to the guarded storage.
    pub writes: Writes,
    /// Whether JetBackup starts it by itself; `None` where the server says nothing of schedules.
    pub scheduled: Option<bool>,
    /// When next.
    pub next_run: Option<Timestamp>,
    /// Nothing starts a disabled one.
    pub disabled: bool,
    /// JetBackup's own configuration job, of no concern.
    pub is_idle_config: bool,
}

/// A destination of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its id.
    pub id: DestinationId,
    /// Its name, printable, where it was read.
    pub name: Option<String>,
    /// Whether it is disabled, where that was read.
    pub disabled: Option<bool>,
    /// Whether it is the one that the plan guards.
    pub guarded: bool,
}

impl Shelf {
    /// Whether everything could be read.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!((&self.jobs, &self.destinations), (Seen::Known(()), Seen::Known(())))
    }
}

/// Reads the jobs and destinations of every server that is linked. Only calls that read.
pub fn collect(links: &mut Links, desired: &Desired) -> Vec<Shelf> {
    let answers = links.ask_all(|link: &mut Link| {
        let jobs = seen(link.client.jobs());
        // One reason is enough.
        let destinations = match &jobs {
            Seen::Known(_) => seen(link.client.destinations()),
            Seen::Unknown(why) => Seen::Unknown(why.clone()),
        };
        (jobs, destinations)
    });
    let shelf = |(name, (jobs, destinations)): (ServerName, _)| {
        Some(shelf(desired, desired.server(&name)?, &jobs, &destinations))
    };
    answers.into_iter().filter_map(shelf).collect()
}

/// Puts the declared jobs of a server beside those that it has.
#[must_use]
pub fn shelf(
    desired: &Desired,
    server: &Server,
    jobs: &Seen<Vec<facts::Job>>,
    destinations: &Seen<Vec<facts::Destination>>,
) -> Shelf {
    let declared: Vec<&Job> = desired.jobs.iter().filter(|job| job.address.server == server.name).collect();
    let known = match destinations {
        Seen::Known(destinations) => destinations.as_slice(),
        Seen::Unknown(_) => &[],
    };
    let live = |all: &[facts::Job], one: &facts::Job| Live {
        name: one.name.clone(),
        kind: kind_of(one),
        destinations: one.destinations.iter().map(|id| target(server, id, known)).collect(),
        writes: writes(server.destination.as_ref().map(|declared| &declared.id), Some(&one.id), all),
        scheduled: is_scheduled(one),
        next_run: one.next_run,
        disabled: one.disabled,
        is_idle_config: is_idle_config(one),
    };
    let in_plan = declared.iter().map(|job| Row {
        address: Some(job.address.clone()),
        id: job.id.clone(),
        keep_disabled: job.keep_disabled,
        live: jobs.as_ref().map(|all| all.iter().find(|one| one.id == job.id).map(|one| live(all, one))),
    });
    let mut rows: Vec<Row> = in_plan.collect();
    if let Seen::Known(all) = jobs {
        let others = all.iter().filter(|one| !declared.iter().any(|job| job.id == one.id));
        rows.extend(others.map(|one| Row {
            address: None,
            id: one.id.clone(),
            keep_disabled: false,
            live: Seen::Known(Some(live(all, one))),
        }));
    }
    Shelf {
        server: server.name.clone(),
        jobs: jobs.as_ref().map(|_| ()),
        destinations: destinations.as_ref().map(|_| ()),
        rows,
    }
}

fn target(server: &Server, id: &DestinationId, known: &[facts::Destination]) -> Target {
    let found = known.iter().find(|known| known.id == *id);
    Target {
        id: id.clone(),
        name: found.map(|found| found.name.clone()),
        disabled: found.map(|found| found.disabled),
        guarded: server.destination.as_ref().is_none_or(|declared| declared.id == *id),
    }
}
