//! How a run went, for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::event_json::end_json;
use super::json::{self, OpenedJson, OutcomeJson, OverlapJson, VERSION, seconds, time};
use super::summary::{Ending, Summary};
use crate::clock::elapsed;

impl Summary<'_> {
    /// The summary as one line of JSON (`"kind": "summary"` in `docs/json.md`).
    #[must_use]
    pub fn json(&self) -> String {
        let (end, why) = match self.ending {
            Ending::Ended(end) => end_json(end),
            Ending::Broken(why) => ("broken", Some(why.to_owned())),
        };
        let mut verdicts = BTreeMap::new();
        for (verdict, count) in self.verdicts() {
            *verdicts.entry(json::verdict(verdict)).or_insert(0) += count;
        }
        let good = self.items().filter_map(|(_, outcome)| outcome).filter(|outcome| outcome.verdict.is_good()).count();
        json::line(&SummaryJson {
            version: VERSION,
            kind: "summary",
            at: time(self.now),
            run: self.run.to_string(),
            started: time(self.started),
            took_s: seconds(elapsed(self.started, self.now)),
            end,
            why,
            jobs: self
                .items()
                .map(|(item, outcome)| JobJson {
                    job: item.address.to_string(),
                    id: item.id.to_string(),
                    phase: json::phase(self.journal.phase(&item.address)),
                    outcome: outcome.map(OutcomeJson::from),
                    usual_s: self.usual(&item.address).map(seconds),
                })
                .collect(),
            total: self.queue.items.len(),
            good,
            not_done: self.open(),
            verdicts,
            opened: self.journal.opened.iter().map(OpenedJson::from).collect(),
            overlaps: self.journal.overlaps.iter().map(OverlapJson::from).collect(),
            closed: self.closed.map(|closed| ClosedJson {
                run: closed.id.to_string(),
                missed: closed.missed.iter().map(ToString::to_string).collect(),
                again: self.missed_again().map(ToString::to_string).collect(),
            }),
        })
    }
}

#[derive(Serialize)]
struct SummaryJson {
    version: u32,
    kind: &'static str,
    at: String,
    run: String,
    started: String,
    took_s: u64,
    end: &'static str,
    why: Option<String>,
    jobs: Vec<JobJson>,
    total: usize,
    good: usize,
    not_done: usize,
    verdicts: BTreeMap<&'static str, usize>,
    opened: Vec<OpenedJson>,
    overlaps: Vec<OverlapJson>,
    closed: Option<ClosedJson>,
}

/// The run that was closed for this one to begin.
#[derive(Serialize)]
struct ClosedJson {
    run: String,
    missed: Vec<String>,
    again: Vec<String>,
}

#[derive(Serialize)]
struct JobJson {
    job: String,
    id: String,
    phase: &'static str,
    outcome: Option<OutcomeJson>,
    usual_s: Option<u64>,
}
