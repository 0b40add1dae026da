//! Where nothing may start now: what is proposed begins nothing, unless something is under way or open, or is to be waited for.

use jbr::clock::{earlier, later};
use jbr::desired::Desired;
use jbr::execute::journal::{GateState, Opened, Phase, Running};
use jbr::forecast::{Pause, What};
use jbr::inventory::Inventory;
use jbr::jetbackup::facts::{self, GroupStatus, Log, LogStatus};
use jbr::names::JobAddress;
use jbr::plan::{self, Source};
use jbr::proposal::{Because, Beginning, NotQueued, Request, propose};
use jbr::queue::{Gate, Usual};
use jbr::seen::Seen;
use jbr::state::State;

use crate::left::{
    HOUR, JOB, address, confirming, groups, log_id, none, now, proposal, running, state, triggered, view,
};

/// A plan whose job has the keys `more`, and may start from eight to ten.
fn desired(more: &str) -> Desired {
    let text = crate::left::PLAN.replace("aaa }", &format!("aaa, window: w{more} }}"));
    let text = format!("{text}windows: {{ w: {{ from: \"08:00\", to: \"10:00\", timezone: UTC }} }}\n");
    plan::load(&[Source { path: "plan.yaml".into(), text }]).unwrap()
}

fn shut() -> Desired {
    desired("")
}

fn idle() -> Inventory {
    view(none(), None)
}

fn new_state() -> State {
    State::new("shut".to_owned())
}

#[test]
fn nothing_is_begun_where_no_window_is_open() {
    let opens = Some(later(now(), HOUR * 6));
    let mut proposal = proposal(&shut(), &idle(), &new_state());
    assert_eq!(proposal.standstill(), Some(Pause { at: now(), opens }));
    assert!(!proposal.has_work() && !proposal.touches_servers());
    proposal.queue.stays = true;
    assert!(proposal.standstill().is_none() && proposal.has_work(), "who waits has something to do");
}

#[test]
fn a_run_that_waits_for_its_windows_is_neither_gone_on_with_nor_closed() {
    for (phase, stands) in [
        (Phase::Queued, true),
        (Phase::Preparing, true),
        (triggered(HOUR), false),
        (Phase::Running(running(None)), false),
        (confirming(None), false),
        (confirming(Some(GroupStatus::Completed)), false),
    ] {
        let state = state(phase.clone());
        let proposal = proposal(&shut(), &idle(), &state);
        assert_eq!(proposal.standstill().is_some(), stands, "{phase:?}");
    }
    let mut old = state(Phase::Queued);
    old.run.as_mut().unwrap().started = earlier(now(), HOUR * 40);
    let proposal = proposal(&shut(), &idle(), &old);
    assert!(matches!(proposal.beginning, Beginning::StartOver { because: Because::TooOld, .. }));
    assert!(proposal.standstill().is_some(), "it is closed when another can begin");
}

#[test]
fn what_runs_or_is_open_is_seen_to_whatever_the_windows_say() {
    let runs = view(groups(GroupStatus::Started), None);
    let watched = proposal(&shut(), &runs, &new_state());
    assert!(watched.standstill().is_none() && watched.access.is_empty(), "its windows are over for it");
    let mut state = new_state();
    let gate = Gate::Job(JOB.parse().unwrap());
    state.opened.push(Opened { server: address().server, gate, since: now(), state: GateState::Open });
    let proposal = proposal(&shut(), &idle(), &state);
    assert!(proposal.standstill().is_none() && proposal.touches_servers());
}

#[test]
fn another_try_is_waited_for_by_the_run_itself() {
    let mut state = state(Phase::Queued);
    let entry = state.run.as_mut().unwrap().journal.entry_mut(&address());
    (entry.attempts, entry.not_before) = (1, Some(later(now(), HOUR)));
    assert!(proposal(&crate::left::desired(), &idle(), &state).standstill().is_none());
    assert!(proposal(&shut(), &idle(), &state).standstill().is_some());
}

