//! A night in which an operator looks and brakes: what `jbr status` says while an `apply` is at work, and what `jbr stop` does beside it.

use std::time::Duration;

use chrono::Utc;
use jbr::simulator::{Destination, Dialect, Fleet, Job, Server, Stopping};
use serde_json::{Value, json};

use crate::support::parts::{DESTINATION, entry, id, job, with_nas, writes_for};
use crate::support::site::{NAS, Site};
use crate::support::until::until;

/// Clears the screen, and would forge a line.
const EVIL: &str = "Archive\u{1b}[2J\n  =  forged\u{202e}";

fn stops_after(server: Server, stopping: Stopping) -> Server {
    server.dialect(Dialect { stopping, ..Dialect::default() })
}

/// `a` with two jobs, the first of them long; `b` with one that nobody declares, that writes elsewhere and never stops; `c`.
fn site() -> Site {
    let elsewhere = Job::new(id(8), EVIL).writes_to(id(80)).script([writes_for(600_000)]);
    let fleet = Fleet::new(Utc::now())
        .server("a", |a| {
            let a = stops_after(with_nas(a), Stopping::After(Duration::from_millis(500)));
            a.job(job(1, writes_for(600_000))).job(job(2, writes_for(300)))
        })
        .server("b", |b| {
            let other = Destination::on("cloud", id(80));
            stops_after(with_nas(b).destination(other), Stopping::Never).job(elsewhere)
        })
        .server("c", |c| with_nas(c).job(job(3, writes_for(300))));
    let site = Site::start(&fleet);
    let jobs = [entry("a/job1", 1, ""), entry("a/job2", 2, ""), entry("c/job3", 3, "")].concat();
    let rest = format!("run: {{ poll: 1s, unreachable_wait: 1s }}\njobs:\n{jobs}");
    site.write_plan_with(&format!(", destination: {DESTINATION}"), &rest);
    site
}

fn by_hand(site: &Site, server: &str, job: usize) {
    let ask = |fleet: &mut Fleet| {
        fleet.ask(server, "runBackupJobManually", &format!("_id={}", id(job)), Utc::now()).map(drop)
    };
    site.world.update(ask).unwrap().unwrap();
    site.until_runs(server, &id(job));
}

fn status(site: &Site, more: &[&str]) -> (Option<i32>, Value) {
    let ran = site.jbr(&[&["status", "--json"], more].concat());
    assert_eq!(ran.lines().len(), 1, "{}", ran.text());
    (ran.code, ran.lines()[0].clone())
}

fn server<'a>(status: &'a Value, name: &str) -> &'a Value {
    status["servers"].as_array().unwrap().iter().find(|server| server["server"] == name).unwrap()
}

