//! The promise *the key on the Pi is worth little*: `server/jetbackup-ssh-gate.sh` starts what jbr may start, with exactly the
//! arguments that the request means, and nothing else.
//!
//! `JBR_GATE_REQUESTS=1000000 cargo test --test ssh_gate` is the long form, `JBR_GATE_BASH=/path/to/bash` tries another bash.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

#[cfg(test)]
#[path = "support/figure.rs"]
mod figure;
#[path = "ssh_gate/hostile.rs"]
mod hostile;
#[path = "ssh_gate/lines.rs"]
mod lines;
#[path = "ssh_gate/meaning.rs"]
mod meaning;
#[path = "ssh_gate/post.rs"]
mod post;
#[path = "support/random.rs"]
mod random;
mod support;
#[path = "support/variant.rs"]
mod variant;

use std::ffi::OsString;
use std::fs;
use std::time::{Duration, Instant};

use jbr::jetbackup::command::{Command, Slice};
use jbr::jetbackup::ssh_gate::{self, Scope, SshGate};
use jbr::simulator::Query;
use jbr::transport::Output;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use figure::figure;
use hostile::{Dice, all_exchanges, near_misses, tricks};
use lines::{DESTINATION, JOB, allowed, predecessors, typed};
use meaning::{Meaning, Scopes, meaning};
use post::{Post, Reply, is_quiet};
use support::gate;
use support::until::until;

/// How many hostile requests an ordinary run makes.
const REQUESTS: usize = 20_000;
/// What the whole of them is made from; another number gives other requests.
const SEED: u64 = 20_261_123;
/// How many generated calls of jbr's are tried.
const CALLS: u32 = 40;
/// A job and a destination that no scope of these tests names.
const OTHER: &str = "bbbbbbbbbbbbbbbbbbbbbbbb";

#[test]
fn every_call_that_jbr_can_make_passes_and_arrives_with_its_meaning() {
    let post = Post::new();
    let slice = (any::<u32>(), any::<u32>()).prop_map(|(limit, skip)| Slice { limit, skip });
    let mut runner = TestRunner::new(Config { cases: CALLS, failure_persistence: None, ..Config::default() });
    let calls = ("[0-9A-Za-z]{1,64}|[0-9a-f]{24}", slice, any::<bool>());
    let tried = runner.run(&calls, |(id, slice, flag)| {
        for command in typed(&id, slice, flag) {
            arrives(&post, &command)?;
        }
        Ok(())
    });
    tried.unwrap();
    let extremes = [Slice { limit: 0, skip: 0 }, Slice { limit: u32::MAX, skip: u32::MAX }];
    for command in extremes.into_iter().flat_map(|slice| typed(&"z".repeat(64), slice, false)) {
        arrives(&post, &command).unwrap();
    }
}

/// The call is started with the words that a shell would have made of its line, and they say what the call says.
fn arrives(post: &Post, command: &Command) -> Result<(), TestCaseError> {
    let line = command.line();
    let reply = post.ask(&line);
    let words = reply.arguments();
    let of_a_shell = shlex::split(&line).map(|words| words[1..].to_vec());
    prop_assert_eq!(&words, &of_a_shell, "{} {:?}", line, reply);
    let words = words.unwrap_or_default();
    let data = words.iter().position(|word| word == "-D").map_or("", |at| &words[at + 1]);
    let expected: Vec<String> = command.parameters().iter().map(|(key, value)| format!("{key}={value}")).collect();
    prop_assert_eq!(Query::decode(data).to_string(), expected.join("&"));
    Ok(())
}

#[test]
fn what_the_predecessor_sends_passes_unchanged_so_that_a_fleet_can_move_one_machine_at_a_time() {
    let post = Post::new();
    for line in predecessors() {
        let reply = post.ask(&line);
        match line.strip_prefix("echo ") {
            Some(word) => assert_eq!(reply.stdout, format!("{}\n", word.trim_matches('"')).as_bytes(), "{line}"),
            None => assert_eq!(reply.arguments(), shlex::split(&line).map(|words| words[1..].to_vec()), "{line}"),
        }
        assert_eq!(reply.code, Some(0), "{line}");
    }
}

