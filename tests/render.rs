//! What people and programs read, against what was approved: each text is a file of `tests/render/`.
//!
//! `JBR_BLESS=1 cargo test --test render` writes the files anew; read the difference before you commit it.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

#[path = "support/approved.rs"]
mod approved;
#[cfg(test)]
#[path = "render/audits.rs"]
mod audits;
#[cfg(test)]
#[path = "render/checks.rs"]
mod checks;
#[cfg(test)]
#[path = "render/fixtures.rs"]
mod fixtures;
#[cfg(test)]
#[path = "render/operation.rs"]
mod operation;
#[cfg(test)]
#[path = "render/remarks.rs"]
mod remarks;
#[cfg(test)]
#[path = "render/statuses.rs"]
mod statuses;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use fixtures::{HOUR, MINUTE, address, every_phase, every_verdict, everything, fleet, interrupted, now, past, plan};
use jbr::clock::later;
use jbr::diff::{Notice, Remark, diff, drift};
use jbr::execute::journal::{Journal, WaitReason};
use jbr::execute::{End, Event};
use jbr::inventory::Inventory;
use jbr::names::RunId;
use jbr::proposal::{Interrupted, Proposal};
use jbr::render::event_json::{event_json, heartbeat_json};
use jbr::render::narration::Narrator;
use jbr::render::plan_json::plan_json;
use jbr::render::summary::Ending;
use jbr::render::{
    Page, Progress, Style, Summary, Zone, audit as audit_text, audit_json, catalogue, check as check_text, check_json,
    history, metrics, plan as plan_text, probe, probe_json, state as state_text, state_json, status as status_text,
    status_json,
};
use jbr::state::State;

fn page() -> Page {
    Page::new(80, Style::Plain, Zone::utc())
}

fn check(name: &str, actual: &str) {
    approved::check("render", name, actual);
}

/// JSON, laid out to be read, and one line as it is printed.
fn check_json(name: &str, actual: &str) {
    assert!(!actual.contains('\n'), "one object, one line");
    let value: serde_json::Value = serde_json::from_str(actual).unwrap();
    assert_eq!(value["version"], 1);
    check(name, &(serde_json::to_string_pretty(&value).unwrap() + "\n"));
}

fn check_plan(name: &str, proposal: &Proposal, state: &State) {
    check(&format!("{name}.txt"), &plan_text::text(proposal, state, &page()));
    check_json(&format!("{name}.json"), &plan_json(proposal));
}

#[test]
fn a_fresh_plan() {
    let (desired, views, state) = fleet();
    check_plan("plan-fresh", &plan(&desired, views, &state, false), &state);
}

#[test]
fn a_plan_with_every_decision_and_every_remark() {
    let (desired, views, state) = everything();
    check_plan("plan-everything", &plan(&desired, views, &state, false), &state);
}

#[test]
fn a_plan_with_an_order() {
    let (desired, views, state) = fixtures::ordered();
    check_plan("plan-ordered", &plan(&desired, views, &state, false), &state);
}

#[test]
fn a_plan_with_windows_and_warnings() {
    let (desired, views, state) = fixtures::windowed();
    check_plan("plan-windows", &plan(&desired, views, &state, false), &state);
    let (desired, views, state) = fixtures::shut();
    let mut shut = plan(&desired, views, &state, false);
    check_plan("plan-shut", &shut, &state);
    assert!(shut.standstill().is_some());
    shut.queue.stays = true;
    assert!(shut.standstill().is_none() && shut.has_work(), "who waits has something to do");
}

