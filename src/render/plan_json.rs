//! What would be done, for programs: the facts of [`super::plan`] and nothing else.

mod decision;
mod item;
mod outlook;
mod remark;

use serde::Serialize;

use super::json::{self, OpenedJson, VERSION, time};
use super::tally::Tally;
use crate::proposal::{Because, Beginning, Interrupted, Proposal};
use decision::DecisionJson;
use item::ItemJson;
use outlook::{PauseJson, WarningJson};

pub(super) use remark::RemarkJson;

/// The proposal as one line of JSON (`"kind": "plan"` in `docs/json.md`).
#[must_use]
pub fn plan_json(proposal: &Proposal) -> String {
    let tally = Tally::of(proposal);
    json::line(&PlanJson {
        version: VERSION,
        kind: "plan",
        at: time(proposal.at),
        has_work: proposal.has_work(),
        beginning: BeginningJson::from(&proposal.beginning),
        queue: proposal.queue.items.iter().map(|item| ItemJson::new(proposal, item)).collect(),
        decisions: proposal.diff.decisions.iter().map(DecisionJson::from).collect(),
        warnings: proposal.warnings.iter().map(WarningJson::from).collect(),
        remarks: proposal.diff.remarks.iter().map(RemarkJson::from).collect(),
        opened: proposal.journal.opened.iter().map(OpenedJson::from).collect(),
        errors: proposal.diff.errors().collect(),
        pause: proposal.forecast.pause.map(PauseJson::from),
        totals: TotalsJson::from(&tally),
    })
}

#[derive(Serialize)]
struct PlanJson {
    version: u32,
    kind: &'static str,
    at: String,
    has_work: bool,
    beginning: BeginningJson,
    queue: Vec<ItemJson>,
    decisions: Vec<DecisionJson>,
    warnings: Vec<WarningJson>,
    remarks: Vec<RemarkJson>,
    opened: Vec<OpenedJson>,
    errors: Vec<String>,
    pause: Option<PauseJson>,
    totals: TotalsJson,
}

#[derive(Serialize)]
struct BeginningJson {
    kind: &'static str,
    because: Option<&'static str>,
    run: Option<String>,
    started: Option<String>,
    left: Vec<String>,
}

/// Why an interrupted run is closed.
pub(super) fn because(because: &Because) -> &'static str {
    match because {
        Because::TooOld => "too_old",
        Because::Asked => "asked",
        Because::DueAgain(_) => "due_again",
    }
}

impl From<&Beginning> for BeginningJson {
    fn from(beginning: &Beginning) -> Self {
        let (kind, because, old) = match beginning {
            Beginning::Fresh => return Self { kind: "fresh", because: None, run: None, started: None, left: vec![] },
            Beginning::Resume(old) => ("resume", None, old),
            Beginning::StartOver { old, because } => ("start_over", Some(self::because(because)), old),
        };
        let Interrupted { id, started, left, missed: _ } = old;
        let left = left.iter().map(ToString::to_string).collect();
        Self { kind, because, run: Some(id.to_string()), started: Some(time(*started)), left }
    }
}

#[derive(Serialize)]
struct TotalsJson {
    to_start: usize,
    to_watch: usize,
    unread: usize,
    done: usize,
    not_queued: usize,
    fresh: usize,
    held: usize,
    errors: usize,
    remarks: usize,
    to_close: usize,
    warnings: usize,
    known_s: u64,
    untimed: usize,
    end: Option<String>,
    late_end: Option<String>,
}

impl From<&Tally> for TotalsJson {
    fn from(tally: &Tally) -> Self {
        Self {
            to_start: tally.to_start,
            to_watch: tally.to_watch,
            unread: tally.unread,
            done: tally.done,
            not_queued: tally.not_queued,
            fresh: tally.fresh,
            held: tally.held,
            errors: tally.errors,
            remarks: tally.remarks,
            to_close: tally.to_close,
            warnings: tally.warnings,
            known_s: json::seconds(tally.known),
            untimed: tally.untimed,
            end: tally.end.map(time),
            late_end: tally.late_end.map(time),
        }
    }
}
