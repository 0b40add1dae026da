//! A notice as one line of JSON, for a webhook (`"kind": "notice"` in `docs/json.md`).

use serde::Serialize;
use serde_json::value::RawValue;

use super::notice::{Notice, What};

/// The version of the shape, as of all that `jbr` prints.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct NoticeJson<'a> {
    version: u32,
    kind: &'static str,
    notice: &'static str,
    causes: Vec<&'static str>,
    at: String,
    host: &'a str,
    /// The subject of a mail, which chats show.
    text: &'a str,
    run: Option<String>,
    lines: Vec<String>,
    summary: Option<Box<RawValue>>,
}

/// The notice as a line of JSON.
pub(super) fn json(notice: &Notice<'_>, subject: &str) -> String {
    let (run, lines, summary) = match &notice.what {
        What::RunEnded(summary) => {
            (Some(summary.run.to_string()), Vec::new(), RawValue::from_string(summary.json()).ok())
        }
        What::Alarm { run, sentence } => (Some(run.to_string()), vec![sentence.clone()], None),
        What::Stale(lines) | What::NoRun { said: lines } => (None, lines.clone(), None),
        What::Test => (None, Vec::new(), None),
    };
    let json = NoticeJson {
        version: VERSION,
        kind: "notice",
        notice: notice.cause().key(),
        causes: notice.causes.iter().map(|cause| cause.key()).collect(),
        at: notice.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        host: notice.host,
        text: subject,
        run,
        lines,
        summary,
    };
    // Only a map with keys that are no text could fail, and there is none.
    serde_json::to_string(&json).unwrap_or_default()
}
