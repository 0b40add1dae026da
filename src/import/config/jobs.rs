//! `jobs`: what is run, and in which order.

use std::collections::BTreeMap;

use super::reader::Reader;
use super::{Conversion, Fate};
use crate::desired::JobKind;
use crate::import::json::Json;
use crate::import::yaml::shown;
use crate::import::{JobDraft, NameBook, Order};
use crate::names::{JobAddress, JobId, ServerName};

/// No plan takes a larger priority, or a smaller one than its negative.
const PRIORITY_MAX: i64 = 1_000_000;

impl Conversion {
    pub(super) fn jobs(&mut self, json: &Json) {
        let Json::List(jobs) = json else {
            self.reader.odd("jobs", json, "a list of jobs");
            return;
        };
        if jobs.is_empty() {
            self.reader.problem("jobs", "no job is declared", "jbr import needs at least one job");
        }
        let mut books: BTreeMap<ServerName, NameBook> = BTreeMap::new();
        for (number, job) in jobs.iter().enumerate() {
            self.job(&format!("jobs[{number}]"), job, &mut books);
        }
        let servers: Vec<&ServerName> = self.draft.jobs.iter().map(|job| &job.address.server).collect();
        let is_by_name = servers.is_sorted();
        let has_priorities = self.draft.jobs.iter().any(|job| job.priority != 0);
        let words = match (is_by_name, has_priorities) {
            (true, false) => return self.reader.say("jobs", Fate::Same, "jobs, in the same order".to_owned()),
            (false, false) => "jobs, in the order of the file; the predecessor ran server after server, by name",
            (_, true) => {
                "jobs, in the order of the file; `priority` counts over all servers here, and within its server there"
            }
        };
        self.reader.say("jobs", Fate::Changed, words.to_owned());
    }

    fn job(&mut self, path: &str, json: &Json, books: &mut BTreeMap<ServerName, NameBook>) {
        let reader = &mut self.reader;
        let entries = reader.entries(path, json);
        let of = |wanted: &str| entries.iter().find(|(key, _)| *key == wanted).map(|(_, value)| *value);
        for (key, _) in &entries {
            if !["job_id", "server", "label", "type", "priority"].contains(key) {
                reader.unknown(&format!("{path}.{key}"));
            }
        }
        for key in ["job_id", "server"] {
            if of(key).is_none() {
                reader.problem(path, &format!("it has no `{key}`"), "add it, or take the job out");
            }
        }
        let at = |key: &str| format!("{path}.{key}");
        let id = of("job_id").and_then(|value| reader.id::<JobId>(&at("job_id"), value));
        let server = of("server").and_then(|value| reader.text(&at("server"), value));
        let label = of("label").and_then(|value| reader.text(&at("label"), value)).unwrap_or_default();
        let kind = of("type").and_then(|value| reader.kind(&at("type"), value));
        let priority = of("priority").map_or(0, |value| priority(reader, &at("priority"), value));
        let (Some(id), Some(server)) = (id, server) else { return };
        let Some(name) = self.names.get(&server).cloned() else {
            let what = format!("no server is called \"{}\"", shown(&server));
            reader.problem(&at("server"), &what, "name one of `servers`, or take the job out");
            return;
        };
        let book = books.entry(name.clone()).or_default();
        let wanted = if label.trim().is_empty() { kind.map_or("", JobKind::word) } else { label.as_str() };
        let Ok(job) = book.job(wanted) else { return };
        let address = JobAddress { server: name, job };
        let left_out = self.ids.get(&id).map(|first| {
            let words = format!("{first} has the same id, and one backup must not be asked for twice");
            reader.say(&at("job_id"), Fate::ToDo, format!("left out: {words}"));
            words
        });
        if left_out.is_none() {
            self.ids.insert(id.clone(), address.clone());
            reader.say(path, Fate::Same, format!("{address}"));
        }
        let (order, notes) = (Order::default(), Vec::new());
        self.draft.jobs.push(JobDraft { address, id, label, kind, priority, order, notes, left_out });
    }
}

/// The priority, where a plan takes it; otherwise 0.
fn priority(reader: &mut Reader, at: &str, value: &Json) -> i64 {
    let priority = reader.whole(at, value).unwrap_or(0);
    if priority.abs() <= PRIORITY_MAX {
        return priority;
    }
    reader.say(at, Fate::ToDo, format!("beyond {PRIORITY_MAX}, which only the order needs; 0 is in the plan"));
    0
}
