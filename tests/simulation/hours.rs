//! When a window is open, found out the slow way: by the clock on the wall at every minute of a day, nothing of the calendar that
//! jbr has.
//!
//! A span holds from the first minute at which the clock on its wall shows a time of it to the last; what any window excepts is closed for all.

use chrono::{NaiveDate, NaiveTime, Offset, TimeDelta};
use chrono_tz::Tz;
use jbr::clock::Timestamp;
use jbr::window::{Except, Span, Window};

const DAY_MINUTES: i64 = 24 * 60;
/// How far before and after a day is looked: a span is a day long at most.
const MARGIN_MINUTES: i64 = 2 * DAY_MINUTES;
/// More days of different windows than a story has are not kept.
const KEPT_MAX: usize = 200;

/// What was found out so far: days of the story, for the windows of a job.
#[derive(Default)]
pub(crate) struct Hours {
    known: Vec<(Vec<Window>, i64, Vec<bool>)>,
}

impl Hours {
    /// Whether something with these windows may start at a moment.
    pub(crate) fn is_open(&mut self, windows: &[Window], at: Timestamp) -> bool {
        if windows.is_empty() {
            return true;
        }
        let minute = at.timestamp().div_euclid(60);
        let (day, of_day) = (minute.div_euclid(DAY_MINUTES), minute.rem_euclid(DAY_MINUTES));
        let of_day = usize::try_from(of_day).unwrap();
        let is_it = |(known, known_day, _): &&(Vec<Window>, i64, Vec<bool>)| *known_day == day && known == windows;
        if let Some((_, _, open)) = self.known.iter().find(is_it) {
            return open[of_day];
        }
        let open = open_on(windows, day);
        let is_open = open[of_day];
        if self.known.len() < KEPT_MAX {
            self.known.push((windows.to_vec(), day, open));
        }
        is_open
    }

    /// Whether it stays open for this many minutes.
    pub(crate) fn is_open_for(&mut self, windows: &[Window], at: Timestamp, minutes: i64) -> bool {
        (0..=minutes).all(|minute| self.is_open(windows, at + TimeDelta::minutes(minute)))
    }
}

/// Each minute of a day, counted from the epoch.
fn open_on(windows: &[Window], day: i64) -> Vec<bool> {
    let mut open = vec![false; usize::try_from(DAY_MINUTES).unwrap()];
    for window in windows {
        mark(&mut open, true, &span(window.span(), window.zone(), day));
    }
    for window in windows {
        for except in window.except() {
            let denied = match except {
                Except::Span(it) => span(it, window.zone(), day),
                Except::Window(other) => open_on(std::slice::from_ref(other), day),
            };
            mark(&mut open, false, &denied);
        }
    }
    open
}

fn mark(all: &mut [bool], value: bool, at: &[bool]) {
    for (all, _) in all.iter_mut().zip(at).filter(|(_, at)| **at) {
        *all = value;
    }
}

fn span(span: &Span, zone: Tz, day: i64) -> Vec<bool> {
    let clock = clock(zone, day);
    let mut held = vec![false; clock.len()];
    let first = NaiveDate::default() + TimeDelta::minutes(clock[0]);
    for date in first.iter_days().take(7).filter(|date| span.begins_on(*date)) {
        let midnight = date.and_time(NaiveTime::MIN).and_utc().timestamp().div_euclid(60);
        let next = if span.to <= span.from { DAY_MINUTES } else { 0 };
        let shown = midnight + i64::from(span.from.minutes())..midnight + next + i64::from(span.to.minutes());
        let is_shown = |minute: &i64| shown.contains(minute);
        if let (Some(first), Some(last)) = (clock.iter().position(is_shown), clock.iter().rposition(is_shown)) {
            held[first..=last].fill(true);
        }
    }
    let before = usize::try_from(MARGIN_MINUTES).unwrap();
    held[before..before + usize::try_from(DAY_MINUTES).unwrap()].to_vec()
}

/// What the clock on a wall shows at each minute, in minutes; a zone is asked once an hour, and at each minute where the hours differ.
fn clock(zone: Tz, day: i64) -> Vec<i64> {
    let ahead = |minute: i64| {
        let at = Timestamp::from_timestamp(minute * 60, 0).unwrap();
        i64::from(at.with_timezone(&zone).offset().fix().local_minus_utc()).div_euclid(60)
    };
    let (from, to) = (day * DAY_MINUTES - MARGIN_MINUTES, (day + 1) * DAY_MINUTES + MARGIN_MINUTES);
    let mut shown = Vec::with_capacity(usize::try_from(to - from).unwrap());
    let mut hour = from;
    let mut first = ahead(hour);
    while hour < to {
        let next = ahead(hour + 60);
        let minutes = hour..hour + 60;
        if first == next {
            shown.extend(minutes.map(|minute| minute + first));
        } else {
            shown.extend(minutes.map(|minute| minute + ahead(minute)));
        }
        (hour, first) = (hour + 60, next);
    }
    shown
}

#[test]
fn the_slow_way_knows_both_changes_of_the_clock_and_what_is_excepted() {
    use jbr::window::{Days, On, TimeOfDay};
    let time = |hour: u16, minute: u16| TimeOfDay::new(hour, minute).unwrap();
    let every = |from, to| Span { on: On::Days(Days::ALL), from, to };
    let midday = Except::Span(every(time(12, 0), time(13, 0)));
    let window = |span, except| vec![Window::new("w".parse().unwrap(), Tz::Europe__Madrid, span, except)];
    let nights = window(every(time(22, 0), time(2, 30)), vec![]);
    let days = window(every(time(10, 0), time(14, 0)), vec![midday]);
    let mut hours = Hours::default();
    for (windows, at, expected) in [
        // 03:00 becomes 02:00: 02:30 comes twice, and the night lasts until the second.
        (&nights, "2026-10-24T19:59:59Z", false),
        (&nights, "2026-10-24T20:00:00Z", true),
        (&nights, "2026-10-25T01:29:59Z", true),
        (&nights, "2026-10-25T01:30:00Z", false),
        // 02:00 becomes 03:00: 02:30 does not exist, and the night ends at the skip.
        (&nights, "2027-03-28T00:59:59Z", true),
        (&nights, "2027-03-28T01:00:00Z", false),
        (&days, "2026-11-23T09:00:00Z", true),
        (&days, "2026-11-23T11:00:00Z", false),
        (&days, "2026-11-23T12:00:00Z", true),
        (&days, "2026-11-23T13:00:00Z", false),
    ] {
        assert_eq!(hours.is_open(windows, at.parse().unwrap()), expected, "{at}");
    }
}
