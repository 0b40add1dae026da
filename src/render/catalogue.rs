//! `jbr list`: what is declared and what there is, side by side.

use serde::Serialize;

use super::json::{self, VERSION, time};
use super::page::Page;
use super::sheet::Sheet;
use super::symbol;
use super::table::{Fit, Table};
use super::words::{self, count};
use crate::catalogue::{Live, Row, Shelf, Target};
use crate::clock::Timestamp;
use crate::printable::printable;
use crate::seen::{Seen, Why};

/// Every server's jobs, for people.
#[must_use]
pub fn text(shelves: &[Shelf], now: Timestamp, page: &Page) -> String {
    let mut sheet = Sheet::new(page);
    for shelf in shelves {
        let in_plan = shelf.rows.iter().filter(|row| row.address.is_some()).count();
        let others = shelf.rows.len() - in_plan;
        let others =
            if matches!(shelf.jobs, Seen::Known(())) { format!(", {others} more there") } else { String::new() };
        sheet.heading(&format!("{}: {} in the plan{others}", shelf.server, count(in_plan, "job")));
        unread(shelf, &mut sheet);
        if !shelf.rows.is_empty() {
            sheet.table(table(shelf, now, page));
        }
    }
    sheet.finish()
}

fn unread(shelf: &Shelf, sheet: &mut Sheet) {
    let mut say = |what: &str, why: &Why| {
        let why = words::sentence(words::own_words(&shelf.server, &why.0));
        sheet.item(2, symbol::UNREAD, &format!("{what} could not be read: {why}"));
    };
    match (&shelf.jobs, &shelf.destinations) {
        (Seen::Unknown(why), _) => say("its jobs", why),
        (Seen::Known(()), Seen::Unknown(why)) => say("its destinations", why),
        (Seen::Known(()), Seen::Known(())) => {}
    }
}

fn table(shelf: &Shelf, now: Timestamp, page: &Page) -> Table {
    let mut table = Table::new(&[
        ("job", Fit::Wrap),
        ("in JetBackup", Fit::Cut),
        ("type", Fit::Whole),
        ("writes to", Fit::Cut),
        ("schedule", Fit::Whole),
    ]);
    for row in &shelf.rows {
        let address = row.address.as_ref().map_or("in no plan".to_owned(), ToString::to_string);
        let cells = |name: &str, kind: &str, targets: &str, schedule: &str| {
            [address.clone(), name.to_owned(), kind.to_owned(), targets.to_owned(), schedule.to_owned()]
        };
        match &row.live {
            Seen::Unknown(_) => table.row(symbol::UNREAD, cells("?", "?", "?", "?")),
            Seen::Known(None) => table.row(symbol::ERROR, cells("not there", "–", "–", "–")),
            Seen::Known(Some(live)) => {
                let targets: Vec<String> = live.destinations.iter().map(target).collect();
                let targets = if targets.is_empty() { "nothing named".to_owned() } else { targets.join(", ") };
                let schedule = schedule(live, now, page);
                table.row(sign(row, live), cells(&printable(&live.name), live.kind.word(), &targets, &schedule));
            }
        }
        table.note(note(row));
    }
    table
}

/// What is in no plan is to be looked at where it could write beside the queue.
fn sign(row: &Row, live: &Live) -> char {
    match row.address {
        Some(_) if live.disabled && row.keep_disabled => symbol::DONE,
        Some(_) if live.disabled => symbol::DIFFERS,
        Some(_) if live.scheduled == Some(true) => symbol::ATTENTION,
        None if live.writes.counts() && !live.disabled && !live.is_idle_config => symbol::ATTENTION,
        Some(_) | None => symbol::DONE,
    }
}

fn target(target: &Target) -> String {
    let name = target.name.as_ref().map_or(target.id.to_string(), |name| printable(name));
    if target.disabled == Some(true) { format!("{name} (disabled)") } else { name }
}

fn schedule(live: &Live, now: Timestamp, page: &Page) -> String {
    match (live.scheduled, live.next_run) {
        (Some(true), Some(next)) => format!("on, {}", page.zone.near(next, now)),
        (Some(true), None) => "on".to_owned(),
        (Some(false), _) => "off".to_owned(),
        (None, _) => "?".to_owned(),
    }
}

/// The id stands by itself, whole, because it is copied from here.
fn note(row: &Row) -> String {
    let disabled = matches!(&row.live, Seen::Known(Some(live)) if live.disabled);
    let disabled = match (disabled, row.keep_disabled) {
        (true, true) => ", disabled, as `keep: disabled` wants it between runs",
        (true, false) => ", disabled",
        (false, _) => "",
    };
    format!("id {}{disabled}", row.id)
}

/// The same as one line of JSON (`"kind": "list"` in `docs/json.md`).
#[must_use]
pub fn json(shelves: &[Shelf], now: Timestamp) -> String {
    let servers = shelves.iter().map(ShelfJson::from).collect();
    json::line(&ListJson { version: VERSION, kind: "list", at: time(now), servers })
}

#[derive(Serialize)]
struct ListJson {
    version: u32,
    kind: &'static str,
    at: String,
    servers: Vec<ShelfJson>,
}

#[derive(Serialize)]
struct ShelfJson {
    server: String,
    why: Option<String>,
    jobs: Vec<RowJson>,
}

impl From<&Shelf> for ShelfJson {
    fn from(shelf: &Shelf) -> Self {
        let why = [&shelf.jobs, &shelf.destinations].into_iter().find_map(|seen| match seen {
            Seen::Unknown(why) => Some(why.0.clone()),
            Seen::Known(()) => None,
        });
        Self { server: shelf.server.to_string(), why, jobs: shelf.rows.iter().map(RowJson::from).collect() }
    }
}

#[derive(Serialize)]
struct RowJson {
    job: Option<String>,
    id: String,
    declared: bool,
    there: Option<bool>,
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<&'static str>,
    destinations: Vec<TargetJson>,
    scheduled: Option<bool>,
    next_run: Option<String>,
    disabled: Option<bool>,
}

#[derive(Serialize)]
struct TargetJson {
    id: String,
    name: Option<String>,
    disabled: Option<bool>,
    guarded: bool,
}

impl From<&Row> for RowJson {
    fn from(row: &Row) -> Self {
        let (there, live) = match &row.live {
            Seen::Known(live) => (Some(live.is_some()), live.as_ref()),
            Seen::Unknown(_) => (None, None),
        };
        let targets = live.map(|live| live.destinations.iter().map(TargetJson::from).collect());
        Self {
            job: row.address.as_ref().map(ToString::to_string),
            id: row.id.to_string(),
            declared: row.address.is_some(),
            there,
            name: live.map(|live| live.name.clone()),
            kind: live.map(|live| live.kind.word()),
            destinations: targets.unwrap_or_default(),
            scheduled: live.and_then(|live| live.scheduled),
            next_run: live.and_then(|live| live.next_run).map(time),
            disabled: live.map(|live| live.disabled),
        }
    }
}

impl From<&Target> for TargetJson {
    fn from(target: &Target) -> Self {
        let Target { id, name, disabled, guarded } = target.clone();
        Self { id: id.to_string(), name, disabled, guarded }
    }
}
