//! What `jbr status` makes of what it could not see: nothing is taken for known that was not read or not asked.

use std::time::Duration;

use jbr::clock::{Timestamp, later};
use jbr::inventory::Inventory;
use jbr::jetbackup::facts::GroupStatus;
use jbr::names::JobAddress;
use jbr::proposal::{Because, Request, propose};
use jbr::render::status_json::status_json;
use jbr::seen::{Seen, Why};
use jbr::state::State;
use jbr::state::lock::{Holder, Lock};
use jbr::status::{Doing, Fate, Next, Outbox, Reading, Status, View, Waits, Whose, next, status};

use crate::fixtures::{HOUR, address, closed_destination, fleet, group, now, unread};

/// What is seen of the first servers of the fleet, or all.
struct Sight {
    state: Seen<State>,
    lock: Seen<Lock>,
    outbox: Seen<Outbox>,
    views: Inventory,
    at: Timestamp,
}

impl Sight {
    /// A run of the whole fleet that nobody is at.
    fn interrupted() -> Self {
        let (desired, views, mut state) = fleet();
        let views = Inventory { servers: views };
        let request = Request { is_asked_for: &|_| true, fresh: false };
        propose(&desired, &views, &state, &request, now()).begin(&mut state);
        Self {
            state: Seen::Known(state),
            lock: Seen::Known(Lock::Free),
            outbox: Seen::Known(Outbox::default()),
            views,
            at: now(),
        }
    }

    fn status(&self) -> Status {
        let (mut desired, _, _) = fleet();
        desired.servers[1].destination = Some(closed_destination(1));
        let known = match &self.state {
            Seen::Known(state) => state.clone(),
            Seen::Unknown(_) => State::unwritten(),
        };
        let request = Request { is_asked_for: &|_| true, fresh: false };
        let proposal = propose(&desired, &self.views, &known, &request, self.at);
        let asked: Vec<_> = self.views.servers.iter().map(|view| view.server.clone()).collect();
        status(View {
            desired: &desired,
            inventory: &self.views,
            state: &self.state,
            lock: self.lock.clone(),
            outbox: self.outbox.clone(),
            proposal: &proposal,
            is_asked_for: &|address: &JobAddress| asked.contains(&address.server),
            now: self.at,
        })
    }
}

fn held() -> Seen<Lock> {
    let (what, user, host) = ("apply".to_owned(), "root".to_owned(), "pi".to_owned());
    Seen::Known(Lock::Held(Some(Holder { pid: 4711, what, user, host, since: now() })))
}

/// Nothing of this machine can be read, one server answers in part, and one has a backup that names no job.
pub(crate) fn blurred() -> Status {
    let unknown = |what: &str| Why::new(format!("/var/lib/jbr/{what}: permission denied"));
    let mut sight = Sight {
        state: Seen::Unknown(unknown("state.json")),
        lock: Seen::Unknown(unknown("state.json.lock")),
        outbox: Seen::Unknown(unknown("outbox")),
        ..Sight::interrupted()
    };
    let servers = &mut sight.views.servers;
    servers[0].groups = Seen::Known(vec![
        group(1, Some(11), GroupStatus::Started, Some(40)),
        group(2, None, GroupStatus::Pending, None),
    ]);
    servers[1].gate = Seen::Unknown(Why::new("server2: no answer in time"));
    servers[1].destinations = Seen::Unknown(Why::new("server2: no answer in time"));
    servers[2] = unread("server3", "no route to host");
    sight.status()
}

#[test]
fn what_of_this_machine_cannot_be_read_is_counted_and_nothing_follows_from_it() {
    let status = blurred();
    assert!(status.run.is_none() && status.next.is_none(), "{status:?}");
    let Doing::Busy(backups) = &status.servers[0].jobs[0].doing else { panic!("{status:?}") };
    assert_eq!(backups[0].whose, Whose::Unknown);
    for unknown in [0, 1, 2] {
        let mut sight = Sight::interrupted();
        let why = Why::new("permission denied");
        match unknown {
            0 => sight.state = Seen::Unknown(why),
            1 => sight.lock = Seen::Unknown(why),
            _ => sight.outbox = Seen::Unknown(why),
        }
        assert_eq!(sight.status().reading(), Reading::Partly, "{unknown}");
    }
    assert_eq!(Sight::interrupted().status().reading(), Reading::Whole);
}

