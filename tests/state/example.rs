//! One state by hand that holds every word which the format can write.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::DateTime;
use jbr::clock::Timestamp;
use jbr::desired::{After, OnTimeout, Pace, Retry, RetryWhen, When};
use jbr::execute::journal::{
    Answer, Baseline, Confirming, Entry, GateState, Journal, Opened, Overlap, Phase, Running, Stop, Triggered,
    WaitReason, Waiting,
};
use jbr::execute::outcome::{Outcome, Verdict};
use jbr::hold::ByHand;
use jbr::jetbackup::facts::GroupStatus;
use jbr::names::{DestinationId, GroupId, JobAddress, JobId, LogId, RunId, ServerName};
use jbr::queue::{Gate, Item, Queue, Usual};
use jbr::state::{JobRecord, Run, RunEnd, RunRecord, State};
use jbr::window::Opening;

/// 2026-11-23T02:00:00Z and so many seconds.
pub(crate) fn at(seconds: i64) -> Timestamp {
    DateTime::from_timestamp(1_795_399_200 + seconds, 0).unwrap()
}

fn hex(digit: char) -> String {
    String::from(digit).repeat(24)
}

fn address(text: &str) -> JobAddress {
    text.parse().unwrap()
}

fn server(text: &str) -> ServerName {
    ServerName::new(text).unwrap()
}

fn group(digit: char) -> GroupId {
    GroupId::new(hex(digit)).unwrap()
}

fn log(digit: char) -> LogId {
    LogId::new(hex(digit)).unwrap()
}

fn job(digit: char) -> JobId {
    JobId::new(hex(digit)).unwrap()
}

fn destination() -> Gate {
    Gate::Destination(DestinationId::new("6503eec8ebbf07708d06f1d2").unwrap())
}

/// Nothing but its name: what a first `apply` writes before it queues.
pub(crate) fn small() -> State {
    State { serial: 1, ..State::new("00112233445566778899aabbccddeeff".to_owned()) }
}

/// Every key, and every word of every list of words.
pub(crate) fn full() -> State {
    State {
        lineage: "00112233445566778899aabbccddeeff".to_owned(),
        serial: 17,
        run: Some(Run {
            id: RunId::new(at(0), 12),
            started: at(0),
            queue: queue(Duration::from_secs(30)),
            journal: journal(Some(WaitReason::Busy {
                server: server("server4"),
                group: group('b'),
                job: Some(job('4')),
            })),
        }),
        jobs: [("server1/accounts", record()), ("server4/new", JobRecord::new(job('9')))]
            .map(|(text, record)| (address(text), record))
            .into(),
        holds: BTreeMap::new(),
        opened: vec![opened(GateState::LeftOpen { why: "the server refused".to_owned() })],
        history: vec![history(RunEnd::Complete), history(RunEnd::Incomplete)],
    }
}

/// The words that one state cannot hold at the same time as [`full`]'s.
pub(crate) fn other() -> State {
    let mut state = full();
    let waiting = WaitReason::Unreachable { server: server("server3"), why: "no route to host".to_owned() };
    if let Some(run) = &mut state.run {
        run.journal = journal(Some(waiting));
        run.queue.poll = Duration::from_millis(1500);
    }
    state
}

/// With what format 1 has learned since: a job that a person holds.
pub(crate) fn held() -> State {
    let hold = |until| ByHand { user: "ana".to_owned(), since: at(0), reason: "the disk is moved".to_owned(), until };
    let holds = [("server1/accounts", hold(None)), ("server1/files", hold(Some(at(86_400))))];
    State { serial: 2, holds: holds.map(|(text, hold)| (address(text), hold)).into(), ..small() }
}

/// With what format 1 has learned since: windows, predecessors, tries, and when triggers left.
pub(crate) fn scheduled() -> State {
    let mut queue = Queue { pace: Pace::Fixed, stays: true, ..queue(Duration::from_secs(30)) };
    let seconds = Duration::from_secs;
    let when = RetryWhen { failed: true, never_started: false, api_error: true };
    for (item, when_after) in queue.items.iter_mut().skip(1).zip([When::Success, When::Finished]) {
        item.after = vec![After { job: address("server1/accounts"), when: when_after }];
        item.openings = Some(vec![Opening { from: at(-3600), to: at(14_400) }]);
        item.fits = Some(seconds(5400));
        item.retry = Retry { attempts: 3, wait: seconds(900), when };
        item.usual = Some(Usual { median: seconds(3600), p90: Duration::from_millis(5_400_500) });
    }
    let mut journal = Journal {
        waiting: Some(Waiting { since: at(60), reason: WaitReason::Retry { at: at(960) } }),
        ..Journal::new(at(100))
    };
    let tried = Entry { attempts: 1, first_trigger: Some(at(9)), not_before: Some(at(960)), ..Entry::default() };
    let done = Outcome { triggered: Some(at(8)), ..outcome(Verdict::Completed) };
    let done = Entry { phase: Phase::Done(done), triggers: 1, first_trigger: Some(at(8)), ..Entry::default() };
    let inherited = Entry { phase: Phase::Running(running()), inherited: true, ..Entry::default() };
    journal.entries = [("server1/accounts", done), ("server1/files", tried), ("server2/databases", inherited)]
        .map(|(text, entry)| (address(text), entry))
        .into();
    let run = Run { journal, ..begun(RunId::new(at(0), 3), queue) };
    State { serial: 3, run: Some(run), ..small() }
}

/// A run that was just begun.
pub(crate) fn begun(id: RunId, queue: Queue) -> Run {
    Run { id, started: at(0), queue, journal: Journal::new(at(0)) }
}

