//! The client: what is sent, what comes back, and what a caller must know of what does not.

use jbr::jetbackup::client::{CallError, Via, seen};
use jbr::names::{DestinationId, GroupId, JobId, LogId};
use jbr::seen::{Seen, Why};
use jbr::transport::{Failure, FailureKind, Output};
use serde_json::{Value, json};

use crate::scripted::{Answer, fixture, outputs, replies, stdout};

const JOB: &str = "aaaaaaaaaaaaaaaaaaaaaaaa";

fn job() -> JobId {
    JOB.parse().unwrap()
}

fn data(data: &Value) -> Output {
    stdout(json!({"success": 1, "message": "", "data": data}).to_string())
}

fn file(name: &str) -> Output {
    stdout(fixture(name))
}

#[test]
fn every_question_sends_its_line_and_brings_its_facts() {
    let group: GroupId = "111111111111111111111111".parse().unwrap();
    let log: LogId = "cccccccccccccccccccccccc".parse().unwrap();
    let destination: DestinationId = "d1".parse().unwrap();
    let (mut client, sent) = outputs(vec![
        file("jobs-numbers.json"),
        file("groups-all-states.json"),
        file("destinations.json"),
        data(&json!({"_id": JOB, "name": "n", "type": 1, "destination": [], "disabled": 0, "schedules": []})),
        data(&json!({"_id": group.as_str(), "status": 2})),
        data(&json!({"_id": "d1", "name": "NAS", "type": "SSH", "disabled": 1})),
        data(&json!({"_id": log.as_str(), "status": 1})),
        file("performance.json"),
    ]);
    assert_eq!(client.version(), None);
    assert_eq!(client.jobs().unwrap().len(), 2);
    assert_eq!(client.version(), Some("5.3.14"));
    assert_eq!(client.groups().unwrap().len(), 4);
    assert_eq!(client.destinations().unwrap().len(), 4);
    assert_eq!(client.version(), Some("5.2.9"));
    assert_eq!(client.job(&job()).unwrap().id, job());
    assert_eq!(client.group(&group).unwrap().id, group);
    assert!(client.destination(&destination).unwrap().disabled);
    assert_eq!(client.log(&log).unwrap().id, log);
    assert_eq!(client.performance().unwrap().backup_forks, Some(3));
    client.keep_alive();
    let expected = [
        "jetbackup5api -F listBackupJobs -D 'sort[_id]=1&limit=1000&skip=0' -O json",
        "jetbackup5api -F listQueueGroups -D 'type=1&sort[created]=-1&limit=1000&skip=0' -O json",
        "jetbackup5api -F listDestinations -D 'limit=1000&skip=0' -O json",
        "jetbackup5api -F getBackupJob -D '_id=aaaaaaaaaaaaaaaaaaaaaaaa' -O json",
        "jetbackup5api -F getQueueGroup -D '_id=111111111111111111111111' -O json",
        "jetbackup5api -F getDestination -D '_id=d1' -O json",
        "jetbackup5api -F getLog -D '_id=cccccccccccccccccccccccc' -O json",
        "jetbackup5api -F getSettingsPerformance -O json",
        "(keep alive)",
    ];
    assert_eq!(sent.lines(), expected);
}

#[test]
fn every_change_sends_its_line_and_looks_at_the_verdict_alone() {
    let destination: DestinationId = "d1".parse().unwrap();
    let (mut client, sent) = outputs(vec![
        file("trigger.json"),
        file("stop.json"),
        data(&json!(null)),
        data(&json!([])),
        data(&json!({"_id": "another"})),
    ]);
    client.trigger(&job()).unwrap();
    client.stop(&"g1".parse().unwrap()).unwrap();
    client.set_job_disabled(&job(), true).unwrap();
    client.set_destination_disabled(&destination, false, Via::State).unwrap();
    client.set_destination_disabled(&destination, true, Via::Modify).unwrap();
    let expected = [
        "jetbackup5api -F runBackupJobManually -D '_id=aaaaaaaaaaaaaaaaaaaaaaaa' -O json",
        "jetbackup5api -F stopQueueGroup -D '_id=g1' -O json",
        "jetbackup5api -F manageBackupJob -D 'action=modify&_id=aaaaaaaaaaaaaaaaaaaaaaaa&disabled=1' -O json",
        "jetbackup5api -F manageDestinationState -D '_id=d1&disabled=0' -O json",
        "jetbackup5api -F manageDestination -D 'action=modify&_id=d1&disabled=1' -O json",
    ];
    assert_eq!(sent.lines(), expected);
}

