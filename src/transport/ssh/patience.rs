//! How long an exchange may take, and the wish to stop that ends it sooner.
//!
//! libssh2's own time-out bounds each of its blocking calls and not the job, and no signal ends it. So the session
//! never blocks, and every wait of it happens here.

use std::cell::Cell;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::clock::Interrupt;

/// No wait is longer than this before the exchange is looked at again, should libssh2 have buffered what `poll` waits for.
const SLICE: Duration = Duration::from_millis(250);

/// Why a wait ended without what it waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// The time is over.
    Time,
    /// `jbr` was asked to stop.
    Interrupted,
}

/// A deadline and an ear for the wish to stop.
#[derive(Debug)]
pub(super) struct Patience<'a> {
    interrupt: &'a Interrupt,
    end: Instant,
    /// What is left after a wish to stop: zero before a command has left.
    grace: Duration,
    /// When the wish was first noticed, plus the grace.
    last_call: Cell<Option<Instant>>,
}

impl<'a> Patience<'a> {
    /// Until `limit` has passed; a wish to stop leaves `grace`.
    pub(super) fn new(interrupt: &'a Interrupt, limit: Duration, grace: Duration) -> Self {
        let now = Instant::now();
        let end = now.checked_add(limit).unwrap_or(now);
        Self { interrupt, end, grace, last_call: Cell::new(None) }
    }

    /// What is left, divided by `parts`: so that one dead address leaves time for the others.
    pub(super) fn share(&self, parts: u32) -> Self {
        let left = self.end.saturating_duration_since(Instant::now());
        Self::new(self.interrupt, left / parts.max(1), self.grace)
    }

    /// The same, with at most `limit` left.
    pub(super) fn at_most(&self, limit: Duration) -> Self {
        let left = self.end.saturating_duration_since(Instant::now());
        Self { last_call: self.last_call.clone(), ..Self::new(self.interrupt, left.min(limit), self.grace) }
    }

    /// How much time is left.
    ///
    /// # Errors
    /// [`Over`] when none is.
    pub(super) fn left(&self) -> Result<Duration, Over> {
        let now = Instant::now();
        if self.interrupt.is_requested() && self.last_call.get().is_none() {
            self.last_call.set(Some(now + self.grace));
        }
        if self.last_call.get().is_some_and(|end| end <= now) {
            return Err(Over::Interrupted);
        }
        let end = self.last_call.get().map_or(self.end, |last_call| last_call.min(self.end));
        if end <= now { Err(Over::Time) } else { Ok(end - now) }
    }

    /// Waits until `descriptor` is ready for `events`, for a moment at most: the caller looks again either way.
    ///
    /// # Errors
    /// [`Over`] when there is no time left.
    pub(super) fn wait_for(&self, descriptor: BorrowedFd<'_>, events: PollFlags) -> Result<(), Over> {
        self.pause(&[(descriptor, events)], SLICE)
    }

    /// Waits `how_long` at most, for nothing but the wish to stop.
    ///
    /// # Errors
    /// [`Over`] when there is no time left.
    pub(super) fn nap(&self, how_long: Duration) -> Result<(), Over> {
        self.pause(&[], how_long)
    }

    fn pause(&self, wanted: &[(BorrowedFd<'_>, PollFlags)], how_long: Duration) -> Result<(), Over> {
        let left = self.left()?.min(how_long);
        let mut descriptors: Vec<_> =
            wanted.iter().map(|(descriptor, events)| PollFd::from_borrowed_fd(*descriptor, *events)).collect();
        // Once noticed, the wish stays readable for ever and would turn the wait into a spin.
        if self.last_call.get().is_none() {
            descriptors.push(PollFd::from_borrowed_fd(self.interrupt.as_fd(), PollFlags::IN));
        }
        let timeout = Timespec::try_from(left).ok();
        // EINTR and early wake-ups lead back to the caller, who looks at its condition.
        let _ = poll(&mut descriptors, timeout.as_ref());
        self.left().map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_wish_to_stop_ends_a_wait_at_once_or_after_the_grace() {
        let interrupt = Interrupt::new().unwrap();
        interrupt.request();
        assert_eq!(Patience::new(&interrupt, HOUR, Duration::ZERO).nap(HOUR), Err(Over::Interrupted));

        let graceful = Patience::new(&interrupt, HOUR, Duration::from_millis(30));
        let started = Instant::now();
        while graceful.nap(HOUR).is_ok() {}
        assert_eq!(graceful.left(), Err(Over::Interrupted));
        assert!((30..5_000).contains(&started.elapsed().as_millis()));
    }

    #[test]
    fn time_ends_too_and_is_told_apart() {
        let interrupt = Interrupt::new().unwrap();
        let patience = Patience::new(&interrupt, Duration::from_millis(20), Duration::ZERO);
        while patience.nap(HOUR).is_ok() {}
        assert_eq!(patience.left(), Err(Over::Time));
    }

    #[test]
    fn a_share_is_smaller_than_the_whole() {
        let interrupt = Interrupt::new().unwrap();
        let whole = Patience::new(&interrupt, HOUR, Duration::ZERO);
        assert!(whole.share(2).left().unwrap() <= HOUR / 2);
        assert!(whole.at_most(Duration::from_secs(1)).left().unwrap() <= Duration::from_secs(1));
    }
}
