//! What runs next, as far as the proposal says.

use crate::clock::Timestamp;
use crate::diff::Choice;
use crate::execute::journal::Phase;
use crate::forecast::Unknown;
use crate::names::JobAddress;
use crate::proposal::Proposal;
use crate::state::lock::Lock;

/// The job that is started next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// Which.
    pub job: JobAddress,
    /// When, or not before when; `None` where nobody knows. What is due in its turn is not foretold unless every server of the run was
    /// asked: what the others have before it would be left out.
    pub at: Option<Timestamp>,
    /// What it waits for.
    pub waits: Waits,
}

/// What the next job waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// Its turn in the run that a `jbr` is at.
    Turn,
    /// Its window.
    Window,
    /// The next `jbr apply`.
    Apply,
    /// Its last good backup to be old enough (`every`).
    Every,
}

/// What runs next of the jobs that were asked for; `None` where nothing is queued and nothing becomes due. `is_whole`: the proposal knows of
/// every server of the run that has not ended.
#[must_use]
pub fn next(
    proposal: &Proposal,
    lock: &Lock,
    is_whole: bool,
    is_asked_for: &dyn Fn(&JobAddress) -> bool,
) -> Option<Next> {
    let mut next = queued(proposal, lock, is_asked_for).or_else(|| due(proposal, is_asked_for))?;
    next.at = next.at.filter(|_| is_whole || next.waits != Waits::Turn);
    Some(next)
}

/// The first item of the queue that is neither done nor under way.
fn queued(proposal: &Proposal, lock: &Lock, is_asked_for: &dyn Fn(&JobAddress) -> bool) -> Option<Next> {
    let is_under_way = |address: &JobAddress| {
        let decisions = &proposal.diff.decisions;
        decisions.iter().any(|of| of.address == *address && matches!(of.verdict, Choice::Adopt { .. }))
    };
    let expected = proposal.forecast.items.iter().find(|expected| {
        let phase = proposal.journal.phase(&expected.address);
        matches!(phase, Phase::Queued | Phase::Preparing)
            && !is_under_way(&expected.address)
            && is_asked_for(&expected.address)
    })?;
    let item = proposal.queue.item(&expected.address)?;
    let at_an_opening = |start: Timestamp| {
        let mut openings = item.openings.iter().flatten();
        start > proposal.at && openings.any(|opening| opening.from == start)
    };
    let (job, at) = (expected.address.clone(), expected.start);
    let waits = match (at, lock) {
        (Some(start), _) if at_an_opening(start) => Waits::Window,
        (None, _) if expected.unknown == Some(Unknown::NoOpening) => Waits::Window,
        (_, Lock::Held(_)) => Waits::Turn,
        (_, Lock::Free) => Waits::Apply,
    };
    Some(Next { job, at: at.filter(|_| waits != Waits::Apply), waits })
}

/// The first job that `every` makes due.
fn due(proposal: &Proposal, is_asked_for: &dyn Fn(&JobAddress) -> bool) -> Option<Next> {
    let due = proposal.not_due().filter_map(|decision| match decision.verdict {
        Choice::Fresh { due, .. } => Some((due, &decision.address)),
        _ => None,
    });
    let (at, job) = due.filter(|(_, job)| is_asked_for(job)).min()?;
    Some(Next { job: job.clone(), at: Some(at), waits: Waits::Every })
}
