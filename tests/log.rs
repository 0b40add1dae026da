//! The log: the file alone tells the night, each line of a run carries its id, and nothing that is wrong with it reaches the run.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

mod support;

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Command;

use chrono::{DateTime, Utc};
use jbr::simulator::{Fault, Fleet, Rule, When};
use serde_json::Value;
use support::parts::{job, run_with, with_nas, writes_for};
use support::site::{Ran, Site};

/// Clears a screen, forges a line and a priority, turns the reading direction.
const EVIL: &str = "\u{1b}[2J\r\n<0>2026-01-01T00:00:00+00:00  INFO forged\u{202e}\u{7}\u{0}\"}";

const APPLY: [&str; 2] = ["apply", "--auto-approve"];

/// A server that makes its backup, and one that refuses to in this way.
fn site(refusal: &str) -> Site {
    let refuses = Rule::of("runBackupJobManually", Fault::Refused(refusal.to_owned())).when(When::Always);
    let fleet = Fleet::new(Utc::now())
        .server("a", |a| with_nas(a).job(job(1, writes_for(300))).job(job(3, writes_for(300))))
        .server("b", |b| with_nas(b).job(job(2, writes_for(300))).rule(refuses));
    let site = Site::start(&fleet);
    site.write_plan(&run_with("", &[("a/one", 1, ""), ("b/two", 2, "")]));
    site
}

/// Runs `jbr` with its stderr in a file, as systemd would have it lead to the journal.
fn with_stderr_in(site: &Site, mut command: Command, stream: impl FnOnce(&File) -> String) -> Ran {
    let path = site.path("stderr");
    let stderr = File::create(&path).unwrap();
    command.env("JOURNAL_STREAM", stream(&stderr)).stderr(stderr);
    let output = command.output().unwrap();
    Ran { stderr: fs::read_to_string(path).unwrap(), ..Ran::from(output) }
}

fn named(file: &File) -> String {
    let found = file.metadata().unwrap();
    format!("{}:{}", found.dev(), found.ino())
}

#[test]
fn the_file_alone_tells_the_night_and_the_journal_knows_what_matters() {
    let site = site("no more quota");
    let log = site.path("jbr.log");
    let mut command = site.command(&APPLY);
    command.env("JBR_LOG_FILE", &log).arg("-v");
    let ran = with_stderr_in(&site, command, named);
    assert_eq!(ran.code, Some(3), "{}", ran.text());

    assert_eq!(fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&log).unwrap();
    let run = site.history()[0]["run"].as_str().unwrap().to_owned();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].contains(" INFO jbr ") && lines[0].contains("begins: apply --auto-approve"), "{text}");
    assert!(lines.last().unwrap().ends_with("jbr ends with exit code 3"), "{text}");
    let first = lines.iter().position(|line| line.contains("2 jobs in the queue: a/one, b/two")).unwrap();
    for line in &lines[first..lines.len() - 1] {
        let (at, rest) = line.split_at(25);
        assert!(DateTime::parse_from_rfc3339(at).is_ok(), "{line}");
        assert!(rest[7..].starts_with(&format!("{run} ")), "without its run: {line}");
    }
    assert!(lines[first..].iter().any(|line| line.contains(" a: jetbackup5api -F ")), "what was sent, of -v: {text}");
    assert!(text.contains(" ERROR ") && text.contains("no more quota"), "{text}");

    // Everything that was told on stderr is in the file, and has its priority there.
    assert!(ran.stderr.lines().all(|line| line.as_bytes()[0] == b'<' && line.as_bytes()[2] == b'>'), "{}", ran.stderr);
    let told: Vec<&str> = ran.stderr.lines().filter(|line| !line.contains("jetbackup5api")).collect();
    let of_run: Vec<&str> = told.iter().filter_map(|line| line[3..].strip_prefix(&format!("{run} "))).collect();
    assert!(of_run.len() > 5, "{told:?}");
    for line in &of_run {
        // After the priority and the run, the time and the symbol.
        let sentence = line.splitn(4, ' ').last().unwrap();
        assert!(text.contains(sentence), "{sentence:?} is not in\n{text}");
    }
    assert!(told.iter().any(|line| line.starts_with("<3>") && line.contains("no more quota")), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with(&format!("<6>{run} ")) && line.contains("a/one")), "{told:?}");
}

