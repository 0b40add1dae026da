//! What an interrupted run has left: a state with one job in a phase, and what its server shows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jbr::clock::{Timestamp, earlier};
use jbr::desired::Desired;
use jbr::execute::Journal;
use jbr::execute::journal::{Answer, Baseline, Confirming, Entry, Phase, Running, Triggered};
use jbr::inventory::{Inventory, ServerView};
use jbr::jetbackup::facts::{self, Group, GroupStatus, Log, LogStatus};
use jbr::names::{GroupId, JobAddress, JobId, LogId};
use jbr::plan::{self, Source};
use jbr::proposal::{Proposal, Request, propose};
use jbr::queue::{Item, Queue};
use jbr::seen::{Seen, Why};
use jbr::state::{Run, State};

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const JOB: &str = "aaaaaaaaaaaaaaaaaaaaaaaa";

pub(crate) const PLAN: &str = "
version: 1
servers:
  a: { host: a.example.com }
jobs:
  - { name: x, server: a, id: aaaaaaaaaaaaaaaaaaaaaaaa }
";

pub(crate) fn now() -> Timestamp {
    "2026-11-23T02:00:00Z".parse().unwrap()
}

pub(crate) fn desired() -> Desired {
    plan::load(&[Source { path: "plan.yaml".into(), text: PLAN.into() }]).unwrap()
}

/// What is proposed of all jobs, going on with a run that was interrupted.
pub(crate) fn proposal(desired: &Desired, inventory: &Inventory, state: &State) -> Proposal {
    propose(desired, inventory, state, &Request { is_asked_for: &|_| true, fresh: false }, now())
}

pub(crate) fn address() -> JobAddress {
    "a/x".parse().unwrap()
}

pub(crate) fn group_id() -> GroupId {
    "b".repeat(24).parse().unwrap()
}

pub(crate) fn log_id() -> LogId {
    "c".repeat(24).parse().unwrap()
}

pub(crate) fn running(log: Option<LogId>) -> Running {
    Running {
        group: group_id(),
        log,
        since: earlier(now(), HOUR),
        adopted: false,
        overdue: false,
        released: false,
        stop: None,
        baseline: Some(Baseline { groups: BTreeSet::new(), logs: Some(BTreeSet::new()), newest_group: None }),
    }
}

pub(crate) fn confirming(status: Option<GroupStatus>) -> Phase {
    Phase::Confirming(Confirming { running: running(Some(log_id())), status, ended: now() })
}

pub(crate) fn triggered(ago: Duration) -> Phase {
    let baseline = Baseline { groups: BTreeSet::new(), logs: Some(BTreeSet::new()), newest_group: None };
    Phase::Triggered(Triggered { at: earlier(now(), ago), baseline, answer: Answer::None })
}

/// A state whose run has the job in a phase.
pub(crate) fn state(phase: Phase) -> State {
    let item = Item {
        address: address(),
        id: JOB.parse().unwrap(),
        timeout: HOUR,
        start_timeout: HOUR / 30,
        settle: HOUR / 15,
        on_timeout: jbr::desired::OnTimeout::Hold,
        gates: vec![],
        after: vec![],
        openings: None,
        fits: None,
        retry: jbr::desired::Retry::NEVER,
        usual: None,
    };
    let queue = Queue {
        items: vec![item],
        servers: vec!["a".parse().unwrap()],
        poll: HOUR / 120,
        pace: jbr::desired::Pace::Adaptive,
        unreachable_wait: HOUR / 4,
        stays: false,
    };
    let started = earlier(now(), HOUR * 2);
    let entries = BTreeMap::from([(address(), Entry { phase, triggers: 1, ..Entry::default() })]);
    let mut state = State::new("proposal".to_owned());
    let journal = Journal { entries, ..Journal::new(started) };
    state.begin(Run { id: jbr::names::RunId::new(started, 0), started, queue, journal });
    state
}

pub(crate) fn view(groups: Seen<Vec<Group>>, logs: Option<Seen<Vec<Log>>>) -> Inventory {
    let job = facts::Job {
        id: JOB.parse().unwrap(),
        name: "x".to_owned(),
        kind: 1,
        contains: None,
        destinations: vec![],
        disabled: false,
        running: None,
        schedules: Some(0),
        next_run: None,
    };
    let logs = logs.map(|logs| (JOB.parse::<JobId>().unwrap(), logs)).into_iter().collect();
    let server = "a".parse().unwrap();
    let (jobs, destinations, forks) = (Seen::Known(vec![job]), Seen::Known(vec![]), Seen::Known(Some(1)));
    Inventory {
        servers: vec![ServerView { server, version: None, jobs, groups, destinations, forks, gate: unread(), logs }],
    }
}

pub(crate) fn groups(status: GroupStatus) -> Seen<Vec<Group>> {
    let job = Some(JOB.parse().unwrap());
    let group = Group { id: group_id(), job, created: None, status, log: None, percent: None, execution_time: None };
    Seen::Known(vec![group])
}

pub(crate) fn none() -> Seen<Vec<Group>> {
    Seen::Known(vec![])
}

pub(crate) fn unread<T>() -> Seen<T> {
    Seen::Unknown(Why::new("out of reach"))
}

pub(crate) fn logs(status: LogStatus) -> Seen<Vec<Log>> {
    Seen::Known(vec![Log { id: log_id(), job: Some(JOB.parse().unwrap()), started: None, ended: None, status }])
}
