//! `jbr check`: whether every job has a backup that is young enough. It changes nothing, needs no lock, and no `apply` need ever have run.
//!
//! It speaks the language of monitoring: its exit codes are those of Nagios' plug-ins, and whatever keeps it from judging is UNKNOWN.

use std::path::PathBuf;

use clap::Args;

use super::error::CliError;
use super::fleet::{connect, interrupt_on_signals};
use super::plan::stop_if_asked;
use super::select::Selection;
use super::validate::load;
use super::{Exit, Global, Output, notify, select, textfile};
use crate::check::{Level, Scope};
use crate::clock::{Clock as _, SystemClock};
use crate::desired::Desired;
use crate::diff::Remark;
use crate::inventory::collect::collect;
use crate::names::{JobAddress, JobId, ServerName};
use crate::render;
use crate::state::State;
use crate::state::store::{FileStore, Store as _};

/// `jbr check`.
#[derive(Debug, Clone, Args)]
pub(super) struct CheckArgs {
    /// Which jobs.
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Also write the verdict as metrics for Prometheus (node_exporter's textfile collector): this file is replaced whole
    #[arg(long, value_name = "PATH")]
    pub(super) textfile: Option<PathBuf>,
}

/// Shows the verdict. Only what was mistyped is an error of its own.
pub(super) fn check(global: &Global, args: &CheckArgs, output: &Output) -> Result<Exit, CliError> {
    match judge(global, args, output) {
        Ok(level) => Ok(Exit::Check(level)),
        Err(error) if error.exit() == Exit::Usage => Err(error),
        Err(error) => {
            let why = error.to_string();
            let text = if output.json { render::check_json::failed_json(&why) } else { render::check::failed(&why) };
            output.error(&error);
            output.result(&text)?;
            Ok(Exit::Check(Level::Unknown))
        }
    }
}

fn judge(global: &Global, args: &CheckArgs, output: &Output) -> Result<Level, CliError> {
    let interrupt = interrupt_on_signals()?;
    let clock = SystemClock::starting(None);
    let desired = load(&global.plan, output)?;
    select::check(&args.selection, &desired)?;
    // Before the servers are read: whoever mistyped should not wait for the answer.
    let textfile = args.textfile.as_deref().map(textfile::place).transpose()?;
    let desired = narrowed(desired, &args.selection);
    let state = FileStore::new(&global.state)?.load()?.unwrap_or_else(State::unwritten);
    let mut links = connect(&desired, &interrupt, output);
    let inventory = collect(&mut links, &asked_for(&desired, &args.selection));
    stop_if_asked(&interrupt)?;
    let is_asked_for = |address: &JobAddress| select::includes(&args.selection, address);
    let is_of_interest = |remark: &Remark| is_of_interest(remark, &args.selection);
    let scope = Scope { is_asked_for: &is_asked_for, is_of_interest: &is_of_interest };
    let check = crate::check::check(&desired, &inventory, &state, &scope, clock.now());
    let text =
        if output.json { render::check_json::check_json(&check) } else { render::check::text(&check, &output.page()) };
    output.result(&text)?;
    notify::after_check(&desired, &global.state, &check, output);
    let written = textfile.map_or(Ok(()), |place| textfile::write(&place, &render::metrics::metrics(&check)));
    if let Err(error) = written {
        // The verdict stands; whoever waits for the file must hear of it all the same.
        output.error(&error);
        return Ok(check.level().max(Level::Unknown));
    }
    Ok(check.level())
}

/// Where something was selected, the plan with those servers alone that are meant: one service a job would otherwise ask every server each
/// time. Without a selection all are asked: one that has no job in the plan may have jobs that belong there.
fn narrowed(mut desired: Desired, selection: &Selection) -> Desired {
    if select::is_everything(selection) {
        return desired;
    }
    let is_asked_for = |server: &ServerName| {
        desired.jobs.iter().any(|job| job.address.server == *server && select::includes(selection, &job.address))
    };
    desired.servers = desired.servers.iter().filter(|server| is_asked_for(&server.name)).cloned().collect();
    desired
}

fn asked_for(desired: &Desired, selection: &Selection) -> Vec<(ServerName, JobId)> {
    let jobs = desired.jobs.iter().filter(|job| select::includes(selection, &job.address));
    jobs.map(|job| (job.address.server.clone(), job.id.clone())).collect()
}

/// With `--job`, only what is about those jobs: otherwise each of many services would repeat what is wrong with their server.
fn is_of_interest(remark: &Remark, selection: &Selection) -> bool {
    selection.jobs.is_empty()
        || selection.jobs.iter().any(|job| remark.about.as_ref().is_some_and(|about| *about == job.to_string()))
}
