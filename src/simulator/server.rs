//! One simulated server: what it has, how it speaks, what will go wrong.

use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::account::Trigger;
use super::destination::Destination;
use super::dialect::Dialect;
use super::disaster::{Outage, Reboot};
use super::execution::Execution;
use super::fault::Rule;
use super::foreign::ForeignGroup;
use super::group::Group;
use super::invocation::Invocation;
use super::job::Job;
use super::log::Log;
use crate::clock::Timestamp;

/// One simulated server. Plain data: a test may change anything of it between two calls (`Fleet::change`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Server {
    /// Its name in the fleet.
    pub name: String,
    /// How far its clock is ahead of true time, in seconds; negative is behind. Everything that it shows is by its clock.
    pub skew_s: i64,
    /// How it speaks, and what it does where nobody knows.
    pub dialect: Dialect,
    /// `backup_forks`, 1 to 10: how many backups run at once on this server, and on this server only (documented).
    pub forks: usize,
    /// How long every answer takes.
    pub latency: Duration,
    /// Its backup jobs.
    pub jobs: Vec<Job>,
    /// Its destinations.
    pub destinations: Vec<Destination>,
    /// Its queue: waiting, running and finished groups, as they were made.
    pub groups: Vec<Group>,
    /// Its logs, as they were made.
    pub logs: Vec<Log>,
    /// What goes wrong at which call. The first rule that applies to a call decides; all count it.
    pub rules: Vec<Rule>,
    /// When it cannot be reached.
    pub outages: Vec<Outage>,
    /// Restarts to come.
    pub reboots: Vec<Reboot>,
    /// Groups that somebody else will cause.
    pub foreign: Vec<ForeignGroup>,
    /// When somebody runs the group again that ended last without completing (`rerunFailedQueueGroup`), if there is one.
    pub reruns: Vec<Timestamp>,
    /// Executions that were accepted and whose group cannot be seen yet.
    pub(super) coming: Vec<Coming>,
    /// Commands on their way.
    pub(super) late: Vec<Late>,
    /// Until when a restart takes.
    pub(super) up_at: Option<Timestamp>,
}

/// An execution that was accepted and whose group cannot be seen yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Coming {
    pub(super) at: Timestamp,
    pub(super) caused: Timestamp,
    pub(super) job: String,
    pub(super) trigger: Trigger,
    pub(super) execution: Execution,
}

/// A command that will be carried out although its caller has given up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Late {
    pub(super) at: Timestamp,
    pub(super) invocation: Invocation,
}

impl Server {
    /// A server with nothing but the built-in job "JetBackup Config" (type 3, documented), which writes nowhere until it is
    /// given a destination.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            skew_s: 0,
            dialect: Dialect::default(),
            forks: 1,
            latency: Duration::ZERO,
            jobs: vec![Job { contains: 0, ..Job::new("c0f100000000000000000000", "JetBackup Config").kind(3) }],
            destinations: Vec::new(),
            groups: Vec::new(),
            logs: Vec::new(),
            rules: Vec::new(),
            outages: Vec::new(),
            reboots: Vec::new(),
            foreign: Vec::new(),
            reruns: Vec::new(),
            coming: Vec::new(),
            late: Vec::new(),
            up_at: None,
        }
    }

    /// The same with one more job.
    #[must_use]
    pub fn job(mut self, job: Job) -> Self {
        self.jobs.push(job);
        self
    }

    /// The same with one more destination.
    #[must_use]
    pub fn destination(mut self, destination: Destination) -> Self {
        self.destinations.push(destination);
        self
    }

    /// The same with one more thing that goes wrong.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// The same with one more time in which it cannot be reached.
    #[must_use]
    pub fn outage(mut self, from: Timestamp, to: Timestamp) -> Self {
        self.outages.push(Outage { from, to });
        self
    }

    /// The same with one more restart.
    #[must_use]
    pub fn reboot(mut self, reboot: Reboot) -> Self {
        self.reboots.push(reboot);
        self
    }

    /// The same with one more group that somebody else causes.
    #[must_use]
    pub fn foreign(mut self, group: ForeignGroup) -> Self {
        self.foreign.push(group);
        self
    }

    /// The same with somebody who, at this moment, runs the group again that ended last without completing.
    #[must_use]
    pub fn rerun(mut self, at: Timestamp) -> Self {
        self.reruns.push(at);
        self
    }

    /// The same with another way to speak.
    #[must_use]
    pub fn dialect(self, dialect: Dialect) -> Self {
        Self { dialect, ..self }
    }

    /// The same with a clock that is this many seconds ahead; negative is behind.
    #[must_use]
    pub fn skew(self, skew_s: i64) -> Self {
        Self { skew_s, ..self }
    }

    /// The same with this many forks.
    #[must_use]
    pub fn forks(self, forks: usize) -> Self {
        Self { forks, ..self }
    }

    /// The same with answers that take this long.
    #[must_use]
    pub fn latency(self, latency: Duration) -> Self {
        Self { latency, ..self }
    }

    /// The job of this id.
    #[must_use]
    pub fn job_of(&self, id: &str) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id == id)
    }

    /// The destination of this id.
    #[must_use]
    pub fn destination_of(&self, id: &str) -> Option<&Destination> {
        self.destinations.iter().find(|destination| destination.id == id)
    }

    /// The queue groups of a job, as they were made.
    pub fn groups_of<'a>(&'a self, job: &'a str) -> impl Iterator<Item = &'a Group> {
        self.groups.iter().filter(move |group| group.job.as_deref() == Some(job))
    }

    pub(super) fn job_mut(&mut self, id: &str) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.id == id)
    }

    /// Whether a connection is refused at this moment.
    pub(super) fn is_down(&self, at: Timestamp) -> bool {
        self.is_restarting(at) || self.outages.iter().any(|outage| outage.covers(at))
    }

    pub(super) fn is_restarting(&self, at: Timestamp) -> bool {
        self.up_at.is_some_and(|up| at < up)
    }

    /// A moment as this server's clock shows it and its dialect writes it.
    pub(super) fn date(&self, at: Option<Timestamp>) -> Value {
        self.dialect.date(at.map(|at| self.shown(at)))
    }

    /// A moment by this server's clock.
    pub(super) fn shown(&self, at: Timestamp) -> Timestamp {
        let skew = TimeDelta::try_seconds(self.skew_s).unwrap_or_default();
        at.checked_add_signed(skew).unwrap_or(at)
    }

    /// Whether this group is still in the queue (unknown how long finished ones are kept).
    pub(super) fn keeps_group(&self, group: &Group, now: Timestamp) -> bool {
        let over = self.dialect.groups_kept.zip(group.ended());
        over.is_none_or(|(kept, ended)| now < crate::clock::later(ended, kept))
    }

    /// Whether this log still exists (documented: about 30 days).
    pub(super) fn keeps_log(&self, log: &Log, now: Timestamp) -> bool {
        log.ended.is_none_or(|ended| now < crate::clock::later(ended, self.dialect.logs_kept))
    }

    /// The kept groups at this moment.
    pub(super) fn queue(&self, now: Timestamp) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(move |group| self.keeps_group(group, now))
    }

    /// Whether the job has a group in the queue that is not finished.
    pub(super) fn is_under_way(&self, job: &str) -> bool {
        self.groups_of(job).any(Group::is_unfinished)
    }
}