/// Functions of JetBackup's that no key may call.
const FORBIDDEN: &[&str] = &[
    "clearQueue",
    "deleteLog",
    "deleteBackupJob",
    "deleteDestination",
    "deleteQueueGroup",
    "deleteQueueItem",
    "rerunFailedQueueGroup",
    "editBackupJob",
    "manageBackup",
    "manageSchedule",
    "manageSettingsPerformance",
    "addQueueItems",
    "addQueueRestore",
    "listBackups",
    "listAccounts",
    "listLogItems",
    "getLogItem",
    "getQueueItem",
    "getBackup",
    "getSettingsGeneral",
    "stopQueueItem",
    "listbackupjobs",
    "ListBackupJobs",
    "listBackupJob",
    "getBackupJobs",
    "run",
    "",
];

#[test]
fn no_other_function_passes_with_whatever_parameters() {
    let post = Post::new();
    for line in allowed().iter().filter(|line| line.starts_with("jetbackup5api ")) {
        let function = line.split(' ').nth(2).unwrap();
        for other in FORBIDDEN {
            let request = line.replacen(&format!("-F {function}"), &format!("-F {other}"), 1);
            assert!(post.ask(&request).is_refusal(), "{request}");
        }
    }
}

/// A parameter of an allowed call, and what it must not become.
const EXCHANGES: &[(&str, &[&str])] = &[
    ("disabled=", &["disabled=-", "disabled=0", "disabled=2", "disabled=true", "enabled=", "&disabled="]),
    ("disabled=0", &["disabled=2", "disabled=00", "disabled=-1", "disabled=", "disabled=no", "disabled[]=0"]),
    ("disabled=1", &["disabled=9", "disabled=11", "disabled=1.0", "disabled= 1", "disabled=+1", "disabled=%31"]),
    ("action=modify", &["action=create", "action=delete", "action=duplicate", "action=", "action=modify2", "x=modify"]),
    ("action=modify&", &["", "action=modify&action=delete&"]),
    ("type=1", &["type=2", "type=", "type=1,2", "type[]=1", "type=01"]),
    ("find[type]=1", &["find[type]=2", "find[type][$ne]=2", "find=1"]),
    ("find[info.ID]=", &["find[info.ID][$gt]=", "find[name]=", "find[info.ID]=*", "find[info+ID]="]),
    ("sort[created]=-1", &["sort[created]=1", "sort[_id]=-1", "sort=-1"]),
    ("sort[_id]=1", &["sort[_id]=-1", "sort[name]=1"]),
    ("get_log_contents=1", &["get_log_contents=0", "get_log_contents=2", "get_log_contents=yes"]),
    (
        "limit=1000",
        &["limit=01", "limit=-1", "limit=1e3", "limit=0x10", "limit=10000000000", "limit=", "limit=1000&limit=1"],
    ),
    ("skip=0", &["skip=00", "skip=-0", "skip= 0", "skip=0&x=1", "skip=0&owner=root"]),
    ("_id=", &["_id[]=", "_id[$ne]=", "id=", "_id=-", "_id=_", "_id=%61", "_id=../", "_id=x&_id="]),
    ("jetbackup5api", &["/usr/bin/jetbackup5api", "jetbackup4api", "jetbackup5api backup", " jetbackup5api"]),
    (" -F ", &["  -F ", " --func ", " -F=", "\t-F ", " -F", " -O json -F ", " -D 'limit=1' -F "]),
    (" -O json", &[" -O xml", " -O plain", " -O json ", " -O json -O json", " -o json", " --output json", " -O JSON"]),
];

#[test]
fn no_other_parameter_and_no_other_value_passes() {
    let post = Post::new();
    for (from, others) in EXCHANGES {
        let lines: Vec<String> = allowed().into_iter().filter(|line| line.contains(from)).collect();
        assert!(!lines.is_empty(), "{from} is in no call");
        for (line, other) in lines.iter().flat_map(|line| others.iter().map(move |other| (line, other))) {
            let request = line.replacen(from, other, 1);
            assert!(post.ask(&request).is_refusal(), "{request}");
        }
    }
}

#[test]
fn no_hostile_request_starts_anything_but_what_it_means() {
    let asked = std::env::var("JBR_GATE_REQUESTS").ok();
    let count: usize = asked.map_or(REQUESTS, |count| count.replace('_', "").parse().unwrap());
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let answered: Vec<Answered> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|worker| scope.spawn(move || attack(worker, workers, count))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let total = |of: fn(&Answered) -> usize| answered.iter().map(of).sum::<usize>();
    assert_eq!(total(|answered| answered.all), count);
    let started = total(|answered| answered.started);
    figure(format_args!("gate: {count} hostile requests, {started} of them allowed ones, nothing else executed"));
    // Some changes of an allowed request give another allowed one: the generator is not all noise.
    assert!(started > count / 200, "{answered:?}");
    assert!(started < count / 2, "{answered:?}");
}

