//! `every`: what is due runs, once, and what is fresh does not; a timer that fires often changes nothing.

use std::fs;
use std::time::Duration;

use chrono::Utc;
use jbr::clock::earlier;
use jbr::simulator::{Execution, Log};

use crate::scene::{FIRST, SECOND, changes, ends, site, site_of, triggers, write_plan};
use crate::support::site::Site;
use crate::support::until::until;

const HOUR: Duration = Duration::from_secs(3600);

/// JetBackup's log of a good backup that ended so many hours ago.
fn log(job: &str, hours: u32) -> Log {
    let ended = earlier(Utc::now(), HOUR * hours);
    Log {
        id: format!("{hours:024x}"),
        kind: 1,
        job: Some(job.to_owned()),
        name: String::new(),
        started: earlier(ended, Duration::from_secs(4)),
        ended: Some(ended),
        status: 1,
        items: 1,
    }
}

fn with_logs(site: &Site, logs: &[(&str, &str, u32)]) {
    site.world
        .update(|fleet| {
            for (server, job, hours) in logs {
                assert!(fleet.change(server, Utc::now(), |server| server.logs.push(log(job, *hours))));
            }
        })
        .unwrap();
}

/// What a timer does.
fn fire(site: &Site) -> crate::support::site::Ran {
    site.jbr(&["apply", "--auto-approve"])
}

/// Runs `apply` as a timer does, and holds it to doing nothing at all.
fn nothing_is_due(site: &Site) {
    let changes_before = changes(site);
    let state = fs::read(site.state_path()).ok();
    let ran = fire(site);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert!(ran.text().contains("No backups are due"), "{}", ran.text());
    assert_eq!(changes(site), changes_before, "nothing is changed on any server");
    assert_eq!(fs::read(site.state_path()).ok(), state, "a timer that finds nothing due writes nothing");
}

#[test]
fn a_fresh_job_is_not_run_and_writes_nothing_and_a_stale_one_is() {
    let site = site(&[100], &[102, 100]);
    write_plan(&site, "", ", every: 1h", ", every: 1h");
    assert_eq!(site.apply().code, Some(3));
    assert_eq!(site.apply().code, Some(0), "the failed one is due at once");
    assert_eq!(triggers(&site), (1, 2));
    nothing_is_due(&site);
    nothing_is_due(&site);
    let named = site.jbr(&["apply", "--auto-approve", "--job", "a/x"]);
    assert_eq!(named.code, Some(0), "{}", named.text());
    assert_eq!(triggers(&site), (2, 2), "whoever names a job wants it run");
}

#[test]
fn jetbackups_logs_alone_say_what_is_due_and_no_state_is_made_for_nothing() {
    let site = site(&[100], &[100]);
    with_logs(&site, &[("a", FIRST, 3), ("b", SECOND, 20)]);
    write_plan(&site, "", ", every: 24h", ", every: 24h");
    nothing_is_due(&site);
    assert!(!site.state_path().exists());
    write_plan(&site, "", ", every: 24h", ", every: 12h");
    assert_eq!(fire(&site).code, Some(0));
    assert_eq!(triggers(&site), (0, 1));
    nothing_is_due(&site);
}

#[test]
fn a_backup_made_by_hand_in_jetbackup_makes_its_job_fresh() {
    let site = site(&[100], &[100]);
    with_logs(&site, &[("b", SECOND, 3)]);
    write_plan(&site, "", ", every: 24h", ", every: 24h");
    let by_hand = |data: &str| {
        site.world.update(|fleet| fleet.ask("a", "runBackupJobManually", data, Utc::now()).map(drop).unwrap()).unwrap();
    };
    by_hand(&format!("_id={FIRST}"));
    until("the backup is over", || site.account().ends.len() == 1);
    nothing_is_due(&site);
    assert_eq!(triggers(&site), (1, 0), "that one was not jbr's");
}

#[test]
fn what_became_due_while_the_pi_was_off_runs_when_it_wakes_and_runs_once() {
    let slow = Execution { runs: Duration::from_secs(4), ..ends(100) };
    let site = site_of([slow], [ends(100)], |a| a);
    // Both were due days ago, and the timer has missed a few nights.
    with_logs(&site, &[("a", FIRST, 100), ("b", SECOND, 70)]);
    write_plan(&site, "", ", every: 24h", ", every: 24h");
    let mut first = site.start_apply();
    site.until_runs("a", FIRST);
    // The timer fires again meanwhile.
    assert_eq!(fire(&site).code, Some(6), "one at a time");
    // The Pi loses its power; the backup goes on, and ends while nobody looks.
    first.kill();
    until("the backup is over", || site.account().ends.len() == 1);
    assert_eq!(fire(&site).code, Some(0));
    assert_eq!(triggers(&site), (1, 1), "what ended while it was off is not run again");
    nothing_is_due(&site);
}
