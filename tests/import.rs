//! `jbr import`: what it proposes is a plan with exactly the jobs that it should have, whatever servers and files say.
//!
//! `JBR_BLESS=1 cargo test --test import` writes `tests/import/` anew; read the difference before you commit it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use chrono::{Utc, Weekday};
use jbr::desired::Desired;
use jbr::import::live::{Beside, Found, import};
use jbr::import::{Guard, Login, config};
use jbr::jetbackup::facts::{Destination, Job, Rhythm, Schedule};
use jbr::plan::{self, Source};
use jbr::seen::{Seen, Why};
use jbr::simulator::{self, Fleet};
use proptest::prelude::*;
use support::approved;
use support::parts::{DESTINATION, id, with_nas};
use support::ran::{self, Ran, flat};
use support::site::Site;

fn check(name: &str, actual: &str) {
    approved::check("import", name, actual);
}

fn load(text: &str) -> Desired {
    let sources = [Source { path: "imported.yaml".into(), text: text.to_owned() }];
    plan::load(&sources).unwrap_or_else(|findings| panic!("{}\n{text}", plan::report(&findings, &sources, false)))
}

fn jobs_of(desired: &Desired) -> Vec<(String, String)> {
    desired.jobs.iter().map(|job| (job.address.to_string(), job.id.to_string())).collect()
}

fn job(number: usize, name: &str) -> Job {
    Job {
        id: id(number).parse().unwrap(),
        name: name.to_owned(),
        kind: 1,
        contains: Some(511),
        destinations: vec![DESTINATION.parse().unwrap()],
        disabled: false,
        running: None,
        schedules: Some(0),
        next_run: None,
    }
}

fn destination(id: &str, name: &str) -> Destination {
    Destination { id: id.parse().unwrap(), name: name.to_owned(), kind: "SSH".to_owned(), disabled: false }
}

fn schedule(id: &str, rhythm: Rhythm, jobs: &[usize]) -> Schedule {
    let jobs = jobs.iter().map(|number| self::id(*number).parse().unwrap()).collect();
    Schedule { id: id.parse().unwrap(), name: format!("nightly {id}"), rhythm, jobs }
}

fn found(server: &str, jobs: Vec<Job>) -> Found {
    Found {
        server: server.parse().unwrap(),
        host: format!("{server}.example.com"),
        jobs: Seen::Known(jobs),
        destinations: Seen::Known(vec![destination(DESTINATION, "NAS")]),
        schedules: Seen::Known(Vec::new()),
    }
}

const CLOUD: &str = "6503eec8ebbf07708d06f1d3";

/// Everything that an import remarks on.
fn everything() -> Vec<Found> {
    let next = Some("2026-11-28T01:30:00Z".parse().unwrap());
    let mut server1 = found(
        "server1",
        vec![
            Job { next_run: next, ..job(1, "Accounts Backup") },
            Job { kind: 2, next_run: next, ..job(2, "Directories # home: \"all\"") },
            Job { contains: Some(132), ..job(3, "Databases\\n- forged: job") },
            Job { disabled: true, ..job(4, "Old accounts") },
            Job { kind: 3, destinations: Vec::new(), ..job(5, "JetBackup Config") },
            Job { destinations: vec![CLOUD.parse().unwrap()], ..job(6, "To the cloud") },
            Job {
                destinations: vec![DESTINATION.parse().unwrap(), CLOUD.parse().unwrap()],
                ..job(7, "Accounts Backup")
            },
        ],
    );
    server1.schedules = Seen::Known(vec![
        schedule("5c4e1", Rhythm::Daily(vec![Weekday::Sun, Weekday::Wed]), &[1]),
        schedule("5c4e2", Rhythm::Weekly(Weekday::Sat), &[1, 2]),
        schedule("5c4e3", Rhythm::AfterJob(id(1).parse().unwrap()), &[3]),
        schedule("5c4e4", Rhythm::AfterJob(id(4).parse().unwrap()), &[7]),
        schedule("5c4e5", Rhythm::Hourly { every_h: 6 }, &[7]),
    ]);
    let mut server2 = found("server2", vec![job(8, "バックアップ"), job(1, "A clone of server1")]);
    server2.destinations = Seen::Known(vec![destination(DESTINATION, "NAS"), destination(CLOUD, "S3 # far")]);
    server2.schedules = Seen::Unknown(Why::new("not allowed by the gate"));
    let mut server3 = found("server3", Vec::new());
    server3.jobs = Seen::Unknown(Why::new("no route to host"));
    vec![server1, server2, server3]
}

