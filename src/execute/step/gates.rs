//! Opening and closing: what was opened is closed again, and what cannot be is an alarm that outlives the run.

use super::super::action::Action;
use super::super::event::Event;
use super::super::journal::{GateState, Phase, WaitReason};
use super::super::observation::{GroupSight, ServerSight, Survey};
use super::super::outcome::Verdict;
use super::{GATE_TRIES_MAX, Goal, Machine, News};
use crate::clock::elapsed;
use crate::jetbackup::facts::Group;
use crate::names::{JobAddress, ServerName};
use crate::queue::Gate;
use crate::seen::Seen;

impl Machine<'_> {
    pub(super) fn is_open(&self, server: &ServerName, gate: &Gate) -> bool {
        self.journal
            .opened
            .iter()
            .any(|opened| opened.server == *server && opened.gate == *gate && opened.state == GateState::Open)
    }

    /// Closes a gate if nothing on its server can be harmed by that.
    pub(super) fn close_if_free(&mut self, index: usize, survey: &Survey) -> News {
        let Some(opened) = self.journal.opened.get(index) else { return News::Some };
        let (server, gate) = (opened.server.clone(), opened.gate.clone());
        match survey.of(&server) {
            Seen::Unknown(why) if self.is_given_up(&server) => {
                let why = format!("{server} could not be asked for {}: {why}", self.patience());
                self.leave_open(index, why)
            }
            Seen::Unknown(why) => self.wait_for_server(None, &server, &why.0),
            Seen::Known(sight) => match self.user_of(&server, &gate, sight) {
                // Closing under a running backup would break it, whoever started it.
                Some(user) => {
                    let (group, job) = (user.id.clone(), user.job.clone());
                    self.wait_for(None, WaitReason::Busy { server, group, job })
                }
                None => self.close(index),
            },
        }
    }

    fn close(&mut self, index: usize) -> News {
        self.journal.waiting = None;
        let opened = &mut self.journal.opened[index];
        let (since, tries) = match opened.state {
            GateState::Closing { since, tries } => (since, tries),
            _ => (self.now, 0),
        };
        opened.state = GateState::Closing { since, tries: tries + 1 };
        News::Do(Action::Set { server: opened.server.clone(), gate: opened.gate.clone(), open: false })
    }

    /// A gate was told to open or close, and read back.
    pub(super) fn learn_gate(&mut self, open: &Seen<bool>) -> News {
        match self.goal() {
            Goal::Close(index) => self.learn_closing(index, open),
            Goal::Start(address) => self.learn_opening(&address, open),
            _ => News::Some,
        }
    }

    fn learn_closing(&mut self, index: usize, open: &Seen<bool>) -> News {
        let opened = self.journal.opened[index].clone();
        match open {
            Seen::Known(false) => {
                self.journal.opened.remove(index);
                self.events.push(Event::Closed { server: opened.server, gate: opened.gate });
                News::Some
            }
            Seen::Known(true) => match opened.state {
                GateState::Closing { tries, .. } if tries >= GATE_TRIES_MAX => {
                    let why = format!("{} was told to close it {tries} times, and it is still open", opened.server);
                    self.leave_open(index, why)
                }
                _ => News::None(self.soon()),
            },
            Seen::Unknown(why) => match opened.state {
                GateState::Closing { since, .. } if elapsed(since, self.now) >= self.queue.unreachable_wait => {
                    let why = format!("{} did not say for {} whether it is: {why}", opened.server, self.patience());
                    self.leave_open(index, why)
                }
                _ => News::None(self.soon()),
            },
        }
    }

    fn leave_open(&mut self, index: usize, why: String) -> News {
        let opened = &mut self.journal.opened[index];
        opened.state = GateState::LeftOpen { why: why.clone() };
        self.events.push(Event::LeftOpen { server: opened.server.clone(), gate: opened.gate.clone(), why });
        News::Some
    }

    fn learn_opening(&mut self, address: &JobAddress, open: &Seen<bool>) -> News {
        let Some(index) = self.opening_of(address) else { return News::Some };
        let (gate, since) = (self.journal.opened[index].gate.clone(), self.journal.opened[index].since);
        let server = address.server.clone();
        match open {
            Seen::Known(true) => {
                self.journal.opened[index].state = GateState::Open;
                self.events.push(Event::Opened { server, gate });
                News::Some
            }
            Seen::Known(false) if self.tries(index) < GATE_TRIES_MAX => News::None(self.soon()),
            Seen::Known(false) => {
                self.journal.opened.remove(index);
                self.done_without_run(address, Verdict::Skipped, format!("{gate} could not be enabled"))
            }
            Seen::Unknown(why) if elapsed(since, self.now) >= self.queue.unreachable_wait => {
                let note = format!("{server} did not say for {} whether {gate} is enabled: {why}", self.patience());
                self.done_without_run(address, Verdict::Skipped, note)
            }
            Seen::Unknown(_) => News::None(self.soon()),
        }
    }

    fn tries(&self, index: usize) -> u32 {
        match self.journal.opened[index].state {
            GateState::Opening { tries } | GateState::Closing { tries, .. } => tries,
            GateState::Open | GateState::LeftOpen { .. } => 0,
        }
    }

    /// What is unfinished on the server and needs the gate: for a job its own backups, for a destination every one that may write to it.
    fn user_of<'s>(&self, server: &ServerName, gate: &Gate, sight: &'s ServerSight) -> Option<&'s Group> {
        // What is guarded is what writes to the plan's destination; a gate that the plan does not have any more may be another one.
        let mut items = self.queue.items.iter().filter(|item| item.address.server == *server);
        let is_the_guarded = items.any(|item| item.gates.contains(gate));
        let needs = |sight: &&GroupSight| match gate {
            Gate::Destination(_) => sight.guarded || !is_the_guarded,
            Gate::Job(id) => sight.group.job.as_ref().is_none_or(|job| job == id),
        };
        sight.groups.iter().filter(needs).map(|sight| &sight.group).find(|group| group.status.is_unfinished())
    }

    /// The gate that is being opened for an item.
    fn opening_of(&self, address: &JobAddress) -> Option<usize> {
        let item = self.item(address)?;
        if *self.journal.phase(address) != Phase::Preparing {
            return None;
        }
        let gate = item.gates.iter().find(|gate| !self.is_open(&address.server, gate))?;
        self.journal.opened.iter().position(|opened| opened.server == address.server && opened.gate == *gate)
    }
}