/// What keeps a job from running is a remark for whoever asks for remarks alone, and is said once in a plan.
#[test]
fn drift_by_itself_names_the_disabled_job_that_a_plan_says_with_its_decision() {
    let (desired, views, _) = everything();
    let inventory = Inventory { servers: views };
    let is_disabled = |remark: &&Remark| {
        remark.what == Notice::Differs { key: "disabled", declared: "no".to_owned(), live: "yes".to_owned() }
    };
    let drift = drift(&desired, &inventory);
    let disabled: Vec<_> = drift.iter().filter(is_disabled).map(|remark| remark.about.as_deref()).collect();
    assert_eq!(disabled, [Some("server2/disabled")]);
    assert_eq!(diff(&desired, &inventory, |_| true).remarks.iter().filter(is_disabled).count(), 0);
    // A job that was not asked for has no decision that could say it.
    let mut without = diff(&desired, &inventory, |asked| *asked != address("server2/disabled"));
    without.remarks.retain(|remark| !matches!(remark.what, Notice::Gate(_)));
    assert_eq!(without.remarks, drift);
}

#[test]
fn a_plan_without_jobs() {
    let (mut desired, views, state) = fleet();
    desired.jobs.clear();
    check_plan("plan-empty", &plan(&desired, views, &state, false), &state);
}

#[test]
fn a_plan_of_jobs_that_never_ran() {
    let (desired, views, _) = fleet();
    let state = fixtures::state();
    check_plan("plan-first", &plan(&desired, views, &state, false), &state);
}

#[test]
fn a_run_that_is_resumed_as_it_was() {
    let (desired, views, state) = interrupted(3 * HOUR);
    check_plan("plan-resume", &plan(&desired, views, &state, false), &state);
}

#[test]
fn a_run_that_is_resumed_with_another_queue() {
    let (mut desired, mut views, state) = interrupted(3 * HOUR);
    // What runs has left the plan, one job is new, and one moved to the front.
    desired.jobs.retain(|job| job.address != address("server1/directories"));
    desired.jobs.push(fixtures::job("server2/accounts", 22));
    if let jbr::seen::Seen::Known(jobs) = &mut views[1].jobs {
        jobs.push(fixtures::live(22, "Accounts"));
    }
    check_plan("plan-resume-changed", &plan(&desired, views, &state, false), &state);
}

#[test]
fn a_run_that_is_started_over() {
    let (desired, views, state) = interrupted(30 * HOUR);
    check_plan("plan-too-old", &plan(&desired, views, &state, false), &state);
    let (desired, views, state) = interrupted(3 * HOUR);
    check_plan("plan-asked", &plan(&desired, views, &state, true), &state);
}

#[test]
fn no_length_is_named_where_nothing_is_known_of_any() {
    let (mut desired, views, state) = interrupted(30 * HOUR);
    desired.jobs.retain(|job| job.address == address("server1/directories"));
    let text = plan_text::text(&plan(&desired, views, &state, false), &state, &page());
    let last = text.split("\n\n").last().unwrap().replace('\n', " ");
    assert!(last.contains("how long is not known: 1 job that took longer already than ever before."), "{text}");
}

#[test]
fn a_run_told_line_by_line() {
    let (queue, script) = fixtures::script();
    let told: BTreeSet<&str> = script.iter().map(|(_, event)| fixtures::name_of(event)).collect();
    assert_eq!(told.len(), fixtures::EVENTS, "the script lacks an event: {told:?}");
    assert_eq!(fixtures::LIMITS, (3, 3));
    let run = RunId::new(now(), 413);
    let mut progress = Progress::new(&queue, &Journal::new(now()));
    let mut narrator = Narrator::new(now());
    let (mut log, mut live, mut json) = (String::new(), String::new(), String::new());
    let mut at = now();
    for (pause, event) in &script {
        at = later(at, Duration::from_secs(u64::from(*pause)));
        progress.hear(at, event);
        if let Some(told) = narrator.tell(at, event, &progress, &page()) {
            log += &(told.line(&page()) + "\n");
        }
        let soon = later(at, Duration::from_secs(20));
        let now_says = progress.live_line(soon, 80, Zone::utc());
        writeln!(live, "{:<14} {now_says}", fixtures::name_of(event)).unwrap();
        writeln!(json, "{}\n{}", event_json(at, &run, event), heartbeat_json(soon, &run, &progress)).unwrap();
    }
    check("run-log.txt", &log);
    check("run-live.txt", &live);
    check("run.jsonl", &json);
}