#[test]
fn a_caller_can_tell_certainly_not_from_maybe() {
    let out = |stdout: &str, exit| Output { stdout: stdout.into(), exit, ..Output::default() };
    // (what the transport brings, may the trigger have been carried out, what a person reads)
    let table: [(Answer, bool, &str); 8] = [
        (Err(Failure::not_sent(FailureKind::Connect, "no route")), false, "no route"),
        (Err(Failure::not_sent(FailureKind::Interrupted, "asked to stop")), false, "asked to stop"),
        (Err(Failure::lost(FailureKind::Timeout, "no answer in 2 min")), true, "no answer in 2 min"),
        (Ok(file("refused.json")), false, "runBackupJobManually: JetBackup refused: Invalid API function provided"),
        (Ok(out("", Some(0))), true, "runBackupJobManually: there is no answer, its output is empty"),
        (Ok(out("{\"success\":1,", Some(0))), true, "runBackupJobManually: the answer breaks off after 13 bytes"),
        (Ok(out("", Some(127))), true, "runBackupJobManually: the command jetbackup5api was not found"),
        (Ok(out("{\"success\":\"maybe\"}", None)), true, "runBackupJobManually: success is \"maybe\", not a flag"),
    ];
    for (answer, maybe, text) in table {
        let (mut client, _) = replies(vec![answer]);
        let error = client.trigger(&job()).unwrap_err();
        assert_eq!(error.may_have_run(), maybe, "{error}");
        assert!(error.to_string().starts_with(text), "{error}");
    }
}

#[test]
fn a_refusal_too_tells_the_version() {
    let (mut client, _) = outputs(vec![file("refused.json"), data(&json!({}))]);
    assert!(client.performance().is_err());
    assert_eq!(client.version(), Some("5.3.14"));
    client.performance().unwrap();
    assert_eq!(client.version(), Some("5.3.14"), "an answer that names none does not make it forgotten");
}

#[test]
fn an_answer_about_something_else_is_no_answer() {
    let (mut client, _) = outputs(vec![data(&json!({"_id": "g2", "status": 100}))]);
    let error = client.group(&"g1".parse().unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "getQueueGroup: asked for g1, got g2");
    let (mut client, _) = outputs(vec![data(&json!([]))]);
    let error = client.job(&job()).unwrap_err();
    assert_eq!(error.to_string(), "getBackupJob: data._id is missing");
}

fn log(id: &str, owner: &str, start: &str) -> Value {
    json!({"_id": id, "type": 1, "status": 1, "start_time": start, "info": {"ID": owner}})
}

#[test]
fn the_newest_logs_are_picked_by_their_time_whatever_the_order() {
    let logs = json!({"total": 4, "logs": [
        log("l1", JOB, "2026-11-20T01:00:00+00:00"),
        log("l3", JOB, "2026-11-22T01:00:00+01:00"),
        log("l4", JOB, "2026-11-22T00:30:00+00:00"),
        log("l2", JOB, "2026-11-21T01:00:00+00:00"),
    ]});
    let (mut client, sent) = outputs(vec![data(&logs)]);
    let newest: Vec<String> = client.newest_logs(&job(), 3).unwrap().iter().map(|log| log.id.to_string()).collect();
    assert_eq!(newest, ["l4", "l3", "l2"]);
    let line = "jetbackup5api -F listLogs -D 'find[type]=1&find[info.ID]=aaaaaaaaaaaaaaaaaaaaaaaa&sort[start_time]=-1&limit=1000&skip=0' -O json";
    assert_eq!(sent.lines(), [line]);
}

#[test]
fn a_log_of_another_job_means_that_the_server_did_not_look_for_this_one() {
    for (stray, owner) in [(log("l2", "bbbb", ""), "bbbb"), (json!({"_id": "l2", "status": 1}), "no job")] {
        let logs = json!({"total": 2, "logs": [log("l1", JOB, ""), stray]});
        let (mut client, _) = outputs(vec![data(&logs)]);
        let error = client.newest_logs(&job(), 1).unwrap_err();
        let expected = format!("listLogs: asked for the logs of job {JOB}, got log l2 of {owner}");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn an_error_of_any_kind_is_unknown_and_printable() {
    let (mut client, _) = outputs(vec![data(&json!({"backup_forks": 2}))]);
    assert!(matches!(seen(client.performance()), Seen::Known(known) if known.backup_forks == Some(2)));
    let error = CallError::from(Failure::lost(FailureKind::Lost, "torn\u{1b}[2J"));
    assert_eq!(error.clone().into_why(), Why("torn\\u{1b}[2J".into()));
    assert_eq!(seen::<()>(Err(error)), Seen::Unknown(Why("torn\\u{1b}[2J".into())));
}
