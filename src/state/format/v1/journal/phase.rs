//! Where an item of the queue is, as format 1 writes it.

use serde::{Deserialize, Serialize};

use super::super::super::words::{Moment, Word, nullable};
use super::Outcome;
use crate::execute::journal;
use crate::jetbackup::facts::GroupStatus;
use crate::names::{GroupId, LogId};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    Queued,
    Preparing,
    Triggered(Triggered),
    Running(Running),
    Confirming(Confirming),
    Done(Outcome),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Triggered {
    at: Moment,
    baseline: Baseline,
    answer: Answer,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    None,
    Accepted,
    Refused(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Baseline {
    groups: Vec<Word<GroupId>>,
    #[serde(deserialize_with = "nullable")]
    logs: Option<Vec<Word<LogId>>>,
    #[serde(deserialize_with = "nullable")]
    newest_group: Option<Moment>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Running {
    group: Word<GroupId>,
    #[serde(deserialize_with = "nullable")]
    log: Option<Word<LogId>>,
    since: Moment,
    adopted: bool,
    overdue: bool,
    released: bool,
    #[serde(deserialize_with = "nullable")]
    stop: Option<Stop>,
    #[serde(deserialize_with = "nullable")]
    baseline: Option<Baseline>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stop {
    asked: Moment,
    times: u32,
    unseen: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirming {
    running: Running,
    /// JetBackup's own number: its statuses are an open list, and a word for each would be ours.
    #[serde(deserialize_with = "nullable")]
    status_code: Option<i64>,
    ended: Moment,
}

impl From<&journal::Phase> for Phase {
    fn from(phase: &journal::Phase) -> Self {
        match phase {
            journal::Phase::Queued => Self::Queued,
            journal::Phase::Preparing => Self::Preparing,
            journal::Phase::Triggered(triggered) => Self::Triggered(triggered.into()),
            journal::Phase::Running(running) => Self::Running(running.into()),
            journal::Phase::Confirming(confirming) => Self::Confirming(confirming.into()),
            journal::Phase::Done(outcome) => Self::Done(outcome.into()),
        }
    }
}

impl From<Phase> for journal::Phase {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Queued => Self::Queued,
            Phase::Preparing => Self::Preparing,
            Phase::Triggered(triggered) => Self::Triggered(triggered.into()),
            Phase::Running(running) => Self::Running(running.into()),
            Phase::Confirming(confirming) => Self::Confirming(confirming.into()),
            Phase::Done(outcome) => Self::Done(outcome.into()),
        }
    }
}

impl From<&journal::Triggered> for Triggered {
    fn from(triggered: &journal::Triggered) -> Self {
        let journal::Triggered { at, baseline, answer } = triggered;
        Self {
            at: Moment(*at),
            baseline: baseline.into(),
            answer: match answer {
                journal::Answer::None => Answer::None,
                journal::Answer::Accepted => Answer::Accepted,
                journal::Answer::Refused(words) => Answer::Refused(words.clone()),
            },
        }
    }
}

impl From<Triggered> for journal::Triggered {
    fn from(triggered: Triggered) -> Self {
        let Triggered { at, baseline, answer } = triggered;
        Self {
            at: at.0,
            baseline: baseline.into(),
            answer: match answer {
                Answer::None => journal::Answer::None,
                Answer::Accepted => journal::Answer::Accepted,
                Answer::Refused(words) => journal::Answer::Refused(words),
            },
        }
    }
}

impl From<&journal::Baseline> for Baseline {
    fn from(baseline: &journal::Baseline) -> Self {
        let journal::Baseline { groups, logs, newest_group } = baseline;
        Self {
            groups: groups.iter().cloned().map(Word).collect(),
            logs: logs.as_ref().map(|logs| logs.iter().cloned().map(Word).collect()),
            newest_group: newest_group.map(Moment),
        }
    }
}

impl From<Baseline> for journal::Baseline {
    fn from(baseline: Baseline) -> Self {
        let Baseline { groups, logs, newest_group } = baseline;
        Self {
            groups: groups.into_iter().map(|id| id.0).collect(),
            logs: logs.map(|logs| logs.into_iter().map(|id| id.0).collect()),
            newest_group: newest_group.map(|moment| moment.0),
        }
    }
}

impl From<&journal::Running> for Running {
    fn from(running: &journal::Running) -> Self {
        let journal::Running { group, log, since, adopted, overdue, released, stop, baseline } = running;
        Self {
            group: Word(group.clone()),
            log: log.clone().map(Word),
            since: Moment(*since),
            adopted: *adopted,
            overdue: *overdue,
            released: *released,
            stop: stop.as_ref().map(Stop::from),
            baseline: baseline.as_ref().map(Baseline::from),
        }
    }
}

impl From<Running> for journal::Running {
    fn from(running: Running) -> Self {
        let Running { group, log, since, adopted, overdue, released, stop, baseline } = running;
        Self {
            group: group.0,
            log: log.map(|id| id.0),
            since: since.0,
            adopted,
            overdue,
            released,
            stop: stop.map(Into::into),
            baseline: baseline.map(Into::into),
        }
    }
}

impl From<&journal::Stop> for Stop {
    fn from(stop: &journal::Stop) -> Self {
        let journal::Stop { asked, times, unseen } = stop;
        Self { asked: Moment(*asked), times: *times, unseen: *unseen }
    }
}

impl From<Stop> for journal::Stop {
    fn from(stop: Stop) -> Self {
        let Stop { asked, times, unseen } = stop;
        Self { asked: asked.0, times, unseen }
    }
}

impl From<&journal::Confirming> for Confirming {
    fn from(confirming: &journal::Confirming) -> Self {
        let journal::Confirming { running, status, ended } = confirming;
        Self { running: running.into(), status_code: status.map(GroupStatus::code), ended: Moment(*ended) }
    }
}

impl From<Confirming> for journal::Confirming {
    fn from(confirming: Confirming) -> Self {
        let Confirming { running, status_code, ended } = confirming;
        Self { running: running.into(), status: status_code.map(GroupStatus::from_code), ended: ended.0 }
    }
}
