//! `jbr demo`: the whole job on a fleet in memory. Only the transport differs from an `apply`, and how fast time
//! passes.

mod fleet;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::apply::load_or_new;
use super::conduct::{World, conduct};
use super::error::CliError;
use super::fleet::{interrupt_on_signals, links};
use super::plan::{look, show};
use super::select::Selection;
use super::state::StateVerb;
use super::{Exit, Output, state};
use crate::clock::{Clock, Interrupt, SystemClock, Timestamp};
use crate::desired::Desired;
use crate::links::Links;
use crate::plan::{Source, load};
use crate::simulator::Fleet;
use crate::state::lock::Holder;
use crate::state::store::{FileStore, Store as _};
use crate::transport::simulated::SimulatedTransport;

/// The plan of the demo, as a user would write it.
const PLAN: &str = include_str!("plan.yaml");
/// How many seconds pass on the fleet in one of ours: its five hours take less than half a minute.
const SPEED: u32 = 900;

/// Runs the demo.
pub(super) fn demo(output: &Output) -> Result<Exit, CliError> {
    let system = |why| CliError::System { what: "there is no temporary folder for the demo's state", why };
    let folder = tempfile::tempdir().map_err(system)?;
    let interrupt = interrupt_on_signals()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::fast(SPEED));
    let desired = desired()?;
    let mut links = simulated(&desired, fleet::fleet(clock.now()), &clock, &interrupt);
    output.say(introduction());
    let state_path = folder.path().join("state.json");
    let exit = apply(&desired, &mut links, &state_path, &clock, interrupt, output)?;
    remember(&state_path, clock.now(), output)?;
    Ok(exit)
}

fn desired() -> Result<Desired, CliError> {
    let source = Source { path: PathBuf::from("demo.yaml"), text: PLAN.to_owned() };
    load(&[source]).map_err(|findings| CliError::PlanInvalid { count: findings.len() })
}

fn simulated(desired: &Desired, fleet: Fleet, clock: &Arc<dyn Clock>, interrupt: &Interrupt) -> Links {
    let fleet = Arc::new(Mutex::new(fleet));
    links(desired, |server| {
        Box::new(SimulatedTransport {
            fleet: Arc::clone(&fleet),
            server: server.name.clone(),
            clock: Arc::clone(clock),
            interrupt: interrupt.clone(),
            command_timeout: server.command_timeout,
        })
    })
}

/// The same steps as `jbr apply --auto-approve`.
fn apply(
    desired: &Desired,
    links: &mut Links,
    state_path: &Path,
    clock: &Arc<dyn Clock>,
    interrupt: Interrupt,
    output: &Output,
) -> Result<Exit, CliError> {
    let mut store = FileStore::new(state_path)?;
    store.lock(&Holder::this_process("demo", clock.now()))?;
    let state = load_or_new(&store)?;
    output.say("$ jbr plan\n");
    let proposal = look(desired, links, &state, &Selection::default(), false, &**clock)?;
    show(&proposal, &state, output)?;
    output.say("\n$ jbr apply --auto-approve\n");
    let world = World { links, store: &mut store, clock: Arc::clone(clock), interrupt, reporter: None };
    conduct(desired, &proposal, state, world, output)
}

fn remember(state_path: &Path, now: Timestamp, output: &Output) -> Result<(), CliError> {
    output.say("\n$ jbr state show\n");
    if let Some(state) = FileStore::new(state_path)?.load()? {
        state::show(&state, &StateVerb::Show, now, output)?;
    }
    output.say(
        "\nThat was the real planner, executor, reply parser and state file; only the servers were simulated.\n\
         The README's third section takes you to the first plan for your own.",
    );
    Ok(())
}

fn introduction() -> String {
    format!(
        "A simulated fleet of three servers that back up to one NAS. {SPEED} of its seconds pass in one of ours.\n\
         The plan is this one:\n\n{}",
        indented(PLAN)
    )
}

fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") }).collect()
}
