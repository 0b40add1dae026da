//! A proposal in numbers: the same ones for its text and its JSON.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::diff::{Choice, Decision, Notice};
use crate::execute::journal::Phase;
use crate::execute::outcome::Verdict;
use crate::forecast::Unknown;
use crate::names::JobAddress;
use crate::proposal::Proposal;

/// What a proposal would do with an item of its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Start it.
    Start,
    /// Watch what is under way, or find out what came of a trigger.
    Watch,
    /// Start it once its server can be asked.
    Unread,
    /// Nothing: it is done in the run that is resumed.
    Done,
    /// Nothing: it cannot run, and is recorded as skipped.
    LeftOut,
}

/// A proposal in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) to_start: usize,
    pub(super) to_watch: usize,
    pub(super) unread: usize,
    pub(super) done: usize,
    /// Everything that is not queued, what is fresh included.
    pub(super) not_queued: usize,
    /// What is not queued because it is fresh.
    pub(super) fresh: usize,
    /// What is not queued because it is held, or comes after what is.
    pub(super) held: usize,
    pub(super) errors: usize,
    pub(super) remarks: usize,
    pub(super) to_close: usize,
    /// How long all of it takes as far as that is known.
    pub(super) known: Duration,
    /// Items whose duration is not known.
    pub(super) untimed: usize,
    /// Items that are not expected to start.
    pub(super) stuck: usize,
    /// Items that run for longer than they ever did.
    pub(super) longer: usize,
    pub(super) warnings: usize,
    /// When the last item should end; `None` where that is not known.
    pub(super) end: Option<Timestamp>,
    /// When it should end if each takes as long as nine of ten did at most.
    pub(super) late_end: Option<Timestamp>,
}

impl Tally {
    /// Counts a proposal.
    pub(super) fn of(proposal: &Proposal) -> Self {
        let standings: Vec<Standing> =
            proposal.queue.items.iter().map(|item| standing(proposal, &item.address)).collect();
        let count = |wanted: Standing| standings.iter().filter(|standing| **standing == wanted).count();
        let expected = || proposal.forecast.items.iter().filter(|expected| expected.will_run());
        Self {
            to_start: count(Standing::Start),
            to_watch: count(Standing::Watch),
            unread: count(Standing::Unread),
            done: count(Standing::Done),
            not_queued: not_queued(proposal).count(),
            fresh: proposal.not_due().filter(|decision| matches!(decision.verdict, Choice::Fresh { .. })).count(),
            held: proposal.not_due().filter(|decision| decision.verdict.is_held()).count(),
            errors: proposal.diff.errors().count(),
            remarks: proposal.diff.remarks.iter().filter(|remark| !is_error(&remark.what)).count(),
            to_close: proposal.journal.opened.len(),
            known: proposal.forecast.busy(),
            untimed: expected().filter(|expected| expected.usual.is_none()).count(),
            stuck: proposal.forecast.items.len() - expected().count(),
            longer: expected().filter(|expected| expected.unknown == Some(Unknown::LongerThanEver)).count(),
            warnings: proposal.warnings.len(),
            end: proposal.forecast.end(),
            late_end: proposal.forecast.late_end(),
        }
    }

    /// The items that are not done.
    pub(super) fn left(&self) -> usize {
        self.to_start + self.to_watch + self.unread
    }
}

/// What a proposal would do with the item at an address.
pub(super) fn standing(proposal: &Proposal, address: &JobAddress) -> Standing {
    match proposal.journal.phase(address) {
        Phase::Done(outcome) if outcome.verdict == Verdict::Skipped && is_hindered(proposal, address) => {
            return Standing::LeftOut;
        }
        Phase::Done(_) => return Standing::Done,
        Phase::Triggered(_) | Phase::Running(_) | Phase::Confirming(_) => return Standing::Watch,
        Phase::Queued | Phase::Preparing => {}
    }
    match decision(proposal, address).map(|decision| &decision.verdict) {
        Some(Choice::Adopt { .. }) => Standing::Watch,
        Some(Choice::Unread { .. }) => Standing::Unread,
        Some(
            Choice::Run
            | Choice::Disabled
            | Choice::DestinationDisabled { .. }
            | Choice::Fresh { .. }
            | Choice::Held { .. }
            | Choice::HeldBack { .. }
            | Choice::Missing { .. },
        )
        | None => Standing::Start,
    }
}

fn is_hindered(proposal: &Proposal, address: &JobAddress) -> bool {
    decision(proposal, address).is_some_and(|decision| decision.verdict.hindrance().is_some())
}

/// The decision about a job that was asked for.
pub(super) fn decision<'a>(proposal: &'a Proposal, address: &JobAddress) -> Option<&'a Decision> {
    proposal.diff.decisions.iter().find(|decision| decision.address == *address)
}

/// The decisions because of which a job is not queued; errors are not among them.
pub(super) fn not_queued(proposal: &Proposal) -> impl Iterator<Item = &Decision> {
    let hindered = proposal.diff.decisions.iter().filter(|d| standing(proposal, &d.address) == Standing::LeftOut);
    hindered.chain(proposal.not_due())
}

/// Whether a notice is an error, and said among the errors.
pub(super) fn is_error(notice: &Notice) -> bool {
    match notice {
        Notice::DestinationMissing { .. } => true,
        Notice::Differs { .. }
        | Notice::Unmanaged { .. }
        | Notice::SeveralDestinations { .. }
        | Notice::Scheduled { .. }
        | Notice::Forks { .. }
        | Notice::Gate(_)
        | Notice::Foreign { .. }
        | Notice::Unread { .. } => false,
    }
}