#[test]
fn a_notice_that_cannot_be_sent_and_a_plan_with_a_problem_stand_out_in_the_journal() {
    let site = site("no more quota");
    // Nobody listens where somebody just did.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let plan = fs::read_to_string(site.plan_path()).unwrap();
    let smtp = format!("{{ host: localhost, port: {port}, security: none }}");
    let email = format!("  email: {{ to: ops@example.com, from: jbr@example.com, smtp: {smtp} }}");
    fs::write(site.plan_path(), format!("{plan}notify:\n{email}\n")).unwrap();
    let log = site.path("jbr.log");
    let mut command = site.command(&APPLY);
    command.env("JBR_LOG_FILE", &log);
    let ran = with_stderr_in(&site, command, named);
    assert_eq!(ran.code, Some(3), "{}", ran.text());
    assert!(ran.stderr.contains("\n<4>notify: could not be sent, and kept in the outbox: mail "), "{}", ran.stderr);
    let text = fs::read_to_string(&log).unwrap();
    assert!(text.contains(" WARN notify: could not be sent"), "{text}");

    fs::write(site.plan_path(), format!("{plan}nonsense: 1\n")).unwrap();
    let ran = with_stderr_in(&site, site.command(&APPLY), named);
    assert!(ran.code == Some(1) && ran.stderr.contains("nonsense"), "{}", ran.text());
    assert!(ran.stderr.lines().all(|line| line.starts_with("<3>")), "{}", ran.stderr);
}

#[test]
fn json_lines_are_json_whatever_a_server_says_and_another_stream_has_no_priorities() {
    let site = site(EVIL);
    let log = site.path("jbr.log");
    let mut command = site.command(&APPLY);
    command.env("JBR_LOG_FILE", &log).args(["--log-format", "json"]);
    let ran = with_stderr_in(&site, command, |_| "1:2".to_owned());
    assert_eq!(ran.code, Some(3), "{}", ran.text());
    assert!(!ran.stderr.contains("<6>") && !ran.stderr.contains('\u{1b}'), "{}", ran.stderr);

    let text = fs::read_to_string(&log).unwrap();
    assert!(text.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{text:?}");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        assert!(line["at"].as_str().is_some_and(|at| at.parse::<DateTime<Utc>>().is_ok()), "{line}");
        assert!(["info", "warning", "error", "debug"].contains(&line["level"].as_str().unwrap()), "{line}");
        assert!(!line["message"].as_str().unwrap().is_empty(), "{line}");
    }
    let events: Vec<&str> = lines.iter().filter_map(|line| line["event"]["event"].as_str()).collect();
    for event in ["triggering", "started", "done", "ended"] {
        assert!(events.contains(&event), "no {event}: {events:?}");
    }
    let of_a_run = lines.iter().filter(|line| line["event"].is_object());
    assert!(of_a_run.clone().all(|line| line["run"] == line["event"]["run"]), "{text}");
}

#[test]
fn a_log_that_cannot_be_written_is_said_once_and_ends_nothing() {
    let site = site("");
    let missing = site.path("nowhere/jbr.log");
    for path in ["/dev/full", missing.to_str().unwrap()] {
        let ran = site.jbr(&["plan", "-vv", "--log-file", path]);
        assert_eq!(ran.code, Some(0), "{}", ran.text());
        assert_eq!(ran.stderr.matches("cannot be written").count(), 1, "{}", ran.stderr);
        assert!(ran.stderr.contains(path), "{}", ran.stderr);
    }
}

