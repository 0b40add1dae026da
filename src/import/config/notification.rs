//! `notification`: the plan's `notify.email`, without the password. Where mail was switched off it stands there as comments.

use std::path::PathBuf;

use super::reader::{Reader, is_secret};
use super::{Fate, Json};
use crate::import::Draft;
use crate::import::yaml::{scalar, shown};
use crate::plan::{self, Source};

/// Where the plan looks for the password, until somebody says otherwise.
const PASSWORD: &str = "file:/etc/jbr/smtp-password";
/// The port on which mail is encrypted from the first byte on.
const TLS_PORT: u16 = 465;
/// What the predecessor took where nothing was said.
const HOST_DEFAULT: &str = "localhost";

/// What is known of the mail so far, each value one that a plan takes.
#[derive(Default)]
struct Mail {
    is_off: bool,
    to: Vec<String>,
    from: Option<String>,
    host: Option<String>,
    port: Option<u16>,
    is_encrypted: bool,
    user: Option<String>,
    has_password: bool,
    on: Vec<String>,
}

/// Says what became of the mail settings, and makes them the plan's.
pub(super) fn notification(reader: &mut Reader, draft: &mut Draft, json: &Json) {
    let mut mail = Mail::default();
    let entries = reader.entries("notification", json);
    // Read first: a login needs both, and encryption.
    mail.has_password = entries
        .iter()
        .any(|(key, value)| *key == "smtp_password" && matches!(value, Json::Text(text) if !text.is_empty()));
    for (key, value) in entries {
        mail.key(reader, key, value);
    }
    mail.write(reader, draft);
}

impl Mail {
    fn key(&mut self, reader: &mut Reader, key: &str, value: &Json) {
        let at = format!("notification.{key}");
        match key {
            "smtp_password" => self.password(reader, &at, value),
            _ if is_secret(key) => reader.secret(&at),
            "enabled" => {
                let Some(is_on) = reader.flag(&at, value) else { return };
                self.is_off = !is_on;
                let words = if is_on {
                    "notify.email is there"
                } else {
                    "notify.email is there as comments: mail was switched off"
                };
                reader.say(&at, Fate::Same, words.to_owned());
            }
            "smtp_tls" => {
                let Some(is_encrypted) = reader.flag(&at, value) else { return };
                self.is_encrypted = is_encrypted;
                reader.say(&at, Fate::Same, "notify.email.smtp.security".to_owned());
            }
            "smtp_port" => self.port = reader.port(&at, value, "notify.email.smtp."),
            "smtp_host" => {
                self.host = text(reader, &at, value, "smtp.host", |host| {
                    format!("to: a@b, from: a@b, smtp: {{ host: {host} }}")
                });
            }
            "smtp_user" => self.user(reader, &at, value),
            "from_address" => {
                self.from =
                    text(reader, &at, value, "from", |from| format!("to: a@b, from: {from}, smtp: {{ host: h }}"));
            }
            "to_addresses" => self.recipients(reader, &at, value),
            "on_failure" => self.switch(reader, &at, value, "failure"),
            "on_timeout" => self.switch(reader, &at, value, "timeout"),
            "on_partial" => self.switch(reader, &at, value, "partial"),
            "on_complete" => self.switch(reader, &at, value, "finished"),
            _ => reader.unknown(&at),
        }
    }

    fn password(&self, reader: &mut Reader, at: &str, value: &Json) {
        match value {
            Json::Text(_) if !self.has_password => reader.not_needed(at, "it is empty"),
            _ => {
                let words = format!(
                    "a secret, and never copied: write it into /etc/jbr/smtp-password (mode 600), where the plan looks for it (`password: {PASSWORD}`), or hand it to systemd and refer to it as `credential:NAME`"
                );
                reader.say(at, Fate::ToDo, words);
            }
        }
    }

    fn user(&mut self, reader: &mut Reader, at: &str, value: &Json) {
        if value.is_empty_text() {
            return reader.not_needed(at, "it is empty");
        }
        if !self.has_password {
            // Whatever its kind, it is looked at.
            if reader.text(at, value).is_some() {
                reader.say(at, Fate::NotNeeded, "without a password nobody logs in".to_owned());
            }
            return;
        }
        self.user = text(reader, at, value, "smtp.user", |user| {
            format!("to: a@b, from: a@b, smtp: {{ host: h, user: {user}, password: {PASSWORD} }}")
        });
    }

