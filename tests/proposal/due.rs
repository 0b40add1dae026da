//! What `every` and holds keep out of the queue, and what they do not.

use std::time::Duration;

use jbr::clock::{Timestamp, earlier, later};
use jbr::desired::{After, Desired, Hold, Job, Retry, When};
use jbr::diff::Choice;
use jbr::execute::journal::Phase;
use jbr::execute::outcome::{Outcome, Verdict};
use jbr::hold::ByHand;
use jbr::inventory::{Inventory, ServerView};
use jbr::jetbackup::facts::{self, GroupStatus, Log, LogStatus};
use jbr::proposal::{Because, Beginning, NotQueued, Proposal, Request, logs_wanted, propose};
use jbr::queue::Item;
use jbr::seen::{Seen, Why};
use jbr::state::{JobRecord, State};

use crate::left::{HOUR, JOB, address, groups, log_id, none, now, proposal, running, state, triggered, unread, view};

fn every(hours: u32) -> Desired {
    let mut desired = crate::left::desired();
    desired.jobs[0].every = Some(HOUR * hours);
    desired
}

fn new_state() -> State {
    State::new("due".to_owned())
}

fn ago(hours: u32) -> Timestamp {
    earlier(now(), HOUR * hours)
}

/// A good log that ended so many hours ago.
fn good(hours: u32) -> Seen<Vec<Log>> {
    let (started, ended) = (Some(ago(hours + 1)), Some(ago(hours)));
    Seen::Known(vec![Log { id: log_id(), job: JOB.parse().ok(), started, ended, status: LogStatus::Completed }])
}

fn failed() -> Seen<Vec<Log>> {
    let (started, ended) = (Some(ago(2)), Some(ago(1)));
    Seen::Known(vec![Log { id: log_id(), job: JOB.parse().ok(), started, ended, status: LogStatus::Failed }])
}

fn remembers(hours: u32) -> State {
    let mut state = new_state();
    let record = JobRecord { last_success: Some(ago(hours)), ..JobRecord::new(JOB.parse().unwrap()) };
    state.jobs.insert(address(), record);
    state
}

fn held(until: Option<Timestamp>) -> State {
    let mut state = new_state();
    let hold = ByHand { user: "ana".to_owned(), since: ago(9), reason: "the disk is moved".to_owned(), until };
    state.holds.insert(address(), hold);
    state
}

fn silent() -> Inventory {
    let why = || Why::new("no route to host");
    let server = "a".parse().unwrap();
    Inventory {
        servers: vec![ServerView {
            server,
            version: None,
            jobs: Seen::Unknown(why()),
            groups: Seen::Unknown(why()),
            logs: std::collections::BTreeMap::new(),
            destinations: Seen::Unknown(why()),
            forks: Seen::Unknown(why()),
            gate: Seen::Unknown(why()),
        }],
    }
}

/// The symbol of the decision, and whether the job has a place in the queue.
fn decided(desired: &Desired, inventory: &Inventory, state: &State) -> (char, bool) {
    let proposal = proposal(desired, inventory, state);
    let symbol = proposal.diff.decisions[0].verdict.symbol();
    assert_eq!(proposal.has_work(), !proposal.queue.items.is_empty());
    (symbol, !proposal.queue.items.is_empty())
}

