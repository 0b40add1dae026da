//! A plan proposed from the predecessor's `config.json` (jetbackup-remote, up to 0.3): every key of it has a fate, and each fate is said.
//!
//! Secrets are read past: no text of this module holds one. Source of the keys: the predecessor's manual and its published
//! configuration.

mod notification;
mod reader;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::json::Json;
use super::yaml::{duration, shown};
use super::{Draft, Guard, JobDraft, Login, NameBook, Order, ServerDraft};
use crate::desired::JobKind;
use crate::names::{DestinationId, JobAddress, JobId, ServerName};
use reader::Reader;

/// No plan takes a larger priority, or a smaller one than its negative.
const PRIORITY_MAX: i64 = 1_000_000;

/// What became of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The key's path in the configuration.
    pub key: String,
    /// What became of it.
    pub fate: Fate,
    /// Where it is now, or why it is not.
    pub words: String,
}

/// What becomes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It means the same in the plan.
    Same,
    /// It is in the plan, or done anyway, and means something else.
    Changed,
    /// Nothing in `jbr` needs it.
    NotNeeded,
    /// A person has to do something.
    ToDo,
    /// `jbr` does not know it.
    Unknown,
}

/// What cannot be carried over as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: a key's path, or a line and column.
    pub place: String,
    /// What is wrong, printable.
    pub what: String,
    /// How to mend it.
    pub help: String,
}

/// A configuration as a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// The plan.
    pub draft: Draft,
    /// What became of each key, in the order of the file.
    pub account: Vec<Carried>,
}

/// Makes a plan of a configuration.
///
/// # Errors
/// Everything in it that cannot be carried over as it stands, in the order of the file; never an empty list.
pub fn convert(text: &str) -> Result<Converted, Vec<Problem>> {
    let json = Json::read(text).map_err(|error| {
        // serde's words name the kind of the mistake and never the text around it.
        let what = crate::printable::printable(error.to_string().split(" at line ").next().unwrap_or_default());
        let place = format!("line {}, column {}", error.line(), error.column());
        vec![Problem { place, what: format!("is not JSON: {what}"), help: "mend it there".to_owned() }]
    })?;
    let mut conversion = Conversion::default();
    conversion.top(&json);
    let Conversion { reader, draft, .. } = conversion;
    if reader.problems.is_empty() { Ok(Converted { draft, account: reader.account }) } else { Err(reader.problems) }
}

#[derive(Default)]
struct Conversion {
    reader: Reader,
    draft: Draft,
    names: BTreeMap<String, ServerName>,
    ids: BTreeMap<JobId, JobAddress>,
    opens_destinations: bool,
}

impl Conversion {
    fn top(&mut self, json: &Json) {
        let entries = self.reader.entries("", json);
        let of = |wanted: &str| entries.iter().find(|(key, _)| *key == wanted).map(|(_, value)| *value);
        // Read first: it says how a server's destination is declared.
        self.opens_destinations = matches!(of("destination"), Some(Json::Map(map)) if map.iter().any(|(key, value)| {
            key == "force_activate" && *value == Json::Flag(true)
        }));
        if let Some(servers) = of("servers") {
            self.server_names(servers);
        }
        for (key, value) in &entries {
            match *key {
                "ssh_key" => self.draft.login.key = self.reader.key_file("ssh_key", value, "defaults.server.key"),
                "servers" => self.servers(value),
                "jobs" => self.jobs(value),
                "orchestrator" => self.orchestrator(value),
                "destination" => self.destination(value),
                "notification" => notification::notification(&mut self.reader, &mut self.draft, value),
                other => self.reader.unknown(other),
            }
        }
        for (key, what) in [("servers", "no server is declared"), ("jobs", "no job is declared")] {
            if of(key).is_none() {
                self.reader.problem(key, what, "jbr import needs at least one of each");
            }
        }
        self.draft.head = head();
    }

    /// The names of the servers in the plan: jobs may stand before them.
    fn server_names(&mut self, json: &Json) {
        let mut book = NameBook::default();
        let Json::Map(map) = json else { return };
        let good: BTreeSet<&str> =
            map.iter().map(|(name, _)| name.as_str()).filter(|n| n.parse::<ServerName>().is_ok()).collect();
        for name in good {
            book.take(name);
        }
        for (name, _) in map {
            if let Ok(fresh) = name.parse().or_else(|_| book.server(name)) {
                self.names.insert(name.clone(), fresh);
            }
        }
    }

    fn servers(&mut self, json: &Json) {
        let entries = self.reader.entries("servers", json);
        if entries.is_empty() {
            self.reader.problem("servers", "no server is declared", "jbr import needs at least one server");
        }
        for (written, value) in entries {
            let path = format!("servers.{}", shown(written));
            let Some(name) = self.names.get(written).cloned() else { continue };
            let mut notes = Vec::new();
            if name.as_str() != written {
                let words = format!("`{}` is no name for a plan; it is called {name} there", shown(written));
                notes.push(format!("It was called {} in config.json", shown(written)));
                self.reader.say(&path, Fate::Changed, words);
            }
            let mut server =
                ServerDraft { name, host: String::new(), login: Login::default(), guard: Guard::Everything, notes };
            self.server(&path, value, &mut server);
            self.draft.servers.push(server);
        }
    }

