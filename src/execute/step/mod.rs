//! The machine: one pure function, a goal derived from the journal, and a rule for each observation.
//!
//! What the run is after (its goal) is never stored: it follows from the journal, so a restart in the middle of
//! anything leads back to the same place. A rule takes an observation in and says whether it brought news; without news
//! the turn is a wait.

mod gates;
mod pace;
mod ready;
mod survey;
mod trigger;
mod watch;

use std::time::Duration;

use super::action::{Action, Turn};
use super::end::End;
use super::event::Event;
use super::journal::{GateState, Journal, Opened, Phase};
use super::observation::{Observation, Sight};
use crate::clock::{Timestamp, elapsed};
use crate::desired::OnTimeout;
use crate::names::{JobAddress, ServerName};
use crate::queue::{Item, Queue};
pub use ready::{Chance, chance, is_enough};

/// How many triggers an item gets while no effect of one was ever seen; each is waited out before the next.
pub const TRIGGERS_MAX: u32 = 3;
/// How often an overdue backup is asked to stop before the alarm.
pub const STOPS_MAX: u32 = 3;
/// How long a stop may take to be seen before it is asked for again.
pub const STOP_WAIT: Duration = Duration::from_secs(120);
/// How often a gate that answers is told to open before its item is skipped, or to close before the alarm.
pub const GATE_TRIES_MAX: u32 = 5;
/// Between two looks while something is expected to happen soon; less if the plan polls more often.
pub const SOON: Duration = Duration::from_secs(5);

/// Takes one turn: what is now known, what to store, what to do next.
#[must_use]
pub fn step(queue: &Queue, journal: &Journal, observation: &Observation) -> Turn {
    let mut machine = Machine::new(queue, journal, observation);
    let news = machine.learn(&observation.sight);
    let action = match news {
        News::End(end) => Action::Finish(end),
        // A wish to stop that comes when nothing is left stops nothing.
        _ if observation.stop && machine.goal() != Goal::End => Action::Finish(End::Interrupted),
        News::Do(action) => action,
        News::Some => machine.pursue(),
        News::None(pause) => Action::Wait(pause),
    };
    machine.turn(journal, action)
}

/// What an observation brought.
enum News {
    /// Nothing new: look again after a pause.
    None(Duration),
    /// The journal knows more than before: pursue whatever the goal is now.
    Some,
    /// The observation itself calls for this, and the journal has the intent.
    Do(Action),
    /// The run cannot go on.
    End(End),
}

/// What the run is after.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Goal {
    /// Find out what came of a trigger.
    Resolve(JobAddress),
    /// Read how a finished group ended.
    Confirm(JobAddress),
    /// See a running backup end.
    Watch(JobAddress),
    /// Close what is open and not needed.
    Close(usize),
    /// Start this item.
    Start(JobAddress),
    /// Wait until one of those that are left may start.
    Await,
    /// Nothing is left.
    End,
}

struct Machine<'a> {
    queue: &'a Queue,
    journal: Journal,
    now: Timestamp,
    stopping: bool,
    events: Vec<Event>,
}

impl<'a> Machine<'a> {
    fn new(queue: &'a Queue, journal: &Journal, observation: &Observation) -> Self {
        Self {
            queue,
            journal: journal.clone(),
            // Time never goes back in the journal, whatever a clock says.
            now: observation.at.max(journal.at),
            stopping: observation.stop,
            events: Vec::new(),
        }
    }

    /// The turn; the journal's time advances only with its content, so that a turn without news is not written.
    fn turn(mut self, before: &Journal, action: Action) -> Turn {
        if self.journal != *before {
            self.journal.at = self.now;
        }
        if let Action::Finish(end) = &action {
            self.events.push(Event::Ended(end.clone()));
        }
        Turn { journal: self.journal, action, events: self.events }
    }

    fn learn(&mut self, sight: &Sight) -> News {
        match sight {
            Sight::Started => self.start_over(),
            Sight::Waited => News::Some,
            Sight::Survey(survey) => self.learn_survey(survey),
            Sight::Gate(open) => self.learn_gate(open),
            Sight::Trigger(answer) => self.learn_trigger(answer),
            Sight::Job(sight) => self.learn_job(sight),
            Sight::Group(group) => self.learn_group(group),
            Sight::Log(log) => self.learn_log(log),
            Sight::Stop => News::None(self.soon()),
        }
    }

    /// A new process gives unreachable servers their full time again, and tries again what it may not have tried: to open, and to close what
    /// was left open.
    fn start_over(&mut self) -> News {
        self.journal.unreachable.clear();
        self.journal.waiting = None;
        // A server that left the plan is never asked again, so nothing could ever clear it.
        self.journal.busy.retain(|server| self.queue.servers.contains(server));
        self.wait_out_anew();
        for opened in &mut self.journal.opened {
            match &mut opened.state {
                GateState::LeftOpen { .. } | GateState::Closing { .. } => opened.state = GateState::Open,
                // They were counted before they were made, and a process that was killed may have made none.
                GateState::Opening { tries } => *tries = 0,
                GateState::Open => {}
            }
        }
        self.judge_by_todays_plan();
        self.skip_what_cannot_follow();
        // The run would end, or wait for long, without having asked anybody; but what runs on a server needs no window, and no try of
        // another, to be watched.
        let waits = self.goal() == Goal::Await;
        if waits { News::Do(Action::Survey { job: None }) } else { News::Some }
    }

