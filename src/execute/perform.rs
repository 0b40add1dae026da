//! The edge: each action as API calls, each answer as a sight. Nothing here decides anything.

use std::sync::Arc;
use std::time::Duration;

use super::action::Action;
use super::drive::Perform;
use super::observation::{GroupSight, JobSight, ServerSight, Sight, Survey, TriggerAnswer};
use crate::clock::{Clock, Interrupt, Timestamp};
use crate::inventory::guard::is_guarded;
use crate::jetbackup::client::{CallError, Client, Via, seen};
use crate::jetbackup::facts::{Group, Log};
use crate::links::{Link, Links};
use crate::names::{GroupId, JobId, LogId, ServerName};
use crate::queue::Gate;
use crate::seen::{Seen, Why};

/// How many of a job's logs are remembered before a trigger …
const LOGS_BEFORE: usize = 25;
/// … and how many are looked at after it: far fewer, so that an old log which surfaces because newer ones were deleted is still
/// known.
const LOGS_AFTER: usize = 5;
/// How many logs are searched for one that the server could not give by its id.
const LOGS_SEARCHED: usize = 100;
/// The longest time without a sign of life on an idle connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Performs actions over the links to the servers.
pub struct Performer<'a> {
    links: &'a mut Links,
    clock: Arc<dyn Clock>,
    interrupt: Interrupt,
}

impl<'a> Performer<'a> {
    /// A performer that stops waiting when `interrupt` says so.
    pub fn new(links: &'a mut Links, clock: Arc<dyn Clock>, interrupt: Interrupt) -> Self {
        Self { links, clock, interrupt }
    }

    fn with<T>(&mut self, server: &ServerName, ask: impl FnOnce(&mut Link) -> Seen<T>) -> Seen<T> {
        match self.links.to(server) {
            Some(link) => ask(link),
            None => Seen::Unknown(not_in_plan(server)),
        }
    }

    fn survey(&mut self, job: Option<&(ServerName, JobId)>) -> Sight {
        let answers = self.links.ask_all(|link| {
            let sight = server_sight(link);
            let wanted = job.filter(|(server, _)| *server == link.server && matches!(sight, Seen::Known(_)));
            (sight, wanted.map(|(_, job)| seen(link.client.newest_logs(job, LOGS_BEFORE))))
        });
        let mut logs = Seen::Unknown(Why::new("nobody asked for logs"));
        let mut servers = Vec::with_capacity(answers.len());
        for (server, (sight, found)) in answers {
            servers.push((server, sight));
            logs = found.unwrap_or(logs);
        }
        Sight::Survey(Survey { servers, job: job.cloned(), logs })
    }

    fn trigger(&mut self, server: &ServerName, job: &JobId) -> TriggerAnswer {
        let Some(link) = self.links.to(server) else { return TriggerAnswer::NotSent(not_in_plan(server)) };
        match link.client.trigger(job) {
            Ok(()) => TriggerAnswer::Accepted,
            Err(error @ CallError::NotSent(_)) => TriggerAnswer::NotSent(error.into_why()),
            Err(error @ CallError::Refused { .. }) => TriggerAnswer::Refused(error.into_why()),
            Err(error) => TriggerAnswer::Unknown(error.into_why()),
        }
    }

    fn wait(&mut self, how_long: Duration) {
        let mut left = how_long;
        while !left.is_zero() && !self.interrupt.is_requested() {
            let slice = left.min(KEEP_ALIVE);
            self.clock.wait(slice, &self.interrupt);
            left -= slice;
            if !left.is_zero() {
                self.links.keep_alive();
            }
        }
    }
}

impl Perform for Performer<'_> {
    fn perform(&mut self, action: &Action) -> Sight {
        match action {
            Action::Survey { job } => self.survey(job.as_ref()),
            Action::Set { server, gate, open } => {
                Sight::Gate(self.with(server, |link| set(&mut link.client, gate, *open)))
            }
            Action::LookAtGate { server, gate } => {
                Sight::Gate(self.with(server, |link| is_open(&mut link.client, gate)))
            }
            Action::Trigger { server, job } => Sight::Trigger(self.trigger(server, job)),
            Action::LookAtJob { server, job } => {
                Sight::Job(self.with(server, |link| look_at_job(&mut link.client, job)))
            }
            Action::LookAtGroup { server, group } => {
                Sight::Group(self.with(server, |link| look_at_group(&mut link.client, group)))
            }
            Action::ReadLog { server, job, log } => {
                Sight::Log(self.with(server, |link| read_log(&mut link.client, job, log)))
            }
            Action::Stop { server, group } => {
                // What a stop brings is seen at the group, not in the answer.
                let _: Seen<()> = self.with(server, |link| seen(link.client.stop(group)));
                Sight::Stop
            }
            Action::Wait(how_long) => {
                self.wait(*how_long);
                Sight::Waited
            }
            Action::Finish(_) => Sight::Waited,
        }
    }

    fn moment(&self) -> (Timestamp, bool) {
        (self.clock.now(), self.interrupt.is_requested())
    }
}

