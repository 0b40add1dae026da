//! What `jetbackup5api` prints: an envelope and its facts, or the reason why there is none. Nothing that was not understood becomes a
//! default.

use jbr::jetbackup::facts::{Destination, Group, Job, Log};
use jbr::jetbackup::page::Page;
use jbr::jetbackup::reply::{self, Envelope, ReplyError};
use jbr::printable::PRINTABLE_LENGTH_MAX;
use jbr::transport::Output;
use serde_json::Value;

use crate::engine::{MIB, Target, run};

/// Words of the answers; the client's target uses them too.
pub(crate) const DICTIONARY: [&str; 70] = [
    "\"success\":1",
    "\"success\":0",
    "\"success\":true",
    "\"success\":\"1\"",
    "\"success\":null",
    "\"success\":2",
    "\"message\":\"\"",
    "\"data\":",
    "\"data\":[]",
    "\"data\":null",
    "\"system\":{\"version\":\"5.3.14\"}",
    "\"licenseIssue\":1",
    "\"total\":",
    "\"jobs\":[",
    "\"groups\":[",
    "\"destinations\":[",
    "\"logs\":[",
    "\"_id\":\"aaaaaaaaaaaaaaaaaaaaaaaa\"",
    "\"id\":",
    "\"job_id\":",
    "\"ID\":",
    "\"name\":\"x\"",
    "\"type\":1",
    "\"type\":2",
    "\"status\":2",
    "\"status\":100",
    "\"status\":104",
    "\"status\":\"1\"",
    "\"disabled\":false",
    "\"disabled\":null",
    "\"disabled\":\"\"",
    "\"disabled\":[]",
    "\"running\":true",
    "\"running\":\"yes\"",
    "\"schedules\":[]",
    "\"schedules\":{\"3\":{}}",
    "\"destination\":[",
    "\"created\":",
    "\"2026-11-23T02:00:00+01:00\"",
    "\"2026-11-23T02:00:00\"",
    "\"2026-02-30T02:00:00Z\"",
    "1795399200000",
    "\"start_time\":",
    "\"end_time\":false",
    "\"info\":{",
    "\"progress\":{\"percentage\":50}",
    "\"progress\":\"50\"",
    "\"execution_time\":-1",
    "\"backup_forks\":1",
    "\"contains\":511",
    "\"log_id\":\"\"",
    "\"log_contents\":\"one\\ntwo\"",
    "\"next_run\":\"\"",
    "null",
    "true",
    "[]",
    "{}",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "\\u0000",
    "\\ud800",
    "PHP Warning:  x in y on line 1\n",
    "\n%%\n",
    "\n%%\n%lost\n%%\n",
    "\n%stderr\n",
];

const TARGET: Target = Target {
    name: "reply",
    dictionary: &DICTIONARY,
    executions: 40_000,
    memory_base: MIB,
    memory_per_byte: 100,
    allocations_base: 5000,
    allocations_per_byte: 200,
    check,
};

#[test]
fn any_reply() {
    run(&TARGET);
}

fn check(input: &[u8]) -> String {
    let output = Output { stdout: input.to_vec(), exit: Some(0), ..Output::default() };
    let data = match Envelope::read("f", &output).and_then(Envelope::into_data) {
        Ok(data) => data,
        Err(error) => return refused(&error),
    };
    let raw = whole(input);
    assert!(is_yes(&raw["success"]), "taken for a success: {}", raw["success"]);
    let node = data.node();
    let raw = raw.get("data").cloned().unwrap_or_default();
    let kinds = [
        page(reply::jobs(&node), &raw, "jobs", job),
        page(reply::groups(&node), &raw, "groups", group),
        page(reply::destinations(&node), &raw, "destinations", destination),
        page(reply::logs(&node), &raw, "logs", log),
        one(reply::job(&node), &raw, job),
        one(reply::group(&node), &raw, group),
        one(reply::log_text(&node), &raw, |log, raw| {
            assert_eq!(Some(log.group.as_str()), raw["_id"].as_str(), "{raw}");
            let contents = &raw["log_contents"];
            assert!(contents.as_str().is_none_or(|text| text == log.text), "{raw}");
        }),
        one(reply::destination(&node), &raw, destination),
        one(reply::log(&node), &raw, log),
        one(reply::performance(&node), &raw, |performance, raw| {
            assert_eq!(performance.backup_forks, unset_or(&raw["backup_forks"], int), "{raw}");
        }),
    ];
    let mut kinds: Vec<String> = kinds.into();
    kinds.sort();
    kinds.dedup();
    kinds.join("; ")
}

/// The object that ends the output, read without any of jbr's code.
fn whole(input: &[u8]) -> Value {
    let starts = (0..input.len()).filter(|at| input[*at] == b'{');
    starts.into_iter().find_map(|at| serde_json::from_slice(&input[at..]).ok()).expect("a success without an object")
}

fn refused(error: &ReplyError) -> String {
    let (ReplyError::Refused { message, .. } | ReplyError::Garbled { message, .. }) = error;
    assert!(!message.is_empty() && !message.contains(char::is_control), "{message:?}");
    // A character that must be spelled out takes nine.
    assert!(message.chars().count() < 10 * PRINTABLE_LENGTH_MAX, "{} characters", message.chars().count());
    let words = message.split(['"', '(']).next().unwrap_or_default();
    words.chars().filter(|c| !c.is_ascii_digit()).take(60).collect()
}

