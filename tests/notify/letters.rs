//! How a notice reads, against what was approved: each letter is two files of `tests/notify/letters/`.
//!
//! `JBR_BLESS=1 cargo test --test notify letters` writes the files anew; read the difference before you commit it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use jbr::clock::{Timestamp, later};
use jbr::desired::{Email, MailOn, Notify, OnTimeout, Pace, Retry, Secret, Security, Smtp};
use jbr::execute::journal::{Entry, GateState, Journal, Opened, Overlap, Phase};
use jbr::execute::outcome::{Outcome, Verdict};
use jbr::execute::{End, Event};
use jbr::names::{DestinationId, GroupId, JobId, LogId, RunId, ServerName};
use jbr::notify::excerpt::Excerpt;
use jbr::notify::message::Message;
use jbr::notify::notice::{Cause, Notice, What};
use jbr::notify::policy;
use jbr::notify::quotes::{Quotes, Wish};
use jbr::proposal::Interrupted;
use jbr::queue::{Gate, Item, Queue, Usual};
use jbr::render::summary::Ending;
use jbr::render::{Summary, Zone};
use jbr::seen::{Seen, Why};
use serde_json::Value;

const MINUTE: Duration = Duration::from_secs(60);
/// What a server may have answered.
const HOSTILE: &str = "</td><script>x</script>\r\nBcc: evil@example.com\u{1b}[2J\u{202e}";

fn start() -> Timestamp {
    "2026-11-23T02:00:00Z".parse().unwrap()
}

fn server(name: &str) -> ServerName {
    ServerName::new(name).unwrap()
}

fn group(number: usize) -> GroupId {
    GroupId::new(format!("a{number:023}")).unwrap()
}

/// A run of these jobs, one after the other, 20 minutes each.
fn run(jobs: &[(&str, Verdict, &str)]) -> (Queue, Journal) {
    let mut journal = Journal::new(start());
    let mut items = Vec::new();
    let mut at = start();
    for (number, (address, verdict, note)) in jobs.iter().enumerate() {
        let started = verdict.has_run().then_some(at);
        at = later(at, if started.is_some() { 20 * MINUTE } else { Duration::ZERO });
        let outcome = Outcome {
            verdict: *verdict,
            group: started.map(|_| group(number)),
            log: started.map(|_| LogId::new(format!("c{number:023}")).unwrap()),
            triggered: started,
            started,
            ended: at,
            overdue: false,
            note: (*note).to_owned(),
        };
        let address = address.parse::<jbr::names::JobAddress>().unwrap();
        journal.entries.insert(address.clone(), Entry { phase: Phase::Done(outcome), ..Entry::default() });
        items.push(Item {
            address,
            id: JobId::new(format!("{number:024}")).unwrap(),
            timeout: 240 * MINUTE,
            start_timeout: 2 * MINUTE,
            settle: 4 * MINUTE,
            on_timeout: OnTimeout::Hold,
            gates: Vec::new(),
            after: Vec::new(),
            openings: None,
            fits: None,
            retry: Retry::NEVER,
            usual: (number == 0).then_some(Usual { median: 18 * MINUTE, p90: 30 * MINUTE }),
        });
    }
    let servers: BTreeSet<ServerName> = items.iter().map(|item| item.address.server.clone()).collect();
    let queue = Queue {
        items,
        servers: servers.into_iter().collect(),
        poll: Duration::from_secs(30),
        pace: Pace::Adaptive,
        unreachable_wait: 15 * MINUTE,
        stays: false,
    };
    (queue, journal)
}

/// The messages of a run that ended like this.
fn messages(queue: &Queue, journal: &Journal, end: &End, is_good: bool) -> Vec<Message> {
    messages_after(None, &Quotes::default(), queue, journal, end, is_good)
}

/// The same where a run was closed as incomplete for it to begin, and JetBackup's logs say this.
fn messages_after(
    closed: Option<&Interrupted>,
    quotes: &Quotes,
    queue: &Queue,
    journal: &Journal,
    end: &End,
    is_good: bool,
) -> Vec<Message> {
    let run = RunId::new(start(), 412);
    let now = later(start(), 61 * MINUTE);
    let summary = Summary { run: &run, started: start(), now, queue, journal, ending: Ending::Ended(end), closed };
    let silent: BTreeSet<ServerName> = journal.unreachable.keys().cloned().collect();
    let (causes, _) = policy::of_run(&summary, is_good, &silent);
    messages_of(causes, What::RunEnded { summary: &summary, quotes })
}

