//! What a plan says about a backup that takes too long: held, released or stopped. Only `release` lets two write at once, and says so.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

mod support;

use std::time::{Duration, Instant};

use chrono::Utc;
use jbr::simulator::{Account, Dialect, Fleet, Stopping};
use serde_json::{Value, json};
use support::parts::{id, job, ms, run_with, with_nas, writes_for};
use support::site::{NAS, Site};

/// A server whose stops work like this has a backup that takes too long; another one has the next.
fn overdue(stopping: Stopping, on_timeout: &str, long: Duration, next: Duration) -> (Site, Value, Account) {
    let dialect = Dialect { stopping, ..Dialect::default() };
    let millis = |d: Duration| u64::try_from(d.as_millis()).unwrap();
    let fleet = Fleet::new(Utc::now())
        .server("a", |a| with_nas(a).dialect(dialect).job(job(1, writes_for(millis(long)))))
        .server("b", |b| with_nas(b).job(job(2, writes_for(millis(next)))));
    let site = Site::start(&fleet);
    let extra = format!(", timeout: 2s, on_timeout: {on_timeout}");
    site.write_plan(&run_with("", &[("a/one", 1, &extra), ("b/two", 2, "")]));
    let ran = site.apply();
    let account = site.account();
    let said = json!({
        "code": ran.code,
        "overdue": ran.events("overdue").len(),
        "released": ran.events("overdue").first().map(|event| event["released"].clone()),
        "stopping": ran.events("stopping").len(),
        "overlapped": ran.events("overlapped").len(),
        "one": site.verdict("a/one"),
        "two": site.verdict("b/two"),
    });
    (site, said, account)
}

fn assert_each_once(account: &Account) {
    assert_eq!((account.triggers_by_api("a", &id(1)), account.triggers_by_api("b", &id(2))), (1, 1));
}

fn stops(account: &Account) -> usize {
    account.calls_of("a", "stopQueueGroup")
}

#[test]
fn hold_reports_and_waits_for_the_end() {
    let (_site, said, account) = overdue(Stopping::After(ms(100)), "hold", ms(5000), ms(300));
    let expected = json!({"code": 0, "overdue": 1, "released": false, "stopping": 0, "overlapped": 0, "one": "completed", "two": "completed"});
    assert_eq!(said, expected);
    assert_each_once(&account);
    assert_eq!((account.max_writers(NAS), stops(&account)), (1, 0));
}

#[test]
fn release_goes_on_beside_it_and_reports_the_overlap() {
    let (site, said, account) = overdue(Stopping::After(ms(100)), "release", ms(9000), ms(1500));
    let expected = json!({"code": 0, "overdue": 1, "released": true, "stopping": 0, "overlapped": 1, "one": "completed", "two": "completed"});
    assert_eq!(said, expected);
    assert_each_once(&account);
    assert_eq!((account.max_writers(NAS), stops(&account)), (2, 0), "two, never more, and none aborted");
    assert_eq!(site.history()[0]["overlaps"].as_array().unwrap().len(), 1);
}

#[test]
fn stop_goes_on_when_the_stop_was_seen() {
    let started = Instant::now();
    let (_site, said, account) = overdue(Stopping::After(ms(1500)), "stop", ms(600_000), ms(300));
    let expected = json!({"code": 3, "overdue": 1, "released": false, "stopping": 1, "overlapped": 0, "one": "aborted", "two": "completed"});
    assert_eq!(said, expected);
    assert_each_once(&account);
    assert_eq!((account.max_writers(NAS), stops(&account)), (1, 1));
    assert!(started.elapsed() < Duration::from_secs(60));
}

/// S1: a stop that was not confirmed was ignored, and the next job started.
fn a_stop_without_effect_holds_the_slot(stopping: Stopping) {
    let (_site, said, account) = overdue(stopping, "stop", ms(6000), ms(300));
    // It ended well after all, so that is what it is called; that it was overdue is said.
    let expected = json!({"code": 0, "overdue": 1, "released": false, "stopping": 1, "overlapped": 0, "one": "completed", "two": "completed"});
    assert_eq!(said, expected);
    assert_each_once(&account);
    assert_eq!((account.max_writers(NAS), stops(&account)), (1, 1));
}

#[test]
fn s1_a_stop_that_is_not_obeyed_holds_the_slot_until_the_backup_ends() {
    a_stop_without_effect_holds_the_slot(Stopping::Never);
}

#[test]
fn s1_a_stop_that_comes_too_late_holds_the_slot_until_the_backup_ends() {
    a_stop_without_effect_holds_the_slot(Stopping::FinishesFirst);
}
