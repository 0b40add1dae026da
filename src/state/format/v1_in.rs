//! From version 1 to the domain. Names and times were checked when they were read, so nothing here can fail.

use std::collections::BTreeMap;

use super::v1::{
    Answer, Baseline, Confirming, Gate, GateState, Item, JobRecord, Journal, OnTimeout, Opened, Outcome, Overlap,
    Phase, Run, RunEnd, RunRecord, Running, State, Triggered, Verdict, WaitReason, Waiting,
};
use crate::desired;
use crate::execute::{journal, outcome};
use crate::jetbackup::facts::GroupStatus;
use crate::names::JobAddress;
use crate::{queue, state};

impl From<State> for state::State {
    fn from(state: State) -> Self {
        let job = |record: JobRecord| (record.job.clone(), state::JobRecord::from(record));
        Self {
            lineage: state.lineage,
            serial: state.serial,
            run: state.run.map(state::Run::from),
            jobs: state.jobs.into_iter().map(job).collect(),
            opened: state.opened.into_iter().map(journal::Opened::from).collect(),
            history: state.history.into_iter().map(state::RunRecord::from).collect(),
        }
    }
}

impl From<Run> for state::Run {
    fn from(run: Run) -> Self {
        let entries: BTreeMap<JobAddress, journal::Entry> = run.items.iter().filter_map(entry).collect();
        Self {
            id: run.id,
            started: run.started.0,
            queue: queue::Queue {
                items: run.items.into_iter().map(queue::Item::from).collect(),
                servers: run.servers,
                poll: run.poll_ms.0,
                unreachable_wait: run.unreachable_wait_ms.0,
            },
            journal: journal_of(run.journal, entries),
        }
    }
}

/// An item that nobody has touched has no entry.
fn entry(item: &Item) -> Option<(JobAddress, journal::Entry)> {
    let phase = journal::Phase::from(item.phase.clone());
    let is_untouched = phase == journal::Phase::Queued && item.triggers == 0;
    (!is_untouched).then(|| (item.job.clone(), journal::Entry { phase, triggers: item.triggers }))
}

fn journal_of(journal: Journal, entries: BTreeMap<JobAddress, journal::Entry>) -> journal::Journal {
    journal::Journal {
        at: journal.at.0,
        entries,
        opened: journal.opened.into_iter().map(journal::Opened::from).collect(),
        unreachable: journal.unreachable.into_iter().map(|(server, since)| (server, since.0)).collect(),
        busy: journal.busy.into_iter().collect(),
        waiting: journal.waiting.map(journal::Waiting::from),
        overlaps: journal.overlaps.into_iter().map(journal::Overlap::from).collect(),
    }
}

impl From<Item> for queue::Item {
    fn from(item: Item) -> Self {
        Self {
            address: item.job,
            id: item.id,
            timeout: item.timeout_ms.0,
            start_timeout: item.start_timeout_ms.0,
            settle: item.settle_ms.0,
            on_timeout: match item.on_timeout {
                OnTimeout::Hold => desired::OnTimeout::Hold,
                OnTimeout::Release => desired::OnTimeout::Release,
                OnTimeout::Stop => desired::OnTimeout::Stop,
            },
            gates: item.gates.into_iter().map(queue::Gate::from).collect(),
        }
    }
}

impl From<Gate> for queue::Gate {
    fn from(gate: Gate) -> Self {
        match gate {
            Gate::Destination(id) => Self::Destination(id),
            Gate::Job(id) => Self::Job(id),
        }
    }
}

impl From<Phase> for journal::Phase {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Queued => Self::Queued,
            Phase::Preparing => Self::Preparing,
            Phase::Triggered(Triggered { at, baseline, answer }) => Self::Triggered(journal::Triggered {
                at: at.0,
                baseline: baseline.into(),
                answer: match answer {
                    Answer::None => journal::Answer::None,
                    Answer::Accepted => journal::Answer::Accepted,
                    Answer::Refused(why) => journal::Answer::Refused(why),
                },
            }),
            Phase::Running(running) => Self::Running(running.into()),
            Phase::Confirming(Confirming { running, status, ended }) => Self::Confirming(journal::Confirming {
                running: running.into(),
                status: status.map(GroupStatus::from_code),
                ended: ended.0,
            }),
            Phase::Done(outcome) => Self::Done(outcome.into()),
        }
    }
}

