//! Format 1: the state, a run, and what is remembered of jobs and runs. Once released, this file changes no more; a new meaning is a new
//! format beside it.
//!
//! Every conversion takes the domain's types apart by name, so that a field which is added there and forgotten here does not compile.

mod journal;
mod outcome;
mod queue;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::words::{Keyed, Moment, Seconds, Word, nullable};
use crate::hold;
use crate::names::{JobAddress, JobId, RunId};
use crate::state;
use journal::{Journal, Opened, Overlap};
use outcome::Outcome;
use queue::Queue;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    lineage: String,
    serial: u64,
    #[serde(deserialize_with = "nullable")]
    run: Option<Run>,
    jobs: Keyed<JobAddress, JobRecord>,
    // Younger than the format: written only where there is one.
    #[serde(default = "nothing", skip_serializing_if = "is_empty")]
    holds: Keyed<JobAddress, Hold>,
    opened: Vec<Opened>,
    history: Vec<RunRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hold {
    user: String,
    since: Moment,
    reason: String,
    #[serde(deserialize_with = "nullable")]
    until: Option<Moment>,
}

fn nothing<V>() -> Keyed<JobAddress, V> {
    Keyed(BTreeMap::new())
}

fn is_empty<V>(map: &Keyed<JobAddress, V>) -> bool {
    map.0.is_empty()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    id: Word<RunId>,
    started: Moment,
    queue: Queue,
    journal: Journal,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JobRecord {
    job_id: Word<JobId>,
    #[serde(deserialize_with = "nullable")]
    last_success: Option<Moment>,
    // Younger than the format: written only where it says something.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    last_success_partial: bool,
    #[serde(deserialize_with = "nullable")]
    last_outcome: Option<Outcome>,
    durations_s: Vec<Seconds>,
    failures_in_a_row: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RunRecord {
    id: Word<RunId>,
    started: Moment,
    ended: Moment,
    end: RunEnd,
    items: Vec<RanItem>,
    overlaps: Vec<Overlap>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RanItem {
    address: Word<JobAddress>,
    #[serde(deserialize_with = "nullable")]
    outcome: Option<Outcome>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RunEnd {
    Complete,
    Incomplete,
}

impl From<&state::State> for State {
    fn from(state: &state::State) -> Self {
        let state::State { lineage, serial, run, jobs, holds, opened, history } = state;
        Self {
            lineage: lineage.clone(),
            serial: *serial,
            run: run.as_ref().map(Run::from),
            jobs: Keyed(jobs.iter().map(|(address, record)| (address.clone(), record.into())).collect()),
            holds: Keyed(holds.iter().map(|(address, hold)| (address.clone(), hold.into())).collect()),
            opened: opened.iter().map(Opened::from).collect(),
            history: history.iter().map(RunRecord::from).collect(),
        }
    }
}

impl From<State> for state::State {
    fn from(state: State) -> Self {
        let State { lineage, serial, run, jobs, holds, opened, history } = state;
        Self {
            lineage,
            serial,
            run: run.map(Into::into),
            jobs: jobs.0.into_iter().map(|(address, record)| (address, record.into())).collect(),
            holds: holds.0.into_iter().map(|(address, hold)| (address, hold.into())).collect(),
            opened: opened.into_iter().map(Into::into).collect(),
            history: history.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<&hold::ByHand> for Hold {
    fn from(hold: &hold::ByHand) -> Self {
        let hold::ByHand { user, since, reason, until } = hold;
        Self { user: user.clone(), since: Moment(*since), reason: reason.clone(), until: until.map(Moment) }
    }
}

impl From<Hold> for hold::ByHand {
    fn from(hold: Hold) -> Self {
        let Hold { user, since, reason, until } = hold;
        Self { user, since: since.0, reason, until: until.map(|moment| moment.0) }
    }
}

impl From<&state::Run> for Run {
    fn from(run: &state::Run) -> Self {
        let state::Run { id, started, queue, journal } = run;
        Self { id: Word(id.clone()), started: Moment(*started), queue: queue.into(), journal: journal.into() }
    }
}

impl From<Run> for state::Run {
    fn from(run: Run) -> Self {
        let Run { id, started, queue, journal } = run;
        Self { id: id.0, started: started.0, queue: queue.into(), journal: journal.into() }
    }
}

impl From<&state::JobRecord> for JobRecord {
    fn from(record: &state::JobRecord) -> Self {
        let state::JobRecord { id, last_success, last_success_partial, last_outcome, durations, failures_in_a_row } =
            record;
        Self {
            job_id: Word(id.clone()),
            last_success: last_success.map(Moment),
            last_success_partial: *last_success_partial,
            last_outcome: last_outcome.as_ref().map(Outcome::from),
            durations_s: durations.iter().copied().map(Seconds).collect(),
            failures_in_a_row: *failures_in_a_row,
        }
    }
}

impl From<JobRecord> for state::JobRecord {
    fn from(record: JobRecord) -> Self {
        let JobRecord { job_id, last_success, last_success_partial, last_outcome, durations_s, failures_in_a_row } =
            record;
        Self {
            id: job_id.0,
            last_success: last_success.map(|moment| moment.0),
            last_success_partial,
            last_outcome: last_outcome.map(Into::into),
            durations: durations_s.into_iter().map(|seconds| seconds.0).collect(),
            failures_in_a_row,
        }
    }
}

impl From<&state::RunRecord> for RunRecord {
    fn from(record: &state::RunRecord) -> Self {
        let state::RunRecord { id, started, ended, end, items, overlaps } = record;
        let item = |(address, outcome): &(JobAddress, Option<_>)| RanItem {
            address: Word(address.clone()),
            outcome: outcome.as_ref().map(Outcome::from),
        };
        Self {
            id: Word(id.clone()),
            started: Moment(*started),
            ended: Moment(*ended),
            end: match end {
                state::RunEnd::Complete => RunEnd::Complete,
                state::RunEnd::Incomplete => RunEnd::Incomplete,
            },
            items: items.iter().map(item).collect(),
            overlaps: overlaps.iter().map(Overlap::from).collect(),
        }
    }
}

impl From<RunRecord> for state::RunRecord {
    fn from(record: RunRecord) -> Self {
        let RunRecord { id, started, ended, end, items, overlaps } = record;
        Self {
            id: id.0,
            started: started.0,
            ended: ended.0,
            end: match end {
                RunEnd::Complete => state::RunEnd::Complete,
                RunEnd::Incomplete => state::RunEnd::Incomplete,
            },
            items: items.into_iter().map(|item| (item.address.0, item.outcome.map(Into::into))).collect(),
            overlaps: overlaps.into_iter().map(Into::into).collect(),
        }
    }
}