#[test]
fn a_plan_from_servers_is_what_was_approved_and_valid() {
    let login = Login { port: Some(22), key: Some("/root/.ssh/jbr".into()), ..Login::default() };
    let imported = import(&everything(), login, None).unwrap();
    let text = imported.draft.to_yaml();
    check("live.yaml", &text);
    check("live.txt", &(imported.said.join("\n") + "\n"));
    assert_eq!(imported.unread, ["server3: no route to host"]);
    let desired = load(&text);
    let expected = [
        ("server1/accounts-backup", 1),
        ("server1/directories-home-all", 2),
        ("server1/databases-n-forged-job", 3),
        ("server1/accounts-backup-2", 7),
        ("server2/job", 8),
    ];
    assert_eq!(jobs_of(&desired), expected.map(|(address, number)| (address.to_owned(), id(number))));
    assert_eq!(desired.servers[0].destination.as_ref().unwrap().id.as_str(), DESTINATION);
    assert_eq!(desired.servers[1].destination, None, "nobody chose");
}

#[test]
fn schedules_become_windows_every_and_after() {
    let text = import(&everything(), Login::default(), None).unwrap().draft.to_yaml();
    let plan: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    let windows = plan["windows"].as_mapping().unwrap();
    assert_eq!(windows.len(), 1, "{text}");
    assert_eq!(plan["windows"]["jetbackup-sat-0130"]["days"][0], "sat");
    assert_eq!(plan["windows"]["jetbackup-sat-0130"]["to"], "09:30");
    assert!(plan["jobs"][0]["window"].is_null(), "two schedules, one next start: {text}");
    assert_eq!(plan["jobs"][0]["every"], "20h", "saturday and sunday are neighbours");
    assert_eq!(plan["jobs"][1]["window"], "jetbackup-sat-0130");
    assert_eq!(plan["jobs"][2]["after"][0], "server1/accounts-backup");
    assert_eq!(plan["jobs"][3]["every"], "5h");
}

/// A folder is one plan, in which a window may be declared once.
#[test]
fn a_window_that_the_plan_beside_it_has_is_named_and_not_declared_again() {
    let servers = "version: 1\nservers: { server1: { host: server1.example.com } }\n";
    let rows = [
        ("", "jetbackup-sat-0130", 1),
        (
            "windows: { jetbackup-sat-0130: { days: sat, from: 01:30, to: 09:30, timezone: UTC } }\n",
            "jetbackup-sat-0130",
            0,
        ),
        (
            "windows: { jetbackup-sat-0130: { days: sat, from: 01:30, to: 06:00, timezone: UTC } }\n",
            "jetbackup-sat-0130-2",
            1,
        ),
        (
            "windows:\n  jetbackup-sat-0130: { days: sun, timezone: UTC }\n  jetbackup-sat-0130-2: { days: sat, from: 01:30, to: 09:30, timezone: UTC }\n",
            "jetbackup-sat-0130-2",
            0,
        ),
    ];
    for (windows, named, declared) in rows {
        let beside = [Source { path: "10-servers.yaml".into(), text: format!("{servers}{windows}") }];
        let desired = plan::load_servers(&beside).unwrap();
        let known = plan::windows(&beside);
        let beside_it = Beside { desired: &desired, windows: &known };
        let draft = import(&everything()[..1], Login::default(), Some(beside_it)).unwrap().draft;
        assert_eq!(draft.jobs[1].order.windows, [named], "{windows}");
        assert_eq!(draft.windows.len(), declared, "{windows}");
        let imported = Source { path: "20-jobs.yaml".into(), text: draft.to_yaml() };
        let both = [beside[0].clone(), imported];
        let desired = plan::load(&both).unwrap_or_else(|findings| panic!("{}", plan::report(&findings, &both, false)));
        assert_eq!(desired.jobs.len(), 4);
    }
}

#[test]
fn schedules_that_wait_for_each_other_make_no_circle() {
    let mut server = found("server1", vec![job(1, "one"), job(2, "two"), job(3, "three")]);
    let after =
        |id: &str, first: usize, then: usize| schedule(id, Rhythm::AfterJob(self::id(first).parse().unwrap()), &[then]);
    server.schedules = Seen::Known(vec![after("a", 3, 1), after("b", 1, 2), after("c", 2, 3), after("d", 1, 1)]);
    let draft = import(&[server], Login::default(), None).unwrap().draft;
    let waits: Vec<usize> = draft.jobs.iter().map(|job| job.order.after.len()).collect();
    assert_eq!(waits.iter().sum::<usize>(), 2, "{waits:?}");
}

