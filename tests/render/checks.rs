//! Freshness and holds: plans and checks in which each kind of them comes up.

use std::time::Duration;

use jbr::check::{Check, Finding, Level, Scope, check};
use jbr::clock::{Timestamp, earlier, later};
use jbr::desired::{Desired, Destination, Hold, Job, Partial};
use jbr::execute::journal::{GateState, Opened};
use jbr::hold::ByHand;
use jbr::inventory::{Inventory, ServerView};
use jbr::jetbackup::facts::{self, GroupStatus, Log, LogStatus};
use jbr::names::{JobId, LogId};
use jbr::queue::Gate;
use jbr::seen::{Seen, Why};
use jbr::state::State;

use crate::fixtures::{
    HOUR, MINUTE, address, bad_record, desired, destination_id, group, interrupted, job, job_id, live, now, record,
    server, state, unread, view,
};

fn ago(hours: u32) -> Timestamp {
    earlier(now(), HOUR * hours)
}

fn log(number: u32, job: u32, code: i64, ended: Timestamp, took_minutes: u32) -> Log {
    Log {
        id: LogId::new(format!("c{number:023}")).unwrap(),
        job: Some(job_id(job)),
        started: Some(earlier(ended, MINUTE * took_minutes)),
        ended: Some(ended),
        status: LogStatus::from_code(code),
    }
}

fn logs(view: &mut ServerView, job: u32, logs: Seen<Vec<Log>>) {
    let id: JobId = job_id(job);
    view.logs.insert(id, logs);
}

fn by_hand(until: Option<Timestamp>) -> ByHand {
    ByHand { user: "ana".to_owned(), since: ago(50), reason: "the disk is | being moved".to_owned(), until }
}

/// Jobs that are fresh, due for every reason, and held in every way.
pub(crate) fn measured() -> (Desired, Vec<ServerView>, State) {
    let daily = |text: &str, id| Job { every: Some(HOUR * 20), ..job(text, id) };
    let plan_hold = |until| Some(Hold { reason: "the server moves".to_owned(), until });
    let jobs = vec![
        daily("server1/fresh", 11),
        daily("server1/due", 12),
        daily("server1/never", 13),
        daily("server1/logs-unread", 14),
        job("server1/held", 15),
        Job { hold: plan_hold(None), ..job("server1/held-by-plan", 16) },
        Job { hold: plan_hold(Some(later(now(), HOUR * 72))), ..job("server1/held-by-both", 17) },
        daily("server2/unread-and-fresh", 21),
        daily("server2/unread", 22),
    ];
    let names = ["Fresh", "Due", "Never", "Logs unread", "Held", "Held by plan", "Held by both"];
    let mut server1 = view("server1", (11..).zip(names).map(|(id, name)| live(id, name)).collect());
    logs(&mut server1, 11, Seen::Known(vec![log(1, 11, 4, ago(3), 65), log(2, 11, 1, ago(27), 60)]));
    logs(&mut server1, 12, Seen::Known(vec![log(3, 12, 2, ago(5), 5), log(4, 12, 1, ago(29), 60)]));
    logs(&mut server1, 13, Seen::Known(vec![]));
    logs(&mut server1, 14, Seen::Unknown(Why::new("listLogs: JetBackup refused: permission denied")));
    let server2 = unread("server2", "no route to host (server2.example.com:51514)");
    let mut state = state();
    state.jobs.insert(address("server2/unread-and-fresh"), record(21, 65 * MINUTE, HOUR * 8));
    state.holds.insert(address("server1/held"), by_hand(None));
    state.holds.insert(address("server1/held-by-both"), by_hand(Some(later(now(), HOUR * 30))));
    state.holds.insert(address("server3/gone"), by_hand(Some(ago(1))));
    (desired(vec![server("server1"), server("server2")], jobs), vec![server1, server2], state)
}

/// The same fleet a little later: everything is fresh.
pub(crate) fn nothing_due() -> (Desired, Vec<ServerView>, State) {
    let (mut desired, mut views, _) = measured();
    desired.servers.truncate(1);
    desired.jobs.truncate(2);
    views.truncate(1);
    if let Seen::Known(jobs) = &mut views[0].jobs {
        jobs.truncate(2);
    }
    logs(&mut views[0], 12, Seen::Known(vec![log(5, 12, 1, ago(2), 55)]));
    (desired, views, state())
}

fn checked(desired: &Desired, servers: Vec<ServerView>, state: &State) -> Check {
    let scope = Scope { is_asked_for: &|_| true, is_of_interest: &|_| true };
    check(desired, &Inventory { servers }, state, &scope, now())
}

/// A check in which all is well.
pub(crate) fn good() -> Check {
    let (desired, views, state) = nothing_due();
    checked(&desired, views, &state)
}

/// A check in which every finding comes up.
pub(crate) fn everything() -> Check {
    let (mut desired, mut views, mut state) = measured();
    desired.run.partial = Partial::Fail;
    desired.jobs.push(Job { every: Some(MINUTE * 50), max_age: Some(HOUR * 26), ..job("server1/old", 18) });
    desired.jobs.push(job("server1/any-age", 19));
    desired.jobs.push(job("server1/gone", 99));
    desired.jobs.push(Job { max_age: Some(HOUR * 26), ..job("server2/unread-and-old", 23) });
    let view = &mut views[0];
    if let Seen::Known(jobs) = &mut view.jobs {
        jobs.push(live(18, "Old"));
        jobs.push(facts::Job { disabled: true, ..live(19, "Any age") });
        jobs.push(facts::Job { schedules: Some(1), ..live(77, "Not | ours\u{1b}[2J\n") });
    }
    view.groups = Seen::Known(vec![
        group(1, Some(18), GroupStatus::Started, Some(7)),
        group(2, Some(77), GroupStatus::Started, None),
    ]);
    logs(view, 15, Seen::Known(vec![log(6, 15, 1, ago(30), 60)]));
    logs(view, 16, Seen::Known(vec![log(7, 16, 1, ago(30), 60)]));
    logs(view, 17, Seen::Known(vec![log(8, 17, 1, ago(30), 60)]));
    logs(view, 18, Seen::Known(vec![log(9, 18, 1, ago(76), 60)]));
    logs(view, 19, Seen::Known(vec![log(10, 19, 1, ago(700), 90)]));
    logs(view, 99, Seen::Known(vec![]));
    state.jobs.insert(address("server2/unread-and-old"), record(23, HOUR, HOUR * 50));
    state.jobs.insert(address("server2/unread"), bad_record(22, jbr::execute::outcome::Verdict::Failed, 3));
    checked(&desired, views, &state)
}