    fn server(&mut self, path: &str, json: &Json, server: &mut ServerDraft) {
        let reader = &mut self.reader;
        let entries = reader.entries(path, json);
        if !entries.iter().any(|(key, _)| *key == "host") {
            reader.problem(path, "it has no `host`", "add the name or address of the server");
        }
        for (key, value) in entries {
            let at = format!("{path}.{key}");
            let to = format!("servers.{}.", server.name);
            match key {
                "host" => server.host = reader.setting(&at, value, "host", &to).unwrap_or_default(),
                "user" => server.login.user = reader.setting(&at, value, "user", &to),
                "port" => server.login.port = reader.port(&at, value, &to),
                "ssh_key" => server.login.key = reader.key_file(&at, value, &format!("{to}key")),
                "ssh_timeout" => {
                    let limits = 1..=600;
                    server.login.connect_timeout = reader.seconds(&at, value, &limits).inspect(|limit| {
                        reader.say(
                            &at,
                            Fate::Changed,
                            format!(
                                "{to}connect_timeout: {}; a call has a limit of its own (`command_timeout`, 2m)",
                                duration(*limit)
                            ),
                        );
                    });
                }
                "destination_id" => {
                    if let Some(id) = reader.id::<DestinationId>(&at, value) {
                        let keep_closed = self.opens_destinations;
                        let keep = if keep_closed {
                            ", with `keep: closed` because of destination.force_activate"
                        } else {
                            ""
                        };
                        reader.say(&at, Fate::Same, format!("{to}destination{keep}"));
                        server.guard = Guard::One { id, name: String::new(), keep_closed };
                    }
                }
                _ => reader.unknown(&at),
            }
        }
    }

    fn jobs(&mut self, json: &Json) {
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
        let priority = of("priority").and_then(|value| reader.whole(&at("priority"), value)).unwrap_or(0);
        let priority = if priority.abs() <= PRIORITY_MAX {
            priority
        } else {
            let words = format!("beyond {PRIORITY_MAX}, which only the order needs; 0 is in the plan");
            reader.say(&at("priority"), Fate::ToDo, words);
            0
        };
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

    fn orchestrator(&mut self, json: &Json) {
        let reader = &mut self.reader;
        for (key, value) in reader.entries("orchestrator", json) {
            let at = format!("orchestrator.{key}");
            match key {
                "poll_interval" => {
                    if let Some(poll) = reader.seconds(&at, value, &(1..=3600)) {
                        self.draft.run.push(("poll", duration(poll)));
                        reader.say(&at, Fate::Same, format!("run.poll: {}", duration(poll)));
                    }
                }
                "job_timeout" => {
                    if let Some(timeout) = reader.seconds(&at, value, &(1..=30 * 86_400)) {
                        self.draft.timeout = Some(timeout);
                        let words = format!(
                            "defaults.job.timeout: {}; a backup that is overdue keeps its place until it ends. `on_timeout: release` goes on to the next job beside it, as the predecessor did",
                            duration(timeout)
                        );
                        reader.say(&at, Fate::Changed, words);
                    }
                }
                "startup_timeout" => {
                    if let Some(limit) = reader.seconds(&at, value, &(1..=86_400)) {
                        self.draft.run.push(("start_timeout", duration(limit)));
                        reader.say(&at, Fate::Same, format!("run.start_timeout: {}", duration(limit)));
                    }
                }
                "lock_file" => reader.not_needed(&at, "jbr's lock lies beside its state, which `--state` names"),
                "log_file" | "log_max_bytes" | "log_backup_count" => {
                    reader.not_needed(&at, "jbr logs to standard error, which systemd keeps in its journal");
                }
                _ => reader.unknown(&at),
            }
        }
    }

    fn destination(&mut self, json: &Json) {
        let reader = &mut self.reader;
        for (key, value) in reader.entries("destination", json) {
            let at = format!("destination.{key}");
            match key {
                "force_activate" => {
                    let Some(opens) = reader.flag(&at, value) else { continue };
                    let words = if opens {
                        "`keep: closed` of every server's destination"
                    } else {
                        "destinations are left as they are"
                    };
                    reader.say(&at, Fate::Same, words.to_owned());
                }
                "skip_if_disabled" => {
                    let Some(skips) = reader.flag(&at, value) else { continue };
                    let skipped = "a job whose destination is disabled is always skipped, and counted";
                    if skips {
                        reader.say(&at, Fate::Same, skipped.to_owned());
                    } else {
                        reader.say(&at, Fate::Changed, format!("{skipped}; `keep: closed` enables it"));
                    }
                }
                "alert_days_without_jobs" => {
                    if let Some(days) = reader.whole(&at, value) {
                        reader.say(
                            &at,
                            Fate::ToDo,
                            format!("declare `max_age: {days}d` for the jobs, and let `jbr check` watch it"),
                        );
                    }
                }
                _ => reader.unknown(&at),
            }
        }
    }
}

fn head() -> Vec<String> {
    [
        "Proposed by `jbr import` from a config.json of jetbackup-remote. Read it, mend it, then `jbr validate` and `jbr plan`.",
        "The predecessor disabled jobs and destinations between its runs. `jbr plan` says which of them are disabled: enable them, or declare `keep: disabled` for a job and `keep: closed` for a destination.",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// A number of seconds as a duration.
fn seconds_of(seconds: i64) -> Option<Duration> {
    u64::try_from(seconds).ok().map(Duration::from_secs)
}