    /// How long ago the last process lost a command is not known: the clock may have been set since. So what may still be carried out has
    /// its whole time again.
    fn wait_out_anew(&mut self) {
        let now = self.now;
        for entry in self.journal.entries.values_mut() {
            if let Phase::Triggered(triggered) = &mut entry.phase {
                triggered.at = now;
            }
        }
        for opened in &mut self.journal.opened {
            if matches!(opened.state, GateState::Opening { .. }) {
                opened.since = now;
            }
        }
    }

    /// What yesterday's limits said of a running backup does not count: it is stopped, or left behind, only where today's plan says so.
    fn judge_by_todays_plan(&mut self) {
        for item in &self.queue.items {
            let Some(entry) = self.journal.entries.get_mut(&item.address) else { continue };
            let Phase::Running(running) = &mut entry.phase else { continue };
            if elapsed(running.since, self.now) < item.timeout {
                running.overdue = false;
                running.stop = None;
            }
            running.released = running.released && running.overdue && item.on_timeout == OnTimeout::Release;
        }
    }

    /// The goal: first what is in flight, then what must be closed, then the next item, then what was released.
    fn goal(&self) -> Goal {
        let mut watched = None;
        let mut released = None;
        let mut next = None;
        let mut awaits = false;
        for item in &self.queue.items {
            let address = || item.address.clone();
            match self.journal.phase(&item.address) {
                Phase::Triggered(_) => return Goal::Resolve(address()),
                Phase::Confirming(_) => return Goal::Confirm(address()),
                Phase::Running(running) if running.released => released = released.or_else(|| Some(address())),
                Phase::Running(_) => watched = watched.or_else(|| Some(address())),
                Phase::Preparing => next = Some(address()),
                Phase::Queued if self.chance(item) == Chance::Now => next = next.or_else(|| Some(address())),
                Phase::Queued => awaits = true,
                Phase::Done(_) => {}
            }
        }
        if let Some(address) = watched {
            return Goal::Watch(address);
        }
        if let Some(index) = self.journal.opened.iter().position(|opened| self.is_to_close(opened)) {
            return Goal::Close(index);
        }
        match (next, released) {
            (Some(address), _) => Goal::Start(address),
            (None, Some(address)) => Goal::Watch(address),
            (None, None) if awaits => Goal::Await,
            (None, None) => Goal::End,
        }
    }

    /// The action that a goal begins with.
    fn pursue(&mut self) -> Action {
        self.skip_what_cannot_follow();
        match self.goal() {
            Goal::Resolve(address) => self.look_at_job(&address),
            Goal::Confirm(address) => self.read_log(&address),
            Goal::Watch(address) => self.look_at_group(&address),
            Goal::Close(_) => Action::Survey { job: None },
            Goal::Start(address) => {
                let job = self.item(&address).map(|item| (item.address.server.clone(), item.id.clone()));
                Action::Survey { job }
            }
            Goal::Await => self.await_chance(),
            Goal::End => Action::Finish(End::Complete),
        }
    }

    fn item(&self, address: &JobAddress) -> Option<&'a Item> {
        self.queue.item(address)
    }

    fn look_at_job(&self, address: &JobAddress) -> Action {
        match self.item(address) {
            Some(item) => Action::LookAtJob { server: address.server.clone(), job: item.id.clone() },
            None => Action::Survey { job: None },
        }
    }

    /// Between two looks while something is expected to happen soon.
    fn soon(&self) -> Duration {
        self.queue.poll.min(SOON)
    }

    /// Notes that a server does not answer, and since when.
    fn note_unreachable(&mut self, server: &ServerName, why: &str) {
        if !self.journal.unreachable.contains_key(server) {
            self.journal.unreachable.insert(server.clone(), self.now);
            self.events.push(Event::Unreachable { server: server.clone(), why: why.to_owned() });
        }
    }

    /// Notes that a server answers.
    fn note_reachable(&mut self, server: &ServerName) {
        if self.journal.unreachable.remove(server).is_some() {
            self.events.push(Event::Reachable(server.clone()));
        }
    }

    /// Whether a server has been out of reach for longer than the plan waits.
    fn is_given_up(&self, server: &ServerName) -> bool {
        !self.queue.servers.contains(server)
            || self
                .journal
                .unreachable
                .get(server)
                .is_some_and(|since| elapsed(*since, self.now) >= self.queue.unreachable_wait)
    }

    /// Whether something open is needed by nothing that is under way or being prepared.
    fn is_to_close(&self, opened: &Opened) -> bool {
        if matches!(opened.state, GateState::LeftOpen { .. }) {
            return false;
        }
        !self.queue.items.iter().any(|item| {
            item.address.server == opened.server
                && item.gates.contains(&opened.gate)
                && match self.journal.phase(&item.address) {
                    Phase::Preparing => true,
                    phase => phase.is_in_flight(),
                }
        })
    }
}
