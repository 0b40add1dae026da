//! `jbr list`: the declared jobs and those that the servers have, side by side.

use clap::Args;

use super::error::CliError;
use super::fleet::{connect, interrupt_on_signals};
use super::plan::stop_if_asked;
use super::validate::load_servers;
use super::{Exit, Global, Output, select};
use crate::catalogue::{Shelf, collect};
use crate::clock::{Clock as _, SystemClock};
use crate::names::ServerName;
use crate::render;

/// `jbr list`.
#[derive(Debug, Clone, Args)]
pub(super) struct ListArgs {
    /// Only this server (repeatable)
    #[arg(long = "server", value_name = "NAME")]
    pub(super) servers: Vec<ServerName>,
}

/// Lists every job of every server. A plan without jobs will do.
pub(super) fn list(global: &Global, args: &ListArgs, output: &Output) -> Result<Exit, CliError> {
    let interrupt = interrupt_on_signals()?;
    let desired = select::only_servers(load_servers(&global.plan, output)?, &args.servers)?;
    let shelves = collect(&mut connect(&desired, &interrupt, output), &desired);
    stop_if_asked(&interrupt)?;
    let now = SystemClock::starting(None).now();
    output.result(&if output.json {
        render::catalogue::json(&shelves, now)
    } else {
        render::catalogue::text(&shelves, now, &output.page())
    })?;
    Ok(if shelves.iter().all(Shelf::is_whole) { Exit::Success } else { Exit::Error })
}
