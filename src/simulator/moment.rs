//! One server at one moment, with the books of the fleet: the life of a queue group.

use std::time::Duration;

use serde_json::{Value, json};

use super::account::{Account, ExecutionEnd, Trigger, Write};
use super::dialect::{OnRunning, WhileDisabled};
use super::disaster::{LeftBehind, Reboot};
use super::execution::{Execution, LogSays};
use super::foreign::ForeignGroup;
use super::group::{Group, Phase};
use super::ids::Ids;
use super::log::{Log, PROCESSING, status_of};
use super::server::{Coming, Server};
use crate::clock::{Timestamp, later};

/// How soon a backup fails that finds all its destinations disabled (inferred).
const FAILS_AFTER: Duration = Duration::from_secs(3);

/// Aborted (vendor code).
pub(super) const ABORTED: i64 = 103;
/// Never finished (vendor code).
const NEVER_FINISHED: i64 = 104;

/// One server at one moment.
pub(super) struct Moment<'a> {
    pub(super) now: Timestamp,
    pub(super) server: &'a mut Server,
    pub(super) account: &'a mut Account,
    pub(super) ids: &'a mut Ids,
}

impl Moment<'_> {
    /// Accepts an execution of a job. Its group appears later (production).
    pub(super) fn accept(&mut self, job_id: &str, trigger: Trigger) {
        let now = self.now;
        let Some(job) = self.server.job_mut(job_id) else { return };
        let execution = job.take_execution();
        let at = later(now, execution.appears_after);
        self.server.coming.push(Coming { at, caused: now, job: job_id.to_owned(), trigger, execution });
    }

    /// A group appears, pending.
    pub(super) fn appear(&mut self, coming: Coming) {
        let Some(job) = self.server.job_of(&coming.job) else { return };
        // The vendor's rows name the job at `_id` for backups (production).
        let data = json!({"_id": job.id, "name": job.name});
        let destinations = job.destinations.clone();
        self.enqueue(1, Some(coming.job), data, coming.trigger, coming.execution, destinations);
        if let Some(group) = self.server.groups.last_mut() {
            group.caused = coming.caused;
        }
    }

    /// Somebody else's group appears, pending.
    pub(super) fn appear_foreign(&mut self, group: ForeignGroup) {
        self.enqueue(group.kind, None, group.data, Trigger::Foreign, group.execution, group.destinations);
    }

    fn enqueue(
        &mut self,
        kind: i64,
        job: Option<String>,
        data: Value,
        trigger: Trigger,
        execution: Execution,
        destinations: Vec<String>,
    ) {
        self.forget_old();
        let now = self.now;
        let ready = later(now, execution.starts_after);
        self.server.groups.push(Group {
            id: self.ids.group(),
            kind,
            job,
            data,
            created: now,
            caused: now,
            trigger,
            reruns: 0,
            execution,
            destinations,
            phase: Phase::Pending { since: now, ready },
            stops_at: None,
            log: None,
        });
    }

    /// A schedule of a job fires (documented: JetBackup has its own scheduler). A disabled job does not start (inferred); one
    /// that is under way starts a second time only where a trigger would do so.
    pub(super) fn fire(&mut self, job: usize, schedule: usize) {
        let restarting = self.server.is_restarting(self.now);
        let Some(job) = self.server.jobs.get_mut(job) else { return };
        let (id, disabled) = (job.id.clone(), job.disabled);
        if let Some(schedule) = job.schedules.get_mut(schedule) {
            schedule.fired(self.now);
        }
        let second = self.server.is_under_way(&id) && self.server.dialect.on_running != OnRunning::SecondGroup;
        if !(restarting || disabled || second) {
            self.accept(&id, Trigger::Schedule);
        }
    }

    /// A waiting group starts: `last_run` moves, a log appears, the destinations are written to.
    pub(super) fn start(&mut self, place: usize) {
        let now = self.now;
        let writable = self.writable(place);
        let Some(group) = self.server.groups.get_mut(place) else { return };
        if writable.is_empty() && !group.destinations.is_empty() {
            group.execution.runs = group.execution.runs.min(FAILS_AFTER);
            group.execution.status = 102;
        }
        group.phase = Phase::Running { since: now };
        let group = group.clone();
        for (destination, storage) in writable {
            self.account.writes.push(Write {
                server: self.server.name.clone(),
                job: group.job.clone(),
                group: group.id.clone(),
                destination,
                storage,
                trigger: group.trigger,
                from: now,
                to: None,
            });
        }
        self.open_log(place, &group);
        if let Some(job) = group.job.and_then(|id| self.server.job_mut(&id)) {
            job.last_run = Some(now);
        }
    }

    /// The destinations of a group that are written to, with their storage.
    fn writable(&self, place: usize) -> Vec<(String, String)> {
        let always = self.server.dialect.while_disabled == WhileDisabled::Writes;
        let Some(group) = self.server.groups.get(place) else { return Vec::new() };
        let known = group.destinations.iter().filter_map(|id| self.server.destination_of(id));
        known.filter(|d| always || !d.disabled).map(|d| (d.id.clone(), d.storage.clone())).collect()
    }

    fn open_log(&mut self, place: usize, group: &Group) {
        if group.execution.log == LogSays::Nothing {
            return;
        }
        let id = self.ids.log();
        let name = group.job.as_deref().and_then(|id| self.server.job_of(id)).map(|job| job.name.clone());
        self.server.logs.push(Log {
            id: id.clone(),
            kind: group.kind,
            job: group.job.clone(),
            name: name.unwrap_or_default(),
            started: self.now,
            ended: None,
            status: PROCESSING,
            items: group.execution.items,
        });
        if let Some(group) = self.server.groups.get_mut(place) {
            group.log = Some(id);
        }
    }

    /// A group ends with this status: so does its writing, its log says so, and `last_completed` moves whatever the status
    /// (production).
    pub(super) fn finish(&mut self, place: usize, status: i64) {
        let now = self.now;
        let Some(group) = self.server.groups.get_mut(place) else { return };
        let since = group.started();
        group.phase = Phase::Finished { since, at: now, status };
        group.stops_at = None;
        let group = group.clone();
        self.account.ends(&self.server.name, &group.id, now);
        let log = self.close_log(&group, status);
        let (server, id) = (self.server.name.clone(), group.id.clone());
        self.account.ends.push(ExecutionEnd { at: now, server, group: id, status, log });
        let completed = since.is_some() && status != NEVER_FINISHED;
        if let Some(job) = group.job.filter(|_| completed).and_then(|id| self.server.job_mut(&id)) {
            job.last_completed = Some(now);
        }
    }

    /// What the log says in the end, if there is one.
    fn close_log(&mut self, group: &Group, status: i64) -> Option<i64> {
        let log = self.server.logs.iter_mut().find(|log| Some(&log.id) == group.log.as_ref())?;
        log.ended = Some(self.now);
        log.status = match group.execution.log {
            LogSays::Instead(other) => other,
            LogSays::TheSame | LogSays::Nothing => status_of(status),
        };
        Some(log.status)
    }

    /// The server restarts: nothing that ran is alive, whatever its group says afterwards (unknown). Waiting groups wait on.
    pub(super) fn restart(&mut self, reboot: Reboot) {
        self.server.up_at = Some(reboot.up());
        self.account.went_wrong(match reboot.leaves {
            LeftBehind::NeverFinished => "reboot",
            LeftBehind::Stuck => "reboot_that_leaves_groups",
        });
        for place in 0..self.server.groups.len() {
            let Some(group) = self.server.groups.get_mut(place).filter(|group| group.is_running()) else { continue };
            match (reboot.leaves, group.started()) {
                (LeftBehind::Stuck, Some(since)) => {
                    group.phase = Phase::Stuck { since, at: self.now };
                    let id = group.id.clone();
                    self.account.ends(&self.server.name, &id, self.now);
                }
                _ => self.finish(place, NEVER_FINISHED),
            }
        }
    }

    /// A finished group goes back to pending under the same id (documented: `rerunFailedQueueGroup`).
    pub(super) fn rerun(&mut self, place: usize) {
        let now = self.now;
        let job = self.server.groups.get(place).and_then(|group| group.job.clone());
        let next = job.and_then(|id| self.server.job_mut(&id)).map(super::job::Job::take_execution);
        let Some(group) = self.server.groups.get_mut(place) else { return };
        group.execution = next.unwrap_or_else(|| group.execution.clone());
        group.trigger = Trigger::Rerun;
        group.reruns += 1;
        group.log = None;
        let waits = group.execution.appears_after.saturating_add(group.execution.starts_after);
        group.phase = Phase::Pending { since: now, ready: later(now, waits) };
    }

    /// Somebody runs the group again that ended last without completing; the server must still have it.
    pub(super) fn rerun_newest(&mut self) {
        let has_failed = |group: &Group| matches!(group.phase, Phase::Finished { status, .. } if status != 100);
        let groups = self.server.groups.iter().enumerate();
        let failed = groups.filter(|(_, group)| has_failed(group) && self.server.keeps_group(group, self.now));
        if let Some((place, _)) = failed.max_by_key(|(place, group)| (group.ended(), *place)) {
            self.account.went_wrong("rerun");
            self.rerun(place);
        }
    }

    /// What is no longer shown is no longer kept, so that weeks fit into memory.
    fn forget_old(&mut self) {
        let server = &mut *self.server;
        let mut groups = std::mem::take(&mut server.groups);
        groups.retain(|group| server.keeps_group(group, self.now));
        server.groups = groups;
        let mut logs = std::mem::take(&mut server.logs);
        logs.retain(|log| server.keeps_log(log, self.now));
        server.logs = logs;
    }
}
