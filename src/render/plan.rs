//! What would be done, for the person who approves it: how the run begins, the queue, what is not in it and why, and
//! what to look at.

mod notes;
mod total;
mod windows;

pub use windows::nothing_begun;

use std::collections::{BTreeMap, BTreeSet};

use super::page::Page;
use super::sheet::Sheet;
use super::symbol;
use super::table::{Fit, Table};
use super::tally::{Standing, Tally, decision, is_error, not_queued, standing};
use super::when::{about, ago, duration};
use super::words;
use super::{queue_change, remark};
use crate::clock::elapsed;
use crate::execute::journal::Phase;
use crate::execute::outcome::Outcome;
use crate::forecast::{Expected, Unknown};
use crate::names::{GroupId, JobAddress, ServerName};
use crate::printable::printable;
use crate::proposal::{Because, Beginning, Interrupted, Proposal};
use crate::queue::place::Place;
use crate::seen::Seen;
use crate::state::{JobRecord, State};

/// The proposal as a page of text. `state` is the one that the proposal was made from.
#[must_use]
pub fn text(proposal: &Proposal, state: &State, page: &Page) -> String {
    let view = View { proposal, records: state.records(), tally: Tally::of(proposal), page };
    let mut sheet = Sheet::new(page);
    sheet.heading(&format!("Plan of {}", page.zone.with_offset(proposal.at)));
    view.beginning(&mut sheet);
    view.changes(&mut sheet);
    view.done(&mut sheet);
    view.queue(&mut sheet);
    view.not_queued(&mut sheet);
    view.warnings(&mut sheet);
    view.remarks(&mut sheet);
    view.opened(&mut sheet);
    view.errors(&mut sheet);
    view.total(&mut sheet);
    view.pause(&mut sheet);
    sheet.finish()
}

/// A page that is narrower than this has room for when an item begins, and not for when it ends.
const SPAN_WIDTH_MIN: usize = 72;

struct View<'a> {
    proposal: &'a Proposal,
    records: BTreeMap<JobAddress, JobRecord>,
    tally: Tally,
    page: &'a Page,
}

