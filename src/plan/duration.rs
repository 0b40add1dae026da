//! Durations: a number and a unit, and no unit that two people read differently.

use std::time::Duration;

use super::finding::quoted;
use super::problem::Problem;
use super::scalar::{self, decode};
use super::tree::Scalar;
use crate::clock::spelled;

/// How short and how long one key's duration may be. Nothing below a second: the machine behind counts in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    min: Duration,
    max: Duration,
}

impl Limits {
    const fn up_to(max: Duration) -> Self {
        Self { min: Duration::from_secs(1), max }
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Between two looks at a running backup.
pub(super) const POLL: Limits = Limits::up_to(HOUR);
/// Connecting and logging in.
pub(super) const CONNECT_TIMEOUT: Limits = Limits::up_to(MINUTE.saturating_mul(10));
/// One API call.
pub(super) const COMMAND_TIMEOUT: Limits = Limits::up_to(HOUR);
/// From a trigger to its queue group.
pub(super) const START_TIMEOUT: Limits = Limits::up_to(DAY);
/// A backup.
pub(super) const TIMEOUT: Limits = Limits::up_to(DAY.saturating_mul(30));
/// A server that cannot be asked.
pub(super) const UNREACHABLE_WAIT: Limits = Limits::up_to(DAY.saturating_mul(7));
/// The age of a run that is resumed.
pub(super) const RESUME_WITHIN: Limits = Limits::up_to(DAY.saturating_mul(30));

/// Between two backups of a job. Nothing below a minute: what is due is judged from records that are not finer.
pub(super) const EVERY: Limits = Limits { min: MINUTE, max: DAY.saturating_mul(366) };
/// The age of a last good backup.
pub(super) const MAX_AGE: Limits = Limits { min: MINUTE, max: DAY.saturating_mul(3660) };
/// Between two tries.
pub(super) const RETRY_WAIT: Limits = Limits::up_to(DAY);

/// One step of sending a mail.
pub(super) const MAIL_TIMEOUT: Limits = Limits::up_to(MINUTE.saturating_mul(5));

/// How far back somebody looks.
const SPAN: Limits = Limits::up_to(DAY.saturating_mul(3650));

/// A duration as it is typed on a command line, in the plan's language: a second to ten years.
///
/// # Errors
/// What is wrong with it and how to mend it, for a person.
pub fn span(text: &str) -> Result<Duration, String> {
    let scalar = Scalar { text: text.to_owned(), source: text.to_owned(), plain: true };
    duration(SPAN)(&scalar).map_err(|problem| format!("{} ({}); {}", problem.message, problem.label, problem.help))
}

/// Units in the order of their length, all spellings.
pub(super) const UNITS: [&[&str]; 5] = [
    &["s", "sec", "secs", "second", "seconds"],
    &["m", "min", "mins", "minute", "minutes"],
    &["h", "hr", "hrs", "hour", "hours"],
    &["d", "day", "days"],
    &["w", "wk", "wks", "week", "weeks"],
];

/// More digits than a duration within the limits can need.
pub(super) const DIGITS_MAX: usize = 9;

pub(super) const HELP: &str = "write a number and a unit: 45s, 30m, 4h, 1h 30m, 2d";

/// Reads a duration.
///
/// # Errors
/// Anything without a clear unit, and what is outside of the limits.
pub(super) fn duration(limits: Limits) -> impl Fn(&Scalar) -> Result<Duration, Problem> {
    move |scalar| {
        if let Some(problem) = trap(scalar) {
            return Err(problem);
        }
        let text: String = decode(scalar)?;
        check_parts(&text)?;
        let wrong = |error: humantime::DurationError| not_a_duration(&text, &error.to_string());
        let duration = humantime::parse_duration(&text).map_err(wrong)?;
        check_limits(&text, duration, limits)?;
        Ok(duration)
    }
}

/// What YAML would read as a number: no unit at all.
fn trap(scalar: &Scalar) -> Option<Problem> {
    let text = scalar.text.as_str();
    if scalar::is_sexagesimal(text) {
        let problem =
            Problem::new(format!("is not a duration: {}", quoted(text)), "a time of day, or a number in base 60");
        return Some(problem.help("for two hours write 2h, for two minutes 2m"));
    }
    if scalar::is_number(text) {
        let shown = quoted(text);
        let plain_digits = text.bytes().all(|b| b.is_ascii_digit());
        let example = if plain_digits { format!("{text}s, {text}m or {text}h") } else { HELP.to_owned() };
        let problem = Problem::new(format!("is a duration without a unit: {shown}"), "seconds, minutes or hours?");
        return Some(problem.help(if plain_digits { format!("say which: {example}") } else { example }));
    }
    None
}

fn not_a_duration(text: &str, label: &str) -> Problem {
    Problem::new(format!("is not a duration: {}", quoted(text)), crate::printable::printable(label)).help(HELP)
}

/// Looks at every number and unit before `humantime` does, which reads `M` as a month and overflows on huge numbers.
fn check_parts(text: &str) -> Result<(), Problem> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(not_a_duration(text, "empty"));
    }
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(number_end);
        if number.is_empty() || number.len() > DIGITS_MAX {
            return Err(not_a_duration(text, "not a number and a unit"));
        }
        let after = after.trim_start();
        let unit_end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        check_unit(text, number, unit)?;
        rest = after.trim_start();
    }
    Ok(())
}

