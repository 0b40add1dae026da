//! A process that may die: when, and how it is noticed everywhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use jbr::clock::{Clock, Interrupt, Timestamp};
use jbr::simulator::VirtualClock;
use jbr::state::State;
use jbr::state::store::{Store, StoreError, Version};
use jbr::transport::simulated::SimulatedTransport;
use jbr::transport::{Failure, FailureKind, Output, Transport};

use crate::book::{Book, Shared};
use crate::disk::OpenDisk;

/// What ends a process before its work is done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum What {
    /// It dies instead of storing, at the first store from this turn on.
    BeforeStore(u64),
    /// Its power goes while it stores; the second number decides how far it had come.
    InStore(u64, u64),
    /// It dies after storing and before it acts.
    AfterStore(u64),
    /// It dies after it acted and before it knows.
    AfterAction(u64),
    /// It dies before its so manieth call of an API.
    BeforeCall(u64),
    /// It dies with the call carried out and the answer unread.
    AfterCall(u64),
    /// Somebody asks it to stop after this long.
    Signal(Duration),
}

/// A process's fate.
pub(crate) struct Fate {
    pub(crate) what: Option<What>,
    turn: AtomicU64,
    calls: AtomicU64,
    is_dead: AtomicBool,
    book: Shared<Book>,
    clock: VirtualClock,
}

impl Fate {
    pub(crate) fn new(what: Option<What>, book: &Shared<Book>, clock: &VirtualClock) -> Arc<Self> {
        Arc::new(Self {
            what,
            turn: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            is_dead: AtomicBool::new(false),
            book: Arc::clone(book),
            clock: clock.clone(),
        })
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::Relaxed)
    }

    pub(crate) fn next_turn(&self) -> u64 {
        self.turn.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn turn(&self) -> u64 {
        self.turn.load(Ordering::Relaxed)
    }

    pub(crate) fn die(&self, figure: &str, when: &str) {
        if !self.is_dead.swap(true, Ordering::Relaxed) {
            let mut book = self.book.lock().unwrap();
            book.figures.count(figure);
            book.tell(self.clock.now(), || format!("†  {when}"));
        }
    }
}

/// A store that its process may not survive.
pub(crate) struct MortalStore {
    pub(crate) inner: OpenDisk,
    pub(crate) fate: Arc<Fate>,
}

impl Store for MortalStore {
    fn load(&self) -> Result<Option<State>, StoreError> {
        self.inner.load()
    }

    fn replace(&mut self, expected: Option<&Version>, next: &State) -> Result<(), StoreError> {
        // Any error ends the process; which one is nothing that anybody looks at.
        let death = Err(StoreError::NoRun);
        if self.fate.is_dead() {
            return death;
        }
        let turn = self.fate.turn();
        match self.fate.what {
            Some(What::BeforeStore(due)) if turn >= due => {
                self.fate.die("crash_before_store", "before it stores");
                death
            }
            Some(What::InStore(due, cut)) if turn >= due => {
                let is_torn = self.inner.replace_torn(expected, next, cut);
                if is_torn {
                    self.fate.book.lock().unwrap().figures.count("crash_torn_file");
                }
                self.fate.die("crash_in_store", "while it stores");
                death
            }
            Some(What::AfterStore(due)) if turn >= due => {
                self.inner.replace(expected, next)?;
                self.fate.die("crash_after_store", "after it stored");
                death
            }
            _ => self.inner.replace(expected, next),
        }
    }
}

/// A way to a server that is cut off with its process.
pub(crate) struct Wire {
    pub(crate) inner: SimulatedTransport,
    pub(crate) fate: Arc<Fate>,
}

impl Transport for Wire {
    fn call(&mut self, command_line: &str) -> Result<Output, Failure> {
        let dead = || Err(Failure::lost(FailureKind::Lost, "this process is dead"));
        if self.fate.is_dead() {
            return dead();
        }
        never_asked(&self.fate, command_line);
        let calls = self.fate.calls.fetch_add(1, Ordering::Relaxed);
        if matches!(self.fate.what, Some(What::BeforeCall(due)) if calls >= due) {
            self.fate.die("crash_before_call", "before a call");
            return dead();
        }
        let answer = self.inner.call(command_line);
        if matches!(self.fate.what, Some(What::AfterCall(due)) if calls >= due) {
            self.fate.die("crash_after_call", "with an answer on its way");
            return dead();
        }
        answer
    }

    fn hurry(&mut self, _: std::time::Duration) {}

    fn keep_alive(&mut self) {
        self.inner.keep_alive();
    }
}

/// Whatever takes something from somebody else's backup, or destroys evidence.
fn never_asked(fate: &Fate, command_line: &str) {
    let asks = |function: &str| command_line.split_whitespace().any(|word| word == function);
    if asks("clearQueue") || asks("rerunFailedQueueGroup") {
        fate.book.lock().unwrap().ensure("never_kill", false, || command_line.to_owned());
    }
}

/// A clock that keeps the book whenever time has passed.
pub(crate) struct WatchedClock {
    pub(crate) inner: VirtualClock,
    pub(crate) fleet: Shared<jbr::simulator::Fleet>,
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

/// The clock of the machine that a process runs on: right but for as much as it was wrong when the process started.
pub(crate) struct OwnClock {
    pub(crate) truth: Arc<WatchedClock>,
    pub(crate) ahead: chrono::TimeDelta,
}

impl Clock for OwnClock {
    fn now(&self) -> Timestamp {
        self.truth.now() + self.ahead
    }

    fn wait(&self, how_long: Duration, interrupt: &Interrupt) {
        self.truth.wait(how_long, interrupt);
    }
}