#[derive(Debug, Default)]
struct Answered {
    all: usize,
    started: usize,
}

/// One worker's share of the requests.
fn attack(worker: usize, workers: usize, count: usize) -> Answered {
    let post = Post::new();
    let tricks = tricks(&post.path("startup"), &post.canary());
    let mut answered = Answered::default();
    // All workers roll the same dice for the near misses, so that together they make every one of them.
    let mut dice = Dice::new(SEED);
    let near = near_misses(&mut dice);
    let exchanges = all_exchanges().take(count.saturating_sub(2 * REQUESTS));
    let mut dice = Dice::new(SEED + 1 + worker as u64);
    let listed = near.into_iter().chain(exchanges).map(Some).chain(std::iter::repeat(None)).take(count);
    for request in listed.skip(worker).step_by(workers) {
        let request = request.unwrap_or_else(|| hostile::hostile(&mut dice, &post.canary()));
        let (key, scopes) = key(&mut dice);
        let client: Vec<(OsString, OsString)> =
            (0..dice.below(4)).map(|_| tricks[dice.below(tricks.len())].clone()).collect();
        let reply = post.ask_as(&key, &request, &client);
        let expected = meaning(&request, &scopes);
        let shown = || format!("{key:?} {:?} {client:?}\n{reply:?}", String::from_utf8_lossy(&request));
        assert!(is_what_it_means(&reply, &expected), "expected {expected:?}: {}", shown());
        assert!(is_quiet(&post.canary()), "something else was executed: {}", shown());
        answered.all += 1;
        answered.started += usize::from(matches!(expected, Meaning::Start(_)));
    }
    answered
}

fn is_what_it_means(reply: &Reply, expected: &Meaning) -> bool {
    match expected {
        Meaning::Start(words) => reply.code == Some(0) && reply.arguments().as_ref() == Some(words),
        Meaning::Say(text) => reply.code == Some(0) && reply.stdout == format!("{text}\n").as_bytes(),
        Meaning::Refuse => reply.is_refusal(),
    }
}

/// A key's arguments, and what they mean; mostly none.
fn key(dice: &mut Dice) -> (Vec<&'static str>, Scopes) {
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    match dice.below(10) {
        0 => (vec!["--read-only"], Scopes { read_only: true, limits: None }),
        1 => (vec!["--jobs", JOB], Scopes { read_only: false, limits: Some((ids(&[JOB]), ids(&[]))) }),
        2 => {
            let limits = Some((ids(&[OTHER]), ids(&[JOB, DESTINATION])));
            let destinations = "aaaaaaaaaaaaaaaaaaaaaaaa,6503eec8ebbf07708d06f1d2";
            (vec!["--destinations", destinations, "--jobs", OTHER], Scopes { read_only: false, limits })
        }
        _ => (Vec::new(), Scopes::default()),
    }
}

#[test]
fn no_variable_of_the_client_changes_what_is_done() {
    let post = Post::new();
    let tricks = tricks(&post.path("startup"), &post.canary());
    let scopes = Scopes { read_only: false, limits: Some((vec![JOB.to_owned()], Vec::new())) };
    for request in [
        typed(JOB, Slice { limit: 1, skip: 0 }, true)[2].line(),
        typed(OTHER, Slice { limit: 1, skip: 0 }, true)[2].line(),
        "echo x; id".to_owned(),
    ] {
        let expected = meaning(request.as_bytes(), &scopes);
        for trick in tricks.chunks(1).chain([tricks.as_slice()]) {
            let reply = post.ask_as(&["--jobs", JOB], &request, trick);
            assert!(is_what_it_means(&reply, &expected) && is_quiet(&post.canary()), "{trick:?}: {reply:?}");
        }
    }
}

