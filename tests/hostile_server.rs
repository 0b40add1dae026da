//! A server that wants to hurt the Pi: what it says never moves a cursor, forges a line or fills a disk, and what it holds back or
//! never ends costs a bounded time, and the other servers nothing.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

mod support;

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use chrono::Utc;
use jbr::simulator::{Dialect, Fault, Fleet, Rule, When};
use serde_json::json;
use support::gate;
use support::parts::{job, run_with, with_nas, writes_for};
use support::site::{Ran, Site};

/// Clears a screen, sets a title, forges a line, turns the reading direction, hides.
const EVIL: &str =
    "\u{1b}[2J\u{1b}]0;owned\u{7}\r\n> 9 b/forged\u{9b}31m\u{8}\u{7f}\u{202e}\u{2066}\u{200b}\u{61c}\u{feff}\t\u{0}x";
/// What a command may print that has nothing to say but what a hostile server put into it.
const PRINTED_MAX: usize = 64 * 1024;
/// How long a command may take whose server never ends; `command_timeout` is 2 s in these tests.
const PATIENCE: Duration = Duration::from_secs(30);

const JOBS: &[(&str, usize, &str)] = &[("a/one", 1, ""), ("b/two", 2, "")];

/// A hostile server `a` and an honest one `b`, with a job each.
fn site(change: impl FnOnce(jbr::simulator::Server) -> jbr::simulator::Server) -> Site {
    let fleet = Fleet::new(Utc::now())
        .server("a", |server| change(with_nas(server).job(job(1, writes_for(300)))))
        .server("b", |server| with_nas(server).job(job(2, writes_for(300))));
    let site = Site::start(&fleet);
    site.write_plan(&run_with(", unreachable_wait: 2s", JOBS));
    let plan = fs::read_to_string(site.plan_path()).unwrap();
    fs::write(site.plan_path(), plan.replace("command_timeout: 10s", "command_timeout: 2s")).unwrap();
    site
}

/// Every call of this function is refused with these words.
fn refuses(function: &str, message: &str) -> Rule {
    Rule::of(function, Fault::Refused(message.to_owned())).when(When::Always)
}

/// Most of the time goes into waiting: several at once.
fn in_parallel<T: Sync>(of: &[T], check: impl Fn(&T) + Sync) {
    std::thread::scope(|scope| {
        for part in of.chunks(of.len().div_ceil(3)) {
            let check = &check;
            scope.spawn(move || part.iter().for_each(check));
        }
    });
}

/// A site whose server `a` answers every call with this script.
fn site_that_says(script: &str) -> Site {
    let site = site(|server| server);
    let said = site.api("a").with_file_name("said");
    // The mark stays, so that no process is left behind.
    let api = fs::read_to_string(site.api("a")).unwrap();
    let mark = api.lines().find(|line| line.starts_with("export ")).unwrap();
    gate::script(&site.api("a"), &format!("{mark}\n{}", script.replace("SAID", said.to_str().unwrap())));
    site
}

/// What it printed holds lines of visible characters and nothing else, and not too many.
#[track_caller]
fn is_harmless(ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        let is_odd =
            |c: &char| (c.is_control() && *c != '\n') || "\u{202e}\u{2066}\u{200b}\u{61c}\u{feff}\u{2028}".contains(*c);
        let odd = text.chars().position(|c| is_odd(&c));
        assert_eq!(
            odd,
            None,
            "{:?}",
            text.chars().skip(odd.unwrap_or(0).saturating_sub(40)).take(80).collect::<String>()
        );
        assert!(text.len() < PRINTED_MAX, "{} bytes", text.len());
        assert!(!text.lines().any(|line| line.trim_start().starts_with("> 9 b/forged")), "a forged line: {text}");
    }
}

/// Every command that shows what a server said, in every form; gives the first plan.
fn look(site: &Site) -> Ran {
    let plan = site.jbr(&["plan"]);
    for ran in [&plan, &site.jbr(&["plan", "--json"]), &site.jbr(&["plan", "-vv"])] {
        is_harmless(ran);
        assert!(ran.text().contains("b/two"), "the honest server is there: {}", ran.text());
    }
    plan
}

/// What a run shows and remembers; the honest server's backup is made.
fn run(site: &Site) -> Ran {
    let ran = site.apply();
    for ran in
        [&ran, &site.jbr(&["state", "show"]), &site.jbr(&["state", "history", "--json"]), &site.jbr(&["state", "list"])]
    {
        is_harmless(ran);
    }
    let state = fs::read_to_string(site.state_path()).unwrap();
    assert!(!state.contains(|c: char| c.is_control() && c != '\n'), "the state file is as visible");
    assert_eq!(site.verdict("b/two"), "completed", "{}", ran.text());
    ran
}

#[test]
fn names_and_versions_are_shown_as_one_visible_line() {
    let dialect =
        Dialect { version: Some(EVIL.to_owned()), license_issue: Some(EVIL.to_owned()), ..Dialect::default() };
    let long = format!("{EVIL}{}", "n".repeat(1024 * 1024));
    let site = site(|mut server| {
        server.jobs[1].name = EVIL.to_owned();
        let (mut unmanaged, mut huge) = (job(8, writes_for(1)), job(9, writes_for(1)));
        unmanaged.name = EVIL.to_owned();
        huge.name = long;
        server.destinations[0].name = EVIL.to_owned();
        server.dialect(dialect).job(unmanaged).job(huge)
    });
    let plan = look(&site);
    assert!(plan.stdout.contains("\\u{1b}[2J"), "shown as what it is: {}", plan.stdout);
    run(&site);
}

