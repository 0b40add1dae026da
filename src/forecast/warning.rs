//! Where a plan will not go as whoever wrote it may think: a window that does not hold its backup, a backup that takes far longer than it
//! used to, an `every` that is over before the backup is.

use std::time::Duration;

use super::{Basis, Expected, Forecast, Is, Unknown};
use crate::clock::{Timestamp, elapsed, later};
use crate::desired::{Desired, Job};
use crate::history::History;
use crate::names::JobAddress;
use crate::queue::{Item, Usual};

/// Something about one job that a person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Which job.
    pub job: JobAddress,
    /// What.
    pub what: What,
}

/// What a warning says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It will start in a window, and run on after that has closed.
    Overruns {
        /// When the window closes.
        closes: Timestamp,
        /// When it should end.
        end: Timestamp,
        /// It ends after that even if it takes what it usually takes; otherwise only one of ten does.
        usually: bool,
    },
    /// A window is open when its turn comes, and does not hold it (`fits`).
    Squeezed {
        /// When that window closes.
        closes: Timestamp,
        /// How much of it would have to be left.
        needs: Duration,
        /// When the next one opens that holds it; `None` if none does.
        next: Option<Timestamp>,
    },
    /// No opening of its windows is to come, as far ahead as they are worked out, or none of them holds it.
    NoOpening {
        /// How long it would have to be; `None` if any would do.
        needs: Option<Duration>,
    },
    /// It runs for far longer than it should.
    Slow {
        /// For how long.
        ran: Duration,
        /// How long it usually takes.
        usual: Usual,
    },
    /// Its last good backup took far longer than those before it.
    SlowLast {
        /// How long it took.
        took: Duration,
        /// What half of those before it took no longer than.
        median: Duration,
    },
    /// It is due again before it is over.
    EveryTooShort {
        /// The plan's `every`.
        every: Duration,
        /// How long it usually takes.
        usual: Usual,
    },
}

/// All warnings about the jobs that were asked for and what is left of a queue: by job, in the plan's order, then what is in no plan.
#[must_use]
pub fn warnings(
    desired: &Desired,
    is_asked_for: &dyn Fn(&JobAddress) -> bool,
    basis: &Basis,
    forecast: &Forecast,
) -> Vec<Warning> {
    let of_item = |address: &JobAddress| {
        let found = forecast.item(address).zip(basis.queue.item(address));
        found.map(|(expected, item)| of_item(basis, forecast, expected, item)).unwrap_or_default()
    };
    let warning = |job: &JobAddress, what| Warning { job: job.clone(), what };
    let mut warnings = Vec::new();
    for job in &desired.jobs {
        let of_job = is_asked_for(&job.address).then(|| of_job(job, basis.histories.get(&job.address)));
        let whats = of_item(&job.address).into_iter().chain(of_job.into_iter().flatten());
        warnings.extend(whats.map(|what| warning(&job.address, what)));
    }
    for expected in forecast.items.iter().filter(|expected| desired.job(&expected.address).is_none()) {
        warnings.extend(of_item(&expected.address).into_iter().map(|what| warning(&expected.address, what)));
    }
    warnings
}

fn of_item(basis: &Basis, forecast: &Forecast, expected: &Expected, item: &Item) -> Vec<What> {
    if let Some(under_way) = basis.under_way.get(&item.address) {
        let ran = elapsed(under_way.since, basis.now);
        let runs = matches!(under_way.is, Is::Running | Is::Released);
        let slow = expected.usual.filter(|usual| runs && usual.is_far_beyond(ran));
        return slow.map(|usual| What::Slow { ran, usual }).into_iter().collect();
    }
    if expected.unknown == Some(Unknown::NoOpening) {
        return vec![What::NoOpening { needs: item.fits }];
    }
    let squeezed = forecast.squeezed.get(&item.address).zip(item.fits);
    let squeezed = squeezed.map(|(closes, needs)| What::Squeezed { closes: *closes, needs, next: expected.start });
    squeezed.into_iter().chain(overruns(expected, item)).collect()
}

fn overruns(expected: &Expected, item: &Item) -> Option<What> {
    let (start, usual) = (expected.start?, expected.usual?);
    let closes = item.openings.as_ref()?.iter().find(|opening| opening.contains(start))?.to;
    let (end, late) = (later(start, usual.median), later(start, usual.p90));
    let usually = end > closes;
    (late > closes).then_some(What::Overruns { closes, end: if usually { end } else { late }, usually })
}

fn of_job(job: &Job, history: Option<&History>) -> Vec<What> {
    let slow = history.and_then(History::slow_last).map(|(took, median)| What::SlowLast { took, median });
    let usual = history.and_then(History::usual);
    let every = job.every.zip(usual).filter(|(every, usual)| *every < usual.median);
    slow.into_iter().chain(every.map(|(every, usual)| What::EveryTooShort { every, usual })).collect()
}
