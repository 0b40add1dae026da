//! The pieces that several JSON shapes share. Words are stable and in snake_case, times are RFC 3339 in UTC, durations
//! whole seconds. Every key is named in `docs/json.md`; a test holds the two together.

use std::time::Duration;

use chrono::SecondsFormat;
use serde::Serialize;

use crate::clock::{Timestamp, elapsed};
use crate::desired::Hold;
use crate::execute::journal::{GateState, Opened, Overlap, Phase, WaitReason};
use crate::execute::outcome::{Outcome, Verdict};
use crate::hold::{ByHand, Holds};
use crate::jetbackup::facts::GroupStatus;
use crate::names::{GroupId, ServerName};
use crate::queue::Gate;

/// The version of every shape; it goes up when a key changes its meaning or goes away, not when one is added.
pub(super) const VERSION: u32 = 1;

/// A value as one line of JSON.
pub(super) fn line<T: Serialize>(value: &T) -> String {
    // Only a map with keys that are no text could fail, and there is none; a reader would still find a line that parses.
    serde_json::to_string(value).unwrap_or_else(|error| {
        let error = error.to_string();
        format!("{{\"version\":{VERSION},\"kind\":\"error\",\"why\":{}}}", serde_json::Value::from(error))
    })
}

pub(super) fn time(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

pub(super) fn seconds(duration: Duration) -> u64 {
    duration.as_secs()
}

/// How one item ended.
#[derive(Serialize)]
pub(super) struct OutcomeJson {
    verdict: &'static str,
    /// JetBackup's number, where the verdict is `unknown_status`.
    status_code: Option<i64>,
    good: bool,
    group: Option<String>,
    log: Option<String>,
    started: Option<String>,
    ended: String,
    took_s: Option<u64>,
    overdue: bool,
    note: String,
}

impl From<&Outcome> for OutcomeJson {
    fn from(outcome: &Outcome) -> Self {
        let Outcome { verdict, group, log, triggered: _, started, ended, overdue, note } = outcome;
        Self {
            verdict: self::verdict(*verdict),
            status_code: status_code(*verdict),
            good: verdict.is_good(),
            group: group.as_ref().map(ToString::to_string),
            log: log.as_ref().map(ToString::to_string),
            started: started.map(time),
            ended: time(*ended),
            took_s: started.map(|started| seconds(elapsed(started, *ended))),
            overdue: *overdue,
            note: note.clone(),
        }
    }
}

pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Completed => "completed",
        Verdict::Partial => "partial",
        Verdict::Skipped => "skipped",
        Verdict::Unconfirmed => "unconfirmed",
        Verdict::NeverStarted => "never_started",
        Verdict::Aborted => "aborted",
        Verdict::NeverFinished => "never_finished",
        Verdict::Failed => "failed",
        Verdict::UnknownStatus(_) => "unknown_status",
        Verdict::Lost => "lost",
    }
}

fn status_code(verdict: Verdict) -> Option<i64> {
    match verdict {
        Verdict::UnknownStatus(code) => Some(code),
        Verdict::Completed
        | Verdict::Partial
        | Verdict::Skipped
        | Verdict::Unconfirmed
        | Verdict::NeverStarted
        | Verdict::Aborted
        | Verdict::NeverFinished
        | Verdict::Failed
        | Verdict::Lost => None,
    }
}

pub(super) fn phase(phase: &Phase) -> &'static str {
    match phase {
        Phase::Queued => "queued",
        Phase::Preparing => "preparing",
        Phase::Triggered(_) => "triggered",
        Phase::Running(_) => "running",
        Phase::Confirming(_) => "confirming",
        Phase::Done(_) => "done",
    }
}

pub(super) fn group_status(status: GroupStatus) -> &'static str {
    match status {
        GroupStatus::Pending => "pending",
        GroupStatus::Started => "started",
        GroupStatus::Step(_) => "step",
        GroupStatus::Completed => "completed",
        GroupStatus::Partial => "partial",
        GroupStatus::Failed => "failed",
        GroupStatus::Aborted => "aborted",
        GroupStatus::NeverFinished => "never_finished",
        GroupStatus::Other(_) => "other",
    }
}

