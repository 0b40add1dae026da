//! How an item ended, as format 1 writes it.

use serde::{Deserialize, Serialize};

use super::super::words::{Moment, Word, nullable};
use crate::execute::outcome;
use crate::names::{GroupId, LogId};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Outcome {
    verdict: Verdict,
    #[serde(deserialize_with = "nullable")]
    group: Option<Word<GroupId>>,
    #[serde(deserialize_with = "nullable")]
    log: Option<Word<LogId>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    triggered: Option<Moment>,
    #[serde(deserialize_with = "nullable")]
    started: Option<Moment>,
    ended: Moment,
    overdue: bool,
    note: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
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

impl From<&outcome::Outcome> for Outcome {
    fn from(outcome: &outcome::Outcome) -> Self {
        let outcome::Outcome { verdict, group, log, triggered, started, ended, overdue, note } = outcome;
        Self {
            verdict: (*verdict).into(),
            group: group.clone().map(Word),
            log: log.clone().map(Word),
            triggered: triggered.map(Moment),
            started: started.map(Moment),
            ended: Moment(*ended),
            overdue: *overdue,
            note: note.clone(),
        }
    }
}

impl From<Outcome> for outcome::Outcome {
    fn from(outcome: Outcome) -> Self {
        let Outcome { verdict, group, log, triggered, started, ended, overdue, note } = outcome;
        Self {
            verdict: verdict.into(),
            group: group.map(|id| id.0),
            log: log.map(|id| id.0),
            triggered: triggered.map(|moment| moment.0),
            started: started.map(|moment| moment.0),
            ended: ended.0,
            overdue,
            note,
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