#[test]
fn a_job_is_queued_unless_its_last_good_backup_is_proven_young_enough() {
    const RUN: (char, bool) = ('>', true);
    const FRESH: (char, bool) = ('·', false);
    let rows = [
        ("23 h old by its log", view(none(), Some(good(23))), new_state(), FRESH),
        ("24 h old", view(none(), Some(good(24))), new_state(), RUN),
        ("25 h old", view(none(), Some(good(25))), new_state(), RUN),
        ("never", view(none(), Some(Seen::Known(vec![]))), new_state(), RUN),
        ("failed an hour ago", view(none(), Some(failed())), new_state(), RUN),
        ("failed an hour ago, good before", view(none(), Some(failed())), remembers(3), FRESH),
        ("its logs cannot be read", view(none(), Some(unread())), new_state(), RUN),
        ("its logs cannot be read, and jbr remembers", view(none(), Some(unread())), remembers(3), FRESH),
        ("its logs cannot be read, and jbr remembers an old one", view(none(), Some(unread())), remembers(30), RUN),
        ("somebody ran it since", view(none(), Some(good(3))), remembers(30), FRESH),
        ("its server is silent", silent(), new_state(), ('?', true)),
        ("its server is silent, and jbr remembers", silent(), remembers(3), FRESH),
        ("its server is silent, and jbr remembers an old one", silent(), remembers(30), ('?', true)),
        (
            "it runs, young as the last one is",
            view(groups(GroupStatus::Started), Some(good(3))),
            new_state(),
            ('=', true),
        ),
    ];
    for (what, inventory, state, expected) in rows {
        assert_eq!(decided(&every(24), &inventory, &state), expected, "{what}");
    }
    let always = crate::left::desired();
    assert_eq!(decided(&always, &view(none(), Some(good(1))), &new_state()), RUN, "without `every`, always");
    let mut renamed = remembers(3);
    let record = renamed.jobs.remove(&address()).unwrap();
    renamed.jobs.insert("a/old".parse().unwrap(), record);
    assert_eq!(decided(&every(24), &view(none(), Some(unread())), &renamed), FRESH, "it had another name");
}

#[test]
fn a_fresh_job_that_is_disabled_is_not_due_and_no_run_is_recorded_for_it() {
    let mut inventory = view(none(), Some(good(3)));
    if let Seen::Known(jobs) = &mut inventory.servers[0].jobs {
        jobs[0].disabled = true;
    }
    assert_eq!(decided(&every(24), &inventory, &new_state()), ('·', false));
    assert_eq!(decided(&every(2), &inventory, &new_state()), ('~', true));
}

#[test]
fn a_job_that_does_not_exist_is_an_error_however_fresh_or_held() {
    let mut inventory = view(none(), Some(good(3)));
    inventory.servers[0].jobs = Seen::Known(vec![]);
    assert_eq!(decided(&every(24), &inventory, &held(None)), ('x', false));
}

#[test]
fn a_held_job_is_not_queued_whoever_holds_it_and_until_then_only() {
    const HELD: (char, bool) = ('!', false);
    let idle = || view(none(), None);
    let by_plan = |until| {
        let mut desired = crate::left::desired();
        desired.jobs[0].hold = Some(Hold { reason: "moved".to_owned(), until });
        desired
    };
    let always = crate::left::desired();
    let (past, soon) = (Some(ago(1)), Some(later(now(), HOUR)));
    assert_eq!(decided(&always, &idle(), &held(None)), HELD);
    assert_eq!(decided(&always, &idle(), &held(soon)), HELD);
    assert_eq!(decided(&always, &idle(), &held(past)), ('>', true));
    assert_eq!(decided(&always, &idle(), &held(Some(now()))), ('>', true), "it ends at the moment that it names");
    assert_eq!(decided(&by_plan(None), &idle(), &new_state()), HELD);
    assert_eq!(decided(&by_plan(past), &idle(), &new_state()), ('>', true));
    assert_eq!(decided(&by_plan(past), &idle(), &held(soon)), HELD);
    assert_eq!(decided(&always, &silent(), &held(None)), HELD);
    let runs = view(groups(GroupStatus::Started), None);
    assert_eq!(decided(&always, &runs, &held(None)), ('=', true), "a backup that runs is watched");
    let both = proposal(&by_plan(soon), &idle(), &held(None));
    let Choice::Held { holds } = &both.diff.decisions[0].verdict else { panic!("{:?}", both.diff) };
    assert!(holds.plan.is_some() && holds.hand.is_some(), "{holds:?}");
}

