//! The JSON Schema of a plan against the reader of plans: what the reader takes the schema takes, what it knows to be wrong is wrong.
//! The judge of the schema is not ours.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests fail like tests")]

#[path = "support/pages.rs"]
mod pages;
#[path = "support/ran.rs"]
mod ran;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jbr::plan::keys::{KeyTable, TABLES};
use jbr::plan::schema::{FILE_NAME, modeline, schema, shapeless};
use jbr::plan::{self, Source};
use jsonschema::Validator;
use pages::root;
use ran::{Ran, jbr};
use serde_json::{Value, json};

fn validator() -> Validator {
    jsonschema::draft7::new(&schema()).unwrap()
}

/// A plan as an editor's reader of YAML sees it: YAML 1.2, dates and times as text, one huge number like another.
fn seen(yaml: &str) -> Option<Value> {
    let yaml = yaml.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    // An id of digits alone, without quotes: serde_yaml has no number that large.
    let is_huge = |word: &str| word.len() == 24 && word.bytes().all(|b| b.is_ascii_digit());
    let words = yaml.split_inclusive([' ', ',', '}', '\n']).map(|word| match word.split_at_checked(24) {
        Some((digits, end)) if is_huge(digits) => format!("2.2e23{end}"),
        _ => word.to_owned(),
    });
    let value: serde_yaml::Value = serde_yaml::from_str(&words.collect::<String>()).ok()?;
    as_json(value)
}

fn as_json(value: serde_yaml::Value) -> Option<Value> {
    Some(match value {
        serde_yaml::Value::Mapping(map) => {
            let entries = map.into_iter().map(|(key, value)| Some((key.as_str()?.to_owned(), as_json(value)?)));
            Value::Object(entries.collect::<Option<_>>()?)
        }
        serde_yaml::Value::Sequence(items) => Value::Array(items.into_iter().map(as_json).collect::<Option<_>>()?),
        serde_yaml::Value::Number(number) => {
            let whole = number.as_i64().map(Value::from);
            whole.or_else(|| number.as_f64().map(Value::from))?
        }
        other => serde_json::to_value(other).unwrap(),
    })
}

fn is_read(yaml: &str) -> bool {
    plan::load(&[Source { path: "plan.yaml".into(), text: yaml.to_owned() }]).is_ok()
}

fn faults(validator: &Validator, yaml: &str) -> Vec<String> {
    let value = seen(yaml).unwrap_or_else(|| panic!("no YAML:\n{yaml}"));
    validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Every plan that there is: fixtures, fuzzing's, examples, and those of the documentation.
fn plans() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in ["tests/plan", "tests/fuzz/corpus/plan", "plans"] {
        for path in files(&root().join(folder)) {
            if path.extension().is_some_and(|extension| extension == "yaml")
                && let Ok(text) = fs::read_to_string(&path)
            {
                found.push((path.display().to_string(), text));
            }
        }
    }
    for path in files(&root().join("docs")).into_iter().chain([root().join("README.md")]) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for (number, block) in text.split("\n```yaml\n").skip(1).enumerate() {
            found
                .push((format!("{}, block {number}", path.display()), block.split("\n```").next().unwrap().to_owned()));
        }
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        found.extend(if path.is_dir() { files(&path) } else { vec![path] });
    }
    found
}

#[test]
fn every_plan_that_is_read_fits() {
    let validator = validator();
    let mut count = 0;
    for (name, text) in plans().iter().filter(|(_, text)| is_read(text)) {
        assert_eq!(faults(&validator, text), [""; 0], "{name}");
        count += 1;
    }
    assert!(count > 20, "{count} plans");
}

#[test]
fn a_part_of_a_folder_fits_by_itself() {
    let validator = validator();
    assert_eq!(faults(&validator, "version: 1\nservers: { a: { host: h } }\n"), [""; 0]);
    assert_eq!(faults(&validator, "version: 1\nrun: { poll: 30s }\n"), [""; 0]);
    for path in files(&root().join("tests/plan/folder")) {
        let text = fs::read_to_string(&path).unwrap();
        if seen(&text).is_some_and(|plan| plan.get("version").is_some()) {
            assert_eq!(faults(&validator, &text), [""; 0], "{}", path.display());
        }
    }
}

