//! What `jbr` says of the gates of its servers, and what it does not begin because of them.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

mod support;

use std::fs;

use chrono::Utc;
use jbr::simulator::{Destination, Fleet};
use serde_json::{Value, json};
use support::gate;
use support::parts::{DESTINATION, id, job, run_with, with_nas, writes_for};
use support::ran::flat;
use support::site::{NAS, Site};

const JOBS: &[(&str, usize, &str)] = &[("a/one", 1, ""), ("a/two", 2, ", on_timeout: stop")];

/// One server with two jobs.
fn site() -> Site {
    let fleet =
        Fleet::new(Utc::now()).server("a", |s| with_nas(s).job(job(1, writes_for(300))).job(job(2, writes_for(300))));
    let site = Site::start(&fleet);
    site.write_plan(&run_with("", JOBS));
    site
}

/// A site whose key has this script as its forced command; `$SSH_ORIGINAL_COMMAND` finds the stand-in by PATH.
fn site_behind(script: &str) -> Site {
    let mut site = site();
    let (folder, other) = (site.path("bin"), site.path("other-gate"));
    fs::create_dir(&folder).unwrap();
    fs::copy(site.api("a"), folder.join("jetbackup5api")).unwrap();
    gate::script(&other, &format!("PATH={}:/usr/bin:/bin\n{script}", folder.display()));
    site.sshd("a").force_command(other.to_str().unwrap());
    site
}

/// A site whose key has these arguments of the gate.
fn site_with_scopes(arguments: &str) -> Site {
    let mut site = site();
    let command = format!("{} {arguments}", site.gate("a").display());
    site.sshd("a").force_command(&command);
    site
}