#[test]
fn the_program_gets_an_environment_of_its_own_and_nothing_to_read() {
    let post = Post::before("echo \"$PATH $HOME\"; env | grep -c -e EVIL -e SSH -e BASH_FUNC -e LC_; cat; pwd");
    let client = [("EVIL", "1"), ("BASH_FUNC_x%%", "() { :; }"), ("LC_ALL", "C"), ("HOME", "/evil")];
    let client = client.map(|(name, value)| (name.into(), value.into()));
    let reply = post.ask_as(&[], "jetbackup5api -F listBackupJobs -O json", &client);
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    assert_eq!(String::from_utf8(reply.stdout).unwrap(), format!("{path} /root\n0\n/\n"));
}

#[test]
fn a_refusal_is_one_visible_line_and_says_no_reason() {
    let post = Post::new();
    let long = "x".repeat(400);
    for (request, shown) in [
        ("ls /", "ls /"),
        ("", "(no command)"),
        ("a\nALLOWED from 192.0.2.1: b", r"a\x0aALLOWED from 192.0.2.1: b"),
        ("\u{1b}[2J\u{202e}\\x0a", r"\x1b[2J\xe2\x80\xae\\x0a"),
        (&long, &format!("{}...", &long[..300])),
        ("jetbackup5api -F clearQueue -O json", "jetbackup5api -F clearQueue -O json"),
        ("jetbackup5api -F listBackupJobs -D '' -O json", "jetbackup5api -F listBackupJobs -D '' -O json"),
        ("echo -n", "echo -n"),
        ("echo", "echo"),
    ] {
        let reply = post.ask(request);
        assert_eq!(reply.stderr, format!("ERROR: Command not allowed: {shown}\n"));
        assert!(reply.is_refusal(), "{reply:?}");
    }
}

#[test]
fn a_key_with_scopes_changes_what_they_name_and_reads_everything() {
    let post = Post::new();
    let commands = |id: &str| typed(id, Slice { limit: 1000, skip: 0 }, false);
    let (jobs, both) = (["--jobs", JOB], ["--jobs", "cc,aaaaaaaaaaaaaaaaaaaaaaaa", "--destinations", DESTINATION]);
    let changes_jobs = ["runBackupJobManually", "manageBackupJob"];
    let changes_destinations = ["manageDestination", "manageDestinationState"];
    let every_change = [&changes_jobs[..], &changes_destinations[..], &["stopQueueGroup"][..]].concat();
    for (key, id, permitted) in [
        (&[][..], OTHER, every_change.as_slice()),
        (&["--read-only"], JOB, &[]),
        (&["--read-only", "--jobs", JOB], JOB, &[]),
        (&jobs, JOB, &changes_jobs),
        (&jobs, OTHER, &[]),
        (&jobs, "aaaaaaaaaaaaaaaaaaaaaaa", &[]),
        (&both, "cc", &changes_jobs),
        (&both, DESTINATION, &changes_destinations),
        (&["--destinations", DESTINATION], JOB, &[]),
    ] {
        for command in commands(id) {
            let reply = post.ask_with(key, command.line());
            let may = !command.is_mutation() || permitted.contains(&command.function());
            assert_eq!(reply.arguments().is_some(), may, "{key:?} {command:?} {reply:?}");
            assert!(may || reply.is_refusal(), "{reply:?}");
        }
    }
}

