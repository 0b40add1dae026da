//! The edges of the driver, each real but for what watches it and may kill it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jbr::clock::{Clock, Interrupt, Timestamp, elapsed, later};
use jbr::desired::Desired;
use jbr::execute::drive::{Keep, Listen, Perform};
use jbr::execute::journal::{Journal, Phase};
use jbr::execute::observation::{Survey, TriggerAnswer};
use jbr::execute::perform::Performer;
use jbr::execute::{Action, Event, Sight};
use jbr::names::ServerName;
use jbr::seen::Seen;
use jbr::simulator::{Fleet, Server, VirtualClock};
use jbr::state::State;
use jbr::state::store::{MemoryStore, RunKeeper, Store, StoreError, Version};

use crate::book::{Book, Shared};
use crate::scenario::What;

/// No process takes so many turns.
const TURNS_MAX: u64 = 20_000;
/// No machine acts so often at one moment.
const TURNS_AT_ONCE_MAX: u64 = 200;

/// A virtual clock; whenever time has passed, the book is kept.
pub(crate) struct WatchedClock {
    pub(crate) inner: VirtualClock,
    pub(crate) fleet: Shared<Fleet>,
    pub(crate) book: Shared<Book>,
}

impl Clock for WatchedClock {
    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn wait(&self, how_long: Duration, interrupt: &Interrupt) {
        self.inner.wait(how_long, interrupt);
        self.book.lock().unwrap().look(&self.fleet, self.inner.now());
    }
}

/// The disk: bytes that survive a process.
#[derive(Clone, Default)]
pub(crate) struct Disk(Rc<RefCell<MemoryStore>>);

impl Store for Disk {
    fn load(&self) -> Result<Option<State>, StoreError> {
        self.0.borrow().load()
    }

    fn replace(&mut self, expected: Option<&Version>, next: &State) -> Result<(), StoreError> {
        self.0.borrow_mut().replace(expected, next)
    }
}

/// A process that may die.
pub(crate) struct Fate {
    pub(crate) what: Option<What>,
    pub(crate) turn: Cell<u64>,
    pub(crate) is_dead: Cell<bool>,
}

/// The process is dead.
#[derive(Debug)]
pub(crate) struct Death;

pub(crate) struct WatchedKeeper<'a> {
    pub(crate) inner: RunKeeper<'a>,
    pub(crate) fate: &'a Fate,
    pub(crate) book: Shared<Book>,
    pub(crate) last: Option<Timestamp>,
    pub(crate) clock: VirtualClock,
}

impl Keep for WatchedKeeper<'_> {
    type Error = Death;

    fn keep(&mut self, journal: &Journal) -> Result<(), Death> {
        if self.fate.is_dead.get() {
            return Err(Death);
        }
        let is_due = |from: u64| self.fate.turn.get() >= from;
        if matches!(self.fate.what, Some(What::BeforeStore(turn)) if is_due(turn)) {
            return Err(self.die("before it stores"));
        }
        let mut book = self.book.lock().unwrap();
        book.ensure("time_never_goes_back", self.last.is_none_or(|last| last <= journal.at), || {
            format!("{:?}, then {}", self.last, journal.at)
        });
        self.last = Some(journal.at);
        for (address, entry) in &journal.entries {
            let Phase::Running(running) = &entry.phase else { continue };
            let key = (address.server.to_string(), running.group.to_string());
            if running.released {
                book.released.insert(key.clone());
            }
            // What the plan wants stopped is not helped to start.
            if running.stop.is_some() {
                book.watched.remove(&key);
            } else {
                book.watched.entry(key).or_insert(journal.at);
            }
        }
        drop(book);
        self.inner.keep(journal).map_err(|_| Death)?;
        if matches!(self.fate.what, Some(What::AfterStore(turn)) if is_due(turn)) {
            return Err(self.die("after it stored"));
        }
        Ok(())
    }
}

impl WatchedKeeper<'_> {
    fn die(&self, when: &str) -> Death {
        self.fate.is_dead.set(true);
        self.book.lock().unwrap().tell(self.clock.now(), || format!("†  {when}"));
        Death
    }
}

pub(crate) struct WatchedPerformer<'a> {
    pub(crate) inner: Performer<'a>,
    pub(crate) fate: &'a Fate,
    pub(crate) book: Shared<Book>,
    pub(crate) fleet: Shared<Fleet>,
    pub(crate) clock: VirtualClock,
    pub(crate) disk: Disk,
    pub(crate) desired: &'a Desired,
    pub(crate) lag: Duration,
    /// What was under way and guarded on each server when the last survey began.
    pub(crate) truth: BTreeMap<String, Vec<String>>,
    pub(crate) survey: Option<Survey>,
    /// Since when each server has not answered, as this process knows.
    pub(crate) silent: BTreeMap<ServerName, Timestamp>,
    pub(crate) at_once: (Timestamp, u64),
}

impl Perform for WatchedPerformer<'_> {
    fn perform(&mut self, action: &Action) -> Sight {
        if self.fate.is_dead.get() {
            return Sight::Waited;
        }
        let turn = self.fate.turn.get() + 1;
        self.fate.turn.set(turn);
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
            self.fate.is_dead.set(true);
            self.book.lock().unwrap().tell(now, || "†  after it acted".to_owned());
            return Sight::Waited;
        }
        sight
    }

    fn moment(&self) -> (Timestamp, bool) {
        let (at, stop) = self.inner.moment();
        (at, stop || self.fate.is_dead.get() || self.book.lock().unwrap().broken.is_some())
    }
}

