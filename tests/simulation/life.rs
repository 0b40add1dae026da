//! From process to process, until a run is over; and from night to night.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use jbr::cli::Exit;
use jbr::clock::{Clock, Interrupt, Timestamp, later};
use jbr::desired::{Desired, Pace};
use jbr::execute::End;
use jbr::execute::drive::{DriveError, drive};
use jbr::execute::perform::Performer;
use jbr::inventory::collect::collect;
use jbr::names::JobAddress;
use jbr::proposal::{Because, Beginning, Proposal, Request, logs_wanted, propose};
use jbr::queue::Gate;
use jbr::simulator::{Fleet, VirtualClock};
use jbr::state::store::{RunKeeper, Store as _};
use jbr::state::{RunEnd, State};

use crate::audited;
use crate::book::{Book, Shared};
use crate::dice::Dice;
use crate::disk::Disk;
use crate::due::Standing;
use crate::fate::{Fate, MortalStore, OwnClock, WatchedClock, What};
use crate::figures::Figures;
use crate::night::{Misfortune, night, trouble};
use crate::plans;
use crate::scenario::{DAY, Scenario, scenario};
use crate::schedule::{Schedule, Timer};
use crate::verdict;
use crate::watched::{Listener, WatchedKeeper, WatchedPerformer, links, shared};

/// A night that takes more processes never ends.
const PROCESSES_MAX: usize = 60;
/// After a refusal to go on (a busy server out of reach) somebody starts it again.
const AFTER_UNSAFE: Duration = Duration::from_secs(600);
/// No server forgets a group sooner.
const LOOKS_EVERY: Duration = Duration::from_secs(60);
/// After this long without jbr hardly anything happens.
const QUIET_AFTER: Duration = Duration::from_secs(3600);

/// What a seed told.
pub(crate) struct Told {
    pub(crate) log: Vec<String>,
    pub(crate) broken: Option<String>,
    pub(crate) figures: Figures,
}

pub(crate) struct World {
    pub(crate) universe: Desired,
    pub(crate) desired: Desired,
    pub(crate) fleet: Shared<Fleet>,
    pub(crate) book: Shared<Book>,
    pub(crate) clock: VirtualClock,
    pub(crate) disk: Disk,
    lag: Duration,
    /// How far the machine's wall clock is ahead of the truth.
    pub(crate) ahead: TimeDelta,
    /// It was set since the last process began.
    is_clock_set: bool,
    /// When processes start, unless it is once a night.
    timer: Option<Timer>,
    /// Whoever writes windows, order and the rest into the plan.
    schedule: Option<Schedule>,
    /// What goes wrong between processes.
    pub(crate) dice: Dice,
    /// The state as it was found last, for what must not be lost.
    before: Option<State>,
    /// What was true of the plan's jobs when the last process read the servers.
    pub(crate) standing: Option<Rc<Standing>>,
}

/// How a process ended.
#[derive(Debug)]
pub(crate) enum Last {
    Died,
    /// Nothing was due.
    Idle,
    /// Something was due, no window was open for it, and no run was begun.
    Shut,
    /// It ended, with its exit code; `None` where it died with the end stored.
    Ended(End, Option<Exit>),
}

/// Plays a seed to its end, or until a promise is broken.
pub(crate) fn play(seed: u64, telling: bool) -> Told {
    let Scenario { start, fleet, universe, desired, nights, timer, schedule, lag, is_plain, is_on_disk } =
        scenario(seed);
    let book = shared(Book::new(start, telling));
    let clock = VirtualClock::starting(start);
    let disk = if is_on_disk { Disk::in_files() } else { Disk::in_memory() };
    // Other dice than the scenario's, so that a change here leaves the fleets as they are.
    let dice = Dice::new(!seed);
    let (fleet, ahead) = (shared(fleet), TimeDelta::zero());
    let mut world = World {
        universe,
        desired,
        fleet,
        book,
        clock,
        disk,
        lag,
        ahead,
        is_clock_set: false,
        timer,
        schedule,
        dice,
        before: None,
        standing: None,
    };
    world.tell(|| format!("{:#?}", world.desired));
    let is_over = match timer {
        Some(timer) => !world.weeks(timer, is_plain),
        None => (0..nights).any(|number| {
            world.pass_until(later(start, DAY * u32::try_from(number).unwrap()));
            !world.night(number, is_plain)
        }),
    };
    if !is_over {
        world.count("seeds_to_the_end");
    }
    audited::in_the_end(&world);
    verdict::in_the_end(&world);
    let mut book = world.book.lock().unwrap();
    let figures = std::mem::take(&mut book.figures);
    Told { log: std::mem::take(&mut book.log), broken: book.broken.take(), figures }
}

