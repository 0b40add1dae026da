//! What is said below an item: why it is queued or not, how far it is, and what should be known of it.

use super::super::tally::decision;
use super::super::when::{ago, duration, limit};
use super::super::{held, words};
use super::View;
use crate::clock::elapsed;
use crate::diff::{Choice, Decision};
use crate::execute::journal::Phase;
use crate::forecast::Unknown;
use crate::names::JobAddress;
use crate::printable::printable;
use crate::proposal::Proposal;
use crate::queue::{Gate, Item};
use crate::seen::Seen;

impl View<'_> {
    /// Why the item is queued, where that is not simply because the plan says so, and what should be known of it.
    pub(super) fn notes(&self, item: &Item) -> Vec<String> {
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
        let window = self.window_note(&item.address).filter(|_| phase.is_none());
        let (skipped, apart) = (self.skipped_note(&item.address), self.not_awaited_note(&item.address));
        [phase, decision, due, window, skipped, apart, self.streak(&item.address), gates]
            .into_iter()
            .flatten()
            .collect()
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
                let expected = self.proposal.forecast.item(address).and_then(|expected| expected.unknown.as_ref());
                let is_long = expected == Some(&Unknown::LongerThanEver);
                let long = if is_long { "; longer than it ever took, so nobody knows when it ends" } else { "" };
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
            | Choice::HeldBack { .. }
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
            Choice::Disabled
            | Choice::DestinationDisabled { .. }
            | Choice::Held { .. }
            | Choice::HeldBack { .. }
            | Choice::Missing { .. } => Some(format!("! {}", self.refusal(decision))),
        }
    }

    /// Why a job does not run, and what would make it.
    pub(super) fn refusal(&self, decision: &Decision) -> String {
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
            Choice::HeldBack { by } => {
                let why = what_it_waits_for(self.proposal, by);
                format!("comes after {by}, which {why}")
            }
            Choice::Missing { id } => format!("{server} has no backup job with the id {id}"),
            Choice::Unread { why } => format!("could not be read: {}", printable(why)),
            Choice::Run | Choice::Adopt { .. } => String::new(),
        }
    }

    /// What is not started for what it comes after.
    fn skipped_note(&self, address: &JobAddress) -> Option<String> {
        match self.proposal.forecast.item(address)?.unknown.as_ref()? {
            Unknown::Skipped(after) => Some(format!("! comes after {after}, which did not or will not end as it must")),
            Unknown::After(after) => Some(format!("! comes after {after}, which is not expected to start")),
            Unknown::NeverRan | Unknown::LongerThanEver | Unknown::Behind(_) | Unknown::NoOpening => None,
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
}

/// What a job waits for that others wait for.
fn what_it_waits_for(proposal: &Proposal, job: &JobAddress) -> &'static str {
    match decision(proposal, job).map(|decision| &decision.verdict) {
        Some(Choice::HeldBack { .. }) => "waits for one that is held",
        _ => "is held",
    }
}

fn gate_noun(gate: &Gate) -> String {
    match gate {
        Gate::Destination(id) => format!("destination {id}"),
        Gate::Job(_) => "the job".to_owned(),
    }
}