impl View<'_> {
    fn beginning(&self, sheet: &mut Sheet) {
        let (old, text) = match &self.proposal.beginning {
            Beginning::Fresh => return,
            Beginning::Resume(old) => {
                let left = self.tally.left();
                let (old_run, done) = (self.run(old), self.tally.done);
                sheet.gap();
                sheet.item(0, symbol::RUNS, &format!("Resumes {old_run}: {done} done, {left} left."));
                return;
            }
            Beginning::StartOver { old, because } => (old, why_over(because)),
        };
        sheet.gap();
        let run = self.run(old);
        let first = if old.left.is_empty() { "" } else { ", what was left first among its priority" };
        sheet.item(
            0,
            symbol::ATTENTION,
            &format!("Closes {run} as incomplete: {text}. Every job is queued anew{first}."),
        );
        if !old.left.is_empty() {
            let left: Vec<String> = old.left.iter().map(ToString::to_string).collect();
            sheet.item(2, symbol::ATTENTION, &format!("not done in it: {}", left.join(", ")));
        }
    }

    fn run(&self, old: &Interrupted) -> String {
        let begun = self.page.zone.near(old.started, self.proposal.at);
        format!("run {}, begun {begun} ({})", old.id, ago(old.started, self.proposal.at))
    }

    fn changes(&self, sheet: &mut Sheet) {
        let Beginning::Resume(old) = &self.proposal.beginning else { return };
        let now: Vec<JobAddress> = self.proposal.left().cloned().collect();
        let lines = queue_change::lines(&old.left, &now, self.page);
        if lines.is_empty() {
            return;
        }
        sheet.heading("What was left of it, against the queue below");
        for line in lines {
            sheet.line(&line);
        }
    }

    fn done(&self, sheet: &mut Sheet) {
        if self.tally.done == 0 {
            return;
        }
        sheet.heading("Done in this run already");
        let mut table =
            Table::new(&[("job", Fit::Wrap), ("outcome", Fit::Whole), ("took", Fit::Right), ("ended", Fit::Whole)]);
        for item in &self.proposal.queue.items {
            if standing(self.proposal, &item.address) != Standing::Done {
                continue;
            }
            let Some(outcome) = self.proposal.journal.outcome(&item.address) else { continue };
            let ended = self.page.zone.near(outcome.ended, self.proposal.at);
            let cells = [item.address.to_string(), outcome.verdict.word(), took(outcome), ended];
            table.row(words::verdict_symbol(outcome.verdict), cells);
            if !outcome.note.is_empty() {
                table.note(printable(&outcome.note));
            }
        }
        sheet.table(table);
    }

    fn queue(&self, sheet: &mut Sheet) {
        if self.tally.left() == 0 {
            return;
        }
        let is_filed = self.proposal.places.iter().all(|(_, place)| *place == Place::File);
        let order = if is_filed { "in the order of the plan" } else { "in this order" };
        sheet.heading(&format!("Queue: one backup at a time, {order}"));
        let mut table = Table::new(&[
            ("#", Fit::Right),
            ("job", Fit::Wrap),
            ("in JetBackup", Fit::Cut),
            ("expected", Fit::Whole),
            ("takes", Fit::Right),
            ("last good", Fit::Right),
        ]);
        for (number, expected) in self.proposal.forecast.items.iter().enumerate() {
            let Some(item) = self.proposal.queue.item(&expected.address) else { continue };
            let cells = [
                (number + 1).to_string(),
                item.address.to_string(),
                self.live_name(&item.address),
                self.span(expected),
                expected.usual.map_or("unknown".to_owned(), |usual| about(usual.median)),
                self.last_good(&item.address),
            ];
            table.row(self.symbol(&item.address), cells);
            // Where nothing but the file decides, the heading has said it for all.
            if !is_filed && standing(self.proposal, &item.address) != Standing::Watch {
                table.note(self.place_note(&item.address));
            }
            for note in self.notes(item) {
                table.note(note);
            }
        }
        sheet.table(table);
    }

    /// Why it stands here.
    fn place_note(&self, address: &JobAddress) -> String {
        let place = self.proposal.places.iter().find(|(placed, _)| placed == address).map(|(_, place)| place);
        words::place(place.unwrap_or(&Place::TakenAlong))
    }

    fn symbol(&self, address: &JobAddress) -> char {
        match standing(self.proposal, address) {
            Standing::Start => symbol::WILL_RUN,
            Standing::Watch => symbol::RUNS,
            Standing::Unread => symbol::UNREAD,
            Standing::Done | Standing::LeftOut => symbol::DONE,
        }
    }

    fn live_name(&self, address: &JobAddress) -> String {
        let name = decision(self.proposal, address).and_then(|decision| decision.live_name.as_deref());
        name.map_or("?".to_owned(), printable)
    }

    /// `02:00 – 03:05`, as far as it is known; the end without its day where that is the beginning's.
    fn span(&self, expected: &Expected) -> String {
        let zone = self.page.zone;
        match (expected.start, expected.end, &expected.unknown) {
            (_, _, Some(Unknown::Skipped(_))) => "is skipped".to_owned(),
            (_, _, Some(Unknown::NoOpening)) => "no window".to_owned(),
            (None, ..) => "unknown".to_owned(),
            (Some(start), ..) if self.page.width < SPAN_WIDTH_MIN => zone.near(start, self.proposal.at),
            (Some(start), Some(end), _) if end > start => {
                format!("{} – {}", zone.near(start, self.proposal.at), zone.near(end, start))
            }
            (Some(start), ..) => format!("{} – ?", zone.near(start, self.proposal.at)),
        }
    }

    /// From the logs and what is remembered. Where no log was asked for, `jbr` speaks for itself alone. Unknown is not never.
    fn last_good(&self, address: &JobAddress) -> String {
        let is_measured = decision(self.proposal, address).is_some_and(|decision| decision.due.is_some());
        let silent = || "unknown".to_owned();
        let remembered = || self.records.get(address).and_then(|record| record.last_success);
        let last = match self.proposal.histories.get(address).map(|history| &history.last_good) {
            Some(Seen::Known(last)) => *last,
            Some(Seen::Unknown(_)) if is_measured => return silent(),
            Some(Seen::Unknown(_)) => return remembered().map_or_else(silent, |at| ago(at, self.proposal.at)),
            None => remembered(),
        };
        last.map_or("never".to_owned(), |at| ago(at, self.proposal.at))
    }

    fn not_queued(&self, sheet: &mut Sheet) {
        if self.tally.not_queued == 0 {
            return;
        }
        sheet.heading("Not queued");
        for decision in not_queued(self.proposal) {
            sheet.item(2, decision.verdict.symbol(), &format!("{}: {}", decision.address, self.refusal(decision)));
        }
    }

    fn remarks(&self, sheet: &mut Sheet) {
        if self.tally.remarks == 0 {
            return;
        }
        let queue = &self.proposal.queue;
        let context = remark::Context {
            own: own_groups(self.proposal),
            now: self.proposal.at,
            zone: self.page.zone,
            unreachable_wait: queue.unreachable_wait,
        };
        sheet.heading("To look at");
        let mut server = None;
        for remark in self.proposal.diff.remarks.iter().filter(|remark| !is_error(&remark.what)) {
            if server != Some(&remark.server) {
                sheet.line(&format!("  {}", remark.server));
                server = Some(&remark.server);
            }
            sheet.item(4, remark.what.symbol(), &context.sentence(remark));
        }
    }

    fn opened(&self, sheet: &mut Sheet) {
        if self.proposal.journal.opened.is_empty() {
            return;
        }
        sheet.heading("Open from an earlier run");
        for opened in &self.proposal.journal.opened {
            let (symbol, text) = words::opened(opened);
            sheet.item(2, symbol, &text);
        }
    }

    fn errors(&self, sheet: &mut Sheet) {
        if self.tally.errors == 0 {
            return;
        }
        sheet.heading("Errors: nothing starts until they are mended");
        for error in self.proposal.diff.errors() {
            sheet.item(2, symbol::ERROR, &error);
        }
    }
}

/// The queue groups that the run watches already. The comparison knows declared jobs only, so one whose job has left the plan is
/// somebody else's to it.
fn own_groups(proposal: &Proposal) -> BTreeSet<(ServerName, GroupId)> {
    let entries = proposal.journal.entries.iter();
    let groups = entries.filter_map(|(address, entry)| match &entry.phase {
        Phase::Running(running) => Some((address.server.clone(), running.group.clone())),
        Phase::Queued | Phase::Preparing | Phase::Triggered(_) | Phase::Confirming(_) | Phase::Done(_) => None,
    });
    groups.collect()
}

/// Why an interrupted run is closed.
pub(super) fn why_over(because: &Because) -> String {
    match because {
        Because::TooOld => "it was interrupted, and is older than `run.resume_within` allows".to_owned(),
        Because::Asked => "it was interrupted, and `--fresh` asks to start over".to_owned(),
        Because::DueAgain(job) => format!("it is not done, and {job}, which is, is due again by its `every`"),
    }
}

fn took(outcome: &Outcome) -> String {
    outcome.started.map_or("–".to_owned(), |started| duration(elapsed(started, outcome.ended)))
}
