//! Tries: how many, of which failures, and never beside anything.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use jbr::simulator::{Fault, Rule, When};
use serde_json::json;

use crate::scene::{ends, everybody_was_asked_before_each_trigger, site, site_of, triggers, write_plan};
use crate::support::site::Site;

/// How often somebody asked for a backup of `a/x`, carried out or not.
fn asked(site: &Site) -> usize {
    site.account().calls_of("a", "runBackupJobManually")
}

#[test]
fn a_failed_backup_is_tried_again_and_the_last_try_counts() {
    let site = site(&[102, 100], &[102, 102, 100]);
    write_plan(&site, "", ", retry: { attempts: 2, wait: 1s }", ", retry: { attempts: 2, wait: 1s }");
    let ran = site.apply();
    assert_eq!(ran.code, Some(3), "{}", ran.text());
    assert_eq!(triggers(&site), (2, 2));
    assert_eq!([site.verdict("a/x"), site.verdict("b/z")], [json!("completed"), json!("failed")]);
    assert_eq!(ran.events("retrying").len(), 2, "{}", ran.text());
    everybody_was_asked_before_each_trigger(&site);
}

/// `a/x` goes wrong once, in this way.
fn goes_wrong_once(kind: &str) -> Site {
    let once = |fault: Fault| {
        site_of([ends(100)], [ends(100)], |a| a.rule(Rule::of("runBackupJobManually", fault).when(When::Next(1))))
    };
    match kind {
        "failed" => site_of([ends(102), ends(100)], [ends(100)], |a| a),
        "never_started" => once(Fault::DoesNotStick),
        _ => once(Fault::Refused("the queue is locked".to_owned())),
    }
}

#[test]
fn each_kind_of_failure_is_tried_again_where_the_plan_names_it_and_only_there() {
    let check = |kind: &str, when: &str, attempts: usize| {
        let site = goes_wrong_once(kind);
        let keys = format!(", start_timeout: 1s, retry: {{ attempts: 3, wait: 1s, when: {when} }}");
        write_plan(&site, "", &keys, "");
        let ran = site.apply();
        assert_eq!(asked(&site), attempts, "{kind}, {when}: {}", ran.text());
        assert_eq!(ran.code, Some(if attempts == 2 { 0 } else { 3 }), "{kind}, {when}: {}", ran.text());
        assert_eq!(site.verdict("b/z"), json!("completed"), "{kind}, {when}");
        everybody_was_asked_before_each_trigger(&site);
    };
    let kinds = [
        ("failed", "[never_started, api_error]"),
        ("never_started", "[failed, api_error]"),
        ("api_error", "[failed, never_started]"),
    ];
    // Most of it is waiting.
    std::thread::scope(|scope| {
        for (kind, others) in kinds {
            scope.spawn(move || check(kind, kind, 2));
            scope.spawn(move || check(kind, others, 1));
        }
    });
}

#[test]
fn what_goes_wrong_each_time_is_tried_as_often_as_the_plan_says() {
    let site = site_of([ends(100)], [ends(100)], |a| {
        a.rule(Rule::of("runBackupJobManually", Fault::Refused("the queue is locked".to_owned())).when(When::Always))
    });
    write_plan(&site, "", ", retry: { attempts: 3, wait: 1s }", "");
    let ran = site.apply();
    assert_eq!(ran.code, Some(3), "{}", ran.text());
    assert_eq!(asked(&site), 3);
    assert!(ran.text().contains("the queue is locked"), "{}", ran.text());
    everybody_was_asked_before_each_trigger(&site);
}

/// The first trigger shows its backup only after it was given up: the look before the second try finds it.
#[test]
fn a_backup_that_shows_up_before_the_next_try_is_watched_and_not_doubled() {
    let late = ends(100).appears_after(Duration::from_millis(2500));
    let site = site_of([jbr::simulator::Execution { runs: Duration::from_secs(6), ..late }], [ends(100)], |a| a);
    write_plan(&site, "", ", start_timeout: 1s, retry: { attempts: 3, wait: 4s }", "");
    let ran = site.apply();
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!(asked(&site), 1, "{}", ran.text());
    assert_eq!(ran.events("retrying").len(), 1, "{}", ran.text());
    assert_eq!(site.verdict("a/x"), json!("completed"));
    everybody_was_asked_before_each_trigger(&site);
}

#[test]
fn nothing_is_tried_again_in_a_window_that_is_closed_by_then() {
    let site = site(&[102, 100], &[100]);
    let at = |minutes: i64| (Utc::now() + TimeDelta::minutes(minutes)).format("%H:%M");
    let window = format!("windows: {{ w: {{ from: \"{}\", to: \"{}\", timezone: UTC }} }}\n", at(-60), at(3));
    write_plan(&site, &window, ", window: w, retry: { attempts: 2, wait: 10m }", "");
    let ran = site.apply();
    assert_eq!(ran.code, Some(10), "{}", ran.text());
    assert_eq!(triggers(&site), (1, 1));
    assert_eq!(ran.events("retrying").len(), 1, "{}", ran.text());
}
