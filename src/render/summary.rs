//! How a run went, when its loop is over: every job with its outcome, what went wrong beside that, and what to do next.
//! Nothing looks good here that is not.

use std::collections::BTreeMap;

use super::page::Page;
use super::sheet::Sheet;
use super::style::Tone;
use super::symbol;
use super::table::{Fit, Table};
use super::when::{about, duration};
use super::words::{self, count};
use crate::clock::{Timestamp, elapsed};
use crate::execute::end::End;
use crate::execute::journal::{Journal, Phase};
use crate::execute::outcome::{Outcome, Verdict};
use crate::names::{JobAddress, RunId};
use crate::printable::printable;
use crate::proposal::Interrupted;
use crate::queue::{Item, Queue};

/// Everything that a summary is made from.
#[derive(Debug, Clone)]
pub struct Summary<'a> {
    /// The run.
    pub run: &'a RunId,
    /// When it was begun.
    pub started: Timestamp,
    /// The time now.
    pub now: Timestamp,
    /// What it ran.
    pub queue: &'a Queue,
    /// How far it is.
    pub journal: &'a Journal,
    /// How the loop ended.
    pub ending: Ending<'a>,
    /// The run that was closed as incomplete for this one to begin, with what it has missed; `None` if there is none, or it has missed nothing.
    pub closed: Option<&'a Interrupted>,
}

