//! The edges of the driver, each real but for what watches it and may kill it.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jbr::clock::{Clock as _, Interrupt, Timestamp, elapsed, later};
use jbr::desired::{Desired, OnTimeout};
use jbr::execute::drive::{Keep, Listen, Perform};
use jbr::execute::journal::{Journal, Phase, WaitReason};
use jbr::execute::observation::{Survey, TriggerAnswer};
use jbr::execute::perform::Performer;
use jbr::execute::{Action, Event, Sight};
use jbr::names::{GroupId, ServerName};
use jbr::queue::{Gate, Queue};
use jbr::seen::Seen;
use jbr::simulator::{Fleet, Server, VirtualClock};
use jbr::state::store::{RunKeeper, StoreError};

use crate::book::{Book, Key, Send, Shared};
use crate::disk::Disk;
use crate::due::{Standing, may_be_triggered};
use crate::fate::{Fate, WatchedClock, What, Wire};

/// No process takes so many turns.
const TURNS_MAX: u64 = 20_000;
/// No machine acts so often at one moment.
const TURNS_AT_ONCE_MAX: u64 = 200;

pub(crate) struct WatchedKeeper<'a> {
    pub(crate) inner: RunKeeper<'a>,
    pub(crate) book: Shared<Book>,
    pub(crate) last: Option<Timestamp>,
    pub(crate) clock: VirtualClock,
    pub(crate) queue: Queue,
    pub(crate) run: String,
}

impl Keep for WatchedKeeper<'_> {
    type Error = StoreError;

    fn keep(&mut self, journal: &Journal) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut book = self.book.lock().unwrap();
        book.ensure("time_never_goes_back", self.last.is_none_or(|last| last <= journal.at), || {
            format!("{:?}, then {}", self.last, journal.at)
        });
        self.last = Some(journal.at);
        for (address, entry) in &journal.entries {
            match &entry.phase {
                Phase::Done(outcome) => book.outcome(&self.run, address, outcome, now),
                Phase::Running(running) => {
                    let key = (address.server.to_string(), running.group.to_string());
                    if running.released && !book.released.contains_key(&key) {
                        release_is_due(&mut book, &self.queue, address, &key, now);
                        book.figures.count("released");
                        book.released.insert(key.clone(), now);
                    }
                    // What the plan wants stopped is not helped to start.
                    if running.stop.is_some() {
                        book.watched.remove(&key);
                    } else {
                        book.watched.entry(key).or_insert(now);
                    }
                }
                _ => {}
            }
        }
        let runs = |key: &Key| {
            journal.entries.iter().any(|(address, entry)| {
                matches!(&entry.phase, Phase::Running(running) if *key.1 == *running.group.as_str() && *key.0 == *address.server.as_str())
            })
        };
        book.watched.retain(|key, _| runs(key));
        drop(book);
        self.inner.keep(journal)?;
        self.book.lock().unwrap().owns(&self.run, journal);
        Ok(())
    }
}

/// The queue goes on beside a backup only if the plan says so, and only when it is overdue in truth.
fn release_is_due(book: &mut Book, queue: &Queue, address: &jbr::names::JobAddress, key: &Key, now: Timestamp) {
    let item = queue.item(address);
    let is_due = item.is_some_and(|item| {
        item.on_timeout == OnTimeout::Release && book.is_overdue(&key.0, &key.1, item.timeout, now)
    });
    book.ensure("one_writer", is_due, || format!("{key:?} is released before its time: {item:?}"));
}

