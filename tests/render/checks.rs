//! Freshness and holds: plans and checks in which each kind of them comes up.

use jbr::check::{Check, Scope, check};
use jbr::clock::{Timestamp, earlier, later};
use jbr::desired::{Desired, Hold, Job, Partial};
use jbr::hold::ByHand;
use jbr::inventory::{Inventory, ServerView};
use jbr::jetbackup::facts::{self, GroupStatus, Log, LogStatus};
use jbr::names::{JobId, LogId};
use jbr::seen::{Seen, Why};
use jbr::state::State;

use crate::fixtures::{
    HOUR, MINUTE, address, bad_record, desired, group, job, job_id, live, now, record, server, state, unread, view,
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

/// A check without jobs.
pub(crate) fn empty() -> Check {
    checked(&desired(vec![], vec![]), vec![], &state())
}
