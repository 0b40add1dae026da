//! The verdict of `jbr check`, for programs.

use serde::Serialize;

use super::json::{self, HoldJson, VERSION, seconds, time};
use super::plan_json::RemarkJson;
use crate::check::{Check, Finding, JobCheck, Level};
use crate::seen::Seen;

/// The verdict as one line of JSON (`"kind": "check"` in `docs/json.md`).
#[must_use]
pub fn check_json(check: &Check) -> String {
    json::line(&CheckJson {
        version: VERSION,
        kind: "check",
        at: Some(time(check.at)),
        level: word(check.level()),
        why: None,
        jobs: check.jobs.iter().map(|job| JobJson::new(job, check)).collect(),
        remarks: check.remarks.iter().map(RemarkJson::from).collect(),
    })
}

/// The same for a check that could not be made.
#[must_use]
pub fn failed_json(why: &str) -> String {
    json::line(&CheckJson {
        version: VERSION,
        kind: "check",
        at: None,
        level: word(Level::Unknown),
        why: Some(crate::printable::printable(why)),
        jobs: Vec::new(),
        remarks: Vec::new(),
    })
}

#[derive(Serialize)]
struct CheckJson {
    version: u32,
    kind: &'static str,
    at: Option<String>,
    level: &'static str,
    why: Option<String>,
    jobs: Vec<JobJson>,
    remarks: Vec<RemarkJson>,
}

#[derive(Serialize)]
struct JobJson {
    job: String,
    level: &'static str,
    last_good: Option<String>,
    age_s: Option<u64>,
    partial: Option<bool>,
    max_age_s: Option<u64>,
    failures_in_a_row: Option<u32>,
    running: Option<bool>,
    median_s: Option<u64>,
    p90_s: Option<u64>,
    holds: Vec<HoldJson>,
    findings: Vec<FindingJson>,
}

impl JobJson {
    fn new(job: &JobCheck, check: &Check) -> Self {
        let history = &job.history;
        let last_good = match &history.last_good {
            Seen::Known(Some(at)) => Some(time(*at)),
            Seen::Known(None) | Seen::Unknown(_) => None,
        };
        Self {
            job: job.address.to_string(),
            level: word(job.level()),
            last_good,
            age_s: history.age(check.at).map(seconds),
            partial: job.partial(),
            max_age_s: job.max_age.map(seconds),
            failures_in_a_row: job.failures_in_a_row(),
            running: job.runs,
            median_s: history.median().map(seconds),
            p90_s: history.p90().map(seconds),
            holds: job.holds.as_ref().map(json::holds).unwrap_or_default(),
            findings: job.findings.iter().map(FindingJson::from).collect(),
        }
    }
}

#[derive(Serialize)]
struct FindingJson {
    finding: &'static str,
    level: &'static str,
    why: Option<String>,
}

impl From<&Finding> for FindingJson {
    fn from(finding: &Finding) -> Self {
        let (name, why) = match finding {
            Finding::Missing { id } => ("missing", Some(format!("no backup job has the id {id}"))),
            Finding::Never => ("never", None),
            Finding::TooOld => ("too_old", None),
            Finding::Unread { why, is_proven: _ } => ("unread", Some(why.0.clone())),
            Finding::Held => ("held", None),
            Finding::Failing { times: _ } => ("failing", None),
            Finding::Partial => ("partial", None),
            Finding::EveryTooShort { every: _, median: _ } => ("every_too_short", None),
            Finding::Hindered { why } => ("hindered", Some(why.clone())),
        };
        Self { finding: name, level: word(finding.level()), why }
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok",
        Level::Warning => "warning",
        Level::Unknown => "unknown",
        Level::Critical => "critical",
    }
}