/// Good backups that took so many minutes, the newest first.
fn past(minutes: &[u32]) -> Seen<Vec<Log>> {
    let logs = minutes.iter().zip(1_u32..).map(|(minutes, day)| {
        let started = earlier(now(), HOUR * 24 * day);
        let ended = Some(later(started, HOUR / 60 * *minutes));
        Log { id: log_id(), job: JOB.parse().ok(), started: Some(started), ended, status: LogStatus::Completed }
    });
    Seen::Known(logs.collect())
}

/// The logs alone teach how long it takes; the state knows nothing here.
#[test]
fn what_will_not_go_well_is_said() {
    let warned = |desired: &Desired, logs: &[u32]| -> Vec<What> {
        let proposal = proposal(desired, &view(none(), Some(past(logs))), &new_state());
        proposal.warnings.into_iter().map(|warning| warning.what).collect()
    };
    assert!(warned(&shut(), &[60, 60, 60]).is_empty());
    assert!(matches!(warned(&shut(), &[130])[..], [What::Overruns { usually: true, .. }]));
    assert!(matches!(warned(&shut(), &[60, 60, 60, 130])[..], [What::Overruns { usually: false, .. }]));
    assert!(matches!(warned(&desired(", fits: true"), &[130])[..], [What::NoOpening { needs: Some(_) }]));
    assert!(matches!(warned(&shut(), &[61, 30, 30, 30])[..], [What::SlowLast { .. }]));
    assert!(warned(&shut(), &[61, 30, 30]).is_empty(), "two are no past");
    assert!(warned(&shut(), &[5, 1, 1, 1]).is_empty(), "what takes minutes varies by more");
    assert!(matches!(warned(&desired(", every: 1h"), &[90])[..], [What::EveryTooShort { .. }]));
    assert!(warned(&desired(", every: 2h"), &[90]).is_empty());
    // Nine of ten are no rule: it is the usual one that is over in time, at the last moment or not.
    assert!(matches!(warned(&desired(", every: 2h"), &[90, 90, 90, 130])[..], [What::Overruns { usually: false, .. }]));
    assert!(matches!(warned(&shut(), &[120, 120, 120, 130])[..], [What::Overruns { usually: false, .. }]));
    assert!(warned(&shut(), &[120, 120, 120]).is_empty());
    let request = Request { is_asked_for: &|_| false, fresh: false };
    let others = view(none(), Some(past(&[61, 30, 30, 30])));
    assert_eq!(propose(&shut(), &others, &new_state(), &request, now()).warnings, [], "nobody asked for it");
}

/// Its window is open, and does not hold it: it is passed over, by another or by nobody.
#[test]
fn what_finds_too_little_left_of_its_window_is_warned_of() {
    let text = crate::left::PLAN
        .replace("aaa }\n", "aaa, window: w, fits: true }\n  - { name: z, server: a, id: bbbbbbbbbbbbbbbbbbbbbbbb }\n");
    let text = format!("{text}windows: {{ w: {{ from: \"22:00\", to: \"02:30\", timezone: UTC }} }}\n");
    let desired = plan::load(&[Source { path: "plan.yaml".into(), text }]).unwrap();
    let mut inventory = view(none(), Some(past(&[60])));
    let server = &mut inventory.servers[0];
    let Seen::Known(jobs) = &mut server.jobs else { panic!("they are known") };
    let other = facts::Job { id: "b".repeat(24).parse().unwrap(), ..jobs[0].clone() };
    server.logs.insert(other.id.clone(), past(&[60]));
    jobs.push(other);
    for is_other_asked_for in [false, true] {
        let is_asked_for = |job: &JobAddress| is_other_asked_for || *job == address();
        let request = Request { is_asked_for: &is_asked_for, fresh: false };
        let proposal = propose(&desired, &inventory, &new_state(), &request, now());
        let closes = later(now(), HOUR / 2);
        let squeezed = What::Squeezed { closes, needs: HOUR, next: Some(later(now(), HOUR * 20)) };
        let warned: Vec<&What> = proposal.warnings.iter().map(|warning| &warning.what).collect();
        assert_eq!(warned, [&squeezed], "{is_other_asked_for}");
        assert!(proposal.forecast.pause.is_some());
        assert_eq!(proposal.standstill().is_none(), is_other_asked_for, "one may start now");
        let access = &proposal.access[&address()];
        assert!(access.open.is_some() && !access.is_held, "{access:?}");
    }
}

