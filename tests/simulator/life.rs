//! The life of a backup: trigger, group, log, stop, rerun, schedule, forks.

use jbr::simulator::{Destination, Dialect, Execution, Job, LogSays, OnRunning, Stopping, Trigger, WhileDisabled};
use serde_json::json;

use crate::lab::{JOB, Lab, NAS, OTHER, SERVER, STORAGE, at, minute, seconds};

fn stop(lab: &mut Lab, second: u64) -> serde_json::Value {
    let id = lab.group(second)["_id"].as_str().unwrap().to_owned();
    lab.envelope(second, "stopQueueGroup", &format!("_id={id}"))
}

#[test]
fn a_backup_appears_starts_steps_and_ends() {
    let mut lab = Lab::new(|server| {
        let slow = minute().appears_after(seconds(20)).starts_after(seconds(10));
        server.job(Job::new("cccccccccccccccccccccccc", "slow").writes_to(NAS).script([slow]))
    });
    lab.ask(0, "runBackupJobManually", "_id=cccccccccccccccccccccccc");
    for (second, expected) in
        [(0, vec![]), (19, vec![]), (20, vec![1]), (29, vec![1]), (30, vec![2]), (45, vec![10]), (60, vec![2])]
    {
        assert_eq!(lab.statuses(second), expected, "{second}");
        let running = lab.ask(second, "getBackupJob", "_id=cccccccccccccccccccccccc")["running"].clone();
        assert_eq!(running, json!(second >= 30), "{second}");
    }
    assert_eq!(lab.statuses(75), [14]);
    assert_eq!(lab.statuses(89), [14]);
    assert_eq!(lab.statuses(90), [100]);
    assert_eq!(lab.writes(), [(30, Some(90))]);
}

