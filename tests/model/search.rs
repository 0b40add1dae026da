//! Breadth first over everything that the machine, its processes and the world can do, crashes at every point included.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use jbr::clock::{Timestamp, later};
use jbr::execute::{Action, End, Journal, Observation, Sight, Turn, invariant};
use jbr::queue::Queue;

use super::TICK;
use super::ages::aged;
use super::mutants::Mutant;
use super::process::Process;
use super::truth::{Broken, Judge};
use super::words;
use super::world::{Hours, World};

/// More states than this is a model that has grown out of hand.
const STATES_MAX: usize = 5_000_000;

/// Everything that decides what can happen next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// The servers.
    pub(crate) world: World,
    /// What is on disk.
    stored: Journal,
    /// What the process has in mind: the same, in a driver that stores before it acts.
    mind: Journal,
    /// What the process is about to do; `None` where there is no process.
    next: Option<Action>,
    /// Somebody asked the process to stop.
    stop: bool,
}

/// What a search found.
#[derive(Debug)]
pub(crate) struct Found {
    /// How many different states there are.
    pub(crate) states: usize,
    /// How many ways lead from one to another.
    pub(crate) ways: usize,
    /// The shortest way to a broken invariant, if there is one: its name, and what happened from the start.
    pub(crate) broken: Option<(&'static str, Vec<String>)>,
}

/// Visits every state that can be reached from these worlds.
pub(crate) fn search(queue: &Queue, process: &Process, roots: Vec<World>, mutant: Mutant) -> Found {
    let base = process.base;
    let may_skip = roots.iter().any(World::may_hinder);
    let mut search = Search {
        queue,
        judge: Judge { queue, mutant, may_skip },
        process,
        base,
        mutant,
        seen: HashMap::new(),
        open: VecDeque::new(),
        places: vec![],
        ways: vec![],
    };
    for world in roots {
        let journal = Journal::new(base);
        let state = State { world, stored: journal.clone(), mind: journal, next: None, stop: false };
        let is_closed = state.world.hours == Hours::Closed;
        search.add(state, None, if is_closed { "the beginning, with the window closed" } else { "the beginning" });
    }
    let broken = search.run();
    Found { states: search.places.len(), ways: search.ways.len(), broken }
}

struct Search<'a> {
    queue: &'a Queue,
    judge: Judge<'a>,
    process: &'a Process,
    base: Timestamp,
    mutant: Mutant,
    seen: HashMap<Rc<State>, usize>,
    open: VecDeque<usize>,
    places: Vec<Place>,
    ways: Vec<(usize, usize)>,
}

/// Whether one state leads to another by a window that opens.
fn opens(from: &State, to: &State) -> bool {
    from.world.hours == Hours::Closed && to.world.hours != Hours::Closed
}

/// A state, and how it was reached first.
struct Place {
    state: Rc<State>,
    from: Option<usize>,
    how: String,
    is_end: bool,
}

