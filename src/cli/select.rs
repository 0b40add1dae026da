//! `--server` and `--job`: a name that does not exist is an error with a suggestion, never an empty success.

use clap::Args;

use super::error::CliError;
use crate::desired::Desired;
use crate::names::{JobAddress, ServerName};
use crate::plan::closest;

/// Which jobs are meant.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Selection {
    /// Only the jobs of this server (repeatable)
    #[arg(long = "server", value_name = "NAME")]
    pub(super) servers: Vec<ServerName>,
    /// Only this job (repeatable). For `plan` and `apply`: one that is named is due, however young its last good backup is
    #[arg(long = "job", value_name = "SERVER/NAME")]
    pub(super) jobs: Vec<JobAddress>,
}

/// Checks that everything that was asked for is in the plan, and that something is left.
///
/// # Errors
/// [`CliError::UnknownName`] with the nearest name; [`CliError::NothingSelected`] where the two options exclude each other.
pub(super) fn check(selection: &Selection, desired: &Desired) -> Result<(), CliError> {
    check_names(selection, desired)?;
    if desired.jobs.iter().any(|job| includes(selection, &job.address)) {
        Ok(())
    } else {
        Err(CliError::NothingSelected)
    }
}

/// Checks that everything that was asked for is in the plan, and that the two options do not exclude each other. A server may have no job.
///
/// # Errors
/// As [`check`].
pub(super) fn check_names(selection: &Selection, desired: &Desired) -> Result<(), CliError> {
    check_servers(&selection.servers, desired)?;
    for job in &selection.jobs {
        check_job(job, desired)?;
    }
    let is_left = selection.jobs.is_empty() || selection.jobs.iter().any(|job| includes(selection, job));
    if is_left { Ok(()) } else { Err(CliError::NothingSelected) }
}

/// Checks that a job that was asked for is in the plan.
///
/// # Errors
/// [`CliError::UnknownName`] with the nearest name.
pub(super) fn check_job(job: &JobAddress, desired: &Desired) -> Result<(), CliError> {
    if desired.job(job).is_some() {
        return Ok(());
    }
    let known = desired.jobs.iter().map(|job| job.address.to_string());
    Err(unknown("job", &job.to_string(), known.collect()))
}

/// Checks that every server that was asked for is in the plan.
///
/// # Errors
/// [`CliError::UnknownName`] with the nearest name.
pub(super) fn check_servers(servers: &[ServerName], desired: &Desired) -> Result<(), CliError> {
    let Some(stranger) = servers.iter().find(|server| desired.server(server).is_none()) else { return Ok(()) };
    let known = desired.servers.iter().map(|server| server.name.to_string());
    Err(unknown("server", stranger.as_str(), known.collect()))
}

/// The plan with those of its servers alone that were named, if any were; its jobs stay, all of them.
///
/// # Errors
/// [`CliError::UnknownName`] with the nearest name.
pub(super) fn only_servers(mut desired: Desired, servers: &[ServerName]) -> Result<Desired, CliError> {
    check_servers(servers, &desired)?;
    desired.servers.retain(|server| servers.is_empty() || servers.contains(&server.name));
    Ok(desired)
}

/// The plan with those servers alone that have a job that was asked for; one without jobs is asked where no job is named.
#[must_use]
pub(super) fn asked(desired: &Desired, selection: &Selection) -> Desired {
    let is_asked = |server: &ServerName| {
        let by_name = selection.servers.is_empty() || selection.servers.contains(server);
        by_name && (selection.jobs.is_empty() || selection.jobs.iter().any(|job| job.server == *server))
    };
    let servers = desired.servers.iter().filter(|server| is_asked(&server.name)).cloned().collect();
    Desired { servers, ..desired.clone() }
}

/// The plan, in which a job that was named is due whatever its `every` says: whoever names a job wants it run now. A hold stays a hold.
#[must_use]
pub(super) fn named_are_due(desired: &Desired, selection: &Selection) -> Desired {
    let mut desired = desired.clone();
    for job in desired.jobs.iter_mut().filter(|job| selection.jobs.contains(&job.address)) {
        job.every = None;
    }
    desired
}

/// Whether a job was asked for. Each option narrows; without any every job is meant.
#[must_use]
pub(super) fn includes(selection: &Selection, address: &JobAddress) -> bool {
    (selection.servers.is_empty() || selection.servers.contains(&address.server))
        && (selection.jobs.is_empty() || selection.jobs.contains(address))
}

/// Whether nothing was left out.
#[must_use]
pub(super) fn is_everything(selection: &Selection) -> bool {
    selection.servers.is_empty() && selection.jobs.is_empty()
}

fn unknown(what: &'static str, name: &str, known: Vec<String>) -> CliError {
    let nearest = closest(name, known.iter().map(String::as_str)).map(str::to_owned);
    CliError::UnknownName { what, name: name.to_owned(), nearest, known }
}
