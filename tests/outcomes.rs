//! What is called good: what JetBackup itself recorded as good of this very execution, and nothing else.

mod support;

use chrono::Utc;
use jbr::clock::later;
use jbr::simulator::{Dialect, Fleet, LeftBehind, ListOrder, LogSays, Reboot};
use serde_json::json;
use support::parts::{id, job, ms, run_with, with_nas, writes_for};
use support::site::{NAS, Site};

/// S6: what JetBackup recorded as failed was "completed", exit 0.
#[test]
fn s6_of_a_good_queue_group_and_a_bad_log_the_worse_one_counts() {
    let fleet = Fleet::new(Utc::now()).server("a", |a| {
        with_nas(a)
            .job(job(1, writes_for(300).log(LogSays::Instead(2))))
            .job(job(2, writes_for(300).log(LogSays::Nothing)))
            .job(job(3, writes_for(300).ends(102).log(LogSays::Instead(1))))
    });
    let site = Site::start(&fleet);
    site.write_plan(&run_with("", &[("a/one", 1, ""), ("a/two", 2, ""), ("a/three", 3, "")]));

    let ran = site.apply();

    assert_eq!(ran.code, Some(3), "{}", ran.text());
    let verdicts = ["a/one", "a/two", "a/three"].map(|address| site.verdict(address));
    assert_eq!(verdicts, [json!("failed"), json!("completed"), json!("failed")]);
}

/// S11: a job shorter than the gap between two looks "did not start".
#[test]
fn s11_a_backup_that_is_over_and_off_the_queue_before_anybody_looks_is_known_by_its_log() {
    let forgetful = Dialect { groups_kept: Some(ms(0)), ..Dialect::default() };
    let fleet = Fleet::new(Utc::now()).server("a", |a| {
        let short = |number, status| job(number, writes_for(0).starts_after(ms(0)).ends(status));
        with_nas(a).dialect(forgetful).job(short(1, 100)).job(short(2, 102))
    });
    let site = Site::start(&fleet);
    site.write_plan(&run_with("", &[("a/good", 1, ""), ("a/bad", 2, "")]));

    let ran = site.apply();

    assert_eq!(ran.code, Some(3), "{}", ran.text());
    assert_eq!((site.verdict("a/good"), site.verdict("a/bad")), (json!("completed"), json!("failed")));
    let account = site.account();
    assert_eq!((account.triggers_by_api("a", &id(1)), account.triggers_by_api("a", &id(2))), (1, 1));
}

/// S15: the outcome was read from the first group with the job's id, which may be an old run's.
#[test]
fn s15_the_outcome_of_an_earlier_execution_is_not_this_ones() {
    for list_order in [ListOrder::OldestFirst, ListOrder::NewestFirst] {
        let dialect = Dialect { list_order, ..Dialect::wandering() };
        let mut changing = job(1, writes_for(200).ends(102));
        changing.script.extend([writes_for(200), writes_for(200).ends(103)]);
        let site = Site::start(&Fleet::new(Utc::now()).server("a", |a| with_nas(a).dialect(dialect).job(changing)));
        site.write_plan(&run_with("", &[("a/one", 1, "")]));
        for (code, verdict) in [(3, "failed"), (0, "completed"), (3, "aborted")] {
            let ran = site.apply();
            assert_eq!(
                (ran.code, site.verdict("a/one")),
                (Some(code), json!(verdict)),
                "{list_order:?} {}",
                ran.text()
            );
        }
    }
}

#[test]
fn a_server_that_restarts_in_a_backup_has_not_finished_it_and_the_queue_goes_on() {
    let fleet = Fleet::new(Utc::now())
        .server("a", |a| with_nas(a).job(job(1, writes_for(60_000))))
        .server("b", |b| with_nas(b).job(job(2, writes_for(200))));
    let site = Site::start(&fleet);
    site.write_plan(&run_with("", &[("a/one", 1, ""), ("b/two", 2, "")]));
    let mut jbr = site.start_apply();
    site.until_runs("a", &id(1));
    let reboot = Reboot { at: later(Utc::now(), ms(100)), takes: ms(3000), leaves: LeftBehind::NeverFinished };
    site.world.update(|fleet| fleet.change("a", Utc::now(), |a| a.reboots.push(reboot))).unwrap();

    let ran = jbr.ended();

    assert_eq!(ran.code, Some(3), "{}", ran.text());
    assert_eq!((site.verdict("a/one"), site.verdict("b/two")), (json!("never_finished"), json!("completed")));
    let account = site.account();
    assert_eq!((account.triggers_by_api("a", &id(1)), account.max_writers(NAS)), (1, 1));
}

#[test]
fn what_partial_means_for_the_exit_code_is_the_plans_word() {
    let fleet = Fleet::new(Utc::now()).server("a", |a| with_nas(a).job(job(1, writes_for(100).ends(101))));
    let site = Site::start(&fleet);
    for (partial, code) in [("accept", 0), ("warn", 0), ("fail", 4)] {
        site.write_plan(&run_with(&format!(", partial: {partial}"), &[("a/one", 1, "")]));
        let ran = site.apply();
        assert_eq!((ran.code, site.verdict("a/one")), (Some(code), json!("partial")), "{partial}: {}", ran.text());
    }
}
