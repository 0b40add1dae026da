//! What happens to a whole server, and what survives it.

use jbr::simulator::{Connection, Fault, LeftBehind, Reboot, Rule};
use serde_json::json;

use crate::lab::{JOB, Lab, OTHER, SERVER, at, minute, seconds};

fn rebooted(leaves: LeftBehind) -> Lab {
    Lab::new(|server| server.reboot(Reboot { at: at(30), takes: seconds(100), leaves }))
}

#[test]
fn a_server_that_is_down_refuses_connections_and_runs_on() {
    let mut lab = Lab::new(|server| server.outage(at(10), at(100)));
    lab.trigger(0);
    for (second, connection) in
        [(9, Connection::Fine), (10, Connection::Refused), (99, Connection::Refused), (100, Connection::Fine)]
    {
        assert_eq!(lab.call(second, "getStatistics", "").connection, connection, "{second}");
    }
    assert_eq!(lab.statuses(100), [100]);
    assert_eq!(lab.fleet.call("nowhere", &[], at(100)).connection, Connection::Refused);
}

#[test]
fn a_restart_ends_what_runs_and_leaves_a_group_that_never_finished() {
    let mut lab = rebooted(LeftBehind::NeverFinished);
    lab.trigger(0);
    assert_eq!(lab.call(129, "getStatistics", "").connection, Connection::Refused);
    assert_eq!(lab.statuses(130), [104]);
    assert_eq!(lab.ask(130, "listLogs", "")["logs"][0]["status"], 5);
    assert_eq!((&lab.job(130)["running"], &lab.job(130)["last_completed"]), (&json!(false), &json!("")));
    assert_eq!(lab.writes(), [(5, Some(30))]);
}

#[test]
fn a_restart_may_leave_a_group_that_seems_to_run_for_ever() {
    let mut lab = rebooted(LeftBehind::Stuck);
    lab.trigger(0);
    assert_eq!((lab.statuses(130), lab.statuses(1_000_000)), (vec![2], vec![2]));
    assert_eq!(lab.job(1_000_000)["running"], true);
    assert_eq!(lab.group(1_000_000)["progress"]["percentage"], 41, "it does not get on");
    assert_eq!(lab.writes(), [(5, Some(30))], "although nothing writes");
    let id = lab.group(1_000_000)["_id"].as_str().unwrap().to_owned();
    lab.ask(1_000_000, "stopQueueGroup", &format!("_id={id}"));
    assert_eq!(lab.statuses(1_000_010), [103]);
}

#[test]
fn what_waits_during_a_restart_starts_after_it_and_what_arrives_during_it_is_lost() {
    let mut lab = Lab::new(|mut server| {
        let job = server.jobs.remove(1);
        let late = Rule::any(Fault::Late(seconds(40))).when(jbr::simulator::When::Nth(2));
        server.job(job.schedule("5c0000000000000000000001", at(50), None)).rule(late).reboot(Reboot {
            at: at(30),
            takes: seconds(100),
            leaves: LeftBehind::NeverFinished,
        })
    });
    lab.ask(27, "runBackupJobManually", &format!("_id={OTHER}"));
    lab.call(28, "runBackupJobManually", &format!("_id={JOB}"));
    assert_eq!(
        lab.statuses(130),
        [2],
        "the waiting group starts; neither the schedule nor the late command made another"
    );
    assert_eq!(lab.fleet.account().triggers_by_api(SERVER, JOB), 0);
    assert_eq!(lab.writes(), [(130, None)]);
}

#[test]
fn a_trigger_whose_group_was_not_seen_yet_survives_a_restart() {
    let mut lab = Lab::new(|mut server| {
        server.jobs[1].script = vec![minute().appears_after(seconds(60))];
        server.reboot(Reboot { at: at(30), takes: seconds(100), leaves: LeftBehind::NeverFinished })
    });
    lab.trigger(0);
    assert_eq!(lab.statuses(130), [1]);
    assert_eq!(lab.statuses(135), [2]);
}
