//! The API functions that change nothing (documented).

use serde_json::{Value, json};

use super::group::Group;
use super::listing::list;
use super::log::Log;
use super::query::Query;
use super::server::Server;
use crate::clock::Timestamp;

/// The `data` of an answer, or the message of a refusal.
pub(super) type Outcome = Result<Value, String>;

/// The refusal where an id leads to nothing (its wording is inferred).
pub(super) fn not_found(what: &str) -> String {
    format!("{what} not found")
}

impl Server {
    /// Answers a function that reads; `None` where there is no such function.
    pub(super) fn read(&self, function: &str, parameters: &Query, now: Timestamp) -> Option<Outcome> {
        let page = |key: &str, rows: Vec<Value>| Ok(list(key, rows, parameters, &self.dialect));
        let id = parameters.text("_id");
        Some(match function {
            "listBackupJobs" => page("jobs", self.jobs.iter().map(|job| self.job_row(job)).collect()),
            "getBackupJob" => self.job_of(id).map(|job| self.job_row(job)).ok_or_else(|| not_found("Backup job")),
            "listQueueGroups" => page("groups", self.group_rows(parameters.text("type"), now)),
            "getQueueGroup" => self.group(id, now).map(|group| {
                let mut row = self.group_row(group, now, false);
                if parameters.text("get_log_contents") == "1" {
                    row["log_contents"] = json!(self.log_text(group, now));
                }
                row
            }),
            "listQueueItems" => self
                .group(parameters.text("group_id"), now)
                .and_then(|group| page("items", self.queue_item_rows(group, now))),
            "listDestinations" => {
                page("destinations", self.destinations.iter().map(|one| self.destination_row(one)).collect())
            }
            "getDestination" => {
                self.destination_of(id).map(|one| self.destination_row(one)).ok_or_else(|| not_found("Destination"))
            }
            "listLogs" => page("logs", self.kept_logs(now).map(|log| self.log_row(log, now)).collect()),
            "getLog" => self.log(id, now).map(|log| self.log_row(log, now)),
            "listLogItems" => {
                self.log(parameters.text("log_id"), now).and_then(|log| page("items", self.log_item_rows(log)))
            }
            "getLogItem" => self.log(parameters.text("log_id"), now).and_then(|log| self.log_item(log, id)),
            "listSchedules" => page("schedules", self.schedule_rows()),
            "getSettingsPerformance" => Ok(json!({"backup_forks": self.forks, "restore_forks": 1, "system_forks": 2})),
            "getStatistics" => Ok(self.statistics()),
            _ => return None,
        })
    }

    /// The groups of one queue type, or of all where none is named (inferred).
    fn group_rows(&self, kind: &str, now: Timestamp) -> Vec<Value> {
        let wanted = |group: &&Group| kind.is_empty() || group.kind.to_string() == kind;
        self.queue(now).filter(wanted).map(|group| self.group_row(group, now, true)).collect()
    }

    fn group(&self, id: &str, now: Timestamp) -> Result<&Group, String> {
        self.queue(now).find(|group| group.id == id).ok_or_else(|| not_found("Queue group"))
    }

    fn kept_logs(&self, now: Timestamp) -> impl Iterator<Item = &Log> {
        self.logs.iter().filter(move |log| self.keeps_log(log, now))
    }

    fn log(&self, id: &str, now: Timestamp) -> Result<&Log, String> {
        self.kept_logs(now).find(|log| log.id == id).ok_or_else(|| not_found("Log"))
    }

    fn log_item(&self, log: &Log, id: &str) -> Outcome {
        self.log_item_rows(log).into_iter().find(|row| row["_id"] == id).ok_or_else(|| not_found("Log item"))
    }

    /// The schedules (documented, but for what is made up here: a schedule that fires once is monthly, on its day).
    fn schedule_rows(&self) -> Vec<Value> {
        let mut rows: Vec<Value> = Vec::new();
        for (job, schedule) in self.jobs.iter().flat_map(|job| job.schedules.iter().map(move |one| (job, one))) {
            let user = json!({"_id": job.id, "name": format!("Backup: {}", job.name)});
            let known = rows.iter_mut().find(|row| row["_id"] == schedule.id.as_str());
            if let Some(users) = known.and_then(|row| row["jobs"].as_array_mut()) {
                users.push(user);
                continue;
            }
            let (kind, kind_name, data) = schedule.rhythm();
            rows.push(json!({
                "_id": schedule.id,
                "name": format!("schedule {}", schedule.id),
                "type": kind,
                "type_name": kind_name,
                "type_data": data,
                "delay_type": 1,
                "delay_amount": 0,
                "delay": 0,
                "jobs": [user],
            }));
        }
        rows
    }

    fn statistics(&self) -> Value {
        let running = self.groups.iter().filter(|group| group.kind == 1 && group.is_running()).count();
        json!({"total_backup_jobs": self.jobs.len(), "total_backup_jobs_running": running})
    }
}
