//! What the fleet's account says of a run.

use std::time::Duration;

use jbr::clock::{Timestamp, elapsed};
use jbr::simulator::Account;

use crate::support::site::NAS;

/// The predecessor at the same work, as it was measured once on four backups of 203 s in all: 47 calls in 251 s.
pub(crate) const PREDECESSOR: &str = "the predecessor, polling every 30 s, on four backups of 203 s in all: idle 29.0, 7.5 and 11.3 s; 47 calls, 11.8 for each backup, 11.2 a minute";

/// A run in figures.
pub(crate) struct Figures {
    /// From the end of one backup to the trigger of the next, shortest first.
    idle: Vec<Duration>,
    /// Calls of the API from the first trigger to the end of the run.
    calls: usize,
    /// How many backups.
    backups: usize,
    /// From the first trigger to the last call.
    took: Duration,
}

impl Figures {
    /// The figures of a run.
    ///
    /// # Panics
    /// Where they would mean nothing: a backup that was not good, or was triggered twice, or two that wrote at once.
    pub(crate) fn of(account: &Account) -> Self {
        assert_eq!(account.max_writers(NAS), 1, "{:?}", account.overlaps(NAS));
        assert!(account.ends.iter().all(|end| end.status == 100), "{:?}", account.ends);
        let triggers: Vec<Timestamp> = account.triggers.iter().map(|trigger| trigger.at).collect();
        let ends: Vec<Timestamp> = account.ends.iter().map(|end| end.at).collect();
        assert_eq!(triggers.len(), ends.len(), "{:?}", account.triggers);
        let mut idle: Vec<Duration> =
            ends.iter().zip(&triggers[1..]).map(|(end, trigger)| elapsed(*end, *trigger)).collect();
        idle.sort_unstable();
        let (first, last) = (triggers[0], account.calls.last().unwrap().at);
        let calls = account.calls.iter().filter(|call| (first..=last).contains(&call.at)).count();
        Self { idle, calls, backups: ends.len(), took: elapsed(first, last) }
    }

    /// What the columns of [`Figures::row`] are.
    pub(crate) fn heading() -> String {
        format!(
            "{:24}{:>12}{:>12}{:>12}{:>10}{:>12}{:>10}",
            "", "idle median", "idle worst", "idle sum", "calls", "each backup", "a minute"
        )
    }

    /// Itself as a line of a table.
    pub(crate) fn row(&self, name: &str) -> String {
        let s = |duration: Duration| format!("{:.1} s", duration.as_secs_f64());
        let sum: Duration = self.idle.iter().sum();
        let per = |count: f64| format!("{:.1}", f64::from(u32::try_from(self.calls).unwrap()) / count);
        format!(
            "{name:24}{:>12}{:>12}{:>12}{:>10}{:>12}{:>10}",
            s(self.idle[self.idle.len() / 2]),
            s(*self.idle.last().unwrap()),
            s(sum),
            self.calls,
            per(f64::from(u32::try_from(self.backups).unwrap())),
            per(self.took.as_secs_f64() / 60.0),
        )
    }
}
