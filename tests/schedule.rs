//! Order, windows, freshness, tries and holds of a plan, end to end: the real `jbr`, real OpenSSH, a simulated JetBackup whose account decides.

mod support;

use std::fs;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use jbr::simulator::{Destination, Execution, Fleet, Job};
use serde_json::json;
use support::site::{NAS, Site};

const FIRST: &str = "aaaaaaaaaaaaaaaaaaaaaaaa";
const SECOND: &str = "bbbbbbbbbbbbbbbbbbbbbbbb";

/// Two servers with a job each, whose executions end with these statuses, one after the other.
fn site(first: &[i64], second: &[i64]) -> Site {
    let execution =
        |status: &i64| Execution::of(Duration::from_millis(500)).starts_after(Duration::from_millis(100)).ends(*status);
    let job = |id: &str, statuses: &[i64]| Job::new(id, "job").writes_to("d").script(statuses.iter().map(execution));
    let fleet = Fleet::new(Utc::now())
        .server("a", |server| server.destination(Destination::on(NAS, "d")).job(job(FIRST, first)))
        .server("b", |server| server.destination(Destination::on(NAS, "d")).job(job(SECOND, second)));
    Site::start(&fleet)
}

/// A plan of both jobs, with these keys more.
fn write_plan(site: &Site, before: &str, first: &str, second: &str) {
    site.write_plan(&format!(
        "run: {{ poll: 1s }}\n{before}jobs:\n  - {{ name: x, server: a, id: {FIRST}{first} }}\n  - {{ name: z, server: b, id: {SECOND}{second} }}\n"
    ));
}

fn triggers(site: &Site) -> (usize, usize) {
    let account = site.account();
    assert!(account.max_writers(NAS) <= 1, "{:?}", account.overlaps(NAS));
    (account.triggers_by_api("a", FIRST), account.triggers_by_api("b", SECOND))
}

/// A window that is open from so many minutes before now until so many minutes after it.
fn window(from: i64, to: i64) -> String {
    let at = |minutes: i64| (Utc::now() + TimeDelta::minutes(minutes)).format("%H:%M");
    format!("windows: {{ w: {{ from: \"{}\", to: \"{}\", timezone: UTC }} }}\n", at(from), at(to))
}

#[test]
fn what_comes_first_comes_first_and_what_comes_after_a_failure_is_skipped() {
    let ok = site(&[100], &[100]);
    write_plan(&ok, "", ", after: [b/z]", "");
    let ran = ok.apply();
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    let order: Vec<String> = ok.account().triggers.iter().map(|trigger| trigger.job.clone()).collect();
    assert_eq!(order, [SECOND, FIRST]);

    let bad = site(&[100], &[102]);
    write_plan(&bad, "", ", after: [b/z]", "");
    let ran = bad.apply();
    assert_eq!(ran.code, Some(3), "{}", ran.text());
    assert_eq!(triggers(&bad), (0, 1));
    assert_eq!(bad.verdict("a/x"), json!("skipped"));
    assert!(ran.text().contains("it comes after b/z, and that was failed"), "{}", ran.text());
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
fn a_failed_backup_is_tried_again_and_the_last_try_counts() {
    let site = site(&[102, 100], &[102, 102, 100]);
    write_plan(&site, "", ", retry: { attempts: 2, wait: 1s }", ", retry: { attempts: 2, wait: 1s }");
    let ran = site.apply();
    assert_eq!(ran.code, Some(3), "{}", ran.text());
    assert_eq!(triggers(&site), (2, 2));
    assert_eq!([site.verdict("a/x"), site.verdict("b/z")], [json!("completed"), json!("failed")]);
    assert_eq!(ran.events("retrying").len(), 2, "{}", ran.text());
}

#[test]
fn a_fresh_job_is_not_run_and_writes_nothing_and_a_stale_one_is() {
    let site = site(&[100], &[102, 100]);
    write_plan(&site, "", ", every: 1h", ", every: 1h");
    assert_eq!(site.apply().code, Some(3));
    assert_eq!(site.apply().code, Some(0), "the failed one is due at once");
    assert_eq!(triggers(&site), (1, 2));
    let before = fs::read(site.state_path()).unwrap();
    let ran = site.jbr(&["apply", "--auto-approve"]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert!(ran.text().contains("No backups are due"), "{}", ran.text());
    assert_eq!(triggers(&site), (1, 2));
    assert_eq!(fs::read(site.state_path()).unwrap(), before, "a timer that finds nothing due writes nothing");
    let named = site.jbr(&["apply", "--auto-approve", "--job", "a/x"]);
    assert_eq!(named.code, Some(0), "{}", named.text());
    assert_eq!(triggers(&site), (2, 2), "whoever names a job wants it run");
}

#[test]
fn a_held_job_is_not_run_and_neither_is_what_comes_after_it() {
    let site = site(&[100], &[100]);
    write_plan(&site, "", ", hold: \"the RAID is rebuilt\"", ", after: [a/x]");
    let planned = site.jbr(&["plan"]);
    assert!(planned.stdout.contains("the RAID is rebuilt"), "{}", planned.text());
    let ran = site.apply();
    assert_eq!(ran.code, Some(9), "{}", ran.text());
    assert!(ran.text().contains("it comes after a/x, which is held"), "{}", ran.text());
    assert_eq!(triggers(&site), (0, 0));
}
