//! Time that passes only when somebody waits for it, so that weeks fit into a test of milliseconds.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Interrupt, Timestamp, later};

/// A clock whose [`Clock::wait`] returns at once, with the time advanced. Clones share their time.
///
/// Leaps and wishes to stop can be planned for a moment; they happen during the wait that reaches it.
#[derive(Debug, Clone)]
pub struct VirtualClock {
    face: Arc<Mutex<Face>>,
}

#[derive(Debug)]
struct Face {
    now: Timestamp,
    /// Sorted by moment.
    planned: Vec<(Timestamp, Planned)>,
}

#[derive(Debug, Clone, Copy)]
enum Planned {
    Leap(Duration),
    WishToStop,
}

impl VirtualClock {
    /// A clock that shows this time until somebody waits.
    #[must_use]
    pub fn starting(now: Timestamp) -> Self {
        Self { face: Arc::new(Mutex::new(Face { now, planned: Vec::new() })) }
    }

    /// Lets time pass without anybody waiting: the process was suspended, or busy.
    pub fn leap(&self, by: Duration) {
        let mut face = self.face();
        face.now = later(face.now, by);
    }

    /// Plans a leap for the first wait that reaches `at`.
    pub fn leap_at(&self, at: Timestamp, by: Duration) {
        self.face().plan(at, Planned::Leap(by));
    }

    /// Plans a wish to stop, as a signal utters it: the first wait that reaches `at` ends there.
    pub fn stop_at(&self, at: Timestamp) {
        self.face().plan(at, Planned::WishToStop);
    }

    fn face(&self) -> MutexGuard<'_, Face> {
        // A moment and a list are whole whoever panicked while holding them.
        self.face.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Face {
    fn plan(&mut self, at: Timestamp, what: Planned) {
        let place = self.planned.partition_point(|(earlier, _)| *earlier <= at);
        self.planned.insert(place, (at, what));
    }

    fn next_until(&mut self, end: Timestamp) -> Option<(Timestamp, Planned)> {
        let is_due = self.planned.first().is_some_and(|(at, _)| *at <= end);
        is_due.then(|| self.planned.remove(0))
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.face().now
    }

    fn wait(&self, how_long: Duration, interrupt: &Interrupt) {
        if interrupt.is_requested() {
            return;
        }
        let mut face = self.face();
        let end = later(face.now, how_long);
        // Ends: each turn takes one planned thing away.
        while let Some((at, what)) = face.next_until(end) {
            face.now = face.now.max(at);
            match what {
                Planned::Leap(by) => face.now = later(face.now, by),
                Planned::WishToStop => return interrupt.request(),
            }
        }
        face.now = face.now.max(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn clock() -> (VirtualClock, Timestamp, Interrupt) {
        let start = Timestamp::UNIX_EPOCH;
        (VirtualClock::starting(start), start, Interrupt::new().unwrap())
    }

    #[test]
    fn waiting_is_what_makes_time_pass() {
        let (clock, start, interrupt) = clock();
        assert_eq!(clock.now(), start);
        clock.clone().wait(MINUTE, &interrupt);
        assert_eq!(clock.now(), later(start, MINUTE));
    }

    #[test]
    fn a_planned_leap_happens_in_the_wait_that_reaches_it_and_never_puts_time_back() {
        let (clock, start, interrupt) = clock();
        clock.leap_at(later(start, 2 * MINUTE), 10 * MINUTE);
        clock.wait(MINUTE, &interrupt);
        assert_eq!(clock.now(), later(start, MINUTE));
        clock.wait(2 * MINUTE, &interrupt);
        assert_eq!(clock.now(), later(start, 12 * MINUTE));
        clock.wait(MINUTE, &interrupt);
        assert_eq!(clock.now(), later(start, 13 * MINUTE));
        clock.leap(MINUTE);
        assert_eq!(clock.now(), later(start, 14 * MINUTE));
    }

    #[test]
    fn a_wish_to_stop_ends_the_wait_at_its_moment() {
        let (clock, start, interrupt) = clock();
        clock.stop_at(later(start, MINUTE));
        clock.wait(5 * MINUTE, &interrupt);
        assert!(interrupt.is_requested());
        assert_eq!(clock.now(), later(start, MINUTE));
        clock.wait(5 * MINUTE, &interrupt);
        assert_eq!(clock.now(), later(start, MINUTE), "no time passes for somebody who was asked to stop");
    }
}
