//! A job that is held is not started, by anybody who uses the same state, and everybody says so.

use std::fs;
use std::time::Duration;

use chrono::Utc;
use jbr::state::store::{FileStore, Store as _};
use serde_json::Value;

use crate::site::site;
use crate::support::parts::{DESTINATION, id, run_with};
use crate::support::ran::{Ran, flat};
use crate::support::site::Site;

fn hold(site: &Site, more: &[&str]) -> Ran {
    site.jbr(&[&["hold", "a/job1", "--reason", "the disk is moved\u{1b}[2J"], more].concat())
}

#[test]
fn a_held_job_is_not_run_until_it_is_released() {
    let site = site([]);
    let ran = hold(&site, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert!(ran.stdout.starts_with("a/job1 is held by "), "{}", ran.stdout);
    assert!(ran.stdout.ends_with(" until `jbr release a/job1`: the disk is moved\\u{1b}[2J\n"), "{}", ran.stdout);

    let plan = site.jbr(&["plan"]);
    assert!(flat(&plan.stdout).contains("! a/job1: held by "), "{}", plan.stdout);
    assert!(flat(&plan.stdout).contains("Plan: 1 to run, 1 held;"), "{}", plan.stdout);
    assert_eq!(site.apply().code, Some(0));
    assert_eq!(site.account().triggers_by_api("a", &id(1)), 0);
    assert_eq!(site.account().triggers_by_api("b", &id(2)), 1);
    // Whoever names it does not get it either, and hears why.
    let named = site.jbr(&["apply", "--auto-approve", "--job", "a/job1"]);
    assert_eq!(named.code, Some(9), "{}", named.text());
    assert!(flat(&named.stdout).contains("No backups to run; 1 held"), "{}", named.stdout);
    let check = site.jbr(&["check", "--json", "--job", "a/job1"]);
    let job = &check.lines()[0]["jobs"][0];
    assert_eq!(job["holds"][0]["reason"], "the disk is moved\\u{1b}[2J");
    assert!(job["findings"].as_array().unwrap().iter().any(|finding| finding["finding"] == "held"), "{job:#}");
    assert_eq!(site.state()["holds"][0]["job"], "a/job1");

    let released = site.jbr(&["release", "a/job1"]);
    assert_eq!((released.code, released.stdout.as_str()), (Some(0), "a/job1 is released\n"), "{}", released.text());
    assert_eq!(site.apply().code, Some(0));
    assert_eq!(site.account().triggers_by_api("a", &id(1)), 1);
    assert_eq!(site.state()["holds"], Value::Array(vec![]));
}

#[test]
fn a_hold_that_is_over_holds_nothing_and_is_forgotten() {
    let site = site([]);
    // Three days later; the clock of the machine is not ours to set.
    let held_until_now = || {
        assert_eq!(hold(&site, &["--until", "3d"]).code, Some(0));
        let mut store = FileStore::new(&site.state_path()).unwrap();
        store.lock(&jbr::state::lock::Holder::this_process("test", Utc::now())).unwrap();
        let mut state = store.load().unwrap().unwrap();
        for hold in state.holds.values_mut() {
            let until = hold.until.unwrap();
            assert_eq!(until - hold.since, chrono::TimeDelta::days(3));
            hold.until = Some(jbr::clock::earlier(Utc::now(), Duration::from_secs(1)));
        }
        store.commit(&mut state).unwrap();
    };
    held_until_now();
    assert_eq!(hold(&site, &["--json"]).lines()[0]["before"], Value::Null, "it was not held any more");
    assert_eq!(site.jbr(&["release", "a/job1"]).code, Some(0));
    held_until_now();
    let plan = site.jbr(&["plan"]);
    assert!(flat(&plan.stdout).contains("Plan: 2 to run"), "{}", plan.stdout);
    assert_eq!(site.apply().code, Some(0));
    assert_eq!(site.account().triggers_by_api("a", &id(1)), 1);
    assert_eq!(site.state()["holds"], Value::Array(vec![]));
}

#[test]
fn a_hold_is_replaced_and_says_what_was_before() {
    let site = site([]);
    assert_eq!(hold(&site, &[]).code, Some(0));
    let again = site.jbr(&["hold", "a/job1", "--reason", "two", "--until", "2999-01-01T08:00", "--json"]);
    let held = &again.lines()[0];
    assert_eq!((&held["hold"]["reason"], &held["hold"]["until"]), (&"two".into(), &"2999-01-01T08:00:00Z".into()));
    assert_eq!(held["before"]["reason"], "the disk is moved\\u{1b}[2J");
    let holds = site.state()["holds"].clone();
    assert!(holds.as_array().unwrap().len() == 1 && holds[0]["hold"]["reason"] == "two", "{holds}");

    // Behind sudo everybody is root.
    let mut by_sudo = site.command(&["hold", "a/job1", "--reason", "three"]);
    let ran = Ran::of(by_sudo.env("SUDO_USER", "ana\u{1b}[2J"));
    assert!(ran.stdout.starts_with("a/job1 is held by ana\\u{1b}[2J (as "), "{}", ran.stdout);
    let user = site.state()["holds"][0]["hold"]["user"].clone();
    assert!(user.as_str().unwrap().starts_with("ana\\u{1b}[2J (as "), "{user}");
}

#[test]
fn a_job_that_the_plan_and_a_person_hold_is_run_when_both_have_let_go() {
    let site = site([]);
    let plan = |keys: &str| {
        let jobs = [("a/job1", 1, keys), ("b/job2", 2, "")];
        site.write_plan_with(&format!(", destination: {DESTINATION}"), &run_with("", &jobs));
    };
    plan(", hold: the RAID is rebuilt");
    assert_eq!(hold(&site, &["--until", "3d"]).code, Some(0));
    let triggers = || site.account().triggers_by_api("a", &id(1));
    let shown = site.jbr(&["plan"]);
    for words in ["the RAID is rebuilt", "the disk is moved"] {
        assert!(flat(&shown.stdout).contains(words), "{words}: {}", shown.stdout);
    }
    let check = site.jbr(&["check", "--json", "--job", "a/job1"]);
    assert_eq!(check.lines()[0]["jobs"][0]["holds"].as_array().unwrap().len(), 2, "{}", check.stdout);

    let released = site.jbr(&["release", "a/job1"]);
    assert_eq!(released.code, Some(0), "{}", released.text());
    assert_eq!(site.jbr(&["apply", "--auto-approve", "--job", "a/job1"]).code, Some(9));
    assert_eq!(triggers(), 0, "the plan holds it still");
    let again = site.jbr(&["release", "a/job1"]);
    assert!(again.code == Some(1) && again.stderr.contains("take `hold` out of the plan"), "{}", again.text());
    assert_eq!(hold(&site, &[]).code, Some(0));
    plan("");
    assert_eq!(site.jbr(&["apply", "--auto-approve", "--job", "a/job1"]).code, Some(9));
    assert_eq!(triggers(), 0, "a person holds it still");
    assert_eq!(site.jbr(&["release", "a/job1"]).code, Some(0));
    assert_eq!(site.apply().code, Some(0));
    assert_eq!(triggers(), 1);
}

#[test]
fn a_hold_that_makes_no_sense_is_refused_and_nothing_is_recorded() {
    let site = site([]);
    let check = |arguments: &[&str], code: i32, words: &[&str]| {
        let ran = site.jbr(arguments);
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.text());
        for word in words {
            assert!(ran.stderr.contains(word), "{arguments:?}: {word} in {}", ran.stderr);
        }
        assert!(!site.state_path().exists(), "{arguments:?}");
    };
    check(&["hold", "a/jbo1", "--reason", "x"], 64, &["no job called `a/jbo1`", "did you mean `a/job1`?"]);
    check(&["release", "a/jbo1"], 64, &["no job called `a/jbo1`", "did you mean `a/job1`?"]);
    check(&["release", "a/job1"], 1, &["a/job1 is not held by anybody", "jbr state show"]);
    check(&["hold", "a/job1"], 64, &["--reason"]);
    check(&["hold", "a/job1", "--reason", "  "], 64, &["a reason must be given"]);
    check(&["hold", "a/job1", "--reason", &"x".repeat(201)], 64, &["more than 200 characters"]);
    check(&["hold", "a/job1", "--reason", "x", "--until", "2020-01-01"], 64, &["names a time that is over"]);
    check(&["hold", "a/job1", "--reason", "x", "--until", "soon"], 64, &["--until"]);
    check(&["hold", "one", "--reason", "x"], 64, &["is not an address"]);
}

/// The job has left the plan, or has another name there: its hold can still be ended.
#[test]
fn a_hold_can_be_released_without_its_job_or_any_plan() {
    let site = site([]);
    assert_eq!(hold(&site, &[]).code, Some(0));
    site.write_plan_with(&format!(", destination: {DESTINATION}"), &run_with("", &[("b/job2", 2, "")]));
    assert!(site.jbr(&["state", "show"]).stdout.contains("a/job1: held by "));
    assert_eq!(site.jbr(&["hold", "b/job2", "--reason", "x"]).code, Some(0));
    for command in [&["plan"][..], &["apply", "--auto-approve"]] {
        let ran = site.jbr(command);
        assert!(ran.stderr.contains(" holds a/job1, and the plan has no such job"), "{}", ran.stderr);
    }
    fs::remove_file(site.plan_path()).unwrap();
    assert_eq!(site.jbr(&["release", "a/job1"]).code, Some(0));
    let holds = site.state()["holds"].clone();
    assert!(holds.as_array().unwrap().len() == 1 && holds[0]["job"] == "b/job2", "only that one: {holds}");
}