/// Two servers that are copies of one have its ids; who comes after whom is said of one server.
#[test]
fn what_cannot_be_told_for_certain_is_remarked_and_not_planned() {
    let next = Some("2026-11-28T01:30:00Z".parse().unwrap());
    let server1 = found("server1", vec![Job { next_run: next, ..job(1, "one") }]);
    let mut server2 = found("server2", vec![job(1, "one"), job(2, "two")]);
    let after = Rhythm::AfterJob(id(1).parse().unwrap());
    server2.schedules = Seen::Known(vec![schedule("a", after, &[2])]);
    // One of them no plan can hold: it may be the guarded one all the same.
    let destinations = vec![destination(DESTINATION, "NAS"), destination(&CLOUD.to_uppercase(), "S3")];
    server2.destinations = Seen::Known(destinations);
    let draft = import(&[server1, server2], Login::default(), None).unwrap().draft;
    assert_eq!(draft.jobs[0].notes, ["JetBackup starts it by itself, next 2026-11-28 01:30 UTC"]);
    let two = &draft.jobs[2];
    assert!(two.order.after.is_empty() && two.notes.iter().any(|note| note.contains("came after job")), "{two:?}");
    assert!(matches!(draft.servers[1].guard, Guard::Choice(_)), "{:?}", draft.servers[1].guard);
}

/// A copy of a server has the same ids: what is declared of the one is said of the other, and not passed over.
#[test]
fn a_job_whose_id_is_declared_on_another_server_is_left_out_with_the_reason() {
    let declared = format!("jobs: [{{ name: one, server: server2, id: \"{}\" }}]\n", id(1));
    let servers = "version: 1\nservers: { server1: { host: h }, server2: { host: i } }\n";
    let desired = load(&format!("{servers}{declared}"));
    let beside = Beside { desired: &desired, windows: &[] };
    let found = [found("server1", vec![job(1, "one")]), found("server2", vec![job(1, "one")])];
    let draft = import(&found, Login::default(), Some(beside)).unwrap().draft;
    let left_out: Vec<Option<&str>> = draft.jobs.iter().map(|job| job.left_out.as_deref()).collect();
    assert_eq!(left_out, [Some("server2/one has the same id, and one backup must not be asked for twice")]);
}

fn labels() -> impl Strategy<Value = String> {
    let hostile = prop::sample::select(vec![
        "\n  - { name: forged, server: s, id: \"eeeeeeeeeeeeeeeeeeeeeeee\" }\n",
        "a: b # c",
        "\"'",
        "\u{0}\u{1b}[2J\u{202e}\u{85}\u{2028}",
        "\u{fffe}\u{ffff}\u{feff}",
        "no",
        "1e3",
        "*alias &anchor !tag",
        "---",
        "%YAML",
        "\\",
        "\t",
    ]);
    prop_oneof![".{0,60}", "(?s).{0,60}", hostile.prop_map(str::to_owned), "[^ ]{200,400}"]
}