#[test]
fn a_hold_that_is_over_goes_with_the_next_run() {
    let mut state = held(Some(ago(1)));
    let proposal = proposal(&crate::left::desired(), &view(none(), None), &state);
    proposal.begin(&mut state);
    assert!(state.holds.is_empty());
    let mut state = held(Some(later(now(), HOUR)));
    proposal.begin(&mut state);
    assert_eq!(state.holds.len(), 1);
}

/// What has begun is seen to its end; what has not is fresh or held like any other.
#[test]
fn an_interrupted_run_goes_on_with_what_it_has_begun() {
    let done = Outcome { started: Some(ago(2)), ..Outcome::without_run(Verdict::Completed, ago(1), String::new()) };
    for (phase, stays) in [
        (Phase::Running(running(None)), true),
        (triggered(Duration::from_secs(60)), true),
        (Phase::Done(done), true),
        (Phase::Queued, false),
        (Phase::Preparing, false),
    ] {
        for (desired, holds) in [(every(24), new_state()), (crate::left::desired(), held(None))] {
            let state = State { holds: holds.holds, ..state(phase.clone()) };
            let proposal = proposal(&desired, &view(none(), Some(good(3))), &state);
            assert!(matches!(proposal.beginning, Beginning::Resume(_)));
            assert_eq!(proposal.queue.item(&address()).is_some(), stays, "{phase:?}");
            assert_eq!(proposal.not_due().count(), usize::from(!stays), "{phase:?}");
            assert!(proposal.has_work(), "the run must be ended, at least");
        }
    }
}

#[test]
fn logs_are_read_of_the_jobs_that_are_measured_by_them_and_of_those_that_nobody_has_timed() {
    let wanted = |desired: &Desired, state: &State| logs_wanted(desired, state).len();
    let timed = |times: usize| {
        let mut state = remembers(3);
        state.jobs.get_mut(&address()).unwrap().durations = vec![HOUR; times];
        state
    };
    let plain = crate::left::desired();
    assert_eq!([new_state(), timed(4), timed(5)].map(|state| wanted(&plain, &state)), [1, 1, 0]);
    assert_eq!(wanted(&every(24), &timed(5)), 1);
    let mut with_age = crate::left::desired();
    with_age.jobs[0].max_age = Some(HOUR);
    assert_eq!(wanted(&with_age, &timed(5)), 1);
}