/// The remarks about the gate in the plan's JSON, and the whole text; the plan never fails because of a gate.
fn plan(site: &Site) -> (Vec<Value>, String) {
    let text = site.jbr(&["plan"]);
    assert_eq!(text.code, Some(0), "{}", text.text());
    let ran = site.jbr(&["plan", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    let is_about_gate = |remark: &&Value| remark["remark"] == "gate" || remark["what"] == "gate";
    let remarks = ran.lines()[0]["remarks"].as_array().unwrap().iter().filter(is_about_gate).cloned().collect();
    (remarks, flat(&text.stdout))
}

const SHELL: &str = "exec sh -c \"$SSH_ORIGINAL_COMMAND\"";

#[test]
fn a_server_with_the_gate_is_no_matter() {
    let (remarks, text) = plan(&site());
    assert!(remarks.is_empty() && !text.contains("gate"), "{text}");
}

#[test]
fn a_server_without_a_gate_is_said_and_its_backups_run_all_the_same() {
    let site = site_behind(SHELL);
    let (remarks, text) = plan(&site);
    assert_eq!(remarks.len(), 1);
    assert_eq!((&remarks[0]["gate"], &remarks[0]["server"]), (&json!("absent"), &json!("a")));
    assert!(text.contains("! has no gate: whoever has this key may do anything there."), "{text}");
    let ran = site.apply();
    assert_eq!(ran.code, Some(0), "{}", ran.text());
}

#[test]
fn another_gate_and_an_older_one_are_said() {
    let other = "case $SSH_ORIGINAL_COMMAND in gate-version) echo 'ERROR: Command not allowed: gate-version' >&2; exit 1;; esac";
    let (remarks, text) = plan(&site_behind(&format!("{other}\n{SHELL}")));
    assert_eq!(remarks[0]["gate"], "foreign");
    assert!(text.contains("! its gate is not the one that jbr comes with"), "{text}");

    let older = "case $SSH_ORIGINAL_COMMAND in gate-version) echo jetbackup-ssh-gate 0; exit;; esac";
    let (remarks, text) = plan(&site_behind(&format!("{older}\n{SHELL}")));
    assert_eq!((&remarks[0]["gate"], &remarks[0]["gate_version"]), (&json!("older"), &json!(0)));
    assert!(text.contains("! its gate has version 0, and 1 is the one that jbr comes with"), "{text}");
}

#[test]
fn a_gate_that_does_not_answer_is_unknown_and_nothing_more() {
    let silent = "case $SSH_ORIGINAL_COMMAND in gate-version) kill -9 $PPID; kill -9 $$;; esac";
    let site = site_behind(&format!("{silent}\n{SHELL}"));
    let (remarks, text) = plan(&site);
    assert_eq!((remarks.len(), &remarks[0]["what"]), (1, &json!("gate")), "{remarks:?}");
    assert!(text.contains("? its gate could not be read:"), "{text}");
    assert!(text.contains("What the key may do there is not known"), "{text}");
    assert_eq!(site.apply().code, Some(0));
}

#[test]
fn a_key_that_may_only_read_plans_and_apply_says_so_before_anything_starts() {
    let site = site_with_scopes("--read-only");
    let (remarks, text) = plan(&site);
    assert_eq!((&remarks[0]["gate"], &remarks[0]["jobs"]), (&json!("forbids"), &json!(["a/one", "a/two"])));
    assert!(text.contains("! its gate does not let this key start or stop a/one, start or stop a/two"), "{text}");
    let ran = site.apply();
    assert_eq!(ran.code, Some(1), "{}", ran.text());
    assert!(ran.stderr.contains("a: the key may not start or stop a/one"), "{}", ran.stderr);
    assert!(site.account().triggers.is_empty());
    assert!(!site.state_path().exists(), "no run was begun");
}

#[test]
fn a_key_with_jobs_runs_these_and_apply_refuses_a_queue_with_others() {
    let site = site_with_scopes(&format!("--jobs {}", id(1)));
    let (remarks, _) = plan(&site);
    assert_eq!(remarks[0]["jobs"], json!(["a/two"]));
    assert_eq!(site.apply().code, Some(1));
    assert!(site.account().triggers.is_empty());
    let part = site.jbr(&["apply", "--auto-approve", "--job", "a/one"]);
    assert_eq!(part.code, Some(0), "{}", part.text());
    assert_eq!(site.account().triggers_by_api("a", &id(1)), 1);
}

#[test]
fn a_key_without_the_destination_cannot_keep_it_closed() {
    let fleet = Fleet::new(Utc::now())
        .server("a", |s| s.destination(Destination::on(NAS, DESTINATION).disabled()).job(job(1, writes_for(300))));
    let mut site = Site::start(&fleet);
    site.write_plan_with(&format!(", destination: {{ id: {DESTINATION}, keep: closed }}"), &run_with("", &JOBS[..1]));
    let both = format!("{} --jobs {} --destinations {DESTINATION}", site.gate("a").display(), id(1));
    let one = format!("{} --jobs {}", site.gate("a").display(), id(1));
    site.sshd("a").force_command(&one);
    let (remarks, text) = plan(&site);
    assert_eq!((&remarks[0]["jobs"], &remarks[0]["destination"]), (&json!([]), &json!(DESTINATION)));
    assert!(text.contains(&format!("does not let this key enable destination {DESTINATION}")), "{text}");
    assert_eq!(site.apply().code, Some(1));
    site.sshd("a").force_command(&both);
    assert!(plan(&site).0.is_empty());
    let ran = site.apply();
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert!(site.fleet().server_of("a").unwrap().destinations[0].disabled, "closed again");
}

#[test]
fn a_trigger_that_the_gate_refuses_was_certainly_not_sent_to_jetbackup() {
    // It says that it lets everything through, and does not.
    let lies = "case $SSH_ORIGINAL_COMMAND in gate-version) echo jetbackup-ssh-gate 1; exit;; \
                *runBackup*) echo \"ERROR: Command not allowed: $SSH_ORIGINAL_COMMAND\" >&2; exit 1;; esac";
    let site = site_behind(&format!("{lies}\n{SHELL}"));
    let ran = site.apply();
    assert_eq!(ran.code, Some(3), "{}", ran.text());
    assert_eq!(site.verdict("a/one"), "never_started");
    assert!(ran.text().contains("the gate on the server does not let this key do it"), "{}", ran.text());
    assert!(site.account().triggers.is_empty());
}
