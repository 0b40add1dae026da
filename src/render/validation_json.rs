//! What `validate` found, for programs.

use serde::Serialize;

use super::json;
use crate::desired::Desired;
use crate::plan::Finding;

#[derive(Serialize)]
struct ValidationJson {
    version: u32,
    kind: &'static str,
    valid: bool,
    servers: Option<usize>,
    jobs: Option<usize>,
    problems: Vec<ProblemJson>,
}

#[derive(Serialize)]
struct ProblemJson {
    file: String,
    line: usize,
    column: usize,
    message: String,
    label: String,
    help: String,
}

/// One object: whether the plan is valid, what is in it, or every problem with its place.
#[must_use]
pub fn validation_json(loaded: &Result<Desired, Vec<Finding>>) -> String {
    let desired = loaded.as_ref().ok();
    let findings = loaded.as_ref().err().map(Vec::as_slice).unwrap_or_default();
    json::line(&ValidationJson {
        version: json::VERSION,
        kind: "validation",
        valid: desired.is_some(),
        servers: desired.map(|desired| desired.servers.len()),
        jobs: desired.map(|desired| desired.jobs.len()),
        problems: findings.iter().map(problem).collect(),
    })
}

fn problem(finding: &Finding) -> ProblemJson {
    ProblemJson {
        file: finding.place.file.display().to_string(),
        line: finding.place.line,
        column: finding.place.column,
        message: finding.message.clone(),
        label: finding.label.clone(),
        help: finding.help.clone(),
    }
}
