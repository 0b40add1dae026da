//! What is remembered, for programs.

use serde::Serialize;

use super::json::{self, HoldJson, OpenedJson, OutcomeJson, OverlapJson, ReasonJson, VERSION, seconds, time};
use crate::clock::{Timestamp, elapsed};
use crate::execute::journal::{Answer, Entry, Phase, Running};
use crate::names::JobAddress;
use crate::queue::Item;
use crate::state::{JobRecord, Run, RunEnd, RunRecord, State};

/// Everything but the history, as one line of JSON (`"kind": "state"` in `docs/json.md`).
#[must_use]
pub fn show_json(state: &State, now: Timestamp) -> String {
    json::line(&StateJson {
        version: VERSION,
        kind: "state",
        at: time(now),
        lineage: &state.lineage,
        serial: state.serial,
        run: state.run.as_ref().map(RunJson::from),
        opened: state.opened().iter().map(OpenedJson::from).collect(),
        holds: state
            .holds
            .iter()
            .map(|(address, hold)| HeldJson { job: address.to_string(), hold: HoldJson::from(hold) })
            .collect(),
        jobs: state.records().iter().map(|(address, record)| RecordJson::new(address, record, now)).collect(),
    })
}

/// The remembered jobs' addresses, as one line of JSON (`"kind": "jobs"`).
#[must_use]
pub fn list_json(state: &State) -> String {
    let jobs = state.records().keys().map(ToString::to_string).collect();
    json::line(&ListJson { version: VERSION, kind: "jobs", jobs })
}

/// The runs that are over, newest first, as one line of JSON (`"kind": "history"`).
#[must_use]
pub fn history_json(state: &State) -> String {
    let runs = state.history.iter().rev().map(PastRunJson::from).collect();
    json::line(&HistoryJson { version: VERSION, kind: "history", runs })
}

#[derive(Serialize)]
struct StateJson<'a> {
    version: u32,
    kind: &'static str,
    at: String,
    lineage: &'a str,
    serial: u64,
    run: Option<RunJson>,
    opened: Vec<OpenedJson>,
    holds: Vec<HeldJson>,
    jobs: Vec<RecordJson>,
}

#[derive(Serialize)]
struct HeldJson {
    job: String,
    hold: HoldJson,
}

#[derive(Serialize)]
struct ListJson {
    version: u32,
    kind: &'static str,
    jobs: Vec<String>,
}

#[derive(Serialize)]
struct HistoryJson {
    version: u32,
    kind: &'static str,
    runs: Vec<PastRunJson>,
}

#[derive(Serialize)]
struct RunJson {
    run: String,
    started: String,
    changed: String,
    queue: Vec<ItemJson>,
    waiting: Option<WaitingJson>,
    unreachable: Vec<UnreachableJson>,
    busy: Vec<String>,
    overlaps: Vec<OverlapJson>,
}

impl From<&Run> for RunJson {
    fn from(run: &Run) -> Self {
        let journal = &run.journal;
        let unreachable = journal.unreachable.iter();
        Self {
            run: run.id.to_string(),
            started: time(run.started),
            changed: time(journal.at),
            queue: run.queue.items.iter().map(|item| ItemJson::new(item, journal.entries.get(&item.address))).collect(),
            waiting: journal
                .waiting
                .as_ref()
                .map(|waiting| WaitingJson { since: time(waiting.since), reason: ReasonJson::from(&waiting.reason) }),
            unreachable: unreachable
                .map(|(server, since)| UnreachableJson { server: server.to_string(), since: time(*since) })
                .collect(),
            busy: journal.busy.iter().map(ToString::to_string).collect(),
            overlaps: journal.overlaps.iter().map(OverlapJson::from).collect(),
        }
    }
}

#[derive(Serialize)]
struct WaitingJson {
    since: String,
    reason: ReasonJson,
}

#[derive(Serialize)]
struct UnreachableJson {
    server: String,
    since: String,
}

#[derive(Serialize)]
struct ItemJson {
    job: String,
    id: String,
    phase: &'static str,
    triggers: u32,
    triggered: Option<TriggeredJson>,
    running: Option<RunningJson>,
    ended: Option<String>,
    outcome: Option<OutcomeJson>,
}