#[test]
fn the_live_line_never_leaves_its_line() {
    let (queue, script) = fixtures::script();
    let mut progress = Progress::new(&queue, &Journal::new(now()));
    for (_, event) in &script {
        progress.hear(now(), event);
        for width in [1, 20, 40, 60, 80, 200] {
            let line = progress.live_line(later(now(), HOUR), width, Zone::utc());
            assert!(line.chars().count() <= width && !line.contains('\n'), "{width}: {line}");
        }
    }
}

#[test]
fn silence_is_broken_after_ten_minutes_and_not_before() {
    let (queue, script) = fixtures::script();
    let mut progress = Progress::new(&queue, &Journal::new(now()));
    let mut narrator = Narrator::new(now());
    for (_, event) in script.iter().take(9) {
        progress.hear(now(), event);
        narrator.tell(now(), event, &progress, &page());
    }
    let mut line_at = |minutes: u32| {
        let at = later(now(), minutes * MINUTE);
        narrator.time_passes(at, &progress, &page()).map(|told| told.line(&page()))
    };
    assert_eq!(line_at(9), None);
    let line = line_at(10).unwrap();
    assert_eq!(
        line,
        "2026-11-23 02:10:00 = a/accounts  10m 00s of about 26m · ends ~02:26 · next: b/databases (5 left)"
    );
    assert_eq!(line_at(19), None);
    assert!(line_at(20).is_some());
}

#[test]
fn a_run_that_goes_on_knows_what_ran_before() {
    let (_, _, state) = interrupted(3 * HOUR);
    let run = state.run.as_ref().unwrap();
    let progress = Progress::new(&run.queue, &run.journal);
    assert_eq!(
        progress.live_line(now(), 120, Zone::utc()),
        "server1/directories  1h 27m of about 2h 00m · ends ~02:33 · next: server3/accounts (1 left)"
    );
}

#[test]
fn a_summary_of_every_verdict() {
    let (queue, journal) = every_verdict();
    check_summary("summary-everything", &queue, &journal, Ending::Ended(&End::Complete));
}

fn check_summary(name: &str, queue: &jbr::queue::Queue, journal: &Journal, ending: Ending) {
    check_summary_after(None, name, queue, journal, ending);
}

fn check_summary_after(
    closed: Option<&Interrupted>,
    name: &str,
    queue: &jbr::queue::Queue,
    journal: &Journal,
    ending: Ending,
) {
    let started = jbr::clock::earlier(now(), 6 * HOUR);
    let run = RunId::new(started, 412);
    let summary = Summary { run: &run, started, now: now(), queue, journal, ending, closed };
    check(&format!("{name}.txt"), &summary.text(&page()));
    check_json(&format!("{name}.json"), &summary.json());
}

#[test]
fn a_summary_of_a_good_run() {
    let (mut queue, journal) = every_verdict();
    queue.items.truncate(2);
    check_summary("summary-good", &queue, &journal, Ending::Ended(&End::Complete));
}

#[test]
fn a_summary_says_what_the_run_before_was_closed_without() {
    let (queue, journal) = every_verdict();
    let started = jbr::clock::earlier(now(), 30 * HOUR);
    let [good, bad] = [0, 3].map(|place: usize| queue.items[place].address.clone());
    let missed = vec![good, bad];
    let closed = Interrupted { id: RunId::new(started, 411), started, left: missed.clone(), missed };
    check_summary_after(Some(&closed), "summary-closed", &queue, &journal, Ending::Ended(&End::Complete));
}

#[test]
fn a_summary_of_a_run_in_which_nothing_went_well() {
    let (mut queue, journal) = every_verdict();
    queue.items.drain(..2);
    queue.items.truncate(1);
    check_summary("summary-nothing-good", &queue, &journal, Ending::Ended(&End::Complete));
    queue.items.clear();
    check_summary("summary-empty", &queue, &journal, Ending::Ended(&End::Complete));
}

