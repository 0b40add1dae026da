//! What is remembered, for people: the run in progress, what is open, and each job.

use super::held;
use super::page::Page;
use super::sheet::Sheet;
use super::style::Tone;
use super::symbol;
use super::table::{Fit, Table};
use super::when::{about, ago, duration};
use super::words::{self, count};
use crate::clock::{Timestamp, elapsed};
use crate::execute::journal::{Phase, Running};
use crate::printable::printable;
use crate::state::{JobRecord, Run, State};

/// Everything but the history.
#[must_use]
pub fn show(state: &State, now: Timestamp, page: &Page) -> String {
    let mut sheet = Sheet::new(page);
    match &state.run {
        Some(run) => show_run(run, now, page, &mut sheet),
        None => sheet.heading("No run in progress"),
    }
    show_opened(state, &mut sheet);
    show_holds(state, now, page, &mut sheet);
    show_jobs(state, now, &mut sheet);
    sheet.gap();
    if state.serial == 0 {
        // Never written: it has no name yet.
        return sheet.finish();
    }
    sheet.toned(Tone::Quiet, &format!("State {}, serial {}.", printable(&state.lineage), state.serial));
    sheet.finish()
}

/// The addresses of the jobs that are remembered, one a line.
#[must_use]
pub fn list(state: &State) -> String {
    let mut list = String::new();
    for address in state.records().keys() {
        list.push_str(&address.to_string());
        list.push('\n');
    }
    list
}

fn show_run(run: &Run, now: Timestamp, page: &Page, sheet: &mut Sheet) {
    sheet.heading(&format!("Run {} has not ended", run.id));
    let begun = page.zone.near(run.started, now);
    let changed = ago(run.journal.at, now);
    let total = run.queue.items.len();
    let done = run.queue.items.iter().filter(|item| run.journal.outcome(&item.address).is_some()).count();
    sheet.paragraph(&format!(
        "Begun {begun} ({}), {done} of {} done, last change {changed}. If no `jbr apply` is at it, the next one decides whether to go on with it.",
        ago(run.started, now),
        count(total, "job"),
    ));
    if let Some(waiting) = &run.journal.waiting {
        let text = format!(
            "waiting since {} ({}) for {}",
            page.zone.near(waiting.since, now),
            duration(elapsed(waiting.since, now)),
            words::wait_for(&waiting.reason, page.zone)
        );
        sheet.item(2, symbol::ATTENTION, &text);
    }
    for (server, since) in &run.journal.unreachable {
        let text = format!("{server} has not answered since {} ({})", page.zone.near(*since, now), ago(*since, now));
        sheet.item(2, symbol::UNREAD, &text);
    }
    for server in &run.journal.busy {
        sheet.item(
            2,
            symbol::ATTENTION,
            &format!("{server} ran a backup that jbr did not start when it was seen last"),
        );
    }
    sheet.gap();
    sheet.table(items(run, now, page));
    for overlap in &run.journal.overlaps {
        let ((first, first_group), (second, second_group)) = (&overlap.first, &overlap.second);
        let at = page.zone.near(overlap.at, now);
        let text = format!(
            "wrote at the same time, seen at {at}: {first} (group {first_group}) and {second} (group {second_group})"
        );
        sheet.item(2, symbol::ATTENTION, &text);
    }
}

fn items(run: &Run, now: Timestamp, page: &Page) -> Table {
    let mut table =
        Table::new(&[("job", Fit::Wrap), ("phase", Fit::Whole), ("since", Fit::Whole), ("for", Fit::Right)]);
    for item in &run.queue.items {
        let phase = run.journal.phase(&item.address);
        let (since, length) = match phase {
            Phase::Queued | Phase::Preparing => (None, None),
            Phase::Triggered(triggered) => (Some(triggered.at), Some(elapsed(triggered.at, now))),
            Phase::Running(running) => (Some(running.since), Some(elapsed(running.since, now))),
            Phase::Confirming(confirming) => (Some(confirming.ended), Some(elapsed(confirming.ended, now))),
            Phase::Done(outcome) => (outcome.started, outcome.started.map(|started| elapsed(started, outcome.ended))),
        };
        let since = since.map_or("–".to_owned(), |since| page.zone.near(since, now));
        let length = length.map_or("–".to_owned(), duration);
        table.row(words::phase_symbol(phase), [item.address.to_string(), words::phase_word(phase), since, length]);
        let triggers = run.journal.entries.get(&item.address).map_or(0, |entry| entry.triggers);
        if let Some(detail) = detail(phase, triggers) {
            table.note(detail);
        }
    }
    table
}

