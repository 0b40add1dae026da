//! From the domain to version 1.

use super::v1::{
    Answer, Baseline, Confirming, Gate, GateState, GroupOnServer, Item, ItemRecord, JobRecord, Journal, OnTimeout,
    Opened, Outcome, Overlap, Phase, Run, RunEnd, RunRecord, Running, State, Stop, Triggered, Verdict, WaitReason,
    Waiting,
};
use super::words::{Millis, Moment};
use crate::desired;
use crate::execute::{journal, outcome};
use crate::{queue, state};

impl From<&state::State> for State {
    fn from(state: &state::State) -> Self {
        Self {
            lineage: state.lineage.clone(),
            serial: state.serial,
            run: state.run.as_ref().map(Run::from),
            jobs: state.jobs.iter().map(JobRecord::from).collect(),
            opened: state.opened.iter().map(Opened::from).collect(),
            history: state.history.iter().map(RunRecord::from).collect(),
        }
    }
}

impl From<&state::Run> for Run {
    fn from(run: &state::Run) -> Self {
        let item = |item: &queue::Item| Item::new(item, run.journal.entries.get(&item.address));
        Self {
            id: run.id.clone(),
            started: Moment(run.started),
            poll_ms: Millis(run.queue.poll),
            unreachable_wait_ms: Millis(run.queue.unreachable_wait),
            servers: run.queue.servers.clone(),
            items: run.queue.items.iter().map(item).collect(),
            journal: Journal::from(&run.journal),
        }
    }
}

impl Item {
    fn new(item: &queue::Item, entry: Option<&journal::Entry>) -> Self {
        Self {
            job: item.address.clone(),
            id: item.id.clone(),
            timeout_ms: Millis(item.timeout),
            start_timeout_ms: Millis(item.start_timeout),
            settle_ms: Millis(item.settle),
            on_timeout: match item.on_timeout {
                desired::OnTimeout::Hold => OnTimeout::Hold,
                desired::OnTimeout::Release => OnTimeout::Release,
                desired::OnTimeout::Stop => OnTimeout::Stop,
            },
            gates: item.gates.iter().map(Gate::from).collect(),
            triggers: entry.map_or(0, |entry| entry.triggers),
            phase: entry.map_or(Phase::Queued, |entry| Phase::from(&entry.phase)),
        }
    }
}

impl From<&queue::Gate> for Gate {
    fn from(gate: &queue::Gate) -> Self {
        match gate {
            queue::Gate::Destination(id) => Self::Destination(id.clone()),
            queue::Gate::Job(id) => Self::Job(id.clone()),
        }
    }
}

impl From<&journal::Journal> for Journal {
    fn from(journal: &journal::Journal) -> Self {
        Self {
            at: Moment(journal.at),
            opened: journal.opened.iter().map(Opened::from).collect(),
            unreachable: journal.unreachable.iter().map(|(server, since)| (server.clone(), Moment(*since))).collect(),
            busy: journal.busy.iter().cloned().collect(),
            waiting: journal.waiting.as_ref().map(Waiting::from),
            overlaps: journal.overlaps.iter().map(Overlap::from).collect(),
        }
    }
}

impl From<&journal::Phase> for Phase {
    fn from(phase: &journal::Phase) -> Self {
        match phase {
            journal::Phase::Queued => Self::Queued,
            journal::Phase::Preparing => Self::Preparing,
            journal::Phase::Triggered(triggered) => Self::Triggered(Triggered {
                at: Moment(triggered.at),
                baseline: Baseline::from(&triggered.baseline),
                answer: match &triggered.answer {
                    journal::Answer::None => Answer::None,
                    journal::Answer::Accepted => Answer::Accepted,
                    journal::Answer::Refused(why) => Answer::Refused(why.clone()),
                },
            }),
            journal::Phase::Running(running) => Self::Running(Running::from(running)),
            journal::Phase::Confirming(confirming) => Self::Confirming(Confirming {
                running: Running::from(&confirming.running),
                status: confirming.status.map(crate::jetbackup::facts::GroupStatus::code),
                ended: Moment(confirming.ended),
            }),
            journal::Phase::Done(outcome) => Self::Done(Outcome::from(outcome)),
        }
    }
}

impl From<&journal::Baseline> for Baseline {
    fn from(baseline: &journal::Baseline) -> Self {
        Self {
            groups: baseline.groups.clone(),
            logs: baseline.logs.clone(),
            newest_group: baseline.newest_group.map(Moment),
        }
    }
}

