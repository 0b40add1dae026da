//! What the functions answer, and to whom.

use jbr::simulator::{Dialect, Execution, ForeignGroup};
use serde_json::json;

use crate::lab::{JOB, Lab, NAS, OTHER, SERVER, at, minute, seconds};

#[test]
fn an_unknown_function_is_refused_with_exit_status_0() {
    let mut lab = Lab::new(|server| server);
    for function in ["editBackupJob", "", "listbackupjobs", "createBackupJob"] {
        let answer = lab.call(0, function, "");
        assert_eq!(answer.exit, 0);
        let envelope = lab.envelope(0, function, "");
        assert_eq!((&envelope["success"], &envelope["data"]), (&json!(0), &json!([])), "{function}");
        assert_eq!(envelope["system"]["version"], "5.3.14");
    }
}

#[test]
fn an_id_that_leads_to_nothing_is_refused() {
    let mut lab = Lab::new(|server| server);
    for (function, data, message) in [
        ("getBackupJob", "_id=x", "Backup job not found"),
        ("runBackupJobManually", "", "Backup job not found"),
        ("manageBackupJob", "action=modify&_id=x&disabled=1", "Backup job not found"),
        ("manageBackupJob", "action=delete&_id=x", "Invalid action \"delete\""),
        ("manageDestination", "_id=x&disabled=1", "Invalid action \"\""),
        ("getDestination", "_id=x", "Destination not found"),
        ("manageDestinationState", "_id=x&disabled=1", "Destination not found"),
        ("getQueueGroup", "_id=x", "Queue group not found"),
        ("listQueueItems", "_id=x", "Queue group not found"),
        ("stopQueueGroup", "_id=x", "Queue group not found"),
        ("rerunFailedQueueGroup", "_id=x", "Queue group not found"),
        ("getLog", "_id=x", "Log not found"),
        ("listLogItems", "_id=x", "Log not found"),
        ("getLogItem", "_id=x", "Log not found"),
    ] {
        assert_eq!(lab.refusal(0, function, data), message, "{function} {data}");
    }
}