/// The messages of this, an hour after the start.
fn messages_of(causes: Vec<Cause>, what: What<'_>) -> Vec<Message> {
    let notice = Notice { causes, at: later(start(), 61 * MINUTE), host: "pi", zone: Zone::utc(), what };
    let smtp = Smtp {
        host: "localhost".into(),
        port: 25,
        security: Security::None,
        login: None,
        timeout: MINUTE,
        ca_file: None,
    };
    let to = vec!["ops@example.com".to_owned()];
    let email = Email { to, from: "jbr@example.com".into(), smtp, on: MailOn::default(), log_excerpts: true };
    let webhook = Some(Secret::Env("HOOK".into()));
    notice.messages(&Notify { email: Some(email), webhook, ..Notify::default() })
}

/// The letter is the one that was approved.
fn check(name: &str, messages: &[Message]) {
    let Message::Mail { subject, text, html } = &messages[0] else { panic!("{messages:?}") };
    for stranger in ["<script", "\r", "\u{1b}", "\u{202e}"] {
        assert!(![subject, html].iter().any(|out| out.contains(stranger)), "{stranger:?}");
        assert!(stranger == "<script" || !text.contains(stranger), "{stranger:?}");
    }
    for (end, got) in [("txt", &format!("Subject: {subject}\n\n{text}")), ("html", html)] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/notify/letters/{name}.{end}"));
        if std::env::var_os("JBR_BLESS").is_some() {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, got).unwrap();
        }
        assert_eq!(*got, fs::read_to_string(&file).unwrap_or_default(), "{}", file.display());
    }
}

#[test]
fn an_unsafe_end_with_all_that_needs_attention() {
    let jobs = [("server1/accounts", Verdict::Completed, ""), ("server2/databases", Verdict::Failed, HOSTILE)];
    let (queue, mut journal) = run(&jobs);
    journal.overlaps.push(Overlap {
        at: later(start(), MINUTE),
        first: (server("server1"), group(0)),
        second: (server("server2"), group(1)),
    });
    journal.opened.push(Opened {
        server: server("server1"),
        gate: Gate::Destination(DestinationId::new(format!("d{:023}", 1)).unwrap()),
        since: start(),
        state: GateState::LeftOpen { why: format!("permission denied {HOSTILE}") },
    });
    let end =
        End::Unsafe("a backup was running on server2 when it was seen last, and now: no route to host".to_owned());
    check("unsafe", &messages(&queue, &journal, &end, false));
}

#[test]
fn a_server_that_did_not_answer() {
    let why = "out of reach for 15m: no route to host (server2.example.com:22)";
    let jobs = [("server1/accounts", Verdict::Completed, ""), ("server2/accounts", Verdict::Skipped, why)];
    let (queue, mut journal) = run(&jobs);
    journal.unreachable.insert(server("server2"), start());
    check("skipped", &messages(&queue, &journal, &End::Complete, false));

    // All had ended before it fell silent.
    let (queue, mut journal) = run(&[("server1/accounts", Verdict::Completed, "")]);
    journal.unreachable.insert(server("server2"), start());
    check("unreachable", &messages(&queue, &journal, &End::Complete, true));
}

/// A window closed before the turn of a job, two nights in a row: each by itself is how the plan has it.
#[test]
fn a_job_that_two_runs_in_a_row_have_not_come_to() {
    let jobs = [("server1/accounts", Verdict::Completed, ""), ("server1/files", Verdict::Completed, "")];
    let (queue, mut journal) = run(&jobs);
    journal.entries.remove(&"server1/files".parse().unwrap());
    let end = End::WindowClosed { opens: Some(later(start(), 1200 * MINUTE)) };
    let closed = |missed: &[&str]| {
        let missed: Vec<_> = missed.iter().map(|job| job.parse().unwrap()).collect();
        Interrupted { id: RunId::new(start(), 411), started: start(), left: missed.clone(), missed }
    };
    // The first of them came to its turn in this run.
    let again = closed(&["server1/accounts", "server1/files"]);
    check("missed", &messages_after(Some(&again), &Quotes::default(), &queue, &journal, &end, false));
    for quiet in [None, Some(&closed(&["server1/accounts"]))] {
        assert_eq!(
            messages_after(quiet, &Quotes::default(), &queue, &journal, &end, false).len(),
            0,
            "a window that closed is no failure"
        );
    }
}

#[test]
fn a_backup_that_takes_too_long() {
    let (queue, _) = run(&[("server1/accounts", Verdict::Completed, "")]);
    let job = queue.items[0].address.clone();
    let told =
        |released| policy::urgent(&Event::Overdue { job: job.clone(), group: group(0), released }, &queue).unwrap();
    let (cause, sentence) = told(true);
    assert_eq!(cause, Cause::Timeout);
    assert!(sentence.contains("two backups may write at once"), "{sentence}");
    let (cause, sentence) = told(false);
    let id = RunId::new(start(), 412);
    check("timeout", &messages_of(vec![cause], What::Alarm { run: &id, sentence }));
}