#[test]
fn what_was_not_run_has_its_reason_in_the_file() {
    let site = site("");
    site.write_plan(&run_with(
        "",
        &[("a/one", 1, ", every: 1h"), ("b/two", 2, ", hold: because"), ("a/three", 3, ", after: b/two")],
    ));
    let log = site.path("jbr.log");
    for _ in 0..2 {
        let ran = site.jbr(&["apply", "--auto-approve", "--log-file", log.to_str().unwrap()]);
        assert_eq!(ran.code, Some(0), "{}", ran.text());
    }
    let text = fs::read_to_string(&log).unwrap();
    let of = |part: &str| text.lines().filter(|line| line.ends_with(part)).count();
    assert_eq!((of(" INFO held: b/two"), of(" INFO fresh, so not due: a/one")), (2, 1), "{text}");
    assert_eq!(of(" INFO after a job that is held: a/three"), 2, "{text}");
}

#[test]
fn a_full_file_is_put_aside_by_apply_and_by_nobody_else() {
    let site = site("");
    let log = site.path("jbr.log");
    let length = |name: &str| fs::metadata(site.path(name)).map(|found| found.len()).ok();
    let full = "x".repeat(4095) + "\n";
    fs::write(&log, &full).unwrap();
    let options =
        |verb: &'static str| [verb, "--log-file", log.to_str().unwrap(), "--log-size", "4K", "--log-keep", "1"];
    assert_eq!(site.jbr(&options("plan")).code, Some(0));
    assert_eq!(length("jbr.log.1"), None);
    let grown = length("jbr.log").unwrap();
    assert!(grown > 4096, "{grown}");

    site.jbr(&[&options("apply")[..], &["--auto-approve"]].concat());

    // Until it has the lock, apply is one of the others.
    assert!(length("jbr.log.1").is_some_and(|size| size >= grown), "{:?}", length("jbr.log.1"));
    assert_eq!(length("jbr.log.2"), None);
    assert!(fs::read_to_string(&log).unwrap().ends_with("jbr ends with exit code 3\n"));
    for name in ["jbr.log", "jbr.log.1"] {
        let text = fs::read_to_string(site.path(name)).unwrap();
        assert!(text.ends_with('\n'), "{name}");
    }
}

#[test]
fn what_asks_no_server_leaves_no_line_and_wrong_options_are_usage_errors() {
    let site = site("");
    let log = site.path("jbr.log");
    let path = log.to_str().unwrap();
    for verb in [&["validate"][..], &["state", "show"], &["graph"], &["schema"], &["man"]] {
        assert_eq!(site.jbr(&[verb, &["--log-file", path]].concat()).code, Some(0), "{verb:?}");
    }
    assert!(!log.exists());
    for wrong in [["--log-size", "10"], ["--log-size", "1K"], ["--log-keep", "101"], ["--log-format", "xml"]] {
        assert_eq!(site.jbr(&["plan", wrong[0], wrong[1]]).code, Some(64), "{wrong:?}");
    }
}

#[test]
fn the_page_shows_lines_as_they_are() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/logs.md")).unwrap();
    let example = page.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    for line in example.lines() {
        let (at, rest) = line.split_at(25);
        assert!(DateTime::parse_from_rfc3339(at).is_ok(), "{line}");
        assert!([" INFO ", " WARN ", "ERROR "].contains(&&rest[1..7]), "{line}");
    }
    let help = site("").jbr(&["apply", "--help"]).stdout;
    for word in page.split('`').filter(|word| word.starts_with("--log-") || word.starts_with("JBR_")) {
        assert!(help.contains(word.split(' ').next().unwrap()), "{word}");
    }
    for (option, default) in [("--log-size", "10M"), ("--log-keep", "5"), ("--log-format", "human")] {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{option} "))).unwrap();
        assert!(row.contains(&format!("| `{default}` |")) && help.contains(&format!("[default: {default}]")), "{row}");
    }
}