impl From<&journal::Running> for Running {
    fn from(running: &journal::Running) -> Self {
        Self {
            group: running.group.clone(),
            log: running.log.clone(),
            since: Moment(running.since),
            adopted: running.adopted,
            overdue: running.overdue,
            released: running.released,
            stop: running.stop.as_ref().map(|stop| Stop {
                asked: Moment(stop.asked),
                times: stop.times,
                unseen: stop.unseen,
            }),
            baseline: running.baseline.as_ref().map(Baseline::from),
        }
    }
}

impl From<&outcome::Outcome> for Outcome {
    fn from(outcome: &outcome::Outcome) -> Self {
        Self {
            verdict: Verdict::from(outcome.verdict),
            group: outcome.group.clone(),
            log: outcome.log.clone(),
            started: outcome.started.map(Moment),
            ended: Moment(outcome.ended),
            overdue: outcome.overdue,
            note: outcome.note.clone(),
        }
    }
}

impl From<outcome::Verdict> for Verdict {
    fn from(verdict: outcome::Verdict) -> Self {
        match verdict {
            outcome::Verdict::Completed => Self::Completed,
            outcome::Verdict::Partial => Self::Partial,
            outcome::Verdict::Skipped => Self::Skipped,
            outcome::Verdict::Unconfirmed => Self::Unconfirmed,
            outcome::Verdict::NeverStarted => Self::NeverStarted,
            outcome::Verdict::Aborted => Self::Aborted,
            outcome::Verdict::NeverFinished => Self::NeverFinished,
            outcome::Verdict::Failed => Self::Failed,
            outcome::Verdict::UnknownStatus(code) => Self::UnknownStatus(code),
            outcome::Verdict::Lost => Self::Lost,
        }
    }
}

impl From<&journal::Opened> for Opened {
    fn from(opened: &journal::Opened) -> Self {
        Self {
            server: opened.server.clone(),
            gate: Gate::from(&opened.gate),
            since: Moment(opened.since),
            state: match &opened.state {
                journal::GateState::Opening { tries } => GateState::Opening { tries: *tries },
                journal::GateState::Open => GateState::Open,
                journal::GateState::Closing { since, tries } => {
                    GateState::Closing { since: Moment(*since), tries: *tries }
                }
                journal::GateState::LeftOpen { why } => GateState::LeftOpen { why: why.clone() },
            },
        }
    }
}

impl From<&journal::Waiting> for Waiting {
    fn from(waiting: &journal::Waiting) -> Self {
        Self {
            since: Moment(waiting.since),
            reason: match &waiting.reason {
                journal::WaitReason::Unreachable { server, why } => {
                    WaitReason::Unreachable { server: server.clone(), why: why.clone() }
                }
                journal::WaitReason::Busy { server, group, job } => {
                    WaitReason::Busy { server: server.clone(), group: group.clone(), job: job.clone() }
                }
            },
        }
    }
}

impl From<&journal::Overlap> for Overlap {
    fn from(overlap: &journal::Overlap) -> Self {
        let one = |(server, group): &(_, _)| GroupOnServer { server: Clone::clone(server), group: Clone::clone(group) };
        Self { at: Moment(overlap.at), first: one(&overlap.first), second: one(&overlap.second) }
    }
}

impl From<(&crate::names::JobAddress, &state::JobRecord)> for JobRecord {
    fn from((address, record): (&crate::names::JobAddress, &state::JobRecord)) -> Self {
        Self {
            job: address.clone(),
            id: record.id.clone(),
            last_success: record.last_success.map(Moment),
            last_outcome: record.last_outcome.as_ref().map(Outcome::from),
            durations_s: record.durations.iter().map(std::time::Duration::as_secs).collect(),
            failures_in_a_row: record.failures_in_a_row,
        }
    }
}

impl From<&state::RunRecord> for RunRecord {
    fn from(record: &state::RunRecord) -> Self {
        let item = |(job, outcome): &(crate::names::JobAddress, Option<outcome::Outcome>)| ItemRecord {
            job: job.clone(),
            outcome: outcome.as_ref().map(Outcome::from),
        };
        Self {
            id: record.id.clone(),
            started: Moment(record.started),
            ended: Moment(record.ended),
            end: match record.end {
                state::RunEnd::Complete => RunEnd::Complete,
                state::RunEnd::Incomplete => RunEnd::Incomplete,
            },
            items: record.items.iter().map(item).collect(),
            overlaps: record.overlaps.iter().map(Overlap::from).collect(),
        }
    }
}
