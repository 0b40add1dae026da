//! The command against real servers: what the simulator saw decides whether the verdict is true.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use jbr::clock::earlier;
use jbr::simulator::{Execution, Fleet, Job, Log, LogSays, Server};
use serde_json::{Value, json};

use crate::support::parts::{DESTINATION, id, job, run_with, with_nas, writes_for};
use crate::support::site::{NAS, Site};

/// Backups follow each other within a second: nearer than the clocks of two servers are taken to agree.
const AUDIT: [&str; 2] = ["audit", "--since=1h"];
/// All servers of a site are on one machine, so their clocks agree: for overlaps that are shorter than clocks are trusted.
const EXACT: [&str; 3] = ["audit", "--since=1h", "--clock-tolerance=0s"];

/// A server with the NAS, and a log that is older than any period here.
fn server(server: Server, number: usize) -> Server {
    let mut server = with_nas(server);
    let ended = earlier(Utc::now(), Duration::from_secs(8 * 24 * 3600));
    server.logs.push(Log {
        id: format!("{:024x}", 0xa000 + number),
        kind: 1,
        job: Some(id(number)),
        name: "old".to_owned(),
        started: earlier(ended, Duration::from_secs(3600)),
        ended: Some(ended),
        status: 1,
        items: 1,
    });
    server
}

/// Two servers with a job each, and a plan that runs the first one's before the second one's.
fn site(first: Execution, second: Execution, extra: &str, change: impl Fn(Server) -> Server) -> Site {
    let fleet = Fleet::new(Utc::now())
        .server("a", |a| server(a, 1).job(job(1, first)))
        .server("b", |b| change(server(b, 2).job(job(2, second))));
    let site = Site::start(&fleet);
    site.write_plan_with(
        &format!(", destination: {DESTINATION}"),
        &run_with("", &[("a/one", 1, extra), ("b/two", 2, "")]),
    );
    site
}

fn serial() -> Site {
    let site = site(writes_for(1500), writes_for(1500), "", |b| b);
    assert_eq!(site.apply().code, Some(0));
    site
}

/// The audit as JSON, and its exit code.
fn audit(site: &Site) -> (Option<i32>, Value) {
    audit_by(site, &AUDIT)
}

fn audit_by(site: &Site, command: &[&str]) -> (Option<i32>, Value) {
    let ran = site.jbr(&[command, &["--json"]].concat());
    let lines = ran.lines();
    assert_eq!(lines.len(), 1, "{}", ran.text());
    (ran.code, lines[0].clone())
}

fn gaps(audit: &Value) -> Vec<&str> {
    audit["gaps"].as_array().unwrap().iter().map(|gap| gap["gap"].as_str().unwrap()).collect()
}

fn change(site: &Site, name: &str, change: impl Fn(&mut Server)) {
    site.world.update(|fleet| assert!(fleet.change(name, Utc::now(), &change))).unwrap();
}

#[test]
fn a_serial_night_is_proven_by_calls_that_only_read() {
    let site = serial();
    let before = site.account();
    let (code, audit) = audit(&site);
    assert_eq!((code, &audit["conclusion"]), (Some(0), &Value::from("proven")), "{audit:#}");
    assert_eq!(audit["backups"].as_array().unwrap().len(), 2);
    let account = site.account();
    assert_eq!(account.max_writers(NAS), 1, "and it is true");
    assert_eq!(account.triggers, before.triggers);
    let asked = &account.calls[before.calls.len()..];
    assert!(!asked.is_empty() && asked.iter().all(|call| call.function.starts_with("list")), "{asked:#?}");

    let shown = site.jbr(&AUDIT);
    assert_eq!(shown.code, Some(0));
    assert!(shown.stdout.ends_with("Proven: no two backups wrote at the same time.\n"), "{}", shown.stdout);
    // Without a log that is older, nobody knows what was deleted.
    change(&site, "b", |b| b.logs.remove(0).started = Utc::now());
    let (code, audit) = self::audit(&site);
    assert_eq!((code, gaps(&audit)), (Some(8), vec!["logs_too_young"]));
}

