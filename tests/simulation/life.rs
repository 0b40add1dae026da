//! From process to process, until a run is over.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jbr::cli::Exit;
use jbr::clock::{Clock, Interrupt, later};
use jbr::desired::Desired;
use jbr::execute::End;
use jbr::execute::drive::drive;
use jbr::execute::perform::Performer;
use jbr::inventory::collect::collect;
use jbr::proposal::{Request, in_doubt, propose};
use jbr::simulator::{Fleet, VirtualClock};
use jbr::state::store::{RunKeeper, Store as _};
use jbr::state::{RunEnd, State};

use crate::audited;
use crate::book::{Book, Shared};
use crate::scenario::{Misfortune, Scenario, What, scenario};
use crate::verdict;
use crate::watched::{Disk, Fate, Listener, WatchedClock, WatchedKeeper, WatchedPerformer, links, shared};

/// A night that takes more processes never ends.
const PROCESSES_MAX: usize = 60;
/// After a refusal to go on (a busy server out of reach) somebody starts it again.
const AFTER_UNSAFE: Duration = Duration::from_secs(600);
/// No server forgets a group sooner.
const LOOKS_EVERY: Duration = Duration::from_secs(60);
/// After this long without jbr hardly anything happens.
const QUIET_AFTER: Duration = Duration::from_secs(3600);
/// From the end of one night to the next.
const DAY: Duration = Duration::from_secs(8 * 3600);

/// What a seed told.
pub(crate) struct Told {
    pub(crate) log: Vec<String>,
    pub(crate) broken: Option<String>,
}

pub(crate) struct World {
    pub(crate) desired: Desired,
    pub(crate) fleet: Shared<Fleet>,
    pub(crate) book: Shared<Book>,
    pub(crate) clock: VirtualClock,
    pub(crate) disk: Disk,
    pub(crate) lag: Duration,
}

/// How a process ended.
#[derive(Debug)]
enum Last {
    Died,
    Ended(End, Exit),
}

/// Plays a seed to its end, or until a promise is broken.
pub(crate) fn play(seed: u64, telling: bool) -> Told {
    let Scenario { start, fleet, desired, misfortunes, nights, loses_a_job, lag } = scenario(seed);
    let book = shared(Book::new(start, telling));
    let clock = VirtualClock::starting(start);
    let mut world = World { desired, fleet: shared(fleet), book, clock, disk: Disk::default(), lag };
    world.tell(|| format!("{:#?}", world.desired));
    world.tell(|| format!("{misfortunes:#?}"));
    world.tell(|| format!("{:#?}", world.fleet.lock().unwrap().servers()));
    let mut misfortunes = misfortunes.into_iter();
    for night in 0..nights {
        if !world.night(&mut misfortunes, loses_a_job && night == 0) {
            break;
        }
        world.pass(DAY);
    }
    audited::in_the_end(&world);
    verdict::in_the_end(&world);
    let mut book = world.book.lock().unwrap();
    Told { log: std::mem::take(&mut book.log), broken: book.broken.take() }
}

impl World {
    pub(crate) fn tell(&self, what: impl FnOnce() -> String) {
        self.book.lock().unwrap().tell(self.clock.now(), what);
    }

    /// Nobody is there, and the book is kept all the same.
    fn pass(&self, how_long: Duration) {
        let start = self.clock.now();
        while self.clock.now() < later(start, how_long) {
            let is_quiet = self.clock.now() >= later(start, QUIET_AFTER);
            self.clock.leap(if is_quiet { LOOKS_EVERY * 30 } else { LOOKS_EVERY });
            self.book.lock().unwrap().look(&self.fleet, self.clock.now());
        }
    }

    fn is_broken(&self) -> bool {
        self.book.lock().unwrap().broken.is_some()
    }