#[test]
fn a_summary_of_a_run_that_was_interrupted() {
    let state = every_phase();
    let run = state.run.as_ref().unwrap();
    let check = |name: &str, ending: Ending| check_summary(name, &run.queue, &run.journal, ending);
    check("summary-interrupted", Ending::Ended(&End::Interrupted));
    let why = "a backup was running on e when it was seen last, and now: no route to host";
    check("summary-unsafe", Ending::Ended(&End::Unsafe(why.to_owned())));
    check("summary-broken", Ending::Broken("the state could not be stored: no space left on /var/lib/jbr"));
}

#[test]
fn a_state_with_every_phase() {
    let state = every_phase();
    check("state.txt", &state_text::show(&state, now(), &page()));
    check_json("state.json", &state_json::show_json(&state, now()));
    check("list.txt", &state_text::list(&state));
    check_json("list.json", &state_json::list_json(&state));
}

#[test]
fn a_state_that_knows_nothing_and_one_with_something_left_open() {
    check("state-new.txt", &state_text::show(&fixtures::state(), now(), &page()));
    check("history-new.txt", &history::history(&fixtures::state(), now(), &page()));
    let (_, _, state) = everything();
    check("state-opened.txt", &state_text::show(&state, now(), &page()));
}

#[test]
fn the_runs_that_are_over() {
    let state = past();
    check("history.txt", &history::history(&state, now(), &page()));
    check_json("history.json", &state_json::history_json(&state));
    let runs: Vec<String> =
        state.history.iter().rev().filter_map(|run| history::run(&state, &run.id, now(), &page())).collect();
    check("history-runs.txt", &runs.join("\n\n"));
    assert_eq!(history::run(&state, &RunId::new(now(), 1), now(), &page()), None);
}

#[test]
fn an_audit() {
    for (name, audit) in [
        ("audit-good", audits::good()),
        ("audit-empty", audits::empty()),
        ("audit-overlapped", audits::overlapped()),
        ("audit-disagreeing", audits::disagreeing()),
        ("audit-everything", audits::everything()),
    ] {
        check(&format!("{name}.txt"), &audit_text::text(&audit, &page()));
        check_json(&format!("{name}.json"), &audit_json::audit_json(&audit));
    }
}

#[test]
fn a_plan_of_jobs_that_are_measured_by_their_last_good_backup_or_held() {
    let (desired, views, state) = checks::measured();
    check_plan("plan-measured", &plan(&desired, views, &state, false), &state);
    check("state-held.txt", &state_text::show(&state, now(), &page()));
    check_json("state-held.json", &state_json::show_json(&state, now()));
    let (desired, views, state) = checks::nothing_due();
    let text = plan_text::text(&plan(&desired, views, &state, false), &state, &page());
    assert!(text.ends_with("\nNo backups are due.\n"), "{text}");
}

#[test]
fn a_hold_and_its_release() {
    let (_, _, state) = checks::measured();
    let (job, hold) = state.holds.first_key_value().unwrap();
    let (_, before) = state.holds.last_key_value().unwrap();
    check("hold.txt", &(jbr::render::hold::text(job, hold, Some(before), now(), &page()) + "\n"));
    check_json("hold.json", &jbr::render::hold::json(job, Some(hold), Some(before)));
    check_json("release.json", &jbr::render::hold::json(job, None, Some(hold)));
}

#[test]
fn a_check() {
    for (name, checked) in
        [("check-good", checks::good()), ("check-empty", checks::empty()), ("check-everything", checks::everything())]
    {
        check(&format!("{name}.txt"), &check_text::text(&checked, &page()));
        check_json(&format!("{name}.json"), &check_json::check_json(&checked));
        check(&format!("{name}.prom"), &metrics::metrics(&checked));
    }
    check("check-failed.txt", &check_text::failed("the plan has 2 problems;\nnothing | was \u{1b}[2J done"));
    check_json("check-failed.json", &check_json::failed_json("the plan has 2 problems; nothing was done"));
}

