//! Times and durations as people read them: local, short, and never more exact than they are.

use std::time::Duration;

use chrono::{DateTime, FixedOffset, Offset as _, Utc};

use crate::clock::{Timestamp, elapsed, spelled};

const MINUTE_S: u64 = 60;
const HOUR_S: u64 = 60 * MINUTE_S;
const DAY_S: u64 = 24 * HOUR_S;

/// The reader's time zone. A parameter, because a machine's zone is a fact of that machine.
#[derive(Debug, Clone, Copy)]
pub enum Zone {
    /// Always the same distance from UTC.
    Fixed(FixedOffset),
    /// A distance that depends on the time: a run may go through the night in which summer time ends.
    By(fn(Timestamp) -> FixedOffset),
}

impl Zone {
    /// UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self::Fixed(Utc.fix())
    }

    fn local(self, at: Timestamp) -> DateTime<FixedOffset> {
        let offset = match self {
            Self::Fixed(offset) => offset,
            Self::By(offset_at) => offset_at(at),
        };
        at.with_timezone(&offset)
    }

    /// `2026-11-23 02:00`.
    #[must_use]
    pub fn date_time(self, at: Timestamp) -> String {
        self.local(at).format("%Y-%m-%d %H:%M").to_string()
    }

    /// `2026-11-23 02:00:05`.
    #[must_use]
    pub fn second(self, at: Timestamp) -> String {
        self.local(at).format("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// `2026-11-23 02:00 (UTC+01:00)`.
    #[must_use]
    pub fn with_offset(self, at: Timestamp) -> String {
        self.local(at).format("%Y-%m-%d %H:%M (UTC%:z)").to_string()
    }

    /// `02:00` if that is the day of `now`, `Tue 02:00` within six days of it, otherwise with the date.
    #[must_use]
    pub fn near(self, at: Timestamp, now: Timestamp) -> String {
        let (at, now) = (self.local(at), self.local(now));
        let days = (at.date_naive() - now.date_naive()).num_days();
        let form = match days {
            0 => "%H:%M",
            -6..=6 => "%a %H:%M",
            _ => "%Y-%m-%d %H:%M",
        };
        at.format(form).to_string()
    }
}

/// `47s`, `1m 05s`, `2h 05m`, `3d 4h`.
#[must_use]
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..MINUTE_S => format!("{seconds}s"),
        MINUTE_S..HOUR_S => format!("{}m {:02}s", seconds / MINUTE_S, seconds % MINUTE_S),
        HOUR_S..DAY_S => format!("{}h {:02}m", seconds / HOUR_S, seconds % HOUR_S / MINUTE_S),
        _ => format!("{}d {}h", seconds / DAY_S, seconds % DAY_S / HOUR_S),
    }
}

/// A duration that is only an expectation, to the minute from one minute on: `47s`, `26m`, `2h 05m`, `3d 4h`.
#[must_use]
pub fn about(expected: Duration) -> String {
    let seconds = expected.as_secs();
    if seconds < MINUTE_S {
        return duration(expected);
    }
    let rounded = seconds.saturating_add(MINUTE_S / 2) / MINUTE_S * MINUTE_S;
    match rounded {
        ..HOUR_S => format!("{}m", rounded / MINUTE_S),
        _ => duration(Duration::from_secs(rounded)),
    }
}

/// A limit as a plan has it, without what is zero: `15m`, `2h`, `1h 30m`.
#[must_use]
pub fn limit(limit: Duration) -> String {
    spelled(limit)
}

/// `22h 10m ago`; `in 3h 00m` where the clock was put back, which a machine without a clock chip does.
#[must_use]
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    if at > now { format!("in {}", about(elapsed(now, at))) } else { format!("{} ago", about(elapsed(at, now))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn durations_are_short_and_have_two_units_at_most() {
        let check = |seconds: u64, exact: &str, expected: &str| {
            let given = Duration::from_secs(seconds);
            assert_eq!((duration(given).as_str(), about(given).as_str()), (exact, expected), "{seconds} s");
        };
        check(0, "0s", "0s");
        check(47, "47s", "47s");
        check(65, "1m 05s", "1m");
        check(90, "1m 30s", "2m");
        check(3599, "59m 59s", "1h 00m");
        check(7500, "2h 05m", "2h 05m");
        check(86_399, "23h 59m", "1d 0h");
        check(273_600, "3d 4h", "3d 4h");
        check(u64::MAX, "213503982334601d 7h", "213503982334601d 7h");
    }

    #[test]
    fn a_time_says_its_day_unless_it_is_today_where_the_reader_is() {
        let madrid = Zone::Fixed(FixedOffset::east_opt(3600).unwrap());
        let now = at("2026-11-23T02:00:00Z");
        let check = |time: &str, zone: Zone, expected: &str| {
            assert_eq!(zone.near(at(time), now), expected, "{time}");
        };
        check("2026-11-23T23:30:00Z", Zone::utc(), "23:30");
        check("2026-11-23T23:30:00Z", madrid, "Tue 00:30");
        check("2026-11-22T23:30:00Z", madrid, "00:30");
        check("2026-11-17T02:00:00Z", Zone::utc(), "Tue 02:00");
        check("2026-11-16T02:00:00Z", Zone::utc(), "2026-11-16 02:00");
        assert_eq!(madrid.with_offset(now), "2026-11-23 03:00 (UTC+01:00)");
    }

    #[test]
    fn a_zone_can_change_its_offset_in_the_night() {
        let end_of_summer = |time: Timestamp| {
            let hours = if time < at("2026-10-25T01:00:00Z") { 2 } else { 1 };
            FixedOffset::east_opt(hours * 3600).unwrap()
        };
        let zone = Zone::By(end_of_summer);
        assert_eq!(zone.date_time(at("2026-10-25T00:30:00Z")), "2026-10-25 02:30");
        assert_eq!(zone.date_time(at("2026-10-25T01:30:00Z")), "2026-10-25 02:30");
    }

    #[test]
    fn a_clock_that_was_put_back_does_not_make_the_past_recent() {
        let now = at("2026-11-23T02:00:00Z");
        assert_eq!(ago(at("2026-11-22T02:00:00Z"), now), "1d 0h ago");
        assert_eq!(ago(at("2026-11-23T05:00:00Z"), now), "in 3h 00m");
    }
}