impl World {
    pub(crate) fn tell(&self, what: impl FnOnce() -> String) {
        self.book.lock().unwrap().tell(self.clock.now(), what);
    }

    pub(crate) fn count(&self, what: &str) {
        self.book.lock().unwrap().figures.count(what);
    }

    /// Nobody is there, and the book is kept all the same.
    pub(crate) fn pass(&self, how_long: Duration) {
        self.pass_until(later(self.clock.now(), how_long));
    }

    pub(crate) fn pass_until(&self, end: Timestamp) {
        let start = self.clock.now();
        while self.clock.now() < end {
            let is_quiet = self.clock.now() >= later(start, QUIET_AFTER);
            self.clock.leap(if is_quiet { LOOKS_EVERY * 30 } else { LOOKS_EVERY });
            self.book.lock().unwrap().look(&self.fleet, self.clock.now());
        }
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.book.lock().unwrap().broken.is_some()
    }

    pub(crate) fn set_clock(&mut self, ahead: TimeDelta) {
        if ahead != self.ahead {
            self.count(if ahead < self.ahead { "clock_back" } else { "clock_forward" });
            self.tell(|| format!("== the clock is {ahead} ahead"));
        }
        if ahead != self.ahead {
            self.is_clock_set = true;
            self.book.lock().unwrap().clock_set = Some(self.clock.now());
        }
        self.ahead = ahead;
    }

    pub(crate) fn change_plan(&mut self) {
        let what = match &mut self.schedule {
            Some(schedule) if self.dice.percent(40) => schedule.change(&mut self.desired),
            _ => plans::change(&mut self.dice, &self.universe, &mut self.desired),
        };
        self.count(what);
        self.tell(|| format!("== {what}: {:#?}", self.desired));
    }

    /// One run, with as many processes as it takes; `false` if a promise broke.
    fn night(&mut self, number: u64, is_plain: bool) -> bool {
        let tonight = night(&mut self.dice, number);
        self.tell(|| format!("== night {number}: {tonight:#?}"));
        let mut misfortunes: VecDeque<Misfortune> = VecDeque::new();
        let mut is_fresh = false;
        {
            let mut fleet = self.fleet.lock().unwrap();
            self.book.lock().unwrap().note_late_gates(&fleet);
            if !is_plain {
                trouble(&mut self.dice, &mut fleet, self.clock.now());
            }
        }
        self.tell(|| format!("{:#?}", self.fleet.lock().unwrap().servers()));
        if !is_plain {
            misfortunes.extend(tonight.misfortunes);
            is_fresh = tonight.is_fresh;
            tonight.clock.into_iter().for_each(|ahead| self.set_clock(ahead));
            (0..tonight.plan_changes).for_each(|_| self.change_plan());
        }
        for _ in 0..PROCESSES_MAX {
            let misfortune = misfortunes.pop_front();
            let last = self.process(misfortune.as_ref().map(|misfortune| misfortune.what), is_fresh);
            self.tell(|| format!("== {last:?}"));
            verdict::of_the_state(self);
            if self.is_broken() {
                return false;
            }
            let gap = misfortune.as_ref().map_or(Duration::ZERO, |misfortune| misfortune.gap);
            match last {
                Last::Ended(End::Complete, exit) => {
                    self.count("nights");
                    verdict::of_the_night(self, exit);
                    return !self.is_broken();
                }
                Last::Ended(End::Unsafe(_), _) => {
                    self.count("unsafe_ends");
                    self.pass(gap + AFTER_UNSAFE);
                }
                Last::Ended(End::Interrupted | End::WindowClosed { .. }, _) | Last::Died | Last::Idle | Last::Shut => {
                    self.pass(gap);
                }
            }
            if let Some(misfortune) = &misfortune {
                misfortune.clock.into_iter().for_each(|ahead| self.set_clock(ahead));
                if misfortune.changes_plan {
                    self.change_plan();
                }
            }
            is_fresh = misfortune.is_some_and(|misfortune| misfortune.is_fresh);
        }
        let mut book = self.book.lock().unwrap();
        book.ensure("can_always_finish", false, || format!("{PROCESSES_MAX} processes in one night"));
        false
    }