#[test]
fn messages_are_shown_as_one_visible_line() {
    let message = format!("{EVIL}{}", "m".repeat(1024 * 1024));
    for function in ["listBackupJobs", "listQueueGroups", "getSettingsPerformance"] {
        look(&site(|server| server.rule(refuses(function, &message))));
    }
    let site =
        site(|server| server.rule(refuses("runBackupJobManually", &message)).rule(refuses("listLogs", &message)));
    let ran = run(&site);
    assert_eq!(ran.code, Some(3), "{}", ran.text());
}

#[test]
fn what_is_no_answer_is_shown_cut_and_visible() {
    let evil = EVIL.replace('\0', "");
    let of = |row: &str| {
        json!({"success": 1, "data": {"jobs": [{"_id": row, "name": "x", "type": 1}], "total": 1}}).to_string()
    };
    let answers = [
        (evil.clone(), "cat SAID"),
        (evil.repeat(50_000), "cat SAID"),
        (evil.clone(), "cat SAID >&2; exit 1"),
        (evil.repeat(50_000), "cat SAID >&2; exit 127"),
        (format!("ERROR: Command not allowed: {}", evil.repeat(9_000)), "cat SAID >&2; exit 1"),
        (of(&evil), "cat SAID"),
        (of(&"x".repeat(1024 * 1024)), "cat SAID"),
        (format!("{evil}{}", of("y;y")), "cat SAID"),
        (json!({"success": 1, "data": {"jobs": evil, "total": evil}}).to_string(), "cat SAID"),
        (json!({"success": evil}).to_string(), "cat SAID"),
        ("[".repeat(1_000_000), "cat SAID"),
        (format!("{{\"a\":{}", "[".repeat(1_000_000)), "cat SAID"),
        (evil, "cat SAID; kill -9 $$"),
    ];
    in_parallel(&answers, |(said, script)| {
        let site = site_that_says(script);
        fs::write(site.api("a").with_file_name("said"), said).unwrap();
        look(&site);
    });
}

#[test]
fn what_never_ends_and_what_drips_costs_a_bounded_time() {
    let scripts = [
        "exec yes",
        "exec yes >&2",
        "while :; do printf '{'; sleep 0.05; done",
        "while :; do printf x >&2; sleep 0.05; done",
        "sleep 60",
        "trap '' HUP TERM PIPE; exec >&- 2>&-; sleep 60",
    ];
    in_parallel(&scripts, |script| {
        let site = site_that_says(script);
        let started = Instant::now();
        let ran = site.jbr(&["plan"]);
        assert!(started.elapsed() < PATIENCE, "{script}: {:?}", started.elapsed());
        is_harmless(&ran);
        assert_eq!(ran.code, Some(0), "{script}: {}", ran.text());
        assert!(ran.stdout.contains("jobs could not be read"), "{script}: {}", ran.text());
    });
}

#[test]
fn the_other_servers_backups_are_made_while_one_never_answers() {
    let site = site_that_says("exec yes");
    let ran = run(&site);
    assert_eq!(site.verdict("a/one"), "skipped", "{}", ran.text());
}

#[test]
fn a_gate_that_is_hostile_is_a_remark_at_most() {
    let evil = EVIL.replace('\0', "");
    let answers = [
        "cat SAID",
        "cat SAID >&2; exit 1",
        "echo \"jetbackup-ssh-gate 1 jobs=$(cat SAID)\"",
        "exec yes",
        "exec yes >&2",
    ];
    in_parallel(&answers, |answer| {
        let mut site = site(|server| server);
        let (said, other) = (site.path("said"), site.path("other-gate"));
        fs::write(&said, &evil).unwrap();
        let script = format!(
            "case $SSH_ORIGINAL_COMMAND in gate-version) {};; esac\nexec {}",
            answer.replace("SAID", said.to_str().unwrap()),
            site.gate("a").display()
        );
        gate::script(&other, &script);
        site.sshd("a").force_command(other.to_str().unwrap());
        let plan = look(&site);
        assert_eq!(plan.code, Some(0), "{answer}: {}", plan.text());
        assert!(plan.stdout.contains("gate"), "{answer}: {}", plan.stdout);
    });
}

#[test]
fn whoever_speaks_no_ssh_is_shown_as_visible() {
    let endless = "x".repeat(1024 * 1024);
    let greetings = [EVIL, &format!("SSH-2.0-{EVIL}\r\n"), &format!("{EVIL}\r\n").repeat(1000), &endless];
    in_parallel(&greetings, |greeting| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let greeting = greeting.as_bytes().to_vec();
        // It greets whoever comes, until the test is over.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let _ = stream.and_then(|mut stream| stream.write_all(&greeting));
            }
        });
        let site = site(|server| server);
        let plan = fs::read_to_string(site.plan_path()).unwrap();
        let real = site.servers[0].1.port();
        fs::write(site.plan_path(), plan.replace(&format!("port: {real},"), &format!("port: {port},"))).unwrap();
        let started = Instant::now();
        let ran = look(&site);
        assert!(started.elapsed() < PATIENCE);
        assert!(ran.stdout.contains("jobs could not be read"), "{}", ran.text());
    });
}
