//! The main job end to end: the real `jbr`, real OpenSSH, a simulated JetBackup whose own account decides.

mod support;

use std::fmt::Write as _;
use std::time::Duration;

use chrono::Utc;
use jbr::simulator::{Execution, Fleet, Job, Server};
use serde_json::json;
use support::parts::{self, id, with_nas};
use support::site::{NAS, Site};

/// A job that ends with a status after a second or so.
fn job(number: usize, status: i64) -> Job {
    let execution = Execution::of(Duration::from_millis(700)).starts_after(Duration::from_millis(300)).ends(status);
    parts::job(number, execution)
}

#[test]
fn three_servers_and_eight_jobs_with_every_outcome_of_the_status_table() {
    let rows = [
        ("a/one", 1, 100, "completed"),
        ("a/two", 2, 101, "partial"),
        ("a/three", 3, 102, "failed"),
        ("b/four", 4, 103, "aborted"),
        ("b/five", 5, 104, "never_finished"),
        ("b/six", 6, 107, "unknown_status"),
        ("c/seven", 7, 100, "completed"),
        ("c/eight", 8, 100, "completed"),
    ];
    let on = |name: &'static str| {
        move |s: Server| {
            rows.iter().filter(|row| row.0.starts_with(name)).fold(with_nas(s), |s, row| s.job(job(row.1, row.2)))
        }
    };
    let fleet = Fleet::new(Utc::now()).server("a", on("a")).server("b", on("b")).server("c", on("c"));
    let site = Site::start(&fleet);
    let mut plan = String::from("run: { poll: 1s }\njobs:\n");
    for (address, number, _, _) in rows {
        let (server, name) = address.split_once('/').unwrap();
        writeln!(plan, "  - {{ name: {name}, server: {server}, id: \"{}\" }}", id(number)).unwrap();
    }
    site.write_plan(&plan);

    let ran = site.jbr(&["apply", "--auto-approve"]);

    assert_eq!(ran.code, Some(3), "{}", ran.text());
    let account = site.account();
    assert_eq!(account.max_writers(NAS), 1, "{:?}", account.overlaps(NAS));
    for (address, number, _, verdict) in rows {
        let (server, _) = address.split_once('/').unwrap();
        assert_eq!(account.triggers_by_api(server, &id(number)), 1, "{address}");
        assert_eq!(site.verdict(address), json!(verdict), "{address}");
    }
    for (name, sshd) in &site.servers {
        // One for `jbr`, and none for anything else: `state show` does not connect.
        assert_eq!(sshd.logins(), 1, "one handshake with {name} for a whole run");
    }
}
