//! Arbitrary states: every phase, gate, verdict and wait, with values that nobody would expect.

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
use jbr::names::{DestinationId, GroupId, JobAddress, JobId, JobName, LogId, RunId, ServerName};
use jbr::queue::{Gate, Item, Queue, Usual};
use jbr::state::{JobRecord, Run, RunEnd, RunRecord, State};
use jbr::window::Opening;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;

/// At most this many of anything in a list: enough for none, one and several.
const FEW: usize = 3;

pub(crate) fn state() -> impl Strategy<Value = State> {
    let jobs = btree_map(address(), job_record(), 0..=FEW);
    let rest = (btree_map(address(), hold(), 0..=FEW), vec(opened(), 0..=FEW), vec(run_record(), 0..=FEW));
    ("[0-9a-f]{32}", any::<u64>(), option::of(run()), jobs, rest).prop_map(
        |(lineage, serial, run, jobs, (holds, opened, history))| State {
            lineage,
            serial,
            run,
            jobs,
            holds,
            opened,
            history,
        },
    )
}

fn hold() -> impl Strategy<Value = ByHand> {
    (words(), moment(), words(), option::of(moment())).prop_map(|(user, since, reason, until)| ByHand {
        user,
        since,
        reason,
        until,
    })
}

fn moment() -> impl Strategy<Value = Timestamp> {
    let whole = (1_700_000_000_i64..1_900_000_000).prop_map(|seconds| (seconds, 0));
    // A server's clock can say anything.
    let odd = (-70_000_000_000_i64..300_000_000_000, 0..1_000_000_000_u32);
    prop_oneof![whole, odd].prop_map(|(seconds, nanos)| DateTime::from_timestamp(seconds, nanos).unwrap())
}

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![(0..100_000_u64).prop_map(Duration::from_secs), any::<Duration>()]
}

/// What a server or a person may have said: anything.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z ]{1,12}", any::<String>()]
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof!["[0-9a-f]{24}", "[0-9A-Za-z]{1,64}"]
}

fn job_id() -> impl Strategy<Value = JobId> {
    id().prop_map(|text| JobId::new(text).unwrap())
}

fn group() -> impl Strategy<Value = GroupId> {
    id().prop_map(|text| GroupId::new(text).unwrap())
}

fn log() -> impl Strategy<Value = LogId> {
    id().prop_map(|text| LogId::new(text).unwrap())
}

fn server() -> impl Strategy<Value = ServerName> {
    "[a-z0-9][a-zA-Z0-9._-]{0,8}".prop_map(|text| ServerName::new(text).unwrap())
}

fn address() -> impl Strategy<Value = JobAddress> {
    let job = "[a-z0-9][a-zA-Z0-9._-]{0,8}".prop_map(|text| JobName::new(text).unwrap());
    (server(), job).prop_map(|(server, job)| JobAddress { server, job })
}

fn run_id() -> impl Strategy<Value = RunId> {
    (1_700_000_000_i64..1_900_000_000, any::<u64>())
        .prop_map(|(seconds, serial)| RunId::new(DateTime::from_timestamp(seconds, 0).unwrap(), serial))
}

fn gate() -> impl Strategy<Value = Gate> {
    prop_oneof![
        id().prop_map(|text| Gate::Destination(DestinationId::new(text).unwrap())),
        job_id().prop_map(Gate::Job)
    ]
}

fn run() -> impl Strategy<Value = Run> {
    (run_id(), moment(), queue(), journal()).prop_map(|(id, started, queue, journal)| Run {
        id,
        started,
        queue,
        journal,
    })
}

fn queue() -> impl Strategy<Value = Queue> {
    let pace = prop::sample::select(vec![Pace::Adaptive, Pace::Fixed]);
    (vec(item(), 0..=FEW), vec(server(), 0..=FEW), (duration(), pace, duration()), any::<bool>()).prop_map(
        |(items, servers, (poll, pace, unreachable_wait), stays)| Queue {
            items,
            servers,
            poll,
            pace,
            unreachable_wait,
            stays,
        },
    )
}

fn item() -> impl Strategy<Value = Item> {
    let on_timeout = prop::sample::select(vec![OnTimeout::Hold, OnTimeout::Release, OnTimeout::Stop]);
    let limits = (duration(), duration(), duration(), on_timeout);
    (address(), job_id(), limits, vec(gate(), 0..=FEW), beginning()).prop_map(
        |(address, id, (timeout, start_timeout, settle, on_timeout), gates, (after, openings, fits, retry, usual))| {
            Item { address, id, timeout, start_timeout, settle, on_timeout, gates, after, openings, fits, retry, usual }
        },
    )
}

/// What must be so before an item starts: its predecessors, its openings, what must be left of one, and what is tried again.
type Beginning = (Vec<After>, Option<Vec<Opening>>, Option<Duration>, Retry, Option<Usual>);

fn beginning() -> impl Strategy<Value = Beginning> {
    let when = prop::sample::select(vec![When::Success, When::Finished]);
    let after = (address(), when).prop_map(|(job, when)| After { job, when });
    let opening = (moment(), moment()).prop_map(|(from, to)| Opening { from, to });
    let usual = option::of((duration(), duration()).prop_map(|(median, p90)| Usual { median, p90 }));
    let kinds = any::<[bool; 3]>();
    let kinds = kinds.prop_map(|[failed, never_started, api_error]| RetryWhen { failed, never_started, api_error });
    let retry = (any::<u32>(), duration(), kinds).prop_map(|(attempts, wait, when)| Retry { attempts, wait, when });
    (vec(after, 0..=FEW), option::of(vec(opening, 0..=FEW)), option::of(duration()), retry, usual)
}