/// A run that waits for the windows of others must not keep a job from being due.
#[test]
fn what_is_done_in_a_run_and_due_again_begins_another_one() {
    let done = |verdict, hours| {
        let started = Some(ago(hours + 1));
        let outcome =
            Outcome { started, ended: ago(hours), ..Outcome::without_run(verdict, ago(hours), String::new()) };
        let mut state = state(Phase::Done(outcome));
        state.run.as_mut().unwrap().started = ago(6);
        state
    };
    let again = Some(Because::DueAgain(address()));
    for (what, desired, state, logs, expected) in [
        ("it is old", every(2), done(Verdict::Completed, 3), good(3), again.clone()),
        ("it is old, in part", every(2), done(Verdict::Partial, 3), good(3), again),
        ("it is young", every(4), done(Verdict::Completed, 3), good(3), None),
        ("it failed: that is the next run's", every(2), done(Verdict::Failed, 3), failed(), None),
        ("once a run", crate::left::desired(), done(Verdict::Completed, 3), good(3), None),
    ] {
        let proposal = proposal(&desired, &view(none(), Some(logs)), &state);
        let because = match &proposal.beginning {
            Beginning::StartOver { because, .. } => Some(because.clone()),
            _ => None,
        };
        assert_eq!(because, expected, "{what}");
        let queued = *proposal.journal.phase(&address()) == Phase::Queued && proposal.queue.item(&address()).is_some();
        assert_eq!(queued, expected.is_some(), "{what}");
    }

    // It is young, and somebody runs it all the same; and another job has its address today.
    let runs = view(groups(GroupStatus::Started), Some(good(3)));
    let beginning = proposal(&every(4), &runs, &done(Verdict::Completed, 3)).beginning;
    assert!(matches!(beginning, Beginning::Resume(_)), "{beginning:?}");
    let mut replaced = every(2);
    replaced.jobs[0].id = "d".repeat(24).parse().unwrap();
    let mut its = view(none(), None);
    if let Seen::Known(jobs) = &mut its.servers[0].jobs {
        jobs[0].id = replaced.jobs[0].id.clone();
    }
    let beginning = proposal(&replaced, &its, &done(Verdict::Completed, 3)).beginning;
    assert!(matches!(beginning, Beginning::Resume(_)), "{beginning:?}");

    // What is under way of the run is seen to its end first.
    let mut two = every(2);
    let id = "e".repeat(24).parse().unwrap();
    two.jobs.push(Job { address: "a/y".parse().unwrap(), id, every: None, ..two.jobs[0].clone() });
    let mut state = done(Verdict::Completed, 3);
    let run = state.run.as_mut().unwrap();
    let item =
        Item { address: "a/y".parse().unwrap(), id: "e".repeat(24).parse().unwrap(), ..run.queue.items[0].clone() };
    run.queue.items.push(item);
    run.journal.entry_mut(&"a/y".parse().unwrap()).phase = Phase::Running(running(None));
    let beginning = proposal(&two, &view(none(), Some(good(3))), &state).beginning;
    assert!(matches!(beginning, Beginning::Resume(_)), "{beginning:?}");

    // A job that was renamed since is the same job.
    let mut renamed = every(2);
    renamed.jobs[0].address = "a/renamed".parse().unwrap();
    let address = renamed.jobs[0].address.clone();
    let proposal = proposal(&renamed, &view(none(), Some(good(3))), &done(Verdict::Completed, 3));
    let again =
        matches!(&proposal.beginning, Beginning::StartOver { because: Because::DueAgain(job), .. } if *job == address);
    assert!(again && *proposal.journal.phase(&address) == Phase::Queued, "{:?}", proposal.beginning);
}

/// A job is its server's id: under its new name it goes on where it was, also once it has run under it.
#[test]
fn a_renamed_job_keeps_its_past_beyond_its_first_run() {
    let remembered = |id: &str, hours| JobRecord {
        last_success: Some(ago(hours)),
        durations: vec![HOUR; 5],
        ..JobRecord::new(id.parse().unwrap())
    };
    let mut state = state(Phase::Done(Outcome::without_run(Verdict::Failed, ago(1), String::new())));
    // What ran as `a/x` was `a/old` before, and the other way round.
    let (old, other) = ("a/old".parse().unwrap(), "e".repeat(24));
    state.jobs = [(address(), remembered(&other, 50)), (old, remembered(JOB, 30))].into();
    let names = |state: &State| -> Vec<(String, Option<Timestamp>, u32)> {
        let jobs = state.records().into_iter();
        jobs.map(|(job, record)| (job.to_string(), record.last_success, record.failures_in_a_row)).collect()
    };
    let expected = [("a/old".to_owned(), Some(ago(50)), 0), ("a/x".to_owned(), Some(ago(30)), 1)];
    assert_eq!(names(&state), expected);
    state.end(now(), jbr::state::RunEnd::Complete);
    assert_eq!(names(&state), expected);
    assert!(logs_wanted(&crate::left::desired(), &state).is_empty(), "it has been timed often enough");
    let mut replaced = crate::left::desired();
    replaced.jobs[0].id = "d".repeat(24).parse().unwrap();
    assert_eq!(logs_wanted(&replaced, &state).len(), 1, "another job under its name has not");
}

