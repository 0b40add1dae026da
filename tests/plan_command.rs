//! `jbr plan` end to end: it shows everything, changes nothing, and what it saves is what `apply` runs.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use jbr::simulator::{Destination, Execution, Fleet, Job};
use serde_json::Value;
use support::parts::{DESTINATION, id, with_nas};
use support::ran::flat;
use support::site::{NAS, Ran, Site};

fn job(number: usize, name: &str) -> Job {
    let quick = Execution::of(Duration::from_millis(200)).starts_after(Duration::from_millis(100));
    Job::new(id(number), name).writes_to(DESTINATION).script([quick])
}

/// Everything that a plan can show at once: three servers, of which `c` is down.
fn everything() -> Site {
    let tomorrow = Utc::now() + Duration::from_secs(24 * 3600);
    let long = || [Execution::of(Duration::from_secs(3600))];
    let fleet = Fleet::new(Utc::now())
        .server("a", |server| {
            server
                .forks(2)
                .destination(Destination::on(NAS, DESTINATION))
                .job(job(1, "Accounts"))
                .job(job(2, "Scheduled").schedule("5c4e00000000000000000001", tomorrow, None))
                .job(job(3, "Disabled").disabled())
                .job(job(4, "Databases"))
                .job(job(5, "In no plan"))
                .job(Job::new(id(9), "Somewhere"))
                .job(Job::new(id(10), "Config at night").kind(3).schedule("5c4e00000000000000000002", tomorrow, None))
        })
        .server("b", |server| {
            server
                .destination(Destination::on(NAS, DESTINATION))
                .job(job(6, "Runs already").script(long()))
                .job(job(7, "By hand").script(long()))
        })
        .server("c", |server| with_nas(server).job(job(8, "Unread")));
    let mut site = Site::start(&fleet);
    site.world
        .update(|fleet| {
            let trigger = |fleet: &mut Fleet, number| {
                fleet.ask("b", "runBackupJobManually", &format!("_id={}", id(number)), Utc::now()).unwrap();
            };
            trigger(fleet, 6);
            trigger(fleet, 7);
        })
        .unwrap();
    site.sshd("c").kill();
    let jobs = [
        ("a", 1, "accounts", ""),
        ("a", 2, "scheduled", ""),
        ("a", 3, "disabled", ""),
        ("a", 4, "databases", ", type: database"),
        ("b", 6, "runs", ""),
        ("c", 8, "unread", ""),
    ];
    let jobs = jobs.map(|(server, number, name, more)| {
        format!("  - {{ name: {name}, server: {server}, id: \"{}\"{more} }}\n", id(number))
    });
    site.write_plan(&format!("run: {{ poll: 1s, unreachable_wait: 1s }}\njobs:\n{}", jobs.concat()));
    site
}

/// One server with one job that is quick.
fn small() -> Site {
    let site = Site::start(&Fleet::new(Utc::now()).server("a", |server| with_nas(server).job(job(1, "Accounts"))));
    site.write_plan(&format!("run: {{ poll: 1s }}\njobs:\n  - {{ name: accounts, server: a, id: \"{}\" }}\n", id(1)));
    site
}

/// What is in the site's folder, the simulated world aside.
fn files(site: &Site) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(site.path("")).unwrap();
    let names = entries.map(|entry| PathBuf::from(entry.unwrap().file_name()));
    names.filter(|name| !name.to_string_lossy().starts_with("world")).collect()
}

#[test]
fn every_symbol_is_there_and_nothing_is_changed_anywhere() {
    let site = everything();
    let triggers_before = site.account().triggers.len();

    let ran = site.jbr(&["plan"]);

    assert_eq!(ran.code, Some(0), "{}", ran.text());
    let text = flat(&ran.stdout);
    for expected in [
        "= 1 b/runs Runs already",
        "> 2 a/accounts Accounts",
        "? 5 c/unread ?",
        "~ a/disabled: disabled on a;",
        "~ a/databases: type: `database` in the plan → `accounts` on a",
        "! a/scheduled: JetBackup starts it by itself",
        "! runs 2 backups at once (`backup_forks`)",
        "! In no plan: writes to the guarded storage and is in no plan",
        "! Somewhere: names no destination, so it may write to the guarded storage, and is in no plan",
        "! Config at night: names no destination, so it may write to the guarded storage, and is in no plan",
        "and jbr did not start it: nothing starts until it is over",
        "? its jobs could not be read: no connection",
        "Plan: 4 to run, 1 adopted, 1 not queued,",
    ] {
        assert!(text.contains(expected), "`{expected}` in:\n{}", ran.stdout);
    }
    assert!(!text.contains("JetBackup Config"), "JetBackup's own, on every server, and started at no time");
    let account = site.account();
    let changing =
        account.calls.iter().filter(|call| !call.function.starts_with("list") && !call.function.starts_with("get"));
    assert_eq!(changing.count(), triggers_before, "only the test's own triggers");
    // The one thing that is written is what makes the next connection as safe as this one, and it is said.
    let expected = ["known_hosts", "known_hosts.lock", "plan.yaml"].map(PathBuf::from);
    assert_eq!(files(&site), BTreeSet::from(expected));
    assert!(ran.stderr.contains("recorded new host key ED25519 SHA256:"), "{}", ran.stderr);
    assert_eq!(site.jbr(&["plan"]).stderr, "", "once");
}

