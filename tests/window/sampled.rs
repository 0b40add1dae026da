//! Generated windows of every zone, most of them around a change of its clock, against the oracle.

use std::time::Duration;

use chrono::{DateTime, Days as DayCount, NaiveDate, Offset, TimeDelta, Timelike, Weekday};
use chrono_tz::{TZ_VARIANTS, Tz};
use jbr::clock::Timestamp;
use jbr::names::WindowName;
use jbr::window::{Days, Except, On, Opening, Span, TimeOfDay, Window, openings};

use super::oracle;
use crate::random::Random;
use crate::setting::number;

/// Before, some zones were off by seconds, which no plan can say; after, the tables end.
const YEARS: std::ops::Range<u64> = 1975..2100;

/// A change of the clock is somewhere in it.
const STRETCH_MINUTES: usize = 3 * 24 * 60;

#[test]
fn every_zone_agrees_with_the_clock_on_its_walls() {
    let cases = number("JBR_WINDOW_CASES").unwrap_or(1);
    let mut changes = 0;
    let mut open = 0;
    for (number, zone) in TZ_VARIANTS.iter().enumerate() {
        for case in 0..cases {
            let mut dice = Dice(Random::new(number as u64 * 1_000_003 + case * 7919 + 1));
            let (middle, is_change) = place(*zone, &mut dice);
            changes += usize::from(is_change);
            // Neither end of the stretch is at any particular time of the zone's day.
            let before = STRETCH_MINUTES as u64 / 4 + dice.below(STRETCH_MINUTES as u64 / 2);
            let from = middle - TimeDelta::minutes(i64::try_from(before).unwrap());
            let windows = windows(*zone, middle, &mut dice);
            open += usize::from(agree(&windows, from, &format!("case {case} of {zone}")));
        }
    }
    let all = TZ_VARIANTS.len() * usize::try_from(cases).unwrap();
    assert!(all > 500 && changes > all / 3, "{changes} changes of the clock in {all} cases");
    assert!(open > all / 2, "only {open} of {all} were ever open");
}

/// Whether anything was open.
fn agree(windows: &[Window], from: Timestamp, case: &str) -> bool {
    let expected = oracle::open(windows, from, STRETCH_MINUTES);
    let found = openings(windows, from, Duration::from_secs(STRETCH_MINUTES as u64 * 60));
    let said = windows.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
    for (minute, expected) in expected.iter().enumerate() {
        let at = from + TimeDelta::minutes(i64::try_from(minute).unwrap());
        let is_open = found.iter().any(|opening| opening.contains(at));
        assert_eq!(is_open, *expected, "{case}: {said}: at {at}: {found:?}");
    }
    // Nothing happens between the minutes that were looked at.
    let whole = |at: Timestamp| at.second() == 0 && at.nanosecond() == 0;
    assert!(found.iter().all(|Opening { from, to }| from < to && whole(*from) && whole(*to)), "{case}: {found:?}");
    assert!(found.windows(2).all(|pair| pair[0].to < pair[1].from), "{case}: {found:?}");
    expected.contains(&true)
}

/// A moment of some year, at a change of the clock if there was one.
fn place(zone: Tz, dice: &mut Dice) -> (Timestamp, bool) {
    let year = i32::try_from(YEARS.start + dice.below(YEARS.end - YEARS.start)).unwrap();
    let noon = |day: u32| NaiveDate::from_yo_opt(year, day).unwrap().and_hms_opt(12, 0, 0).unwrap().and_utc();
    let offset = |at: Timestamp| at.with_timezone(&zone).offset().fix();
    let changed: Vec<u32> = (1..365).filter(|day| offset(noon(*day)) != offset(noon(day + 1))).collect();
    let Some(day) = dice.pick(&changed) else { return (noon(1 + u32::try_from(dice.below(365)).unwrap()), false) };
    let (mut before, mut after) = (noon(day), noon(day + 1));
    while after - before > TimeDelta::minutes(1) {
        let minutes = (after - before).num_minutes() / 2;
        let middle = before + TimeDelta::minutes(minutes);
        if offset(middle) == offset(before) { before = middle } else { after = middle }
    }
    (after, true)
}

