//! What runs already: a backup of the plan's is watched and not repeated, somebody else's is waited for and never touched, and an
//! interrupted run meets the plan of today.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

mod support;

use std::time::Duration;

use chrono::{Datelike as _, Utc};
use jbr::clock::{Timestamp, later};
use jbr::execute::journal::Phase;
use jbr::simulator::{Account, Destination, Execution, Fleet, Job, Trigger};
use jbr::state::lock::Holder;
use jbr::state::store::{FileStore, Store as _};
use rustix::process::Signal;
use serde_json::{Value, json};
use support::parts::{DESTINATION, id, job, ms, run_with, with_nas, writes_for};
use support::site::{NAS, Site};

/// Another storage, which nobody guards.
const CLOUD: &str = "777777777777777777777777";

fn calls_of(account: &Account, function: &str) -> usize {
    account.calls.iter().filter(|call| call.function == function).count()
}

/// The jobs of these events, in order.
fn jobs_of(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["job"].as_str().unwrap()).collect()
}

#[test]
fn a_backup_that_was_started_by_hand_before_is_adopted() {
    let fleet = Fleet::new(Utc::now())
        .server("a", |a| with_nas(a).job(job(1, writes_for(3000))))
        .server("b", |b| with_nas(b).job(job(2, writes_for(300))));
    let site = Site::start(&fleet);
    site.write_plan(&run_with("", &[("b/two", 2, ", priority: 5"), ("a/one", 1, "")]));
    let by_hand = |fleet: &mut Fleet| {
        fleet.ask("a", "runBackupJobManually", &format!("_id={}", id(1)), Utc::now()).unwrap();
    };
    site.world.update(by_hand).unwrap();
    site.until_runs("a", &id(1));

    let ran = site.apply();

    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!(jobs_of(&ran.events("adopted")), ["a/one"]);
    let account = site.account();
    assert_eq!(account.triggers_by_api("a", &id(1)), 1, "the one by hand");
    assert_eq!((account.writes.len(), account.max_writers(NAS)), (2, 1));
    assert_eq!((site.verdict("a/one"), site.verdict("b/two")), (json!("completed"), json!("completed")));
}

#[test]
fn a_backup_that_jetbackup_started_by_itself_is_adopted() {
    let scheduled = job(1, writes_for(3000).ends(101)).schedule("s", Utc::now(), None);
    let site = Site::start(&Fleet::new(Utc::now()).server("a", |a| with_nas(a).job(scheduled)));
    site.write_plan(&run_with("", &[("a/one", 1, "")]));
    site.until_runs("a", &id(1));

    let ran = site.apply();

    assert_eq!(ran.code, Some(0), "partial is a warning: {}", ran.text());
    let account = site.account();
    assert_eq!((account.triggers.len(), account.writes.len()), (0, 1));
    assert_eq!(account.writes[0].trigger, Trigger::Schedule);
    assert_eq!(site.verdict("a/one"), json!("partial"));
}

/// S4: the preflight stopped every running backup on a managed server.
#[test]
fn s4_somebody_elses_backup_is_waited_for_and_never_stopped() {
    let fleet = Fleet::new(Utc::now())
        .server("a", |a| with_nas(a).job(job(1, writes_for(300))))
        .server("b", |b| with_nas(b).job(job(2, writes_for(5000)).schedule("s", Utc::now(), None)));
    let site = Site::start(&fleet);
    site.until_runs("b", &id(2));
    site.write_plan_with(&format!(", destination: {DESTINATION}"), &run_with("", &[("a/one", 1, "")]));

    let ran = site.apply();

    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!(ran.events("waiting")[0]["reason"]["server"], "b");
    let account = site.account();
    assert_eq!(account.max_writers(NAS), 1, "{:?}", account.overlaps(NAS));
    let [theirs, ours] = &account.writes[..] else { panic!("{:?}", account.writes) };
    assert_eq!((theirs.trigger, ours.trigger), (Trigger::Schedule, Trigger::Api));
    assert_eq!((theirs.to.unwrap() - theirs.from).to_std().unwrap(), ms(5000), "it ended by itself");
    assert_eq!(calls_of(&account, "stopQueueGroup"), 0);
}