impl From<Baseline> for journal::Baseline {
    fn from(baseline: Baseline) -> Self {
        Self { groups: baseline.groups, logs: baseline.logs, newest_group: baseline.newest_group.map(|at| at.0) }
    }
}

impl From<Running> for journal::Running {
    fn from(running: Running) -> Self {
        Self {
            group: running.group,
            log: running.log,
            since: running.since.0,
            adopted: running.adopted,
            overdue: running.overdue,
            released: running.released,
            stop: running.stop.map(|stop| journal::Stop {
                asked: stop.asked.0,
                times: stop.times,
                unseen: stop.unseen,
            }),
            baseline: running.baseline.map(journal::Baseline::from),
        }
    }
}

impl From<Outcome> for outcome::Outcome {
    fn from(outcome: Outcome) -> Self {
        Self {
            verdict: outcome.verdict.into(),
            group: outcome.group,
            log: outcome.log,
            started: outcome.started.map(|at| at.0),
            ended: outcome.ended.0,
            overdue: outcome.overdue,
            note: outcome.note,
        }
    }
}

impl From<Verdict> for outcome::Verdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Completed => Self::Completed,
            Verdict::Partial => Self::Partial,
            Verdict::Skipped => Self::Skipped,
            Verdict::Unconfirmed => Self::Unconfirmed,
            Verdict::NeverStarted => Self::NeverStarted,
            Verdict::Aborted => Self::Aborted,
            Verdict::NeverFinished => Self::NeverFinished,
            Verdict::Failed => Self::Failed,
            Verdict::UnknownStatus(code) => Self::UnknownStatus(code),
            Verdict::Lost => Self::Lost,
        }
    }
}

impl From<Opened> for journal::Opened {
    fn from(opened: Opened) -> Self {
        Self {
            server: opened.server,
            gate: opened.gate.into(),
            since: opened.since.0,
            state: match opened.state {
                GateState::Opening { tries } => journal::GateState::Opening { tries },
                GateState::Open => journal::GateState::Open,
                GateState::Closing { since, tries } => journal::GateState::Closing { since: since.0, tries },
                GateState::LeftOpen { why } => journal::GateState::LeftOpen { why },
            },
        }
    }
}

impl From<Waiting> for journal::Waiting {
    fn from(waiting: Waiting) -> Self {
        Self {
            since: waiting.since.0,
            reason: match waiting.reason {
                WaitReason::Unreachable { server, why } => journal::WaitReason::Unreachable { server, why },
                WaitReason::Busy { server, group, job } => journal::WaitReason::Busy { server, group, job },
            },
        }
    }
}

impl From<Overlap> for journal::Overlap {
    fn from(overlap: Overlap) -> Self {
        Self {
            at: overlap.at.0,
            first: (overlap.first.server, overlap.first.group),
            second: (overlap.second.server, overlap.second.group),
        }
    }
}

impl From<JobRecord> for state::JobRecord {
    fn from(record: JobRecord) -> Self {
        Self {
            id: record.id,
            last_success: record.last_success.map(|at| at.0),
            last_outcome: record.last_outcome.map(outcome::Outcome::from),
            durations: record.durations_s.into_iter().map(std::time::Duration::from_secs).collect(),
            failures_in_a_row: record.failures_in_a_row,
        }
    }
}

impl From<RunRecord> for state::RunRecord {
    fn from(record: RunRecord) -> Self {
        Self {
            id: record.id,
            started: record.started.0,
            ended: record.ended.0,
            end: match record.end {
                RunEnd::Complete => state::RunEnd::Complete,
                RunEnd::Incomplete => state::RunEnd::Incomplete,
            },
            items: record.items.into_iter().map(|item| (item.job, item.outcome.map(outcome::Outcome::from))).collect(),
            overlaps: record.overlaps.into_iter().map(journal::Overlap::from).collect(),
        }
    }
}