#[test]
fn a_backup_that_runs_for_far_too_long_is_warned_of() {
    let warned = |logs: &[u32], ran: u32, state: &State| {
        let mut groups = groups(GroupStatus::Started);
        if let Seen::Known(groups) = &mut groups {
            groups[0].execution_time = Some(HOUR / 60 * ran);
        }
        let proposal = proposal(&crate::left::desired(), &view(groups, Some(past(logs))), state);
        proposal.warnings.into_iter().map(|warning| (warning.job, warning.what)).collect::<Vec<_>>()
    };
    let hour = [60, 50, 60];
    assert_eq!([60, 90].map(|ran| warned(&hour, ran, &new_state())), [vec![], vec![]]);
    let slow = |ran| (address(), What::Slow { ran: HOUR / 60 * ran, usual: Usual { median: HOUR, p90: HOUR } });
    assert_eq!(warned(&hour, 91, &new_state()), [slow(91)]);
    assert_eq!(warned(&[1, 1, 1], 5, &new_state()), [], "what takes seconds varies by more");
    // One that the queue goes on beside is as slow as any other.
    let since = earlier(now(), HOUR * 2);
    let released = Running { since, overdue: true, released: true, ..running(None) };
    assert_eq!(warned(&hour, 0, &state(Phase::Running(released.clone()))), [slow(120)]);
    // So is one that is in no plan any more; the queue remembers how long it took.
    let mut gone = state(Phase::Running(released));
    gone.run.as_mut().unwrap().queue.items[0].usual = Some(Usual { median: HOUR, p90: HOUR });
    let mut desired = crate::left::desired();
    (desired.jobs[0].address, desired.jobs[0].id) = ("a/other".parse().unwrap(), "d".repeat(24).parse().unwrap());
    let warnings = proposal(&desired, &view(groups(GroupStatus::Started), None), &gone).warnings;
    assert_eq!(warnings.into_iter().map(|warning| (warning.job, warning.what)).collect::<Vec<_>>(), [slow(120)]);
}

#[test]
fn one_that_waits_in_jetbackups_queue_has_all_of_its_time_before_it() {
    for (status, left) in [(GroupStatus::Started, 20), (GroupStatus::Pending, 60)] {
        let mut groups = groups(status);
        if let Seen::Known(groups) = &mut groups {
            groups[0].execution_time = Some(HOUR / 60 * 40);
        }
        let proposal = proposal(&crate::left::desired(), &view(groups, Some(past(&[60]))), &new_state());
        assert_eq!(proposal.forecast.end(), Some(later(now(), HOUR / 60 * left)), "{status:?}");
    }
}

#[test]
fn what_is_not_queued_is_not_waited_for_and_that_is_said() {
    let text = crate::left::PLAN
        .replace("aaa }\n", "aaa, after: a/z }\n  - { name: z, server: a, id: bbbbbbbbbbbbbbbbbbbbbbbb }\n");
    let desired = plan::load(&[Source { path: "plan.yaml".into(), text }]).unwrap();
    let request = Request { is_asked_for: &|job| *job == address(), fresh: false };
    let proposal = propose(&desired, &idle(), &new_state(), &request, now());
    let apart = &proposal.not_awaited[&address()];
    assert_eq!((apart[0].job.to_string().as_str(), apart[0].why), ("a/z", NotQueued::NotAskedFor));
    let proposal = crate::left::proposal(&desired, &idle(), &new_state());
    assert_eq!(proposal.not_awaited[&address()][0].why, NotQueued::Missing);
}