#[test]
fn the_last_status_is_the_scripts_and_the_log_says_it_in_its_own_enumeration() {
    for (status, log_says, log_status) in [
        (100, LogSays::TheSame, Some(1)),
        (101, LogSays::TheSame, Some(4)),
        (102, LogSays::TheSame, Some(2)),
        (103, LogSays::TheSame, Some(3)),
        (104, LogSays::TheSame, Some(5)),
        (107, LogSays::TheSame, Some(2)),
        (100, LogSays::Instead(2), Some(2)),
        (100, LogSays::Nothing, None),
    ] {
        let mut lab = Lab::new(|mut server| {
            server.jobs[1].script = vec![minute().ends(status).log(log_says)];
            server
        });
        lab.trigger(0);
        let logs = |lab: &mut Lab, second| {
            let data = lab.ask(second, "listLogs", &format!("find[type]=1&find[info.ID]={JOB}&sort[start_time]=-1"));
            data["logs"].as_array().unwrap().iter().map(|log| log["status"].as_i64().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(logs(&mut lab, 4), [0; 0], "no log before the start");
        assert_eq!(logs(&mut lab, 10), log_status.map(|_| 6).into_iter().collect::<Vec<_>>());
        assert_eq!(lab.statuses(65), [status]);
        assert_eq!(logs(&mut lab, 65), log_status.into_iter().collect::<Vec<_>>());
        assert_eq!(lab.group(65)["log_id"].as_str().unwrap().is_empty(), log_status.is_none());
    }
}

#[test]
fn last_run_moves_at_the_start_and_last_completed_at_the_end_of_a_failure_too() {
    let mut lab = Lab::new(|mut server| {
        server.jobs[1].script = vec![minute().ends(102)];
        server
    });
    lab.trigger(0);
    for (second, last_run, last_completed) in [
        (4, "", ""),
        (5, "2026-11-23T02:00:05+00:00", ""),
        (64, "2026-11-23T02:00:05+00:00", ""),
        (65, "2026-11-23T02:00:05+00:00", "2026-11-23T02:01:05+00:00"),
    ] {
        let job = lab.job(second);
        assert_eq!((&job["last_run"], &job["last_completed"]), (&json!(last_run), &json!(last_completed)), "{second}");
    }
}

#[test]
fn a_group_tells_its_progress() {
    let mut lab = Lab::new(|server| server);
    lab.trigger(0);
    for (second, percentage, completed, execution_time) in
        [(0, 0, 0, 0), (35, 50, 5, 30), (64, 98, 9, 59), (70, 100, 10, 60)]
    {
        let group = lab.group(second);
        assert_eq!(
            group["progress"],
            json!({"percentage": percentage, "total": 10, "completed": completed}),
            "{second}"
        );
        assert_eq!((&group["items_completed"], &group["execution_time"]), (&json!(completed), &json!(execution_time)));
        assert_eq!(group["data"]["_id"], JOB);
    }
}

#[test]
fn a_job_can_be_shorter_than_any_look_at_it() {
    let mut lab = Lab::new(|mut server| {
        server.jobs[1].script = vec![Execution::of(seconds(0)).starts_after(seconds(0))];
        server
    });
    lab.trigger(0);
    assert_eq!(lab.statuses(0), [100]);
}

#[test]
fn the_script_is_taken_in_order_and_its_end_repeats() {
    let mut lab = Lab::new(|mut server| {
        server.jobs[1].script = vec![minute().ends(102), minute().ends(101)];
        server
    });
    for round in 0..3 {
        lab.trigger(round * 100);
    }
    assert_eq!(lab.statuses(300), [102, 101, 101]);
}

#[test]
fn a_trigger_of_a_disabled_job_succeeds_and_starts_nothing() {
    let mut lab = Lab::new(|mut server| {
        server.jobs[1].disabled = true;
        server
    });
    assert_eq!(lab.ask(0, "runBackupJobManually", &format!("_id={JOB}"))["_id"], JOB);
    assert_eq!(lab.statuses(1000), [0; 0]);
    assert_eq!(lab.fleet.account().triggers_by_api(SERVER, JOB), 1);
    assert!(!lab.fleet.account().triggers[0].starts);
}

#[test]
fn a_trigger_of_a_job_under_way_does_what_the_dialect_says() {
    for (on_running, accepted, groups) in
        [(OnRunning::Error, false, 1), (OnRunning::Nothing, true, 1), (OnRunning::SecondGroup, true, 2)]
    {
        let mut lab = Lab::new(|server| server.forks(2).dialect(Dialect { on_running, ..Dialect::default() }));
        lab.trigger(0);
        let again = lab.envelope(30, "runBackupJobManually", &format!("_id={JOB}"));
        assert_eq!(again["success"], i64::from(accepted));
        assert_eq!(lab.statuses(40).len(), groups, "{on_running:?}");
        assert_eq!(lab.fleet.account().max_writers(STORAGE), groups);
        assert_eq!(lab.fleet.account().triggers_by_api(SERVER, JOB), 2);
    }
}

#[test]
fn a_stop_is_only_a_signal() {
    for (stopping, second, expected, writes) in [
        // (how it stops, when the signal is sent, statuses at 30, 40 and 65 s, the writing)
        (Stopping::After(seconds(10)), 29, [10, 103, 103], vec![(5, Some(39))]),
        (Stopping::Never, 29, [10, 2, 100], vec![(5, Some(65))]),
        (Stopping::FinishesFirst, 29, [10, 2, 100], vec![(5, Some(65))]),
        (Stopping::After(seconds(500)), 29, [10, 2, 100], vec![(5, Some(65))]),
        (Stopping::After(seconds(1)), 1, [103, 103, 103], vec![]),
        (Stopping::FinishesFirst, 1, [103, 103, 103], vec![]),
        (Stopping::Never, 1, [10, 2, 100], vec![(5, Some(65))]),
    ] {
        let mut lab = Lab::new(|server| server.dialect(Dialect { stopping, ..Dialect::default() }));
        lab.trigger(0);
        let answer = stop(&mut lab, second);
        assert_eq!((&answer["message"], &answer["data"]), (&json!("stop signal sent"), &json!([])));
        assert_eq!([30, 40, 65].map(|second| lab.statuses(second)[0]), expected, "{stopping:?} at {second}");
        assert_eq!(lab.writes(), writes, "{stopping:?} at {second}");
        assert_eq!(stop(&mut lab, 600)["success"], 0, "a finished group cannot be stopped");
    }
}

#[test]
fn a_failed_group_can_go_back_to_pending_under_its_id() {
    let mut lab = Lab::new(|mut server| {
        server.jobs[1].script = vec![minute().ends(102), minute()];
        server
    });
    lab.trigger(0);
    let first = lab.group(70);
    let id = first["_id"].as_str().unwrap().to_owned();
    lab.ask(80, "rerunFailedQueueGroup", &format!("_id={id}"));
    let second = lab.group(80);
    assert_eq!((&second["_id"], &second["status"], &second["ended"]), (&first["_id"], &json!(1), &json!("")));
    assert_eq!(lab.statuses(200), [100]);
    assert_eq!(lab.writes(), [(5, Some(65)), (85, Some(145))]);
    assert_eq!(lab.fleet.account().writes[1].trigger, Trigger::Rerun);
    assert_ne!(lab.group(200)["log_id"], first["log_id"]);
    assert_eq!(lab.refusal(300, "rerunFailedQueueGroup", &format!("_id={id}")), "Queue group has not failed");
}

#[test]
fn a_schedule_starts_a_job_that_nobody_triggered() {
    let mut lab = Lab::new(|mut server| {
        let job = server.jobs.remove(1);
        server.job(job.schedule("5c0000000000000000000001", at(100), Some(seconds(1000))))
    });
    assert_eq!(lab.job(0)["next_run"], "2026-11-23T02:01:40+00:00");
    assert_eq!(lab.job(0)["schedules"], json!(["5c0000000000000000000001"]));
    assert_eq!(lab.ask(0, "listSchedules", "")["total"], 1);
    assert_eq!(lab.statuses(2500), [100, 100, 100]);
    assert_eq!(lab.writes(), [(105, Some(165)), (1105, Some(1165)), (2105, Some(2165))]);
    assert_eq!(lab.fleet.account().writes[0].trigger, Trigger::Schedule);
    assert_eq!(lab.fleet.account().triggers_by_api(SERVER, JOB), 0);
    lab.ask(2500, "manageBackupJob", &format!("action=modify&_id={JOB}&disabled=1"));
    assert_eq!(lab.job(2500)["next_run"], "");
    assert_eq!(lab.statuses(9000).len(), 3, "a disabled job is not started");
}

#[test]
fn a_schedule_does_not_start_a_job_twice_unless_a_trigger_would() {
    for (on_running, groups) in [(OnRunning::Error, 1), (OnRunning::Nothing, 1), (OnRunning::SecondGroup, 2)] {
        let mut lab = Lab::new(|mut server| {
            let job = server.jobs.remove(1);
            server
                .job(job.schedule("5c0000000000000000000001", at(30), None))
                .dialect(Dialect { on_running, ..Dialect::default() })
        });
        lab.trigger(0);
        assert_eq!(lab.statuses(100).len(), groups, "{on_running:?}");
    }
}

#[test]
fn forks_limit_the_writers_of_one_server_only() {
    for (forks, most) in [(1, 2), (2, 4)] {
        let mut lab = Lab::new(|server| server.forks(forks));
        lab.fleet = lab.fleet.clone().server("server2", |server| crate::lab::usual(server).forks(forks));
        for server in [SERVER, "server2"] {
            for job in [JOB, OTHER] {
                lab.fleet.ask(server, "runBackupJobManually", &format!("_id={job}"), at(0)).unwrap();
            }
        }
        lab.fleet.advance(at(1000));
        assert_eq!(lab.fleet.account().max_writers(STORAGE), most, "{forks}");
        assert_eq!(lab.fleet.account().writes.len(), 4);
        assert!(!lab.fleet.account().overlaps(STORAGE).is_empty());
        assert_eq!(lab.ask(1000, "getSettingsPerformance", "")["backup_forks"], forks);
    }
}

#[test]
fn a_group_whose_destination_is_disabled_does_what_the_dialect_says() {
    for (while_disabled, at_100, at_300, writes) in [
        (WhileDisabled::Waits, 1, 100, vec![(200, Some(260))]),
        (WhileDisabled::Fails, 102, 102, vec![]),
        (WhileDisabled::Writes, 100, 100, vec![(5, Some(65))]),
    ] {
        let mut lab = Lab::new(|mut server| {
            server.destinations[0].disabled = true;
            server.dialect(Dialect { while_disabled, ..Dialect::default() })
        });
        lab.trigger(0);
        assert_eq!(lab.statuses(100), [at_100], "{while_disabled:?}");
        lab.ask(200, "manageDestination", &format!("action=modify&_id={NAS}&disabled=0"));
        assert_eq!(lab.statuses(300), [at_300], "{while_disabled:?}");
        assert_eq!(lab.writes(), writes, "{while_disabled:?}");
    }
}

#[test]
fn a_job_with_two_destinations_writes_to_both() {
    const ELSEWHERE: &str = "6503eec8ebbf07708d06f1d3";
    let mut lab = Lab::new(|mut server| {
        server.jobs[1].destinations.push(ELSEWHERE.to_owned());
        server.destination(Destination::on("elsewhere", ELSEWHERE))
    });
    lab.trigger(0);
    lab.fleet.advance(at(100));
    let storages: Vec<&str> = lab.fleet.account().writes.iter().map(|write| write.storage.as_str()).collect();
    assert_eq!(storages, [STORAGE, "elsewhere"]);
    assert_eq!((lab.fleet.account().max_writers(STORAGE), lab.fleet.account().max_writers("elsewhere")), (1, 1));
}
