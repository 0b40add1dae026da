//! Answers of every shape: what is understood, and what is refused with its place and value.

use std::time::Duration;

use chrono::Weekday;
use jbr::clock::Timestamp;
use jbr::jetbackup::facts::{Destination, Group, GroupStatus, Job, Log, LogStatus, Performance, Rhythm};
use jbr::jetbackup::reply::{self, Envelope, Node, ReplyError};
use jbr::transport::Output;
use serde_json::{Value, json};

use crate::scripted::{fixture, stdout};

fn read<T>(stdout_bytes: Vec<u8>, take: impl Fn(&Node) -> Result<T, ReplyError>) -> Result<T, ReplyError> {
    let data = Envelope::read("theFunction", &stdout(stdout_bytes))?.into_data()?;
    take(&data.node())
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn message<T: std::fmt::Debug>(result: Result<T, ReplyError>) -> String {
    result.expect_err("this must not be understood").to_string()
}

/// Reads a value put into the place that `put` chooses of a good object.
fn one<T>(
    good: &Value,
    key: &str,
    value: &Value,
    take: impl Fn(&Node) -> Result<T, ReplyError>,
) -> Result<T, ReplyError> {
    let mut object = good.clone();
    object[key] = value.clone();
    take(&Node::new("theFunction", "data", &object))
}

#[test]
fn jobs_as_documented() {
    let page = read(fixture("jobs-numbers.json"), reply::jobs).unwrap();
    assert_eq!(page.total, 2);
    let expected = [
        Job {
            id: "6503d9d5a31fb181bf02f684".parse().unwrap(),
            name: "JetBackup Config".into(),
            kind: 3,
            contains: Some(0),
            destinations: vec!["6503eec8ebbf07708d06f1d2".parse().unwrap()],
            disabled: false,
            running: Some(false),
            schedules: Some(1),
            next_run: Some(time("2026-11-24T01:00:00Z")),
        },
        Job {
            id: "aaaaaaaaaaaaaaaaaaaaaaaa".parse().unwrap(),
            name: "Accounts, nightly".into(),
            kind: 1,
            contains: Some(511),
            destinations: vec![
                "6503eec8ebbf07708d06f1d2".parse().unwrap(),
                "6503d9d5a31fb181bf02f682".parse().unwrap(),
            ],
            disabled: true,
            running: Some(true),
            schedules: Some(0),
            next_run: None,
        },
    ];
    assert_eq!(page.rows, expected);
}

#[test]
fn jobs_whose_types_wandered() {
    let page = read(fixture("jobs-wandered.json"), reply::jobs).unwrap();
    let expected = [
        Job {
            id: "aaaaaaaaaaaaaaaaaaaaaaaa".parse().unwrap(),
            name: "404".into(),
            kind: 1,
            contains: Some(132),
            destinations: vec![],
            disabled: false,
            running: Some(true),
            schedules: Some(2),
            next_run: Some(time("2026-11-24T01:00:00Z")),
        },
        Job {
            id: "bbbbbbbbbbbbbbbbbbbbbbbb".parse().unwrap(),
            name: "second".into(),
            kind: 2,
            contains: None,
            destinations: vec!["d1".parse().unwrap(), "d2".parse().unwrap()],
            disabled: false,
            running: Some(false),
            schedules: Some(0),
            next_run: Some(time("2026-11-23T01:00:00Z")),
        },
    ];
    assert_eq!((page.rows.as_slice(), page.total), (expected.as_slice(), 2));
}

#[test]
fn groups_in_every_state() {
    let page = read(fixture("groups-all-states.json"), reply::groups).unwrap();
    let group =
        |id: &str, job: Option<&str>, created, status, log: Option<&str>, percent, seconds: Option<u64>| Group {
            id: id.repeat(24).parse().unwrap(),
            job: job.map(|job| job.repeat(24).parse().unwrap()),
            created: Some(time(created)),
            status,
            log: log.map(|log| log.repeat(24).parse().unwrap()),
            percent,
            execution_time: seconds.map(Duration::from_secs),
        };
    let expected = [
        group("1", Some("a"), "2026-11-22T01:00:00Z", GroupStatus::Partial, Some("c"), Some(100), Some(4197)),
        group("3", Some("b"), "2026-11-23T01:30:00Z", GroupStatus::Pending, None, None, None),
        group("2", Some("a"), "2026-11-23T01:00:00Z", GroupStatus::Step(7), Some("d"), Some(41), Some(1250)),
        group("4", None, "2026-11-21T01:00:00Z", GroupStatus::Other(142), None, None, None),
    ];
    assert_eq!(page.rows, expected);
}

#[test]
fn destinations_disabled_in_every_way_of_saying_it() {
    let page = read(fixture("destinations.json"), reply::destinations).unwrap();
    let destination = |id: &str, name: &str, kind: &str, disabled| Destination {
        id: id.parse().unwrap(),
        name: name.into(),
        kind: kind.into(),
        disabled,
    };
    let expected = [
        destination("6503eec8ebbf07708d06f1d2", "NAS", "SSH", false),
        destination("6503d9d5a31fb181bf02f682", "old \\u{1b}[2J disk", "Localv2", true),
        destination("6503d9d5a31fb181bf02f683", "far", "S3", true),
        destination("6503d9d5a31fb181bf02f685", "near", "Local", false),
    ];
    assert_eq!(page.rows, expected);
}

#[test]
fn logs_with_their_own_statuses() {
    let page = read(fixture("logs.json"), reply::logs).unwrap();
    let log = |id: &str, job: Option<&str>, started, ended: Option<&str>, status| Log {
        id: id.repeat(24).parse().unwrap(),
        job: job.map(|job| job.repeat(24).parse().unwrap()),
        started: Some(time(started)),
        ended: ended.map(time),
        status,
    };
    let expected = [
        log("c", Some("a"), "2026-11-22T01:00:03Z", Some("2026-11-22T02:10:00Z"), LogStatus::Partial),
        log("d", Some("a"), "2026-11-23T01:00:02Z", None, LogStatus::Processing),
        log("e", None, "2026-11-21T01:40:00Z", Some("2026-11-21T01:41:00Z"), LogStatus::Other(77)),
    ];
    assert_eq!(page.rows, expected);
}

#[test]
fn schedules_of_every_type() {
    let row = |kind: Value, data: Value| json!({"_id": "5c4e", "name": "nightly", "type": kind, "type_data": data, "jobs": [{"_id": "a1", "name": "Backup: x"}, "a2"]});
    let read = |kind: Value, data: Value| reply::schedule(&Node::new("listSchedules", "data", &row(kind, data)));
    let good = [
        (json!(1), json!(4), Rhythm::Hourly { every_h: 4 }),
        (json!("1"), json!("12"), Rhythm::Hourly { every_h: 12 }),
        (json!(2), json!([1, "7"]), Rhythm::Daily(vec![Weekday::Sun, Weekday::Sat])),
        (json!(3), json!(2), Rhythm::Weekly(Weekday::Mon)),
        (json!(3), json!([2]), Rhythm::Weekly(Weekday::Mon)),
        (json!(4), json!({"0": 1, "2": 28}), Rhythm::Monthly(vec![1, 28])),
        (json!(5), json!("a3"), Rhythm::AfterJob("a3".parse().unwrap())),
        (json!(6), json!(null), Rhythm::Other(6)),
    ];
    for (kind, data, rhythm) in good {
        let schedule = read(kind, data).unwrap();
        assert_eq!(schedule.rhythm, rhythm);
        assert_eq!(schedule.jobs, ["a1".parse().unwrap(), "a2".parse().unwrap()]);
    }
    let bad = [
        (json!(1), json!(0), "data.type_data is 0, not hours, 1 to 24"),
        (json!(2), json!([]), "data.type_data is [], not a list of days"),
        (json!(2), json!([8]), "data.type_data[0] is 8, not a day of the week, 1 to 7"),
        (json!(3), json!([1, 2]), "data.type_data is [1,2], not one day of the week"),
        (json!(4), json!([0]), "data.type_data[0] is 0, not a day of the month"),
        (json!(5), json!(7), "data.type_data is 7, not an id"),
        (json!(null), json!(7), "data.type is null, not a whole number"),
    ];
    for (kind, data, expected) in bad {
        assert_eq!(message(read(kind, data)), format!("listSchedules: {expected}"));
    }
    // Before it was ever used, and in versions that do not say by whom.
    let unused = json!({"_id": "5c4e", "name": 7, "type": 1, "type_data": 1});
    assert_eq!(reply::schedule(&Node::new("listSchedules", "data", &unused)).unwrap().jobs, []);
}

#[test]
fn performance_says_what_it_knows() {
    let table = [
        (json!({"backup_forks": 3}), Some(3)),
        (json!({"backup_forks": "10"}), Some(10)),
        (json!({"backup_forks": null}), None),
        (json!({"backup_forks": ""}), None),
        (json!({}), None),
        (json!([]), None),
        (Value::Null, None),
    ];
    for (data, backup_forks) in table {
        let node = Node::new("theFunction", "data", &data);
        assert_eq!(reply::performance(&node), Ok(Performance { backup_forks }), "{data}");
    }
    assert_eq!(read(fixture("performance.json"), reply::performance), Ok(Performance { backup_forks: Some(3) }));
    let odd = json!({"backup_forks": [1]});
    let error = message(reply::performance(&Node::new("theFunction", "data", &odd)));
    assert_eq!(error, "theFunction: data.backup_forks is [1], not a whole number");
}

#[test]
fn empty_lists_in_every_way_of_writing_them() {
    for rows in [json!([]), json!(null), json!({})] {
        let data = json!({"groups": rows, "total": 0});
        let page = reply::groups(&Node::new("theFunction", "data", &data)).unwrap();
        assert_eq!((page.rows.len(), page.total), (0, 0));
    }
}

#[test]
fn a_list_that_is_not_there_is_not_an_empty_one() {
    let table = [
        (json!([]), "data.total is missing"),
        (json!(null), "data.total is missing"),
        (json!({"groups": []}), "data.total is missing"),
        (json!({"total": 0}), "data.groups is missing"),
        (json!({"total": null, "groups": []}), "data.total is null, not a whole number"),
        (json!({"total": -1, "groups": []}), "data.total is -1, not a count"),
        (json!({"total": 1.5, "groups": []}), "data.total is 1.5, not a whole number"),
        (json!({"total": 0, "groups": ""}), "data.groups is \"\", not a list"),
        (json!({"total": 0, "groups": {"a": 1}}), "data.groups is {\"a\":1}, not a list"),
        (json!("x"), "data is \"x\", not an object"),
        (json!({"total": 1, "groups": [7]}), "data.groups[0] is 7, not an object"),
        (json!({"total": 1, "groups": [null]}), "data.groups[0]._id is missing"),
    ];
    for (data, expected) in table {
        let error = message(reply::groups(&Node::new("theFunction", "data", &data)));
        assert_eq!(error, format!("theFunction: {expected}"), "{data}");
    }
}

#[test]
fn one_unreadable_row_makes_the_list_unknown_and_is_named() {
    let mut answer: Value = serde_json::from_slice(&fixture("groups-all-states.json")).unwrap();
    answer["data"]["groups"][2]["status"] = json!("run\u{1b}ning");
    let error = message(read(answer.to_string().into_bytes(), reply::groups));
    assert_eq!(error, "theFunction: data.groups[2].status is \"run\\u001bning\", not a whole number");

    let mut answer: Value = serde_json::from_slice(&fixture("jobs-wandered.json")).unwrap();
    answer["data"]["jobs"]["10"]["disabled"] = json!("no");
    let error = message(read(answer.to_string().into_bytes(), reply::jobs));
    assert_eq!(error, "theFunction: data.jobs[10].disabled is \"no\", not a flag (true or false, 1 or 0)");
}

#[test]
fn what_a_fact_rests_on_must_be_there() {
    let good: Value = serde_json::from_slice(&fixture("jobs-numbers.json")).unwrap();
    for key in ["_id", "name", "type", "disabled"] {
        let mut job = good["data"]["jobs"][0].clone();
        job.as_object_mut().unwrap().remove(key);
        let error = message(reply::job(&Node::new("f", "data", &job)));
        assert_eq!(error, format!("f: data.{key} is missing"));
    }
    let mut silent = good["data"]["jobs"][0].clone();
    for key in ["destination", "schedules"] {
        silent.as_object_mut().unwrap().remove(key);
    }
    let silent = reply::job(&Node::new("f", "data", &silent)).unwrap();
    assert_eq!((silent.destinations, silent.schedules), (vec![], None), "not said is not none");
    let good: Value = serde_json::from_slice(&fixture("groups-all-states.json")).unwrap();
    for key in ["_id", "status"] {
        let mut group = good["data"]["groups"][0].clone();
        group.as_object_mut().unwrap().remove(key);
        let error = message(reply::group(&Node::new("f", "data", &group)));
        assert_eq!(error, format!("f: data.{key} is missing"));
    }
    let good: Value = serde_json::from_slice(&fixture("logs.json")).unwrap();
    for key in ["_id", "status"] {
        let mut log = good["data"]["logs"][0].clone();
        log.as_object_mut().unwrap().remove(key);
        assert_eq!(message(reply::log(&Node::new("f", "data", &log))), format!("f: data.{key} is missing"));
    }
    let good: Value = serde_json::from_slice(&fixture("destinations.json")).unwrap();
    for key in ["_id", "name", "type", "disabled"] {
        let mut destination = good["data"]["destinations"][0].clone();
        destination.as_object_mut().unwrap().remove(key);
        let error = message(reply::destination(&Node::new("f", "data", &destination)));
        assert_eq!(error, format!("f: data.{key} is missing"));
    }
}

#[test]
fn flags() {
    let good = json!({"_id": "d1", "name": "", "type": "SSH"});
    let yes = [json!(true), json!(1), json!("1"), json!(1.0)];
    let no = [json!(false), json!(0), json!("0"), json!(null)];
    for (flag, disabled) in yes.iter().map(|f| (f, true)).chain(no.iter().map(|f| (f, false))) {
        assert_eq!(one(&good, "disabled", flag, reply::destination).unwrap().disabled, disabled, "{flag}");
    }
    for flag in
        [json!(""), json!("true"), json!("no"), json!(2), json!(-1), json!([]), json!({}), json!(0.5), json!("01")]
    {
        let error = message(one(&good, "disabled", &flag, reply::destination));
        assert!(error.starts_with("theFunction: data.disabled is "), "{error}");
    }
}

#[test]
fn dates() {
    let good = json!({"_id": "g1", "status": 2});
    let at = Some(time("2026-11-23T01:00:00Z"));
    let table = [
        (json!("2026-11-23T01:00:00+00:00"), at),
        (json!("2026-11-23T02:00:00+01:00"), at),
        (json!("2026-11-22T20:00:00-0500"), at),
        (json!("2026-11-23T01:00:00Z"), at),
        (json!("2026-11-23T01:00:00.000Z"), at),
        (json!(1_795_395_600), at),
        (json!("1795395600"), at),
        (json!(1_795_395_600.0), at),
        (json!(""), None),
        (json!(null), None),
        (json!(false), None),
        (json!(0), None),
        (json!("0"), None),
    ];
    for (value, expected) in table {
        assert_eq!(one(&good, "created", &value, reply::group).unwrap().created, expected, "{value}");
    }
    let bad = [
        json!(true),
        json!("tomorrow"),
        json!("2026-11-23"),
        json!("2026-11-23T01:00:00"),
        json!("2026-11-23 01:00:00"),
        json!("0000-00-00T00:00:00+00:00"),
        json!("2026-02-30T00:00:00+00:00"),
        json!(-1),
        json!(1_795_395_600_000_i64),
        json!(1.5),
        json!([]),
        json!({"date": "2026-11-23"}),
    ];
    for value in bad {
        let error = message(one(&good, "created", &value, reply::group));
        assert!(error.starts_with("theFunction: data.created is ") && error.contains("not a time"), "{error}");
    }
}

#[test]
fn the_job_of_a_group() {
    let good = json!({"_id": "g1", "status": 2});
    let table = [
        (json!({"data": {"_id": "j1"}}), Some("j1")),
        (json!({"data": {"_id": "j1", "id": "x"}, "job_id": "y"}), Some("j1")),
        (json!({"data": {"_id": "", "id": "j1"}}), Some("j1")),
        (json!({"data": {"_id": null}, "job_id": "j1"}), Some("j1")),
        (json!({"data": [], "job_id": "j1"}), Some("j1")),
        (json!({"job_id": "j1"}), Some("j1")),
        (json!({"data": null}), None),
        (json!({"data": {}}), None),
        (json!({"job_id": ""}), None),
    ];
    for (more, expected) in table {
        let mut group = good.clone();
        for (key, value) in more.as_object().unwrap() {
            group[key] = value.clone();
        }
        let job = reply::group(&Node::new("f", "data", &group)).unwrap().job;
        assert_eq!(job.as_ref().map(jbr::names::JobId::as_str), expected, "{more}");
    }
    for (data, expected) in [
        (json!({"_id": "a b"}), "f: data.data._id is \"a b\", not an id"),
        (json!({"_id": 7}), "f: data.data._id is 7, not an id"),
        (json!("j1"), "f: data.data is \"j1\", not an object"),
    ] {
        let group = json!({"_id": "g1", "status": 2, "data": data});
        assert_eq!(message(reply::group(&Node::new("f", "data", &group))), expected);
    }
}

#[test]
fn progress_is_an_object_a_number_or_nothing() {
    let good = json!({"_id": "g1", "status": 2});
    let table = [
        (json!({"percentage": 41.9}), Some(41)),
        (json!({"percentage": "99"}), Some(99)),
        (json!({"percentage": null}), None),
        (json!({"total": 3}), None),
        (json!([]), None),
        (json!(null), None),
        (json!(7), Some(7)),
        (json!("7.5"), Some(7)),
        (json!(100.4), Some(100)),
        (json!(-3), Some(0)),
        (json!(1e300), Some(100)),
    ];
    for (progress, percent) in table {
        assert_eq!(one(&good, "progress", &progress, reply::group).unwrap().percent, percent, "{progress}");
    }
    for progress in [json!("half"), json!({"percentage": "half"}), json!([1]), json!(true)] {
        message(one(&good, "progress", &progress, reply::group));
    }
}

#[test]
fn execution_time_is_seconds() {
    let good = json!({"_id": "g1", "status": 2});
    let table = [
        (json!(12), Some(12)),
        (json!("12"), Some(12)),
        (json!(0), Some(0)),
        (json!(""), None),
        (json!(null), None),
        (json!(-5), None),
    ];
    for (value, expected) in table {
        let time = one(&good, "execution_time", &value, reply::group).unwrap().execution_time;
        assert_eq!(time, expected.map(Duration::from_secs), "{value}");
    }
    for value in [json!("a while"), json!(1e300), json!([]), json!(true)] {
        message(one(&good, "execution_time", &value, reply::group));
    }
}

#[test]
fn what_is_no_backup_is_not_taken_for_one() {
    for kind in [2, 4, 8, 16, 32, 64, 128] {
        let error = message(one(&json!({"_id": "g1", "status": 2}), "type", &json!(kind), reply::group));
        assert_eq!(error, format!("theFunction: data.type is {kind}, not 1, a backup"));
        message(one(&json!({"_id": "l1", "status": 2}), "type", &json!(kind), reply::log));
    }
}

#[test]
fn every_status_number_is_kept() {
    for code in [-1, 0, 1, 2, 3, 50, 99, 100, 101, 102, 103, 104, 105, 200, 201, i64::MAX] {
        let group = one(&json!({"_id": "g1"}), "status", &json!(code), reply::group).unwrap();
        assert_eq!(group.status.code(), code);
        let log = one(&json!({"_id": "l1"}), "status", &json!(code), reply::log).unwrap();
        assert_eq!(log.status.code(), code);
    }
}

#[test]
fn a_long_value_is_cut() {
    let error = message(one(&json!({"_id": "g1"}), "status", &json!("x".repeat(10_000)), reply::group));
    assert!(error.len() < 200, "{error}");
}

#[test]
fn success_is_only_what_says_so() {
    let verdict = |success: &str| {
        let text = format!("{{\"success\":{success},\"message\":\"m\",\"data\":{{}}}}");
        Envelope::read("f", &stdout(text)).and_then(Envelope::into_data).map(drop)
    };
    for yes in ["1", "true", "\"1\""] {
        assert_eq!(verdict(yes), Ok(()), "{yes}");
    }
    for no in ["0", "false", "\"0\""] {
        assert_eq!(verdict(no), Err(ReplyError::Refused { function: "f", message: "m".into() }), "{no}");
    }
    for odd in ["null", "2", "-1", "\"\"", "\"true\"", "\"yes\"", "[]", "[1]", "{}"] {
        assert!(matches!(verdict(odd), Err(ReplyError::Garbled { .. })), "{odd}");
    }
}

#[test]
fn the_exit_status_proves_nothing_in_either_direction() {
    let whole = Output { exit: Some(1), stderr: b"oh".to_vec(), ..stdout(fixture("performance.json")) };
    assert!(Envelope::read("f", &whole).unwrap().into_data().is_ok());
    let refused = Output { exit: Some(0), ..stdout(fixture("refused.json")) };
    let error = Envelope::read("f", &refused).unwrap().into_data().unwrap_err();
    assert_eq!(error.to_string(), "f: JetBackup refused: Invalid API function provided");
}

#[test]
fn a_lapsed_licence_is_named_where_the_call_is_refused() {
    let error = read(fixture("refused-licence.json"), |_| Ok(())).unwrap_err().to_string();
    assert_eq!(
        error,
        "theFunction: JetBackup refused: You can't perform this action (JetBackup's licence: Expired on 2026-10-01; renew \
         it on that server)"
    );
    let refusal = |issue: Value| {
        let answer = json!({"success": 0, "message": "no", "system": {"licenseIssue": issue}});
        read(answer.to_string().into_bytes(), |_| Ok(())).unwrap_err().to_string()
    };
    for nothing in [json!(null), json!(false), json!(0), json!(""), json!("0"), json!([]), json!({})] {
        assert_eq!(refusal(nothing.clone()), "theFunction: JetBackup refused: no", "{nothing}");
    }
    for something in [json!(true), json!(1), json!("x"), json!({"a": 1}), json!([1])] {
        assert!(refusal(something.clone()).contains("licence"), "{something}");
    }
}

#[test]
fn a_refusal_without_a_word_and_one_with_an_escape_sequence() {
    let refusal = |message: Value| {
        read(json!({"success": 0, "message": message}).to_string().into_bytes(), |_| Ok(())).unwrap_err().to_string()
    };
    for silent in [json!(null), json!(""), json!("  "), json!([])] {
        assert_eq!(refusal(silent), "theFunction: JetBackup refused: it gave no reason");
    }
    assert_eq!(refusal(json!("a\u{1b}[2Jb\nc")), "theFunction: JetBackup refused: a\\u{1b}[2Jb\\nc");
    assert_eq!(refusal(json!({"code": 5})), "theFunction: JetBackup refused: {\"code\":5}");
}

#[test]
fn warnings_before_the_envelope_do_no_harm() {
    let envelope = Envelope::read("f", &stdout(fixture("warnings-first.txt"))).unwrap();
    assert_eq!(envelope.version(), Some("5.1.4"));
    let data = envelope.into_data().unwrap();
    assert_eq!(reply::performance(&data.node()), Ok(Performance { backup_forks: None }));
}

#[test]
fn the_version_is_whatever_the_envelope_names() {
    let version = |system: &str| {
        let text = format!("{{\"success\":0,\"system\":{system}}}");
        Envelope::read("f", &stdout(text)).unwrap().version().map(str::to_owned)
    };
    assert_eq!(version("{\"version\":\"5.3.14\"}").as_deref(), Some("5.3.14"));
    assert_eq!(version("{\"version\":\"5\\u001b[2J\"}").as_deref(), Some("5\\u{1b}[2J"));
    assert_eq!(version("{\"version\":5.3}").as_deref(), Some("5.3"));
    for none in ["[]", "null", "{}", "7", "{\"version\":null}", "{\"version\":\"\"}"] {
        assert_eq!(version(none), None, "{none}");
    }
}

#[test]
fn what_is_no_envelope_says_what_it_is() {
    let out = |stdout: &str, stderr: &str, exit: Option<i32>| Output {
        stdout: stdout.into(),
        stderr: stderr.into(),
        exit,
        signal: None,
    };
    let killed = Output { signal: Some("KILL".into()), ..out("{\"success\":1,\"da", "", None) };
    let not_found = "the command jetbackup5api was not found on the server";
    let table = [
        (out("", "bash: jetbackup5api: command not found", Some(127)), not_found),
        (out("", "sh: 1: jetbackup5api: not found", Some(0)), not_found),
        (out("bash: jetbackup5api: command not found\n", "", Some(0)), not_found),
        (out("", "", Some(127)), "not found on the server (exit status 127); install JetBackup 5 there, or put"),
        (out("", "", Some(0)), "there is no answer, its output is empty"),
        (out(" \r\n", "", None), "there is no answer, its output is empty"),
        (out("", "denied", Some(126)), "output is empty (exit status 126, standard error: \"denied\")"),
        (out("success: 1\nmessage:\n", "", Some(0)), "is not JSON, it begins with \"success: 1\\nmessage:\""),
        (out("\u{1b}[2J<html>", "", Some(0)), "is not JSON, it begins with \"\\u{1b}[2J<html>\""),
        (out("[]", "", Some(0)), "is not JSON, it begins with \"[]\""),
        (out("{}", "", Some(0)), "is not JSON, it begins with \"{}\""),
        (out("{\"data\":{}}", "", Some(0)), "the answer has no `success`"),
        (out("{\"success\":1,\"message\":\"", "", Some(0)), "breaks off after 24 bytes, at"),
        (killed, "breaks off after 16 bytes, at \"{\"success\":1,\"da\" (ended by signal KILL)"),
        (out("{\"success\":1}\nPHP Warning: late", "", Some(0)), "follows the answer's end: \"PHP Warning: late\""),
        (out("{\"success\":1}{\"success\":1}", "", Some(0)), "something follows the answer's end"),
        (out("{\"success\":1,}", "", Some(0)), "the answer is not JSON (trailing comma"),
        (out("{\"success\":1,\"a\":\"\\ud800\"}", "", Some(0)), "the answer is not JSON ("),
    ];
    for (output, expected) in table {
        let error = message(Envelope::read("f", &output));
        assert!(error.contains(expected), "{error}\nlacks\n{expected}");
        assert!(error.starts_with("f: "), "{error}");
    }
}

#[test]
fn the_inside_of_a_torn_answer_is_not_an_answer() {
    for torn in [
        // The outer object is cut exactly behind an inner one that looks like an envelope.
        "{\"success\":0,\"data\":{\"success\":1}",
        "{\"success\":0,\"data\":[\n{\"success\":1}",
        // A warning in the middle of it.
        "{\"success\":0,\"data\":[\nPHP Warning: x on line 1\n{\"success\":1}",
        // The beginning is gone.
        "[{\"success\":1}",
        "{\"success\":1}]",
        "\"data\": {\"success\":1}",
        "0,\"jobs\":[1,{\"success\":1}",
        "\"inner\":{\"success\":1}}",
        // An object behind another.
        "{\"a\":1}\n{\"success\":1}",
        "{ \"a\": {\n{\"success\":1}",
    ] {
        assert!(Envelope::read("f", &stdout(torn)).is_err(), "{torn}");
    }
}

#[test]
fn depth_is_bounded() {
    let deep = format!("{{\"success\":1,\"data\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let error = message(Envelope::read("f", &stdout(deep)));
    assert!(error.contains("recursion limit"), "{error}");
}

#[test]
fn the_text_of_a_log_comes_as_text_or_as_lines_and_never_as_anything_else() {
    let of = |contents: Value| {
        let group = json!({"_id": "111111111111111111111111", "status": 101, "log_contents": contents});
        let data = json!({"success": 1, "data": group}).to_string();
        read(data.into_bytes(), reply::log_text).map(|log| log.text)
    };
    let text = "one\n\ntwo\u{1b}[2J";
    assert_eq!(of(json!(text)).unwrap(), text);
    assert_eq!(of(json!(["one", "", "two\u{1b}[2J"])).unwrap(), text);
    assert_eq!(of(json!({"7": "two\u{1b}[2J", "2": "one\n"})).unwrap(), text);
    for nothing in [json!(""), json!(null), json!([])] {
        assert_eq!(of(nothing).unwrap(), "");
    }
    for odd in [json!(1), json!({"a": "one"}), json!(["one", 2]), json!(true)] {
        let error = of(odd.clone()).unwrap_err().to_string();
        assert!(error.contains("log_contents") && error.contains("not text, or a list of lines"), "{odd}: {error}");
    }
}