#[test]
fn a_backup_that_was_released_overlaps_the_next() {
    let site = site(writes_for(6000), writes_for(1500), ", timeout: 2s, on_timeout: release", |b| b);
    assert_eq!(site.apply().code, Some(0));
    let (code, audit) = audit_by(&site, &EXACT);
    assert_eq!(site.account().max_writers(NAS), 2);
    assert_eq!((code, &audit["conclusion"]), (Some(3), &Value::from("overlapped")), "{audit:#}");
    let pair = &audit["overlaps"][0];
    assert_eq!((&pair["first"]["job"], &pair["second"]["job"]), (&Value::from("a/one"), &Value::from("b/two")));
    let truth = site.account();
    assert_eq!(pair["first"]["group"], truth.overlaps(NAS)[0].0.group.as_str());
    let shown = site.jbr(&EXACT);
    for part in ["a/one", "b/two", "OVERLAPPED: 1 pair of backups wrote at the same time."] {
        assert!(shown.stdout.contains(part), "{part}: {}", shown.stdout);
    }
}

#[test]
fn a_backup_that_somebody_else_started_counts() {
    let foreign = Job::new(id(9), "Nightly of the panel").writes_to(DESTINATION).script([writes_for(1500)]);
    let site = site(writes_for(6000), writes_for(200), "", |b| b.job(foreign.clone()));
    let mut apply = site.start_apply();
    site.until_runs("a", &id(1));
    let by_hand = |fleet: &mut Fleet| fleet.ask("b", "runBackupJobManually", &format!("_id={}", id(9)), Utc::now());
    site.world.update(|fleet| by_hand(fleet).map(drop).unwrap()).unwrap();
    apply.ended();
    let (code, audit) = audit_by(&site, &EXACT);
    assert_eq!(site.account().max_writers(NAS), 2, "it began beside ours");
    assert_eq!(code, Some(3), "{audit:#}");
    let second = &audit["overlaps"][0]["second"];
    assert_eq!((&second["name"], &second["job"]), (&Value::from("Nightly of the panel"), &Value::Null));
    assert!(site.jbr(&EXACT).stdout.contains("b: Nightly of the panel"));
}

#[test]
fn a_server_that_is_down_leaves_it_unproven() {
    let mut site = serial();
    site.sshd("b").kill();
    let (code, both) = audit(&site);
    assert_eq!((code, gaps(&both)), (Some(8), vec!["unread"]), "{both:#}");
    assert_eq!(both["servers"][1]["guarded"], Value::Null);
    assert!(site.jbr(&AUDIT).stdout.contains("? b: could not be asked: "));
    let ran = site.jbr(&[&AUDIT[..], &["--server=a"]].concat());
    assert_eq!(ran.code, Some(0), "of a alone there is a proof: {}", ran.text());
}

#[test]
fn a_backup_without_its_log_leaves_it_unproven() {
    let site = site(writes_for(500).log(LogSays::Nothing), writes_for(500), "", |b| b);
    assert_eq!(site.apply().code, Some(0));
    let (code, audit) = audit(&site);
    assert_eq!((code, gaps(&audit)), (Some(8), vec!["group_without_log", "run_without_log"]), "{audit:#}");
}

#[test]
fn a_backup_that_jetbackup_calls_failed_is_not_what_jbr_remembers() {
    let site = serial();
    change(&site, "a", |a| {
        let log = a.logs.last_mut().unwrap();
        log.status = 2;
    });
    let (code, audit) = audit(&site);
    assert_eq!((code, &audit["conclusion"]), (Some(4), &Value::from("disagreement")), "{audit:#}");
    let found = &audit["disagreements"][0];
    let words = (&found["job"], &found["remembered"], &found["recorded"]);
    assert_eq!(words, (&Value::from("a/one"), &Value::from("completed"), &Value::from("failed")));
}

