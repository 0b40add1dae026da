//! Windows, open and closed.
//!
//! A window opens on a whole minute, and no test waits for one: the clock of an interrupted run goes on where its journal ended, so a
//! journal that ended just before the minute has `jbr` see it come.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Timelike as _, Utc};
use jbr::clock::{Timestamp, earlier};
use jbr::state::lock::Holder;
use jbr::state::store::{FileStore, Store as _};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::scene::{changes, ends, site, site_of, triggers, write_plan};
use crate::support::site::Site;

/// How far ahead of a moment the clock of the next `jbr` starts.
const BEFORE: Duration = Duration::from_secs(4);

/// A window between two moments of the day.
fn between(from: Timestamp, to: Timestamp) -> String {
    let at = |at: Timestamp| at.format("%H:%M");
    format!("windows: {{ w: {{ from: \"{}\", to: \"{}\", timezone: UTC }} }}\n", at(from), at(to))
}

/// A window that is open from so many minutes before now until so many minutes after it.
fn window(from: i64, to: i64) -> String {
    between(Utc::now() + TimeDelta::minutes(from), Utc::now() + TimeDelta::minutes(to))
}

/// A whole minute that begins soon, but not before the next command is over.
fn coming_minute() -> Timestamp {
    (Utc::now() + TimeDelta::seconds(90)).with_second(0).and_then(|at| at.with_nanosecond(0)).unwrap()
}

/// A run that waits for its windows and is interrupted, whose journal ends shortly before this moment. Without `--wait` none would be begun.
fn interrupted_before(site: &Site, at: Timestamp) {
    let mut apply = site.start_jbr(&["apply", "--auto-approve", "--json", "--wait"]);
    apply.until_event("waiting", None);
    let (ran, _) = apply.ended_by(Signal::TERM);
    assert_eq!(ran.code, Some(10), "{}", ran.text());
    let mut store = FileStore::new(&site.state_path()).unwrap();
    store.lock(&Holder::this_process("test", Utc::now())).unwrap();
    let mut state = store.load().unwrap().unwrap();
    state.run.as_mut().unwrap().journal.at = earlier(at, BEFORE);
    store.commit(&mut state).unwrap();
}

fn moment(event: &Value) -> Timestamp {
    DateTime::parse_from_rfc3339(event["at"].as_str().unwrap()).unwrap().to_utc()
}

#[test]
fn nothing_starts_in_a_closed_window_and_the_next_apply_goes_on_where_it_opened() {
    let site = site(&[100], &[100]);
    write_plan(&site, &window(60, 120), "", ", window: w");
    let ran = site.jbr(&["apply", "--auto-approve"]);
    assert_eq!(ran.code, Some(10), "{}", ran.text());
    assert!(ran.text().contains("window opens"), "{}", ran.text());
    assert_eq!(triggers(&site), (1, 0));
    write_plan(&site, &window(-60, 120), "", ", window: w");
    let ran = site.apply();
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!(triggers(&site), (1, 1), "what is done stays done");
}

#[test]
fn apply_that_waits_stays_while_the_window_is_closed_and_goes_on_when_it_opens() {
    let site = site(&[100], &[100]);
    let opens = coming_minute();
    write_plan(&site, &between(opens, opens + TimeDelta::hours(1)), ", window: w", ", window: w");
    interrupted_before(&site, opens);
    let mut apply = site.start_jbr(&["apply", "--auto-approve", "--json", "--wait"]);
    let waiting = apply.until_event("waiting", None);
    assert_eq!(waiting["reason"]["kind"], "window", "{waiting}");
    assert_eq!(changes(&site), [], "it waits");
    let ran = apply.ended();
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!(triggers(&site), (1, 1));
    let started = moment(&ran.events("triggering")[0]);
    assert!(opens <= started && started < opens + TimeDelta::seconds(10), "{started} for {opens}");
}

#[test]
fn a_window_that_closes_stops_no_backup_and_nothing_new_starts() {
    let site = site_of([ends(100)], [jbr::simulator::Execution { runs: Duration::from_secs(6), ..ends(100) }], |a| a);
    let closes = coming_minute();
    write_plan(&site, &window(60, 120), ", window: w", ", window: w");
    interrupted_before(&site, closes);
    write_plan(&site, &between(closes - TimeDelta::hours(1), closes), ", window: w, after: b/z", ", window: w");
    let ran = site.apply();
    assert_eq!(ran.code, Some(10), "{}", ran.text());
    assert_eq!(triggers(&site), (0, 1));
    assert_eq!(site.verdict("b/z"), json!("completed"), "it ran on past {closes}");
    assert!(moment(&ran.events("done")[0]) > closes, "{}", ran.text());
}

/// The clock of a Raspberry Pi is behind until the network has told it. Whoever starts over goes by it.
#[test]
fn where_the_clock_is_behind_an_interrupted_run_the_later_counts_and_that_is_said() {
    let site = site(&[100], &[100]);
    let opens_in = |minutes: i64| write_plan(&site, &window(minutes, 120), ", window: w", ", window: w");
    opens_in(60);
    interrupted_before(&site, Utc::now() + TimeDelta::minutes(30));
    opens_in(20);
    let fresh = site.jbr(&["apply", "--auto-approve", "--fresh"]);
    assert!(fresh.code == Some(10) && !fresh.stderr.contains("the interrupted run ended at"), "{}", fresh.text());
    let ran = site.apply();
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert!(ran.stderr.contains("and the interrupted run ended at"), "{}", ran.stderr);
    assert_eq!(triggers(&site), (1, 1), "by the run's time the window is open");
}

#[test]
fn a_job_that_has_to_fit_starts_where_its_expected_end_is_inside() {
    let site = site(&[100], &[100]);
    site.world
        .update(|fleet| {
            fleet.change("b", Utc::now(), |b| b.logs.push(log_of_an_hour()));
        })
        .unwrap();
    // Of a/x nothing is known, so any open window will do; b/z takes an hour, and a half is left.
    write_plan(&site, &window(-60, 30), FITS, FITS);
    let ran = site.jbr(&["apply", "--auto-approve"]);
    assert_eq!(ran.code, Some(10), "{}", ran.text());
    assert_eq!(triggers(&site), (1, 0));
    write_plan(&site, &window(-60, 90), FITS, FITS);
    assert_eq!(site.apply().code, Some(0));
    assert_eq!(triggers(&site), (1, 1));
}

/// With a limit of its age, its logs are read.
const FITS: &str = ", window: w, fits: true, max_age: 7d";

fn log_of_an_hour() -> jbr::simulator::Log {
    let ended = earlier(Utc::now(), Duration::from_secs(24 * 3600));
    jbr::simulator::Log {
        id: "cccccccccccccccccccccccc".to_owned(),
        kind: 1,
        job: Some(crate::scene::SECOND.to_owned()),
        name: "z".to_owned(),
        started: earlier(ended, Duration::from_secs(3600)),
        ended: Some(ended),
        status: 1,
        items: 1,
    }
}