fn not_in_plan(server: &ServerName) -> Why {
    Why::new(format!("{server} is not in the plan any more"))
}

/// A server's groups, and which of them count. Where its jobs write is asked only if something runs.
fn server_sight(link: &mut Link) -> Seen<ServerSight> {
    let groups = match link.client.named_groups() {
        Ok(groups) => groups,
        Err(error) => return Seen::Unknown(error.into_why()),
    };
    let mut jobs = Vec::new();
    if link.guard.is_some() && groups.iter().any(|group| group.status.is_unfinished()) {
        match link.client.jobs() {
            Ok(known) => jobs = known,
            Err(error) => return Seen::Unknown(error.into_why()),
        }
    }
    let sight = |group: Group| GroupSight { guarded: is_guarded(link.guard.as_ref(), &group, &jobs), group };
    Seen::Known(ServerSight { groups: groups.into_iter().map(sight).collect() })
}

fn look_at_job(client: &mut Client, job: &JobId) -> Seen<JobSight> {
    let groups = match client.named_groups() {
        Ok(groups) => groups,
        Err(error) => return Seen::Unknown(error.into_why()),
    };
    Seen::Known(JobSight {
        groups: groups.into_iter().filter(|group| group.job.as_ref() == Some(job)).collect(),
        logs: seen(client.newest_logs(job, LOGS_AFTER)),
    })
}

/// A refused group is looked for in the whole list before it is called gone.
fn look_at_group(client: &mut Client, id: &GroupId) -> Seen<Option<Group>> {
    match client.group(id) {
        Ok(group) => Seen::Known(Some(group)),
        Err(CallError::Refused { .. }) => {
            seen(client.named_groups()).map(|groups| groups.into_iter().find(|group| group.id == *id))
        }
        Err(error) => Seen::Unknown(error.into_why()),
    }
}

/// A refused log is looked for among the job's before it is called missing.
fn read_log(client: &mut Client, job: &JobId, id: &LogId) -> Seen<Option<Log>> {
    match client.log(id) {
        Ok(log) => Seen::Known(Some(log)),
        Err(CallError::Refused { .. }) => {
            seen(client.newest_logs(job, LOGS_SEARCHED)).map(|logs| logs.into_iter().find(|log| log.id == *id))
        }
        Err(error) => Seen::Unknown(error.into_why()),
    }
}

fn is_open(client: &mut Client, gate: &Gate) -> Seen<bool> {
    match gate {
        Gate::Job(id) => seen(client.job(id)).map(|job| !job.disabled),
        Gate::Destination(id) => seen(client.destination(id)).map(|destination| !destination.disabled),
    }
}

/// Opens or closes something, and reads it back: no answer to the change itself is believed. What is as it should be is left alone.
fn set(client: &mut Client, gate: &Gate, open: bool) -> Seen<bool> {
    let mut seen_open = is_open(client, gate);
    for change in changes(gate) {
        if seen_open == Seen::Known(open) {
            break;
        }
        let _: Result<(), CallError> = change(client, open);
        seen_open = is_open(client, gate);
    }
    seen_open
}

type Change<'a> = Box<dyn Fn(&mut Client, bool) -> Result<(), CallError> + 'a>;

/// What can open or close a gate, to be tried in this order. For a destination neither of two functions is certain to exist: the
/// undocumented one that works in production, then the documented one.
fn changes(gate: &Gate) -> Vec<Change<'_>> {
    match gate {
        Gate::Job(id) => vec![Box::new(|client, open| client.set_job_disabled(id, !open))],
        Gate::Destination(id) => [Via::State, Via::Modify]
            .into_iter()
            .map(|via| -> Change<'_> { Box::new(move |client, open| client.set_destination_disabled(id, !open, via)) })
            .collect(),
    }
}
