//! The check: what JetBackup's logs and the state prove decides, and neither needs the other.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use jbr::clock::earlier;
use jbr::simulator::{Fleet, Job, Log, Server};
use serde_json::Value;

use crate::support::parts::{DESTINATION, id, job, run_with, with_nas, writes_for};
use crate::support::site::{Ran, Site};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A log of a backup that ended so many days ago, with JetBackup's number of how.
fn log(number: usize, job: usize, status: i64, days: u32) -> Log {
    let ended = earlier(Utc::now(), DAY * days);
    Log {
        id: format!("{:024x}", 0xa000 + number),
        kind: 1,
        job: Some(id(job)),
        name: format!("job{job}"),
        // As short as those that the tests run: from it is learned how soon to look at them.
        started: earlier(ended, Duration::from_secs(1)),
        ended: Some(ended),
        status,
        items: 1,
    }
}

/// Two servers with a job each; these logs are on the first.
pub(crate) fn site(logs: impl IntoIterator<Item = Log>) -> Site {
    site_with(logs, |b| b)
}

fn site_with(logs: impl IntoIterator<Item = Log>, change: impl Fn(Server) -> Server) -> Site {
    let logs: Vec<Log> = logs.into_iter().collect();
    let fleet = Fleet::new(Utc::now())
        .server("a", |a| {
            let mut a = with_nas(a).job(job(1, writes_for(300)));
            a.logs.extend(logs.clone());
            a
        })
        .server("b", |b| {
            let mut b = with_nas(b).job(job(2, writes_for(300)));
            b.logs.push(log(99, 2, 1, 1));
            change(b)
        });
    let site = Site::start(&fleet);
    site.write_plan_with(
        &format!(", destination: {DESTINATION}"),
        &run_with("", &[("a/job1", 1, ""), ("b/job2", 2, "")]),
    );
    site
}

/// The exit code, and the verdict as JSON.
fn checked(site: &Site, more: &[&str]) -> (Option<i32>, Value) {
    let ran = site.jbr(&[&["check", "--json"], more].concat());
    let lines = ran.lines();
    assert_eq!(lines.len(), 1, "{}", ran.text());
    assert_eq!(lines[0]["kind"], "check");
    (ran.code, lines[0].clone())
}

/// The job's level and its findings.
fn found<'a>(check: &'a Value, job: &str) -> (&'a str, Vec<&'a str>) {
    let job = check["jobs"].as_array().unwrap().iter().find(|entry| entry["job"] == job).unwrap();
    let findings = job["findings"].as_array().unwrap();
    (job["level"].as_str().unwrap(), findings.iter().map(|finding| finding["finding"].as_str().unwrap()).collect())
}

/// The first line, with its exit code.
fn said(ran: &Ran) -> (Option<i32>, &str) {
    (ran.code, ran.stdout.lines().next().unwrap_or_default())
}

#[test]
fn a_job_that_never_had_a_good_backup_is_critical_until_it_has_one_whoever_made_it() {
    let site = site([log(1, 1, 2, 1)]);
    let ran = site.jbr(&["check"]);
    let (code, line) = said(&ran);
    assert_eq!(code, Some(2), "{}", ran.text());
    assert!(
        line.starts_with("JBR CRITICAL - of 2 jobs 1 critical: a/job1: no good backup is known; the last time"),
        "{line}"
    );
    assert!(line.contains(" | jobs=2;;;0 ok=1;;;0 "), "{line}");
    assert!(!site.state_path().parent().unwrap().exists(), "nothing is written");
    let asked = site.account().calls;
    assert!(
        asked.iter().all(|call| call.function.starts_with("list") || call.function.starts_with("get")),
        "{asked:#?}"
    );

    // By hand in JetBackup: `jbr` never ran, and has no state.
    let by_hand = |fleet: &mut Fleet| fleet.ask("a", "runBackupJobManually", &format!("_id={}", id(1)), Utc::now());
    site.world.update(|fleet| by_hand(fleet).map(drop).unwrap()).unwrap();
    crate::support::until::until("the log says that it is over", || {
        site.fleet().server_of("a").unwrap().logs.iter().any(|log| log.status == 1)
    });
    let ran = site.jbr(&["check"]);
    let (code, line) = said(&ran);
    assert_eq!(code, Some(0), "{}", ran.text());
    assert!(
        line.starts_with(
            "JBR OK - 2 jobs, each with a good backup to count on; the oldest ended 1d 0h ago (b/job2) | "
        ),
        "{line}"
    );
}