proptest! {
    #[test]
    fn whatever_servers_call_things_the_plan_has_exactly_the_jobs_that_run(
        names in prop::collection::vec((labels(), any::<bool>(), 1_i64..5), 1..8),
        destinations in prop::collection::vec(labels(), 0..4),
        schedule_name in labels(),
    ) {
        // Facts are printable when they come; the import must not rely on it.
        let jobs: Vec<Job> = names
            .iter()
            .enumerate()
            .map(|(number, (name, disabled, kind))| Job { disabled: *disabled, kind: *kind, ..job(number, name) })
            .collect();
        let expected: BTreeSet<String> = jobs.iter().filter(|job| !job.disabled && job.kind != 3).map(|job| job.id.to_string()).collect();
        prop_assume!(!expected.is_empty());
        let mut server = found("s", jobs);
        let cloud = |number: usize| format!("6503eec8ebbf07708d06f{number:03x}");
        let mut known = vec![destination(DESTINATION, "NAS")];
        known.extend(destinations.iter().enumerate().map(|(number, name)| destination(&cloud(number), name)));
        server.destinations = Seen::Known(known);
        server.schedules = Seen::Known(vec![Schedule { name: schedule_name, ..schedule("5c4e", Rhythm::Other(9), &[0, 1]) }]);
        let text = import(&[server], Login::default(), None).unwrap().draft.to_yaml();
        let desired = load(&text);
        let ids: Vec<String> = desired.jobs.iter().map(|job| job.id.to_string()).collect();
        prop_assert_eq!(ids.len(), expected.len());
        prop_assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), expected);
        prop_assert_eq!(desired.servers.len(), 1);
    }

    #[test]
    fn whatever_stands_in_a_configuration_the_plan_has_exactly_its_jobs(
        labels in prop::collection::vec(labels(), 1..6),
        server in labels(),
        (from, user) in (labels(), labels()),
        extra in labels(),
    ) {
        let jobs: Vec<serde_json::Value> = labels
            .iter()
            .enumerate()
            .map(|(number, label)| serde_json::json!({"job_id": id(number), "server": server, "label": label, "type": label}))
            .collect();
        let mut servers = serde_json::Map::new();
        servers.insert(server.clone(), serde_json::json!({"host": "h.example.com"}));
        let json = serde_json::json!({
            "servers": servers, "jobs": jobs, "notification": {"from_address": from, "smtp_user": user, "to_addresses": [extra]},
            "z": {"extra": extra},
        });
        let converted = config::convert(&json.to_string()).unwrap();
        let desired = load(&converted.draft.to_yaml());
        let ids: Vec<String> = desired.jobs.iter().map(|job| job.id.to_string()).collect();
        prop_assert_eq!(ids, (0..labels.len()).map(id).collect::<Vec<_>>());
        prop_assert_eq!((desired.servers.len(), desired.servers[0].host.as_str()), (1, "h.example.com"));
    }

    #[test]
    fn no_text_makes_the_reader_of_configurations_panic(text in "(?s).{0,200}", json in "[\\[\\]{}\",:0-9a-z ]{0,80}") {
        let _ = config::convert(&text);
        let _ = config::convert(&json);
    }
}

/// `jbr` in a folder of its own, without a server.
fn jbr(folder: &Path, arguments: &[&str]) -> Ran {
    Ran::of(ran::jbr(arguments).current_dir(folder))
}

/// Every key that the predecessor knew.
const CONFIG: &str = include_str!("import/config.json");