#[test]
fn a_backup_to_another_storage_is_not_waited_for() {
    let elsewhere = Job::new(id(2), "elsewhere").writes_to(CLOUD).script([Execution::of(ms(120_000))]);
    let elsewhere = elsewhere.schedule("s", Utc::now(), None);
    let fleet = Fleet::new(Utc::now())
        .server("a", |a| with_nas(a).job(job(1, writes_for(300))))
        .server("b", |b| with_nas(b).destination(Destination::on("cloud", CLOUD)).job(elsewhere));
    let site = Site::start(&fleet);
    site.write_plan_with(&format!(", destination: {DESTINATION}"), &run_with("", &[("a/one", 1, "")]));
    support::until::until("the other backup is there", || {
        site.fleet().server_of("b").unwrap().groups_of(&id(2)).next().is_some()
    });

    let ran = site.apply();

    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!(ran.events("waiting"), Vec::<Value>::new());
    assert!(site.fleet().server_of("b").unwrap().groups_of(&id(2)).all(jbr::simulator::Group::is_unfinished));
}

#[test]
fn a_resumed_run_watches_what_has_left_the_plan_keeps_what_is_done_and_takes_in_what_is_new() {
    let fleet = Fleet::new(Utc::now()).server("a", |a| {
        with_nas(a)
            .job(job(1, writes_for(300)))
            .job(job(2, writes_for(6000)))
            .job(job(3, writes_for(300)))
            .job(job(4, writes_for(300)))
    });
    let site = Site::start(&fleet);
    site.write_plan(&run_with("", &[("a/one", 1, ""), ("a/two", 2, ""), ("a/three", 3, "")]));
    let mut jbr = site.start_apply();
    jbr.until_event("started", Some("a/two"));
    site.until_runs("a", &id(2));
    assert_eq!(jbr.ended_by(Signal::TERM).0.code, Some(10));
    // `two` is gone although it runs, `four` is new and comes first.
    site.write_plan(&run_with("", &[("a/one", 1, ""), ("a/three", 3, ""), ("a/four", 4, ", priority: 1")]));

    let shown = site.jbr(&["plan"]);
    let ran = site.apply();

    assert_eq!(shown.code, Some(0), "{}", shown.text());
    for address in ["a/two", "a/three", "a/four"] {
        assert!(shown.stdout.contains(address), "{}", shown.stdout);
    }
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!(jobs_of(&ran.events("done")), ["a/two", "a/four", "a/three"]);
    let account = site.account();
    assert_eq!(account.max_writers(NAS), 1);
    for number in 1..=4 {
        assert_eq!(account.triggers_by_api("a", &id(number)), 1, "{number}");
    }
    let history = site.history();
    assert_eq!((history.len(), &history[0]["end"]), (1, &json!("complete")));
    assert_eq!(history[0]["jobs"].as_array().unwrap().len(), 4, "{history:?}");
}

/// An address with another id is another job: the one under way is seen to its end, and that is not the backup that was asked for.
#[test]
fn a_job_whose_id_changed_while_its_backup_ran_is_not_called_done() {
    let fleet =
        Fleet::new(Utc::now()).server("a", |a| with_nas(a).job(job(1, writes_for(6000))).job(job(2, writes_for(300))));
    let site = Site::start(&fleet);
    site.write_plan(&run_with("", &[("a/one", 1, "")]));
    let mut jbr = site.start_apply();
    jbr.until_event("started", Some("a/one"));
    site.until_runs("a", &id(1));
    assert_eq!(jbr.ended_by(Signal::TERM).0.code, Some(10));
    site.write_plan(&run_with("", &[("a/one", 2, "")]));

    let ran = site.apply();

    assert_eq!(site.account().triggers_by_api("a", &id(2)), 0);
    assert_eq!(ran.code, Some(3), "{}", ran.text());
    assert!(ran.stderr.contains(&id(2)), "whose backup did not run is said: {}", ran.text());
    assert_eq!(site.apply().code, Some(0), "the next run has it");
    assert_eq!(site.account().triggers_by_api("a", &id(2)), 1);
}

