//! `jbr test`: each server step by step, and what to do about what does not work. It is the first thing that a new user runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;

use super::error::CliError;
use super::fleet::{connect_witnessed, interrupt_on_signals};
use super::plan::stop_if_asked;
use super::remembered::{or_unwritten, remembered};
use super::select::Selection;
use super::validate::load_servers;
use super::{Exit, Global, Output, select};
use crate::clock::{Clock as _, SystemClock};
use crate::desired::Desired;
use crate::names::{JobAddress, ServerName};
use crate::probe::collect::collect;
use crate::probe::{Probe, judge};
use crate::render::{self, count};
use crate::seen::Seen;
use crate::transport::ssh::Milestone;

/// `jbr test`.
#[derive(Debug, Clone, Args)]
pub(super) struct TestArgs {
    /// Only this server (repeatable)
    #[arg(long = "server", value_name = "NAME")]
    pub(super) servers: Vec<ServerName>,
    /// Only the server of this job (repeatable)
    #[arg(long = "job", value_name = "SERVER/NAME")]
    pub(super) jobs: Vec<JobAddress>,
}

/// How far the connection to each server came.
#[derive(Clone, Default)]
struct Logbook(Arc<Mutex<BTreeMap<ServerName, Vec<Milestone>>>>);

impl Logbook {
    fn note(&self, server: &ServerName, milestone: Milestone) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(server.clone()).or_default().push(milestone);
    }

    /// Of the last attempt: a connection that was lost and opened anew begins again.
    fn of(&self, server: &ServerName) -> Vec<Milestone> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(server).cloned().unwrap_or_default();
        let last = all.iter().rposition(|milestone| matches!(milestone, Milestone::Resolved(_))).unwrap_or(0);
        all.into_iter().skip(last).collect()
    }
}

/// Tests every server. A plan without jobs will do, and the state is read only for what it knows of the servers' clocks.
pub(super) fn test(global: &Global, args: &TestArgs, output: &Output) -> Result<Exit, CliError> {
    let interrupt = interrupt_on_signals()?;
    let clock = SystemClock::starting(None);
    let desired = load_servers(&global.plan, output)?;
    let selection = Selection { servers: args.servers.clone(), jobs: args.jobs.clone() };
    select::check_names(&selection, &desired)?;
    let desired = select::asked(&desired, &selection);
    let state = remembered(global);
    if let Seen::Unknown(why) = &state {
        let what = "what jbr knows of the servers' clocks is not used, because the state cannot be read";
        output.say(format_args!("note: {what}: {why}"));
    }
    let state = or_unwritten(state);
    let logbook = Logbook::default();
    let noting = logbook.clone();
    let mut links = connect_witnessed(&desired, &interrupt, move |server, milestone| noting.note(server, milestone));
    if output.is_watched {
        output.say(format_args!("Testing {} …", count(desired.servers.len(), "server")));
    }
    let sights = collect(&mut links, &desired, &state, &clock, &|server| logbook.of(server));
    stop_if_asked(&interrupt)?;
    let probes: Vec<Probe> =
        sights.iter().filter_map(|sight| Some(judge(&desired, desired.server(&sight.server)?, sight))).collect();
    output.result(&if output.json {
        render::probe_json::probe_json(&probes, clock.now())
    } else {
        render::probe::text(&probes, &output.page())
    })?;
    Ok(exit(&desired, &probes))
}

fn exit(desired: &Desired, probes: &[Probe]) -> Exit {
    let ready = probes.iter().filter(|probe| probe.is_ready()).count();
    if ready == desired.servers.len() { Exit::Success } else { Exit::Error }
}