#[test]
fn the_predecessors_configuration_becomes_a_plan_and_every_key_has_a_fate() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), CONFIG).unwrap();
    let ran = jbr(folder.path(), &["import", "--config-json", "config.json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    check("config.yaml", &ran.stdout);
    check("config.txt", &ran.stderr);
    assert!(
        !ran.text().contains("correct horse") && !ran.text().contains("battery staple"),
        "a secret: {}",
        ran.text()
    );

    fs::write(folder.path().join("x.yaml"), &ran.stdout).unwrap();
    let validated = jbr(folder.path(), &["--plan", "x.yaml", "validate"]);
    assert_eq!((validated.code, validated.stdout.as_str()), (Some(0), "x.yaml: valid: 3 servers, 4 jobs\n"));

    let json: serde_json::Value = serde_json::from_str(CONFIG).unwrap();
    let told = flat(&ran.stderr);
    for section in ["orchestrator", "destination", "notification"] {
        for key in json[section].as_object().unwrap().keys() {
            assert!(told.contains(&format!("{section}.{key}: ")), "{section}.{key} has no fate: {told}");
        }
    }
    for (server, keys) in json["servers"].as_object().unwrap() {
        for key in keys.as_object().unwrap().keys() {
            assert!(told.contains(&format!("servers.{server}.{key}: ")), "servers.{server}.{key} has no fate: {told}");
        }
    }
}

/// A small configuration with this added, as a plan; what is said of the key has these words.
fn planned(server: &str, jobs: &str, rest: &str, key: &str, words: &str) -> String {
    let rest = if rest.is_empty() { String::new() } else { format!(", {rest}") };
    let text =
        format!(r#"{{"servers": {{"a": {{"host": "g"}}, "s": {{"host": "h"{server}}}}}, "jobs": [{jobs}]{rest}}}"#);
    let converted = config::convert(&text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
    let fates: Vec<&str> = converted.account.iter().filter(|it| it.key == key).map(|it| it.words.as_str()).collect();
    assert!(fates.iter().any(|fate| fate.contains(words)), "{key}, {words}: {text}\n{fates:?}");
    let plan = converted.draft.to_yaml();
    load(&plan);
    plan
}

/// A job of the small configuration, with these keys more.
fn configured(number: usize, server: &str, more: &str) -> String {
    format!(r#"{{"job_id": "{}", "server": "{server}"{more}}}"#, id(number))
}

/// What else the predecessor's keys may say; each with a line of the plan.
#[test]
fn a_key_has_its_fate_whatever_its_value() {
    let (on_a, on_s) = (configured(2, "a", ""), configured(1, "s", ""));
    for (server, expected, words) in [
        (r#", "ssh_timeout": 600"#, "connect_timeout: 10m\n", "10m"),
        (r#", "ssh_timeout": 601"#, "    host: h\n\njobs:", "601 s is outside"),
    ] {
        let plan = planned(server, &on_s, "", "servers.s.ssh_timeout", words);
        assert!(plan.contains(expected), "{plan}");
    }
    for (jobs, expected, key, words) in [
        (configured(1, "s", r#", "type": "database""#), "name: database\n", "jobs[0]", "s/database"),
        (configured(1, "s", r#", "priority": -1000000"#), "priority: -1000000\n", "jobs", "`priority` counts over all"),
        (format!("{on_a}, {on_s}"), "jobs:", "jobs", "in the same order"),
        (format!("{on_s}, {on_a}"), "jobs:", "jobs", "ran server after server, by name"),
    ] {
        let plan = planned("", &jobs, "", key, words);
        assert!(plan.contains(expected), "{plan}");
    }
    let beyond = configured(1, "s", r#", "priority": 1000001"#);
    assert!(!planned("", &beyond, "", "jobs[0].priority", "beyond 1000000").contains("priority:"));
    for (key, value, words) in [
        ("log_max_bytes", 0, "=4G`, or `--log-size`; there, 0"),
        ("log_max_bytes", 10_000_001, "=9766K`"),
        ("log_backup_count", 1000, "=100`"),
    ] {
        let rest = format!(r#""orchestrator": {{"{key}": {value}}}"#);
        planned("", &on_s, &rest, &format!("orchestrator.{key}"), words);
    }
}

#[test]
fn mail_is_carried_over_as_it_was_and_never_with_a_password_in_the_clear() {
    let login = r#""smtp_host": "h", "smtp_user": "u", "smtp_password": "hunter2", "smtp_tls": false"#;
    for (keys, expected, key, words) in [
        (r#""enabled": false"#, "\n# notify:\n#   email:\n", "enabled", "as comments"),
        (r#""smtp_tls": false"#, "host: localhost, security: none }", "smtp_tls", "security"),
        (r#""smtp_tls": true, "smtp_port": 465"#, "security: tls }", "smtp_tls", "security"),
        (r#""smtp_tls": true, "smtp_port": 25"#, "security: starttls }", "smtp_port", "port"),
        (login, "security: starttls, user: u", "smtp_tls", "without encryption, and jbr does not"),
    ] {
        let rest = format!(r#""notification": {{"from_address": "a@b", "to_addresses": ["c@d"], {keys}}}"#);
        let plan = planned("", &configured(1, "s", ""), &rest, &format!("notification.{key}"), words);
        assert!(plan.contains(expected) && !plan.contains("hunter2"), "{keys}: {plan}");
    }
}

/// The first block of docs/migrating.md, with this folder's places; `jbr plan` needs the servers: `tests/manual.rs` has one.
#[test]
fn the_manual_of_moving_is_run_as_it_stands_and_names_every_key() {
    let manual = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/migrating.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), CONFIG).unwrap();
    let block = manual.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let script = block
        .replace("/etc/jetbackup-remote/config.json", &place("config.json"))
        .replace("/etc/jbr/plans/backups.yaml", &place("backups.yaml"))
        .replace("\njbr plan\n", "\n")
        .replace("jbr ", concat!(env!("CARGO_BIN_EXE_jbr"), " "));
    let mut shell = Command::new("/bin/sh");
    shell.args(["-euc", &script]).env_clear().env("PATH", "/usr/bin:/bin").env("JBR_PLAN", place("backups.yaml"));
    let ran = Ran::from(shell.output().unwrap());
    assert_eq!(ran.code, Some(0), "{script}\n{}", ran.text());
    assert!(ran.stdout.contains("valid: 3 servers, 4 jobs"), "{}", ran.text());

    let json: serde_json::Value = serde_json::from_str(CONFIG).unwrap();
    let table: String = manual.lines().filter(|line| line.starts_with('|')).collect();
    for section in ["orchestrator", "destination"] {
        for key in json[section].as_object().unwrap().keys() {
            assert!(table.contains(key.as_str()), "{section}.{key}");
        }
    }
    for keys in [&json["servers"]["server4"], &json["jobs"][0]] {
        for key in keys.as_object().unwrap().keys() {
            assert!(table.contains(key.as_str()), "{key}");
        }
    }
}

#[test]
fn a_written_plan_replaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), CONFIG).unwrap();
    let import = |out: &str| jbr(folder.path(), &["import", "--config-json", "config.json", "--out", out]);
    let ran = import("plan.yaml");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""));
    assert!(ran.stderr.contains("written: plan.yaml; read it, then `jbr validate`"), "{}", ran.stderr);
    let written = fs::read_to_string(folder.path().join("plan.yaml")).unwrap();
    check("config.yaml", &written);
    std::os::unix::fs::symlink("nowhere", folder.path().join("link")).unwrap();
    for (out, word) in [
        ("plan.yaml", "is there already, and is not replaced"),
        ("config.json", "is there already"),
        ("link", "is there already"),
        ("none/plan.yaml", "the folder that it would be in does not exist"),
        ("plan.yaml/x", "Not a directory"),
    ] {
        let ran = import(out);
        assert_eq!(ran.code, Some(1), "{out}");
        assert!(ran.stderr.contains(word) && ran.stderr.contains("nothing was written"), "{out}: {}", ran.stderr);
    }
    assert_eq!(fs::read_to_string(folder.path().join("plan.yaml")).unwrap(), written);
}

#[test]
fn a_server_that_cannot_be_read_is_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let ran = jbr(folder.path(), &["import", "--host", "127.0.0.1", "--port", "1", "--known-hosts", "known_hosts"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{}", ran.stderr);
    for word in ["nothing was found to import, and not all servers could be read", "127.0.0.1: the plan names no `key`"]
    {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
}

#[test]
fn a_configuration_that_is_none_is_told_where_and_how_to_mend() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    fs::write(folder.path().join("latin1"), b"{\"\xe9\": 1}").unwrap();
    fs::write(folder.path().join("large"), vec![b' '; 1024 * 1024 + 1]).unwrap();
    for (file, word) in [
        ("nowhere", "nowhere: it cannot be read: No such file"),
        ("folder", "folder: it is no regular file"),
        ("latin1", "latin1: it is not UTF-8 text (byte 3 of the file"),
        ("large", "large: it is larger than 1048576 bytes"),
    ] {
        let ran = jbr(folder.path(), &["import", "--config-json", file]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{file}");
        assert!(ran.stderr.contains(word) && ran.stderr.contains("help: "), "{file}: {}", ran.stderr);
    }
    let good = r#""servers": {"s": {"host": "h"}}, "jobs": [{"job_id": "aaaaaaaaaaaaaaaaaaaaaaaa", "server": "s"}]"#;
    for (text, words) in [
        ("", &["line 1, column 0: is not JSON: EOF"][..]),
        ("{\n  \"servers\": {,}\n}", &["line 2, column 15: is not JSON"]),
        ("[]", &["the whole file: it is a list, not an object"]),
        ("{}", &["servers: no server is declared", "jobs: no job is declared"]),
        (r#"{"servers": {}, "jobs": []}"#, &["servers: no server is declared", "jobs: no job is declared"]),
        (&format!("{{{good}, \"jobs\": []}}"), &["jobs: it stands twice"]),
        (
            &format!("{{{}}}", good.replace("\"h\"", "\"root@h\"")),
            &["servers.s.host: a plan does not take it: `host` is not a host", "write `user: root`"],
        ),
        (&format!("{{{}}}", good.replace("\"h\"", "7")), &["servers.s.host: it is a number, not text"]),
        (
            &format!("{{{}}}", good.replace("\"host\": \"h\"", "\"port\": 0")),
            &["servers.s: it has no `host`", "servers.s.port: 0 is not a port"],
        ),
        (&format!("{{{}}}", good.replace("aaaa", "zz")), &["jobs[0].job_id: \"zzzzzz", "is not a JetBackup id"]),
        (
            &format!("{{{}}}", good.replace("\"server\": \"s\"", "\"server\": \"t\"")),
            &["jobs[0].server: no server is called \"t\""],
        ),
        (
            &format!("{{{good}, \"ssh_key\": \"~/.ssh/id\"}}"),
            &["ssh_key: a plan does not take it", "write the whole path"],
        ),
        (
            &format!("{{{good}, \"ssh_key\": \"-----BEGIN PRIVATE KEY-----\\nhunter2\"}}"),
            &["ssh_key: it is the text of a key"],
        ),
        (
            &format!("{{{good}, \"orchestrator\": {{\"poll_interval\": \"30\"}}}}"),
            &["orchestrator.poll_interval: it is text, not a whole number"],
        ),
    ] {
        fs::write(folder.path().join("config.json"), text).unwrap();
        let ran = jbr(folder.path(), &["import", "--config-json", "config.json"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{text}");
        let told = flat(&ran.stderr);
        for word in words {
            assert!(
                told.contains(&format!("config.json: {word}")) || told.contains(word),
                "`{word}` for {text}:\n{}",
                ran.stderr
            );
        }
        assert!(told.contains("help: ") && told.contains("nothing was imported"), "{}", ran.stderr);
        assert!(!told.contains("hunter2"), "{}", ran.stderr);
    }
}

#[test]
fn what_is_empty_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let server = r#"{"host": "h", "user": "", "ssh_key": "", "destination_id": ""}"#;
    let job = r#"{"job_id": "aaaaaaaaaaaaaaaaaaaaaaaa", "server": "s"}"#;
    let text = format!(r#"{{"ssh_key": "", "servers": {{"s": {server}}}, "jobs": [{job}]}}"#);
    fs::write(folder.path().join("config.json"), text).unwrap();
    let ran = jbr(folder.path(), &["import", "--config-json", "config.json", "--out", "plan.yaml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for key in ["ssh_key", "servers.s.user", "servers.s.ssh_key", "servers.s.destination_id"] {
        assert!(ran.stderr.contains(&format!("· {key}: it is empty")), "{key}: {}", ran.stderr);
    }
    let valid = jbr(folder.path(), &["validate", "--plan", "plan.yaml"]);
    assert_eq!(valid.code, Some(0), "{}", valid.stderr);
}

#[test]
fn what_does_not_go_together_is_a_usage_error() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["--host", "h", "--config-json", "c"][..],
        &["--port", "22"],
        &["--host", "h", "--port", "0"],
        &["--config-json", "c", "--key", "k"],
        &["extra"],
    ] {
        assert_eq!(jbr(folder.path(), &[&["import"], arguments].concat()).code, Some(64), "{arguments:?}");
    }
    // What a plan would not take is told as a plan's problem, before anybody is asked.
    let ran = jbr(folder.path(), &["import", "--host", "root@h"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("write `user: root` and `host: h`"), "{}", ran.stderr);
    let ran = jbr(folder.path(), &["import", "--plan", "nowhere"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("there is no such file"), "{}", ran.stderr);
}

/// Two servers: one with schedules, a disabled job and a hostile name, one with two destinations.
fn site() -> Site {
    let tomorrow = Utc::now() + Duration::from_secs(24 * 3600);
    let writes = |number: usize, name: &str| simulator::Job::new(id(number), name).writes_to(DESTINATION);
    let day = Some(Duration::from_secs(24 * 3600));
    let fleet = Fleet::new(Utc::now())
        .server("a", |server| {
            with_nas(server)
                .job(writes(1, "Accounts Backup").schedule("5c4e00000000000000000001", tomorrow, day))
                .job(writes(2, "x\n  - { name: forged, server: a, id: \"eeeeeeeeeeeeeeeeeeeeeeee\" }\u{1b}[2J"))
                .job(writes(3, "Off").disabled())
        })
        .server("b", |server| {
            with_nas(server)
                .destination(simulator::Destination::on("cloud", CLOUD))
                .job(writes(4, "Databases").databases())
        });
    Site::start(&fleet)
}

fn import_of(site: &Site, server: usize, more: &[&str]) -> Ran {
    let (_, sshd) = &site.servers[server];
    let (port, key) = (sshd.port().to_string(), sshd.client_key().display().to_string());
    let known_hosts = site.path("known_hosts").display().to_string();
    let user = sshd.user().to_owned();
    let options = [
        "import",
        "--host",
        "127.0.0.1",
        "--port",
        &port,
        "--user",
        &user,
        "--key",
        &key,
        "--known-hosts",
        &known_hosts,
    ];
    site.jbr(&[&options, more].concat())
}

#[test]
fn a_live_server_becomes_a_plan_that_validates_and_runs_as_it_is() {
    let site = site();
    let ran = import_of(&site, 0, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert!(
        ran.stderr.contains("127.0.0.1: 2 to run, 2 left out as comments; guarded is what writes to "),
        "{}",
        ran.stderr
    );
    for expected in [
        "# Accounts Backup",
        "\n    every: 20h\n",
        "\n    window: jetbackup-daily-",
        "JetBackup starts it every day",
        "its configuration",
    ] {
        assert!(ran.stdout.contains(expected), "`{expected}` in:\n{}", ran.stdout);
    }
    fs::write(site.plan_path(), &ran.stdout).unwrap();
    let validated = site.jbr(&["validate"]);
    assert_eq!(validated.code, Some(0), "{}\n{}", validated.text(), ran.stdout);
    assert!(validated.stdout.contains("valid: 1 server, 2 jobs"), "{}", validated.stdout);
    let planned = site.jbr(&["plan", "--json"]);
    assert_eq!(planned.code, Some(0), "{}", planned.text());
    let queue = planned.lines()[0]["queue"].clone();
    assert_eq!((&queue[0]["action"], queue.as_array().unwrap().len()), (&"start".into(), 2));

    let ran = import_of(&site, 1, &["--out", "b.yaml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert!(ran.stderr.contains("it has 2 destinations: choose the guarded one"), "{}", ran.stderr);
    let written = fs::read_to_string(site.path("b.yaml")).unwrap();
    assert_eq!(load(&written).servers[0].destination, None);
    assert_eq!(written.matches("# destination: ").count(), 2, "{written}");

    let changing: Vec<_> = site
        .account()
        .calls
        .into_iter()
        .filter(|call| !call.function.starts_with("list") && !call.function.starts_with("get"))
        .collect();
    assert!(changing.is_empty(), "{changing:?}");
}

#[test]
fn beside_a_plan_only_what_it_lacks_is_proposed() {
    let mut site = site();
    fs::create_dir(site.path("plans")).unwrap();
    site.write_plan("");
    fs::rename(site.plan_path(), site.path("plans/10-servers.yaml")).unwrap();
    let import = |site: &Site| site.jbr(&["import", "--plan", "plans", "--out", "plans/20-jobs.yaml"]);
    assert_eq!(site.jbr(&["validate", "--plan", "plans"]).code, Some(1), "no jobs yet");
    let ran = import(&site);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    let validated = site.jbr(&["validate", "--plan", "plans"]);
    assert!(validated.stdout.contains("valid: 2 servers, 3 jobs"), "{}", validated.text());
    let again = site.jbr(&["import", "--plan", "plans"]);
    assert_eq!((again.code, again.stdout.as_str()), (Some(0), ""), "{}", again.text());
    assert!(again.stderr.contains("the plan lacks no job of these servers"), "{}", again.stderr);
    fs::remove_file(site.path("plans/20-jobs.yaml")).unwrap();

    // With one of them declared, under another name, the others are still missing.
    let declared = format!("version: 1\njobs:\n  - {{ name: accounts-backup, server: b, id: \"{}\" }}\n", id(4));
    fs::write(site.path("plans/15-one.yaml"), declared).unwrap();
    let ran = site.jbr(&["import", "--plan", "plans"]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert!(!ran.stdout.contains(&id(4)) && !ran.stdout.contains("servers:"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("# - which of its destinations is the guarded storage (`destination`)?"),
        "{}",
        ran.stdout
    );

    // A server that does not answer is named, and what was read is proposed.
    site.sshd("b").kill();
    let ran = import(&site);
    assert_eq!(ran.code, Some(1), "{}", ran.text());
    assert!(ran.stderr.contains("not all servers could be read") && ran.stderr.contains("  b: "), "{}", ran.stderr);
    let validated = site.jbr(&["validate", "--plan", "plans"]);
    assert!(validated.stdout.contains("valid: 2 servers, 3 jobs"), "{}", validated.text());
    // Nothing is left to propose; what the silent one has is not known.
    let ran = site.jbr(&["import", "--plan", "plans"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.contains("nothing was found to import") && ran.stderr.contains("  b: "), "{}", ran.stderr);
}