/// The example of docs/state.md: one job of two is done, the other's backup is under way.
pub(crate) fn documented() -> State {
    let mut state = State { serial: 41, ..small() };
    let mut queue = queue(Duration::from_secs(30));
    queue.items.truncate(2);
    queue.servers.truncate(2);
    state.begin(begun(RunId::new(at(0), 36), queue));
    if let Some(run) = &mut state.run {
        let done =
            Outcome { triggered: Some(at(9)), started: Some(at(10)), ended: at(3600), ..outcome(Verdict::Completed) };
        let running = Running { since: at(3610), log: None, overdue: false, stop: None, ..running() };
        run.journal.at = at(3615);
        run.journal.entry_mut(&address("server1/accounts")).phase = Phase::Done(done);
        run.journal.entry_mut(&address("server1/files")).phase = Phase::Running(running);
        for entry in run.journal.entries.values_mut() {
            entry.triggers = 1;
            entry.first_trigger = Some(at(9));
        }
    }
    state.jobs.insert(address("server1/accounts"), record());
    state
}

fn queue(poll: Duration) -> Queue {
    let gates = vec![destination(), Gate::Job(job('3'))];
    let item = |text: &str, digit, on_timeout, gates| Item {
        address: address(text),
        id: job(digit),
        timeout: Duration::from_secs(4 * 3600),
        start_timeout: Duration::from_secs(120),
        settle: Duration::from_secs(300),
        on_timeout,
        gates,
        after: vec![],
        openings: None,
        fits: None,
        retry: Retry::NEVER,
        usual: None,
    };
    Queue {
        items: vec![
            item("server1/accounts", '1', OnTimeout::Hold, vec![]),
            item("server1/files", '2', OnTimeout::Release, vec![]),
            item("server2/databases", '3', OnTimeout::Stop, gates),
        ],
        servers: vec![server("server1"), server("server2"), server("server3")],
        poll,
        pace: Pace::Adaptive,
        unreachable_wait: Duration::from_secs(900),
        stays: false,
    }
}

fn journal(waiting: Option<WaitReason>) -> Journal {
    let phases = vec![
        ("server1/queued", Phase::Queued),
        ("server1/preparing", Phase::Preparing),
        ("server1/unanswered", Phase::Triggered(triggered(Answer::None))),
        ("server1/accepted", Phase::Triggered(triggered(Answer::Accepted))),
        ("server1/refused", Phase::Triggered(triggered(Answer::Refused("Job is disabled".to_owned())))),
        ("server1/running", Phase::Running(running())),
        ("server1/confirming", confirming_with(GroupStatus::Completed)),
    ];
    let verdicts = [
        Verdict::Completed,
        Verdict::Partial,
        Verdict::Skipped,
        Verdict::Unconfirmed,
        Verdict::NeverStarted,
        Verdict::Aborted,
        Verdict::NeverFinished,
        Verdict::Failed,
        Verdict::UnknownStatus(107),
        Verdict::Lost,
    ];
    let done = verdicts.map(|verdict| {
        let name = verdict.word().replace(' ', "-");
        (address(&format!("server2/{name}")), Phase::Done(outcome(verdict)))
    });
    let entries = phases.into_iter().map(|(text, phase)| (address(text), phase)).chain(done);
    let gate_states =
        [GateState::Opening { tries: 1 }, GateState::Open, GateState::Closing { since: at(90), tries: 2 }];
    Journal {
        entries: entries.map(|(address, phase)| (address, Entry { phase, triggers: 1, ..Entry::default() })).collect(),
        opened: gate_states.map(opened).into(),
        unreachable: [(server("server3"), at(60))].into(),
        busy: [server("server4")].into(),
        waiting: waiting.map(|reason| Waiting { since: at(70), reason }),
        overlaps: vec![overlap()],
        ..Journal::new(at(100))
    }
}

fn triggered(answer: Answer) -> Triggered {
    Triggered { at: at(10), baseline: baseline(), answer }
}

fn baseline() -> Baseline {
    let logs = [log('c')].into();
    Baseline { groups: [group('a')].into(), logs: Some(logs), newest_group: Some(at(-86_400)) }
}

fn running() -> Running {
    Running {
        group: group('b'),
        log: Some(log('d')),
        since: at(12),
        adopted: false,
        overdue: true,
        released: false,
        stop: Some(Stop { asked: at(50), times: 1, unseen: false }),
        baseline: Some(baseline()),
    }
}

pub(crate) fn confirming_with(status: GroupStatus) -> Phase {
    Phase::Confirming(Confirming { running: running(), status: Some(status), ended: at(95) })
}

fn outcome(verdict: Verdict) -> Outcome {
    Outcome {
        verdict,
        group: Some(group('a')),
        log: Some(log('c')),
        triggered: None,
        started: Some(at(-3600)),
        ended: at(-60),
        overdue: false,
        note: String::new(),
    }
}

fn opened(state: GateState) -> Opened {
    Opened { server: server("server2"), gate: destination(), since: at(5), state }
}

fn overlap() -> Overlap {
    Overlap { at: at(80), first: (server("server1"), group('b')), second: (server("server4"), group('e')) }
}

fn record() -> JobRecord {
    JobRecord {
        id: job('1'),
        last_success: Some(at(-60)),
        last_success_partial: false,
        last_outcome: Some(outcome(Verdict::Completed)),
        durations: vec![Duration::from_secs(3540), Duration::from_millis(3_541_250)],
        failures_in_a_row: 0,
    }
}

fn history(end: RunEnd) -> RunRecord {
    RunRecord {
        id: RunId::new(at(-86_400), 3),
        started: at(-86_400),
        ended: at(-80_000),
        end,
        items: vec![(address("server1/accounts"), Some(outcome(Verdict::Completed))), (address("server1/files"), None)],
        overlaps: vec![overlap()],
    }
}
