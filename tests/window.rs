//! Windows: what they come to in real time, at both changes of the clock, in every zone of the IANA list.
//!
//! Tables of named nights; what went wrong in Argo CD's sync windows; and generated windows around changes of the clock against an
//! oracle that looks at the clock on the wall minute by minute. `JBR_WINDOW_CASES=20 cargo test --test window` looks at 20 places
//! of each zone instead of one.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

#[path = "window/oracle.rs"]
mod oracle;
#[path = "support/random.rs"]
mod random;
#[path = "window/sampled.rs"]
mod sampled;
#[path = "support/setting.rs"]
mod setting;

use std::time::Duration;

use chrono::{DateTime, Days, Utc};
use jbr::clock::Timestamp;
use jbr::plan::{self, Source};
use jbr::window::{HORIZON_MAX, Opening, Window, openings};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The windows of a job, as the plan language gives them: `windows` is the map's text, `job` what the job names.
fn windows(windows: &str, job: &str) -> Vec<Window> {
    let text = format!(
        "version: 1\nwindows: {{ {windows} }}\nservers: {{ s: {{ host: h }} }}\n\
         jobs: [{{ name: j, server: s, id: aaaaaaaaaaaaaaaaaaaaaaaa, window: {job} }}]\n"
    );
    let sources = [Source { path: "plan.yaml".into(), text }];
    let loaded = plan::load(&sources).unwrap_or_else(|findings| panic!("{}", plan::report(&findings, &sources, false)));
    loaded.jobs[0].windows.clone()
}

fn at(moment: &str) -> Timestamp {
    let moment =
        if moment.len() == "2026-11-23T22:00Z".len() { moment.replace('Z', ":00Z") } else { moment.to_owned() };
    DateTime::parse_from_rfc3339(&moment).unwrap().to_utc()
}

fn shown(openings: &[Opening]) -> Vec<String> {
    let moment = |at: Timestamp| at.format("%Y-%m-%dT%H:%MZ").to_string();
    openings.iter().map(|opening| format!("{} {}", moment(opening.from), moment(opening.to))).collect()
}

/// What the windows come to in some days from a moment on.
fn check(declared: &[Window], from: &str, days: u32, expected: &[&str]) {
    assert_eq!(shown(&openings(declared, at(from), DAY * days)), expected, "{declared:?} from {from}");
}

/// What a window comes to that begins on a day. It has a second day a week later, where nobody looks: one that lies in a skipped hour is
/// refused by the language if it never opens at all.
fn night(zone: &str, from: &str, to: &str, date: &str, expected: Option<&str>) {
    let midnight = at(&format!("{date}T00:00:00Z"));
    let later = (midnight + DAY * 7).format("%Y-%m-%d");
    let declared =
        windows(&format!("w: {{ dates: [{date}, {later}], from: {from}, to: {to}, timezone: {zone} }}"), "w");
    let around = midnight.checked_sub_days(Days::new(2)).unwrap();
    let came = shown(&openings(&declared, around, DAY * 6));
    assert_eq!(came, expected.into_iter().collect::<Vec<_>>(), "{zone} {date} {from}-{to}");
}

