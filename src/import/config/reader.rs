//! Values of a configuration, each with its place, so that every complaint names both.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::{Carried, Fate, Problem};
use crate::clock::spelled;
use crate::desired::JobKind;
use crate::import::json::Json;
use crate::import::yaml::{scalar, shown};
use crate::names::NameError;
use crate::plan::{self, Source};

/// How many problems are told; a file with more is not this kind of file.
const PROBLEMS_MAX: usize = 100;
/// Words in the names of keys whose values are never looked at.
const SECRET_WORDS: [&str; 6] = ["pass", "secret", "token", "private", "credential", "api_key"];

/// What was read so far.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) account: Vec<Carried>,
    pub(super) problems: Vec<Problem>,
}

impl Reader {
    pub(super) fn say(&mut self, key: &str, fate: Fate, words: String) {
        self.account.push(Carried { key: shown(key), fate, words });
    }

    pub(super) fn not_needed(&mut self, key: &str, why: &str) {
        self.say(key, Fate::NotNeeded, why.to_owned());
    }

    pub(super) fn unknown(&mut self, key: &str) {
        if is_secret(key) {
            self.secret(key);
        } else {
            self.say(key, Fate::Unknown, "the predecessor's manual does not name it; not carried over".to_owned());
        }
    }

    pub(super) fn secret(&mut self, key: &str) {
        let words = "a secret, and never copied: put it into a file that only root can read and refer to it as `file:/path`, or hand it to systemd and refer to it as `credential:NAME`";
        self.say(key, Fate::ToDo, words.to_owned());
    }