pub(crate) struct WatchedPerformer<'a> {
    pub(crate) inner: Performer<'a>,
    pub(crate) fate: Arc<Fate>,
    pub(crate) book: Shared<Book>,
    pub(crate) fleet: Shared<Fleet>,
    pub(crate) clock: VirtualClock,
    pub(crate) disk: Disk,
    pub(crate) desired: &'a Desired,
    pub(crate) standing: Rc<Standing>,
    pub(crate) lag: Duration,
    /// What was under way on each server when the last survey began; then, what still was when it ended.
    pub(crate) truth: Vec<Busy>,
    pub(crate) survey: Option<Survey>,
    /// What the last survey saw busy, to be kept once it is durable.
    pub(crate) just_seen: Vec<(String, Vec<Key>)>,
    /// Since when each server has not answered, as this process knows.
    pub(crate) silent: BTreeMap<ServerName, Timestamp>,
    pub(crate) at_once: (Timestamp, u64),
}

/// An unfinished backup.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Busy {
    server: String,
    group: String,
    job: Option<String>,
    destinations: Vec<String>,
    reruns: u64,
    /// It writes to what the plan guards, or might.
    is_guarded: bool,
}

impl Perform for WatchedPerformer<'_> {
    fn perform(&mut self, action: &Action) -> Sight {
        if self.fate.is_dead() {
            return Sight::Waited;
        }
        let turn = self.fate.next_turn();
        self.is_bounded(turn);
        self.before(action);
        let sight = self.inner.perform(action);
        if !matches!(action, Action::Wait(_)) {
            self.clock.leap(self.lag);
        }
        let now = self.clock.now();
        self.book.lock().unwrap().look(&self.fleet, now);
        self.after(action, &sight, now);
        if matches!(self.fate.what, Some(What::AfterAction(due)) if turn >= due) {
            self.fate.die("crash_after_action", "after it acted");
            return Sight::Waited;
        }
        sight
    }

    fn moment(&self) -> (Timestamp, bool) {
        let (at, stop) = self.inner.moment();
        (at, stop || self.fate.is_dead() || self.book.lock().unwrap().broken.is_some())
    }
}

