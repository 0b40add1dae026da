//! `--since` and `--until`: how long ago (or from now on), a day, or a time.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, TimeZone};

use super::error::CliError;
use crate::audit::Period;
use crate::clock::{Timestamp, earlier, later};
use crate::plan;
use crate::printable::printable;

/// The ways to write a local time.
const LOCAL_FORMS: [&str; 4] = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"];

/// A moment as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// So long ago; of a time to come, so long from now.
    Ago(Duration),
    /// At this moment.
    At(Timestamp),
    /// At this time where jbr runs.
    Local(NaiveDateTime),
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::At(at.to_utc()));
        }
        if let Ok(day) = text.parse::<NaiveDate>() {
            return Ok(Self::Local(day.and_time(chrono::NaiveTime::MIN)));
        }
        if let Some(local) = LOCAL_FORMS.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok()) {
            return Ok(Self::Local(local));
        }
        if !is_meant_as_a_duration(text) {
            let text = printable(text);
            return Err(format!(
                "is no day, time or duration: `{text}`; write 2026-11-22, 2026-11-22T02:00, 2026-11-22T02:00:00Z or 3d"
            ));
        }
        plan::span(text).map(Self::Ago)
    }
}

/// A number, and letters if any: of `2026-13-01`, `18:00` or `tomorrow`, what is wrong is not the unit.
fn is_meant_as_a_duration(text: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    let rest = text.trim().trim_start_matches(is_digit);
    let has_number = rest.len() < text.trim().len();
    has_number
        && !rest.contains(['-', ':', '/'])
        && (rest.is_empty() || rest.contains(|c: char| c.is_ascii_alphabetic()))
}

impl When {
    /// The moment to come that is meant. Of a local time that a clock shows twice it is the second.
    ///
    /// # Errors
    /// [`CliError::Hold`] where it is not to come, or no clock will show it.
    pub(super) fn ahead(self, now: Timestamp, zone: &impl TimeZone) -> Result<Timestamp, CliError> {
        let at = match self {
            Self::Ago(from_now) => later(now, from_now),
            Self::At(at) => at,
            Self::Local(local) => match zone.from_local_datetime(&local) {
                LocalResult::Single(at) | LocalResult::Ambiguous(_, at) => at.to_utc(),
                LocalResult::None => {
                    return Err(CliError::Hold(format!("no clock here will show {local}: it is set forward")));
                }
            },
        };
        if at > now { Ok(at) } else { Err(CliError::Hold("`--until` names a time that is over".to_owned())) }
    }

    /// The moment that is meant. Of a local time that a clock shows twice it is the first.
    fn moment(self, now: Timestamp, zone: &impl TimeZone) -> Result<Timestamp, CliError> {
        match self {
            Self::Ago(ago) => Ok(earlier(now, ago)),
            Self::At(at) => Ok(at),
            Self::Local(local) => match zone.from_local_datetime(&local) {
                LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Ok(at.to_utc()),
                LocalResult::None => Err(CliError::Period(format!("no clock here shows {local}: it was set forward"))),
            },
        }
    }
}

/// The period that is meant.
///
/// # Errors
/// Where it ends before it begins, or after now, which nobody has records of.
pub(super) fn period(
    since: When,
    until: Option<When>,
    now: Timestamp,
    zone: &impl TimeZone,
) -> Result<Period, CliError> {
    let from = since.moment(now, zone)?;
    let to = until.map_or(Ok(now), |until| until.moment(now, zone))?;
    if to > now {
        return Err(CliError::Period("the period ends in the future, which nobody has records of".to_owned()));
    }
    if from > now {
        return Err(CliError::Period("the period begins in the future, which nobody has records of".to_owned()));
    }
    if from >= to {
        return Err(CliError::Period("the period ends before it begins".to_owned()));
    }
    Ok(Period { from, to })
}

