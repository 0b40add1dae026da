//! A notice as one line of JSON, for a webhook (`"kind": "notice"` in `docs/json.md`).

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::notice::{Notice, What};
use crate::render::Summary;

/// The version of the shape, as of all that `jbr` prints.
const VERSION: u32 = 1;

/// The longest body, in bytes: as many jobs as fit into a mail, and a fraction of what the outbox keeps of one message.
const BODY_SIZE_MAX: usize = 256 * 1024;
/// What everything but the rows may need of it.
const FACTS_SIZE_MAX: usize = 16 * 1024;

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
    /// How many lines, or jobs of the summary, were left out because there were too many.
    left_out: usize,
    summary: Option<Box<RawValue>>,
}

/// The notice as a line of JSON, of [`BODY_SIZE_MAX`] at most: its facts stay, and of too many rows those that say least are left out.
pub(super) fn json(notice: &Notice<'_>, subject: &str) -> String {
    let (mut lines, mut left_out, mut run, mut summary) = (Vec::new(), 0, None, None);
    match &notice.what {
        What::RunEnded { summary: ended, quotes: _ } => {
            run = Some(ended.run.to_string());
            (summary, left_out) = short(ended);
        }
        What::Alarm { run: id, sentence } => {
            run = Some(id.to_string());
            lines.push(sentence.clone());
        }
        What::Stale(said) | What::NoRun { said } => {
            let fit = fitting(said.iter().map(String::len), BODY_SIZE_MAX - FACTS_SIZE_MAX);
            lines.extend_from_slice(&said[..fit]);
            left_out = said.len() - fit;
        }
        What::Test => {}
    }
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
        left_out,
        summary,
    };
    // Only a map with keys that are no text could fail, and there is none.
    serde_json::to_string(&json).unwrap_or_default()
}

/// How many of the first ones have so many bytes together at most, in quotes and with a comma.
fn fitting(sizes: impl Iterator<Item = usize>, mut left: usize) -> usize {
    sizes.take_while(|size| left.checked_sub(size + 3).inspect(|rest| left = *rest).is_some()).count()
}

/// The summary, without as many of its jobs as needed; and how many these are. What went well goes first, the last in the queue before the others.
fn short(summary: &Summary<'_>) -> (Option<Box<RawValue>>, usize) {
    let whole = summary.json();
    let raw = |text: String| RawValue::from_string(text).ok();
    if whole.len() <= BODY_SIZE_MAX - FACTS_SIZE_MAX {
        return (raw(whole), 0);
    }
    let total = summary.queue.items.len();
    let Ok(mut value) = serde_json::from_str::<Value>(&whole) else { return (None, total) };
    let Some(jobs) = value.get_mut("jobs").and_then(Value::as_array_mut) else { return (None, total) };
    let rows: Vec<String> = jobs.drain(..).map(|job| job.to_string()).collect();
    let is_good = |row: &usize| {
        let outcome = summary.queue.items.get(*row).and_then(|item| summary.journal.outcome(&item.address));
        outcome.is_some_and(|outcome| outcome.verdict.is_good() && !outcome.overdue)
    };
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(is_good);
    let facts = value.to_string().len();
    // Without any row it is still too long: then the line of text must do.
    let Some(left) = (BODY_SIZE_MAX - FACTS_SIZE_MAX).checked_sub(facts) else { return (None, total) };
    order.truncate(fitting(order.iter().map(|row| rows[*row].len()), left));
    order.sort_unstable();
    let kept = order.iter().filter_map(|row| serde_json::from_str(&rows[*row]).ok()).collect();
    value["jobs"] = Value::Array(kept);
    (raw(value.to_string()), rows.len() - order.len())
}