    fn recipients(&mut self, reader: &mut Reader, at: &str, value: &Json) {
        let Json::List(list) = value else { return reader.odd(at, value, "a list of addresses") };
        for (number, address) in list.iter().enumerate() {
            let address = text(reader, &format!("{at}[{number}]"), address, "to", |to| {
                format!("to: {to}, from: a@b, smtp: {{ host: h }}")
            });
            self.to.extend(address.filter(|address| !self.to.contains(address)));
        }
        reader.say(at, Fate::Same, "notify.email.to".to_owned());
    }

    fn switch(&mut self, reader: &mut Reader, at: &str, value: &Json, key: &str) {
        let Some(is_on) = reader.flag(at, value) else { return };
        self.on.push(format!("{key}: {is_on}"));
        reader.say(at, Fate::Same, format!("notify.email.on.{key}"));
    }

    /// The section, if there is enough for one.
    fn write(&self, reader: &mut Reader, draft: &mut Draft) {
        if self.from.is_none() && self.to.is_empty() && self.host.is_none() {
            return;
        }
        let (Some(from), false) = (&self.from, self.to.is_empty()) else {
            let words = "no `notify`: it needs a sender and a recipient that a plan takes";
            return reader.say("notification", Fate::ToDo, words.to_owned());
        };
        let host = self.host.as_deref().unwrap_or(HOST_DEFAULT);
        let mut smtp = vec![format!("host: {}", scalar(host))];
        smtp.extend(self.port.map(|port| format!("port: {port}")));
        smtp.push(format!("security: {}", self.security(reader)));
        if let Some(user) = &self.user {
            smtp.push(format!("user: {}, password: \"{PASSWORD}\"", scalar(user)));
        }
        let to: Vec<String> = self.to.iter().map(|to| scalar(to)).collect();
        let mut lines = vec![
            "notify:".to_owned(),
            "  email:".to_owned(),
            format!("    to: [{}]", to.join(", ")),
            format!("    from: {}", scalar(from)),
            format!("    smtp: {{ {} }}", smtp.join(", ")),
        ];
        if !self.on.is_empty() {
            lines.push(format!("    on: {{ {} }}", self.on.join(", ")));
        }
        let is_valid = load(&lines[1..].join("\n")).is_ok();
        let mark = if self.is_off || !is_valid { "# " } else { "" };
        if !is_valid {
            reader.say(
                "notification",
                Fate::ToDo,
                "`notify` is there as comments: together a plan does not take it".to_owned(),
            );
        }
        draft.notify = lines.into_iter().map(|line| format!("{mark}{line}")).collect();
    }

    fn security(&self, reader: &mut Reader) -> &'static str {
        match (self.is_encrypted, self.user.is_some()) {
            (true, _) if self.port == Some(TLS_PORT) => "tls",
            (true, _) => "starttls",
            (false, false) => "none",
            (false, true) => {
                let words =
                    "`security: starttls`: the predecessor sent the password without encryption, and jbr does not";
                reader.say("notification.smtp_tls", Fate::Changed, words.to_owned());
                "starttls"
            }
        }
    }
}

/// A text that a plan takes, asked of the one who decides: the smallest mail with it is loaded.
fn text(reader: &mut Reader, at: &str, value: &Json, to: &str, email: impl Fn(&str) -> String) -> Option<String> {
    let text = reader.text(at, value)?;
    if text.contains("://") || to == "smtp.host" && text.contains('@') {
        // An address with a login in it, perhaps.
        reader.secret(at);
        return None;
    }
    match load(&format!("  email: {{ {} }}", email(&scalar(&text)))) {
        Ok(()) => {
            // Each of several has its fate with the list.
            if !at.ends_with(']') {
                reader.say(at, Fate::Same, format!("notify.email.{to}"));
            }
            Some(text)
        }
        Err(what) => {
            reader.say(at, Fate::ToDo, format!("a plan does not take it: {}", shown(&what)));
            None
        }
    }
}

fn load(notify: &str) -> Result<(), String> {
    let jobs = "jobs: [{ name: j, server: s, id: \"000000000000000000000000\" }]";
    let text = format!("version: 1\nservers: {{ s: {{ host: h }} }}\n{jobs}\nnotify:\n{notify}\n");
    let loaded = plan::load(&[Source { path: PathBuf::new(), text }]);
    loaded.map(drop).map_err(|findings| findings.into_iter().next().map(|first| first.message).unwrap_or_default())
}
