//! Whether windows open some day, found out by looking.
//!
//! A window comes back every week, so that a look at one week of each state of the clocks decides; what has dates is looked at
//! around them. A search that costs too much ends with "they do": nothing is refused without proof.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{NaiveDate, NaiveTime};

use crate::clock::{Timestamp, earlier};
use crate::window::{Except, On, Span, Window, openings};

/// Weeks in which clocks all over the world differ in each way that they ever do: winter, a week in March in which America has
/// changed and Europe not, summer, and one in autumn in which Europe has and America not. In a year that no plan names by its dates.
const WEEKS: [(i32, u32, u32); 4] = [(2091, 1, 8), (2091, 3, 14), (2091, 7, 9), (2091, 10, 28)];

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A week, with a day around it for what crosses midnight and for zones ahead of UTC.
const WEEK_DAYS: u32 = 9;

/// A date, with a day on each side.
const DATE_DAYS: u32 = 4;

/// How many days of how many spans one plan may cost in all.
const WORK_MAX: usize = 30_000;

/// A search for openings, within its limit.
pub(super) struct Search {
    work_left: usize,
}

impl Default for Search {
    fn default() -> Self {
        Self { work_left: WORK_MAX }
    }
}

impl Search {
    /// Whether at least one of these windows opens some day.
    pub(super) fn some_opening(&mut self, windows: &[Window]) -> bool {
        let cost: usize = windows.iter().map(spans).sum();
        let weeks = WEEKS.iter().filter_map(|(year, month, day)| NaiveDate::from_ymd_opt(*year, *month, *day));
        let weeks = weeks.map(|date| (midnight(date), WEEK_DAYS));
        let mut dates = BTreeSet::new();
        for window in windows {
            add_dates(window, &mut dates);
        }
        let dates = dates.into_iter().map(|date| (earlier(midnight(date), DAY), DATE_DAYS));
        weeks.chain(dates).any(|(from, days)| {
            let Some(left) = self.work_left.checked_sub(cost * days as usize) else { return true };
            self.work_left = left;
            !openings(windows, from, DAY * days).is_empty()
        })
    }

    /// Whether a window opens some day although what others except is closed for it, too.
    pub(super) fn some_opening_beside<'a>(
        &mut self,
        window: &Window,
        others: impl Iterator<Item = &'a Window>,
    ) -> bool {
        let excepted = others.flat_map(|other| other.except().iter().map(|except| by_name(except, other)));
        let except = window.except().iter().cloned().chain(excepted).collect();
        self.some_opening(&[Window::new(window.name.clone(), window.zone(), window.span().clone(), except)])
    }
}

/// An exception that keeps its own clock in a window of another zone.
fn by_name(except: &Except, of: &Window) -> Except {
    match except {
        Except::Span(span) => Except::Window(Window::new(of.name.clone(), of.zone(), span.clone(), Vec::new())),
        Except::Window(window) => Except::Window(window.clone()),
    }
}

/// How many spans have to be looked at for one.
fn spans(window: &Window) -> usize {
    let of = |except: &Except| match except {
        Except::Span(_) => 1,
        Except::Window(window) => 1 + window.except().len(),
    };
    1 + window.except().iter().map(of).sum::<usize>()
}

/// The dates on which a window may be open although it is not in other weeks: its own, and those on which what is excepted is not.
fn add_dates(window: &Window, dates: &mut BTreeSet<NaiveDate>) {
    let mut add = |span: &Span| {
        if let On::Dates(more) = &span.on {
            dates.extend(more);
        }
    };
    add(window.span());
    for except in window.except() {
        let Except::Window(other) = except else { continue };
        for inner in other.except() {
            if let Except::Span(span) = inner {
                add(span);
            }
        }
    }
}

fn midnight(date: NaiveDate) -> Timestamp {
    date.and_time(NaiveTime::MIN).and_utc()
}