/// What the guidelines of the plug-ins ask for: one line first, figures behind a `|` there and at the end, and nowhere else.
#[test]
fn a_check_is_what_nagios_reads() {
    for checked in [checks::good(), checks::empty(), checks::everything()] {
        let text = check_text::text(&checked, &page());
        let (first, rest) = text.split_once('\n').unwrap();
        assert!(first.starts_with(&format!("JBR {} - ", check_text::word(checked.level()))), "{first}");
        assert_eq!(first.matches('|').count(), 1, "{first}");
        assert_eq!(rest.matches('|').count(), usize::from(!checked.jobs.is_empty()), "{rest}");
        let figures = rest.split_once(" | ").map_or("", |(_, figures)| figures);
        assert_eq!(figures.lines().count(), checked.jobs.len());
        for figure in figures.lines() {
            let (label, value) = figure.rsplit_once("'=").unwrap();
            assert!(label.starts_with('\'') && !label[1..].contains(['\'', '=', ' ']), "{figure}");
            let fields: Vec<&str> = value.split(';').collect();
            assert_eq!(fields.len(), 4, "{figure}");
            assert!(fields[0] == "U" || fields[0].trim_end_matches('s').parse::<u64>().is_ok(), "{figure}");
        }
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    }
}

/// The text format: each family has its HELP and TYPE before its samples, which stand together, each once.
#[test]
fn metrics_are_what_prometheus_reads() {
    let page = metrics::metrics(&checks::everything());
    assert!(page.starts_with(metrics::FIRST_WORDS) && page.ends_with('\n'));
    let (mut family, mut samples) = ("", BTreeSet::new());
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            family = rest.split(' ').next().unwrap();
            assert!(samples.insert(family.to_owned()), "{family} twice");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            assert_eq!(rest, format!("{family} gauge"));
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert!(series == family || series.starts_with(&format!("{family}{{")), "{line} in {family}");
            assert!(value.parse::<i64>().is_ok(), "{line}");
            assert!(samples.insert(series.to_owned()) || series == family, "{series} twice");
        }
    }
}

#[test]
fn what_an_operator_reads_by_day() {
    for (name, status) in [
        ("status-busy", operation::busy()),
        ("status-quiet", operation::quiet()),
        ("status-blurred", statuses::blurred()),
    ] {
        check(&format!("{name}.txt"), &status_text::text(&status, &page()));
        check_json(&format!("{name}.json"), &status_json::status_json(&status));
    }
    check("test.txt", &probe::text(&operation::probes(), &page()));
    check_json("test.json", &probe_json::probe_json(&operation::probes(), now()));
    check("catalogue.txt", &catalogue::text(&operation::shelves(), now(), &page()));
    check_json("catalogue.json", &catalogue::json(&operation::shelves(), now()));
    let (stop, stops) = operation::halts(&page());
    check("stop.txt", &stop);
    check("stop.jsonl", &(stops.join("\n") + "\n"));
    let (edit, edits) = operation::edits(&page());
    check("state-change.txt", &edit);
    check("state-change.jsonl", &(edits.join("\n") + "\n"));
}

#[test]
fn a_server_that_is_not_ready_has_a_step_that_says_why() {
    for probe in operation::probes() {
        let has_failed = probe.steps.iter().any(|step| matches!(step.went, jbr::probe::Went::Failed { .. }));
        assert_eq!(has_failed, !probe.is_ready(), "{probe:?}");
    }
}

/// Every text for people, at a width.
fn texts(page: &Page) -> Vec<String> {
    let mut texts = Vec::new();
    for (desired, views, state) in [
        fleet(),
        everything(),
        fixtures::windowed(),
        fixtures::shut(),
        checks::measured(),
        interrupted(3 * HOUR),
        interrupted(30 * HOUR),
    ] {
        texts.push(plan_text::text(&plan(&desired, views, &state, false), &state, page));
        texts.push(state_text::show(&state, now(), page));
    }
    texts.push(state_text::show(&every_phase(), now(), page));
    texts.push(history::history(&past(), now(), page));
    texts.push(audit_text::text(&audits::everything(), page));
    texts.push(status_text::text(&operation::busy(), page));
    texts.push(catalogue::text(&operation::shelves(), now(), page));
    texts.push(operation::halts(page).0);
    texts.push(operation::edits(page).0);
    let (queue, journal) = every_verdict();
    let run = RunId::new(now(), 412);
    let ending = Ending::Ended(&End::Complete);
    let summary =
        Summary { run: &run, started: now(), now: now(), queue: &queue, journal: &journal, ending, closed: None };
    texts.push(summary.text(page));
    texts
}