/// A run that is closed with a backup under way: the backup belongs to the new run, and what was done before is done anew.
fn closed_and_started_over(settings: &str, arguments: &[&str], meanwhile: impl Fn(&Site)) {
    let fleet =
        Fleet::new(Utc::now()).server("a", |a| with_nas(a).job(job(1, writes_for(300))).job(job(2, writes_for(6000))));
    let site = Site::start(&fleet);
    site.write_plan(&run_with(settings, &[("a/one", 1, ""), ("a/two", 2, "")]));
    let mut jbr = site.start_apply();
    jbr.until_event("started", Some("a/two"));
    site.until_runs("a", &id(2));
    assert_eq!(jbr.ended_by(Signal::TERM).0.code, Some(10));
    meanwhile(&site);

    let ran = site.start_jbr(&[&["apply", "--auto-approve", "--json"], arguments].concat()).ended();

    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!(ran.lines()[0]["beginning"]["kind"], "start_over", "{}", ran.text());
    let account = site.account();
    assert_eq!((account.triggers_by_api("a", &id(1)), account.triggers_by_api("a", &id(2))), (2, 1));
    assert_eq!((account.max_writers(NAS), calls_of(&account, "stopQueueGroup")), (1, 0));
    let ends: Vec<Value> = site.history().iter().map(|run| run["end"].clone()).collect();
    assert_eq!(ends, [json!("complete"), json!("incomplete")]);
    assert_eq!((site.verdict("a/one"), site.verdict("a/two")), (json!("completed"), json!("completed")));
}

#[test]
fn fresh_closes_an_interrupted_run_as_incomplete_and_starts_over() {
    closed_and_started_over("", &["--fresh"], |_| {});
}

/// The clock was a year ahead when the run was interrupted, and is right again.
#[test]
fn fresh_goes_by_the_machine_s_clock_and_not_by_that_of_the_journal() {
    closed_and_started_over("", &["--fresh"], |site| {
        let mut store = FileStore::new(&site.state_path()).unwrap();
        store.lock(&Holder::this_process("test", Utc::now())).unwrap();
        let mut state = store.load().unwrap().unwrap();
        let journal = &mut state.run.as_mut().unwrap().journal;
        let ahead = |at: Timestamp| later(at, Duration::from_secs(365 * 24 * 3600));
        journal.at = ahead(journal.at);
        for entry in journal.entries.values_mut() {
            if let Phase::Running(running) = &mut entry.phase {
                running.since = ahead(running.since);
            }
        }
        store.commit(&mut state).unwrap();
        drop(store);
        let ran = site.jbr(&["apply", "--no-input"]);
        assert!(ran.stderr.contains("`jbr apply --fresh` goes by it"), "{}", ran.text());
        // What is shown beforehand is what `apply` would do, by the same clock.
        let planned = site.jbr(&["plan", "--json"]);
        assert!(planned.stderr.contains("`jbr apply --fresh` goes by it"), "{}", planned.text());
        let years = |text: &str| text[..4].parse::<i32>().unwrap();
        let at = planned.lines()[0]["at"].as_str().unwrap().to_owned();
        assert!(years(&at) > Utc::now().year(), "{at}");
        let fresh = site.jbr(&["plan", "--json", "--fresh"]);
        assert_eq!(years(fresh.lines()[0]["at"].as_str().unwrap()), Utc::now().year(), "{}", fresh.text());
        assert!(!fresh.stderr.contains("goes by it"), "{}", fresh.text());
    });
}

#[test]
fn a_run_older_than_resume_within_is_closed_as_incomplete_and_started_over() {
    closed_and_started_over(", resume_within: 1s", &[], |_| {});
}