impl WatchedPerformer<'_> {
    fn is_bounded(&mut self, turn: u64) {
        let now = self.clock.now();
        let count = if self.at_once.0 == now { self.at_once.1 + 1 } else { 0 };
        self.at_once = (now, count);
        let mut book = self.book.lock().unwrap();
        book.figures.count("turns");
        book.ensure("can_always_finish", turn < TURNS_MAX, || format!("{turn} turns in one process"));
        book.ensure("can_always_finish", count < TURNS_AT_ONCE_MAX, || format!("{count} turns at one moment"));
    }

    fn before(&mut self, action: &Action) {
        let now = self.clock.now();
        let mut book = self.book.lock().unwrap();
        book.look(&self.fleet, now);
        // The store came before this action.
        book.seen_busy.extend(self.just_seen.drain(..));
        drop(book);
        self.what_was_seen_is_adopted();
        match action {
            Action::Survey { .. } => self.truth = under_way(&self.fleet.lock().unwrap(), self.desired),
            Action::Trigger { server, job } => self.before_trigger(server, job.as_str(), now),
            Action::Set { server, gate, open } => self.before_set(server, gate, *open),
            Action::Stop { server, group } => self.before_stop(server, group, now),
            _ => {}
        }
    }

    /// What a survey saw under way of a job of the queue is watched from then on: otherwise it would be run once more.
    fn what_was_seen_is_adopted(&mut self) {
        let Some(survey) = &self.survey else { return };
        let is_seen = |busy: &&Busy| {
            let mut known = survey.servers.iter().filter(|(_, sight)| matches!(sight, Seen::Known(_)));
            busy.job.is_some() && known.any(|(server, _)| server.as_str() == busy.server)
        };
        let seen: Vec<&Busy> = self.truth.iter().filter(is_seen).collect();
        if seen.is_empty() {
            return;
        }
        let run = self.disk.load().unwrap().unwrap().run.unwrap();
        for item in &run.queue.items {
            let is_its = |busy: &&&Busy| {
                busy.server == item.address.server.as_str() && busy.job.as_deref() == Some(item.id.as_str())
            };
            let is_ignored = match run.journal.phase(&item.address) {
                Phase::Queued | Phase::Preparing => true,
                Phase::Done(outcome) => !outcome.verdict.has_run(),
                Phase::Triggered(_) | Phase::Running(_) | Phase::Confirming(_) => false,
            };
            if let Some(busy) = seen.iter().find(is_its).filter(|_| is_ignored) {
                self.ensure("adopt, don't bury", false, || format!("{} is not watched: {busy:?}", item.address));
            }
        }
    }

    fn before_set(&mut self, server: &ServerName, gate: &Gate, open: bool) {
        let stored = self.disk.load().unwrap().unwrap();
        let is_covered = stored.opened().iter().any(|opened| opened.server == *server && opened.gate == *gate);
        self.ensure("journal_covers_world", is_covered, || format!("{gate} of {server} is not in the stored journal"));
        let Some(Seen::Known(_)) = self.survey.as_ref().map(|survey| survey.of(server)) else {
            let promise = if open { "unknown_is_not_idle" } else { "never_kill" };
            return self.ensure(promise, false, || format!("{gate} of {server} is set without a look at it"));
        };
        if open {
            return;
        }
        let needs = |busy: &&Busy| {
            busy.server == server.as_str()
                && match gate {
                    Gate::Destination(id) => busy.destinations.iter().any(|known| known == id.as_str()),
                    Gate::Job(id) => busy.job.as_deref() == Some(id.as_str()),
                }
        };
        let user = self.truth.iter().find(needs).cloned();
        self.ensure("never_kill", user.is_none(), || format!("{gate} of {server} is closed under {user:?}"));
    }

    /// Only what the plan wants stopped is stopped, and only when it is overdue in truth.
    fn before_stop(&mut self, server: &ServerName, group: &GroupId, now: Timestamp) {
        let run = self.disk.load().unwrap().unwrap().run.unwrap();
        let stopped = run.queue.items.iter().find(|item| {
            item.address.server == *server
                && matches!(run.journal.phase(&item.address), Phase::Running(running) if running.group == *group && running.stop.is_some())
        });
        self.ensure("journal_covers_world", stopped.is_some(), || {
            format!("{group} on {server} is stopped and not in the stored journal")
        });
        let mut book = self.book.lock().unwrap();
        book.figures.count("stops");
        let Some(item) = stopped else { return };
        let is_wanted =
            item.on_timeout == OnTimeout::Stop && book.is_overdue(server.as_str(), group.as_str(), item.timeout, now);
        book.ensure("never_kill", is_wanted, || format!("{} is stopped before its time: {item:?}", item.address));
    }

    fn before_trigger(&mut self, server: &ServerName, job: &str, now: Timestamp) {
        let stored = self.disk.load().unwrap().unwrap();
        let run = stored.run.unwrap();
        let item = run.queue.items.iter().find(|item| item.address.server == *server && item.id.as_str() == job);
        let is_covered = item.is_some_and(|item| matches!(run.journal.phase(&item.address), Phase::Triggered(_)));
        self.ensure("journal_covers_world", is_covered, || {
            format!("{server} {job} is triggered and not in the stored journal")
        });
        let has_logs = self.survey.as_ref().is_some_and(|survey| matches!(survey.logs, Seen::Known(_)));
        self.nobody_else_writes(server, now);
        let mut book = self.book.lock().unwrap();
        let run = run.id.to_string();
        let repeats =
            book.sends.iter().any(|send| send.run == run && send.server == server.as_str() && send.job == job);
        book.figures.count("triggers");
        if repeats {
            book.figures.count("triggers_repeated");
        }
        let (server, job) = (server.to_string(), job.to_owned());
        let send = Send { at: now, server, job, run, carried_out: None, group: None, has_logs };
        may_be_triggered(&mut book, self.desired, &self.standing, &send);
        book.sends.push(send);
    }

    /// What a survey could see must be free; what it could not must have been out of reach for as long as the plan says, and not busy when
    /// it was seen last.
    fn nobody_else_writes(&mut self, target: &ServerName, now: Timestamp) {
        let Some(survey) = self.survey.take() else {
            return self
                .ensure("unknown_is_not_idle", false, || "a trigger without a survey right before it".to_owned());
        };
        let mut book = self.book.lock().unwrap();
        for (server, sight) in &survey.servers {
            if matches!(sight, Seen::Known(_)) {
                let is_busy = |busy: &&Busy| {
                    busy.is_guarded
                        && busy.server == server.as_str()
                        && !book.released.contains_key(&(busy.server.clone(), busy.group.clone()))
                };
                let busy = self.truth.iter().find(is_busy).cloned();
                book.ensure("one_writer", busy.is_none(), || format!("{target} is triggered while {busy:?}"));
                continue;
            }
            let since = self.silent.get(server).copied().unwrap_or(now);
            let is_given_up = elapsed(since, now) >= self.desired.run.unreachable_wait;
            book.ensure("unknown_is_not_idle", is_given_up && server != target, || {
                format!("{target} is triggered while {server} has not answered since {since}")
            });
            let seen = book.seen_busy.get(server.as_str()).into_iter().flatten();
            let busy = seen.filter(|key| !book.ours.contains_key(*key)).cloned().collect::<Vec<_>>();
            book.ensure("unknown_is_not_idle", busy.is_empty(), || {
                format!("{target} is triggered while {server} is silent, and was busy when it was seen last: {busy:?}")
            });
        }
    }

    fn after(&mut self, action: &Action, sight: &Sight, now: Timestamp) {
        match sight {
            Sight::Survey(survey) => {
                let left = under_way(&self.fleet.lock().unwrap(), self.desired);
                self.truth.retain(|busy| left.contains(busy));
                for (server, sight) in &survey.servers {
                    let is_known = matches!(sight, Seen::Known(_));
                    self.heard(server, is_known, now);
                    if is_known {
                        let busy = self.truth.iter().filter(|busy| busy.is_guarded && busy.server == server.as_str());
                        let busy = busy.map(|busy| (busy.server.clone(), busy.group.clone())).collect();
                        self.just_seen.push((server.to_string(), busy));
                    }
                }
                self.survey = Some(survey.clone());
            }
            _ => self.survey = None,
        }
        let answered = match (action, sight) {
            (Action::LookAtJob { server, .. }, Sight::Job(seen)) => Some((server, matches!(seen, Seen::Known(_)))),
            (Action::LookAtGroup { server, .. }, Sight::Group(seen)) => Some((server, matches!(seen, Seen::Known(_)))),
            (Action::ReadLog { server, .. }, Sight::Log(seen)) => Some((server, matches!(seen, Seen::Known(_)))),
            (Action::Trigger { server, .. }, Sight::Trigger(TriggerAnswer::NotSent(_))) => Some((server, false)),
            _ => None,
        };
        if matches!(sight, Sight::Trigger(TriggerAnswer::NotSent(_))) {
            // It never left, so nothing that happens later is its effect.
            self.book.lock().unwrap().sends.pop();
        }
        if let Some((server, answers)) = answered {
            self.heard(&server.clone(), answers, now);
        }
        if !matches!(action, Action::Wait(_)) {
            self.book.lock().unwrap().tell(now, || format!("   {action:?} -> {}", short(&format!("{sight:?}"))));
        }
    }

    fn heard(&mut self, server: &ServerName, answers: bool, now: Timestamp) {
        if answers {
            self.silent.remove(server);
        } else {
            self.silent.entry(server.clone()).or_insert(now);
        }
    }

    fn ensure(&self, promise: &str, holds: bool, what: impl FnOnce() -> String) {
        self.book.lock().unwrap().ensure(promise, holds, what);
    }
}

