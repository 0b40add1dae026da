//! A trigger whose answer says little, nothing or the wrong thing: what is true is found out by looking, and no backup runs twice.

mod support;

use chrono::Utc;
use jbr::simulator::{Fault, Fleet, Rule, Server, When};
use serde_json::{Value, json};
use support::parts::{id, job, ms, run_with, with_nas, writes_for};
use support::site::{NAS, Ran, Site};

/// A lost trigger is waited out for the start and the longest call: nine seconds with these.
const LIMITS: &str = ", connect_timeout: 2s, command_timeout: 3s";
const START: &str = ", start_timeout: 2s";

/// Two jobs on two servers; what goes wrong is on the first.
fn site(wrong: impl FnOnce(Server) -> Server) -> Site {
    let fleet = Fleet::new(Utc::now())
        .server("a", |a| wrong(with_nas(a).job(job(1, writes_for(1500)))))
        .server("b", |b| with_nas(b).job(job(2, writes_for(1500))));
    let site = Site::start(&fleet);
    site.write_plan_with(LIMITS, &run_with(START, &[("a/one", 1, ""), ("b/two", 2, "")]));
    site
}

/// How often each job was triggered for real, and how they ended.
fn truth(site: &Site) -> (usize, usize, Value, Value) {
    let account = site.account();
    assert_eq!(account.max_writers(NAS), 1, "{:?}", account.overlaps(NAS));
    let triggers = |server: &str, number: usize| account.triggers_by_api(server, &id(number));
    (triggers("a", 1), triggers("b", 2), site.verdict("a/one"), site.verdict("b/two"))
}

fn one_trigger_goes_wrong(fault: Fault) -> (Site, Ran) {
    let site = site(|a| a.rule(Rule::of("runBackupJobManually", fault)));
    let ran = site.apply();
    (site, ran)
}

fn found_and_not_repeated(fault: Fault) {
    let (site, ran) = one_trigger_goes_wrong(fault);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!(truth(&site), (1, 1, json!("completed"), json!("completed")));
    assert_eq!(ran.events("trigger_lost").len(), 1, "{}", ran.text());
}

#[test]
fn a_trigger_whose_answer_is_lost_is_looked_for_and_not_repeated() {
    found_and_not_repeated(Fault::LostAnswer);
}

#[test]
fn a_trigger_that_is_carried_out_after_its_connection_has_gone_is_waited_for_and_not_repeated() {
    found_and_not_repeated(Fault::Late(ms(3000)));
}

fn waited_out_and_sent_again(fault: Fault) {
    let (site, ran) = one_trigger_goes_wrong(fault);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!(truth(&site), (1, 1, json!("completed"), json!("completed")));
    let attempts: Vec<Value> = ran.events("triggering").iter().map(|event| event["attempt"].clone()).collect();
    assert_eq!(attempts, [json!(1), json!(2), json!(1)], "{}", ran.text());
}

#[test]
fn a_trigger_that_is_lost_on_its_way_is_waited_out_and_sent_again() {
    waited_out_and_sent_again(Fault::LostCommand);
}

#[test]
fn a_trigger_whose_connection_dies_before_it_is_sent_again() {
    waited_out_and_sent_again(Fault::KilledBefore);
}

/// S10: `{"success":0}` from the trigger counted as triggered.
#[test]
fn s10_a_refused_trigger_is_no_backup() {
    let (site, ran) = one_trigger_goes_wrong(Fault::Refused("the licence has expired".to_owned()));
    assert_eq!(ran.code, Some(3), "{}", ran.text());
    assert_eq!(truth(&site), (0, 1, json!("never_started"), json!("completed")));
    let done = ran.events("done");
    assert!(done[0]["outcome"]["note"].as_str().unwrap().contains("the licence has expired"), "{done:?}");
}

/// S10: `{"success":0}` from a status call counted as "not running".
#[test]
fn s10_a_refused_status_call_is_not_idle() {
    let fleet = Fleet::new(Utc::now())
        .server("a", |a| with_nas(a).job(job(1, writes_for(500))))
        .server("b", |b| with_nas(b).job(job(2, writes_for(5000)).schedule("s", Utc::now(), None)));
    let site = Site::start(&fleet);
    site.until_runs("b", &id(2));
    let refuse = Rule::of("listQueueGroups", Fault::Refused("try again later".to_owned())).when(When::Next(4));
    site.world.update(|fleet| fleet.change("b", Utc::now(), |b| b.rules.push(refuse))).unwrap();
    site.write_plan(&run_with("", &[("a/one", 1, "")]));

    let ran = site.apply();

    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!(site.account().max_writers(NAS), 1);
    let reasons: Vec<Value> = ran.events("waiting").iter().map(|event| event["reason"]["kind"].clone()).collect();
    assert_eq!(reasons, [json!("unreachable"), json!("busy")]);
}

/// A trigger of a disabled job is answered with success and starts nothing.
#[test]
fn an_accepted_trigger_that_starts_nothing_is_called_never_started_in_time() {
    let site = site(|a| a);
    let mut jbr = site.start_apply();
    jbr.until_event("started", Some("a/one"));
    // After the plan was made, so that it could not be skipped.
    site.world
        .update(|fleet| fleet.change("b", Utc::now(), |b| b.jobs.iter_mut().for_each(|job| job.disabled = true)))
        .unwrap();

    let ran = jbr.ended();

    assert_eq!(ran.code, Some(3), "{}", ran.text());
    assert_eq!(truth(&site), (1, 1, json!("completed"), json!("never_started")));
    assert_eq!(site.account().writes.len(), 1);
    let note = ran.events("done")[1]["outcome"]["note"].clone();
    assert!(note.as_str().unwrap().contains("within 2s"), "{note}");
}