#[test]
fn a_night_belongs_to_the_day_on_which_it_begins() {
    let nights = windows(r#"nights: { days: [fri], from: "22:00", to: "06:00", timezone: Europe/Madrid }"#, "nights");
    check(
        &nights,
        "2026-11-23T00:00Z",
        14,
        &["2026-11-27T21:00Z 2026-11-28T05:00Z", "2026-12-04T21:00Z 2026-12-05T05:00Z"],
    );
    let whole = windows("d: { days: [sat, sun], timezone: UTC }", "d");
    check(&whole, "2026-11-23T00:00Z", 8, &["2026-11-28T00:00Z 2026-11-30T00:00Z"]);
    let to_midnight = windows(r#"d: { days: sat, from: "22:00", to: "24:00", timezone: UTC }"#, "d");
    check(&to_midnight, "2026-11-23T00:00Z", 8, &["2026-11-28T22:00Z 2026-11-29T00:00Z"]);
}

#[test]
fn openings_are_clipped_at_both_ends() {
    let nights = windows(r#"nights: { from: "22:00", to: "06:00", timezone: UTC }"#, "nights");
    check(
        &nights,
        "2026-11-23T23:30Z",
        1,
        &["2026-11-23T23:30Z 2026-11-24T06:00Z", "2026-11-24T22:00Z 2026-11-24T23:30Z"],
    );
    check(&nights, "2026-11-24T06:00Z", 1, &["2026-11-24T22:00Z 2026-11-25T06:00Z"]);
    // The last day that is asked about is the zone's.
    let ahead = windows(r#"w: { from: "00:00", to: "06:00", timezone: Pacific/Kiritimati }"#, "w");
    check(
        &ahead,
        "2026-11-23T11:00Z",
        1,
        &["2026-11-23T11:00Z 2026-11-23T16:00Z", "2026-11-24T10:00Z 2026-11-24T11:00Z"],
    );
    let always = windows("d: { timezone: Europe/Madrid }", "d");
    check(&always, "2026-11-23T12:34Z", 3, &["2026-11-23T12:34Z 2026-11-26T12:34Z"]);
}

#[test]
fn nothing_opens_without_windows_and_nothing_is_answered_beyond_the_horizon() {
    assert_eq!(openings(&[], at("2026-11-23T00:00Z"), DAY), []);
    let always = windows("d: { timezone: UTC }", "d");
    assert_eq!(openings(&always, at("2026-11-23T00:00Z"), Duration::ZERO), []);
    let from = at("2026-11-23T00:00Z");
    assert_eq!(openings(&always, from, Duration::MAX), [Opening { from, to: from + HORIZON_MAX }]);
}

#[test]
fn no_moment_is_a_panic() {
    let nights =
        windows(r#"nights: { from: "22:00", to: "06:00", timezone: Pacific/Apia, except: [{ days: sat }] }"#, "nights");
    for from in [
        DateTime::<Utc>::MIN_UTC,
        DateTime::<Utc>::MAX_UTC,
        at("0001-01-01T00:00Z"),
        at("1969-12-31T12:00Z"),
        at("1970-01-01T00:00Z"),
        at("8999-12-31T12:00Z"),
        at("9999-12-31T23:59Z"),
    ] {
        for horizon in [Duration::ZERO, DAY, Duration::MAX] {
            let _ = openings(&nights, from, horizon);
        }
    }
}

/// Times that do not exist, times that exist twice, and what a night comes to around them.
#[test]
fn both_changes_of_the_clock() {
    for (zone, date, from, to, expected) in [
        // Madrid, 2027-03-28: 02:00 becomes 03:00. The night is an hour shorter.
        ("Europe/Madrid", "2027-03-27", "22:00", "06:00", Some("2027-03-27T21:00Z 2027-03-28T04:00Z")),
        // 02:30 does not exist: it opens, or closes, at the moment of the skip.
        ("Europe/Madrid", "2027-03-28", "02:30", "06:00", Some("2027-03-28T01:00Z 2027-03-28T04:00Z")),
        ("Europe/Madrid", "2027-03-28", "00:30", "02:30", Some("2027-03-27T23:30Z 2027-03-28T01:00Z")),
        ("Europe/Madrid", "2027-03-28", "02:00", "03:00", None),
        ("Europe/Madrid", "2027-03-28", "02:15", "02:45", None),
        ("Europe/Madrid", "2027-03-28", "01:59", "03:01", Some("2027-03-28T00:59Z 2027-03-28T01:01Z")),
        // Madrid, 2026-10-25: 03:00 becomes 02:00. The night is an hour longer, and 02:30 comes twice.
        ("Europe/Madrid", "2026-10-24", "22:00", "06:00", Some("2026-10-24T20:00Z 2026-10-25T05:00Z")),
        ("Europe/Madrid", "2026-10-25", "02:30", "06:00", Some("2026-10-25T00:30Z 2026-10-25T05:00Z")),
        ("Europe/Madrid", "2026-10-25", "00:00", "02:30", Some("2026-10-24T22:00Z 2026-10-25T01:30Z")),
        ("Europe/Madrid", "2026-10-25", "02:15", "02:45", Some("2026-10-25T00:15Z 2026-10-25T01:45Z")),
        ("Europe/Madrid", "2026-10-25", "03:00", "04:00", Some("2026-10-25T02:00Z 2026-10-25T03:00Z")),
        // It is put back to 02:00, and shows nothing before 02:00 again.
        ("Europe/Madrid", "2026-10-24", "22:00", "02:00", Some("2026-10-24T20:00Z 2026-10-25T00:00Z")),
        ("Europe/Madrid", "2026-10-24", "22:00", "02:01", Some("2026-10-24T20:00Z 2026-10-25T01:01Z")),
        // New York: 2027-03-14 and 2026-11-01.
        ("America/New_York", "2027-03-14", "02:30", "05:00", Some("2027-03-14T07:00Z 2027-03-14T09:00Z")),
        ("America/New_York", "2026-11-01", "01:30", "05:00", Some("2026-11-01T05:30Z 2026-11-01T10:00Z")),
        ("America/New_York", "2026-11-01", "00:00", "01:30", Some("2026-11-01T04:00Z 2026-11-01T06:30Z")),
        // Lord Howe changes by half an hour: 2026-10-04 02:00 becomes 02:30, 2027-04-04 02:00 becomes 01:30.
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "04:00", Some("2026-10-03T15:30Z 2026-10-03T17:00Z")),
        ("Australia/Lord_Howe", "2027-04-04", "01:45", "02:15", Some("2027-04-03T14:45Z 2027-04-03T15:45Z")),
        // Apia had no 2011-12-30; the night before it ended with its day.
        ("Pacific/Apia", "2011-12-29", "22:00", "06:00", Some("2011-12-30T08:00Z 2011-12-30T10:00Z")),
        ("Pacific/Apia", "2011-12-30", "10:00", "20:00", None),
        ("Pacific/Apia", "2011-12-30", "22:00", "06:00", Some("2011-12-30T10:00Z 2011-12-30T16:00Z")),
        ("Pacific/Apia", "2011-12-31", "00:00", "06:00", Some("2011-12-30T10:00Z 2011-12-30T16:00Z")),
        // Casablanca goes back for Ramadan: 2026-02-15 03:00 becomes 02:00, 2026-03-22 02:00 becomes 03:00.
        ("Africa/Casablanca", "2026-02-15", "02:30", "04:00", Some("2026-02-15T01:30Z 2026-02-15T04:00Z")),
        ("Africa/Casablanca", "2026-03-22", "02:30", "04:00", Some("2026-03-22T02:00Z 2026-03-22T03:00Z")),
        // In St. John's one minute after midnight became 23:01 of the day before: 00:00 came twice.
        ("America/St_Johns", "2010-11-07", "00:00", "01:00", Some("2010-11-07T02:30Z 2010-11-07T04:30Z")),
        ("America/St_Johns", "2010-11-06", "22:00", "24:00", Some("2010-11-07T00:30Z 2010-11-07T03:30Z")),
        // Havana skips midnight itself: 2026-03-08 has no 00:30.
        ("America/Havana", "2026-03-08", "00:30", "02:00", Some("2026-03-08T05:00Z 2026-03-08T06:00Z")),
        // Zones without changes, ahead and behind, and by quarters.
        ("Asia/Kathmandu", "2026-07-01", "00:00", "01:00", Some("2026-06-30T18:15Z 2026-06-30T19:15Z")),
        ("Pacific/Kiritimati", "2026-07-01", "00:00", "01:00", Some("2026-06-30T10:00Z 2026-06-30T11:00Z")),
        ("UTC", "2026-07-01", "22:00", "06:00", Some("2026-07-01T22:00Z 2026-07-02T06:00Z")),
    ] {
        night(zone, from, to, date, expected);
    }
}

/// An exception is as long as it can be: what must not happen at 02:30 does not happen at either of them.
#[test]
fn what_is_excepted_comes_twice_in_autumn_and_at_the_skip_in_spring() {
    let nights = windows(
        r#"nights: { from: "00:00", to: "06:00", timezone: Europe/Madrid, except: { from: "02:15", to: "02:30" } }"#,
        "nights",
    );
    check(
        &nights,
        "2026-10-24T12:00Z",
        1,
        &["2026-10-24T22:00Z 2026-10-25T00:15Z", "2026-10-25T01:30Z 2026-10-25T05:00Z"],
    );
    check(&nights, "2027-03-27T12:00Z", 1, &["2027-03-27T23:00Z 2027-03-28T04:00Z"]);
}

#[test]
fn an_exception_is_taken_off_the_clock_and_not_off_the_night() {
    let nights = windows(
        r#"nights: { days: [thu, fri], from: "22:00", to: "06:00", timezone: UTC, except: [{ days: sat }, { dates: 2026-11-27, from: "01:00", to: "02:00" }] }"#,
        "nights",
    );
    check(
        &nights,
        "2026-11-23T00:00Z",
        7,
        &[
            "2026-11-26T22:00Z 2026-11-27T01:00Z",
            "2026-11-27T02:00Z 2026-11-27T06:00Z",
            "2026-11-27T22:00Z 2026-11-28T00:00Z",
        ],
    );
}

#[test]
fn another_window_is_excepted_by_its_own_clock_and_without_what_it_excepts() {
    let declared = windows(
        r#"nights: { from: "00:00", to: "06:00", timezone: UTC, except: tokyo },
           tokyo: { from: "10:00", to: "14:00", timezone: Asia/Tokyo, except: { from: "11:00", to: "12:00" } }"#,
        "nights",
    );
    // 10:00 to 14:00 in Tokyo is 01:00 to 05:00.
    check(
        &declared,
        "2026-11-23T00:00Z",
        1,
        &[
            "2026-11-23T00:00Z 2026-11-23T01:00Z",
            "2026-11-23T02:00Z 2026-11-23T03:00Z",
            "2026-11-23T05:00Z 2026-11-23T06:00Z",
        ],
    );
}

// What went wrong in Argo CD's sync windows.

#[test]
fn argo_cd_a_second_window_does_not_block_the_first() {
    let both = windows(
        r#"night: { from: "22:00", to: "23:00", timezone: UTC }, noon: { from: "12:00", to: "13:00", timezone: Europe/Madrid }"#,
        "[night, noon]",
    );
    check(
        &both,
        "2026-11-23T00:00Z",
        1,
        &["2026-11-23T11:00Z 2026-11-23T12:00Z", "2026-11-23T22:00Z 2026-11-23T23:00Z"],
    );
    // In either order, and overlapping or touching as one.
    let both = windows(
        r#"a: { from: "12:00", to: "14:00", timezone: UTC }, b: { from: "13:00", to: "15:00", timezone: UTC }, c: { from: "15:00", to: "16:00", timezone: UTC }"#,
        "[c, b, a]",
    );
    check(&both, "2026-11-23T00:00Z", 1, &["2026-11-23T12:00Z 2026-11-23T16:00Z"]);
}

#[test]
fn argo_cd_what_one_window_denies_another_does_not_allow() {
    let both = windows(
        r#"nights: { from: "22:00", to: "06:00", timezone: UTC, except: { dates: 2026-11-28 } }, weekends: { days: [sat, sun], timezone: UTC }"#,
        "[nights, weekends]",
    );
    check(
        &both,
        "2026-11-27T12:00Z",
        3,
        &["2026-11-27T22:00Z 2026-11-28T00:00Z", "2026-11-29T00:00Z 2026-11-30T06:00Z"],
    );
}

#[test]
fn argo_cd_two_readers_of_one_window_agree_whatever_their_own_zone_is() {
    // The same hours by two clocks are the same moments; nothing is taken from the machine.
    let madrid = windows(r#"w: { from: "23:00", to: "07:00", timezone: Europe/Madrid }"#, "w");
    let utc = windows(r#"w: { from: "22:00", to: "06:00", timezone: UTC }"#, "w");
    let of = |declared: &[Window]| openings(declared, at("2026-11-23T00:00Z"), DAY * 30);
    assert_eq!(of(&madrid), of(&utc));
    assert_eq!(madrid[0].to_string(), "w: every day 23:00–07:00 Europe/Madrid");
}

#[test]
fn argo_cd_a_window_is_open_from_its_first_moment_to_before_its_last() {
    let nights = windows(r#"nights: { from: "22:00", to: "06:00", timezone: Europe/Madrid }"#, "nights");
    let opening = openings(&nights, at("2026-11-23T12:00Z"), DAY)[0];
    assert!(opening.contains(at("2026-11-23T21:00Z")) && !opening.contains(at("2026-11-23T20:59:59.999Z")));
    assert!(opening.contains(at("2026-11-24T04:59:59.999Z")) && !opening.contains(at("2026-11-24T05:00Z")));
    // Asked at that very moment, it says that it is open now.
    assert_eq!(openings(&nights, opening.from, DAY)[0].from, opening.from);
    assert!(openings(&nights, opening.to, DAY)[0].from > opening.to);
}

#[test]
fn windows_have_words() {
    for (declared, words) in [
        (
            r#"{ days: [mon, tue, wed, thu, fri], from: "22:00", to: "06:00", timezone: Europe/Madrid }"#,
            "mon–fri 22:00–06:00 Europe/Madrid",
        ),
        ("{ days: [sun, sat], timezone: UTC }", "sat, sun all day UTC"),
        ("{ days: [mon, wed, thu, fri, sun], timezone: UTC }", "mon, wed–fri, sun all day UTC"),
        (r#"{ from: "02:00", to: "24:00", timezone: UTC }"#, "every day 02:00–24:00 UTC"),
        (
            "{ dates: [2026-12-04, 2026-12-03, 2026-12-02, 2026-12-01], timezone: UTC }",
            "2026-12-01, 2026-12-02, 2026-12-03 and 1 more all day UTC",
        ),
        (
            r#"{ days: fri, timezone: UTC, except: [{ from: "12:00", to: "13:00" }, other, { dates: 2026-12-24 }] }"#,
            "fri all day UTC, except every day 12:00–13:00; other; 2026-12-24 all day",
        ),
    ] {
        let declared = windows(&format!("w: {declared}, other: {{ days: mon, timezone: UTC }}"), "w");
        assert_eq!(declared[0].to_string(), format!("w: {words}"));
    }
}

/// Two clocks that differ by an hour more for a part of the year leave a window open then alone: that is no mistake.
#[test]
fn a_window_that_opens_in_a_part_of_the_year_is_one() {
    for (part, zone, except) in [
        ("winter", "UTC", r#"from: "11:30", to: "13:00", timezone: Europe/Madrid"#),
        ("summer", "UTC", r#"from: "10:30", to: "11:45", timezone: Europe/Madrid"#),
        ("the weeks between two changes", "America/New_York", r#"from: "16:00", to: "16:30", timezone: Europe/Madrid"#),
    ] {
        let declared =
            format!(r#"w: {{ from: "10:00", to: "10:30", timezone: {zone}, except: other }}, other: {{ {except} }}"#);
        let year = openings(&windows(&declared, "w"), at("2026-01-01T00:00Z"), DAY * 365).len();
        assert!((10..300).contains(&year), "{part}: {year} days");
    }
}

/// An exception goes by the clock of its own window, also where it closes another one.
#[test]
fn what_another_window_excepts_goes_by_that_windows_clock() {
    let load = |from: &str, to: &str| {
        let nights = format!(
            r#"{{ to: "06:00", from: "00:00", timezone: Asia/Kolkata, except: {{ from: "{from}", to: "{to}" }} }}"#
        );
        let text = format!(
            "version: 1\nwindows: {{ mornings: {{ from: \"10:00\", to: \"11:00\", timezone: UTC }}, nights: {nights} }}\n\
             servers: {{ s: {{ host: h }} }}\n\
             jobs: [{{ name: j, server: s, id: aaaaaaaaaaaaaaaaaaaaaaaa, window: [mornings, nights] }}]\n"
        );
        plan::load(&[Source { path: "plan.yaml".into(), text }])
            .map(drop)
            .map_err(|findings| findings[0].message.clone())
    };
    assert_eq!(load("10:00", "11:00"), Ok(()));
    assert_eq!(load("15:30", "16:30"), Err("window `mornings` never opens beside the others".to_owned()));
}
