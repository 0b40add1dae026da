//! What must hold, told by the world and not by the journal.

use jbr::clock::elapsed;
use jbr::execute::Action;
use jbr::execute::journal::{GateState, Journal, Phase};
use jbr::names::ServerName;
use jbr::queue::{Item, Queue};

use super::answers::{group_id, log_id};
use super::world::{Execution, Foreign, Server, Stage, Starter, World};

/// A broken invariant.
#[derive(Debug)]
pub(crate) struct Broken {
    /// Its name.
    pub(crate) invariant: &'static str,
    /// What broke it.
    pub(crate) what: String,
}

fn ensure(invariant: &'static str, holds: bool, what: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken { invariant, what: what() }) }
}

/// What must hold when an action leaves.
pub(crate) fn before_acting(world: &World, mind: &Journal, action: &Action, queue: &Queue) -> Result<(), Broken> {
    match action {
        Action::Trigger { server, .. } => unknown_is_not_idle(world, mind, server, queue),
        Action::Set { server, open: false, .. } => never_closed_under_a_backup(server, &world.servers[server]),
        _ => Ok(()),
    }
}

/// Nobody who was seen busy still is, and who did not answer has been waited for. What began after everybody was asked is nobody's fault.
fn unknown_is_not_idle(world: &World, mind: &Journal, target: &ServerName, queue: &Queue) -> Result<(), Broken> {
    for (name, server) in &world.servers {
        ensure("unknown_is_not_idle", server.foreign != Foreign::Seen, || {
            format!("a trigger on {target} while a backup that was seen on {name} runs")
        })?;
        let waited = mind.unreachable.get(name).is_some_and(|since| elapsed(*since, mind.at) >= queue.unreachable_wait);
        ensure("unknown_is_not_idle", server.answered || (waited && name != target), || {
            format!("a trigger on {target}, and {name} did not answer")
        })?;
    }
    Ok(())
}

fn never_closed_under_a_backup(name: &ServerName, server: &Server) -> Result<(), Broken> {
    let is_seen = |execution: &Execution| {
        execution.listed
            && matches!(execution.stage, Stage::Pending | Stage::Writing)
            && execution.by != Starter::Somebody { seen: false }
    };
    let in_use = server.foreign == Foreign::Seen || server.executions.iter().any(is_seen);
    ensure("never_closed_under_a_backup", !in_use, || format!("{name} would be closed under a backup"))
}

/// What must hold at any time.
pub(crate) fn whenever(world: &World, stored: &Journal, mind: &Journal, queue: &Queue) -> Result<(), Broken> {
    for item in &queue.items {
        let server = &world.servers[&item.address.server];
        let triggered = server.executions.iter().filter(|execution| execution.by == Starter::Run(world.run)).count();
        let late = usize::from(server.late.is_some_and(|late| late.run == world.run));
        ensure("triggered_once", triggered + late <= 1, || format!("{} was started twice", item.address))?;
        ensure("journal_covers_world", is_covered(item, server, stored), || {
            format!("{} is under way or open, and the stored journal does not say so", item.address)
        })?;
    }
    let writers = queue.items.iter().map(|item| {
        let server = &world.servers[&item.address.server];
        let released =
            |index| matches!(mind.phase(&item.address), Phase::Running(r) if r.released && r.group == group_id(index));
        server.ours().filter(|(index, _)| !released(*index)).count() + usize::from(server.late.is_some())
    });
    ensure("one_writer", writers.sum::<usize>() <= 1, || "two backups of this run are under way".to_owned())
}

/// Whether the stored journal knows that the job may be under way, and that its door may be open.
fn is_covered(item: &Item, server: &Server, stored: &Journal) -> bool {
    let under_way = server.ours().next().is_some() || server.late.is_some();
    let known = !matches!(stored.phase(&item.address), Phase::Queued | Phase::Preparing | Phase::Done(_));
    let known_open = stored.opened.iter().any(|opened| opened.server == item.address.server);
    (!under_way || known) && (known_open || !server.door.is_some_and(|door| door.open))
}

fn is_good_backup_of_this_run(execution: &Execution) -> bool {
    execution.stage == Stage::Over { good: true } && !execution.closed
}

/// What must hold when the run is over: nothing is open or under way unnoticed, and no verdict is better than the truth.
pub(crate) fn at_the_end(world: &World, journal: &Journal, queue: &Queue) -> Result<(), Broken> {
    for item in &queue.items {
        let (address, server) = (&item.address, &world.servers[&item.address.server]);
        let alarmed = journal
            .opened
            .iter()
            .any(|opened| opened.server == address.server && matches!(opened.state, GateState::LeftOpen { .. }));
        let is_open = server.door.is_some_and(|door| door.open);
        ensure("closed_at_the_end", !is_open || alarmed, || format!("{} is left open", address.server))?;
        ensure("journal_covers_world", server.ours().next().is_none(), || format!("{address} is still under way"))?;
        let Phase::Done(outcome) = journal.phase(address) else {
            return ensure("journal_covers_world", false, || format!("{address} has no outcome"));
        };
        let its = |(index, _): &(usize, &Execution)| {
            outcome.group == Some(group_id(*index)) || (outcome.group.is_none() && outcome.log == Some(log_id(*index)))
        };
        let truth = server.executions.iter().enumerate().find(its).map(|(_, execution)| execution);
        ensure(
            "good_only_if_it_is",
            !outcome.verdict.is_good() || truth.is_some_and(is_good_backup_of_this_run),
            || format!("{address} is called {}, and the truth is {truth:?}", outcome.verdict.word()),
        )?;
    }
    Ok(())
}