fn page<T>(read: Result<Page<T>, ReplyError>, raw: &Value, key: &str, same: impl Fn(&T, &Value)) -> String {
    let page = match read {
        Ok(page) => page,
        Err(error) => return refused(&error),
    };
    assert_eq!(i64::try_from(page.total).ok(), int(&raw["total"]), "{raw}");
    let rows = rows(&raw[key]);
    assert_eq!(page.rows.len(), rows.len(), "rows were lost: {raw}");
    page.rows.iter().zip(rows).for_each(|(row, raw)| same(row, raw));
    format!("{} {key}", page.rows.len().min(3))
}

fn one<T>(read: Result<T, ReplyError>, raw: &Value, same: impl Fn(&T, &Value)) -> String {
    match read {
        Ok(fact) => {
            same(&fact, raw);
            "one".to_owned()
        }
        Err(error) => refused(&error),
    }
}

/// A list, or an object with numbers for keys in the order of these.
fn rows(raw: &Value) -> Vec<&Value> {
    match raw {
        Value::Null => Vec::new(),
        Value::Array(rows) => rows.iter().collect(),
        Value::Object(map) => {
            let mut rows: Vec<(u64, &Value)> = map.iter().map(|(key, row)| (key.parse().unwrap(), row)).collect();
            rows.sort_by_key(|(key, _)| *key);
            rows.into_iter().map(|(_, row)| row).collect()
        }
        other => panic!("taken for a list: {other}"),
    }
}

fn job(job: &Job, raw: &Value) {
    assert_eq!(Some(job.id.as_str()), raw["_id"].as_str(), "{raw}");
    assert_eq!(Some(job.kind), int(&raw["type"]), "{raw}");
    assert_eq!(job.disabled, is_disabled(raw), "{raw}");
    assert_eq!(job.running, unset_or(&raw["running"], flag), "{raw}");
    assert_eq!(job.contains, unset_or(&raw["contains"], int), "{raw}");
    assert_eq!(job.destinations.len(), rows(&raw["destination"]).len(), "{raw}");
    assert_eq!(job.schedules, raw.get("schedules").map(|list| rows(list).len()), "{raw}");
    assert_eq!(job.next_run.is_none(), is_no_time(&raw["next_run"]), "{raw}");
}

fn group(group: &Group, raw: &Value) {
    assert_eq!(Some(group.id.as_str()), raw["_id"].as_str(), "{raw}");
    assert_eq!(Some(group.status.code()), int(&raw["status"]), "{raw}");
    assert!(matches!(unset_or(&raw["type"], int), None | Some(1)), "not a backup: {raw}");
    assert_eq!(group.log.as_ref().map(jbr::names::LogId::as_str), unset_or(&raw["log_id"], Value::as_str), "{raw}");
    assert_eq!(group.created.is_none(), is_no_time(&raw["created"]), "{raw}");
    let named = [&raw["data"]["_id"], &raw["data"]["id"], &raw["job_id"]].into_iter().find(|id| !is_unset(id));
    assert_eq!(group.job.as_ref().map(jbr::names::JobId::as_str), named.and_then(Value::as_str), "{raw}");
}

fn destination(destination: &Destination, raw: &Value) {
    assert_eq!(Some(destination.id.as_str()), raw["_id"].as_str(), "{raw}");
    assert_eq!(destination.disabled, is_disabled(raw), "{raw}");
}

fn log(log: &Log, raw: &Value) {
    assert_eq!(Some(log.id.as_str()), raw["_id"].as_str(), "{raw}");
    assert!(matches!(unset_or(&raw["type"], int), None | Some(1)), "not a backup: {raw}");
    assert_eq!(log.job.as_ref().map(jbr::names::JobId::as_str), unset_or(&raw["info"]["ID"], Value::as_str), "{raw}");
    assert_eq!(log.started.is_none(), is_no_time(&raw["start_time"]), "{raw}");
    assert_eq!(log.ended.is_none(), is_no_time(&raw["end_time"]), "{raw}");
    let code = int(&raw["status"]).unwrap();
    assert_eq!(log.status, jbr::jetbackup::facts::LogStatus::from_code(code), "{raw}");
}

fn is_yes(value: &Value) -> bool {
    flag(value) == Some(true)
}

/// Must be there; null is documented as false.
fn is_disabled(raw: &Value) -> bool {
    let value = raw.get("disabled").expect("a flag out of nothing");
    !value.is_null() && flag(value).expect("a flag out of something else")
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        value => match int(value)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
    }
}

/// A whole number, as a number or as text that is written like one.
fn int(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse::<i64>().ok().filter(|number| number.to_string() == *text),
        Value::Number(number) => number.as_i64().or_else(|| {
            let float = number.as_f64()?;
            format!("{float}").parse().ok().filter(|_| float.abs() <= 9_007_199_254_740_992.0)
        }),
        _ => None,
    }
}

fn is_unset(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// `None` for what is unset; what is set must be readable.
fn unset_or<'a, T>(value: &'a Value, read: impl Fn(&'a Value) -> Option<T>) -> Option<T> {
    (!is_unset(value)).then(|| read(value).unwrap_or_else(|| panic!("a fact out of {value}")))
}

fn is_no_time(value: &Value) -> bool {
    is_unset(value) || *value == Value::Bool(false) || int(value) == Some(0)
}