#[test]
fn the_built_in_job_is_listed_with_the_declared_ones() {
    let mut lab = Lab::new(|server| server);
    let data = lab.ask(0, "listBackupJobs", "limit=1000");
    let shown: Vec<(i64, i64, &str)> = data["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| (job["type"].as_i64().unwrap(), job["contains"].as_i64().unwrap(), job["name"].as_str().unwrap()))
        .collect();
    assert_eq!(shown, [(3, 0, "JetBackup Config"), (1, 511, "accounts"), (1, 132, "databases")]);
    assert_eq!(data["jobs"][1]["destination"], json!([NAS]));
}

#[test]
fn a_queue_of_more_than_a_hundred_groups_comes_in_pages() {
    let mut lab = Lab::new(|mut server| {
        server.jobs[1].script = vec![Execution::of(seconds(1)).starts_after(seconds(0))];
        server
    });
    for round in 0..150 {
        lab.trigger(round * 10);
    }
    let first = lab.ask(2000, "listQueueGroups", "type=1");
    assert_eq!((first["groups"].as_array().unwrap().len(), &first["total"]), (100, &json!(150)));
    let rest = lab.ask(2000, "listQueueGroups", "type=1&skip=100");
    assert_eq!(rest["groups"].as_array().unwrap().len(), 50);
    let newest = lab.ask(2000, "listQueueGroups", "type=1&limit=1&sort[created]=-1");
    assert_eq!(newest["groups"][0]["created"], "2026-11-23T02:24:50+00:00");
    lab.ask(2000, "clearQueue", "");
    assert_eq!(lab.statuses(2000), [0; 0]);
}

#[test]
fn other_queue_types_have_their_own_lists_and_take_no_fork() {
    let mut lab = Lab::new(|server| {
        let restore = ForeignGroup::new(at(0), 2, Execution::of(seconds(1000)));
        let backup = ForeignGroup::new(at(0), 1, Execution::of(seconds(50))).writes_to(NAS);
        server.foreign(restore).foreign(ForeignGroup::reindex(at(0), JOB, minute())).foreign(backup)
    });
    for (data, types) in
        [("type=8", vec![8]), ("type=2", vec![2]), ("type=1", vec![1]), ("", vec![2, 8, 1]), ("type=64", vec![])]
    {
        let groups = lab.ask(20, "listQueueGroups", data)["groups"].clone();
        let seen: Vec<i64> = groups.as_array().unwrap().iter().map(|group| group["type"].as_i64().unwrap()).collect();
        assert_eq!(seen, types, "{data}");
    }
    let reindex = lab.ask(20, "listQueueGroups", "type=8")["groups"][0].clone();
    assert_eq!((&reindex["data"]["id"], &reindex["data"]["_id"]), (&json!(JOB), &json!(null)));
    lab.trigger(20);
    assert_eq!(lab.statuses(30), [2, 1], "only the backup holds the fork");
    assert_eq!(lab.statuses(56), [100, 2]);
    assert_eq!(lab.writes(), [(5, Some(55)), (55, None)]);
}

#[test]
fn items_and_statistics_belong_to_what_runs() {
    let mut lab = Lab::new(|server| server);
    lab.trigger(0);
    assert_eq!(lab.ask(0, "getStatistics", "")["total_backup_jobs_running"], 0);
    assert_eq!(lab.ask(35, "getStatistics", "")["total_backup_jobs_running"], 1);
    assert_eq!(lab.ask(35, "getDestination", &format!("_id={NAS}"))["running"], true);
    let group = lab.group(35);
    let items = lab.ask(35, "listQueueItems", &format!("group_id={}", group["_id"].as_str().unwrap()));
    assert_eq!((&items["total"], &items["items"][0]["data"]["destinations"]), (&json!(10), &json!([NAS])));
    assert_eq!((&items["items"][4]["status"], &items["items"][5]["status"]), (&json!(100), &json!(2)));
    let log = group["log_id"].as_str().unwrap().to_owned();
    assert_eq!(lab.ask(35, "getLog", &format!("_id={log}"))["info"], json!({"ID": JOB, "Backup": "accounts"}));
    let items = lab.ask(70, "listLogItems", &format!("log_id={log}"));
    let item = items["items"][3]["_id"].as_str().unwrap().to_owned();
    assert_eq!(lab.ask(70, "getLogItem", &format!("log_id={log}&_id={item}"))["status"], 1);
    assert_eq!(lab.refusal(70, "getLogItem", &format!("_id={item}")), "Log not found");
}

#[test]
fn a_group_shows_the_text_of_its_log_only_if_it_is_asked_for() {
    let mut lab = Lab::new(|mut server| {
        server.jobs[1].script = vec![minute().ends(101), minute().log_file("one\ntwo")];
        server
    });
    lab.trigger(0);
    let group = |lab: &mut Lab| lab.group(100)["_id"].as_str().unwrap().to_owned();
    let first = group(&mut lab);
    assert_eq!(lab.ask(100, "getQueueGroup", &format!("_id={first}"))["log_contents"], "");
    let whole = lab.ask(100, "getQueueGroup", &format!("_id={first}&get_log_contents=1"));
    let lines: Vec<&str> = whole["log_contents"].as_str().unwrap().lines().collect();
    assert_eq!(
        (lines[0], lines[10], lines[11]),
        (
            "[2026-11-23 02:00:05] Backup started",
            "[2026-11-23 02:00:05] Account account9 failed: Disk quota exceeded",
            "[2026-11-23 02:01:05] Backup completed partially"
        )
    );
    lab.trigger(200);
    let groups = lab.ask(300, "listQueueGroups", "type=1");
    let second = groups["groups"].as_array().unwrap().iter().find(|group| group["_id"] != first.as_str()).unwrap();
    let second = second["_id"].as_str().unwrap();
    assert_eq!(lab.ask(300, "getQueueGroup", &format!("_id={second}&get_log_contents=1"))["log_contents"], "one\ntwo");
}

#[test]
fn disabling_is_seen_afterwards_and_only_1_and_0_are_flags() {
    let mut lab = Lab::new(|server| server);
    for (function, get, id) in [
        ("manageBackupJob", "getBackupJob", OTHER),
        ("manageDestination", "getDestination", NAS),
        ("manageDestinationState", "getDestination", NAS),
    ] {
        // PHP takes the text "false" for true.
        for (value, expected) in [("1", true), ("0", false), ("false", true), ("", false)] {
            lab.ask(0, function, &format!("action=modify&_id={id}&disabled={value}"));
            let disabled = lab.ask(0, get, &format!("_id={id}"))["disabled"].clone();
            assert_eq!(disabled == json!(1) || disabled == json!(true), expected, "{function} {value}");
        }
    }
    lab.ask(0, "manageBackupJob", &format!("action=modify&_id={OTHER}&name=a+b%26c"));
    assert_eq!(lab.ask(0, "getBackupJob", &format!("_id={OTHER}"))["name"], "a b&c");
}

#[test]
fn plain_text_is_what_comes_without_asking_for_json() {
    let mut lab = Lab::new(|server| server);
    let words = ["backup", "--func", "getBackupJob", "--data", &format!("_id={JOB}")].map(str::to_owned);
    let answer = lab.fleet.call(SERVER, &words, at(0));
    assert!(
        answer.stdout.contains("\n  name: accounts\n") && answer.stdout.contains("success: 1\n"),
        "{}",
        answer.stdout
    );
}

#[test]
fn what_is_old_is_gone() {
    let mut lab = Lab::new(|server| {
        server.dialect(Dialect { groups_kept: Some(seconds(600)), logs_kept: seconds(1200), ..Dialect::default() })
    });
    lab.trigger(0);
    let logs = |lab: &mut Lab, second| lab.ask(second, "listLogs", "")["total"].clone();
    assert_eq!((lab.statuses(664), logs(&mut lab, 664)), (vec![100], json!(1)));
    assert_eq!((lab.statuses(665), logs(&mut lab, 665)), (vec![], json!(1)));
    assert_eq!(logs(&mut lab, 1265), json!(0));
}

#[test]
fn every_call_is_in_the_account() {
    let mut lab = Lab::new(|server| server);
    lab.trigger(3);
    let call = &lab.fleet.account().calls[0];
    assert_eq!((call.at, call.server.as_str(), call.function.as_str()), (at(3), SERVER, "runBackupJobManually"));
    assert_eq!(call.parameters.get("_id"), Some(JOB));
    let mut quiet = Lab { fleet: lab.fleet.clone().without_calls() };
    quiet.job(4);
    assert_eq!((quiet.fleet.account().calls.len(), quiet.fleet.account().calls_count), (1, 2));
    assert_eq!(lab.fleet.account().calls_of(SERVER, "runBackupJobManually"), 1);
}
