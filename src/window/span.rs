//! Stretches of the week or of the calendar, by the wall's clock: what a window and each of its exceptions are made of.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate, Weekday};

use super::Window;

/// How many minutes a day of the wall's clock has.
const DAY_MINUTES: u16 = 24 * 60;

/// How many days a week has.
pub const DAYS_IN_A_WEEK: usize = 7;

/// A time of day in minutes, from 00:00 to 24:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay {
    minutes: u16,
}

impl TimeOfDay {
    /// The beginning of a day.
    pub const START: Self = Self { minutes: 0 };
    /// The end of a day, 24:00.
    pub const END: Self = Self { minutes: DAY_MINUTES };

    /// A time of day; `None` after 24:00, and where there is no such minute.
    #[must_use]
    pub fn new(hour: u16, minute: u16) -> Option<Self> {
        let minutes = hour.checked_mul(60)?.checked_add(minute)?;
        (minute < 60 && minutes <= DAY_MINUTES).then_some(Self { minutes })
    }

    /// Its minutes since the day began.
    #[must_use]
    pub fn minutes(self) -> u16 {
        self.minutes
    }
}

/// Some days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Days {
    /// One bit a day, Monday the lowest.
    bits: u8,
}

impl Days {
    /// Every day.
    pub const ALL: Self = Self { bits: 0b111_1111 };

    /// Whether a day is among them.
    #[must_use]
    pub fn contains(self, day: Weekday) -> bool {
        self.bits & bit(day) != 0
    }
}

impl FromIterator<Weekday> for Days {
    fn from_iter<T: IntoIterator<Item = Weekday>>(days: T) -> Self {
        Self { bits: days.into_iter().fold(0, |bits, day| bits | bit(day)) }
    }
}

fn bit(day: Weekday) -> u8 {
    1 << day.num_days_from_monday()
}

/// The days on which a span begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum On {
    /// Days of every week.
    Days(Days),
    /// Days of the calendar.
    Dates(BTreeSet<NaiveDate>),
}

/// A stretch of time on certain days, by the wall's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The days on which it begins.
    pub on: On,
    /// Its beginning.
    pub from: TimeOfDay,
    /// Its end: of the same day, or of the next one where it is not after the beginning.
    pub to: TimeOfDay,
}

impl Span {
    /// The whole of certain days.
    #[must_use]
    pub fn whole_days(on: On) -> Self {
        Self { on, from: TimeOfDay::START, to: TimeOfDay::END }
    }

    /// Whether it begins on a day.
    #[must_use]
    pub fn begins_on(&self, date: NaiveDate) -> bool {
        match &self.on {
            On::Days(days) => days.contains(date.weekday()),
            On::Dates(dates) => dates.contains(&date),
        }
    }

    /// Whether it ends on the day after the one on which it begins.
    #[must_use]
    pub fn crosses_midnight(&self) -> bool {
        self.to <= self.from
    }
}

/// What is taken off a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Except {
    /// A span by the clock of the window's own zone.
    Span(Span),
    /// Whenever another window is open.
    Window(Window),
}
