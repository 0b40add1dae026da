//! `keep: closed` and `keep: disabled`: open for `jbr`'s own backup and no longer, and never left open in silence.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

mod support;

use chrono::Utc;
use jbr::simulator::{ApiCall, Destination, Dialect, Fault, Fleet, Rule, Server, When};
use serde_json::{Value, json};
use support::parts::{DESTINATION, id, job, run_with, writes_for};
use support::site::{NAS, Site};

/// A server that keeps its destination and its only job disabled.
fn closed(server: Server, number: usize, ms: u64) -> Server {
    server.destination(Destination::on(NAS, DESTINATION).disabled()).job(job(number, writes_for(ms)).disabled())
}

fn site(fleet: &Fleet, jobs: &[(&str, usize)]) -> Site {
    let site = Site::start(fleet);
    let jobs: Vec<(&str, usize, &str)> =
        jobs.iter().map(|(address, number)| (*address, *number, ", keep: disabled")).collect();
    let destination = format!(", destination: {{ id: {DESTINATION}, keep: closed }}");
    site.write_plan_with(&destination, &run_with("", &jobs));
    site
}

/// Whether a server's destination and its job are enabled.
fn open(site: &Site, server: &str, number: usize) -> (bool, bool) {
    let fleet = site.fleet();
    let server = fleet.server_of(server).unwrap();
    (!server.destination_of(DESTINATION).unwrap().disabled, !server.job_of(&id(number)).unwrap().disabled)
}

fn alone(dialect: Dialect, ms: u64) -> Site {
    let fleet = Fleet::new(Utc::now()).server("a", |a| closed(a.dialect(dialect), 1, ms));
    site(&fleet, &[("a/one", 1)])
}

/// The functions that were called, without those that repeat.
fn functions(site: &Site) -> Vec<String> {
    let mut names: Vec<String> = site.account().calls.into_iter().map(|ApiCall { function, .. }| function).collect();
    names.dedup();
    names
}

#[test]
fn they_are_open_for_the_own_backup_only_and_seen_so_both_times() {
    let fleet = Fleet::new(Utc::now()).server("a", |a| closed(a, 1, 2500)).server("b", |b| closed(b, 2, 2500));
    let site = site(&fleet, &[("a/one", 1), ("b/two", 2)]);
    let mut jbr = site.start_apply();

    site.until_runs("a", &id(1));
    assert_eq!((open(&site, "a", 1), open(&site, "b", 2)), ((true, true), (false, false)));
    assert_eq!(site.state()["opened"].as_array().unwrap().len(), 2, "a crash would not forget them");
    support::until::until("the second backup runs", || site.runs("b", &id(2)));
    assert_eq!((open(&site, "a", 1), open(&site, "b", 2)), ((false, false), (true, true)));
    let ran = jbr.ended();

    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!((open(&site, "a", 1), open(&site, "b", 2)), ((false, false), (false, false)));
    assert_eq!((ran.events("opened").len(), ran.events("closed").len()), (4, 4));
    let account = site.account();
    for (number, function) in account.calls.iter().enumerate() {
        let read_back = match function.function.as_str() {
            "manageDestinationState" => "getDestination",
            "manageBackupJob" => "getBackupJob",
            _ => continue,
        };
        assert_eq!(account.calls[number + 1].function, read_back, "no answer to a change is believed");
    }
    assert_eq!(site.state()["opened"], json!([]));
    assert_eq!((site.verdict("a/one"), site.verdict("b/two")), (json!("completed"), json!("completed")));
    assert_eq!(account.max_writers(NAS), 1);
}

#[test]
fn a_server_without_manage_destination_state_is_opened_and_closed_by_the_documented_function() {
    let site = alone(Dialect { manage_destination_state: false, ..Dialect::default() }, 300);

    let ran = site.apply();

    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!(site.verdict("a/one"), json!("completed"));
    assert_eq!(open(&site, "a", 1), (false, false));
    assert!(functions(&site).contains(&"manageDestination".to_owned()));
}

/// S16: the destination stayed enabled, and nobody was told.
#[test]
fn s16_a_close_that_does_not_stick_is_an_alarm_and_tried_again_by_the_next_apply() {
    let site = alone(Dialect::default(), 1500);
    let mut jbr = site.start_apply();
    site.until_runs("a", &id(1));
    let stubborn = |server: &mut Server| {
        for function in ["manageDestinationState", "manageDestination"] {
            server.rules.push(Rule::of(function, Fault::DoesNotStick).when(When::Always));
        }
    };
    site.world.update(|fleet| fleet.change("a", Utc::now(), stubborn)).unwrap();

    let ran = jbr.ended();

    assert_eq!(ran.code, Some(8), "{}", ran.text());
    assert_eq!(open(&site, "a", 1), (true, false), "the job could be closed");
    assert_eq!(site.verdict("a/one"), json!("completed"), "the backup is good for all that");
    let alarm = &ran.events("left_open")[0];
    assert_eq!((&alarm["server"], &alarm["gate"]["kind"]), (&json!("a"), &json!("destination")));
    let opened = site.state()["opened"].clone();
    assert_eq!((&opened[0]["state"], &opened[1]), (&json!("left_open"), &Value::Null), "{opened}");
    let destination = format!(", destination: {{ id: {DESTINATION}, keep: closed }}");
    site.write_plan_with(&destination, &run_with("", &[("a/one", 1, "")]));
    let plan = site.jbr(&["plan", "--detailed-exitcode"]);
    assert_eq!(plan.code, Some(2), "no job can run, but closing is something to do: {}", plan.text());
    site.write_plan_with(&destination, &run_with("", &[("a/one", 1, ", keep: disabled")]));

    site.world.update(|fleet| fleet.change("a", Utc::now(), |server| server.rules.clear())).unwrap();
    let next = site.apply();

    assert_eq!(next.code, Some(0), "{}", next.text());
    let order: Vec<Value> = next.lines().iter().map(|line| line["event"].clone()).collect();
    let first = |event: &str| order.iter().position(|known| *known == json!(event));
    assert!(first("closed").is_some() && first("closed") < first("triggering"), "before anything else: {order:?}");
    assert_eq!((open(&site, "a", 1), site.state()["opened"].clone()), ((false, false), json!([])));
}

#[test]
fn s16_a_crash_while_they_are_open_is_made_good_by_the_next_apply() {
    let site = alone(Dialect::default(), 2500);
    let mut jbr = site.start_apply();
    site.until_runs("a", &id(1));
    jbr.kill();
    assert_eq!(open(&site, "a", 1), (true, true));
    let listed = site.state()["opened"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 2, "{listed}");
    let plan = site.jbr(&["plan"]).stdout;
    assert!(!plan.contains("Somebody opened it"), "jbr itself did: {plan}");

    let ran = site.apply();

    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!((open(&site, "a", 1), ran.events("closed").len()), ((false, false), 2));
    let account = site.account();
    assert_eq!((account.triggers_by_api("a", &id(1)), account.writes.len()), (1, 1));
    assert_eq!(
        (account.writes[0].to.unwrap() - account.writes[0].from).num_milliseconds(),
        2500,
        "not under the backup"
    );
    assert_eq!(site.state()["opened"], json!([]));
}