fn check_unit(text: &str, number: &str, unit: &str) -> Result<(), Problem> {
    if UNITS.iter().any(|spellings| spellings.contains(&unit)) {
        return Ok(());
    }
    let shown = quoted(text);
    Err(match unit {
        "" => Problem::new(format!("is a duration without a unit: {shown}"), format!("{number} of what?")).help(HELP),
        "M" => Problem::new(format!("has an unclear unit: {shown}"), "M is a month to some and a minute to others")
            .help(format!("minutes are `m`: {number}m; for months write days: 30d")),
        "month" | "months" | "y" | "year" | "years" | "yr" | "yrs" => {
            Problem::new(format!("has a unit without a fixed length: {shown}"), "months and years differ")
                .help("write days: 30d")
        }
        "ms" | "msec" | "millis" | "us" | "usec" | "ns" | "nsec" | "nanos" => {
            Problem::new(format!("is below a second: {shown}"), "nothing here is that quick").help("1s is the shortest")
        }
        unit => {
            Problem::new(format!("has an unknown unit: {shown}"), format!("{} is not a unit", quoted(unit))).help(HELP)
        }
    })
}

fn check_limits(text: &str, duration: Duration, limits: Limits) -> Result<(), Problem> {
    let shown = quoted(text);
    if duration < limits.min {
        let min = spelled(limits.min);
        return Err(Problem::new(format!("is too short: {shown}"), format!("{min} at least"))
            .help(format!("write {min} or more")));
    }
    if duration > limits.max {
        let max = spelled(limits.max);
        return Err(Problem::new(format!("is too long: {shown}"), format!("{max} at most"))
            .help(format!("write {max} or less")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Duration, Problem> {
        duration(TIMEOUT)(&Scalar { text: text.into(), source: text.into(), plain: true })
    }

    #[test]
    fn numbers_with_units_are_durations() {
        for (text, seconds) in [
            ("30s", 30),
            ("2m", 120),
            ("4h", 14_400),
            ("1h 30m", 5400),
            ("1h30m", 5400),
            ("1.5h", 5400),
            ("2 days", 172_800),
            ("1w", 604_800),
        ] {
            assert_eq!(read(text).unwrap(), Duration::from_secs(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_unclear_is_refused_with_its_reason() {
        for (text, part) in [
            ("30", "without a unit"),
            ("1e3", "without a unit"),
            ("010", "without a unit"),
            ("1h 30", "without a unit"),
            ("02:00", "not a duration"),
            ("1M", "unclear unit"),
            ("1month", "without a fixed length"),
            ("1 year", "without a fixed length"),
            ("500ms", "below a second"),
            ("3 fortnights", "unknown unit"),
            ("0s", "too short"),
            ("0.5s", "too short"),
            ("31d", "too long"),
            ("-5s", "not a duration"),
            ("soon", "not a duration"),
            ("5s,", "not a duration"),
            ("1..5h", "not a duration"),
            ("9999999999s", "not a duration"),
            ("999999999w", "too long"),
            ("18446744073709551615s 1000s", "not a duration"),
        ] {
            let problem = read(text).unwrap_err();
            assert!(problem.message.contains(part), "{text}: {}", problem.message);
            assert!(!problem.help.is_empty(), "{text}");
        }
    }

    #[test]
    fn a_limit_that_is_named_is_one_that_can_be_written() {
        for limits in [POLL, TIMEOUT, RESUME_WITHIN, EVERY, MAX_AGE, SPAN] {
            let beyond = [(limits.min, Duration::from_millis(1)), (limits.max, limits.max + Duration::from_secs(1))];
            for (limit, beyond) in beyond {
                let named = spelled(limit);
                let scalar = Scalar { text: named.clone(), source: named.clone(), plain: true };
                assert_eq!(duration(limits)(&scalar).unwrap(), limit, "{named}");
                let problem = check_limits("", beyond, limits).unwrap_err();
                assert!(problem.help.contains(&format!("write {named} or")), "{}", problem.help);
            }
        }
    }
}
