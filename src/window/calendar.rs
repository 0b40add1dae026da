//! What windows come to: stretches of real time.
//!
//! The one rule behind both changes of the clock: **a span lasts from the first moment at which the wall's clock has reached
//! its beginning to the last moment at which it has not reached its end.** So
//!
//! - a beginning or an end that the clock skips in spring is the moment of the skip, and a span that lies wholly in the
//!   skipped hour does not come that day;
//! - of a time that comes twice in autumn, a beginning takes the first and an end the last, and nothing closes in between: a
//!   night is then an hour longer, and never shorter than the plan says by the clock on the wall. (An end at the very time to
//!   which the clock is put back takes the first: no earlier time is shown again.) The same holds for what is excepted, which
//!   is the careful way round.

use std::time::Duration;

use chrono::{DateTime, Days as DayCount, LocalResult, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone};
use chrono_tz::{GapInfo, Tz};

use super::span::{Except, Span, TimeOfDay};
use super::{Opening, Window};
use crate::clock::{Timestamp, later};

/// How far ahead one question may look; what lies beyond is not answered.
pub const HORIZON_MAX: Duration = Duration::from_secs(400 * 24 * 3600);

/// Moments without windows: before 1970, and after the year 9000. Nothing there is a time that somebody's clock shows, and
/// in between no calendar arithmetic can leave its range.
const SECONDS_MIN: i64 = 0;
const SECONDS_MAX: i64 = 221_845_392_000;

/// How many days before a stretch a span that reaches into it may begin: one for midnight, one for a zone that skipped a day.
const DAYS_BEFORE: u64 = 2;

/// When at least one of these windows is open and none of their exceptions forbids it, from a moment on, as far as a horizon.
///
/// What is excepted from one of the windows is closed for all of them: an exception is said of a time in which nothing may start,
/// and deny wins. A window without exceptions can therefore only ever add to the others.
///
/// The openings are in order, do not touch each other, and are clipped at both ends: one that has begun begins at `from`, and one
/// that lasts beyond the horizon ends there. No windows are never open; a job without windows needs no openings. The horizon is
/// [`HORIZON_MAX`] at most.
#[must_use]
pub fn openings(windows: &[Window], from: Timestamp, horizon: Duration) -> Vec<Opening> {
    let Some(stretch) = stretch(from, horizon) else { return Vec::new() };
    let allowed = windows.iter().flat_map(|window| occurrences(window.span(), window.zone(), stretch));
    let denied = windows.iter().flat_map(|window| denied(window, stretch));
    without(&merged(allowed.collect()), &merged(denied.collect()))
}

/// The stretch that is asked about, within what can be answered; `None` if nothing of it.
fn stretch(from: Timestamp, horizon: Duration) -> Option<Opening> {
    let to = later(from, horizon.min(HORIZON_MAX));
    let from = from.max(DateTime::from_timestamp(SECONDS_MIN, 0)?);
    let to = to.min(DateTime::from_timestamp(SECONDS_MAX, 0)?);
    (from < to).then_some(Opening { from, to })
}

/// What a window's exceptions take of a stretch.
fn denied(window: &Window, stretch: Opening) -> Vec<Opening> {
    let of = |except: &Except| match except {
        Except::Span(span) => occurrences(span, window.zone(), stretch),
        Except::Window(other) => openings(std::slice::from_ref(other), stretch.from, length(stretch)),
    };
    window.except().iter().flat_map(of).collect()
}

fn length(stretch: Opening) -> Duration {
    crate::clock::elapsed(stretch.from, stretch.to)
}

/// What a span comes to within a stretch.
fn occurrences(span: &Span, zone: Tz, stretch: Opening) -> Vec<Opening> {
    let date = |at: Timestamp| at.with_timezone(&zone).date_naive();
    let Some(first) = date(stretch.from).checked_sub_days(DayCount::new(DAYS_BEFORE)) else { return Vec::new() };
    let last = date(stretch.to);
    first
        .iter_days()
        .take_while(|date| *date <= last)
        .filter(|date| span.begins_on(*date))
        .filter_map(|date| occurrence(span, zone, date))
        .filter_map(|opening| clipped(opening, stretch))
        .collect()
}

/// The span that begins on a day; `None` where the clock skips all of it.
fn occurrence(span: &Span, zone: Tz, date: NaiveDate) -> Option<Opening> {
    let end = if span.crosses_midnight() { date.succ_opt()? } else { date };
    let from = moment(zone, date, span.from, |first, _| first)?;
    let to = moment(zone, end, span.to, last_before)?;
    (from < to).then_some(Opening { from, to })
}

/// Of two moments that show the same end, the one before which the clock shows an earlier time for the last time. That is the second,
/// unless the clock was put back to that very time: then it never shows an earlier one again.
fn last_before(first: DateTime<Tz>, second: DateTime<Tz>) -> DateTime<Tz> {
    let before = second - TimeDelta::seconds(1);
    if before.naive_local() < second.naive_local() { second } else { first }
}

/// The moment at which the clock on the wall shows a time, or skips it; `which` takes one of two.
fn moment(
    zone: Tz,
    date: NaiveDate,
    time: TimeOfDay,
    which: fn(DateTime<Tz>, DateTime<Tz>) -> DateTime<Tz>,
) -> Option<Timestamp> {
    let local = date.and_time(NaiveTime::MIN).checked_add_signed(TimeDelta::minutes(i64::from(time.minutes())))?;
    match zone.from_local_datetime(&local) {
        LocalResult::Single(moment) => Some(moment.to_utc()),
        LocalResult::Ambiguous(first, second) => Some(which(first, second).to_utc()),
        LocalResult::None => {
            let (wall, offset) = GapInfo::new(&local, &zone)?.begin?;
            Some(wall.checked_sub_offset(offset.fix())?.and_utc())
        }
    }
}

fn clipped(opening: Opening, stretch: Opening) -> Option<Opening> {
    let Opening { from, to } = opening;
    let (from, to) = (from.max(stretch.from), to.min(stretch.to));
    (from < to).then_some(Opening { from, to })
}

/// In order, with what overlaps or touches made one.
fn merged(mut openings: Vec<Opening>) -> Vec<Opening> {
    openings.sort_by_key(|opening| (opening.from, opening.to));
    let mut merged: Vec<Opening> = Vec::with_capacity(openings.len());
    for opening in openings {
        match merged.last_mut() {
            Some(last) if opening.from <= last.to => last.to = last.to.max(opening.to),
            _ => merged.push(opening),
        }
    }
    merged
}

/// What is left of merged openings when other merged ones are taken away.
fn without(openings: &[Opening], denied: &[Opening]) -> Vec<Opening> {
    let mut left = Vec::new();
    let mut denied = denied.iter().peekable();
    for opening in openings {
        let mut from = opening.from;
        while let Some(next) = denied.next_if(|next| next.to <= opening.to) {
            left.extend(between(from, next.from));
            from = from.max(next.to);
        }
        // The one that reaches beyond this opening may reach into the next.
        let end = denied.peek().map_or(opening.to, |next| next.from.min(opening.to));
        left.extend(between(from, end));
    }
    left
}

fn between(from: Timestamp, to: Timestamp) -> Option<Opening> {
    (from < to).then_some(Opening { from, to })
}