/// Every unfinished group of a backup on the plan's servers.
fn under_way(fleet: &Fleet, desired: &Desired) -> Vec<Busy> {
    let of = |server: &Server| -> Vec<Busy> {
        let Some(declared) = desired.servers.iter().find(|declared| declared.name.as_str() == server.name) else {
            return vec![];
        };
        let guard = declared.destination.as_ref().map(|guard| guard.id.to_string());
        let counts = |destinations: &[String]| guard.as_ref().is_none_or(|guard| destinations.contains(guard));
        let groups = server.groups.iter().filter(|group| group.kind == 1 && group.is_unfinished());
        let busy = groups.map(|group| Busy {
            server: server.name.clone(),
            group: group.id.clone(),
            job: group.job.clone(),
            destinations: group.destinations.clone(),
            reruns: group.reruns,
            is_guarded: counts(&group.destinations),
        });
        busy.collect()
    };
    fleet.servers().iter().flat_map(of).collect()
}

fn short(text: &str) -> String {
    let bare: String = text.replace("Known", "").replace("Some", "").replace("Timestamp", "");
    bare.chars().take(420).collect()
}

pub(crate) struct Listener {
    pub(crate) book: Shared<Book>,
    pub(crate) clock: VirtualClock,
}

impl Listen for Listener {
    fn hear(&mut self, _at: Timestamp, event: &Event) {
        let mut book = self.book.lock().unwrap();
        let figure = match event {
            Event::Adopted { late: true, .. } => "adopted_late",
            Event::Adopted { late: false, .. } => "adopted",
            Event::Opened { .. } => "gates_opened",
            Event::Closed { .. } => "gates_closed",
            Event::LeftOpen { .. } => "gates_left_open",
            Event::Overdue { .. } => "overdue",
            Event::StopUnseen { .. } => "stops_unseen",
            Event::TriggerLost { .. } => "triggers_lost",
            Event::TriggerNotSent { .. } => "triggers_not_sent",
            Event::Waiting { reason: WaitReason::Busy { .. }, .. } => "waits_for_a_backup",
            Event::Waiting { reason: WaitReason::Unreachable { .. }, .. } => "waits_for_a_server",
            Event::Waiting { reason: WaitReason::Window { .. }, .. } => "waits_for_a_window",
            Event::Waiting { reason: WaitReason::Retry { .. }, .. } => "waits_for_another_try",
            Event::Retrying { outcome, .. } if outcome.verdict.has_run() => "tries_again_after_failed",
            Event::Retrying { outcome, .. } if outcome.note.contains("accepted the trigger") => {
                "tries_again_after_never_started"
            }
            Event::Retrying { .. } => "tries_again_after_an_api_error",
            _ => "other_events",
        };
        book.figures.count(figure);
        book.tell(self.clock.now(), || format!(" ! {event:?}"));
    }
}