/// What would be too old a second later is not too old, and what is due again at its very end is not due before.
#[test]
fn a_limit_is_passed_and_not_reached() {
    let a_second_less = |than: Duration| Duration::from_secs(than.as_secs() - 1);
    let findings = |max_age, every| {
        let (mut desired, views, state) = nothing_due();
        (desired.jobs[1].max_age, desired.jobs[1].every) = (Some(max_age), Some(every));
        checked(&desired, views, &state).jobs.remove(1).findings
    };
    let (age, took) = (HOUR * 2, MINUTE * 55);
    assert_eq!(findings(age, took), []);
    assert_eq!(findings(a_second_less(age), took), [Finding::TooOld]);
    let too_short = Finding::EveryTooShort { every: a_second_less(took), median: took };
    assert_eq!(findings(age, a_second_less(took)), [too_short]);
}

/// In the pictures of a check the two are the same.
#[test]
fn nine_of_ten_is_not_the_median() {
    let (desired, mut views, state) = nothing_due();
    logs(&mut views[0], 11, Seen::Known((0..10).map(|n| log(n, 11, 1, ago(3 + n), 60 + n)).collect()));
    let check = checked(&desired, views, &state);
    let metrics = jbr::render::metrics::metrics(&check);
    for (quantile, minutes) in [("0.5", 65), ("0.9", 68)] {
        let labels = format!("server=\"server1\",job=\"fresh\",quantile=\"{quantile}\"");
        let sample = format!("\njbr_usual_duration_seconds{{{labels}}} {}\n", minutes * 60);
        assert!(metrics.contains(&sample), "{sample}{metrics}");
    }
    let json = jbr::render::check_json::check_json(&check);
    assert!(json.contains(r#""median_s":3900,"p90_s":4080,"#), "{json}");
}

/// One remark in a check in which all else is well, by what is changed for it: how many are counted, and what they make of the check.
#[test]
fn each_remark_weighs_what_it_is_worth() {
    let weighs = |change: &dyn Fn(&mut Desired, &mut Vec<ServerView>, &mut State)| {
        let (mut desired, mut views, mut state) = nothing_due();
        change(&mut desired, &mut views, &mut state);
        let check = checked(&desired, views, &state);
        let counted = format!("\njbr_remarks {}\n", check.remarks.len());
        assert!(jbr::render::metrics::metrics(&check).contains(&counted), "{check:?}");
        (check.remarks.len(), check.level())
    };
    let add = |views: &mut Vec<ServerView>, job: facts::Job| {
        let Seen::Known(jobs) = &mut views[0].jobs else { panic!("they are known") };
        jobs.push(job);
    };
    assert_eq!(weighs(&|_, _, _| {}), (0, Level::Ok));
    assert_eq!(weighs(&|_, views, _| add(views, live(77, "Not ours"))), (1, Level::Warning));
    // It may write, or not: nobody is woken for what JetBackup has on every server.
    let nowhere = || facts::Job { destinations: vec![], ..live(77, "Not ours") };
    assert_eq!(weighs(&|_, views, _| add(views, nowhere())), (1, Level::Ok));
    let silent = weighs(&|desired, views, _| {
        desired.servers.push(server("server2"));
        views.push(unread("server2", "no route to host"));
    });
    assert_eq!(silent, (1, Level::Warning), "no job of the plan says it");
    let missing = weighs(&|desired, views, _| {
        desired.servers[0].destination = Some(Destination { id: destination_id(7), keep_closed: false });
        let Seen::Known(jobs) = &mut views[0].jobs else { panic!("they are known") };
        for job in jobs {
            job.destinations = vec![destination_id(7)];
        }
    });
    assert_eq!(missing, (1, Level::Critical));
    let open = |desired: &mut Desired| desired.jobs[0].keep_disabled = true;
    assert_eq!(weighs(&|desired, _, _| open(desired)), (1, Level::Warning), "somebody enabled it");
    let by_us = weighs(&|desired, _, state| {
        open(desired);
        let (server, gate) = (server("server1").name, Gate::Job(job_id(11)));
        state.opened = vec![Opened { server, gate, since: ago(1), state: GateState::Open }];
    });
    assert_eq!(by_us, (0, Level::Ok));
}

/// What was done in a run that has not ended is as much of a proof as what was done before it.
#[test]
fn a_backup_of_the_run_in_progress_counts() {
    let (desired, views, state) = interrupted(HOUR * 2);
    let silent = views.iter().map(|view| unread(view.server.as_str(), "no route to host"));
    let check = checked(&desired, silent.collect(), &state);
    let databases = check.jobs.iter().find(|job| job.address == address("server2/databases")).unwrap();
    assert_eq!(databases.history.age(now()), Some(MINUTE * (120 - 27)));
}

/// A check without jobs.
pub(crate) fn empty() -> Check {
    checked(&desired(vec![], vec![]), vec![], &state())
}
