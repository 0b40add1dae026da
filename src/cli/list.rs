//! `jbr list`: the declared jobs and those that the servers have, side by side.

use clap::Args;

use super::error::CliError;
use super::fleet::{connect, interrupt_on_signals};
use super::plan::stop_if_asked;
use super::select::Selection;
use super::validate::load_servers;
use super::{Exit, Global, Output, select};
use crate::catalogue::{Shelf, collect};
use crate::clock::{Clock as _, SystemClock};
use crate::names::{JobAddress, ServerName};
use crate::render;

/// `jbr list`.
#[derive(Debug, Clone, Args)]
pub(super) struct ListArgs {
    /// Only this server (repeatable)
    #[arg(long = "server", value_name = "NAME")]
    pub(super) servers: Vec<ServerName>,
    /// Only this job of the plan (repeatable)
    #[arg(long = "job", value_name = "SERVER/NAME")]
    pub(super) jobs: Vec<JobAddress>,
}

/// Lists every job of every server. A plan without jobs will do.
pub(super) fn list(global: &Global, args: &ListArgs, output: &Output) -> Result<Exit, CliError> {
    let interrupt = interrupt_on_signals()?;
    let desired = load_servers(&global.plan, output)?;
    let selection = Selection { servers: args.servers.clone(), jobs: args.jobs.clone() };
    select::check_names(&selection, &desired)?;
    let desired = select::asked(&desired, &selection);
    let mut shelves = collect(&mut connect(&desired, &interrupt, output), &desired);
    if !selection.jobs.is_empty() {
        for shelf in &mut shelves {
            shelf.rows.retain(|row| row.address.as_ref().is_some_and(|job| select::includes(&selection, job)));
        }
    }
    stop_if_asked(&interrupt)?;
    let now = SystemClock::starting(None).now();
    output.result(&if output.json {
        render::catalogue::json(&shelves, now)
    } else {
        render::catalogue::text(&shelves, now, &output.page())
    })?;
    Ok(if shelves.iter().all(Shelf::is_whole) { Exit::Success } else { Exit::Error })
}
