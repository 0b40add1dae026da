//! What a server says of its jobs, groups, destinations and logs, field by field (documented, but for what is marked).

use serde_json::{Value, json};

use super::destination::Destination;
use super::group::Group;
use super::job::Job;
use super::log::Log;
use super::server::Server;
use crate::clock::{Timestamp, elapsed};

/// A terabyte, of which the simulated storage has two.
const TERABYTE: u64 = 1_000_000_000_000;

impl Server {
    pub(super) fn job_row(&self, job: &Job) -> Value {
        let running = self.groups_of(&job.id).any(|group| group.started().is_some() && group.is_unfinished());
        let list = |ids: &mut dyn Iterator<Item = &String>| self.dialect.list(ids.map(|id| json!(id)).collect());
        json!({
            "_id": job.id,
            "name": job.name,
            "type": job.kind,
            "contains": job.contains,
            "structure": 2,
            "destination": list(&mut job.destinations.iter()),
            "state": 1,
            // False until the group has started, which is up to two minutes after a trigger (production).
            "running": self.dialect.job_running.write(running),
            "disabled": self.dialect.job_disabled.write(job.disabled),
            "next_run": self.date(job.next_run()),
            "last_run": self.date(job.last_run),
            "last_completed": self.date(job.last_completed),
            "schedules": list(&mut job.schedules.iter().map(|schedule| &schedule.id)),
            "time": 0,
            "monitor": {"ranfor": 0, "notran": 0},
        })
    }

    /// A queue group. Older versions leave out `log_id`, `progress` or `data` (production).
    pub(super) fn group_row(&self, group: &Group, now: Timestamp, in_list: bool) -> Value {
        let items = group.execution.items;
        let completed = group.done_of(items, now);
        let mut row = json!({
            "_id": group.id,
            "created": self.date(Some(group.created)),
            "started": self.date(group.started()),
            "ended": self.date(group.ended()),
            "type": group.kind,
            "items": items,
            "items_completed": completed,
            "status": group.status(now),
            "status_time": self.date(Some(group.status_since())),
            "execution_time": group.executing(now).as_secs(),
            "log_file": format!("/usr/local/jetapps/var/log/jetbackup5/queue/{}.log", group.id),
            // Empty unless it is asked for.
            "log_contents": "",
        });
        if self.dialect.group_log_id.is_in(in_list) {
            row["log_id"] = json!(group.log.as_deref().unwrap_or_default());
        }
        if self.dialect.group_progress.is_in(in_list) {
            let percentage = group.done_of(100, now);
            row["progress"] = json!({"percentage": percentage, "total": items, "completed": completed});
        }
        if self.dialect.group_data.is_in(in_list) {
            row["data"] = group.data.clone();
        }
        row
    }

    /// The items of a group: each names the destinations that it is written to.
    pub(super) fn queue_item_rows(&self, group: &Group, now: Timestamp) -> Vec<Value> {
        let done = group.done_of(group.execution.items, now);
        let destinations: Vec<Value> = group.destinations.iter().map(|id| json!(id)).collect();
        let rows = (0..group.execution.items).map(|item| {
            let status = if item < done { 100 } else { group.status(now) };
            json!({
                "_id": format!("17e{:05x}{}", item & 0xf_ffff, group.id.get(8..).unwrap_or_default()),
                "group_id": group.id,
                "created": self.date(Some(group.created)),
                "status": status,
                "data": {"name": format!("account{item}"), "destinations": destinations},
            })
        });
        rows.collect()
    }

    pub(super) fn destination_row(&self, destination: &Destination) -> Value {
        let writes = |group: &Group| group.is_running() && group.destinations.contains(&destination.id);
        json!({
            "_id": destination.id,
            "name": destination.name,
            "type": destination.kind,
            "disabled": self.dialect.destination_disabled.write(destination.disabled),
            "disk_usage": {"usage": TERABYTE, "free": TERABYTE, "total": 2 * TERABYTE},
            "disk_limit": 95,
            "threads": 1,
            "running": self.groups.iter().any(writes),
        })
    }

    pub(super) fn log_row(&self, log: &Log, now: Timestamp) -> Value {
        json!({
            "_id": log.id,
            "start_time": self.date(Some(log.started)),
            "end_time": self.date(log.ended),
            "execution_time": elapsed(log.started, log.ended.unwrap_or(now)).as_secs(),
            "status": log.status,
            "type": log.kind,
            "info": {"ID": log.job, "Backup": log.name},
        })
    }

    pub(super) fn log_item_rows(&self, log: &Log) -> Vec<Value> {
        let rows = (0..log.items).map(|item| {
            json!({
                "_id": format!("106{:05x}{}", item & 0xf_ffff, log.id.get(8..).unwrap_or_default()),
                "log_id": log.id,
                "status": log.status,
                "start_time": self.date(Some(log.started)),
                "end_time": self.date(log.ended),
                "info": {"Account": format!("account{item}")},
            })
        });
        rows.collect()
    }
}