fn detail(phase: &Phase, triggers: u32) -> Option<String> {
    match phase {
        Phase::Queued => None,
        Phase::Preparing if triggers > 0 => Some(format!("triggered {} without effect", words::times(triggers))),
        Phase::Preparing => Some("what it needs open is being opened".to_owned()),
        Phase::Triggered(triggered) => {
            Some(format!("{}; no queue group of it was seen yet", words::answer(&triggered.answer)))
        }
        Phase::Running(running) => Some(running_detail(running)),
        Phase::Confirming(confirming) => {
            let said = match confirming.status {
                Some(status) => format!("its queue group {}", words::group_status(status)),
                None => "its queue group is not listed any more".to_owned(),
            };
            Some(format!("{said} (group {}); its log must still say how it ended", confirming.running.group))
        }
        Phase::Done(outcome) => (!outcome.note.is_empty()).then(|| printable(&outcome.note)),
    }
}

fn running_detail(running: &Running) -> String {
    let stop = running.stop.as_ref().map(|stop| {
        let unseen = if stop.unseen { ", and was not seen to: end it in JetBackup" } else { "" };
        format!("asked to stop {}{unseen}", words::times(stop.times))
    });
    let parts = [
        Some(format!("group {}", running.group)),
        running.adopted.then(|| "found under way".to_owned()),
        running.overdue.then(|| "longer than its timeout".to_owned()),
        running.released.then(|| "the queue goes on beside it".to_owned()),
        stop,
    ];
    parts.into_iter().flatten().collect::<Vec<String>>().join("; ")
}

fn show_opened(state: &State, sheet: &mut Sheet) {
    if state.opened().is_empty() {
        return;
    }
    sheet.heading("Open on the servers");
    for opened in state.opened() {
        let (symbol, text) = words::opened(opened);
        sheet.item(2, symbol, &text);
    }
}

fn show_holds(state: &State, now: Timestamp, page: &Page, sheet: &mut Sheet) {
    if state.holds.is_empty() {
        return;
    }
    sheet.heading("Held");
    for (address, hold) in &state.holds {
        let over = if hold.is_in_force(now) { "" } else { " (over; it goes at the next write)" };
        let symbol = if hold.is_in_force(now) { symbol::ATTENTION } else { symbol::DONE };
        sheet.item(2, symbol, &format!("{address}: {}{over}", held::by_hand(address, hold, page.zone, now)));
    }
}

fn show_jobs(state: &State, now: Timestamp, sheet: &mut Sheet) {
    let records = state.records();
    if records.is_empty() {
        sheet.gap();
        sheet.paragraph("No job has run yet.");
        return;
    }
    sheet.heading("Jobs");
    let mut table = Table::new(&[
        ("job", Fit::Wrap),
        ("last good", Fit::Right),
        ("last outcome", Fit::Whole),
        ("usually", Fit::Right),
        ("bad in a row", Fit::Right),
    ]);
    for (address, record) in &records {
        let last_good = record.last_success.map_or("never".to_owned(), |at| ago(at, now));
        let outcome = record.last_outcome.as_ref().map_or("–".to_owned(), |outcome| outcome.verdict.word());
        let usual = record.usual_duration().map_or("unknown".to_owned(), about);
        let bad = if record.failures_in_a_row == 0 { "–".to_owned() } else { record.failures_in_a_row.to_string() };
        table.row(record_symbol(record), [address.to_string(), last_good, outcome, usual, bad]);
    }
    sheet.table(table);
}

fn record_symbol(record: &JobRecord) -> char {
    record.last_outcome.as_ref().map_or(symbol::UNREAD, |outcome| words::verdict_symbol(outcome.verdict))
}
