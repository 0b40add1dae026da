//! Whether an item may start yet: its predecessors, the wait before another try, its windows.

use super::super::action::Action;
use super::super::end::End;
use super::super::event::Event;
use super::super::journal::{Phase, WaitReason};
use super::super::outcome::{Outcome, Verdict};
use super::{Machine, News};
use crate::clock::{Timestamp, elapsed, later};
use crate::desired::{After, RetryWhen, When};
use crate::names::JobAddress;
use crate::queue::Item;
use std::time::Duration;

/// The longest wait at a time for something that is hours away: connections are kept alive, and a signal is heard.
const AWAIT_MAX: Duration = Duration::from_secs(60);

/// When an item may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chance {
    /// Now.
    Now,
    /// Not before another try may be made.
    AfterWait(Timestamp),
    /// Not before a window opens.
    InWindow(Timestamp),
    /// In no window that the queue knows of.
    Never,
    /// When its predecessors are over.
    Behind,
}

/// When an item may start whose predecessors are over: by the wait before its next try, and by its windows. Never [`Chance::Behind`].
#[must_use]
pub fn chance(item: &Item, not_before: Option<Timestamp>, now: Timestamp) -> Chance {
    let ready = not_before.map_or(now, |at| at.max(now));
    let Some(openings) = &item.openings else {
        return if ready > now { Chance::AfterWait(ready) } else { Chance::Now };
    };
    let needed = item.fits.unwrap_or_default();
    let start = openings.iter().find_map(|opening| {
        let start = opening.from.max(ready);
        (start < opening.to && elapsed(start, opening.to) >= needed).then_some(start)
    });
    match start {
        None => Chance::Never,
        Some(start) if start <= now => Chance::Now,
        Some(start) if start == ready => Chance::AfterWait(start),
        Some(start) => Chance::InWindow(start),
    }
}

/// Whether an outcome is good enough for what comes after it.
#[must_use]
pub fn is_enough(when: When, verdict: Verdict) -> bool {
    match when {
        When::Success => verdict.is_good(),
        // Over is over: where its server is dead, healthy ones are not taken along.
        When::Finished => true,
    }
}

impl Machine<'_> {
    /// When a queued item may start.
    pub(super) fn chance(&self, item: &Item) -> Chance {
        if item
            .after
            .iter()
            .any(|after| self.queue.item(&after.job).is_some() && self.journal.outcome(&after.job).is_none())
        {
            return Chance::Behind;
        }
        let not_before = self.journal.entries.get(&item.address).and_then(|entry| entry.not_before);
        chance(item, not_before, self.now)
    }

    /// What comes after something that did not go well is not run; nor is what comes after that.
    pub(super) fn skip_what_cannot_follow(&mut self) {
        // In the queue's order, in which nothing stands before its predecessors.
        for item in &self.queue.items {
            if *self.journal.phase(&item.address) != Phase::Queued {
                continue;
            }
            if let Some(note) = item.after.iter().find_map(|after| self.why_not_after(after)) {
                self.done_without_run(&item.address, Verdict::Skipped, note);
            }
        }
    }

    fn why_not_after(&self, after: &After) -> Option<String> {
        let outcome = self.journal.outcome(&after.job).filter(|_| self.queue.item(&after.job).is_some())?;
        let word = outcome.verdict.word();
        (!is_enough(after.when, outcome.verdict))
            .then(|| format!("it comes after {}, whose outcome is {word}", after.job))
    }

    /// Nothing may start now: waits for the next try, or for a window if the run is to stay, or ends and can be resumed.
    pub(super) fn await_chance(&mut self) -> Action {
        let next_try = self.next_try();
        let next_window = self.soonest(|chance| if let Chance::InWindow(at) = chance { Some(at) } else { None });
        match (next_try, next_window) {
            // A window that opens before that is not slept over.
            (Some((at, address)), window) => {
                let until = window.map_or(at, |(opens, _)| opens.min(at));
                self.wait_until(&address, until, WaitReason::Retry { at })
            }
            (None, Some((opens, address))) if self.queue.stays => {
                self.wait_until(&address, opens, WaitReason::Window { opens })
            }
            (None, window) => Action::Finish(End::WindowClosed { opens: window.map(|(opens, _)| opens) }),
        }
    }

    /// When the next try may be made of what is to be tried again, and of which item.
    fn next_try(&self) -> Option<(Timestamp, JobAddress)> {
        self.soonest(|chance| if let Chance::AfterWait(at) = chance { Some(at) } else { None })
    }

    /// The soonest of these chances among the queued items, and whose it is.
    fn soonest(&self, of: fn(Chance) -> Option<Timestamp>) -> Option<(Timestamp, JobAddress)> {
        let queued = self.queue.items.iter().filter(|item| *self.journal.phase(&item.address) == Phase::Queued);
        queued.filter_map(|item| Some((of(self.chance(item))?, item.address.clone()))).min()
    }

    fn wait_until(&mut self, next: &JobAddress, at: Timestamp, reason: WaitReason) -> Action {
        self.wait_for(Some(next), reason);
        Action::Wait(elapsed(self.now, at).min(AWAIT_MAX))
    }

    /// Whether what ended like this is tried again; then it is queued, with its wait.
    pub(super) fn try_again(&mut self, address: &JobAddress, outcome: &Outcome, trouble: Trouble) -> Option<News> {
        let retry = self.queue.item(address)?.retry;
        let entry = self.journal.entry_mut(address);
        if !trouble.is_retried(retry.when) || entry.attempts.saturating_add(1) >= retry.attempts {
            return None;
        }
        entry.attempts = entry.attempts.saturating_add(1);
        entry.triggers = 0;
        entry.phase = Phase::Queued;
        let (attempt, not_before) = (entry.attempts.saturating_add(1), later(self.now, retry.wait));
        entry.not_before = Some(not_before);
        let (job, outcome) = (address.clone(), outcome.clone());
        self.events.push(Event::Retrying { job, outcome, attempt, not_before });
        Some(News::Some)
    }
}

/// What went wrong with a try, as far as it may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// JetBackup recorded it as bad.
    Failed,
    /// The trigger was taken, and nothing came of it.
    NeverStarted,
    /// The trigger was refused, or did not get through.
    ApiError,
    /// Nothing that another try would mend: it was good, or may be, or somebody aborted it, or it was not to be run.
    None,
}

impl Trouble {
    /// What an outcome alone tells.
    pub(super) fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Failed | Verdict::NeverFinished | Verdict::UnknownStatus(_) => Self::Failed,
            Verdict::NeverStarted => Self::NeverStarted,
            Verdict::Completed
            | Verdict::Partial
            | Verdict::Skipped
            | Verdict::Unconfirmed
            | Verdict::Aborted
            | Verdict::Lost => Self::None,
        }
    }

    fn is_retried(self, when: RetryWhen) -> bool {
        match self {
            Self::Failed => when.failed,
            Self::NeverStarted => when.never_started,
            Self::ApiError => when.api_error,
            Self::None => false,
        }
    }
}