#[test]
fn json_says_the_same_in_one_object() {
    let site = everything();
    let ran = site.jbr(&["plan", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!(ran.stdout.lines().count(), 1);
    let plan: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&plan["version"], &plan["kind"]), (&1.into(), &"plan".into()));
    let decisions = plan["decisions"].as_array().unwrap();
    let decisions: Vec<&str> = decisions.iter().map(|decision| decision["decision"].as_str().unwrap()).collect();
    assert_eq!(decisions, ["run", "run", "disabled", "run", "adopt", "unread"]);
    assert_eq!(plan["has_work"], true);
}

#[test]
fn the_detailed_exit_code_is_about_what_is_to_be_done() {
    let site = small();
    let code = |arguments: &[&str]| site.jbr(arguments).code;
    assert_eq!(code(&["plan", "--detailed-exitcode"]), Some(2));
    assert_eq!(code(&["plan"]), Some(0));
    site.world
        .update(|fleet| {
            fleet.change("a", Utc::now(), |server| {
                server.jobs.iter_mut().filter(|job| job.id == id(1)).for_each(|job| job.disabled = true);
            })
        })
        .unwrap();
    assert_eq!(code(&["plan", "--detailed-exitcode"]), Some(0), "what is disabled is not to be done");
    fs::write(site.plan_path(), fs::read_to_string(site.plan_path()).unwrap().replace(&id(1), &id(9))).unwrap();
    assert_eq!(code(&["plan", "--detailed-exitcode"]), Some(1), "a job that does not exist");
}

/// A run of which nothing can be done would be closed as incomplete in the end, and each timer would write to the disk.
#[test]
fn where_no_window_is_open_nothing_is_begun_and_nothing_is_written() {
    let site = small();
    let plan = fs::read_to_string(site.plan_path()).unwrap();
    let opens = |from: i64, to: i64| {
        let at = |minutes: i64| (Utc::now() + TimeDelta::minutes(minutes)).format("%H:%M");
        let window = format!("windows: {{ w: {{ from: \"{}\", to: \"{}\", timezone: UTC }} }}\n", at(from), at(to));
        fs::write(
            site.plan_path(),
            plan.replace("\" }\n", "\", window: w }\n").replace("jobs:", &format!("{window}jobs:")),
        )
        .unwrap();
    };
    opens(60, 120);
    let check_refused = || {
        let ran = site.jbr(&["apply", "--auto-approve"]);
        assert_eq!(ran.code, Some(10), "{}", ran.text());
        assert!(flat(&ran.stdout).contains("Nothing may start now; the next window opens"), "{}", ran.text());
        assert!(flat(&ran.stderr).contains("nothing was begun"), "{}", ran.text());
    };
    check_refused();
    assert!(!site.state_path().exists(), "nothing to remember");
    assert_eq!(site.jbr(&["plan", "--detailed-exitcode"]).code, Some(0), "nothing to do now");
    opens(-60, 120);
    let ran = site.apply();
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    let before = fs::read(site.state_path()).unwrap();
    opens(60, 120);
    check_refused();
    assert_eq!(fs::read(site.state_path()).unwrap(), before);
    assert_eq!(site.account().triggers_by_api("a", &id(1)), 1);
}