#[test]
fn every_key_has_a_shape_and_words_and_no_other_key_has() {
    assert_eq!(shapeless(), [""; 0], "say in src/plan/schema/shape.rs what they take");
    let schema = schema();
    let mut maps = Vec::new();
    collect(&schema, &mut maps);
    let keys = |map: &Value| -> BTreeSet<String> { map["properties"].as_object().unwrap().keys().cloned().collect() };
    for table in TABLES {
        let wanted: BTreeSet<String> = table.keys.iter().map(|key| (*key).to_owned()).collect();
        let map = maps.iter().find(|map| keys(map) == wanted);
        let map = map.unwrap_or_else(|| panic!("{} is not in the schema: src/plan/schema/shape.rs", table.name));
        for (key, shape) in map["properties"].as_object().unwrap() {
            let words = shape["description"].as_str();
            assert!(
                words.is_some_and(|words| words.len() > 5),
                "docs/plan.md has no row for `{key}` of {}",
                table.name
            );
        }
    }
    let known: Vec<BTreeSet<String>> =
        TABLES.iter().map(|table| table.keys.iter().map(|key| (*key).to_owned()).collect()).collect();
    for map in &maps {
        assert!(known.contains(&keys(map)), "no table has {:?}", keys(map));
        assert_eq!(map["additionalProperties"], false);
    }
}

/// Every map with keys of its own.
fn collect<'a>(value: &'a Value, maps: &mut Vec<&'a Value>) {
    match value {
        Value::Object(entries) => {
            if entries.contains_key("properties") {
                maps.push(value);
            }
            entries.values().for_each(|value| collect(value, maps));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, maps)),
        _ => {}
    }
}

/// A plan with one key of one table in it, and this value; everything that the value may need is declared.
fn with(table: &KeyTable, key: &str, value: &str) -> String {
    let job = |name: &str, id: &str| json!({ "name": name, "server": "s", "id": id.repeat(24) });
    let mut plan = json!({
        "version": 1,
        "windows": { "w": { "timezone": "UTC" }, "w2": { "dates": "2030-01-01", "timezone": "UTC" } },
        "servers": { "s": { "host": "h" } },
        "jobs": [job("j", "a"), job("k", "b")],
    });
    // Where the table's map is, and what it needs besides.
    let (place, needs) = match table.name {
        "the plan" => ("", json!({})),
        "a window" => ("/windows/w", json!({})),
        "an exception" => ("/windows/w/except", json!({})),
        "`defaults`" => ("/defaults", json!({})),
        "a server" => ("/servers/s", json!({})),
        "`defaults.server`" => ("/defaults/server", json!({})),
        "a destination" => ("/servers/s/destination", json!({ "id": "6503eec8ebbf07708d06f1d2" })),
        "a job" => ("/jobs/0", json!({})),
        "`defaults.job`" => ("/defaults/job", json!({})),
        "a part of `after`" => ("/jobs/0/after", json!({ "job": "s/k" })),
        "`retry`" => ("/jobs/0/retry", json!({ "attempts": 2 })),
        "`hold`" => ("/jobs/0/hold", json!({ "reason": "because" })),
        "`run`" => ("/run", json!({})),
        "`notify`" => ("/notify", json!({})),
        "`email`" => ("/notify/email", json!({ "to": "a@b.c", "from": "d@b.c", "smtp": { "host": "m" } })),
        "`smtp`" => ("/notify/email/smtp", json!({ "host": "m" })),
        "`on`" => ("/notify/email/on", json!({})),
        "`ping`" => ("/notify/ping", json!({})),
        "`webhook`" => ("/notify/webhook", json!({})),
        other => panic!("say here where {other} stands in a plan"),
    };
    if place.starts_with("/notify/email/") {
        plan["notify"] = json!({ "email": { "to": "a@b.c", "from": "d@b.c", "smtp": { "host": "m" } } });
    }
    let mut map = &mut plan;
    for step in place.split('/').skip(1) {
        map = match step {
            "0" => &mut map[0],
            step => &mut map[step],
        };
    }
    if map.is_null() {
        *map = needs;
    }
    match (key, table.name) {
        ("from", "a window" | "an exception") => map["to"] = json!("23:17"),
        ("to", "a window" | "an exception") => map["from"] = json!("03:19"),
        ("user", "`smtp`") => map["password"] = json!("env:P"),
        ("password", "`smtp`") => map["user"] = json!("u"),
        _ => {}
    }
    map[key] = json!("@");
    // JSON is YAML, and the value stands in it as somebody would write it.
    plan.to_string().replace("\"@\"", value)
}

