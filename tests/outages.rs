//! A connection, or a whole server, that goes away: nothing is lost, nothing is repeated, and unknown is not idle.

mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use support::parts::{self, id, in_a_backup};
use support::process::Process;
use support::site::{NAS, Ran, Site};
use support::until::until;

/// What a server that does not speak is given in these tests.
const LIMITS: &str = ", connect_timeout: 2s, command_timeout: 3s";

fn two_servers(first_ms: u64) -> Site {
    parts::two_servers(first_ms, LIMITS, ", unreachable_wait: 3s")
}

/// Two servers; the first one's backup is at work.
fn site_in_a_backup_of(ms: u64) -> (Site, Process) {
    let site = two_servers(ms);
    let jbr = in_a_backup(&site);
    (site, jbr)
}

/// Both backups ran once, one after the other, and the run says so.
fn assert_all_good(site: &Site, ran: &Ran) {
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    let account = site.account();
    assert_eq!((account.triggers_by_api("a", &id(1)), account.triggers_by_api("b", &id(2))), (1, 1));
    assert_eq!((account.writes.len(), account.max_writers(NAS)), (2, 1), "{:?}", account.writes);
    assert_eq!((site.verdict("a/one"), site.verdict("b/two")), (json!("completed"), json!("completed")));
    assert_eq!(site.state()["run"], json!(null));
    let history = site.history();
    assert_eq!((history.len(), &history[0]["end"]), (1, &json!("complete")), "{history:?}");
    // Each outcome names the very execution that wrote.
    let named = [0, 1].map(|place| history[0]["jobs"][place]["outcome"]["group"].clone());
    assert_eq!(named.to_vec(), account.writes.iter().map(|write| json!(write.group)).collect::<Vec<_>>());
}

#[test]
fn a_server_whose_ssh_dies_in_a_backup_and_comes_back_is_waited_for_without_limit() {
    let (mut site, mut jbr) = site_in_a_backup_of(3000);
    site.sshd("a").kill();
    jbr.until_event("unreachable", None);
    // Longer than `unreachable_wait`, and longer than the backup: it is over, but nobody has seen it.
    let dead = Instant::now();
    until("the backup ends unseen", || dead.elapsed() > Duration::from_secs(5) && !site.runs("a", &id(1)));
    assert!(!jbr.has_ended());
    assert_eq!(site.account().triggers_by_api("b", &id(2)), 0, "unknown is not idle");
    site.sshd("a").restart();

    let ran = jbr.ended();

    assert_all_good(&site, &ran);
    assert_eq!(ran.events("reachable").len(), 1, "{}", ran.text());
}

#[test]
fn connections_that_are_cut_in_a_backup_are_made_anew() {
    let (mut site, mut jbr) = site_in_a_backup_of(4000);
    for name in ["a", "b"] {
        site.sshd(name).cut_connections();
    }

    let ran = jbr.ended();

    assert_all_good(&site, &ran);
    assert_eq!((site.sshd("a").logins(), site.sshd("b").logins()), (2, 2));
}

#[test]
fn a_server_that_does_not_speak_for_a_while_loses_nothing() {
    let (mut site, mut jbr) = site_in_a_backup_of(2000);
    site.sshd("a").freeze();
    jbr.until_event("unreachable", None);
    site.sshd("a").thaw();

    assert_all_good(&site, &jbr.ended());
}

#[test]
fn s8_a_server_that_cannot_be_asked_is_waited_for_before_anything_starts_and_then_skipped_loudly() {
    let mut site = two_servers(300);
    site.sshd("a").kill();
    let started = Instant::now();
    let mut jbr = site.start_apply();
    jbr.until_event("waiting", None);
    assert!(site.account().triggers.is_empty());

    let ran = jbr.ended();

    assert!(started.elapsed() > Duration::from_secs(3), "unreachable_wait is waited out");
    assert_eq!(ran.code, Some(3), "{}", ran.text());
    assert_eq!((site.verdict("a/one"), site.verdict("b/two")), (json!("skipped"), json!("completed")));
    let triggering = ran.events("triggering");
    assert_eq!(triggering[0]["unasked"], json!(["a"]), "what runs there is not known, and said so");
}

#[test]
fn s7_no_server_answers_nothing_ran_and_that_is_no_success() {
    let mut site = two_servers(300);
    site.sshd("a").kill();
    site.sshd("b").kill();

    let ran = site.apply();

    assert_eq!(ran.code, Some(9), "{}", ran.text());
    assert_eq!((site.verdict("a/one"), site.verdict("b/two")), (json!("skipped"), json!("skipped")));
    assert!(site.account().calls.is_empty());
}
