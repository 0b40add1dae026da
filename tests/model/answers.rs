//! What the servers say: the world as JetBackup would list it, and every way in which an action can turn out.

use std::collections::BTreeMap;

use jbr::execute::observation::{GroupSight, JobSight, ServerSight, Survey, TriggerAnswer};
use jbr::execute::{Action, Sight};
use jbr::inventory::{Inventory, ServerView};
use jbr::jetbackup::facts::{Destination, Group, GroupStatus, Job, Log, LogStatus};
use jbr::names::{GroupId, JobId, LogId, ServerName};
use jbr::seen::{Seen, Why};

use super::world::{Door, Foreign, Late, Server, Stage, World};

/// The guarded destination of every server.
pub(crate) const NAS: &str = "dddddddddddddddddddddddd";

impl World {
    /// Every way in which an action can turn out, with what is seen of it.
    pub(crate) fn perform(&self, action: &Action) -> Vec<(Self, Sight)> {
        match action {
            Action::Survey { job } => vec![self.survey(job.as_ref())],
            Action::Trigger { server, job: _ } => self.trigger(server),
            Action::Set { server, gate: _, open } => self.set(server, *open),
            Action::LookAtGate { server, gate: _ } => {
                let open = self.ask(server, |server| server.door.is_some_and(|door| door.open));
                vec![(self.clone(), Sight::Gate(open))]
            }
            Action::LookAtJob { server, job } => vec![(self.clone(), self.look_at_job(server, job))],
            Action::LookAtGroup { server, group } => {
                let group = |server: &Server| groups(server).into_iter().find(|known| known.id == *group);
                vec![(self.clone(), Sight::Group(self.ask(server, group)))]
            }
            Action::ReadLog { server, job: _, log } => {
                let log = |server: &Server| logs(server).into_iter().find(|known| known.id == *log);
                vec![(self.clone(), Sight::Log(self.ask(server, log)))]
            }
            // The signal is sent; the backup ends when it likes, if it likes.
            Action::Stop { .. } => vec![(self.clone(), Sight::Stop)],
            Action::Wait(_) => vec![(self.tick(), Sight::Waited)],
            Action::Finish(_) => vec![],
        }
    }

    fn ask<T>(&self, name: &ServerName, question: impl FnOnce(&Server) -> T) -> Seen<T> {
        let server = &self.servers[name];
        if server.up { Seen::Known(question(server)) } else { Seen::Unknown(Why::new("out of reach")) }
    }

    fn survey(&self, job: Option<&(ServerName, JobId)>) -> (Self, Sight) {
        let world = self.asked();
        let sight = |server: &Server| ServerSight {
            groups: groups(server).into_iter().map(|group| GroupSight { group, guarded: true }).collect(),
        };
        let servers = self.servers.keys().map(|name| (name.clone(), self.ask(name, sight))).collect();
        let logs = job.map_or(Seen::Unknown(Why::new("not asked")), |(name, _)| self.ask(name, logs));
        (world, Sight::Survey(Survey { servers, job: job.cloned(), logs }))
    }

    fn look_at_job(&self, name: &ServerName, job: &JobId) -> Sight {
        let sight = |server: &Server| {
            let groups = groups(server).into_iter().filter(|group| group.job.as_ref() == Some(job)).collect();
            JobSight { groups, logs: Seen::Known(logs(server)) }
        };
        Sight::Job(self.ask(name, sight))
    }

    fn trigger(&self, name: &ServerName) -> Vec<(Self, Sight)> {
        let why = || Why::new("lost");
        if !self.servers[name].up {
            return vec![(self.clone(), Sight::Trigger(TriggerAnswer::NotSent(why())))];
        }
        let done = |world: &Self| world.with(name, |server| server.carry_out(self.run));
        let mut ways = vec![
            (done(self), TriggerAnswer::Accepted),
            // Accepted, and never carried out: a disabled job.
            (self.clone(), TriggerAnswer::Accepted),
            (self.clone(), TriggerAnswer::Refused(why())),
        ];
        if let Some(lost) = self.spend(|spite| &mut spite.losses) {
            let late = lost.with(name, |server| server.late = Some(Late { run: self.run, last_chance: false }));
            ways.extend([done(&lost), late, lost].map(|world| (world, TriggerAnswer::Unknown(why()))));
        }
        ways.into_iter().map(|(world, answer)| (world, Sight::Trigger(answer))).collect()
    }

