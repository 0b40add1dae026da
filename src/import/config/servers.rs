//! `servers`: how each is reached, and what of it is guarded.

use std::collections::BTreeSet;

use super::{Conversion, Fate};
use crate::clock::spelled;
use crate::import::json::Json;
use crate::import::yaml::shown;
use crate::import::{Guard, Login, NameBook, ServerDraft};
use crate::names::{DestinationId, ServerName};

impl Conversion {
    /// The names of the servers in the plan: jobs may stand before them.
    pub(super) fn server_names(&mut self, json: &Json) {
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

    pub(super) fn servers(&mut self, json: &Json) {
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
                "user" | "ssh_key" | "destination_id" if value.is_empty_text() => reader.not_needed(&at, "it is empty"),
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
                                spelled(*limit)
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
}