/// What somebody may write, of every kind, right and wrong.
const VALUES: [&str; 72] = [
    "30s",
    "1h 30m",
    "2d",
    "1.5h",
    "90 minutes",
    "1m",
    "1",
    "30",
    "02:00",
    "30x",
    "1M",
    "30ms",
    "1h 30",
    "",
    "0",
    "2",
    "-5",
    "10",
    "22",
    "65535",
    "65536",
    "1000001",
    "1.5",
    "1e3",
    "true",
    "false",
    "yes",
    "null",
    "~",
    "text",
    "'quoted text'",
    "''",
    "' '",
    "a b",
    "root",
    "-x",
    "server1.example.com",
    "'::1'",
    "root@h",
    "h:22",
    "s",
    "w",
    "always",
    "[w]",
    "[w, w2]",
    "[w, w]",
    "[]",
    "{}",
    "[[]]",
    "s/k",
    "[s/k]",
    "{ job: s/k }",
    "/root/.ssh/id",
    "/root/.ssh/id.pub",
    "~/id",
    "$HOME/id",
    "/a/",
    "aaaaaaaaaaaaaaaaaaaaaaaa",
    "222222222222222222222222",
    "'222222222222222222222222'",
    "AAAAAAAAAAAAAAAAAAAAAAAA",
    "aaaa",
    "mon",
    "[sat, sun]",
    "monday",
    "2026-12-24",
    "[2026-12-24]",
    "'2026-12-24T18:00:00+01:00'",
    "'22:00'",
    "'24:00'",
    "Europe/Madrid",
    "hold",
];

/// The words of every choice, and maps.
const MORE: [&str; 39] = [
    "fixed",
    "env:NAME",
    "env:1",
    "credential:smtp",
    "credential:.x",
    "file:/etc/jbr/secret",
    "file:~/secret",
    "file:$HOME/secret",
    "file:/etc/",
    "https://hc.example.com/ping/1",
    "http://hc.example.com",
    "https://",
    "https://user:pw@hc.example.com",
    "ftp://hc.example.com",
    "ops@example.com",
    "[ops@example.com, two@example.com]",
    "Ops <ops@example.com>",
    "tls",
    "none",
    "release",
    "stop",
    "strict",
    "accept-new",
    "warn",
    "accept",
    "fail",
    "accounts",
    "directories",
    "database",
    "other",
    "disabled",
    "closed",
    "success",
    "finished",
    "failed",
    "[failed, api_error]",
    "{ attempts: 2 }",
    "{ reason: because }",
    "{ dates: 2030-01-01 }",
];

/// What the schema lets pass and the reader does not, by key: what no schema can know, or what would say nothing useful.
fn is_beyond_the_schema(table: &KeyTable, key: &str, value: &str) -> bool {
    let is_trap = ["yes", "null", "~", "02:00"].contains(&value);
    match key {
        // Names that are declared nowhere, or that another has; text that some reader of YAML takes for something else.
        "name" | "server" | "job" | "window" | "except" | "after" | "host" | "user" | "key" | "known_hosts"
        | "reason" | "hold" | "ca_file" => true,
        // How long it may be; one of two words of which one is the other's limit.
        "every" | "max_age" | "poll" | "timeout" | "start_timeout" | "connect_timeout" | "command_timeout"
        | "unreachable_wait" | "resume_within" | "wait" => seen(value).is_some_and(|value| value.is_string()),
        // It is refused without a window, in a calendar that has no such day, or where it covers its window wholly.
        "fits" => value == "true",
        "days" | "dates" | "from" | "to" => table.name == "an exception" || is_trap,
        // A number that readers of YAML disagree about.
        "port" | "priority" | "attempts" => value == "1e3",
        // Another job has it.
        "id" => table.name == "a job",
        _ => false,
    }
}