/// A journal that was stored while the clock was ahead: whoever starts over goes by the clock of now, and waits for nothing in the future.
#[test]
fn a_run_that_starts_over_has_no_time_in_the_future() {
    let year = HOUR * 24 * 365;
    let ahead = later(now(), year);
    let mut runs = running(Some(log_id()));
    runs.since = ahead;
    let Phase::Triggered(mut lost) = triggered(HOUR) else { panic!("it is") };
    lost.at = ahead;
    for phase in [Phase::Running(runs.clone()), Phase::Triggered(lost)] {
        let mut state = state(phase);
        state.run.as_mut().unwrap().journal.at = ahead;
        let request = Request { is_asked_for: &|_| true, fresh: true };
        let inventory = view(groups(GroupStatus::Started), None);
        let journal = propose(&crate::left::desired(), &inventory, &state, &request, now()).journal;
        assert_eq!(journal.at, now());
        match journal.phase(&address()) {
            Phase::Triggered(triggered) => assert_eq!(triggered.at, now()),
            Phase::Running(running) => assert_eq!(running.since, now()),
            other => panic!("{other:?}"),
        }
    }
}

/// What is held, or young enough, and runs all the same, is watched to its end; it is not started again if it fails.
#[test]
fn what_is_held_or_young_and_runs_is_only_watched() {
    let under_way = || groups(GroupStatus::Started);
    let tried = |mut desired: Desired| {
        desired.jobs[0].retry = Retry { attempts: 3, ..Retry::NEVER };
        desired
    };
    for (what, desired, state, logs, is_only_watched) in [
        ("neither", tried(crate::left::desired()), new_state(), good(1), false),
        ("held", tried(crate::left::desired()), held(None), good(1), true),
        ("the hold is over", tried(crate::left::desired()), held(Some(ago(1))), good(1), false),
        ("young", tried(every(24)), new_state(), good(1), true),
        ("old", tried(every(24)), new_state(), good(25), false),
    ] {
        let proposal = proposal(&desired, &view(under_way(), Some(logs)), &state);
        let item = proposal.queue.item(&address()).unwrap();
        let never = item.retry == Retry::NEVER && item.openings == Some(vec![]);
        assert_eq!(never, is_only_watched, "{what}: {item:?}");
    }
}

/// The same for what an interrupted run has under way: its lost trigger is waited out, and not sent again.
#[test]
fn what_an_interrupted_run_has_under_way_of_a_held_job_is_only_watched() {
    let mut state = state(triggered(HOUR));
    state.holds = held(None).holds;
    let proposal = proposal(&crate::left::desired(), &view(none(), Some(good(30))), &state);
    assert!(matches!(proposal.journal.phase(&address()), Phase::Triggered(_)));
    assert_eq!(proposal.queue.item(&address()).unwrap().openings, Some(vec![]));
}

/// Three jobs in a chain; of the first the logs are given, and its hold is in the state.
fn chain(first: Seen<Vec<Log>>, every_hours: Option<u32>) -> (Desired, Inventory) {
    let mut desired = crate::left::desired();
    desired.jobs[0].every = every_hours.map(|hours| HOUR * hours);
    for (name, id, before) in [("a/y", "e", "a/x"), ("a/z", "f", "a/y")] {
        let after = vec![After { job: before.parse().unwrap(), when: When::Finished }];
        let (address, id) = (name.parse().unwrap(), id.repeat(24).parse().unwrap());
        desired.jobs.push(Job { address, id, after, every: None, ..desired.jobs[0].clone() });
    }
    let mut inventory = view(none(), Some(first));
    if let Seen::Known(jobs) = &mut inventory.servers[0].jobs {
        let more = desired.jobs[1..].iter().map(|job| facts::Job { id: job.id.clone(), ..jobs[0].clone() });
        let more: Vec<facts::Job> = more.collect();
        jobs.extend(more);
    }
    (desired, inventory)
}