#[test]
fn a_key_with_jobs_stops_their_backups_only() {
    // What JetBackup says of the group, and whether it may be stopped.
    let of =
        |job: &str| format!(r#"{{"success":1,"data":{{"_id":"9","type":1,"data":{{"_id":"{job}","name":"x"}}}}}}"#);
    let name =
        |name: &str| format!(r#"{{"success":1,"data":{{"_id":"9","name":"{name}","data":{{"_id":"{OTHER}"}}}}}}"#);
    let spaced = format!("{{ \"data\" : {{\n\"data\" : {{ \"_id\"\t:\n\"{JOB}\" }}, \"_id\" : \"9\" }} }}");
    for (answer, may) in [
        (of(JOB), true),
        (spaced, true),
        (of(OTHER), false),
        (of(""), false),
        (of(&format!("{JOB}x")), false),
        (of("9"), false),
        (name(&format!(r#"\"_id\":\"{JOB}\""#)), false),
        (name(JOB), false),
        (format!(r#"{{"data":{{"_id":"9","data":{{"_id":"{JOB}"}}}},"x":{{"_id":"{OTHER}"}}}}"#), false),
        (format!(r#"{{"data":{{"_id":"9","data":{{"_id":"{JOB}"}}}},"x":{{"_id":null}}}}"#), false),
        (r#"{"success":0,"message":"no such group","data":[]}"#.to_owned(), false),
        (String::new(), false),
        ("bash: jetbackup5api: command not found".to_owned(), false),
        (format!("{}{}", of(JOB), " ".repeat(70_000)), false),
        // Cut off: what would have followed is not known.
        (of(JOB).split_once(r#","name"#).unwrap().0.to_owned(), false),
        (format!(r#"{{"data":{{"_id":"9","data":{{"_id":"{JOB}"}},"x":""#), false),
    ] {
        assert_stops("exit 0", &answer, may);
    }
    // JetBackup's program, or the time that it has, came to an end before its answer did.
    assert_stops("exit 1", &of(JOB), false);
    assert_stops("kill -9 $$", &of(JOB), false);
}

/// Whether a key for one job stops a queue group of which JetBackup's program says this, and then does that.
#[track_caller]
fn assert_stops(then: &str, answer: &str, may: bool) {
    let api = format!("folder=${{0%/*}}\ncase $2 in get*) cat \"$folder/answer\"; {then};; *) echo stopped;; esac");
    let post = Post::before(&api);
    fs::write(post.path("answer"), answer).unwrap();
    let reply = post.ask_with(&["--jobs", JOB], "jetbackup5api -F stopQueueGroup -D '_id=9' -O json");
    assert_eq!(reply.stdout == b"stopped\n", may, "{then} {answer:.200} {reply:?}");
    assert!(may || reply.is_refusal(), "{reply:?}");
}

#[test]
fn a_key_whose_arguments_the_gate_does_not_know_may_do_nothing() {
    let post = Post::new();
    for key in [
        &["--readonly"][..],
        &["--jobs"],
        &["--jobs", ""],
        &["--jobs", "--read-only"],
        &["--jobs", "a b"],
        &["--jobs", "a,"],
        &["--jobs", "a;b"],
        &["--jobs=a"],
        &["--read-only", "x"],
        &["--api", "/bin/sh"],
        &["--destinations", "a", "b"],
    ] {
        for request in ["gate-version", "echo ok", "jetbackup5api -F listBackupJobs -O json"] {
            assert!(post.ask_with(key, request).is_refusal(), "{key:?}");
        }
    }
}

#[test]
fn it_says_its_name_its_version_and_the_scopes_of_the_key_and_jbr_understands_it() {
    let post = Post::new();
    let ids = |list: &[&str]| list.iter().map(|id| id.parse().unwrap()).collect::<Vec<_>>();
    let only = |jobs: &[&str], destinations: &[&str]| Scope::Only {
        jobs: jobs.iter().map(|id| id.parse().unwrap()).collect(),
        destinations: ids(destinations),
    };
    for (key, said, scope) in [
        (&[][..], "jetbackup-ssh-gate 1", Scope::Everything),
        (&["--read-only"], "jetbackup-ssh-gate 1 read-only", Scope::ReadOnly),
        (
            &["--jobs", "a,b", "--jobs", "c"],
            "jetbackup-ssh-gate 1 jobs=a,b,c destinations=none",
            only(&["a", "b", "c"], &[]),
        ),
        (&["--destinations", "d"], "jetbackup-ssh-gate 1 jobs=none destinations=d", only(&[], &["d"])),
    ] {
        let reply = post.ask_with(key, ssh_gate::QUESTION);
        assert_eq!(reply.stdout, format!("{said}\n").as_bytes());
        let output = Output { stdout: reply.stdout, ..Output::default() };
        assert_eq!(ssh_gate::read(&output), SshGate::Own { version: ssh_gate::CURRENT, scope });
    }
}

#[test]
fn every_decision_is_logged_and_no_request_forges_a_line() {
    let post = Post::new().logs_to("printf '%s|' \"$@\" >> \"${0%/*}/log\"; echo >> \"${0%/*}/log\"");
    let read = || fs::read_to_string(post.path("log")).unwrap_or_default();
    for (request, decision) in [
        ("jetbackup5api -F listBackupJobs -O json", "ALLOWED from 192.0.2.7: jetbackup5api -F listBackupJobs -O json"),
        ("echo ok", "ALLOWED from 192.0.2.7: echo ok"),
        ("gate-version", "ALLOWED from 192.0.2.7: gate-version"),
        ("a\nALLOWED", r"DENIED from 192.0.2.7: a\x0aALLOWED"),
        ("", "DENIED from 192.0.2.7: (no command)"),
        ("-x --help", "DENIED from 192.0.2.7: -x --help"),
    ] {
        let before = read().lines().count();
        post.ask(request);
        until("the decision is logged", || read().lines().count() > before && read().ends_with('\n'));
        let log = read();
        let line = log.lines().last().unwrap();
        assert_eq!(line, format!("-t|jetbackup-ssh-gate|-p|authpriv.notice|--|{decision}|"));
    }
    for deep in 1..=3 {
        let (shallow, request) = ([("FUNCNEST".into(), deep.to_string().into())], format!("no {deep}"));
        post.ask_as(&[], &request, &shallow);
        until("the decision is logged", || read().contains(&format!("DENIED from 192.0.2.7: {request}|\n")));
    }
    let forged = [("SSH_CLIENT".into(), "x; id\nALLOWED".into())];
    post.ask_as(&[], "ls", &forged);
    until("the decision is logged", || read().contains("DENIED from unknown: ls|\n"));
}

#[test]
fn a_log_that_hangs_fails_or_is_missing_stops_nothing() {
    let call = "jetbackup5api -F listBackupJobs -O json";
    let hanging = Post::new().logs_to("echo $$ > \"${0%/*}/pid\"; exec sleep 60");
    let started = Instant::now();
    assert!(hanging.ask(call).arguments().is_some());
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    until("the logger hangs", || fs::read_to_string(hanging.path("pid")).is_ok_and(|pid| pid.ends_with('\n')));
    let pid = fs::read_to_string(hanging.path("pid")).unwrap().trim().parse().unwrap();
    let _ = rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), rustix::process::Signal::KILL);
    assert!(Post::new().logs_to("exit 1").ask(call).arguments().is_some());
    assert!(Post::new().ask(call).arguments().is_some());
}

#[test]
fn a_server_without_jetbackup_says_so_as_a_shell_does() {
    let post = Post::new();
    fs::remove_file(post.path("api")).unwrap();
    let reply = post.ask("jetbackup5api -F listBackupJobs -O json");
    assert_eq!((reply.code, reply.stdout.as_slice()), (Some(127), &b""[..]));
    assert!(reply.stderr.contains("command not found"), "{}", reply.stderr);
}

#[test]
fn the_exit_status_is_the_programs() {
    for status in [0, 1, 7, 255] {
        let reply = Post::before(&format!("exit {status}")).ask("jetbackup5api -F listBackupJobs -O json");
        assert_eq!(reply.code, Some(status));
    }
}

#[test]
fn what_stands_behind_its_end_is_never_run() {
    let post = Post::new();
    post.change_gate(|text| format!("{text}\n: > '{}'\necho more\n", post.canary().display()));
    for (request, stdout) in [("echo ok", "ok\n"), ("gate-version", "jetbackup-ssh-gate 1\n"), ("ls", "")] {
        assert_eq!(String::from_utf8(post.ask(request).stdout).unwrap(), stdout);
        assert!(is_quiet(&post.canary()), "{request}");
    }
}

#[test]
fn it_does_nothing_before_it_was_read_to_its_end() {
    let post = Post::new();
    let whole = fs::read_to_string(post.gate()).unwrap();
    let last = whole.find("\n{ main \"$@\"; exit; }\n").unwrap() + 1;
    let ends = whole.match_indices('\n').map(|(at, _)| at + 1).filter(|cut| *cut < last);
    for cut in ends.chain(last..last + "{ main \"$@\"; exit; ".len()) {
        post.change_gate(|_| whole[..cut].to_owned());
        for request in ["echo ok", "jetbackup5api -F listBackupJobs -O json"] {
            let reply = post.ask(request);
            assert!(reply.stdout.is_empty() && is_quiet(&post.canary()), "{cut}: {reply:?}");
        }
    }
}

#[test]
fn the_script_is_read_alike_in_every_locale_and_names_every_program_by_its_path() {
    let text = fs::read_to_string(gate::source()).unwrap();
    assert!(text.is_ascii());
    assert!(text.starts_with("#!/bin/bash -p\n"));
    let first = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what:?} is missing"));
    assert!(first("\nLC_ALL=C\n") < first("=~"), "before anything is compared");
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        assert!(!line.contains("eval ") && !line.contains("bash -c") && !line.contains("source "), "{line}");
    }
}
