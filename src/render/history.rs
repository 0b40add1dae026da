//! The runs that are over, newest first.

use std::collections::BTreeMap;

use super::page::Page;
use super::sheet::Sheet;
use super::symbol;
use super::table::{Fit, Table};
use super::when::duration;
use super::words::{self, count};
use crate::clock::{Timestamp, elapsed};
use crate::execute::outcome::{Outcome, Verdict};
use crate::names::RunId;
use crate::printable::printable;
use crate::state::{RunEnd, RunRecord, State};

/// All remembered runs, one a line.
#[must_use]
pub fn history(state: &State, now: Timestamp, page: &Page) -> String {
    let mut sheet = Sheet::new(page);
    if state.history.is_empty() {
        sheet.paragraph("No run is over yet.");
        return sheet.finish();
    }
    let mut table =
        Table::new(&[("run", Fit::Whole), ("begun", Fit::Whole), ("took", Fit::Right), ("outcomes", Fit::Wrap)]);
    for run in state.history.iter().rev() {
        let begun = page.zone.near(run.started, now);
        table.row(run_symbol(run), [run.id.to_string(), begun, took(run), outcomes(run)]);
    }
    sheet.table(table);
    sheet.finish()
}

/// One run that is over, with each of its jobs; `None` if it is not remembered.
#[must_use]
pub fn run(state: &State, id: &RunId, now: Timestamp, page: &Page) -> Option<String> {
    let run = state.history.iter().find(|run| run.id == *id)?;
    let mut sheet = Sheet::new(page);
    sheet.heading(&format!("Run {}", run.id));
    let (begun, ended) = (page.zone.near(run.started, now), page.zone.near(run.ended, now));
    sheet.paragraph(&match run.end {
        RunEnd::Complete => format!("Begun {begun}, over {ended}, {}.", duration(elapsed(run.started, run.ended))),
        RunEnd::Incomplete => format!("Begun {begun}, interrupted, and closed as incomplete {ended}."),
    });
    sheet.gap();
    sheet.table(jobs(run, now, page));
    for overlap in &run.overlaps {
        let ((first, first_group), (second, second_group)) = (&overlap.first, &overlap.second);
        let text = format!(
            "wrote at the same time, seen at {}: {first} (group {first_group}) and {second} (group {second_group})",
            page.zone.near(overlap.at, now)
        );
        sheet.item(2, symbol::ATTENTION, &text);
    }
    sheet.gap();
    sheet.paragraph(&format!("{}: {}.", count(run.items.len(), "job"), outcomes(run)));
    Some(sheet.finish())
}

fn jobs(run: &RunRecord, now: Timestamp, page: &Page) -> Table {
    let mut table =
        Table::new(&[("job", Fit::Wrap), ("outcome", Fit::Whole), ("took", Fit::Right), ("ended", Fit::Whole)]);
    for (address, outcome) in &run.items {
        let (symbol, word, took, ended) = match outcome {
            Some(outcome) => (
                words::verdict_symbol(outcome.verdict),
                outcome.verdict.word(),
                outcome.started.map_or("–".to_owned(), |started| duration(elapsed(started, outcome.ended))),
                page.zone.near(outcome.ended, now),
            ),
            None => (symbol::ERROR, "not done".to_owned(), "–".to_owned(), "–".to_owned()),
        };
        table.row(symbol, [address.to_string(), word, took, ended]);
        if let Some(note) = outcome.as_ref().map(|outcome| &outcome.note).filter(|note| !note.is_empty()) {
            table.note(printable(note));
        }
    }
    table
}

/// How long the run took; one that was closed later took nobody knows how long.
fn took(run: &RunRecord) -> String {
    match run.end {
        RunEnd::Complete => duration(elapsed(run.started, run.ended)),
        RunEnd::Incomplete => "–".to_owned(),
    }
}

/// `6 completed, 1 failed, 2 not done; closed incomplete`.
fn outcomes(run: &RunRecord) -> String {
    let mut verdicts: BTreeMap<Verdict, usize> = BTreeMap::new();
    for outcome in run.items.iter().filter_map(|(_, outcome)| outcome.as_ref()) {
        *verdicts.entry(outcome.verdict).or_insert(0) += 1;
    }
    let mut parts: Vec<String> =
        verdicts.iter().map(|(verdict, count)| format!("{count} {}", verdict.word())).collect();
    let open = run.items.iter().filter(|(_, outcome)| outcome.is_none()).count();
    if open > 0 {
        parts.push(format!("{open} not done"));
    }
    if run.items.is_empty() {
        parts.push("nothing was run".to_owned());
    }
    if !run.overlaps.is_empty() {
        parts.push(count(run.overlaps.len(), "overlap"));
    }
    let closed = match run.end {
        RunEnd::Complete => "",
        RunEnd::Incomplete => "; closed as incomplete",
    };
    format!("{}{closed}", parts.join(", "))
}

/// The symbol of the worst that happened in the run.
fn run_symbol(run: &RunRecord) -> char {
    let outcomes: Vec<Option<&Outcome>> = run.items.iter().map(|(_, outcome)| outcome.as_ref()).collect();
    let is_bad = outcomes.iter().any(|outcome| outcome.is_none_or(|outcome| !outcome.verdict.is_good()));
    let is_doubtful = outcomes.is_empty()
        || !run.overlaps.is_empty()
        || outcomes.iter().flatten().any(|outcome| outcome.verdict != Verdict::Completed);
    match run.end {
        _ if is_bad => symbol::ERROR,
        RunEnd::Incomplete => symbol::ATTENTION,
        RunEnd::Complete if is_doubtful => symbol::ATTENTION,
        RunEnd::Complete => symbol::DONE,
    }
}
