//! Windows in words, for messages: `nights: mon–fri 22:00–06:00 Europe/Madrid, except holidays`.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{NaiveDate, Weekday};

use super::span::{Days, Except, On, Span, TimeOfDay};
use super::{Rule, Window};

/// How many dates, and how many exceptions, are named before the rest is counted.
const NAMED_MAX: usize = 3;

/// The days of the week as the plan language spells them.
const DAYS: [(Weekday, &str); 7] = [
    (Weekday::Mon, "mon"),
    (Weekday::Tue, "tue"),
    (Weekday::Wed, "wed"),
    (Weekday::Thu, "thu"),
    (Weekday::Fri, "fri"),
    (Weekday::Sat, "sat"),
    (Weekday::Sun, "sun"),
];

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rule { zone, span, except } = &*self.rule;
        write!(f, "{}: {span} {zone}", self.name)?;
        if except.is_empty() { Ok(()) } else { write!(f, ", except {}", listed(except, "; ")) }
    }
}

impl fmt::Display for Except {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Span(span) => span.fmt(f),
            Self::Window(window) => window.name.fmt(f),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.to) {
            (TimeOfDay::START, TimeOfDay::END) => write!(f, "{} all day", self.on),
            (from, to) => write!(f, "{} {from}–{to}", self.on),
        }
    }
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(days) => days.fmt(f),
            Self::Dates(dates) => f.write_str(&dates_in_words(dates)),
        }
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ALL {
            return f.write_str("every day");
        }
        let mut runs: Vec<Vec<&str>> = vec![Vec::new()];
        for (day, word) in DAYS {
            match runs.last_mut() {
                Some(run) if self.contains(day) => run.push(word),
                Some(run) if run.is_empty() => {}
                _ => runs.push(Vec::new()),
            }
        }
        let in_words = |run: &[&str]| match run {
            [first, _, .., last] => format!("{first}–{last}"),
            few => few.join(", "),
        };
        let runs: Vec<String> = runs.iter().filter(|run| !run.is_empty()).map(|run| in_words(run)).collect();
        f.write_str(&runs.join(", "))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes() / 60, self.minutes() % 60)
    }
}

fn dates_in_words(dates: &BTreeSet<NaiveDate>) -> String {
    let dates: Vec<NaiveDate> = dates.iter().copied().collect();
    listed(&dates, ", ")
}

fn listed<T: fmt::Display>(all: &[T], between: &str) -> String {
    let named: Vec<String> = all.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    let more = all.len().saturating_sub(NAMED_MAX);
    let named = named.join(between);
    if more == 0 { named } else { format!("{named} and {more} more") }
}