    pub(super) fn problem(&mut self, place: &str, what: &str, help: &str) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { place: shown(place), what: what.to_owned(), help: help.to_owned() });
        }
    }

    /// The complaint that a value is not what it should be. It names what kind of value it is and never the value: nobody knows what
    /// somebody put there.
    pub(super) fn odd(&mut self, place: &str, value: &Json, expected: &str) {
        self.problem(place, &format!("it is {}, not {expected}", value.noun()), &format!("write {expected} there"));
    }

    /// The keys of an object, those that say null left out: that is the predecessor's way to say that nothing is set.
    pub(super) fn entries<'a>(&mut self, place: &str, json: &'a Json) -> Vec<(&'a str, &'a Json)> {
        let Json::Map(map) = json else {
            let place = if place.is_empty() { "the whole file" } else { place };
            self.odd(place, json, "an object");
            return Vec::new();
        };
        for (number, (key, _)) in map.iter().enumerate() {
            if map[..number].iter().any(|(earlier, _)| earlier == key) {
                let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                self.problem(&place, "it stands twice, and only one of them can be meant", "take one of them out");
            }
        }
        map.iter().filter(|(_, value)| *value != Json::Null).map(|(key, value)| (key.as_str(), value)).collect()
    }

    pub(super) fn text(&mut self, place: &str, value: &Json) -> Option<String> {
        match value {
            Json::Text(text) => Some(text.clone()),
            other => {
                self.odd(place, other, "text");
                None
            }
        }
    }

    pub(super) fn flag(&mut self, place: &str, value: &Json) -> Option<bool> {
        match value {
            Json::Flag(flag) => Some(*flag),
            other => {
                self.odd(place, other, "true or false");
                None
            }
        }
    }

    pub(super) fn whole(&mut self, place: &str, value: &Json) -> Option<i64> {
        match value {
            Json::Whole(number) => Some(*number),
            other => {
                self.odd(place, other, "a whole number");
                None
            }
        }
    }

    /// Seconds within limits. What is outside is said and not carried over: the predecessor took it, so it is no mistake of the file.
    pub(super) fn seconds(&mut self, place: &str, value: &Json, limits: &RangeInclusive<i64>) -> Option<Duration> {
        let seconds = self.whole(place, value)?;
        if limits.contains(&seconds) {
            return seconds_of(seconds);
        }
        let [min, max] =
            [limits.start(), limits.end()].map(|limit| seconds_of(*limit).map(spelled).unwrap_or_default());
        self.say(
            place,
            Fate::ToDo,
            format!("{seconds} s is outside of jbr's limits, {min} to {max}; its default is used"),
        );
        None
    }

    pub(super) fn port(&mut self, place: &str, value: &Json, to: &str) -> Option<u16> {
        let port = self.whole(place, value)?;
        match u16::try_from(port) {
            Ok(port) if port != 0 => {
                self.say(place, Fate::Same, format!("{to}port"));
                Some(port)
            }
            _ => {
                self.problem(place, &format!("{port} is not a port"), "write a number from 1 to 65535");
                None
            }
        }
    }

    /// JetBackup's id, in the small letters in which JetBackup writes it.
    pub(super) fn id<T: FromStr<Err = NameError>>(&mut self, place: &str, value: &Json) -> Option<T> {
        let text = self.text(place, value)?.to_ascii_lowercase();
        let is_id = text.len() == 24 && text.bytes().all(|b| b.is_ascii_hexdigit());
        match text.parse() {
            Ok(id) if is_id => Some(id),
            _ => {
                let help =
                    "copy the `_id` from the server: `jetbackup5api -F listBackupJobs -O json`, or listDestinations";
                self.problem(place, &format!("\"{}\" is not a JetBackup id", shown(&text)), help);
                None
            }
        }
    }

    /// The type of a job. The predecessor took every word that it did not know for `other`.
    pub(super) fn kind(&mut self, place: &str, value: &Json) -> Option<JobKind> {
        let word = self.text(place, value)?.to_ascii_lowercase();
        let kinds = [JobKind::Accounts, JobKind::Directories, JobKind::Database, JobKind::Other];
        let known = kinds.into_iter().find(|kind| kind.word() == word);
        if known.is_none() {
            self.say(place, Fate::ToDo, format!("`{}` is no type of a plan; none is declared", shown(&word)));
        }
        known
    }

    /// A setting of a server by the plan's own rules, `host` or `user`.
    pub(super) fn setting(&mut self, place: &str, value: &Json, key: &str, to: &str) -> Option<String> {
        let text = self.text(place, value)?;
        if self.is_taken(place, key, &text) {
            self.say(place, Fate::Same, format!("{to}{key}"));
            return Some(text);
        }
        None
    }

    /// The path of a private key, by the plan's own rules.
    pub(super) fn key_file(&mut self, place: &str, value: &Json, to: &str) -> Option<PathBuf> {
        let text = self.text(place, value)?;
        if text.contains('\n') || text.contains("PRIVATE KEY") {
            self.problem(place, "it is the text of a key, not a path", "write the key into a file, and its path there");
            return None;
        }
        if !self.is_taken(place, "key", &text) {
            return None;
        }
        if text.starts_with('/') {
            self.say(place, Fate::Same, to.to_owned());
        } else {
            self.say(place, Fate::ToDo, format!("{to}, from the folder of the plan on: write the whole path"));
        }
        Some(PathBuf::from(text))
    }

    /// Whether a plan would take this value, asked of the one who decides: the smallest plan with it is loaded.
    fn is_taken(&mut self, place: &str, key: &str, text: &str) -> bool {
        let setting = match key {
            "host" => format!("host: {}", scalar(text)),
            other => format!("host: h, {other}: {}", scalar(text)),
        };
        let jobs = "jobs: [{ name: j, server: s, id: \"000000000000000000000000\" }]";
        let plan = format!("version: 1\nservers: {{ s: {{ {setting} }} }}\n{jobs}\n");
        match plan::load(&[Source { path: PathBuf::new(), text: plan }]) {
            Ok(_) => true,
            Err(findings) => {
                let (what, help) =
                    findings.first().map(|first| (first.message.as_str(), first.help.as_str())).unwrap_or_default();
                self.problem(place, &format!("a plan does not take it: {what}"), help);
                false
            }
        }
    }
}

/// Whether a key's name says that its value is a secret.
pub(super) fn is_secret(key: &str) -> bool {
    let name = key.rsplit('.').next().unwrap_or(key).to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// A number of seconds as a duration.
fn seconds_of(seconds: i64) -> Option<Duration> {
    u64::try_from(seconds).ok().map(Duration::from_secs)
}
