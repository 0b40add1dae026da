//! A plan proposed from the predecessor's `config.json` (jetbackup-remote, up to 0.3): every key of it has a fate, and each fate is said.
//!
//! Secrets are read past: no text of this module holds one. Source of the keys: the predecessor's manual and its published
//! configuration.

mod jobs;
mod notification;
mod reader;
mod servers;
mod settings;

use std::collections::BTreeMap;

use super::Draft;
use super::json::Json;
use crate::names::{JobAddress, JobId, ServerName};
use reader::Reader;

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
                "ssh_key" if value.is_empty_text() => self.reader.not_needed("ssh_key", "it is empty"),
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
}

fn head() -> Vec<String> {
    [
        "Proposed by `jbr import` from a config.json of jetbackup-remote. Read it, mend it, then `jbr validate` and `jbr plan`.",
        "The predecessor disabled jobs and destinations between its runs. `jbr plan` says which of them are disabled: enable them, or declare `keep: disabled` for a job and `keep: closed` for a destination.",
    ]
    .map(str::to_owned)
    .to_vec()
}