    fn set(&self, name: &ServerName, open: bool) -> Vec<(Self, Sight)> {
        let unknown = || Sight::Gate(Seen::Unknown(Why::new("lost")));
        let Some(door) = self.servers[name].door.filter(|_| self.servers[name].up) else {
            return vec![(self.clone(), unknown())];
        };
        let done = |world: &Self| {
            let door = Door { open: if door.stuck { door.open } else { open }, ..door };
            (world.with(name, |server| server.door = Some(door)), door.open)
        };
        let (world, is_open) = done(self);
        let mut ways = vec![(world, Sight::Gate(Seen::Known(is_open)))];
        if let Some(lost) = self.spend(|spite| &mut spite.losses) {
            ways.push((done(&lost).0, unknown()));
            ways.push((lost, unknown()));
        }
        ways
    }

    /// What a new process reads before it begins.
    pub(crate) fn inventory(&self) -> Inventory {
        let view = |(name, server): (&ServerName, &Server)| ServerView {
            server: name.clone(),
            version: None,
            jobs: self.ask(name, |server| vec![job(server)]),
            groups: self.ask(name, groups),
            logs: BTreeMap::from([(server.job.clone(), self.ask(name, logs))]),
            destinations: self.ask(name, |server| vec![destination(server)]),
            forks: self.ask(name, |_| Some(1)),
            gate: Seen::Unknown(Why::new("not asked")),
        };
        Inventory { servers: self.servers.iter().map(view).collect() }
    }
}

/// The name of an execution's group.
pub(crate) fn group_id(index: usize) -> GroupId {
    format!("g{index}").parse().unwrap()
}

/// The name of an execution's log.
pub(crate) fn log_id(index: usize) -> LogId {
    format!("l{index}").parse().unwrap()
}

/// The groups that a server lists, this job's and the foreign one.
fn groups(server: &Server) -> Vec<Group> {
    let mut listed = Vec::new();
    if let Some(good) = server.old {
        listed.push(group("old".parse().unwrap(), &server.job, finished(good), Some("lold".parse().unwrap())));
    }
    for (index, execution) in server.executions.iter().enumerate().filter(|(_, execution)| execution.listed) {
        let (status, log) = match execution.stage {
            Stage::Hidden => continue,
            Stage::Pending => (GroupStatus::Pending, None),
            Stage::Writing => (GroupStatus::Started, Some(log_id(index))),
            Stage::Over { good } => (finished(good), Some(log_id(index))),
        };
        listed.push(group(group_id(index), &server.job, status, log));
    }
    if server.foreign != Foreign::None {
        listed.push(group("foreign".parse().unwrap(), &"other".parse().unwrap(), GroupStatus::Started, None));
    }
    listed
}

fn finished(good: bool) -> GroupStatus {
    if good { GroupStatus::Completed } else { GroupStatus::Failed }
}

fn group(id: GroupId, job: &JobId, status: GroupStatus, log: Option<LogId>) -> Group {
    Group { id, job: Some(job.clone()), created: None, status, log, percent: None, execution_time: None }
}

fn logs(server: &Server) -> Vec<Log> {
    let log = |id, status| Log { id, job: Some(server.job.clone()), started: None, ended: None, status };
    let recorded = |good| if good { LogStatus::Completed } else { LogStatus::Failed };
    let old = server.old.map(|good| log("lold".parse().unwrap(), recorded(good)));
    let executions = server.executions.iter().enumerate().filter_map(|(index, execution)| {
        let status = match execution.stage {
            Stage::Hidden | Stage::Pending => return None,
            Stage::Writing => LogStatus::Processing,
            Stage::Over { good } => recorded(good),
        };
        Some(log(log_id(index), status))
    });
    old.into_iter().chain(executions).collect()
}

fn job(server: &Server) -> Job {
    Job {
        id: server.job.clone(),
        name: "job".to_owned(),
        kind: 1,
        contains: None,
        destinations: vec![NAS.parse().unwrap()],
        disabled: false,
        running: None,
        schedules: Some(0),
        next_run: None,
    }
}

fn destination(server: &Server) -> Destination {
    let disabled = server.door.is_some_and(|door| !door.open);
    Destination { id: NAS.parse().unwrap(), name: "NAS".to_owned(), kind: "SSH".to_owned(), disabled }
}