#[test]
fn a_backup_in_part() {
    let jobs = [("server1/accounts", Verdict::Completed, ""), ("server1/databases", Verdict::Partial, "")];
    let (queue, journal) = run(&jobs);
    check("partial", &messages(&queue, &journal, &End::Complete, true));
    // Where the plan says `partial: fail`.
    check("partial-fails", &messages(&queue, &journal, &End::Complete, false));
}

#[test]
fn what_the_logs_say_of_what_did_not_end_well_is_quoted_in_the_mail_and_nowhere_else() {
    let jobs = [
        ("server1/accounts", Verdict::Partial, ""),
        ("server1/files", Verdict::Completed, ""),
        ("server1/mail", Verdict::Skipped, "disabled in JetBackup"),
        ("server2/databases", Verdict::Failed, ""),
        ("server2/files", Verdict::NeverFinished, ""),
        ("server3/lost", Verdict::Lost, ""),
    ];
    let (queue, journal) = run(&jobs);
    let wish = Wish::of(&queue, &journal);
    let wanted: Vec<String> = wish.wanted.iter().map(|wanted| wanted.job.to_string()).collect();
    assert_eq!(
        (&*wanted, wish.left_out),
        (&["server2/databases", "server2/files", "server1/accounts"].map(String::from)[..], 0)
    );

    let excerpt = |lines: Vec<String>| Seen::Known(Excerpt::of(&lines.join("\n")));
    let plain = || (0..500).map(|number| format!("[02:00:05] account {number} completed"));
    let quota = ["[02:19:00] account 77 failed: Disk quota exceeded".to_owned()];
    let end = ["[02:20:00] Backup completed partially".to_owned()];
    let said = [
        excerpt(vec![format!("<b>{}", HOSTILE.replace('\n', " "))]),
        Seen::Unknown(Why::new(HOSTILE)),
        excerpt(plain().chain(quota).chain(plain()).chain(end).collect()),
    ];
    let quotes = Quotes { quotes: wish.wanted.into_iter().map(|wanted| wanted.job).zip(said).collect(), left_out: 3 };
    let messages = messages_after(None, &quotes, &queue, &journal, &End::Complete, false);
    check("quotes", &messages);
    let Message::Hook { body, .. } = &messages[1] else { panic!("{messages:?}") };
    assert!(!body.contains("quota"), "a log is the customers' business: {body}");
}

#[test]
fn of_very_many_logs_the_worst_ends_are_asked_for_and_the_rest_is_counted() {
    let names: Vec<String> = (0..50).map(|number| format!("server1/job{number:02}")).collect();
    let verdict = |number: usize| if number == 49 { Verdict::Failed } else { Verdict::Partial };
    let jobs: Vec<(&str, Verdict, &str)> =
        names.iter().enumerate().map(|(number, name)| (&**name, verdict(number), "")).collect();
    let (queue, journal) = run(&jobs);
    let wish = Wish::of(&queue, &journal);
    let wanted: Vec<String> = wish.wanted.iter().map(|wanted| wanted.job.to_string()).collect();
    assert_eq!((wanted.len(), wish.left_out), (20, 30));
    assert_eq!((&*wanted[0], &*wanted[1], &*wanted[19]), ("server1/job49", "server1/job00", "server1/job18"));
}

#[test]
fn a_webhook_of_thousands_of_jobs_keeps_its_facts_and_says_how_many_are_left_out() {
    let names: Vec<String> = (0..5000).map(|number| format!("server1/job{number:04}")).collect();
    let verdict = |number: usize| if number == 4999 { Verdict::Failed } else { Verdict::Completed };
    let jobs: Vec<(&str, Verdict, &str)> =
        names.iter().enumerate().map(|(number, name)| (&**name, verdict(number), "a note")).collect();
    let (queue, journal) = run(&jobs);
    let all = messages(&queue, &journal, &End::Complete, false);
    let Message::Hook { body, .. } = &all[1] else { panic!("no webhook") };
    assert!(body.len() <= 256 * 1024, "{}", body.len());
    let notice: Value = serde_json::from_str(body).unwrap();
    let kept = notice["summary"]["jobs"].as_array().unwrap();
    assert_eq!(notice["left_out"], 5000 - kept.len());
    assert_eq!((&notice["summary"]["total"], &notice["summary"]["good"]), (&5000.into(), &4999.into()));
    assert!(kept.len() > 100, "{}", kept.len());
    let last = kept.last().unwrap();
    assert_eq!(
        (&last["job"], &kept[0]["job"]),
        (&"server1/job4999".into(), &"server1/job0000".into()),
        "what is bad stays"
    );
}
