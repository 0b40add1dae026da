//! Opening and closing: what was opened is closed again, and what cannot be is an alarm that outlives the run.

use super::super::action::Action;
use super::super::event::Event;
use super::super::journal::{GateState, Opened, Phase, WaitReason};
use super::super::observation::{GroupSight, ServerSight, Survey};
use super::survey::{known, unfinished_guarded};
use super::{GATE_TRIES_MAX, Goal, Machine, News};
use std::time::Duration;

use crate::clock::elapsed;
use crate::jetbackup::facts::{Group, GroupStatus};
use crate::names::{JobAddress, ServerName};
use crate::queue::{Gate, Item};
use crate::seen::Seen;

impl Machine<'_> {
    pub(super) fn is_open(&self, server: &ServerName, gate: &Gate) -> bool {
        self.journal
            .opened
            .iter()
            .any(|opened| opened.server == *server && opened.gate == *gate && opened.state == GateState::Open)
    }

    /// Opens a gate; that it may be open is in the journal before the server hears of it.
    pub(super) fn open(&mut self, server: &ServerName, gate: &Gate) -> News {
        self.journal.waiting = None;
        let known = self.journal.opened.iter_mut().find(|opened| opened.server == *server && opened.gate == *gate);
        match known {
            Some(opened) => {
                let tries = if let GateState::Opening { tries } = opened.state { tries + 1 } else { 1 };
                // One that was left open, or is to open again after its closing, has its full time anew.
                if tries == 1 {
                    opened.since = self.now;
                }
                opened.state = GateState::Opening { tries };
            }
            None => self.journal.opened.push(Opened {
                server: server.clone(),
                gate: gate.clone(),
                since: self.now,
                state: GateState::Opening { tries: 1 },
            }),
        }
        News::Do(Action::Set { server: server.clone(), gate: gate.clone(), open: true })
    }

    /// The closed gate that a backup waits for in JetBackup's queue: an adopted one was not started by this run, so nobody has opened
    /// anything for it, and nobody else would. One that does not open is not tried for ever.
    pub(super) fn closed_gate_of<'i>(&self, item: &'i Item) -> Option<&'i Gate> {
        item.gates.iter().find(|gate| {
            let mut known = self.journal.opened.iter();
            let known = known.find(|opened| opened.server == item.address.server && opened.gate == **gate);
            known.is_none_or(|opened| match opened.state {
                // A command to close may have been carried out late: what goes on waiting has its gate looked at again.
                GateState::Open => elapsed(opened.since, self.now) >= item.settle,
                GateState::Opening { tries } => tries < GATE_TRIES_MAX,
                GateState::Closing { .. } | GateState::LeftOpen { .. } => true,
            })
        })
    }

    /// Opens what a watched backup waits for, if nothing else writes: opening is as good as starting it.
    pub(super) fn open_for_what_waits(&mut self, address: &JobAddress, survey: &Survey) -> News {
        let Some(item) = self.item(address) else { return News::Some };
        let Some(gate) = self.closed_gate_of(item).cloned() else { return News::Some };
        let sight = match survey.of(&address.server) {
            Seen::Known(sight) => sight,
            Seen::Unknown(why) => return self.wait_for_server(None, &address.server, &why.0),
        };
        let is_pending =
            |group: &Group| group.status == GroupStatus::Pending && self.is_ours(&address.server, &group.id);
        if !sight.groups.iter().any(|sight| is_pending(&sight.group)) {
            // A list and a look that contradict each other must not make this spin.
            return News::None(self.soon());
        }
        if let Some(news) = self.wait_for_the_others(address, survey) {
            return news;
        }
        // This run's own others count too, but for those that only wait: they would wait for this one.
        let writes = known(survey).find_map(|(server, sight)| {
            let group = unfinished_guarded(sight).find(|group| group.status != GroupStatus::Pending)?;
            Some(WaitReason::Busy { server: server.clone(), group: group.id.clone(), job: group.job.clone() })
        });
        match writes {
            Some(reason) => self.wait_for(None, reason),
            None => self.open(&address.server, &gate),
        }
    }

    /// Closes a gate if nothing on its server can be harmed by that.
    pub(super) fn close_if_free(&mut self, index: usize, survey: &Survey) -> News {
        let Some(opened) = self.journal.opened.get(index) else { return News::Some };
        let (server, gate) = (opened.server.clone(), opened.gate.clone());
        match survey.of(&server) {
            Seen::Unknown(why) if self.is_given_up(&server) => {
                let why = format!("out of reach for {}: {why}", self.patience());
                self.leave_open(index, why)
            }
            Seen::Unknown(why) => self.wait_for_server(None, &server, &why.0),
            Seen::Known(sight) => match self.user_of(&server, &gate, sight) {
                // Closing under a running backup would break it, whoever started it.
                Some(user) => {
                    let (group, job, status) = (user.id.clone(), user.job.clone(), user.status);
                    let wait = self.wait_for(None, WaitReason::Busy { server: server.clone(), group, job });
                    // What waits in JetBackup's queue may wait for this very gate, closed by a command whose end nobody saw.
                    if status == GroupStatus::Pending { News::Do(Action::LookAtGate { server, gate }) } else { wait }
                }
                None => match self.may_open_for(index) {
                    Some(left) => News::None(left.min(self.queue.poll)),
                    None => self.close(index),
                },
            },
        }
    }

    /// How long a command to open, of which nothing was seen, may still take effect; as long as a lost trigger is waited out.
    fn may_open_for(&self, index: usize) -> Option<Duration> {
        let opened =
            self.journal.opened.get(index).filter(|opened| matches!(opened.state, GateState::Opening { .. }))?;
        let items = self.queue.items.iter().filter(|item| item.address.server == opened.server);
        let settle = items.map(|item| item.settle).max()?;
        Some(settle.saturating_sub(elapsed(opened.since, self.now))).filter(|left| !left.is_zero())
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
            Goal::Watch(address) => self.learn_opening_for_what_waits(&address, open),
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
                GateState::Closing { .. } => News::None(self.soon()),
                // Not told to close yet: something uses it.
                _ => News::None(self.queue.poll),
            },
            Seen::Unknown(why) => match opened.state {
                GateState::Closing { since, .. } if elapsed(since, self.now) >= self.queue.unreachable_wait => {
                    let why = format!("not seen closed for {}: {why}", self.patience());
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
                // It stays in the journal: one of the commands may be carried out late, and is waited out before the closing.
                self.skipped_by_api_error(address, format!("{gate} could not be enabled"))
            }
            Seen::Unknown(why) if elapsed(since, self.now) >= self.queue.unreachable_wait => {
                let note = format!("{gate} was not seen enabled for {}: {why}", self.patience());
                self.skipped_by_api_error(address, note)
            }
            Seen::Unknown(_) => News::None(self.soon()),
        }
    }

    fn learn_opening_for_what_waits(&mut self, address: &JobAddress, open: &Seen<bool>) -> News {
        // Opened in their order, so it is the last one; another gate of the server may be waiting for its closing meanwhile.
        let gates = self.item(address).map_or(&[][..], |item| &item.gates);
        let place = gates.iter().rev().find_map(|gate| {
            self.journal.opened.iter().position(|opened| {
                opened.server == address.server
                    && opened.gate == *gate
                    && matches!(opened.state, GateState::Opening { .. })
            })
        });
        if let (Seen::Known(true), Some(opened)) = (open, place.and_then(|place| self.journal.opened.get_mut(place))) {
            opened.state = GateState::Open;
            self.events.push(Event::Opened { server: opened.server.clone(), gate: opened.gate.clone() });
        }
        News::None(self.soon())
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
