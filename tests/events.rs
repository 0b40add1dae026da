//! `--json`: facts only, one a line, versioned, from the plan to the summary.

mod support;

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use chrono::{DateTime, Utc};
use jbr::simulator::Fleet;
use serde_json::{Value, json};
use support::parts::{id, job, run_with, with_nas, writes_for};
use support::site::Site;

fn site() -> Site {
    let fleet = Fleet::new(Utc::now())
        .server("a", |a| with_nas(a).job(job(1, writes_for(1500))))
        .server("b", |b| with_nas(b).job(job(2, writes_for(300).ends(102))))
        .server("c", |c| with_nas(c).job(job(3, writes_for(2500)).schedule("s", Utc::now(), None)));
    let site = Site::start(&fleet);
    site.until_runs("c", &id(3));
    site.write_plan(&run_with("", &[("a/one", 1, ""), ("b/two", 2, "")]));
    site
}

fn text<'a>(line: &'a Value, key: &str) -> &'a str {
    line[key].as_str().unwrap_or_default()
}

#[test]
fn a_run_is_a_plan_then_events_of_one_run_then_a_summary() {
    let site = site();

    let ran = site.apply();

    assert_eq!(ran.code, Some(3), "{}", ran.text());
    let lines = ran.lines();
    for line in &lines {
        assert_eq!(line["version"], 1, "{line}");
        DateTime::parse_from_rfc3339(text(line, "at")).unwrap();
    }
    let (plan, rest) = lines.split_first().unwrap();
    let (summary, events) = rest.split_last().unwrap();
    assert_eq!((text(plan, "kind"), text(summary, "kind")), ("plan", "summary"));
    let run = text(summary, "run");
    for event in events {
        assert_eq!((text(event, "run"), &event["kind"]), (run, &Value::Null), "{event}");
    }
    let times: Vec<&str> = lines.iter().map(|line| text(line, "at")).collect();
    assert!(times.is_sorted(), "{times:?}");

    let mut story: Vec<String> = events.iter().map(|event| text(event, "event").to_owned()).collect();
    // How often progress is told depends on the moment of each look.
    story.retain(|event| event != "progress");
    let expected = ["waiting", "triggering", "started", "done", "triggering", "started", "done", "ended"];
    assert_eq!(story, expected);
    assert_eq!((&summary["end"], &summary["good"], &summary["total"]), (&json!("complete"), &json!(1), &json!(2)));
    assert_eq!(summary["verdicts"], json!({"completed": 1, "failed": 1}));
    assert_eq!(text(&site.history()[0], "run"), run, "the same id is remembered");
}

#[test]
fn without_a_run_there_is_still_nothing_but_json_on_stdout() {
    let site = site();
    for arguments in [&["plan", "--json"][..], &["apply", "--json"], &["state", "show", "--json"]] {
        let ran = site.jbr(arguments);
        for line in ran.lines() {
            assert_eq!(line["version"], 1, "{arguments:?}: {line}");
        }
        assert_eq!(ran.lines().len(), 1, "{arguments:?}: {}", ran.text());
    }
}

#[test]
fn a_text_run_that_goes_into_a_file_has_no_control_characters_and_ends_with_its_summary() {
    let site = site();

    let ran = site.jbr(&["apply", "--auto-approve"]);

    assert_eq!(ran.code, Some(3), "{}", ran.text());
    let control = |c: char| c.is_control() && c != '\n';
    assert!(!ran.text().contains(control), "{:?}", ran.text());
    for (address, verdict) in [("a/one", "completed"), ("b/two", "failed")] {
        let line = ran.stdout.lines().find(|line| line.contains(address) && line.contains(verdict));
        assert!(line.is_some(), "{address} {verdict}: {}", ran.stdout);
    }
}

#[test]
fn a_run_does_not_end_because_nobody_reads_its_events_any_more() {
    let site = site();
    let mut jbr = site.command(&["apply", "--auto-approve", "--json"]).stderr(Stdio::null()).spawn().unwrap();
    let mut plan = String::new();
    BufReader::new(jbr.stdout.take().unwrap()).read_line(&mut plan).unwrap();
    // As `| head -1` does.
    assert!(plan.contains(r#""kind":"plan""#), "{plan}");

    assert_eq!(jbr.wait().unwrap().code(), Some(3));

    assert_eq!((site.account().triggers.len(), site.history().len()), (2, 1));
}
