//! Where nothing may start now: what is proposed begins nothing, unless something is under way or open, or is to be waited for.

use jbr::clock::{earlier, later};
use jbr::desired::Desired;
use jbr::execute::journal::{GateState, Opened, Phase};
use jbr::forecast::{Pause, What};
use jbr::inventory::Inventory;
use jbr::jetbackup::facts::{GroupStatus, Log, LogStatus};
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
    assert!(proposal(&shut(), &runs, &new_state()).standstill().is_none());
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
    assert!(matches!(warned(&desired(", every: 1h"), &[90])[..], [What::EveryTooShort { .. }]));
    assert!(warned(&desired(", every: 2h"), &[90]).is_empty());
}

#[test]
fn a_backup_that_runs_for_far_too_long_is_warned_of() {
    let warned = |ran: u32| {
        let mut groups = groups(GroupStatus::Started);
        if let Seen::Known(groups) = &mut groups {
            groups[0].execution_time = Some(HOUR / 60 * ran);
        }
        let proposal = proposal(&crate::left::desired(), &view(groups, Some(past(&[60, 50, 60]))), &new_state());
        proposal.warnings.into_iter().map(|warning| (warning.job, warning.what)).collect::<Vec<_>>()
    };
    assert_eq!([60, 90].map(warned), [vec![], vec![]]);
    let usual = Usual { median: HOUR, p90: HOUR };
    assert_eq!(warned(91), [(address(), What::Slow { ran: HOUR / 60 * 91, usual })]);
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
}
