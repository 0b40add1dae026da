//! Times of day, days, dates, time zones and moments, taken from the text of the file.
//!
//! `22:00` is 1320 for a reader of YAML 1.1, and `2026-12-24` a date object. Where a plan asks for a time or a date there is only
//! one thing that they can mean, so they are read as they are written, with or without quotes; 1320 itself is refused.

use chrono::{DateTime, NaiveDate, NaiveTime, Weekday};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::finding::quoted;
use super::problem::Problem;
use super::scalar::{self, is_number};
use super::suggest::closest;
use super::tree::Scalar;
use crate::clock::Timestamp;
use crate::window::TimeOfDay;

/// The days of the week, as the plan language spells them and as people write them.
pub(super) const DAYS: [(Weekday, &str, &str); 7] = [
    (Weekday::Mon, "mon", "monday"),
    (Weekday::Tue, "tue", "tuesday"),
    (Weekday::Wed, "wed", "wednesday"),
    (Weekday::Thu, "thu", "thursday"),
    (Weekday::Fri, "fri", "friday"),
    (Weekday::Sat, "sat", "saturday"),
    (Weekday::Sun, "sun", "sunday"),
];

pub(super) const TIME_HELP: &str =
    "write hours and minutes with two digits each, from \"00:00\" to \"24:00\", such as \"22:30\"";
pub(super) const DATE_HELP: &str = "write year, month and day: 2026-12-24";
pub(super) const UNTIL_HELP: &str = "write a date, 2026-12-24 (held until that day begins, UTC), or a moment with its offset, \"2026-12-24T18:00:00+01:00\"";

/// Reads when a span begins: 24:00 is the next day's 00:00.
pub(super) fn beginning(scalar: &Scalar) -> Result<TimeOfDay, Problem> {
    match time_of_day(scalar)? {
        TimeOfDay::END => Err(Problem::new("is the end of a day: `24:00`", "nothing of that day is left")
            .help("write \"00:00\", with the day after it under `days` or `dates`")),
        time => Ok(time),
    }
}

/// Reads a time of day, `24:00` being the end of one.
pub(super) fn time_of_day(scalar: &Scalar) -> Result<TimeOfDay, Problem> {
    let text = scalar.text.as_str();
    let two_digits = |text: &str| (text.len() == 2).then(|| digits(text)).flatten();
    let parts = text.split_once(':').map(|(hour, minute)| (two_digits(hour), two_digits(minute)));
    let shown = quoted(text);
    match parts {
        Some((Some(hour), Some(minute))) => TimeOfDay::new(hour, minute).ok_or_else(|| {
            Problem::new(format!("is not a time of day: {shown}"), "no clock shows this").help(TIME_HELP)
        }),
        _ if is_number(text) => {
            let label = "a number: what one reader of YAML makes of a time without quotes?";
            Err(Problem::new(format!("is not a time of day: {shown}"), label).help(TIME_HELP))
        }
        _ => Err(Problem::new(format!("is not a time of day: {shown}"), "not hours and minutes").help(TIME_HELP)),
    }
}