impl WatchedPerformer<'_> {
    fn is_bounded(&mut self, turn: u64) {
        let now = self.clock.now();
        let count = if self.at_once.0 == now { self.at_once.1 + 1 } else { 0 };
        self.at_once = (now, count);
        let mut book = self.book.lock().unwrap();
        book.ensure("can_always_finish", turn < TURNS_MAX, || format!("{turn} turns in one process"));
        book.ensure("can_always_finish", count < TURNS_AT_ONCE_MAX, || format!("{count} turns at one moment"));
    }

    fn before(&mut self, action: &Action) {
        let now = self.clock.now();
        self.book.lock().unwrap().look(&self.fleet, now);
        match action {
            Action::Survey { .. } => self.truth = guarded_truth(&self.fleet.lock().unwrap(), self.desired),
            Action::Trigger { server, job } => self.before_trigger(server, job.as_str(), now),
            Action::Set { server, gate, .. } => {
                let stored = self.disk.load().unwrap().unwrap();
                let is_covered = stored.opened().iter().any(|opened| opened.server == *server && opened.gate == *gate);
                self.ensure("journal_covers_world", is_covered, || format!("{action:?} is not in the stored journal"));
            }
            _ => {}
        }
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
        self.book.lock().unwrap().sends.push(crate::book::Send {
            at: now,
            server: server.to_string(),
            job: job.to_owned(),
            run: run.id.to_string(),
            carried_out: None,
            group: None,
            has_logs,
        });
    }

    /// What a survey could see must be free; what it could not must have been out of reach for as long as the plan says, and not busy when
    /// it was seen last.
    fn nobody_else_writes(&mut self, target: &ServerName, now: Timestamp) {
        let Some(survey) = self.survey.take() else {
            return self
                .ensure("unknown_is_not_idle", false, || "a trigger without a survey right before it".to_owned());
        };
        for (server, sight) in &survey.servers {
            if matches!(sight, Seen::Known(_)) {
                let busy = self.truth.get(server.as_str()).cloned().unwrap_or_default();
                let released = self.book.lock().unwrap().released.clone();
                let busy: Vec<_> =
                    busy.into_iter().filter(|group| !released.contains(&(server.to_string(), group.clone()))).collect();
                self.ensure("one_writer", busy.is_empty(), || {
                    format!("{target} is triggered while {server} has {busy:?}")
                });
                continue;
            }
            let since = self.silent.get(server).copied().unwrap_or(now);
            let is_given_up = elapsed(since, now) >= self.desired.run.unreachable_wait;
            self.ensure("unknown_is_not_idle", is_given_up && server != target, || {
                format!("{target} is triggered while {server} has not answered since {since}")
            });
        }
    }

    fn after(&mut self, action: &Action, sight: &Sight, now: Timestamp) {
        match sight {
            Sight::Survey(survey) => {
                for (server, sight) in &survey.servers {
                    self.heard(server, matches!(sight, Seen::Known(_)), now);
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

/// Every unfinished group of a backup that writes to what the plan guards, or might.
fn guarded_truth(fleet: &Fleet, desired: &Desired) -> BTreeMap<String, Vec<String>> {
    let guarded = |server: &Server| {
        let declared = desired.servers.iter().find(|declared| declared.name.as_str() == server.name);
        let guard = declared.and_then(|declared| declared.destination.as_ref()).map(|guard| guard.id.to_string());
        let counts = |destinations: &[String]| guard.as_ref().is_none_or(|guard| destinations.contains(guard));
        let groups = server.groups.iter().filter(|group| group.kind == 1 && group.is_unfinished());
        groups.filter(|group| counts(&group.destinations)).map(|group| group.id.clone()).collect()
    };
    fleet.servers().iter().map(|server| (server.name.clone(), guarded(server))).collect()
}

fn short(text: &str) -> String {
    let bare: String = text.replace("Known", "").replace("Some", "").replace("Timestamp", "");
    bare.chars().take(420).collect()
}

pub(crate) struct Listener {
    pub(crate) book: Shared<Book>,
}

impl Listen for Listener {
    fn hear(&mut self, at: Timestamp, event: &Event) {
        self.book.lock().unwrap().tell(at, || format!(" ! {event:?}"));
    }
}

/// The links to the simulated servers.
pub(crate) fn links(
    desired: &Desired,
    fleet: &Shared<Fleet>,
    clock: &Arc<dyn Clock>,
    interrupt: &Interrupt,
) -> jbr::links::Links {
    let link = |server: &jbr::desired::Server| jbr::links::Link {
        server: server.name.clone(),
        guard: server.destination.as_ref().map(|destination| destination.id.clone()),
        client: jbr::jetbackup::client::Client::new(Box::new(jbr::transport::simulated::SimulatedTransport {
            fleet: Arc::clone(fleet),
            server: server.name.clone(),
            clock: Arc::clone(clock),
            interrupt: interrupt.clone(),
            command_timeout: server.command_timeout,
        })),
    };
    jbr::links::Links::new(desired.servers.iter().map(link).collect())
}

pub(crate) fn shared<T>(value: T) -> Shared<T> {
    Arc::new(Mutex::new(value))
}

/// Later than anything that is planned.
pub(crate) fn long_after(now: Timestamp) -> Timestamp {
    later(now, Duration::from_secs(24 * 3600))
}