/// How a loop ended.
#[derive(Debug, Clone, Copy)]
pub enum Ending<'a> {
    /// By itself.
    Ended(&'a End),
    /// By an error: the state could not be stored, or a bug was noticed; with its text.
    Broken(&'a str),
}

impl Summary<'_> {
    /// The summary as a page of text.
    #[must_use]
    pub fn text(&self, page: &Page) -> String {
        let mut sheet = Sheet::new(page);
        sheet.heading(&self.title());
        if !self.queue.items.is_empty() {
            sheet.gap();
            sheet.table(self.table(page));
        }
        self.alarms(&mut sheet, page);
        self.total(&mut sheet);
        self.closed(&mut sheet);
        self.next_steps(&mut sheet);
        sheet.finish()
    }

    /// Which run, and how long it took.
    #[must_use]
    pub fn title(&self) -> String {
        format!("Run {}, {}", self.run, duration(elapsed(self.started, self.now)))
    }

    /// What [`Summary::text`] says below its table, for a reader who has another table.
    #[must_use]
    pub fn remainder(&self, page: &Page) -> String {
        let mut sheet = Sheet::new(page);
        self.alarms(&mut sheet, page);
        self.total(&mut sheet);
        self.closed(&mut sheet);
        self.next_steps(&mut sheet);
        sheet.finish()
    }

    /// The items with their outcomes, where they have one.
    pub(super) fn items(&self) -> impl Iterator<Item = (&Item, Option<&Outcome>)> {
        self.queue.items.iter().map(|item| (item, self.journal.outcome(&item.address)))
    }

    fn table(&self, page: &Page) -> Table {
        let mut table = Table::new(&[
            ("job", Fit::Wrap),
            ("outcome", Fit::Whole),
            ("took", Fit::Right),
            ("usually", Fit::Right),
            ("ended", Fit::Whole),
        ]);
        for (item, outcome) in self.items() {
            let phase = self.journal.phase(&item.address);
            let (took, ended) = match outcome {
                Some(outcome) => (took(outcome), page.zone.near(outcome.ended, self.now)),
                None => ("–".to_owned(), "–".to_owned()),
            };
            let usual = self.usual(&item.address).map_or("–".to_owned(), about);
            table.row(words::phase_symbol(phase), [item.address.to_string(), word(phase), took, usual, ended]);
            let why = outcome.map_or(String::new(), why);
            if !why.is_empty() {
                table.note(why);
            }
        }
        table
    }

    /// How long the job usually took before this run; `None` if nobody knows.
    #[must_use]
    pub fn usual(&self, address: &JobAddress) -> Option<std::time::Duration> {
        Some(self.queue.item(address)?.usual?.median)
    }

    fn alarms(&self, sheet: &mut Sheet, page: &Page) {
        if self.journal.opened.is_empty() && self.journal.overlaps.is_empty() {
            return;
        }
        sheet.heading("Needs attention");
        for opened in &self.journal.opened {
            let (symbol, text) = words::opened(opened);
            sheet.item(2, symbol, &text);
        }
        for overlap in &self.journal.overlaps {
            let ((first, first_group), (second, second_group)) = (&overlap.first, &overlap.second);
            let at = page.zone.near(overlap.at, self.now);
            let text = format!(
                "two backups wrote at the same time, seen at {at}: {first} (group {first_group}) and {second} (group {second_group})"
            );
            sheet.item(2, symbol::ATTENTION, &text);
        }
    }

    /// How many of each verdict, from the best to the worst.
    pub(super) fn verdicts(&self) -> BTreeMap<Verdict, usize> {
        let mut verdicts = BTreeMap::new();
        for outcome in self.items().filter_map(|(_, outcome)| outcome) {
            *verdicts.entry(outcome.verdict).or_insert(0) += 1;
        }
        verdicts
    }

    /// The items without an outcome.
    pub(super) fn open(&self) -> usize {
        self.items().filter(|(_, outcome)| outcome.is_none()).count()
    }

    fn total(&self, sheet: &mut Sheet) {
        let total = self.queue.items.len();
        let open = self.open();
        let verdicts = self.verdicts();
        let mut parts: Vec<String> =
            verdicts.iter().map(|(verdict, count)| format!("{count} {}", verdict.word())).collect();
        if open > 0 {
            parts.push(format!("{open} not done"));
        }
        sheet.gap();
        if total == 0 {
            sheet.toned(Tone::Heading, "Nothing was run: the queue is empty.");
            return;
        }
        let tone =
            if verdicts.keys().all(|verdict| verdict.is_good()) && open == 0 { Tone::Heading } else { Tone::Bad };
        sheet.toned(tone, &format!("{}: {}.", count(total, "job"), parts.join(", ")));
        let good = verdicts.iter().filter(|(verdict, _)| verdict.is_good()).map(|(_, count)| count).sum::<usize>();
        if good == 0 {
            sheet.toned(Tone::Bad, "Not one good backup was made.");
        }
    }

    /// What the run before could have begun and has not, and is not well done in this one either: nobody else would say that it is missing.
    pub fn missed_again(&self) -> impl Iterator<Item = &JobAddress> {
        let missed = self.closed.iter().flat_map(|closed| &closed.missed);
        missed.filter(|job| !self.journal.outcome(job).is_some_and(|outcome| outcome.verdict.is_good()))
    }

    fn closed(&self, sheet: &mut Sheet) {
        let Some(closed) = self.closed else { return };
        let names =
            |jobs: &mut dyn Iterator<Item = &JobAddress>| jobs.map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let missed = names(&mut closed.missed.iter());
        let mut text = format!("The run before, {}, was closed as incomplete. Not done in it: {missed}.", closed.id);
        let again = names(&mut self.missed_again());
        if !again.is_empty() {
            text = format!("{text} Nor well in this one: {again}.");
        }
        sheet.item(0, symbol::ATTENTION, &text);
    }

    fn next_steps(&self, sheet: &mut Sheet) {
        match self.ending {
            Ending::Ended(End::Complete) => {}
            Ending::Ended(End::Interrupted) => {
                sheet.item(0, symbol::ATTENTION, "Stopped as asked, before the end: `jbr apply` goes on from here.");
            }
            Ending::Ended(End::WindowClosed { opens }) => {
                let text = format!(
                    "What is left may not start now: {}. `jbr apply` goes on from here, within `run.resume_within`; after that it begins another run, what is left first.",
                    words::next_window(*opens, sheet.zone())
                );
                sheet.item(0, symbol::ATTENTION, &text);
            }
            Ending::Ended(End::Unsafe(why)) => {
                let text = format!(
                    "Stopped: it cannot be made sure that the storage is free: {}. See what runs with `jbr plan`; then `jbr apply` goes on from here.",
                    printable(why)
                );
                sheet.item(0, symbol::ERROR, &text);
            }
            Ending::Broken(why) => {
                let text = format!(
                    "Stopped by an error: {}. Once it is mended, `jbr apply` goes on from here.",
                    printable(why)
                );
                sheet.item(0, symbol::ERROR, &text);
            }
        }
        let in_flight = self.items().filter(|(item, _)| self.journal.phase(&item.address).is_in_flight());
        let in_flight: Vec<String> = in_flight.map(|(item, _)| item.address.to_string()).collect();
        if !in_flight.is_empty() {
            let text = format!(
                "Left alone on their servers, where they run on or may: {}. The next `jbr apply` watches them.",
                in_flight.join(", ")
            );
            sheet.item(0, symbol::RUNS, &text);
        }
        self.again(sheet);
    }

    /// The command that runs again what has no good backup; a run that is not complete is resumed first, so it says nothing there.
    fn again(&self, sheet: &mut Sheet) {
        let Ending::Ended(End::Complete) = self.ending else { return };
        let bad: Vec<&JobAddress> = self
            .items()
            .filter(|(_, outcome)| outcome.is_some_and(|outcome| !outcome.verdict.is_good()))
            .map(|(item, _)| &item.address)
            .collect();
        if bad.is_empty() {
            return;
        }
        let has_run = self.items().any(|(_, outcome)| {
            outcome.is_some_and(|outcome| !outcome.verdict.is_good() && outcome.verdict != Verdict::Skipped)
        });
        // JetBackup knows nothing of what was skipped: there the note says why.
        let why = if has_run { "JetBackup's log on each server says why. " } else { "" };
        sheet.paragraph(&format!("{why}To run again only what has no good backup:"));
        let mut command = "jbr apply".to_owned();
        for address in bad {
            command = format!("{command} --job {address}");
        }
        // In one piece, whatever the width: it is there to be copied.
        sheet.line(&format!("  {command}"));
    }
}

fn word(phase: &Phase) -> String {
    match phase {
        Phase::Queued | Phase::Preparing => "not done".to_owned(),
        Phase::Triggered(_) | Phase::Running(_) | Phase::Confirming(_) | Phase::Done(_) => words::phase_word(phase),
    }
}

/// Why it ended as it did, as far as anybody said, and where JetBackup's own log of it is; empty where there is nothing to say. What
/// stands in the log is not part of it: the mail quotes that by itself.
#[must_use]
pub fn why(outcome: &Outcome) -> String {
    let overdue = outcome.overdue.then(|| "took longer than its timeout".to_owned());
    let note = (!outcome.note.is_empty()).then(|| printable(&outcome.note));
    let log = outcome.log.as_ref().filter(|_| !matches!(outcome.verdict, Verdict::Completed | Verdict::Lost));
    let log = log.map(|log| format!("JetBackup's log {log}"));
    [overdue, note, log].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn took(outcome: &Outcome) -> String {
    outcome.started.map_or("–".to_owned(), |started| duration(elapsed(started, outcome.ended)))
}
