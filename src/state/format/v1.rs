//! Version 1, key by key; `docs/state.md` explains them. Each type stands for one of the domain's, and `v1_out` and `v1_in` convert, so
//! that the domain can change without the format.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::words::{Millis, Moment};
use crate::names::{DestinationId, GroupId, JobAddress, JobId, LogId, RunId, ServerName};

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    pub(super) lineage: String,
    pub(super) serial: u64,
    pub(super) run: Option<Run>,
    pub(super) jobs: Vec<JobRecord>,
    pub(super) opened: Vec<Opened>,
    pub(super) history: Vec<RunRecord>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Run {
    pub(super) id: RunId,
    pub(super) started: Moment,
    pub(super) poll_ms: Millis,
    pub(super) unreachable_wait_ms: Millis,
    pub(super) servers: Vec<ServerName>,
    pub(super) items: Vec<Item>,
    pub(super) journal: Journal,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Item {
    pub(super) job: JobAddress,
    pub(super) id: JobId,
    pub(super) timeout_ms: Millis,
    pub(super) start_timeout_ms: Millis,
    pub(super) settle_ms: Millis,
    pub(super) on_timeout: OnTimeout,
    pub(super) gates: Vec<Gate>,
    pub(super) triggers: u32,
    pub(super) phase: Phase,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OnTimeout {
    Hold,
    Release,
    Stop,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Gate {
    Destination(DestinationId),
    Job(JobId),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Journal {
    pub(super) at: Moment,
    pub(super) opened: Vec<Opened>,
    pub(super) unreachable: BTreeMap<ServerName, Moment>,
    pub(super) busy: Vec<ServerName>,
    pub(super) waiting: Option<Waiting>,
    pub(super) overlaps: Vec<Overlap>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Phase {
    Queued,
    Preparing,
    Triggered(Triggered),
    Running(Running),
    Confirming(Confirming),
    Done(Outcome),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Triggered {
    pub(super) at: Moment,
    pub(super) baseline: Baseline,
    pub(super) answer: Answer,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Answer {
    None,
    Accepted,
    Refused(String),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Baseline {
    pub(super) groups: BTreeSet<GroupId>,
    pub(super) logs: Option<BTreeSet<LogId>>,
    pub(super) newest_group: Option<Moment>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Running {
    pub(super) group: GroupId,
    pub(super) log: Option<LogId>,
    pub(super) since: Moment,
    pub(super) adopted: bool,
    pub(super) overdue: bool,
    pub(super) released: bool,
    pub(super) stop: Option<Stop>,
    pub(super) baseline: Option<Baseline>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stop {
    pub(super) asked: Moment,
    pub(super) times: u32,
    pub(super) unseen: bool,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirming {
    pub(super) running: Running,
    pub(super) status: Option<i64>,
    pub(super) ended: Moment,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Outcome {
    pub(super) verdict: Verdict,
    pub(super) group: Option<GroupId>,
    pub(super) log: Option<LogId>,
    pub(super) started: Option<Moment>,
    pub(super) ended: Moment,
    pub(super) overdue: bool,
    pub(super) note: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Verdict {
    Completed,
    Partial,
    Skipped,
    Unconfirmed,
    NeverStarted,
    Aborted,
    NeverFinished,
    Failed,
    UnknownStatus(i64),
    Lost,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Opened {
    pub(super) server: ServerName,
    pub(super) gate: Gate,
    pub(super) since: Moment,
    pub(super) state: GateState,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum GateState {
    Opening { tries: u32 },
    Open,
    Closing { since: Moment, tries: u32 },
    LeftOpen { why: String },
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Waiting {
    pub(super) since: Moment,
    pub(super) reason: WaitReason,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum WaitReason {
    Unreachable { server: ServerName, why: String },
    Busy { server: ServerName, group: GroupId, job: Option<JobId> },
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Overlap {
    pub(super) at: Moment,
    pub(super) first: GroupOnServer,
    pub(super) second: GroupOnServer,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupOnServer {
    pub(super) server: ServerName,
    pub(super) group: GroupId,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JobRecord {
    pub(super) job: JobAddress,
    pub(super) id: JobId,
    pub(super) last_success: Option<Moment>,
    pub(super) last_outcome: Option<Outcome>,
    pub(super) durations_s: Vec<u64>,
    pub(super) failures_in_a_row: u32,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunRecord {
    pub(super) id: RunId,
    pub(super) started: Moment,
    pub(super) ended: Moment,
    pub(super) end: RunEnd,
    pub(super) items: Vec<ItemRecord>,
    pub(super) overlaps: Vec<Overlap>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RunEnd {
    Complete,
    Incomplete,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemRecord {
    pub(super) job: JobAddress,
    pub(super) outcome: Option<Outcome>,
}