/// Real logs of every kind, and no state: `jbr` never ran here.
#[test]
fn jetbackups_logs_alone_say_whether_a_backup_is_older_than_its_max_age() {
    let check = |logs: Vec<Log>, expected: (i32, &str, &[&str])| {
        let site = site(logs.clone());
        let job1 = ("a/job1", 1, ", max_age: 36h");
        site.write_plan_with(&format!(", destination: {DESTINATION}"), &run_with("", &[job1, ("b/job2", 2, "")]));
        let (code, verdict) = checked(&site, &[]);
        let (level, findings) = found(&verdict, "a/job1");
        assert_eq!((code, level, &findings[..]), (Some(expected.0), expected.1, expected.2), "{logs:?}: {verdict:#}");
        assert!(!site.state_path().exists());
        site
    };
    check(vec![log(1, 1, 1, 1)], (0, "ok", &[]));
    check(vec![log(1, 1, 4, 1)], (0, "ok", &[]));
    check(vec![], (2, "critical", &["never"]));
    // The newest good one counts, whatever came after it, in whatever order.
    check(vec![log(1, 1, 1, 1), log(2, 1, 1, 9)], (0, "ok", &[]));
    check(vec![log(1, 1, 1, 3), log(2, 1, 2, 1)], (2, "critical", &["too_old", "failing"]));
    let site = check(vec![log(1, 1, 1, 3)], (2, "critical", &["too_old"]));
    let ran = site.jbr(&["check"]);
    assert!(said(&ran).1.contains("a/job1: last good backup ended 3d"), "{}", ran.stdout);
    assert!(said(&ran).1.contains("(at most 1d 12h); too old"), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_read_is_unknown_unless_what_is_remembered_proves_enough() {
    let mut site = site([]);
    site.sshd("a").kill();
    let (code, check) = checked(&site, &[]);
    assert_eq!((code, found(&check, "a/job1")), (Some(3), ("unknown", vec!["unread"])), "{check:#}");
    assert_eq!(found(&check, "b/job2"), ("ok", vec![]));
    assert_eq!(checked(&site, &["--server", "b"]).0, Some(0), "a server that nobody asks for is not asked");

    site.sshd("a").restart();
    assert_eq!(site.apply().code, Some(0));
    site.sshd("a").kill();
    let (code, check) = checked(&site, &[]);
    assert_eq!((code, found(&check, "a/job1")), (Some(0), ("ok", vec!["unread"])), "{check:#}");
}

#[test]
fn what_is_wrong_on_the_server_is_found_before_a_backup_is_missing() {
    let stranger = || Job::new(id(7), "In no plan").writes_to(DESTINATION);
    let site = site_with([log(1, 1, 1, 1)], |b| b.job(stranger()));
    let (code, check) = checked(&site, &[]);
    assert_eq!(code, Some(1), "{check:#}");
    let unmanaged = check["remarks"].as_array().unwrap();
    assert!(unmanaged.iter().any(|remark| remark["about"] == "In no plan"), "{check:#}");
    // A service a job does not repeat what is wrong with its server.
    assert_eq!(checked(&site, &["--job", "b/job2"]).0, Some(0));

    let change = |change: &dyn Fn(&mut Server)| {
        site.world.update(|fleet| assert!(fleet.change("b", Utc::now(), change))).unwrap();
    };
    change(&|b| b.jobs.iter_mut().filter(|job| job.id == id(2)).for_each(|job| job.disabled = true));
    let (_, check) = checked(&site, &["--job", "b/job2"]);
    assert_eq!(found(&check, "b/job2"), ("warning", vec!["hindered"]));
    change(&|b| b.jobs.retain(|job| job.id != id(2)));
    let (code, check) = checked(&site, &["--job", "b/job2"]);
    assert_eq!((code, found(&check, "b/job2")), (Some(2), ("critical", vec!["missing"])));
}

/// A server without a job in the plan may have jobs that belong there, and backups that write to the storage.
#[test]
fn a_server_that_has_no_job_in_the_plan_is_asked_as_well() {
    let mut site = site_with([log(1, 1, 1, 1)], |b| b.job(Job::new(id(7), "In no plan").writes_to(DESTINATION)));
    site.write_plan_with(&format!(", destination: {DESTINATION}"), &run_with("", &[("a/job1", 1, "")]));
    let (code, check) = checked(&site, &[]);
    assert_eq!(code, Some(1), "{check:#}");
    let about: Vec<&Value> = check["remarks"].as_array().unwrap().iter().map(|remark| &remark["about"]).collect();
    assert!(about.iter().any(|about| **about == "In no plan"), "{check:#}");
    assert!(about.iter().all(|about| **about != "JetBackup Config"), "it is on every server: {check:#}");
    assert_eq!(checked(&site, &["--server", "a"]).0, Some(0), "one that is not meant is not asked");

    site.sshd("b").kill();
    let (code, check) = checked(&site, &[]);
    assert_eq!(code, Some(1), "{check:#}");
    let silent = |remark: &Value| remark["server"] == "b" && remark["remark"] == "unread" && remark["what"] == "jobs";
    assert!(check["remarks"].as_array().unwrap().iter().any(silent), "{check:#}");
}

#[test]
fn it_waits_for_no_lock() {
    let site = site([log(1, 1, 1, 1)]);
    let mut fleet = site.fleet();
    assert!(fleet.change("a", Utc::now(), |a| {
        a.jobs.iter_mut().filter(|job| job.id == id(1)).for_each(|job| job.script = vec![writes_for(60_000)]);
    }));
    site.world.save(&fleet).unwrap();
    let mut apply = site.start_apply();
    site.until_runs("a", &id(1));
    let (code, check) = checked(&site, &[]);
    assert_eq!(code, Some(0), "{check:#}");
    assert_eq!(check["jobs"][0]["running"], true);
    // A hold would need the state.
    let held = site.jbr(&["hold", "b/job2", "--reason", "the disk is moved"]);
    assert_eq!(held.code, Some(6), "{}", held.text());
    for words in ["nothing was recorded: another jbr holds the lock: pid", "(apply)", "stop the run (SIGTERM"] {
        assert!(held.stderr.contains(words), "{words}: {}", held.stderr);
    }
    apply.kill();
}

#[test]
fn whatever_keeps_it_from_judging_is_unknown_and_only_a_mistyped_name_is_usage() {
    let site = site([log(1, 1, 1, 1)]);
    let check = |arguments: &[&str], code: i32, words: &str| {
        let ran = site.jbr(&[&["check"], arguments].concat());
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.text());
        assert!(ran.text().contains(words), "{arguments:?}: {words} in {}", ran.text());
        ran
    };
    check(&["--job", "a/jbo1"], 64, "did you mean `a/job1`?");
    check(&["--frob"], 64, "unexpected argument");
    for plan in ["nowhere.yaml", "broken.yaml"] {
        fs::write(site.path("broken.yaml"), "version: 1\n").unwrap();
        let ran = check(&["--plan", plan], 3, "JBR UNKNOWN - ");
        assert!(ran.stdout.starts_with("JBR UNKNOWN - ") && ran.stdout.lines().count() == 1, "{}", ran.stdout);
        let (code, json) = checked(&site, &["--plan", plan]);
        assert_eq!((code, &json["level"], &json["at"]), (Some(3), &Value::from("unknown"), &Value::Null));
        assert!(json["why"].is_string(), "{json}");
    }
    fs::write(site.path("damaged.json"), "no state").unwrap();
    check(&["--state", "damaged.json"], 3, "damaged.json is damaged");
}

/// The value of a series.
fn sample(metrics: &str, series: &str) -> Option<i64> {
    metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

fn in_folder(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn metrics_are_written_whole_for_everybody_to_read() {
    let site = site([log(1, 1, 1, 1)]);
    let folder = site.path("metrics");
    fs::create_dir(&folder).unwrap();
    let path = folder.join("jbr.prom");
    let write = || site.jbr(&["check", "--textfile", path.to_str().unwrap()]);
    let ran = write();
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    let metrics = fs::read_to_string(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    let at = sample(&metrics, "jbr_last_success_timestamp_seconds{server=\"a\",job=\"job1\"}").unwrap();
    let age = Utc::now() - DateTime::from_timestamp(at, 0).unwrap();
    assert!((0..600).contains(&(age - chrono::TimeDelta::days(1)).num_seconds()), "{age}");
    assert_eq!(sample(&metrics, "jbr_job_level{server=\"a\",job=\"job1\"}"), Some(0));
    assert_eq!(sample(&metrics, "jbr_check_level"), Some(0));

    // Behind a link, which stays one, and over its own metrics.
    let real = site.path("real.prom");
    fs::rename(&path, &real).unwrap();
    symlink(&real, &path).unwrap();
    assert_eq!(write().code, Some(0));
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    let before = fs::metadata(&real).unwrap().ino();
    assert_eq!(write().code, Some(0));
    assert_ne!(fs::metadata(&real).unwrap().ino(), before, "whoever reads the old ones reads them to their end");
    assert_eq!(in_folder(&folder), ["jbr.prom"], "nothing is left beside it");

    // Nothing else is ever replaced, and the refusal comes before any server is asked.
    let calls = site.account().calls.len();
    for (place, words) in [
        (site.plan_path(), "holds no metrics of jbr, so it is not replaced"),
        (folder.clone(), "it is no regular file"),
        (site.path("nowhere/jbr.prom"), "the folder that it would be in does not exist"),
    ] {
        let ran = site.jbr(&["check", "--textfile", place.to_str().unwrap()]);
        assert_eq!(ran.code, Some(3), "{}", ran.text());
        assert!(ran.stdout.starts_with("JBR UNKNOWN - ") && ran.stdout.contains(words), "{words}: {}", ran.text());
    }
    assert_eq!(site.account().calls.len(), calls);

    // What only writing finds out: nobody can make a file there. The verdict stands, and whoever waits for the metrics hears of it.
    let nowhere = || site.jbr(&["check", "--textfile", "/proc/jbr.prom"]);
    for (code, verdict) in [(3, "JBR OK - "), (2, "JBR CRITICAL - ")] {
        let ran = nowhere();
        assert!(ran.code == Some(code) && ran.stdout.starts_with(verdict), "{}", ran.text());
        assert!(ran.stderr.contains("/proc/jbr.prom: it cannot be written"), "{}", ran.stderr);
        site.world.update(|fleet| assert!(fleet.change("a", Utc::now(), |a| a.logs.clear()))).unwrap();
    }
}