impl ItemJson {
    fn new(item: &Item, entry: Option<&Entry>) -> Self {
        let phase = entry.map_or(&Phase::Queued, |entry| &entry.phase);
        let mut json = Self {
            job: item.address.to_string(),
            id: item.id.to_string(),
            phase: json::phase(phase),
            triggers: entry.map_or(0, |entry| entry.triggers),
            triggered: None,
            running: None,
            ended: None,
            outcome: None,
        };
        match phase {
            Phase::Queued | Phase::Preparing => {}
            Phase::Triggered(triggered) => {
                let (answer, why) = answer(&triggered.answer);
                json.triggered = Some(TriggeredJson { at: time(triggered.at), answer, why });
            }
            Phase::Running(running) => json.running = Some(running.into()),
            Phase::Confirming(confirming) => {
                json.running = Some((&confirming.running).into());
                json.ended = Some(time(confirming.ended));
            }
            Phase::Done(outcome) => json.outcome = Some(outcome.into()),
        }
        json
    }
}

fn answer(answer: &Answer) -> (&'static str, Option<String>) {
    match answer {
        Answer::None => ("none", None),
        Answer::Accepted => ("accepted", None),
        Answer::Refused(why) => ("refused", Some(why.clone())),
    }
}

#[derive(Serialize)]
struct TriggeredJson {
    at: String,
    answer: &'static str,
    why: Option<String>,
}

#[derive(Serialize)]
struct RunningJson {
    group: String,
    log: Option<String>,
    since: String,
    adopted: bool,
    overdue: bool,
    released: bool,
    stop: Option<StopJson>,
}

#[derive(Serialize)]
struct StopJson {
    asked: String,
    times: u32,
    unseen: bool,
}

impl From<&Running> for RunningJson {
    fn from(running: &Running) -> Self {
        let Running { group, log, since, adopted, overdue, released, stop, baseline: _ } = running;
        Self {
            group: group.to_string(),
            log: log.as_ref().map(ToString::to_string),
            since: time(*since),
            adopted: *adopted,
            overdue: *overdue,
            released: *released,
            stop: stop.as_ref().map(|stop| StopJson {
                asked: time(stop.asked),
                times: stop.times,
                unseen: stop.unseen,
            }),
        }
    }
}

#[derive(Serialize)]
pub(super) struct RecordJson {
    job: String,
    id: String,
    last_success: Option<String>,
    age_s: Option<u64>,
    last_outcome: Option<OutcomeJson>,
    usual_s: Option<u64>,
    failures_in_a_row: u32,
}

impl RecordJson {
    pub(super) fn new(address: &JobAddress, record: &JobRecord, now: Timestamp) -> Self {
        Self {
            job: address.to_string(),
            id: record.id.to_string(),
            last_success: record.last_success.map(time),
            age_s: record.last_success.map(|at| seconds(elapsed(at, now))),
            last_outcome: record.last_outcome.as_ref().map(OutcomeJson::from),
            usual_s: record.usual_duration().map(seconds),
            failures_in_a_row: record.failures_in_a_row,
        }
    }
}

#[derive(Serialize)]
struct PastRunJson {
    run: String,
    started: String,
    ended: String,
    end: &'static str,
    jobs: Vec<PastJobJson>,
    overlaps: Vec<OverlapJson>,
}

#[derive(Serialize)]
struct PastJobJson {
    job: String,
    outcome: Option<OutcomeJson>,
}

impl From<&RunRecord> for PastRunJson {
    fn from(run: &RunRecord) -> Self {
        let jobs = run.items.iter().map(|(address, outcome)| PastJobJson {
            job: address.to_string(),
            outcome: outcome.as_ref().map(OutcomeJson::from),
        });
        Self {
            run: run.id.to_string(),
            started: time(run.started),
            ended: time(run.ended),
            end: match run.end {
                RunEnd::Complete => "complete",
                RunEnd::Incomplete => "incomplete",
            },
            jobs: jobs.collect(),
            overlaps: run.overlaps.iter().map(OverlapJson::from).collect(),
        }
    }
}
