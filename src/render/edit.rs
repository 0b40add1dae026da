//! What `jbr state rm` and `jbr state mv` change.

use serde::Serialize;

use super::json::{self, HoldJson, VERSION, time};
use super::page::Page;
use super::sheet::Sheet;
use super::symbol;
use super::when::ago;
use super::words::count;
use super::{held, state_json};
use crate::clock::Timestamp;
use crate::names::JobAddress;
use crate::state::{JobRecord, Remembered, State};

/// A change: a job is forgotten, or has another name.
pub struct Edit<'a> {
    /// The job, by its name until now.
    pub job: &'a JobAddress,
    /// Its name from now on; `None` if it is forgotten.
    pub to: Option<&'a JobAddress>,
    /// What is remembered of it until now.
    pub before: &'a Remembered,
    /// Whether the new name has a record as well, and the two become one.
    pub joins: bool,
}

/// What would be changed, and what stays.
#[must_use]
pub fn question(edit: &Edit, now: Timestamp, page: &Page) -> String {
    let mut sheet = Sheet::new(page);
    let Remembered { record, hold, runs, in_run } = edit.before;
    let goes = match edit.to {
        Some(to) => format!("{} is to be called {to}", edit.job),
        None => format!("To be forgotten: {}", edit.job),
    };
    sheet.heading(&goes);
    if let Some(record) = record {
        let joins = match edit.to {
            Some(to) if edit.joins => format!("; joined with that of {to}, of which the newer backup counts"),
            _ => String::new(),
        };
        sheet.item(2, symbol::DIFFERS, &format!("its record: {}{joins}", said(record, now)));
    }
    let runs = (*runs > 0).then(|| count(*runs, "run"));
    match (edit.to, hold) {
        (Some(_), Some(hold)) => {
            sheet.item(2, symbol::DIFFERS, &format!("its hold: {}", held::by_hand(edit.job, hold, page.zone, now)));
        }
        (None, Some(_)) => {
            let stays = format!("its hold stays; `jbr release {}` ends it", edit.job);
            sheet.item(2, symbol::DONE, &stays);
        }
        (_, None) => {}
    }
    match (edit.to, runs) {
        (Some(_), Some(runs)) => sheet.item(2, symbol::DIFFERS, &format!("its name in {runs} that are over")),
        (None, Some(runs)) => sheet.item(2, symbol::DONE, &format!("{runs} that are over keep it")),
        (_, None) => {}
    }
    if *in_run {
        let text = if edit.to.is_some() {
            "its name in the run that has not ended"
        } else {
            "it stays in the queue of the run that has not ended"
        };
        sheet.item(2, if edit.to.is_some() { symbol::DIFFERS } else { symbol::DONE }, text);
    }
    sheet.finish()
}

fn said(record: &JobRecord, now: Timestamp) -> String {
    let last_good =
        record.last_success.map_or("no good backup".to_owned(), |at| format!("last good backup {}", ago(at, now)));
    let last = record.last_outcome.as_ref().map_or(String::new(), |outcome| {
        format!(", last outcome {} {}", outcome.verdict.word(), ago(outcome.ended, now))
    });
    let durations = record.durations.len();
    let known = if durations == 0 { String::new() } else { format!(", {} measured", count(durations, "duration")) };
    format!("{last_good}{last}{known}")
}

/// What was changed, as one line of JSON (`"kind": "state_change"` in `docs/json.md`).
#[must_use]
pub fn json(edit: &Edit, after: &State, now: Timestamp) -> String {
    let Remembered { record, hold, runs, in_run } = edit.before;
    json::line(&EditJson {
        version: VERSION,
        kind: "state_change",
        at: time(now),
        change: if edit.to.is_some() { "mv" } else { "rm" },
        job: edit.job.to_string(),
        to: edit.to.map(ToString::to_string),
        joined: edit.joins,
        record: record.as_ref().map(|record| state_json::RecordJson::new(edit.job, record, now)),
        hold: hold.as_ref().map(HoldJson::from),
        runs: *runs,
        in_run: *in_run,
        serial: after.serial,
    })
}

#[derive(Serialize)]
struct EditJson {
    version: u32,
    kind: &'static str,
    at: String,
    change: &'static str,
    job: String,
    to: Option<String>,
    joined: bool,
    record: Option<state_json::RecordJson>,
    hold: Option<HoldJson>,
    runs: usize,
    in_run: bool,
    serial: u64,
}
