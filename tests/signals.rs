//! A signal ends `jbr` within two seconds, and takes nothing from a backup: it runs on, and the next `apply` goes on with it.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

mod support;

use std::time::Duration;

use chrono::Utc;
use jbr::simulator::{Account, Fault, Fleet, Rule};
use rustix::process::Signal;
use serde_json::json;
use support::parts::{id, in_a_backup, job, run_with, two_servers, with_nas, writes_for};
use support::process::Process;
use support::site::{NAS, Ran, Site};

/// The longest that a signal may take.
const SIGNAL_MAX: Duration = Duration::from_secs(2);
/// What has no need to wait for anything takes.
const AT_ONCE: Duration = Duration::from_millis(700);

/// Whatever takes something from a server or from a backup.
const TAKES: [&str; 6] = [
    "stopQueueGroup",
    "clearQueue",
    "rerunFailedQueueGroup",
    "manageBackupJob",
    "manageDestination",
    "manageDestinationState",
];

fn assert_nothing_taken(account: &Account) {
    for call in &account.calls {
        assert!(!TAKES.contains(&call.function.as_str()), "{call:?}");
    }
}

fn assert_stopped((ran, took): &(Ran, Duration)) {
    assert_eq!(ran.code, Some(10), "{}", ran.text());
    assert!(*took < SIGNAL_MAX, "it took {took:?}: {}", ran.text());
}

/// Two servers; the first one's backup takes this long.
fn site_of_two(ms: u64) -> Site {
    two_servers(ms, "", "")
}

/// The same while the first one's backup is at work.
fn site_in_a_backup_of(ms: u64) -> (Site, Process) {
    let site = site_of_two(ms);
    let jbr = in_a_backup(&site);
    (site, jbr)
}

/// S2: SIGTERM disabled the job under its running backup, dropped the lock and exited with 0. S3: the next start stopped the
/// surviving backup and reported success.
fn a_signal_during_a_backup(signal: Signal) {
    let (site, mut jbr) = site_in_a_backup_of(7000);

    let ended = jbr.ended_by(signal);

    assert_stopped(&ended);
    assert_eq!(ended.0.events("ended")[0]["end"], "interrupted");
    assert!(site.runs("a", &id(1)), "the remote backup runs on");
    assert!(!site.fleet().server_of("a").unwrap().jobs.iter().any(|job| job.disabled));
    let run = site.state()["run"].clone();
    assert_eq!(run["queue"][0]["phase"], "running", "{run}");
    assert_eq!(run["queue"][1]["phase"], "queued", "{run}");

    let next = site.apply();

    assert_eq!(next.code, Some(0), "{}", next.text());
    let account = site.account();
    assert_nothing_taken(&account);
    assert_eq!((account.triggers_by_api("a", &id(1)), account.triggers_by_api("b", &id(2))), (1, 1));
    assert_eq!((account.writes.len(), account.max_writers(NAS)), (2, 1));
    assert_eq!((site.verdict("a/one"), site.verdict("b/two")), (json!("completed"), json!("completed")));
    assert_eq!(site.history().len(), 1, "one run over two processes");
}

#[test]
fn s2_s3_sigterm_leaves_the_backup_running_and_the_next_apply_goes_on_with_it() {
    a_signal_during_a_backup(Signal::TERM);
}

#[test]
fn s2_s3_sigint_leaves_the_backup_running_and_the_next_apply_goes_on_with_it() {
    a_signal_during_a_backup(Signal::INT);
}

#[test]
fn sighup_of_a_closed_terminal_leaves_the_backup_running_and_the_next_apply_goes_on_with_it() {
    a_signal_during_a_backup(Signal::HUP);
}

#[test]
fn sighup_under_nohup_ends_nothing() {
    let site = site_of_two(1500);
    let mut command = std::process::Command::new("nohup");
    let jbr = site.command(&["apply", "--auto-approve", "--json"]);
    let set = jbr.get_envs().filter_map(|(name, value)| Some((name, value?)));
    command.arg(jbr.get_program()).args(jbr.get_args()).env_clear().envs(set).stdin(std::process::Stdio::null());
    let (out, err) = (site.path("nohup.out"), site.path("nohup.err"));
    command.stdout(std::fs::File::create(&out).unwrap()).stderr(std::fs::File::create(&err).unwrap());
    let mut jbr = Process::new(command.spawn().unwrap(), out, err);
    jbr.until_event("started", Some("a/one"));

    jbr.signal(Signal::HUP);

    let ran = jbr.ended();
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!(site.account().triggers.len(), 2);
}