/// What can be opened and closed.
#[derive(Serialize)]
pub(super) struct GateJson {
    kind: &'static str,
    id: String,
}

impl From<&Gate> for GateJson {
    fn from(gate: &Gate) -> Self {
        match gate {
            Gate::Destination(id) => Self { kind: "destination", id: id.to_string() },
            Gate::Job(id) => Self { kind: "job", id: id.to_string() },
        }
    }
}

/// Something that jbr opened and has not seen closed.
#[derive(Serialize)]
pub(super) struct OpenedJson {
    server: String,
    gate: GateJson,
    since: String,
    state: &'static str,
    tries: Option<u32>,
    why: Option<String>,
}

impl From<&Opened> for OpenedJson {
    fn from(opened: &Opened) -> Self {
        let (state, tries, why) = match &opened.state {
            GateState::Opening { tries } => ("opening", Some(*tries), None),
            GateState::Open => ("open", None, None),
            GateState::Closing { since: _, tries } => ("closing", Some(*tries), None),
            GateState::LeftOpen { why } => ("left_open", None, Some(why.clone())),
        };
        Self {
            server: opened.server.to_string(),
            gate: GateJson::from(&opened.gate),
            since: time(opened.since),
            state,
            tries,
            why,
        }
    }
}

/// A hold, the plan's or a person's.
#[derive(Serialize)]
pub(super) struct HoldJson {
    by: &'static str,
    user: Option<String>,
    since: Option<String>,
    until: Option<String>,
    reason: String,
}

impl From<&ByHand> for HoldJson {
    fn from(hold: &ByHand) -> Self {
        let ByHand { user, since, reason, until } = hold;
        let (user, since) = (Some(user.clone()), Some(time(*since)));
        Self { by: "hand", user, since, until: until.map(time), reason: reason.clone() }
    }
}

impl From<&Hold> for HoldJson {
    fn from(hold: &Hold) -> Self {
        let Hold { reason, until } = hold;
        Self { by: "plan", user: None, since: None, until: until.map(time), reason: reason.clone() }
    }
}

/// What holds a job, a person's hold first.
pub(super) fn holds(holds: &Holds) -> Vec<HoldJson> {
    let Holds { plan, hand } = holds;
    hand.as_ref().map(HoldJson::from).into_iter().chain(plan.as_ref().map(HoldJson::from)).collect()
}

/// What a run waits for.
#[derive(Serialize)]
pub(super) struct ReasonJson {
    kind: &'static str,
    server: Option<String>,
    why: Option<String>,
    group: Option<String>,
    id: Option<String>,
    until: Option<String>,
}

impl From<&WaitReason> for ReasonJson {
    fn from(reason: &WaitReason) -> Self {
        let none = Self { kind: "", server: None, why: None, group: None, id: None, until: None };
        match reason {
            WaitReason::Unreachable { server, why } => {
                Self { kind: "unreachable", server: Some(server.to_string()), why: Some(why.clone()), ..none }
            }
            WaitReason::Busy { server, group, job } => Self {
                kind: "busy",
                server: Some(server.to_string()),
                group: Some(group.to_string()),
                id: job.as_ref().map(ToString::to_string),
                ..none
            },
            WaitReason::Retry { at } => Self { kind: "retry", until: Some(time(*at)), ..none },
            WaitReason::Window { opens } => Self { kind: "window", until: Some(time(*opens)), ..none },
        }
    }
}

/// Two guarded backups that wrote at the same time.
#[derive(Serialize)]
pub(super) struct OverlapJson {
    at: String,
    first: WriterJson,
    second: WriterJson,
}

/// One of them.
#[derive(Serialize)]
struct WriterJson {
    server: String,
    group: String,
}

impl From<&(ServerName, GroupId)> for WriterJson {
    fn from((server, group): &(ServerName, GroupId)) -> Self {
        Self { server: server.to_string(), group: group.to_string() }
    }
}

impl From<&Overlap> for OverlapJson {
    fn from(overlap: &Overlap) -> Self {
        Self { at: time(overlap.at), first: (&overlap.first).into(), second: (&overlap.second).into() }
    }
}