impl Search<'_> {
    fn run(&mut self) -> Option<(&'static str, Vec<String>)> {
        while let Some(index) = self.open.pop_front() {
            if let Err(broken) = self.expand(index) {
                return Some((broken.invariant, self.trace(index, broken.what)));
            }
            assert!(self.places.len() < STATES_MAX, "the model has grown out of hand");
        }
        let stuck = |at, what: &str| ("can_always_finish", self.trace(at, what.to_owned()));
        if let Some(at) = self.stuck(&self.ways, |place| place.is_end) {
            return Some(stuck(at, "no end can be reached from here"));
        }
        // A window may never open again. Then the process ends, unless it was told to stay.
        let ends = |place: &Place| matches!(place.state.next, Some(Action::Finish(_)));
        let at = self.stuck(&self.ways_without_openings(), ends).filter(|_| !self.queue.stays)?;
        Some(stuck(at, "no process ends from here, unless the window opens"))
    }

    fn ways_without_openings(&self) -> Vec<(usize, usize)> {
        let state = |index: &usize| &self.places[*index].state;
        self.ways.iter().filter(|(from, to)| !opens(state(from), state(to))).copied().collect()
    }

    fn add(&mut self, state: State, from: Option<usize>, how: &str) {
        let known = self.seen.get(&state).copied();
        let index = known.unwrap_or(self.places.len());
        self.ways.extend(from.map(|from| (from, index)));
        if known.is_none() {
            let state = Rc::new(state);
            self.seen.insert(Rc::clone(&state), index);
            self.places.push(Place { state, from, how: how.to_owned(), is_end: false });
            self.open.push_back(index);
        }
    }

    fn expand(&mut self, index: usize) -> Result<(), Broken> {
        let state = Rc::clone(&self.places[index].state);
        match &state.next {
            None => self.start(index, &state),
            Some(Action::Finish(End::Complete)) => {
                self.places[index].is_end = true;
                self.judge.at_the_end(&state.world, &state.mind)
            }
            // What is left is for the next process.
            Some(Action::Finish(_)) => {
                self.add(State { next: None, ..(*state).clone() }, Some(index), "the process ends");
                Ok(())
            }
            Some(action) => self.act(index, &state, action),
        }
    }

    /// A process starts, and goes on or starts over; it finds the window as it has become meanwhile.
    fn start(&mut self, index: usize, state: &State) -> Result<(), Broken> {
        for (how, world) in state.world.the_window_moves() {
            self.add(State { world, ..state.clone() }, Some(index), &how);
        }
        let over = state.world.started_over().map(|world| (world, true));
        for (world, fresh) in over.into_iter().chain([(state.world.clone(), false)]) {
            let journal = self.process.begin(self.queue, &world, &state.stored, fresh, self.mutant);
            let begun = State { world: world.asked(), stored: journal.clone(), mind: journal, next: None, stop: false };
            let how = if fresh { "a process starts over" } else { "a process starts" };
            self.turn(index, &begun, Sight::Started, self.base, how)?;
        }
        Ok(())
    }

    /// An action is performed, in every way in which it can turn out; before it, things may happen, the process may be killed or be
    /// asked to stop.
    fn act(&mut self, index: usize, state: &State, action: &Action) -> Result<(), Broken> {
        for (how, world) in state.world.events(action) {
            self.add(State { world, ..state.clone() }, Some(index), &how);
        }
        if let Some(world) = state.world.spend(|spite| &mut spite.signals).filter(|_| !state.stop) {
            self.add(State { world, stop: true, ..state.clone() }, Some(index), "a signal");
        }
        self.crash(index, &state.world, &state.stored, "killed before it acted");
        self.judge.before_acting(&state.world, &state.mind, action)?;
        for (world, sight) in state.world.perform(action) {
            let how = format!("{}: {}", words::action(action), words::sight(&sight));
            self.judge.whenever(&world, &state.stored, &state.mind)?;
            if action.is_mutation() {
                self.crash(index, &world, &state.stored, &format!("killed after {how}"));
            }
            let acted = State { world, ..state.clone() };
            if let Action::Wait(_) = action {
                self.turn(index, &acted, sight.clone(), later(self.base, TICK), &how)?;
                let back = acted.world.spend(|spite| &mut spite.clock);
                if let Some(world) = back {
                    let acted = State { world, ..acted };
                    self.turn(index, &acted, sight, jbr::clock::earlier(self.base, TICK), "the clock is put back")?;
                }
            } else {
                self.turn(index, &acted, sight, self.base, &how)?;
            }
        }
        Ok(())
    }

    fn crash(&mut self, index: usize, world: &World, stored: &Journal, how: &str) {
        let state =
            State { world: world.clone(), stored: stored.clone(), mind: stored.clone(), next: None, stop: false };
        self.add(state, Some(index), how);
    }

    /// The machine takes a turn, and the driver stores what came of it.
    fn turn(&mut self, index: usize, state: &State, sight: Sight, at: Timestamp, how: &str) -> Result<(), Broken> {
        let queue = state.world.at_this_hour(self.queue, self.base);
        let seen = self.mutant.sight(Observation { at, stop: state.stop, sight }, &state.mind, &queue);
        let turn = self.mutant.step(&queue, &state.mind, &seen);
        let checked = invariant::check(&queue, &state.mind, &seen, &turn);
        checked
            .map_err(|violation| Broken { invariant: violation.name, what: format!("{how}; {}", violation.what) })?;
        let now = at.max(self.base);
        let Turn { journal, action, .. } = turn;
        let mind = aged(journal, now, self.base, self.queue);
        let stored =
            if self.mutant.stores_late() { aged(state.mind.clone(), now, self.base, self.queue) } else { mind.clone() };
        // Who answered matters for a trigger that follows at once, and for nothing else.
        let world = if matches!(action, Action::Trigger { .. }) { state.world.clone() } else { state.world.settled() };
        let next = State { world, stored, mind, next: Some(action), stop: state.stop };
        self.add(next, Some(index), how);
        Ok(())
    }

    /// A state from which none of these ends can be reached over these ways.
    fn stuck(&self, ways: &[(usize, usize)], is_end: impl Fn(&Place) -> bool) -> Option<usize> {
        let mut back: Vec<Vec<usize>> = vec![Vec::new(); self.places.len()];
        for (from, to) in ways {
            back[*to].push(*from);
        }
        let mut can = vec![false; self.places.len()];
        let mut open: Vec<usize> = (0..self.places.len()).filter(|index| is_end(&self.places[*index])).collect();
        while let Some(index) = open.pop() {
            if !std::mem::replace(&mut can[index], true) {
                open.extend(&back[index]);
            }
        }
        can.iter().position(|can| !can)
    }

    fn trace(&self, at: usize, last: String) -> Vec<String> {
        let mut trace = vec![last];
        let mut index = Some(at);
        while let Some(place) = index.map(|at| &self.places[at]) {
            trace.push(place.how.clone());
            index = place.from;
        }
        trace.reverse();
        trace
    }
}