#[test]
fn a_backup_that_names_no_job_may_be_any_jobs_unless_the_run_knows_it() {
    let mut sight = Sight::interrupted();
    sight.views.servers[0].groups = Seen::Known(vec![group(2, None, GroupStatus::Pending, None)]);
    let seen = sight.status();
    assert!(seen.servers[0].jobs.iter().all(|job| matches!(job.doing, Doing::Unknown(_))), "{seen:?}");
    assert!(seen.servers[1].jobs.iter().all(|job| job.doing == Doing::Idle), "{seen:?}");
    assert_eq!((seen.servers[0].others.len(), seen.reading()), (1, Reading::Partly));

    // The run was told by its trigger.
    let Seen::Known(state) = &mut sight.state else { panic!("it is known") };
    let mut busy = crate::fixtures::every_phase();
    let (queue, mut journal) = busy.run.take().map(|run| (run.queue, run.journal)).unwrap();
    let running = queue.items.iter().find_map(|item| {
        let phase = journal.phase(&item.address);
        matches!(phase, jbr::execute::journal::Phase::Running(_)).then(|| phase.clone())
    });
    let jbr::execute::journal::Phase::Running(mut running) = running.unwrap() else { panic!("it runs") };
    running.group = crate::fixtures::group_id(2);
    let run = state.run.as_mut().unwrap();
    std::mem::swap(&mut journal, &mut run.journal);
    run.journal.entries.clear();
    run.journal.entry_mut(&address("server1/accounts")).phase = jbr::execute::journal::Phase::Running(running);
    let seen = sight.status();
    let doing: Vec<bool> = seen.servers[0].jobs.iter().map(|job| matches!(job.doing, Doing::Busy(_))).collect();
    assert_eq!((doing, seen.servers[0].others.len()), (vec![true, false], 0));
}

#[test]
fn what_the_servers_that_were_not_asked_have_before_it_is_not_left_out_of_a_forecast() {
    let mut sight = Sight { lock: held(), ..Sight::interrupted() };
    let whole = sight.status().next.unwrap();
    assert!(whole.waits == Waits::Turn && whole.at.is_some(), "{whole:?}");
    sight.views.servers.drain(..2);
    let next = sight.status().next.unwrap();
    assert_eq!((next.job, next.at, next.waits), (address("server3/accounts"), None, Waits::Turn));
}

#[test]
fn whether_an_interrupted_run_goes_on_is_what_the_next_apply_would_say() {
    let fate = |sight: &Sight| sight.status().run.unwrap().fate;
    let mut sight = Sight::interrupted();
    assert_eq!(fate(&sight), Fate::Resumes);
    sight.at = later(now(), 20 * HOUR + Duration::from_secs(1));
    assert_eq!(fate(&sight), Fate::StartsOver(Because::TooOld));
    let json = status_json(&sight.status());
    assert!(json.contains(r#""next_apply":"start_over","because":"too_old""#), "{json}");
    // A server that was not asked may have a job that is due again; an old run is old whoever was asked.
    sight.views.servers.truncate(1);
    assert_eq!(fate(&sight), Fate::StartsOver(Because::TooOld));
    sight.at = now();
    assert_eq!(fate(&sight), Fate::Unknown);
}

#[test]
fn what_comes_next_is_what_becomes_due_first_or_waits_for_its_window() {
    let everything = |_: &JobAddress| true;
    let (desired, views, state) = crate::checks::nothing_due();
    let proposal = crate::fixtures::plan(&desired, views, &state, false);
    let due = |job: &str, hours: u32| {
        Some(Next { job: address(job), at: Some(later(now(), HOUR * hours)), waits: Waits::Every })
    };
    assert_eq!(next(&proposal, &Lock::Free, true, &everything), due("server1/fresh", 17));
    assert_eq!(next(&proposal, &Lock::Free, true, &|job| *job == address("server1/due")), due("server1/due", 18));

    let (desired, views, state) = crate::fixtures::shut();
    let proposal = crate::fixtures::plan(&desired, views, &state, false);
    let next = next(&proposal, &Lock::Free, true, &everything).unwrap();
    assert_eq!((next.at, next.waits), (proposal.standstill().unwrap().opens, Waits::Window));
}

#[test]
fn each_job_shows_what_holds_it() {
    let (desired, views, state) = crate::checks::measured();
    let inventory = Inventory { servers: views };
    let request = Request { is_asked_for: &|_| true, fresh: false };
    let status = status(View {
        desired: &desired,
        inventory: &inventory,
        proposal: &propose(&desired, &inventory, &state, &request, now()),
        state: &Seen::Known(state),
        lock: Seen::Known(Lock::Free),
        outbox: Seen::Known(Outbox::default()),
        is_asked_for: &|_| true,
        now: now(),
    });
    let jobs = status.servers.iter().flat_map(|server| &server.jobs);
    let held = jobs.filter_map(|job| {
        let holds = job.holds.as_ref()?;
        Some((job.address.job.as_str(), holds.plan.is_some(), holds.hand.is_some()))
    });
    let expected = [("held", false, true), ("held-by-plan", true, false), ("held-by-both", true, true)];
    assert_eq!(held.collect::<Vec<_>>(), expected);
}