/// A timer that fires every quarter of an hour must not make a failure of each: a hold is somebody's wish.
#[test]
fn what_comes_after_a_held_job_waits_with_it_and_so_on_down_the_chain() {
    let why = |proposal: &Proposal| -> Vec<Option<String>> {
        let decisions = proposal.diff.decisions.iter().map(|decision| match &decision.verdict {
            Choice::HeldBack { by } => Some(by.to_string()),
            _ => None,
        });
        decisions.collect()
    };
    let waits = [None, Some("a/x".to_owned()), Some("a/y".to_owned())];
    for (what, logs, every, expected) in [
        ("held and due", good(25), Some(24), waits.clone()),
        ("held, once a run", good(1), None, waits),
        ("held and young: they would not have waited for it", good(1), Some(24), [None, None, None]),
    ] {
        let (desired, inventory) = chain(logs, every);
        let proposal = proposal(&desired, &inventory, &held(None));
        assert_eq!(why(&proposal), expected, "{what}");
        assert!(matches!(proposal.diff.decisions[0].verdict, Choice::Held { .. }), "{what}");
        let is_idle = expected[1].is_some();
        assert_eq!(proposal.has_work(), !is_idle, "{what}");
        assert_eq!(proposal.not_due().count(), if is_idle { 3 } else { 1 }, "{what}");
        let apart = proposal.not_awaited.get(&"a/y".parse().unwrap()).map(|apart| apart[0].why);
        assert_eq!(apart, (!is_idle).then_some(NotQueued::Held), "{what}");
    }

    // A hold counts whether anybody asked for the job or not; and so does what waits with it.
    let (desired, inventory) = chain(good(25), None);
    for asked in ["a/y", "a/z"] {
        let request = Request { is_asked_for: &|job| job.to_string() == asked, fresh: false };
        let alone = propose(&desired, &inventory, &held(None), &request, now());
        assert!(!alone.has_work() && alone.not_due().count() == 1, "{asked}: {:?}", alone.diff.decisions);
    }

    // One that runs already is watched.
    let (desired, mut inventory) = chain(good(25), None);
    let mut runs = groups(GroupStatus::Started);
    if let Seen::Known(groups) = &mut runs {
        groups[0].job = Some(desired.jobs[1].id.clone());
    }
    inventory.servers[0].groups = runs;
    let watched = proposal(&desired, &inventory, &held(None));
    assert_eq!(why(&watched), [None, None, None]);
    assert!(matches!(watched.diff.decisions[1].verdict, Choice::Adopt { .. }), "{:?}", watched.diff.decisions);

    // What was done of it in this run counts like everything that was done.
    let (desired, inventory) = chain(good(1), None);
    let mut state = state(Phase::Done(Outcome::without_run(Verdict::Completed, ago(1), String::new())));
    state.holds = held(None).holds;
    let proposal = proposal(&desired, &inventory, &state);
    assert_eq!(why(&proposal), [None, None, None]);
    assert_eq!(proposal.queue.items.len(), 3);
}

/// A predecessor that failed in an interrupted run has failed, though it is held by now and in no queue of today.
#[test]
fn what_comes_after_a_job_that_failed_in_the_run_comes_after_it_though_it_is_held() {
    let mut desired = crate::left::desired();
    let after = After { job: address(), when: When::Success };
    let other = Job {
        address: "a/y".parse().unwrap(),
        id: "e".repeat(24).parse().unwrap(),
        after: vec![after.clone()],
        ..desired.jobs[0].clone()
    };
    desired.jobs.push(other);
    let failed_in_it = Outcome::without_run(Verdict::Failed, ago(1), String::new());
    let mut state = state(Phase::Done(failed_in_it));
    state.holds = held(None).holds;
    let mut inventory = view(none(), Some(failed()));
    if let Seen::Known(jobs) = &mut inventory.servers[0].jobs {
        let other = facts::Job { id: desired.jobs[1].id.clone(), ..jobs[0].clone() };
        jobs.push(other);
    }
    let proposed = proposal(&desired, &inventory, &state);
    let item = proposed.queue.items.iter().find(|item| item.address.to_string() == "a/y").unwrap();
    assert_eq!(item.after, [after]);

    // Somebody has run it since, and well: its failure is over.
    desired.jobs[0].every = Some(HOUR * 24);
    inventory.servers[0].logs.insert(JOB.parse().unwrap(), good(0));
    state.holds.clear();
    let proposed = proposal(&desired, &inventory, &state);
    let item = proposed.queue.items.iter().find(|item| item.address.to_string() == "a/y").unwrap();
    assert_eq!(item.after, []);
}
