//! When each item of a queue is expected to begin and to end, from how long it took before; and where that will not go well.
//!
//! The course of the run is gone through twice with the rules by which the run itself picks its next item (`execute::step`): once in a world
//! in which each backup takes what half of its past ones took no longer than, and once in one in which each takes what nine of ten did not
//! exceed. In both every backup succeeds and every server answers.
//!
//! What nobody knows stays unknown: behind a backup that never ran, no time is named.

mod course;
mod warning;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::execute::Journal;
use crate::history::History;
use crate::names::JobAddress;
use crate::queue::{Queue, Usual};
use course::{Course, Run};

pub use warning::{Warning, What, warnings};

/// What is expected of a queue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Forecast {
    /// Each item that is not done, in the order in which they begin: what is under way first, what will be skipped last.
    pub items: Vec<Expected>,
    /// The first moment at which nothing runs and nothing may start, because of windows alone.
    pub pause: Option<Pause>,
    /// Items whose turn comes while a window is open that does not hold them, and when that one closes.
    pub squeezed: BTreeMap<JobAddress, Timestamp>,
}

/// What is expected of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Which item.
    pub address: JobAddress,
    /// How long it usually takes; `None` if it has no good backup to go by.
    pub usual: Option<Usual>,
    /// Since when it is under way, as far as is known; `None` if it is not.
    pub since: Option<Timestamp>,
    /// When it should begin; for one that is under way, now.
    pub start: Option<Timestamp>,
    /// When it should end.
    pub end: Option<Timestamp>,
    /// When it should end if it, and all that runs before it, takes as long as nine of ten did at most.
    pub late_end: Option<Timestamp>,
    /// How long the storage is its own from now on, as far as is known.
    pub takes: Option<Duration>,
    /// Why one of these is not known.
    pub unknown: Option<Unknown>,
}

/// Why it is not known when something begins or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    /// It has no good backup to go by.
    NeverRan,
    /// It runs for longer than it ever did.
    LongerThanEver,
    /// It comes after this one, of which it is not known when it ends.
    Behind(JobAddress),
    /// No opening of its windows, as far ahead as they are worked out, is to come, or holds it.
    NoOpening,
    /// It comes after this one, which is not expected to run.
    After(JobAddress),
    /// It will be skipped, because this one did not, or will not, end as it must.
    Skipped(JobAddress),
}

/// A moment at which nothing may start before a window opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// When that is.
    pub at: Timestamp,
    /// When the first of them opens, for something that it holds; `None` if none does.
    pub opens: Option<Timestamp>,
}

/// A backup that is, or may be, under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnderWay {
    /// Since when it runs, as far as is known.
    pub since: Timestamp,
    /// How far it is.
    pub is: Is,
}

/// How far a backup is that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Is {
    /// It runs, or may.
    Running,
    /// It runs, and the queue goes on beside it.
    Released,
    /// It waits in JetBackup's own queue.
    Pending,
    /// It is over; its log must still say how.
    Over,
}

/// What a forecast is made from.
#[derive(Debug, Clone, Copy)]
pub struct Basis<'a> {
    /// What is to run.
    pub queue: &'a Queue,
    /// How far it is.
    pub journal: &'a Journal,
    /// What is under way, of the items that are not done: what the journal knows of, and what was found.
    pub under_way: &'a BTreeMap<JobAddress, UnderWay>,
    /// What the past says of each job.
    pub histories: &'a BTreeMap<JobAddress, History>,
    /// The time now.
    pub now: Timestamp,
}

impl Basis<'_> {
    /// How long an item usually takes. One that has left the plan has no history; its queue remembers.
    fn usual(&self, address: &JobAddress) -> Option<Usual> {
        let known = self.histories.get(address).and_then(History::usual);
        known.or_else(|| self.queue.item(address).and_then(|item| item.usual))
    }
}

impl Forecast {
    /// The forecast for what is not done of a queue.
    #[must_use]
    pub fn of(basis: &Basis) -> Self {
        let Run { legs, pause, squeezed } = Course::new(basis, |usual| usual.median).run();
        let late = Course::new(basis, |usual| usual.p90).run().legs;
        let items = legs.into_iter().map(|leg| {
            let late_end = late.iter().find(|late| late.address == leg.address).and_then(|late| late.end);
            Expected {
                usual: basis.usual(&leg.address),
                since: basis.under_way.get(&leg.address).map(|under_way| under_way.since),
                start: leg.start,
                end: leg.end,
                // In the slow world an item may come earlier than another that has missed its window.
                late_end: late_end.map(|late| leg.end.map_or(late, |end| late.max(end))),
                takes: leg.takes,
                unknown: leg.unknown,
                address: leg.address,
            }
        });
        Self { items: items.collect(), pause, squeezed }
    }

    /// What is expected of an item.
    #[must_use]
    pub fn item(&self, address: &JobAddress) -> Option<&Expected> {
        self.items.iter().find(|expected| expected.address == *address)
    }

    /// When the last item that will run should end; `None` where that is not known, and where there is none.
    #[must_use]
    pub fn end(&self) -> Option<Timestamp> {
        self.last(|expected| expected.end)
    }

    /// When the last item should end if each takes as long as nine of ten did at most.
    #[must_use]
    pub fn late_end(&self) -> Option<Timestamp> {
        self.last(|expected| expected.late_end)
    }

    fn last(&self, end: fn(&Expected) -> Option<Timestamp>) -> Option<Timestamp> {
        let will_run = self.items.iter().filter(|expected| expected.will_run());
        let ends: Option<Vec<Timestamp>> = will_run.map(end).collect();
        ends.and_then(|ends| ends.into_iter().max())
    }

    /// For how long the storage is written to, as far as that is known. What runs already runs beside itself.
    #[must_use]
    pub fn busy(&self) -> Duration {
        let is_under_way = |expected: &&Expected| expected.since.is_some();
        let takes = |expected: &Expected| expected.takes;
        let runs = self.items.iter().filter(is_under_way).filter_map(takes).max().unwrap_or_default();
        let starts = self.items.iter().filter(|expected| expected.will_run() && expected.since.is_none());
        starts.filter_map(takes).fold(runs, Duration::saturating_add)
    }
}

impl Expected {
    /// Whether it runs at all, as far as can be told.
    #[must_use]
    pub fn will_run(&self) -> bool {
        !matches!(self.unknown, Some(Unknown::NoOpening | Unknown::After(_) | Unknown::Skipped(_)))
    }
}
