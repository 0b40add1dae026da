//! What windows come to, found out the slow way: by looking at the clock on the wall at every minute.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use chrono_tz::Tz;
use jbr::clock::Timestamp;
use jbr::window::{Except, Span, Window};

/// How far before and after a stretch is looked: a span is a day long at most, and a zone may skip one.
const MARGIN_MINUTES: i64 = 3 * 24 * 60;

/// Whether it is open at each minute of a stretch.
pub(crate) fn open(windows: &[Window], from: Timestamp, minutes: usize) -> Vec<bool> {
    let mut open = vec![false; minutes];
    for window in windows {
        mark(&mut open, true, &span(window.span(), window.zone(), from, minutes));
    }
    for window in windows {
        for except in window.except() {
            let denied = match except {
                Except::Span(it) => span(it, window.zone(), from, minutes),
                Except::Window(other) => self::open(std::slice::from_ref(other), from, minutes),
            };
            mark(&mut open, false, &denied);
        }
    }
    open
}

fn mark(all: &mut [bool], value: bool, at: &[bool]) {
    for (all, at) in all.iter_mut().zip(at) {
        if *at {
            *all = value;
        }
    }
}

/// Whether a span holds each minute: from the first minute at which the clock shows a time of it to the last.
fn span(span: &Span, zone: Tz, from: Timestamp, minutes: usize) -> Vec<bool> {
    let shown = |minute: i64| (from + TimeDelta::minutes(minute)).with_timezone(&zone).naive_local();
    let until = i64::try_from(minutes).unwrap() + MARGIN_MINUTES;
    let clock: Vec<i64> = (-MARGIN_MINUTES..until).map(|minute| wall_minutes(shown(minute))).collect();
    let mut held = vec![false; clock.len()];
    let days = NaiveDate::iter_days(&shown(-MARGIN_MINUTES).date());
    for date in days.take_while(|date| *date <= shown(until).date()).filter(|date| span.begins_on(*date)) {
        let day = wall_minutes(date.and_time(NaiveTime::MIN));
        let next = if span.to <= span.from { 24 * 60 } else { 0 };
        let (begins, ends) = (day + i64::from(span.from.minutes()), day + next + i64::from(span.to.minutes()));
        let is_shown = |minute: &i64| (begins..ends).contains(minute);
        if let (Some(first), Some(last)) = (clock.iter().position(is_shown), clock.iter().rposition(is_shown)) {
            held[first..=last].fill(true);
        }
    }
    let before = usize::try_from(MARGIN_MINUTES).unwrap();
    held[before..before + minutes].to_vec()
}

fn wall_minutes(shown: NaiveDateTime) -> i64 {
    shown.and_utc().timestamp().div_euclid(60)
}
