//! What would be done, for the person who approves it: how the run begins, the queue, what is not in it and why, and
//! what to look at.

mod total;

use std::collections::{BTreeMap, BTreeSet};

use super::page::Page;
use super::sheet::Sheet;
use super::symbol;
use super::table::{Fit, Table};
use super::tally::{Standing, Tally, decision, is_error, not_queued, standing};
use super::when::{about, ago, duration, limit};
use super::words;
use super::{held, queue_change, remark};
use crate::clock::elapsed;
use crate::diff::{Choice, Decision};
use crate::execute::journal::Phase;
use crate::execute::outcome::Outcome;
use crate::forecast::Expected;
use crate::names::{GroupId, JobAddress, ServerName};
use crate::printable::printable;
use crate::proposal::{Beginning, Interrupted, Proposal};
use crate::queue::place::Place;
use crate::queue::{Gate, Item};
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
    view.remarks(&mut sheet);
    view.opened(&mut sheet);
    view.errors(&mut sheet);
    view.total(&mut sheet);
    sheet.finish()
}

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
            Beginning::StartOver { old, too_old: true } => {
                (old, "it was interrupted, and is older than `run.resume_within` allows".to_owned())
            }
            Beginning::StartOver { old, too_old: false } => {
                (old, "it was interrupted, and `--fresh` asks to start over".to_owned())
            }
        };
        sheet.gap();
        let run = self.run(old);
        sheet.item(0, symbol::ATTENTION, &format!("Closes {run} as incomplete: {text}. Every job is queued anew."));
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
        for (number, expected) in self.proposal.expected.iter().enumerate() {
            let Some(item) = self.proposal.queue.item(&expected.address) else { continue };
            let cells = [
                (number + 1).to_string(),
                item.address.to_string(),
                self.live_name(&item.address),
                self.span(expected),
                expected.duration.map_or("unknown".to_owned(), about),
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

    /// `02:00 – 03:05`, as far as it is known.
    fn span(&self, expected: &Expected) -> String {
        let near = |at| self.page.zone.near(at, self.proposal.at);
        match (expected.start, expected.end) {
            (None, _) => "unknown".to_owned(),
            (Some(start), Some(end)) if end > start => format!("{} – {}", near(start), near(end)),
            (Some(start), _) => format!("{} – ?", near(start)),
        }
    }

    /// From the logs and what is remembered. Where no log was asked for, `jbr` speaks for itself alone.
    fn last_good(&self, address: &JobAddress) -> String {
        let is_measured = decision(self.proposal, address).is_some_and(|decision| decision.due.is_some());
        let remembered = || self.records.get(address).and_then(|record| record.last_success);
        let last = match self.proposal.histories.get(address).map(|history| &history.last_good) {
            Some(Seen::Known(last)) => *last,
            Some(Seen::Unknown(_)) if is_measured => return "unknown".to_owned(),
            Some(Seen::Unknown(_)) | None => remembered(),
        };
        last.map_or("never".to_owned(), |at| ago(at, self.proposal.at))
    }

    /// Why the item is queued, where that is not simply because the plan says so, and what should be known of it.
    fn notes(&self, item: &Item) -> Vec<String> {
        let phase = self.phase_note(&item.address);
        let due = decision(self.proposal, &item.address).filter(|_| phase.is_none()).and_then(|d| self.due_note(d));
        let decision = match decision(self.proposal, &item.address) {
            Some(decision) if phase.is_some() => self.beside_phase(decision),
            Some(decision) => self.decision_note(decision),
            None => Some("in no plan any more, or not asked for: seen to its end all the same".to_owned()),
        };
        let gates: Vec<String> = item.gates.iter().map(gate_noun).collect();
        let gates =
            (!gates.is_empty()).then(|| format!("enables {} for it, and disables it after", gates.join(" and ")));
        [phase, decision, due, self.streak(&item.address), gates].into_iter().flatten().collect()
    }

    fn phase_note(&self, address: &JobAddress) -> Option<String> {
        let near = |at| self.page.zone.near(at, self.proposal.at);
        let ran = |at| duration(elapsed(at, self.proposal.at));
        match self.proposal.journal.phase(address) {
            Phase::Queued | Phase::Preparing | Phase::Done(_) => None,
            Phase::Triggered(triggered) => Some(format!(
                "was triggered at {} ({}); what came of it is found out before anything else",
                near(triggered.at),
                words::answer(&triggered.answer)
            )),
            Phase::Running(running) => {
                let usual = self.records.get(address).and_then(JobRecord::usual_duration);
                let is_long = usual.is_some_and(|usual| elapsed(running.since, self.proposal.at) > usual);
                let long = if is_long { "; longer than usual, so the times below may be too early" } else { "" };
                let beside = if running.released { "; overdue, the queue goes on beside it" } else { "" };
                Some(format!(
                    "began {} ({} ago, group {}): watched to its end, not started again{long}{beside}",
                    near(running.since),
                    ran(running.since),
                    running.group
                ))
            }
            Phase::Confirming(confirming) => {
                Some(format!("was over at {}; JetBackup's log must still say how", near(confirming.ended)))
            }
        }
    }

    fn decision_note(&self, decision: &Decision) -> Option<String> {
        match &decision.verdict {
            Choice::Run => None,
            Choice::Adopt { group, status, percent } => {
                let percent = percent.map_or(String::new(), |percent| format!(", {percent} %"));
                let status = words::group_status(*status);
                Some(format!("{status} already (group {group}{percent}): watched to its end, not started again"))
            }
            // Why is said once, with the server and not with each of its jobs: see the remarks.
            Choice::Unread { why: _ } => Some(format!(
                "could not be read (why: see below); queued all the same, and skipped if {} cannot be asked for {}",
                decision.address.server,
                limit(self.proposal.queue.unreachable_wait)
            )),
            Choice::Disabled
            | Choice::DestinationDisabled { .. }
            | Choice::Fresh { .. }
            | Choice::Held { .. }
            | Choice::Missing { .. } => Some(self.refusal(decision)),
        }
    }

    /// Why `every` asks for a backup now.
    fn due_note(&self, decision: &Decision) -> Option<String> {
        let due = decision.due.as_ref().filter(|_| matches!(decision.verdict, Choice::Run | Choice::Unread { .. }))?;
        let every = limit(due.every);
        Some(match &due.last_good {
            Seen::Known(Some(at)) => {
                format!("due: its last good backup ended {}, and `every` is {every}", ago(*at, self.proposal.at))
            }
            Seen::Known(None) => "due: no good backup of it is known".to_owned(),
            // Said with the server already.
            Seen::Unknown(_) if matches!(decision.verdict, Choice::Unread { .. }) => {
                "taken for due: when its last good backup was is not known".to_owned()
            }
            Seen::Unknown(why) => {
                format!("taken for due: when its last good backup was is not known: {}", printable(&why.0))
            }
        })
    }

    /// What today's look at a job adds, where the run knows already that it is under way.
    fn beside_phase(&self, decision: &Decision) -> Option<String> {
        match &decision.verdict {
            Choice::Run | Choice::Fresh { .. } => None,
            Choice::Adopt { group: _, status, percent } => {
                let percent = percent.map_or(String::new(), |percent| format!(", {percent} %"));
                Some(format!("JetBackup: it {}{percent}", words::group_status(*status)))
            }
            Choice::Unread { why } => Some(format!("could not be read: {}; waited for without limit", printable(why))),
            Choice::Disabled | Choice::DestinationDisabled { .. } | Choice::Held { .. } | Choice::Missing { .. } => {
                Some(format!("! {}", self.refusal(decision)))
            }
        }
    }

    /// Why a job does not run, and what would make it.
    fn refusal(&self, decision: &Decision) -> String {
        let server = &decision.address.server;
        let (zone, now) = (self.page.zone, self.proposal.at);
        match &decision.verdict {
            Choice::Disabled => format!("disabled on {server}; enable it there, or declare `keep: disabled`"),
            Choice::DestinationDisabled { destination } => format!(
                "its destination {destination} is disabled on {server}; enable it there, or declare it with `keep: closed`"
            ),
            Choice::Fresh { last_good, due } => {
                let (at, due) = (zone.near(*last_good, now), zone.near(*due, now));
                format!("fresh: its last good backup ended {at} ({}); next due {due}", ago(*last_good, now))
            }
            Choice::Held { holds } => held::holds(&decision.address, holds, zone, now),
            Choice::Missing { id } => format!("{server} has no backup job with the id {id}"),
            Choice::Unread { why } => format!("could not be read: {}", printable(why)),
            Choice::Run | Choice::Adopt { .. } => String::new(),
        }
    }

    fn streak(&self, address: &JobAddress) -> Option<String> {
        let record = self.records.get(address)?;
        let last = record.last_outcome.as_ref()?;
        let since = ago(last.ended, self.proposal.at);
        match record.failures_in_a_row {
            0 => None,
            1 => Some(format!("! no good backup last time: {}, {since}", last.verdict.word())),
            more => Some(format!("! no good backup {more} times in a row; last: {}, {since}", last.verdict.word())),
        }
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

fn gate_noun(gate: &Gate) -> String {
    match gate {
        Gate::Destination(id) => format!("destination {id}"),
        Gate::Job(_) => "the job".to_owned(),
    }
}

fn took(outcome: &Outcome) -> String {
    outcome.started.map_or("–".to_owned(), |started| duration(elapsed(started, outcome.ended)))
}