/// A duration in the plan's language, or zero: `0s`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn duration_or_none(text: &str) -> Result<Duration, String> {
    if ["0", "0s"].contains(&text) { Ok(Duration::ZERO) } else { plan::span(text).map_err(|what| printable(&what)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::FixedOffset;

    fn now() -> Timestamp {
        "2026-11-23T02:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_moment_is_typed_in_three_ways() {
        let zone = FixedOffset::east_opt(3600).unwrap();
        let check = |text: &str, expected: &str| {
            let at = text.parse::<When>().unwrap().moment(now(), &zone).unwrap();
            assert_eq!(at, expected.parse::<Timestamp>().unwrap(), "{text}");
        };
        check("7d", "2026-11-16T02:00:00Z");
        check("1h 30m", "2026-11-23T00:30:00Z");
        check("2026-11-20", "2026-11-19T23:00:00Z");
        check("2026-11-20T02:00", "2026-11-20T01:00:00Z");
        check("2026-11-20 02:00:05", "2026-11-20T01:00:05Z");
        check("2026-11-20T02:00:00Z", "2026-11-20T02:00:00Z");
        check("2026-11-20T02:00:00+05:30", "2026-11-19T20:30:00Z");
        for bad in ["", "7", "soon", "2026-13-01", "1M", "2026-11-20T25:00", "-3d"] {
            assert!(bad.parse::<When>().is_err(), "{bad}");
        }
        for day in ["2026-13-01", "2026-11-20T25:00", "18:00", "24.12.2026", "soon", "", "-3d"] {
            let why = day.parse::<When>().unwrap_err();
            assert!(why.starts_with("is no day, time or duration") && why.contains("3d"), "{day}: {why}");
        }
        assert!("7".parse::<When>().unwrap_err().contains("7s, 7m or 7h"));
        assert!("1M".parse::<When>().unwrap_err().contains("a month to some"));
    }

    #[test]
    fn a_period_has_a_length_and_lies_in_the_past() {
        let ago = |hours: u64| When::Ago(Duration::from_secs(hours * 3600));
        let zone = chrono::Utc;
        assert!(period(ago(2), None, now(), &zone).is_ok());
        assert!(period(ago(2), Some(ago(1)), now(), &zone).is_ok());
        assert!(period(ago(1), Some(ago(2)), now(), &zone).is_err());
        assert!(period(ago(1), Some(ago(1)), now(), &zone).is_err());
        let tomorrow = When::At("2026-11-24T00:00:00Z".parse().unwrap());
        assert!(period(ago(1), Some(tomorrow), now(), &zone).is_err());
        let begins = period(tomorrow, None, now(), &zone).unwrap_err().to_string();
        assert!(begins.contains("begins in the future"), "{begins}");
    }

    #[test]
    fn a_time_to_come_is_one() {
        let zone = FixedOffset::east_opt(3600).unwrap();
        let ahead = |text: &str| text.parse::<When>().unwrap().ahead(now(), &zone).ok();
        let at = |text: &str| text.parse::<Timestamp>().ok();
        assert_eq!(ahead("3d"), at("2026-11-26T02:00:00Z"));
        assert_eq!(ahead("2026-11-24"), at("2026-11-23T23:00:00Z"));
        assert_eq!(ahead("2026-11-23T03:01"), at("2026-11-23T02:01:00Z"));
        assert_eq!(ahead("2026-11-23T03:00"), None, "that is now");
        assert_eq!(ahead("2026-11-22"), None);
        // Shown twice, it is the second that ends a hold; and one that no clock shows ends none.
        let madrid = |text: &str| text.parse::<When>().unwrap().ahead(now(), &chrono_tz::Europe::Madrid).ok();
        assert_eq!(madrid("2027-10-31T02:30"), at("2027-10-31T01:30:00Z"));
        assert_eq!(madrid("2027-03-28T02:30"), None);
    }

    #[test]
    fn no_tolerance_is_one_too() {
        assert_eq!(duration_or_none("0s"), Ok(Duration::ZERO));
        assert_eq!(duration_or_none("5s"), Ok(Duration::from_secs(5)));
        assert!(duration_or_none("5").is_err());
    }
}