#[test]
fn no_line_is_wider_than_its_page() {
    for width in [60, 72, 80, 100, 120] {
        for text in texts(&Page::new(width, Style::Plain, Zone::utc())) {
            // The one command that is there to be copied stays in one piece.
            let lines = text.lines().filter(|line| !line.starts_with("  jbr apply --job"));
            for line in lines {
                assert!(line.chars().count() <= width, "wider than {width}: {line}\n{text}");
                assert_eq!(line, line.trim_end());
            }
        }
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    let coloured = texts(&Page::new(80, Style::Coloured, Zone::utc()));
    for (plain, coloured) in texts(&page()).iter().zip(&coloured) {
        assert!(coloured.contains('\u{1b}') && !plain.contains('\u{1b}'));
        assert_eq!(*plain, anstream::adapter::strip_str(coloured).to_string());
    }
}

#[test]
fn what_a_server_says_cannot_move_the_cursor() {
    let why = "x\u{1b}[2J\ny".to_owned();
    let server = fixtures::server_name("a");
    let reason = WaitReason::Unreachable { server: server.clone(), why: why.clone() };
    let (queue, _) = fixtures::script();
    let mut progress = Progress::new(&queue, &Journal::new(now()));
    for event in [Event::Unreachable { server, why }, Event::Waiting { next: None, reason }] {
        progress.hear(now(), &event);
        let told = Narrator::new(now()).tell(now(), &event, &progress, &page()).unwrap().line(&page());
        for line in [told, progress.full_line(now(), Zone::utc())] {
            assert!(!line.contains('\u{1b}') && !line.contains('\n'), "{line:?}");
        }
    }
}

#[test]
fn each_key_of_the_json_is_documented() {
    if approved::is_blessing() {
        return; // The files are being written by the other tests.
    }
    let documentation = fs::read_to_string(approved::folder("render").join("../../docs/json.md")).unwrap();
    let mut keys = BTreeSet::new();
    for entry in fs::read_dir(approved::folder("render")).unwrap() {
        let path = entry.unwrap().path();
        let text = || fs::read_to_string(&path).unwrap();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => collect(&serde_json::from_str(&text()).unwrap(), &mut keys),
            Some("jsonl") => text().lines().for_each(|line| collect(&serde_json::from_str(line).unwrap(), &mut keys)),
            _ => {}
        }
    }
    assert!(keys.len() > 60, "the expected files were not read");
    let missing: Vec<&String> = keys.iter().filter(|key| !documentation.contains(&format!("`{key}`"))).collect();
    assert!(missing.is_empty(), "docs/json.md does not name {missing:?}");
}

/// The keys of objects, and the words that stand for something: the values that tell shapes apart.
fn collect(value: &serde_json::Value, keys: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(object) => {
            for (key, value) in object {
                keys.insert(key.clone());
                let is_word = [
                    "kind",
                    "event",
                    "remark",
                    "decision",
                    "action",
                    "phase",
                    "verdict",
                    "state",
                    "end",
                    "answer",
                    "status",
                    "conclusion",
                    "gap",
                    "assumption",
                    "finding",
                    "level",
                    "by",
                    "writes",
                    "read",
                    "waits_for",
                    "doing",
                    "whose",
                    "step",
                    "result",
                    "change",
                ];
                if let (true, Some(word)) = (is_word.contains(&key.as_str()), value.as_str())
                    && !word.contains(':')
                {
                    keys.insert(word.to_owned());
                }
                collect(value, keys);
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| collect(value, keys)),
        _ => {}
    }
}
