//! `jbr audit`: whether any two guarded backups wrote at the same time. It changes nothing, anywhere, and needs no lock.

use std::time::Duration;

use chrono::Local;
use clap::Args;

use super::error::CliError;
use super::fleet::{connect, interrupt_on_signals};
use super::period::{When, duration_or_none, period};
use super::plan::stop_if_asked;
use super::select::check_servers;
use super::validate::load;
use super::{Exit, Global, Output};
use crate::audit::{Case, collect::collect, wanted};
use crate::clock::{Clock as _, SystemClock};
use crate::desired::Desired;
use crate::names::ServerName;
use crate::render;
use crate::state::State;
use crate::state::store::{FileStore, Store as _};

/// `jbr audit`.
#[derive(Debug, Clone, Args)]
pub(super) struct AuditArgs {
    /// Only this server (repeatable): the proof is of those servers alone
    #[arg(long = "server", value_name = "NAME")]
    pub(super) servers: Vec<ServerName>,
    /// From when on: how long ago (7d, 36h), a day (2026-11-20), or a time (2026-11-20T02:00, local unless it has an offset)
    #[arg(long, value_name = "WHEN", default_value = "7d")]
    pub(super) since: When,
    /// Until when, in the same ways; now if it is not given
    #[arg(long, value_name = "WHEN")]
    pub(super) until: Option<When>,
    /// How far apart the clocks of two servers may be, a second for the resolution of JetBackup's records included
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = duration_or_none)]
    pub(super) clock_tolerance: Duration,
}

/// Shows the verdict.
pub(super) fn audit(global: &Global, args: &AuditArgs, output: &Output) -> Result<Exit, CliError> {
    let interrupt = interrupt_on_signals()?;
    let clock = SystemClock::starting(None);
    let desired = load(&global.plan, output)?;
    check_servers(&args.servers, &desired)?;
    // The period ends before anything is read, so that nothing in it can happen after.
    let period = period(args.since, args.until, clock.now(), &Local)?;
    // Before the servers: what is remembered as over must be recorded there, not the other way round.
    let state = FileStore::new(&global.state)?.load()?.unwrap_or_else(State::unwritten);
    let mut links = connect(&narrowed(&desired, args), &interrupt, output);
    let evidence = collect(&mut links, &desired, &wanted(&state, period), period);
    stop_if_asked(&interrupt)?;
    let (tolerance, now) = (args.clock_tolerance, clock.now());
    let case = Case { desired: &desired, evidence: &evidence, state: &state, period, tolerance, now };
    let audit = crate::audit::audit(&case);
    output.result(&if output.json {
        render::audit_json::audit_json(&audit)
    } else {
        render::audit::text(&audit, &output.page())
    })?;
    Ok(Exit::of_audit(audit.conclusion()))
}

/// The plan with the servers that were asked for.
fn narrowed(desired: &Desired, args: &AuditArgs) -> Desired {
    let is_asked = |server: &crate::desired::Server| args.servers.is_empty() || args.servers.contains(&server.name);
    let servers = desired.servers.iter().filter(|server| is_asked(server)).cloned().collect();
    Desired { servers, ..desired.clone() }
}