/// The links to the simulated servers, asked one after the other.
pub(crate) fn links(
    desired: &Desired,
    fleet: &Shared<Fleet>,
    clock: &Arc<WatchedClock>,
    interrupt: &Interrupt,
    fate: &Arc<Fate>,
) -> jbr::links::Links {
    let link = |server: &jbr::desired::Server| {
        let inner = jbr::transport::simulated::SimulatedTransport {
            fleet: Arc::clone(fleet),
            server: server.name.clone(),
            clock: Arc::clone(clock) as Arc<dyn jbr::clock::Clock>,
            interrupt: interrupt.clone(),
            command_timeout: server.command_timeout,
        };
        jbr::links::Link {
            server: server.name.clone(),
            guard: server.destination.as_ref().map(|destination| destination.id.clone()),
            client: jbr::jetbackup::client::Client::new(Box::new(Wire { inner, fate: Arc::clone(fate) })),
        }
    };
    jbr::links::Links::new(desired.servers.iter().map(link).collect()).one_by_one()
}

pub(crate) fn shared<T>(value: T) -> Shared<T> {
    Arc::new(Mutex::new(value))
}

/// Later than anything that is planned.
pub(crate) fn long_after(now: Timestamp) -> Timestamp {
    later(now, Duration::from_secs(24 * 3600))
}