#[test]
fn a_night_with_an_operator() {
    let mut site = site();

    // Nothing has ever run.
    let (code, quiet) = status(&site, &[]);
    assert_eq!(
        (code, &quiet["read"], &quiet["locked"], &quiet["run"]),
        (Some(0), &json!("whole"), &json!(false), &Value::Null)
    );
    assert_eq!(quiet["next"], json!({ "job": "a/job1", "at": null, "waits_for": "apply" }));
    assert!(!site.state_path().parent().unwrap().exists(), "nothing is written");

    let mut apply = site.start_apply();
    site.until_runs("a", &id(1));
    apply.until_event("started", Some("a/job1"));
    by_hand(&site, "b", 8);
    site.sshd("c").kill();

    // Whose everything is, and that one server is not known.
    let (code, busy) = status(&site, &[]);
    assert_eq!((code, &busy["read"], &busy["locked"]), (Some(8), &json!("blind"), &json!(true)), "{busy:#}");
    assert_eq!((&busy["holder"]["what"], &busy["holder"]["pid"]), (&json!("apply"), &json!(apply.pid())));
    assert_eq!((&busy["run"]["done"], &busy["run"]["total"]), (&json!(0), &json!(3)));
    assert_eq!(busy["run"]["at_work"], json!([{ "job": "a/job1", "phase": "running" }]));
    assert_eq!((&busy["next"]["job"], &busy["next"]["waits_for"]), (&json!("a/job2"), &json!("turn")));
    let (one, two) = (&server(&busy, "a")["jobs"][0], &server(&busy, "a")["jobs"][1]);
    assert_eq!(
        (&one["doing"], &one["backups"][0]["whose"], &two["doing"]),
        (&json!("busy"), &json!("run"), &json!("idle"))
    );
    let foreign = &server(&busy, "b")["others"][0];
    assert_eq!((&foreign["whose"], &foreign["writes"]), (&json!("foreign"), &json!("elsewhere")), "{busy:#}");
    assert_eq!(
        (&server(&busy, "c")["reachable"], &server(&busy, "c")["jobs"][0]["doing"]),
        (&json!(false), &json!("unknown"))
    );
    let text = site.jbr(&["status"]);
    assert_eq!(text.code, Some(8));
    assert!(
        !text.stdout.contains('\u{1b}') && !text.stdout.lines().any(|line| line.starts_with("  =  forged")),
        "{}",
        text.stdout
    );

    // Narrowed, the silent one is not asked.
    let (code, part) = status(&site, &["--job", "a/job2"]);
    assert_eq!((code, part["servers"].as_array().unwrap().len()), (Some(0), 1), "{part:#}");
    assert_eq!(part["servers"][0]["jobs"].as_array().unwrap().len(), 1);

    // Nobody is there to be asked, and nothing is stopped.
    let asked = site.jbr(&["stop", "a/job1", "--no-input"]);
    assert_eq!(asked.code, Some(5), "{}", asked.text());
    assert!(asked.stdout.contains("the jbr at work (pid"), "{}", asked.stdout);
    let refused = |arguments: &[&str], code: i32, words: &str| {
        let ran = site.jbr(&[&["stop", "--auto-approve"], arguments].concat());
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.text());
        assert!(ran.stderr.contains(words), "{arguments:?}: {}", ran.text());
    };
    refused(&["a/job2"], 9, "under way there:");
    refused(&["a", &id(77)], 9, "it has no queue group");
    refused(&["a"], 64, "which backup on a?");
    refused(&["a/job3"], 64, "did you mean");
    refused(&["c/job3"], 1, "c could not be asked");
    assert_eq!(site.account().calls_of("a", "stopQueueGroup"), 0);

    // One that does not stop is said not to, and is not waited for without end.
    let group = foreign["group"].as_str().unwrap();
    // What is wrong with the files of jbr keeps nobody from the brake.
    std::fs::create_dir_all(site.path("odd/state.json.lock")).unwrap();
    let odd = site.path("odd/state.json").display().to_string();
    let unseen = site.jbr(&["stop", "b", group, "--auto-approve", "--timeout", "1s", "--state", &odd]);
    assert_eq!(unseen.code, Some(8), "{}", unseen.text());
    assert!(unseen.stderr.contains("whether a jbr is at work is not known"), "{}", unseen.stderr);
    assert!(unseen.stdout.contains("was not seen to"), "{}", unseen.stdout);

    // One that stops is seen to, beside the run that watches it. That run goes on with its queue.
    let stopped = site.jbr(&["stop", "a/job1", "--auto-approve", "--json"]);
    assert_eq!(stopped.code, Some(0), "{}", stopped.text());
    let stopped = stopped.lines().remove(0);
    assert_eq!(
        (&stopped["end"], &stopped["status"], &stopped["backup"]["whose"]),
        (&json!("over"), &json!("aborted"), &json!("run"))
    );
    let ran = apply.ended();
    assert_eq!(ran.code, Some(3), "{}", ran.text());
    assert_eq!((site.verdict("a/job1"), site.verdict("a/job2")), (json!("aborted"), json!("completed")));
    assert_eq!(site.account().triggers_by_api("a", &id(1)), 1, "what a person stopped is not tried again");
    assert_eq!(site.account().max_writers(NAS), 1);

    // Its clock is known by now.
    let tested = site.jbr(&["test", "--server", "a", "--json"]);
    let steps = tested.lines()[0]["servers"][0]["steps"].clone();
    let clock = steps.as_array().unwrap().iter().find(|step| step["step"] == "clock").unwrap();
    assert_eq!(clock["result"], "ok", "{clock:#}");
    assert!(clock["found"].as_str().unwrap().starts_with("agrees with this machine's"), "{clock:#}");
    until("nobody holds the lock", || status(&site, &["--server", "a"]).1["locked"] == false);
}