fn digits(text: &str) -> Option<u16> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Reads a day of the week.
pub(super) fn day(scalar: &Scalar) -> Result<Weekday, Problem> {
    let text = scalar.text.as_str();
    if let Some((day, ..)) = DAYS.iter().find(|(_, word, _)| *word == text) {
        return Ok(*day);
    }
    let near = |all: [&'static str; 7]| closest(text, all).and_then(|near| all.iter().position(|word| *word == near));
    // The whole names first: two letters of `tusday` are as near to `sun` as to `tue`.
    let near = near(DAYS.map(|(.., name)| name)).or_else(|| near(DAYS.map(|(_, word, _)| word)));
    let label = near.map_or("not a day of the week".to_owned(), |day| format!("did you mean `{}`?", DAYS[day].1));
    let words = DAYS.map(|(_, word, _)| word).join(", ");
    Err(Problem::new(format!("cannot be {}", quoted(&scalar.source)), label)
        .help(format!("days are {words}; write a list of them: [mon, tue, wed]; for every day, leave `days` out")))
}

/// Reads a date.
pub(super) fn date(scalar: &Scalar) -> Result<NaiveDate, Problem> {
    let text = scalar.text.as_str();
    let shown = quoted(text);
    if !is_date(text) {
        let label = if text.contains('T') || text.contains(':') { "a moment, not a day" } else { "not a date" };
        return Err(Problem::new(format!("is not a date: {shown}"), label).help(DATE_HELP));
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_err(|_| Problem::new(format!("is not a date: {shown}"), "no calendar has this day").help(DATE_HELP))
}

/// Four digits, two and two: what `chrono` takes for a date is more than that.
fn is_date(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [4, 2, 2] && text.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

/// Reads the name of a time zone.
pub(super) fn timezone(scalar: &Scalar) -> Result<Tz, Problem> {
    let text = scalar::text(scalar)?;
    text.parse().map_err(|_| {
        let near = closest(&text, TZ_VARIANTS.iter().map(|zone| zone.name()));
        let near = near.or_else(|| city(&text).map(Tz::name));
        let label = near.map_or("not in the IANA list".to_owned(), |near| format!("did you mean {}?", quoted(near)));
        Problem::new(format!("is not a time zone: {}", quoted(&text)), label).help(
            "write the zone's IANA name, such as Europe/Madrid or UTC: `timedatectl` shows a machine's; an offset would be wrong half the year",
        )
    })
}

/// The zone of a city, where somebody wrote no more than that.
fn city(text: &str) -> Option<Tz> {
    let city = |zone: &&Tz| zone.name().rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(text));
    TZ_VARIANTS.iter().find(city).copied()
}

/// Reads until when something is held.
pub(super) fn until_moment(scalar: &Scalar) -> Result<Timestamp, Problem> {
    let text = scalar.text.as_str();
    if is_date(text) {
        return date(scalar).map(|date| date.and_time(NaiveTime::MIN).and_utc());
    }
    DateTime::parse_from_rfc3339(text).map(|moment| moment.to_utc()).map_err(|_| {
        Problem::new(format!("is not a date or a moment: {}", quoted(text)), "when would that be?").help(UNTIL_HELP)
    })
}

/// Until when something is held, as it is typed on a command line, in the plan's language: a date, which is the moment at which it
/// begins in UTC, or a moment with its offset (RFC 3339).
///
/// # Errors
/// What is wrong with it and how to mend it, for a person.
pub fn until(text: &str) -> Result<Timestamp, String> {
    let scalar = Scalar { text: text.to_owned(), source: text.to_owned(), plain: true };
    until_moment(&scalar).map_err(|problem| format!("{} ({}); {}", problem.message, problem.label, problem.help))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Scalar {
        Scalar { text: text.into(), source: text.into(), plain: true }
    }

    #[test]
    fn a_time_of_day_has_one_notation() {
        for (text, hour, minute) in [("00:00", 0, 0), ("09:05", 9, 5), ("22:00", 22, 0), ("24:00", 24, 0)] {
            assert_eq!(time_of_day(&plain(text)).ok(), TimeOfDay::new(hour, minute), "{text}");
        }
        for text in
            ["", "9:00", "22", "1320", "22.00", "22:60", "24:01", "25:00", "10pm", "22:00:00", "+2:00", "２2:00"]
        {
            assert!(!time_of_day(&plain(text)).unwrap_err().help.is_empty(), "{text}");
        }
        assert!(beginning(&plain("24:00")).is_err());
    }

    #[test]
    fn days_have_one_spelling_and_the_others_are_recognised() {
        assert_eq!(day(&plain("sat")), Ok(Weekday::Sat));
        for (text, meant) in [
            ("Sat", "sat"),
            ("saturday", "sat"),
            ("SUNDAY", "sun"),
            ("tusday", "tue"),
            ("thur", "thu"),
            ("wedn", "wed"),
        ] {
            assert_eq!(day(&plain(text)).unwrap_err().label, format!("did you mean `{meant}`?"), "{text}");
        }
        for text in ["", "1", "weekend", "lunes", "mon-fri"] {
            assert!(day(&plain(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn dates_are_days_that_exist() {
        assert_eq!(date(&plain("2028-02-29")).ok(), NaiveDate::from_ymd_opt(2028, 2, 29));
        for text in ["2027-02-29", "2026-1-2", "24.12.2026", "20261224", "12-24", "2026-12-24T00:00:00Z", "+026-12-24"]
        {
            assert!(date(&plain(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn zones_are_known_by_their_iana_names() {
        assert_eq!(timezone(&plain("Europe/Madrid")), Ok(Tz::Europe__Madrid));
        assert_eq!(timezone(&plain("UTC")), Ok(Tz::UTC));
        for (text, meant) in
            [("Europe/Madird", "Europe/Madrid"), ("europe/madrid", "Europe/Madrid"), ("madrid", "Europe/Madrid")]
        {
            assert_eq!(timezone(&plain(text)).unwrap_err().label, format!("did you mean `{meant}`?"), "{text}");
        }
        for text in ["local", "UTC+2", "+02:00", "CEST", "Mars/Olympus"] {
            assert!(timezone(&plain(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_hold_ends_with_a_date_or_a_moment() {
        let moment = |text: &str| until(text).map(|at| at.to_rfc3339());
        assert_eq!(moment("2026-12-24").as_deref(), Ok("2026-12-24T00:00:00+00:00"));
        assert_eq!(moment("2026-12-24T18:00:00+01:00").as_deref(), Ok("2026-12-24T17:00:00+00:00"));
        for text in ["tomorrow", "2026-12-24 18:00", "2026-12-24T18:00:00", "2h", "2026-02-30", ""] {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