#[test]
fn a_clock_that_is_wrong_is_noticed_by_what_jbr_saw() {
    let site = site(writes_for(500), writes_for(500), "", |b| b.skew(600));
    assert_eq!(site.apply().code, Some(0));
    // Ten minutes ahead, the second one's backup looks as if it were yet to come.
    let (code, now) = audit(&site);
    assert_eq!((code, gaps(&now)), (Some(8), vec!["from_the_future"]), "{now:#}");
    let at_least = now["servers"][1]["offset"]["at_least_s"].as_i64().unwrap();
    assert!((590..=600).contains(&at_least), "{now:#}");
}

#[test]
fn a_clock_that_is_behind_is_noticed_by_what_jbr_saw() {
    let site = site(writes_for(500), writes_for(500), "", |b| b.skew(-600));
    assert_eq!(site.apply().code, Some(0));
    let (code, audit) = audit(&site);
    // By the two clocks they overlapped for all their time. What jbr saw says by how much the clocks differ, and which was first.
    assert_eq!((code, gaps(&audit)), (Some(0), vec![]), "{audit:#}");
    assert_eq!(audit["assumptions"][1], json!({ "assumption": "order_seen", "within_s": null, "pairs": 1 }));
    let offset = &audit["servers"][1]["offset"];
    let (at_least, at_most) = (offset["at_least_s"].as_i64().unwrap(), offset["at_most_s"].as_i64().unwrap());
    assert!(at_least <= -600 && at_most >= -600, "{offset}");
}

#[test]
fn what_runs_is_audited_too() {
    let site = site(writes_for(60_000), writes_for(200), "", |b| b);
    let apply = site.start_apply();
    site.until_runs("a", &id(1));
    let (code, audit) = audit(&site);
    let backups = audit["backups"].as_array().unwrap();
    assert_eq!((code, backups.len()), (Some(0), 1), "{audit:#}");
    assert_eq!((&backups[0]["job"], &backups[0]["to"]), (&Value::from("a/one"), &Value::Null));
    drop(apply);
}

#[test]
fn what_is_mistyped_is_a_usage_error() {
    let site = site(writes_for(1), writes_for(1), "", |b| b);
    let yesterday = (Utc::now() - TimeDelta::days(1)).to_rfc3339();
    for (arguments, said) in [
        (&["audit", "--server=c"][..], "no server called `c`"),
        (&["audit", "--since=7"], "without a unit"),
        (&["audit", "--since=1h", "--until", &yesterday], "ends before it begins"),
        (&["audit", "--clock-tolerance=1M"], "unclear unit"),
        (&["audit", "--until=9999-01-01"], "in the future"),
    ] {
        let ran = site.jbr(arguments);
        assert_eq!(ran.code, Some(64), "{arguments:?}: {}", ran.text());
        assert!(ran.stderr.contains(said), "{arguments:?}: {}", ran.stderr);
    }
}

/// The commands of `docs/audit.md`, as a user types them.
#[test]
fn the_examples_of_the_documentation_work() {
    let site = serial();
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/audit.md")).unwrap();
    let blocks = page.split("\n```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("sh\n"));
    let commands: Vec<&str> = blocks.flat_map(str::lines).filter(|line| line.starts_with("jbr audit")).collect();
    assert!(commands.len() >= 4, "{commands:?}");
    let yesterday = (Utc::now() - TimeDelta::days(1)).format("%Y-%m-%d").to_string();
    for command in commands {
        let command = command.replace("server1", "a").replace("2026-11-22", &yesterday);
        let words: Vec<String> = shlex::split(&command).unwrap();
        let words: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        let ran = site.jbr(&words);
        assert!([Some(0), Some(8)].contains(&ran.code), "{command}: {}", ran.text());
        assert!(!ran.stdout.is_empty() && ran.stderr.is_empty(), "{command}: {}", ran.text());
    }
}

/// The output that `docs/audit.md` explains is what is printed.
#[test]
fn the_output_in_the_documentation_is_what_is_printed() {
    let root = env!("CARGO_MANIFEST_DIR");
    let page = std::fs::read_to_string(format!("{root}/docs/audit.md")).unwrap();
    let approved = std::fs::read_to_string(format!("{root}/tests/render/audit-overlapped.txt")).unwrap();
    assert!(page.contains(&format!("```text\n{approved}```")), "{approved}");
}