fn windows(zone: Tz, middle: Timestamp, dice: &mut Dice) -> Vec<Window> {
    (0..=dice.below(2)).map(|number| window(number, zone, middle, dice)).collect()
}

fn window(number: u64, zone: Tz, middle: Timestamp, dice: &mut Dice) -> Window {
    let zone = if dice.below(4) == 0 { elsewhere(dice) } else { zone };
    let except = (0..dice.below(3)).map(|_| except(zone, middle, dice)).collect();
    let days = if number == 0 { On::Days(Days::ALL) } else { on(zone, middle, dice) };
    Window::new(name("w"), zone, Span { on: days, ..span(zone, middle, dice) }, except)
}

fn except(zone: Tz, middle: Timestamp, dice: &mut Dice) -> Except {
    if dice.below(3) > 0 {
        return Except::Span(span(zone, middle, dice));
    }
    let other = elsewhere(dice);
    let inner = (0..dice.below(2)).map(|_| Except::Span(span(other, middle, dice))).collect();
    Except::Window(Window::new(name("other"), other, span(other, middle, dice), inner))
}

fn elsewhere(dice: &mut Dice) -> Tz {
    dice.pick(&TZ_VARIANTS).unwrap()
}

fn name(text: &str) -> WindowName {
    WindowName::new(text).unwrap()
}

fn span(zone: Tz, middle: Timestamp, dice: &mut Dice) -> Span {
    let on = on(zone, middle, dice);
    let (from, mut to) = (time(zone, middle, dice), time(zone, middle, dice));
    if from == to {
        to = TimeOfDay::END;
    }
    Span { on, from, to }
}

fn on(zone: Tz, middle: Timestamp, dice: &mut Dice) -> On {
    let today = middle.with_timezone(&zone).date_naive();
    match dice.below(3) {
        0 => On::Days(Days::ALL),
        1 => On::Days((0..7).filter(|_| dice.below(2) == 0).map(|day| Weekday::try_from(day).unwrap()).collect()),
        _ => On::Dates((0..3).map(|_| today - DayCount::new(1) + DayCount::new(dice.below(4))).collect()),
    }
}

/// A time of day before 24:00, half of them within two hours of what the clock shows at the change.
fn time(zone: Tz, middle: Timestamp, dice: &mut Dice) -> TimeOfDay {
    let near = middle + TimeDelta::minutes(i64::try_from(dice.below(240)).unwrap() - 120);
    let near = near.with_timezone(&zone);
    let (hour, minute) = match dice.below(8) {
        0..4 => (near.hour(), near.minute()),
        4 => (0, 0),
        5 => (near.hour(), 0),
        _ => (u32::try_from(dice.below(24)).unwrap(), u32::try_from(dice.below(60)).unwrap()),
    };
    TimeOfDay::new(u16::try_from(hour).unwrap(), u16::try_from(minute).unwrap()).unwrap()
}

/// The same cases every time, so that one that fails is found again by its number.
struct Dice(Random);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0.below(end)
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        (!all.is_empty()).then(|| all[usize::try_from(self.below(all.len() as u64)).unwrap()])
    }
}

/// The year in which [`super`]'s tables of the far future must still know summer and winter: the language looks there.
#[test]
fn the_tables_know_the_clocks_of_the_far_future() {
    let offset = |zone: Tz, month: u32| {
        let at = NaiveDate::from_ymd_opt(2091, month, 15).unwrap().and_hms_opt(12, 0, 0).unwrap().and_utc();
        DateTime::with_timezone(&at, &zone).offset().fix()
    };
    for zone in [Tz::Europe__Madrid, Tz::America__New_York, Tz::Australia__Lord_Howe] {
        assert_ne!(offset(zone, 1), offset(zone, 7), "{zone}");
    }
}