#[test]
fn the_schema_never_refuses_what_the_reader_takes_and_knows_what_it_can() {
    let validator = validator();
    let (mut taken, mut refused, mut wrong) = (0, 0, Vec::new());
    for table in TABLES {
        for key in table.keys {
            let mut any = false;
            for value in VALUES.iter().chain(&MORE) {
                let plan = with(table, key, value);
                let Some(seen) = seen(&plan) else { continue };
                let (reads, fits) = (is_read(&plan), validator.is_valid(&seen));
                any |= reads;
                taken += usize::from(reads && fits);
                refused += usize::from(!reads && !fits);
                if reads && !fits {
                    let why = faults(&validator, &plan).join(", ");
                    wrong.push(format!("`{key}: {value}` of {} is refused: {why}", table.name));
                }
                if fits && !reads && !is_beyond_the_schema(table, key, value) {
                    wrong.push(format!("`{key}: {value}` of {} is taken", table.name));
                }
            }
            let whole = [
                "servers", "jobs", "windows", "defaults", "run", "server", "job", "notify", "email", "smtp", "on",
                "ping", "webhook",
            ];
            assert!(any || whole.contains(key), "no value was right for `{key}` of {}", table.name);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(taken > 200 && refused > 2000, "{taken} taken, {refused} refused");
}

#[test]
fn what_is_wrong_is_marked() {
    let validator = validator();
    let job = "{ name: a, server: s, id: aaaaaaaaaaaaaaaaaaaaaaaa";
    for (wrong, at) in [
        (format!("jobs: [{job}, colour: red }}]"), "/jobs/0"),
        (format!("jobs: [{job}, timeout: 30 }}]"), "/jobs/0/timeout"),
        (format!("jobs: [{job}, timeout: 3 fortnights }}]"), "/jobs/0/timeout"),
        (format!("jobs: [{job}, priority: high }}]"), "/jobs/0/priority"),
        ("jobs: [{ name: a, server: s, id: aaaa }]".to_owned(), "/jobs/0/id"),
        ("jobs: [{ name: a, server: s }]".to_owned(), "/jobs/0"),
        ("servers: { 's 1': { host: h } }".to_owned(), "/servers"),
        ("servers: { s: { host: h, port: 99999 } }".to_owned(), "/servers/s/port"),
        ("windows: { always: { timezone: UTC } }".to_owned(), "/windows"),
        ("windows: { w: { timezone: Europe/Madird } }".to_owned(), "/windows/w/timezone"),
        ("windows: { w: { timezone: UTC, from: '22:00' } }".to_owned(), "/windows/w"),
        ("windows: { w: { timezone: UTC, days: mon, dates: 2026-12-24 } }".to_owned(), "/windows/w"),
        ("job: []".to_owned(), ""),
    ] {
        let plan = format!("version: 1\n{wrong}\n");
        let faults = faults(&validator, &plan);
        assert!(faults.iter().any(|fault| fault.starts_with(&format!("{at}: "))), "{plan}{faults:?}");
        assert!(!is_read(&plan), "{plan}");
    }
}

#[test]
fn the_file_is_what_the_command_prints_and_every_example_names_it() {
    let Ran { code, stdout: printed, stderr } = Ran::of(&mut jbr(&["schema"]));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let path = root().join("plans").join(FILE_NAME);
    if std::env::var_os("JBR_BLESS").is_some() {
        fs::write(&path, &printed).unwrap();
    }
    assert!(fs::read_to_string(&path).unwrap() == printed, "JBR_BLESS=1 writes plans/{FILE_NAME} anew");
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), schema());
    for path in files(&root().join("plans")).into_iter().filter(|path| path.extension().is_some_and(|e| e == "yaml")) {
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().next(), Some(modeline().as_str()), "{}", path.display());
    }
}

#[test]
fn the_schema_is_one() {
    assert!(jsonschema::meta::is_valid(&schema()));
}