#[test]
fn a_saved_plan_is_what_apply_runs_without_asking_even_before_the_first_run() {
    let site = small();
    let saved = site.jbr(&["plan", "--out", "saved"]);
    assert_eq!(saved.code, Some(0), "{}", saved.text());
    assert!(saved.stderr.contains("`jbr apply saved` runs it"), "{}", saved.stderr);
    let content: Value = serde_json::from_slice(&fs::read(site.path("saved")).unwrap()).unwrap();
    assert_eq!(content["jbr_saved_plan"], 1);
    assert!(content.to_string().contains(&format!("run a/accounts {}", id(1))), "{content}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(site.path("saved")).unwrap().permissions());
    assert_eq!(mode & 0o077, 0, "it names servers and users");

    let applied = site.jbr(&["apply", "saved"]);
    assert_eq!(applied.code, Some(0), "{}", applied.text());
    assert_eq!(site.account().triggers_by_api("a", &id(1)), 1);

    let again = site.jbr(&["apply", "saved"]);
    assert_eq!(again.code, Some(7), "{}", again.text());
    assert!(flat(&again.stderr).contains("the state has changed"), "{}", again.stderr);
    assert_eq!(site.account().triggers_by_api("a", &id(1)), 1);
    // An earlier saved plan may be replaced.
    assert_eq!(site.jbr(&["plan", "--out", "saved"]).code, Some(0));
}

/// Refused before any server is asked, and what is there stays.
fn check_not_saved(site: &Site, out: &str, word: &str) {
    let before = files(site);
    let ran = site.jbr(&["plan", "--out", out]);
    assert_eq!(ran.code, Some(1), "{out}: {}", ran.text());
    assert!(ran.stderr.contains(word) && ran.stderr.contains("nothing was saved"), "{word}: {}", ran.stderr);
    assert_eq!(files(site), before);
    assert!(site.account().calls.is_empty(), "{out}");
}

#[test]
fn a_saved_plan_replaces_nothing_but_a_saved_plan() {
    let site = small();
    let plan = fs::read(site.plan_path()).unwrap();
    fs::create_dir(site.path("folder")).unwrap();
    // Device nodes are as little a regular file as a pipe is, and a pipe harms nobody if this test ever fails.
    assert!(Command::new("mkfifo").arg(site.path("pipe")).status().unwrap().success());
    symlink(site.path("plan.yaml"), site.path("link")).unwrap();
    for (out, word) in [
        ("plan.yaml", "is no saved plan, so it is not replaced"),
        ("folder", "it is a folder"),
        ("folder/", "it is a folder"),
        ("pipe", "it is no regular file"),
        ("link", "it is no regular file"),
        ("nowhere/saved", "the folder that it would be in does not exist"),
        ("plan.yaml/saved", "Not a directory"),
        ("\u{1b}[2J/saved", "\\u{1b}[2J/saved: the folder"),
    ] {
        check_not_saved(&site, out, word);
    }
    assert_eq!(fs::read(site.plan_path()).unwrap(), plan);
    fs::write(site.path("empty"), "").unwrap();
    assert_eq!(site.jbr(&["plan", "--out", "empty"]).code, Some(0), "as mktemp makes it");
}

#[test]
fn a_reader_who_goes_is_no_error_and_the_exit_code_stays() {
    let site = everything();
    let mut running = site.command(&["plan", "--detailed-exitcode"]).spawn().unwrap();
    // Gone before the first byte.
    drop(running.stdout.take());
    let output = running.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("error"), "{output:?}");

    let mut running = site.command(&["plan"]).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(running.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("Plan of "), "{first}");
    assert_eq!(running.wait().unwrap().code(), Some(0));
}

#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let site = small();
    for arguments in [&["plan"][..], &["plan", "--json"], &["validate"], &["state", "show"], &["--help"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ran = site.command(arguments).stdout(full).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(ran.status.code(), Some(1), "{arguments:?}");
    }
}

/// Names that erase the screen, forge a line and turn the reading direction, wherever a server's text is shown.
#[test]
fn what_a_server_calls_its_jobs_never_reaches_a_terminal_raw() {
    const HOSTILE: &str = "accounts \u{1b}[2J\u{1b}]0;owned\u{7}\n  >  9  a/forged\r\u{202e}stnuocca\u{9b}31m";
    let evil = job(1, HOSTILE);
    let unmanaged = job(2, HOSTILE);
    let fleet = Fleet::new(Utc::now()).server("a", |server| with_nas(server).job(evil).job(unmanaged));
    let site = Site::start(&fleet);
    site.write_plan(&format!("run: {{ poll: 1s }}\njobs:\n  - {{ name: accounts, server: a, id: \"{}\" }}\n", id(1)));
    let commands: [&[&str]; 8] = [
        &["plan"],
        &["plan", "-vv"],
        &["plan", "--json"],
        &["apply", "--auto-approve"],
        &["apply", "--auto-approve", "--json"],
        &["state", "show"],
        &["state", "show", "--json"],
        &["state", "history"],
    ];
    for arguments in commands {
        let ran = site.jbr(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.text());
        check_harmless(&ran, arguments);
        let saved = [&arguments[..1], &["--color", "always"], &arguments[1..]].concat();
        let coloured = site.jbr(&saved);
        let text = coloured.text();
        assert!(!text.contains("\u{1b}[2J") && !text.contains("\u{1b}]"), "{saved:?}: {text:?}");
    }
}

fn check_harmless(ran: &Ran, arguments: &[&str]) {
    let text = ran.text();
    let bad = text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
    assert_eq!(bad, None, "{arguments:?}: {text:?}");
    assert!(!text.lines().any(|line| line.trim_start().starts_with(">  9")), "{arguments:?}: {text}");
}

#[test]
fn verbose_says_what_is_sent_and_never_what_comes_back() {
    let site = small();
    site.jbr(&["plan"]);
    let log = |flags: &[&str]| site.jbr(&[&["plan"], flags].concat()).stderr;
    assert_eq!(log(&[]), "");
    assert!(log(&["-v"]).contains("INFO a: jetbackup5api -F listBackupJobs -D "));
    let more = log(&["-vv"]);
    assert!(more.contains("DEBUG a: ") && more.contains(" bytes in "), "{more}");
    assert!(!more.contains("Accounts"), "{more}");
}

#[test]
fn a_selection_narrows_the_queue() {
    let site = everything();
    let ran = site.jbr(&["plan", "--server", "a", "--job", "a/accounts", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    let plan: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(plan["queue"].as_array().unwrap().len(), 1);
    assert_eq!(plan["queue"][0]["job"], "a/accounts");
    assert!(ran.stdout.contains("By hand"), "a foreign backup counts all the same");
}
