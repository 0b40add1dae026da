//! Nothing runs that nobody approved: asked on a terminal, or looked at and saved, and then run as it was or not at all. And one `apply`
//! at a time.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

mod support;

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use chrono::Utc;
use jbr::simulator::Fleet;
use serde_json::json;
use support::parts::{id, job, run_with, with_nas, writes_for};
use support::site::{NAS, Ran, Site};
use support::until::until_within;

const JOBS: [(&str, usize, &str); 2] = [("a/one", 1, ""), ("a/two", 2, "")];

fn site() -> Site {
    let fleet =
        Fleet::new(Utc::now()).server("a", |a| with_nas(a).job(job(1, writes_for(500))).job(job(2, writes_for(300))));
    let site = Site::start(&fleet);
    site.write_plan(&run_with("", &JOBS));
    site
}

/// Runs `jbr` on a terminal of its own and types `answer`. `script` is in bsdutils, which every Debian has.
fn on_a_terminal(site: &Site, arguments: &[&str], answer: &str) -> Ran {
    let jbr = site.command(arguments);
    let words: Vec<&str> =
        [jbr.get_program()].into_iter().chain(jbr.get_args()).map(|word| word.to_str().unwrap()).collect();
    let mut script = Command::new("/usr/bin/script");
    // `exec`, so that no shell is between the terminal and jbr.
    let exec = format!("exec {}", shlex::try_join(words).unwrap());
    script.args(["-q", "-e", "-c", &exec, "/dev/null"]).env_clear();
    script.envs(jbr.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("TERM", "dumb");
    let path = site.path("terminal");
    script.current_dir(jbr.get_current_dir().unwrap()).stdin(Stdio::piped());
    script.stdout(fs::File::create(&path).unwrap()).stderr(Stdio::inherit());
    let mut child = script.spawn().unwrap();
    let shown = || String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
    let mut code = None;
    let mut typed = false;
    // Held until the end, so that only what is typed is typed.
    let mut keyboard = child.stdin.take().unwrap();
    until_within(std::time::Duration::from_secs(60), "jbr ends on its terminal", || {
        if !typed && shown().contains("Run these backups?") {
            typed = keyboard.write_all(answer.as_bytes()).is_ok();
        }
        code = child.try_wait().unwrap();
        code.is_some()
    });
    Ran { code: code.unwrap().code(), stdout: shown(), stderr: String::new() }
}

fn assert_nothing_done(site: &Site, what: &str) {
    assert!(site.account().triggers.is_empty(), "{what}");
    assert!(!site.state_path().exists(), "{what}: no run was begun");
}

#[test]
fn without_a_terminal_nobody_is_asked_and_nothing_runs() {
    let site = site();

    let ran = site.jbr(&["apply"]);

    assert_eq!(ran.code, Some(5), "{}", ran.text());
    assert!(ran.stdout.contains("a/one"), "the plan was shown: {}", ran.stdout);
    assert!(ran.stderr.contains("--auto-approve"), "{}", ran.stderr);
    // A `yes` from a pipe is nobody's.
    let mut command = site.command(&["apply"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"yes\n").unwrap();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(5));
    assert_nothing_done(&site, "no terminal");
}

#[test]
fn on_a_terminal_only_a_whole_yes_is_one() {
    let site = site();
    // Ctrl-D is the end of what is typed.
    for answer in ["y\n", "no\n", "YES\n", "yes please\n", "\n", "\u{4}"] {
        let ran = on_a_terminal(&site, &["apply"], answer);
        assert_eq!(ran.code, Some(5), "{answer:?}: {}", ran.text());
        assert!(ran.stdout.contains("not approved"), "{answer:?}: {}", ran.text());
        assert_nothing_done(&site, answer);
    }
    let ran = on_a_terminal(&site, &["apply", "--no-input"], "yes\n");
    assert_eq!(ran.code, Some(5), "{}", ran.text());
    assert_nothing_done(&site, "--no-input");

    let ran = on_a_terminal(&site, &["apply"], "yes\n");

    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!((site.account().triggers.len(), site.account().max_writers(NAS)), (2, 1));
}

#[test]
fn ctrl_c_at_the_question_is_no_approval() {
    let site = site();

    let ran = on_a_terminal(&site, &["apply"], "\u{3}");

    assert_nothing_done(&site, "ctrl-c");
    assert_eq!(ran.code, Some(10), "{}", ran.text());
    assert!(ran.stdout.contains("stopped before anything was started"), "{}", ran.text());
}

fn save(site: &Site, name: &str) -> String {
    let path = site.path(name).to_str().unwrap().to_owned();
    let saved = site.jbr(&["plan", "--out", &path]);
    assert_eq!(saved.code, Some(0), "{}", saved.text());
    path
}

/// A saved plan that is refused: with what has changed, and nothing done.
fn assert_stale(site: &Site, saved: &str, because: &[&str]) {
    let before = site.account().triggers.len();
    let ran = site.jbr(&["apply", saved]);
    assert_eq!(ran.code, Some(7), "{}", ran.text());
    for because in because {
        assert!(ran.stderr.contains(because), "{because}: {}", ran.stderr);
    }
    assert_eq!(site.account().triggers.len(), before);
}

#[test]
fn a_saved_plan_runs_without_a_question_and_only_once() {
    let site = site();
    let saved = save(&site, "saved.json");
    assert_nothing_done(&site, "a plan changes nothing");

    let ran = site.jbr(&["apply", &saved]);

    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!(site.account().triggers.len(), 2);
    assert_stale(&site, &saved, &["the state has changed"]);
}

#[test]
fn a_saved_plan_is_refused_with_the_difference_when_a_server_or_the_plan_has_changed() {
    let site = site();
    let saved = save(&site, "saved.json");

    let disable = |disabled: bool| {
        let change = |fleet: &mut Fleet| fleet.change("a", Utc::now(), |a| a.jobs[1].disabled = disabled);
        assert!(site.world.update(change).unwrap());
    };
    disable(true);
    assert_stale(&site, &saved, &["-> a/one", "a/one"]);
    disable(false);

    site.write_plan(&run_with("", &[("a/one", 1, ", timeout: 3h"), ("a/two", 2, "")]));
    assert_stale(&site, &saved, &["timeout 14400s", "timeout 10800s"]);
    site.write_plan(&run_with("", &[JOBS[1], JOBS[0]]));
    assert_stale(&site, &saved, &["+run a/two", "-run a/two"]);
    site.write_plan(&run_with(", unreachable_wait: 1m", &JOBS));
    assert_stale(&site, &saved, &["unreachable_wait 900s", "unreachable_wait 60s"]);

    for (what, because) in [
        (", host_key: strict", ["host key AcceptNew", "host key Strict"]),
        (", connect_timeout: 6s", ["connect_timeout 5s", "connect_timeout 6s"]),
    ] {
        site.write_plan_with(what, &run_with("", &JOBS));
        assert_stale(&site, &saved, &because);
    }

    site.write_plan(&run_with("", &JOBS));
    let ran = site.jbr(&["apply", &saved]);
    assert_eq!(ran.code, Some(0), "as it was, it is good again: {}", ran.text());
}

/// S14: the lock was in /tmp, where a service with `PrivateTmp` did not see it.
#[test]
fn s14_one_apply_at_a_time_whoever_starts_it_and_the_second_says_who_is_first() {
    let fleet = Fleet::new(Utc::now()).server("a", |a| with_nas(a).job(job(1, writes_for(4000))));
    let site = Site::start(&fleet);
    site.write_plan(&run_with("", &[("a/one", 1, "")]));
    let mut first = site.start_apply();
    first.until_event("started", None);

    // Another folder for temporary files, and the same state by another name.
    fs::create_dir(site.path("tmp")).unwrap();
    for state in ["state/state.json", "state/../state/state.json"] {
        let second = site
            .command(&["apply", "--auto-approve", "--state", state])
            .env("TMPDIR", site.path("tmp"))
            .output()
            .map(Ran::from)
            .unwrap();
        assert_eq!(second.code, Some(6), "{}", second.text());
        let pid = format!("pid {} ", first.pid());
        assert!(second.stderr.contains(&pid), "{pid}: {}", second.stderr);
    }
    // Looking takes no lock.
    assert_eq!(site.jbr(&["plan"]).code, Some(0));

    let ran = first.ended();
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!(site.account().triggers_by_api("a", &id(1)), 1);
    assert_eq!(site.verdict("a/one"), json!("completed"));
}

#[test]
fn s14_a_killed_apply_holds_no_lock() {
    let fleet = Fleet::new(Utc::now()).server("a", |a| with_nas(a).job(job(1, writes_for(1500))));
    let site = Site::start(&fleet);
    site.write_plan(&run_with("", &[("a/one", 1, "")]));
    let mut first = site.start_apply();
    first.until_event("started", None);
    first.kill();

    let ran = site.apply();

    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!(site.account().triggers_by_api("a", &id(1)), 1);
}
