//! A message that waits, as a file: what it says, and what came of the tries to send it. No secret is in it, and no address but those of a mail that
//! has not reached all of them.

use serde::{Deserialize, Serialize};

use super::message::{Message, Signal};
use super::reached::Reached;
use crate::clock::Timestamp;
use crate::printable::printable;

/// The version of the file; another one is a later `jbr`'s, and left alone.
const VERSION: u32 = 1;

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// When it was made.
    pub(super) made: Timestamp,
    /// What it says.
    pub(super) message: Message,
    /// How often it was tried.
    pub(super) tries: u32,
    /// What came of the last try.
    pub(super) last: Option<Try>,
    /// Of a mail that not all have got, whom it has reached.
    pub(super) reached: Reached,
}

/// A try that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Try {
    /// When.
    pub(super) at: Timestamp,
    /// Why, printable.
    pub(super) why: String,
    /// It was refused for good.
    pub(super) refused: bool,
    /// It was the login that was refused.
    pub(super) login: bool,
    /// The message itself may have been what was wrong.
    #[serde(default)]
    pub(super) is_own: bool,
}

/// Why a file is no message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// A later `jbr` wrote it, and will know what it is.
    Later,
    /// It is none, and why; printable.
    Damaged(String),
    /// The disk does not give it now, and why; printable. It may yet be one.
    NotNow(String),
}

/// What every version begins with.
#[derive(Deserialize)]
struct VersionJson {
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryJson {
    version: u32,
    made: Timestamp,
    tries: u32,
    last: Option<Try>,
    #[serde(default, skip_serializing_if = "Reached::is_nobody")]
    reached: Reached,
    message: MessageJson,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "channel", rename_all = "snake_case", deny_unknown_fields)]
enum MessageJson {
    Mail { subject: String, text: String, html: String },
    Ping { signal: SignalJson, body: String },
    Webhook { body: String, subject: String },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SignalJson {
    Start,
    Success,
    Failure,
}

impl Entry {
    pub(super) fn new(made: Timestamp, message: Message) -> Self {
        Self { made, message, tries: 0, last: None, reached: Reached::default() }
    }

    /// # Errors
    /// Never, as far as anybody knows.
    pub(super) fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        let message = match self.message.clone() {
            Message::Mail { subject, text, html } => MessageJson::Mail { subject, text, html },
            Message::Ping { signal, body } => {
                let signal = match signal {
                    Signal::Start => SignalJson::Start,
                    Signal::Success => SignalJson::Success,
                    Signal::Failure => SignalJson::Failure,
                };
                MessageJson::Ping { signal, body }
            }
            Message::Hook { body, subject } => MessageJson::Webhook { body, subject },
        };
        let Self { made, tries, last, reached, .. } = self.clone();
        serde_json::to_vec(&EntryJson { version: VERSION, made, tries, last, reached, message })
    }

    /// What a file holds. Whoever could write it could do worse, and yet nothing in it moves a cursor: it is shown.
    ///
    /// # Errors
    /// Why it is no message.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let damaged = |error: serde_json::Error| Unreadable::Damaged(printable(&error.to_string()));
        let VersionJson { version } = serde_json::from_slice(bytes).map_err(damaged)?;
        if version > VERSION {
            return Err(Unreadable::Later);
        }
        let read: EntryJson = serde_json::from_slice(bytes).map_err(damaged)?;
        let message = match read.message {
            MessageJson::Mail { subject, text, html } => Message::Mail { subject: printable(&subject), text, html },
            MessageJson::Ping { signal, body } => {
                let signal = match signal {
                    SignalJson::Start => Signal::Start,
                    SignalJson::Success => Signal::Success,
                    SignalJson::Failure => Signal::Failure,
                };
                Message::Ping { signal, body }
            }
            MessageJson::Webhook { body, subject } => Message::Hook { body, subject: printable(&subject) },
        };
        let last = read.last.map(|last| Try { why: printable(&last.why), ..last });
        Ok(Self { made: read.made, message, tries: read.tries, last, reached: read.reached })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_read() {
        let at: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
        let last = Some(Try { at, why: "no answer".into(), refused: false, login: true, is_own: false });
        for message in [
            Message::Mail { subject: "s".into(), text: "t\nu".into(), html: "<p>".into() },
            Message::ping(Signal::Failure, "facts"),
            Message::Hook { body: "{}".into(), subject: "s".into() },
        ] {
            let reached = Reached { taken: vec!["ops@example.com".to_owned()], ..Reached::default() };
            let entry = Entry { tries: 3, last: last.clone(), reached, ..Entry::new(at, message) };
            assert_eq!(Entry::decode(&entry.encode().unwrap()), Ok(entry));
        }
    }

    #[test]
    fn what_is_no_message_is_refused_and_what_is_shown_is_printable() {
        for bad in ["", "{", "[]", "{\"version\":1}", "null"] {
            assert!(Entry::decode(bad.as_bytes()).is_err(), "{bad}");
        }
        let json = r#"{"version":1,"made":"2026-11-23T02:00:00Z","tries":0,"last":null,"message":{"channel":"webhook","body":"x","subject":"a\u001b[2Jb"}}"#;
        assert_eq!(Entry::decode(json.as_bytes()).unwrap().message.title(), "a\\u{1b}[2Jb");
        let later = json.replace("\"version\":1", "\"version\":2");
        assert_eq!(Entry::decode(later.as_bytes()), Err(Unreadable::Later));
    }
}