    /// One run, with as many processes as it takes; `false` if a promise broke.
    fn night(&mut self, misfortunes: &mut impl Iterator<Item = Misfortune>, mut loses_a_job: bool) -> bool {
        let mut is_fresh = false;
        for _ in 0..PROCESSES_MAX {
            let misfortune = misfortunes.next();
            let last = self.process(misfortune.as_ref().map(|misfortune| misfortune.what), is_fresh);
            self.tell(|| format!("== {last:?}"));
            if self.is_broken() {
                return false;
            }
            if loses_a_job {
                loses_a_job = false;
                self.desired.jobs.pop();
            }
            let gap = misfortune.as_ref().map_or(Duration::ZERO, |misfortune| misfortune.gap);
            match last {
                Last::Ended(End::Complete, exit) => {
                    verdict::of_the_night(self, exit);
                    return !self.is_broken();
                }
                Last::Ended(End::Unsafe(_), _) => self.pass(gap + AFTER_UNSAFE),
                Last::Ended(End::Interrupted | End::WindowClosed { .. }, _) | Last::Died => self.pass(gap),
            }
            is_fresh = misfortune.is_some_and(|misfortune| misfortune.fresh);
        }
        self.book
            .lock()
            .unwrap()
            .ensure("can_always_finish", false, || format!("{PROCESSES_MAX} processes in one night"));
        false
    }

    /// One process, as `jbr apply` is one.
    fn process(&mut self, what: Option<What>, is_fresh: bool) -> Last {
        let interrupt = Interrupt::new().unwrap();
        if let Some(What::Signal(after)) = what {
            self.clock.stop_at(later(self.clock.now(), after));
        }
        let clock: Arc<dyn Clock> = Arc::new(WatchedClock {
            inner: self.clock.clone(),
            fleet: Arc::clone(&self.fleet),
            book: Arc::clone(&self.book),
        });
        let mut links = links(&self.desired, &self.fleet, &clock, &interrupt);
        let mut state = self.disk.load().unwrap().unwrap_or_else(|| State::new("simulation".to_owned()));
        let request = Request { is_asked_for: &|_| true, fresh: is_fresh };
        let inventory = collect(&mut links, &in_doubt(&state));
        let proposal = propose(&self.desired, &inventory, &state, &request, clock.now());
        self.tell(|| format!("== {:?} {what:?}", proposal.beginning));
        let run = proposal.begin(&mut state);
        let mut disk = self.disk.clone();
        disk.commit(&mut state).unwrap();
        let fate = Fate { what, turn: Cell::new(0), is_dead: Cell::new(false) };
        let mut keeper = WatchedKeeper {
            inner: RunKeeper::new(&mut disk, state),
            fate: &fate,
            book: Arc::clone(&self.book),
            last: Some(run.journal.at),
            clock: self.clock.clone(),
        };
        let mut performer = WatchedPerformer {
            inner: Performer::new(&mut links, Arc::clone(&clock), interrupt),
            fate: &fate,
            book: Arc::clone(&self.book),
            fleet: Arc::clone(&self.fleet),
            clock: self.clock.clone(),
            disk: self.disk.clone(),
            desired: &self.desired,
            lag: self.lag,
            truth: BTreeMap::new(),
            survey: None,
            silent: BTreeMap::new(),
            at_once: (clock.now(), 0),
        };
        let mut listener = Listener { book: Arc::clone(&self.book) };
        self.book.lock().unwrap().watched.clear();
        let driven = drive(&run.queue, run.journal, &mut keeper, &mut performer, &mut listener);
        if let Err(error @ jbr::execute::drive::DriveError::Violation(_)) = &driven {
            self.book.lock().unwrap().ensure("no violation", false, || error.to_string());
        }
        self.book.lock().unwrap().watched.clear();
        let Ok((journal, end)) = driven else { return Last::Died };
        let exit = Exit::of_run(&end, &run.queue, &journal, self.desired.run.partial);
        // A death after the last item and before the run is closed is one like any other.
        let dies_last = matches!(what, Some(What::BeforeStore(turn)) if fate.turn.get() >= turn);
        if fate.is_dead.get() || dies_last {
            return Last::Died;
        }
        if end == End::Complete {
            let mut state = keeper.inner.into_state();
            state.end(clock.now(), RunEnd::Complete);
            self.disk.clone().commit(&mut state).unwrap();
        }
        Last::Ended(end, exit)
    }
}
