//! What must hold in every turn, by name. The driver checks it before it acts: a violation is a bug of `jbr`, and it is better to stop
//! than to act on it.
//!
//! These are the checks that one turn can be held to. `triggered_once` and `one_writer` over a whole run, and
//! `can_always_finish`, need a world to look at: the tests have one.

use super::action::{Action, Turn};
use super::end::End;
use super::journal::{GateState, Journal, Phase};
use super::observation::{Observation, Sight};
use super::step::TRIGGERS_MAX;
use crate::names::{JobId, ServerName};
use crate::queue::{Item, Queue};
use crate::seen::Seen;

/// A broken promise of the machine: always a bug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invariant {name} is broken: {what}")]
pub struct Violation {
    /// The invariant's name.
    pub name: &'static str,
    /// What was about to happen.
    pub what: String,
}

/// Checks one turn before its action is performed.
///
/// # Errors
/// The first [`Violation`].
pub fn check(queue: &Queue, before: &Journal, seen: &Observation, turn: &Turn) -> Result<(), Violation> {
    time_never_goes_back(before, turn)?;
    journal_covers_world(queue, turn)?;
    closed_at_the_end(turn)?;
    if let Action::Trigger { server, job } = &turn.action {
        one_writer(queue, turn)?;
        triggered_once(queue, before, turn, server, job)?;
        unknown_is_not_idle(queue, turn, seen, server)?;
    }
    Ok(())
}

fn ensure(name: &'static str, holds: bool, what: impl FnOnce() -> String) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(Violation { name, what: what() }) }
}

fn time_never_goes_back(before: &Journal, turn: &Turn) -> Result<(), Violation> {
    ensure("time_never_goes_back", turn.journal.at >= before.at, || {
        format!("the journal's time would go from {} to {}", before.at, turn.journal.at)
    })
}

/// What is about to be done is in the journal that is stored before it.
fn journal_covers_world(queue: &Queue, turn: &Turn) -> Result<(), Violation> {
    let covered = match &turn.action {
        Action::Trigger { server, job } => item(queue, server, job)
            .is_some_and(|item| matches!(turn.journal.phase(&item.address), Phase::Triggered(_))),
        Action::Set { server, gate, .. } => {
            turn.journal.opened.iter().any(|opened| opened.server == *server && opened.gate == *gate)
        }
        Action::Stop { server, group } => turn.journal.entries.iter().any(|(address, entry)| {
            address.server == *server
                && matches!(&entry.phase, Phase::Running(running) if running.group == *group && running.stop.is_some())
        }),
        _ => true,
    };
    ensure("journal_covers_world", covered, || format!("{:?} without its intent", turn.action))
}

/// A run that is over has nothing open but what it raised the alarm for.
fn closed_at_the_end(turn: &Turn) -> Result<(), Violation> {
    let is_over = turn.action == Action::Finish(End::Complete);
    let alarmed = turn.journal.opened.iter().all(|opened| matches!(opened.state, GateState::LeftOpen { .. }));
    ensure("closed_at_the_end", !is_over || alarmed, || format!("{:?} at the end", turn.journal.opened))
}

/// A trigger goes out only while nothing else of this run is under way, but for what was released.
fn one_writer(queue: &Queue, turn: &Turn) -> Result<(), Violation> {
    let in_flight = queue.items.iter().filter(|item| match turn.journal.phase(&item.address) {
        Phase::Running(running) => !running.released,
        phase => phase.is_in_flight(),
    });
    let in_flight: Vec<String> = in_flight.map(|item| item.address.to_string()).collect();
    ensure("one_writer", in_flight.len() == 1, || format!("{} would be under way at once", in_flight.join(", ")))
}

/// No item that has run, or whose trigger is unresolved, is triggered.
fn triggered_once(
    queue: &Queue,
    before: &Journal,
    turn: &Turn,
    server: &ServerName,
    job: &JobId,
) -> Result<(), Violation> {
    let Some(item) = item(queue, server, job) else { return Ok(()) };
    let untouched = matches!(before.phase(&item.address), Phase::Queued | Phase::Preparing);
    let triggers = turn.journal.entries.get(&item.address).map_or(0, |entry| entry.triggers);
    ensure("triggered_once", untouched && triggers <= TRIGGERS_MAX, || {
        format!("{} would be triggered again, from {:?}", item.address, before.phase(&item.address))
    })
}

/// A trigger follows a survey in which its server answered, and nobody who answered, or was busy when seen last, is busy.
fn unknown_is_not_idle(queue: &Queue, turn: &Turn, seen: &Observation, server: &ServerName) -> Result<(), Violation> {
    let Sight::Survey(survey) = &seen.sight else {
        return ensure("unknown_is_not_idle", false, || "a trigger without a survey".to_owned());
    };
    let is_asked = matches!(survey.of(server), Seen::Known(_));
    let everybody = queue.servers.iter().all(|name| survey.servers.iter().any(|(asked, _)| asked == name));
    let nobody_busy = turn.journal.busy.is_empty();
    ensure("unknown_is_not_idle", is_asked && everybody && nobody_busy, || {
        format!("a trigger on {server}; answered: {is_asked}, all asked: {everybody}, busy: {:?}", turn.journal.busy)
    })
}

fn item<'a>(queue: &'a Queue, server: &ServerName, job: &JobId) -> Option<&'a Item> {
    queue.items.iter().find(|item| item.address.server == *server && item.id == *job)
}