    /// What `apply` refuses before anything else: a server that left the plan with something under way or open on it. Somebody
    /// puts it back.
    fn put_lost_servers_back(&mut self, state: &State) {
        let opened = state.opened().iter().map(|opened| opened.server.clone());
        let run = state.run.iter().flat_map(|run| run.queue.items.iter().map(move |item| (run, item)));
        let in_flight = run.filter(|(run, item)| run.journal.phase(&item.address).is_in_flight());
        let needed: Vec<_> = opened.chain(in_flight.map(|(_, item)| item.address.server.clone())).collect();
        for name in needed {
            if self.desired.server(&name).is_none() {
                self.count("plan_refused_for_a_lost_server");
                self.tell(|| format!("== {name} is put back into the plan"));
                self.desired.servers.extend(self.universe.server(&name).cloned());
            }
        }
    }

    /// One process, as `jbr apply` is one.
    pub(crate) fn process(&mut self, what: Option<What>, is_fresh: bool) -> Last {
        self.count("processes");
        self.standing = None;
        let interrupt = Interrupt::new().unwrap();
        if let Some(What::Signal(after)) = what {
            self.count("signals");
            self.clock.stop_at(later(self.clock.now(), after));
        }
        let fate = Fate::new(what, &self.book, &self.clock);
        let mut store = MortalStore { inner: self.disk.open(self.clock.now()), fate: Arc::clone(&fate) };
        let mut state = match store.load() {
            Ok(state) => state.unwrap_or_else(|| State::new("simulation".to_owned())),
            Err(error) => {
                self.book.lock().unwrap().ensure("the state is whole", false, || error.to_string());
                return Last::Died;
            }
        };
        self.put_lost_servers_back(&state);
        let truth = Arc::new(WatchedClock {
            inner: self.clock.clone(),
            fleet: Arc::clone(&self.fleet),
            book: Arc::clone(&self.book),
        });
        let clock = self.own_clock(&truth, &state);
        let desired = self.desired.clone();
        let mut links = links(&desired, &self.fleet, &truth, &interrupt, &fate);
        let request = Request { is_asked_for: &|_| true, fresh: is_fresh };
        let (began, mishaps) = (self.clock.now(), self.mishaps());
        let inventory = collect(&mut links, &logs_wanted(&desired, &state));
        if fate.is_dead() || interrupt.is_requested() {
            return Last::Died;
        }
        let mut proposal = propose(&desired, &inventory, &state, &request, clock.now());
        proposal.queue.stays = self.timer.is_some_and(|timer| timer.stays);
        self.tell(|| decided(&proposal));
        let standing = Rc::new(self.standing_since(began, proposal.at, self.mishaps() == mishaps));
        self.standing = Some(Rc::clone(&standing));
        self.before = Some(state.clone());
        if self.timer.is_some() && !proposal.has_work() {
            return if proposal.standstill().is_some() { Last::Shut } else { Last::Idle };
        }
        self.note_beginning(&proposal, what);
        self.is_clock_set = false;
        let run = proposal.begin(&mut state);
        // Before it is stored: a death can come when it is.
        self.book.lock().unwrap().begins(&run, self.clock.now());
        let stored = store.commit(&mut state);
        self.forget_holds_that_are_over(proposal.at);
        if stored.is_err() {
            return Last::Died;
        }
        verdict::of_the_beginning(self, &proposal, &state);
        let mut keeper = WatchedKeeper {
            inner: RunKeeper::new(&mut store, state),
            book: Arc::clone(&self.book),
            last: Some(run.journal.at),
            clock: self.clock.clone(),
            queue: run.queue.clone(),
            run: run.id.to_string(),
        };
        let mut performer = WatchedPerformer {
            inner: Performer::new(&mut links, Arc::clone(&clock), interrupt),
            fate: Arc::clone(&fate),
            book: Arc::clone(&self.book),
            fleet: Arc::clone(&self.fleet),
            clock: self.clock.clone(),
            disk: self.disk.clone(),
            desired: &desired,
            standing,
            lag: self.lag,
            truth: Vec::new(),
            survey: None,
            just_seen: Vec::new(),
            silent: BTreeMap::new(),
            at_once: (self.clock.now(), 0),
        };
        let mut listener = Listener { book: Arc::clone(&self.book), clock: self.clock.clone() };
        self.book.lock().unwrap().watched.clear();
        let driven = drive(&run.queue, run.journal, &mut keeper, &mut performer, &mut listener);
        self.book.lock().unwrap().watched.clear();
        match &driven {
            Err(error @ DriveError::Violation(_)) => {
                self.book.lock().unwrap().ensure("no violation", false, || error.to_string());
            }
            Err(DriveError::Store(error)) if !fate.is_dead() => {
                self.book.lock().unwrap().ensure("the state is whole", false, || error.to_string());
            }
            _ => {}
        }
        let (Ok((journal, end)), false) = (driven, fate.is_dead()) else { return Last::Died };
        let exit = Exit::of_run(&end, &run.queue, &journal, desired.run.partial);
        if end != End::Complete {
            return Last::Ended(end, Some(exit));
        }
        let mut state = keeper.inner.into_state();
        state.end(clock.now(), RunEnd::Complete);
        // A death after the last item and before the run is closed is one like any other.
        if store.commit(&mut state).is_ok() {
            return Last::Ended(End::Complete, Some(exit));
        }
        let is_closed = self.disk.load().is_ok_and(|kept| kept.is_some_and(|kept| kept.run.is_none()));
        if is_closed { Last::Ended(End::Complete, None) } else { Last::Died }
    }

