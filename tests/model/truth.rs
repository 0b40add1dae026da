//! What must hold, told by the world and not by the journal.

use jbr::clock::elapsed;
use jbr::desired::{OnTimeout, When};
use jbr::execute::Action;
use jbr::execute::journal::{GateState, Journal, Phase};
use jbr::execute::outcome::{Outcome, Verdict};
use jbr::names::{GroupId, ServerName};
use jbr::queue::{Item, Queue};

use super::answers::{group_id, log_id};
use super::mutants::Mutant;
use super::world::{Execution, Foreign, Hours, Server, Stage, Starter, World};

/// A broken invariant.
#[derive(Debug)]
pub(crate) struct Broken {
    /// Its name.
    pub(crate) invariant: &'static str,
    /// What broke it.
    pub(crate) what: String,
}

/// Who holds the world against its invariants.
pub(crate) struct Judge<'a> {
    /// What was to be done.
    pub(crate) queue: &'a Queue,
    /// On whom judgement is passed: against some, not every invariant is held.
    pub(crate) mutant: Mutant,
    /// Whether there is anything for which a job may be skipped that comes after no other.
    pub(crate) may_skip: bool,
}

impl Judge<'_> {
    /// Holds one invariant.
    pub(crate) fn ensure(&self, name: &'static str, holds: bool, what: impl FnOnce() -> String) -> Result<(), Broken> {
        if holds || self.mutant.blinds(name) { Ok(()) } else { Err(Broken { invariant: name, what: what() }) }
    }

    /// What must hold when an action leaves.
    pub(crate) fn before_acting(&self, world: &World, mind: &Journal, action: &Action) -> Result<(), Broken> {
        match action {
            Action::Trigger { server, .. } => {
                self.order_is_kept(mind, server)?;
                self.tries_are_apart(mind, server)?;
                self.windows_are_kept(world, server)?;
                self.unknown_is_not_idle(world, mind, server)
            }
            Action::Stop { server, group } => self.never_stopped_in_time(mind, server, group),
            Action::Set { server, open: false, .. } => self.never_closed_under_a_backup(server, &world.servers[server]),
            _ => Ok(()),
        }
    }

    /// A second try begins no earlier than it may.
    fn tries_are_apart(&self, mind: &Journal, target: &ServerName) -> Result<(), Broken> {
        let entries = mind.entries.iter().filter(|(address, _)| address.server == *target);
        for (address, entry) in entries {
            let may = entry.not_before.is_none_or(|at| at <= mind.at);
            self.ensure("tries_are_apart", may, || format!("{address} is tried again too early"))?;
        }
        Ok(())
    }

    /// Nothing starts in a closed window, nor in what is left of one if that is too short for it.
    fn windows_are_kept(&self, world: &World, target: &ServerName) -> Result<(), Broken> {
        let windowed = |item: &&Item| item.address.server == *target && item.openings.is_some();
        for item in self.queue.items.iter().filter(windowed) {
            let may = match world.hours {
                Hours::Open => true,
                Hours::Short => item.fits.is_none(),
                Hours::Closed => false,
            };
            self.ensure("windows_are_kept", may, || {
                format!("{} is started, and the window is {:?}", item.address, world.hours)
            })?;
        }
        Ok(())
    }

    /// Only what is overdue is stopped, and only if the plan says so: no window that closes is a reason.
    fn never_stopped_in_time(&self, mind: &Journal, target: &ServerName, group: &GroupId) -> Result<(), Broken> {
        for item in self.queue.items.iter().filter(|item| item.address.server == *target) {
            let Phase::Running(running) = mind.phase(&item.address) else { continue };
            let is_its = running.group == *group;
            let is_due = item.on_timeout == OnTimeout::Stop && elapsed(running.since, mind.at) >= item.timeout;
            self.ensure("never_stopped_in_time", !is_its || is_due, || format!("{} is told to stop", item.address))?;
        }
        Ok(())
    }

    /// What an item comes after is over, and ended as it must have.
    fn order_is_kept(&self, mind: &Journal, target: &ServerName) -> Result<(), Broken> {
        for item in self.queue.items.iter().filter(|item| item.address.server == *target) {
            for after in &item.after {
                let outcome = mind.outcome(&after.job);
                let is_enough =
                    outcome.is_some_and(|outcome| after.when == When::Finished || outcome.verdict.is_good());
                self.ensure("order_is_kept", is_enough, || format!("{} before {}", item.address, after.job))?;
            }
        }
        Ok(())
    }

    /// Nobody who was seen busy still is, and who did not answer has been waited for. What began after everybody was asked is nobody's
    /// fault.
    fn unknown_is_not_idle(&self, world: &World, mind: &Journal, target: &ServerName) -> Result<(), Broken> {
        for (name, server) in &world.servers {
            self.ensure("unknown_is_not_idle", server.foreign != Foreign::Seen, || {
                format!("a trigger on {target} while a backup that was seen on {name} runs")
            })?;
            let since = mind.unreachable.get(name);
            let waited = since.is_some_and(|since| elapsed(*since, mind.at) >= self.queue.unreachable_wait);
            self.ensure("unknown_is_not_idle", server.answered || (waited && name != target), || {
                format!("a trigger on {target}, and {name} did not answer")
            })?;
        }
        Ok(())
    }

    fn never_closed_under_a_backup(&self, name: &ServerName, server: &Server) -> Result<(), Broken> {
        let is_seen = |execution: &Execution| {
            execution.listed
                && matches!(execution.stage, Stage::Pending | Stage::Writing)
                && execution.by != Starter::Somebody { seen: false }
        };
        let in_use = server.foreign == Foreign::Seen || server.executions.iter().any(is_seen);
        self.ensure("never_closed_under_a_backup", !in_use, || format!("{name} would be closed under a backup"))
    }

    /// What must hold at any time.
    pub(crate) fn whenever(&self, world: &World, stored: &Journal, mind: &Journal) -> Result<(), Broken> {
        let mut writers = 0;
        for item in &self.queue.items {
            let (address, server) = (&item.address, &world.servers[&item.address.server]);
            let triggered =
                server.executions.iter().filter(|execution| execution.by == Starter::Run(world.run)).count();
            let late = usize::from(server.late.is_some_and(|late| late.run == world.run));
            let tries = usize::try_from(item.retry.attempts).unwrap();
            self.ensure("triggered_once", triggered + late <= tries, || format!("{address} was started too often"))?;
            self.ensure("journal_covers_world", is_covered(item, server, stored), || {
                format!("{address} is under way or open, and the stored journal does not say so")
            })?;
            let released =
                |index| matches!(mind.phase(address), Phase::Running(r) if r.released && r.group == group_id(index));
            writers += server.ours().filter(|(index, _)| !released(*index)).count();
            writers += usize::from(server.late.is_some());
        }
        self.ensure("one_writer", writers <= 1, || "two backups of this run are under way".to_owned())
    }

    /// What must hold when the run is over: nothing is open or under way unnoticed, and no verdict is better than the truth.
    pub(crate) fn at_the_end(&self, world: &World, journal: &Journal) -> Result<(), Broken> {
        for Item { address, after, .. } in &self.queue.items {
            let server = &world.servers[&address.server];
            let is_alarm = |state: &GateState| matches!(state, GateState::LeftOpen { .. });
            let alarmed =
                journal.opened.iter().any(|opened| opened.server == address.server && is_alarm(&opened.state));
            let is_open = server.door.is_some_and(|door| door.open);
            self.ensure("closed_at_the_end", !is_open || alarmed, || format!("{} is left open", address.server))?;
            let is_over = server.ours().next().is_none();
            self.ensure("journal_covers_world", is_over, || format!("{address} is still under way"))?;
            let outcome = journal.outcome(address);
            self.ensure("journal_covers_world", outcome.is_some(), || format!("{address} has no outcome"))?;
            let is_fair = outcome.is_none_or(|outcome| is_fair(outcome, server));
            let is_given_up = outcome.is_some_and(|outcome| outcome.verdict == Verdict::Skipped);
            let may_skip = self.may_skip || !after.is_empty();
            self.ensure("nothing_is_given_up", !is_given_up || may_skip, || format!("{address}: {outcome:?}"))?;
            self.ensure("good_only_if_it_is", is_fair, || format!("{address}: {outcome:?} is not the truth"))?;
        }
        Ok(())
    }
}

/// Whether the stored journal knows that the job may be under way, and that its door may be open.
fn is_covered(item: &Item, server: &Server, stored: &Journal) -> bool {
    let under_way = server.ours().next().is_some() || server.late.is_some();
    let known = !matches!(stored.phase(&item.address), Phase::Queued | Phase::Preparing | Phase::Done(_));
    let known_open = stored.opened.iter().any(|opened| opened.server == item.address.server);
    (!under_way || known) && (known_open || !server.door.is_some_and(|door| door.open))
}

/// Whether a verdict is no better than the truth about the execution that it is of.
fn is_fair(outcome: &Outcome, server: &Server) -> bool {
    let its = |(index, _): &(usize, &Execution)| {
        outcome.group == Some(group_id(*index)) || (outcome.group.is_none() && outcome.log == Some(log_id(*index)))
    };
    let is_good_one_of_this_run =
        |(_, execution): (usize, &Execution)| execution.stage == Stage::Over { good: true } && !execution.closed;
    !outcome.verdict.is_good() || server.executions.iter().enumerate().find(its).is_some_and(is_good_one_of_this_run)
}
