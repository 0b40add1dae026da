//! `jbr validate`: the plan alone.

use std::path::Path;

use super::error::CliError;
use super::{Exit, Global, Output};
use crate::desired::Desired;
use crate::plan::{self, Finding, Source};
use crate::printable::printable;
use crate::render::{self, count};

/// Checks the plan and says what is in it.
pub(super) fn validate(global: &Global, output: &Output) -> Result<Exit, CliError> {
    let sources = plan::read(&global.plan).map_err(CliError::PlanRead)?;
    let loaded = plan::load(&sources);
    if output.json {
        output.result(&render::validation_json::validation_json(&loaded))?;
    }
    match loaded {
        Err(findings) => {
            if !output.json {
                output.result(&plan::report(&findings, &sources, output.page().style == render::Style::Coloured))?;
            }
            Err(CliError::PlanInvalid { count: findings.len() })
        }
        Ok(desired) if !output.json => {
            let (servers, jobs) = (desired.servers.len(), desired.jobs.len());
            let path = printable(&global.plan.to_string_lossy());
            output.result(&format!("{path}: valid: {}, {}", count(servers, "server"), count(jobs, "job")))?;
            Ok(Exit::Success)
        }
        Ok(_) => Ok(Exit::Success),
    }
}

/// The plan, for every other command: its problems are shown on stderr.
///
/// # Errors
/// Where it cannot be read or has problems.
pub(super) fn load(path: &Path, output: &Output) -> Result<Desired, CliError> {
    load_with(plan::load, path, output)
}

/// The same for what looks at servers alone: a plan that has no jobs yet will do.
///
/// # Errors
/// As [`load`].
pub(super) fn load_servers(path: &Path, output: &Output) -> Result<Desired, CliError> {
    load_with(plan::load_servers, path, output)
}

fn load_with(
    load: fn(&[Source]) -> Result<Desired, Vec<Finding>>,
    path: &Path,
    output: &Output,
) -> Result<Desired, CliError> {
    let sources = plan::read(path).map_err(CliError::PlanRead)?;
    load(&sources).map_err(|findings| {
        output.complain(plan::report(&findings, &sources, output.is_stderr_coloured()));
        CliError::PlanInvalid { count: findings.len() }
    })
}