#[test]
fn sigterm_while_a_server_does_not_speak_is_as_quick_and_leaves_the_backup_running() {
    let (mut site, mut jbr) = site_in_a_backup_of(30_000);
    site.sshd("a").freeze();
    // From the next look at the backup on, it waits for the frozen server.
    jbr_waits_for_an_answer(&jbr);

    assert_stopped(&jbr.ended_by(Signal::TERM));

    site.sshd("a").thaw();
    assert!(site.runs("a", &id(1)));
    assert_nothing_taken(&site.account());
    assert_eq!(site.state()["run"]["queue"][0]["phase"], "running");
}

#[test]
fn a_second_signal_does_not_wait_for_anything() {
    let (mut site, mut jbr) = site_in_a_backup_of(9000);
    site.sshd("a").freeze();
    jbr_waits_for_an_answer(&jbr);

    jbr.signal(Signal::TERM);
    let (ran, took) = jbr.ended_by(Signal::INT);

    assert_eq!(ran.code, Some(10), "{}", ran.text());
    assert!(took < AT_ONCE, "it took {took:?}");
    site.sshd("a").thaw();
    let next = site.apply();
    assert_eq!(next.code, Some(0), "{}", next.text());
    let account = site.account();
    assert_eq!((account.triggers_by_api("a", &id(1)), account.max_writers(NAS)), (1, 1));
    assert_nothing_taken(&account);
}

/// Waits until no progress has come for longer than a poll: the look at the frozen server has begun.
fn jbr_waits_for_an_answer(jbr: &Process) {
    let count = || jbr.events().len();
    let (mut known, mut since) = (count(), std::time::Instant::now());
    support::until::until("jbr waits for the frozen server", || {
        if count() != known {
            (known, since) = (count(), std::time::Instant::now());
        }
        since.elapsed() > Duration::from_millis(1500)
    });
}

#[test]
fn sigterm_while_waiting_for_a_foreign_backup_triggers_nothing() {
    let fleet = Fleet::new(Utc::now())
        .server("a", |a| with_nas(a).job(job(1, writes_for(300))))
        .server("b", |b| with_nas(b).job(job(2, writes_for(60_000)).schedule("s", Utc::now(), None)));
    let site = Site::start(&fleet);
    site.until_runs("b", &id(2));
    site.write_plan(&run_with("", &[("a/one", 1, "")]));
    let mut jbr = site.start_apply();
    let waiting = jbr.until_event("waiting", None);
    assert_eq!((&waiting["next"], &waiting["reason"]["server"]), (&json!("a/one"), &json!("b")));

    assert_stopped(&jbr.ended_by(Signal::TERM));

    let account = site.account();
    assert!(account.triggers.is_empty());
    assert_nothing_taken(&account);
    assert!(site.runs("b", &id(2)));
}

#[test]
fn sigterm_between_a_trigger_and_its_answer_does_not_lose_the_backup() {
    let late = Rule::of("runBackupJobManually", Fault::Slow).delay(Duration::from_secs(5));
    let fleet = Fleet::new(Utc::now()).server("a", |a| with_nas(a).job(job(1, writes_for(3000))).rule(late));
    let site = Site::start(&fleet);
    site.write_plan(&run_with("", &[("a/one", 1, "")]));
    let mut jbr = site.start_apply();
    site.until_runs("a", &id(1));

    assert_stopped(&jbr.ended_by(Signal::TERM));

    let next = site.apply();
    assert_eq!(next.code, Some(0), "{}", next.text());
    let account = site.account();
    assert_nothing_taken(&account);
    assert_eq!((account.triggers_by_api("a", &id(1)), account.writes.len()), (1, 1));
    assert_eq!(site.verdict("a/one"), json!("completed"));
}

#[test]
fn sigterm_before_anything_was_started_leaves_no_run_behind() {
    let fleet = Fleet::new(Utc::now()).server("a", |a| with_nas(a).job(job(1, writes_for(300))));
    let mut site = Site::start(&fleet);
    site.write_plan(&run_with("", &[("a/one", 1, "")]));
    site.sshd("a").freeze();
    let mut jbr = site.start_apply();
    // The lock is taken after the handlers are in place.
    support::until::until("jbr holds the lock", || site.path("state/state.json.lock").exists());

    let ended = jbr.ended_by(Signal::TERM);

    assert_stopped(&ended);
    assert!(ended.0.stderr.contains("stopped before anything was started"), "{}", ended.0.stderr);
    assert!(!site.state_path().exists());
    assert!(site.account().triggers.is_empty());
}