    /// What is over by the machine's clock is forgotten when a process begins a run; where that was not stored, a clock that is put back finds it
    /// in force again.
    fn forget_holds_that_are_over(&self, at: Timestamp) {
        let kept = self.disk.load().ok().flatten().map(|state| state.holds).unwrap_or_default();
        let is_kept = |job: &JobAddress, until: &Option<Timestamp>| {
            until.is_none_or(|until| at < until) || kept.contains_key(job)
        };
        self.book.lock().unwrap().held_by_hand.retain(|job, until| is_kept(job, until));
    }

    /// How much has gone wrong in all.
    fn mishaps(&self) -> u64 {
        self.fleet.lock().unwrap().account().mishaps.values().sum()
    }

    fn standing_since(&self, began: Timestamp, at: Timestamp, is_clear: bool) -> Standing {
        let now = self.clock.now();
        self.book.lock().unwrap().look(&self.fleet, now);
        let (book, fleet) = (self.book.lock().unwrap(), self.fleet.lock().unwrap());
        Standing::new(&book, &fleet, &self.desired, (began, now), at, is_clear)
    }

    /// The wall once, and then what passes: what `SystemClock::starting` makes of them.
    fn own_clock(&self, truth: &Arc<WatchedClock>, state: &State) -> Arc<dyn Clock> {
        let now = self.clock.now();
        let wall = now + self.ahead;
        let anchor = state.run.as_ref().map_or(wall, |run| run.journal.at.max(wall));
        Arc::new(OwnClock { truth: Arc::clone(truth), ahead: anchor - now })
    }

    fn note_beginning(&self, proposal: &Proposal, what: Option<What>) {
        self.tell(|| format!("== {:?} {what:?} at {}", proposal.beginning, proposal.at));
        let mut book = self.book.lock().unwrap();
        if proposal.queue.pace == Pace::Fixed {
            book.figures.count("pace_fixed");
        }
        match &proposal.beginning {
            Beginning::Fresh => book.seen_busy.clear(),
            Beginning::Resume(_) => book.figures.count("resumed"),
            Beginning::StartOver { because, .. } => {
                book.figures.count("started_over");
                book.figures.count(match because {
                    Because::TooOld => "too_old",
                    Because::Asked => "fresh_asked_for",
                    Because::DueAgain(_) => "due_again",
                });
            }
        }
        // A server that left the plan is nobody's concern.
        let desired = &self.desired;
        let gates = proposal.queue.items.iter().flat_map(|item| item.gates.iter().map(move |gate| (item, gate)));
        let kept = gates.filter_map(|(item, gate)| match gate {
            Gate::Destination(id) => Some((item.address.server.to_string(), id.to_string())),
            Gate::Job(_) => None,
        });
        book.kept = kept.collect();
        book.seen_busy.retain(|name, _| desired.servers.iter().any(|server| server.name.as_str() == name));
    }

    /// The state as the process that ended last found it.
    pub(crate) fn found(&self) -> Option<&State> {
        self.before.as_ref()
    }
}

fn decided(proposal: &Proposal) -> String {
    let verdicts = proposal.diff.decisions.iter().map(|decision| (&decision.address, &decision.verdict));
    format!("== decided: {:?}", verdicts.collect::<Vec<_>>())
}
