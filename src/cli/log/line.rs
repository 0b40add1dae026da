//! One line of the log: for people, or as JSON. Whatever servers say, it is one line that says who it is of.

use std::fmt::{self, Write as _};

use chrono::{Local, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, span};

use super::Format;
use crate::clock::Timestamp;
use crate::printable::printable;

/// The name of the field that holds a run's id.
const RUN: &str = "run";
/// The name of the field that holds an event of a run as JSON.
const EVENT: &str = "event";

/// The id of the run that a span is of.
#[derive(Clone)]
pub(super) struct RunOf(String);

impl RunOf {
    /// The run of a new span, if it is a run's.
    pub(super) fn of(attributes: &span::Attributes<'_>) -> Option<Self> {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        fields.run.map(Self)
    }
}

/// What is to be written.
pub(super) struct Line {
    at: Timestamp,
    pub(super) level: Level,
    pub(super) target: String,
    run: Option<RunOf>,
    /// Several lines, where several were said at once; each visible characters only.
    message: Vec<String>,
    event: Option<String>,
}

/// As `docs/logs.md` says.
#[derive(Serialize)]
struct LineJson<'a> {
    at: String,
    level: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a str>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a RawValue>,
}

impl Line {
    /// The line of an event.
    pub(super) fn of(event: &Event<'_>, run: Option<RunOf>) -> Self {
        let mut fields = Fields::default();
        event.record(&mut fields);
        // Colour is for terminals.
        let plain = anstream::adapter::strip_str(&fields.message).to_string();
        let metadata = event.metadata();
        Self {
            at: Utc::now(),
            level: *metadata.level(),
            target: metadata.target().to_owned(),
            run,
            message: plain.trim_end().lines().map(printable).collect(),
            event: fields.event,
        }
    }

    /// The text, with a line end.
    pub(super) fn text(&self, format: Format) -> String {
        match format {
            Format::Human => self.human(),
            Format::Json => self.json(),
        }
    }

    fn human(&self) -> String {
        let at = self.at.with_timezone(&Local).to_rfc3339_opts(SecondsFormat::Secs, false);
        let run = self.run.as_ref().map(|run| format!("{} ", run.0)).unwrap_or_default();
        let mut text = String::new();
        for line in &self.message {
            let _ = writeln!(text, "{at} {:>5} {run}{line}", self.level);
        }
        text
    }

    fn json(&self) -> String {
        let event = self.event.as_ref().and_then(|event| RawValue::from_string(event.clone()).ok());
        let line = LineJson {
            at: self.at.to_rfc3339_opts(SecondsFormat::Millis, true),
            level: word(self.level),
            run: self.run.as_ref().map(|run| run.0.as_str()),
            message: self.message.join("\n"),
            event: event.as_deref(),
        };
        // Texts and a value that is JSON already cannot fail to be written.
        serde_json::to_string(&line).map(|line| line + "\n").unwrap_or_default()
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warning",
        Level::INFO => "info",
        Level::DEBUG | Level::TRACE => "debug",
    }
}

/// The fields that mean something here.
#[derive(Default)]
struct Fields {
    message: String,
    run: Option<String>,
    event: Option<String>,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            RUN => self.run = Some(printable(value)),
            EVENT => self.event = Some(value.to_owned()),
            _ => self.record_debug(field, &format_args!("{value}")),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_line_and_json_is_json_whatever_is_in_it() {
        let hostile = "a\u{1b}[2Jb\u{202e}\"\\\u{0}\r{\"x\":1}\u{2028}\u{feff}";
        let line = Line {
            at: Timestamp::UNIX_EPOCH,
            level: Level::WARN,
            target: String::new(),
            run: Some(RunOf("20261123T020000Z-17".to_owned())),
            message: hostile.lines().map(printable).collect(),
            event: Some(r#"{"event":"started"}"#.to_owned()),
        };
        let human = line.text(Format::Human);
        assert_eq!(human.matches('\n').count(), 1, "{human:?}");
        assert!(human.trim_end().chars().all(|c| !c.is_control() && c != '\u{202e}' && c != '\u{2028}'), "{human:?}");
        let json = line.text(Format::Json);
        assert_eq!(json.matches('\n').count(), 1, "{json:?}");
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["level"], "warning");
        assert_eq!(value["run"], "20261123T020000Z-17");
        assert_eq!(value["event"]["event"], "started");
        assert!(value["message"].as_str().unwrap().starts_with("a\\u{1b}[2Jb\\u{202e}\""), "{json}");
    }
}