fn journal() -> impl Strategy<Value = Journal> {
    let times = (option::of(moment()), option::of(moment()));
    let entry = (phase(), any::<u32>(), any::<bool>(), any::<u32>(), times).prop_map(
        |(phase, triggers, inherited, attempts, (first_trigger, not_before))| Entry {
            phase,
            triggers,
            first_trigger,
            inherited,
            attempts,
            not_before,
        },
    );
    (
        moment(),
        btree_map(address(), entry, 0..=FEW),
        vec(opened(), 0..=FEW),
        btree_map(server(), moment(), 0..=FEW),
        btree_set(server(), 0..=FEW),
        option::of((moment(), wait_reason()).prop_map(|(since, reason)| Waiting { since, reason })),
        vec(overlap(), 0..=FEW),
    )
        .prop_map(|(at, entries, opened, unreachable, busy, waiting, overlaps)| Journal {
            at,
            entries,
            opened,
            unreachable,
            busy,
            waiting,
            overlaps,
        })
}

fn wait_reason() -> impl Strategy<Value = WaitReason> {
    prop_oneof![
        (server(), words()).prop_map(|(server, why)| WaitReason::Unreachable { server, why }),
        moment().prop_map(|at| WaitReason::Retry { at }),
        moment().prop_map(|opens| WaitReason::Window { opens }),
        (server(), group(), option::of(job_id())).prop_map(|(server, group, job)| WaitReason::Busy {
            server,
            group,
            job
        })
    ]
}

fn overlap() -> impl Strategy<Value = Overlap> {
    (moment(), (server(), group()), (server(), group())).prop_map(|(at, first, second)| Overlap { at, first, second })
}

fn opened() -> impl Strategy<Value = Opened> {
    let state = prop_oneof![
        any::<u32>().prop_map(|tries| GateState::Opening { tries }),
        Just(GateState::Open),
        (moment(), any::<u32>()).prop_map(|(since, tries)| GateState::Closing { since, tries }),
        words().prop_map(|why| GateState::LeftOpen { why })
    ];
    (server(), gate(), moment(), state).prop_map(|(server, gate, since, state)| Opened { server, gate, since, state })
}

fn phase() -> impl Strategy<Value = Phase> {
    prop_oneof![
        Just(Phase::Queued),
        Just(Phase::Preparing),
        triggered().prop_map(Phase::Triggered),
        running().prop_map(Phase::Running),
        confirming().prop_map(Phase::Confirming),
        outcome().prop_map(Phase::Done)
    ]
}

fn triggered() -> impl Strategy<Value = Triggered> {
    let answer = prop_oneof![Just(Answer::None), Just(Answer::Accepted), words().prop_map(Answer::Refused)];
    (moment(), baseline(), answer).prop_map(|(at, baseline, answer)| Triggered { at, baseline, answer })
}

fn baseline() -> impl Strategy<Value = Baseline> {
    let logs = option::of(btree_set(log(), 0..=FEW));
    (btree_set(group(), 0..=FEW), logs, option::of(moment())).prop_map(|(groups, logs, newest_group)| Baseline {
        groups,
        logs,
        newest_group,
    })
}

fn running() -> impl Strategy<Value = Running> {
    let stop = (moment(), any::<u32>(), any::<bool>()).prop_map(|(asked, times, unseen)| Stop { asked, times, unseen });
    (group(), option::of(log()), moment(), any::<[bool; 3]>(), option::of(stop), option::of(baseline())).prop_map(
        |(group, log, since, [adopted, overdue, released], stop, baseline)| Running {
            group,
            log,
            since,
            adopted,
            overdue,
            released,
            stop,
            baseline,
        },
    )
}

fn confirming() -> impl Strategy<Value = Confirming> {
    let status = option::of(prop_oneof![-5..200_i64, any::<i64>()].prop_map(GroupStatus::from_code));
    (running(), status, moment()).prop_map(|(running, status, ended)| Confirming { running, status, ended })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let times = (option::of(moment()), option::of(moment()), moment());
    (verdict(), option::of(group()), option::of(log()), times, any::<bool>(), words()).prop_map(
        |(verdict, group, log, (triggered, started, ended), overdue, note)| Outcome {
            verdict,
            group,
            log,
            triggered,
            started,
            ended,
            overdue,
            note,
        },
    )
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        any::<i64>().prop_map(Verdict::UnknownStatus),
        prop::sample::select(vec![
            Verdict::Completed,
            Verdict::Partial,
            Verdict::Skipped,
            Verdict::Unconfirmed,
            Verdict::NeverStarted,
            Verdict::Aborted,
            Verdict::NeverFinished,
            Verdict::Failed,
            Verdict::Lost,
        ])
    ]
}

fn job_record() -> impl Strategy<Value = JobRecord> {
    let success = (option::of(moment()), any::<bool>());
    (job_id(), success, option::of(outcome()), vec(duration(), 0..=FEW), any::<u32>()).prop_map(
        |(id, (last_success, last_success_partial), last_outcome, durations, failures_in_a_row)| JobRecord {
            id,
            last_success,
            last_success_partial,
            last_outcome,
            durations,
            failures_in_a_row,
        },
    )
}

fn run_record() -> impl Strategy<Value = RunRecord> {
    let end = prop::sample::select(vec![RunEnd::Complete, RunEnd::Incomplete]);
    let items = vec((address(), option::of(outcome())), 0..=FEW);
    (run_id(), moment(), moment(), end, items, vec(overlap(), 0..=FEW))
        .prop_map(|(id, started, ended, end, items, overlaps)| RunRecord { id, started, ended, end, items, overlaps })
}
