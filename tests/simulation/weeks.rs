//! A timer that starts `jbr apply` again and again, most of them for nothing; windows open and close, backups grow old, and a
//! person holds and releases jobs in between.

use std::collections::VecDeque;
use std::time::Duration;

use jbr::cli::Exit;
use jbr::clock::{Clock as _, Timestamp, later};
use jbr::execute::End;
use jbr::execute::journal::Phase;
use jbr::hold::ByHand;
use jbr::names::JobAddress;
use jbr::queue::Item;
use jbr::state::State;
use jbr::state::store::Store as _;

use crate::due::{LEFT_OF_WINDOW_MINUTES, Standing, is_free};
use crate::life::{Last, World};
use crate::night::{Misfortune, night, trouble};
use crate::schedule::Timer;
use crate::verdict;

/// For how long troubles that are drawn together come; between them there is quiet.
const WATCH: Duration = Duration::from_secs(6 * 3600);
/// One process in so many finds that something is held or released by hand.
const HOLDS_PERCENT: u64 = 5;

/// A job that must be started by the process that finds it due.
struct Due {
    address: JobAddress,
    id: String,
}

impl World {
    /// The whole story; `false` if a promise broke.
    pub(crate) fn weeks(&mut self, timer: Timer, is_plain: bool) -> bool {
        let start = self.clock.now();
        let end = later(start, timer.length);
        let (mut next_watch, mut number, mut is_calm) = (start, 0, true);
        let mut misfortunes = VecDeque::new();
        let mut is_fresh = false;
        while self.clock.now() < end {
            if self.clock.now() >= next_watch {
                next_watch = later(self.clock.now(), WATCH);
                is_calm = is_plain || self.dice.percent(40);
                misfortunes = self.watch(number, is_calm);
                number += 1;
            }
            if self.dice.percent(HOLDS_PERCENT) {
                self.somebody_holds(timer);
            }
            let misfortune = if self.dice.percent(50) { misfortunes.pop_front() } else { None };
            let is_calm = is_calm && misfortune.is_none();
            self.tick(misfortune.as_ref(), is_fresh, is_calm);
            if self.is_broken() {
                return false;
            }
            is_fresh = misfortune.as_ref().is_some_and(|misfortune| misfortune.is_fresh);
            self.until_the_next(timer, start, misfortune);
        }
        true
    }

    /// What goes wrong in the next hours.
    fn watch(&mut self, number: u64, is_calm: bool) -> VecDeque<Misfortune> {
        let now = self.clock.now();
        let coming = night(&mut self.dice, number);
        self.tell(|| format!("== watch {number}, calm: {is_calm}"));
        {
            let mut fleet = self.fleet.lock().unwrap();
            self.book.lock().unwrap().note_late_gates(&fleet);
            if is_calm {
                let names: Vec<String> = fleet.servers().iter().map(|server| server.name.clone()).collect();
                for name in names {
                    fleet.change(&name, now, |server| {
                        server.rules.clear();
                        server.outages.clear();
                    });
                }
            } else {
                trouble(&mut self.dice, &mut fleet, now);
            }
        }
        if is_calm {
            return VecDeque::new();
        }
        coming.clock.into_iter().for_each(|ahead| self.set_clock(ahead));
        (0..coming.plan_changes).for_each(|_| self.change_plan());
        coming.misfortunes.into()
    }

    /// The next time of the timer; after a misfortune somebody may have started it sooner.
    fn until_the_next(&mut self, timer: Timer, start: Timestamp, misfortune: Option<Misfortune>) {
        if let Some(misfortune) = misfortune {
            self.pass(misfortune.gap.min(timer.every));
            misfortune.clock.into_iter().for_each(|ahead| self.set_clock(ahead));
            if misfortune.changes_plan {
                self.change_plan();
            }
            return;
        }
        let passed = jbr::clock::elapsed(start, self.clock.now()).as_secs();
        let next = passed / timer.every.as_secs() + 1;
        self.pass_until(later(start, Duration::from_secs(next * timer.every.as_secs())));
    }

    /// One process, and what must be true after it.
    fn tick(&mut self, misfortune: Option<&Misfortune>, is_fresh: bool, is_calm: bool) {
        let began = self.clock.now();
        let due = if is_calm { self.due() } else { vec![] };
        let last = self.process(misfortune.map(|misfortune| misfortune.what), is_fresh);
        self.tell(|| format!("== {last:?}"));
        verdict::of_the_state(self);
        if self.is_broken() {
            return;
        }
        match last {
            Last::Ended(End::Complete, exit) => {
                self.count("nights");
                verdict::of_the_night(self, exit);
                self.nothing_is_missed(&due, began);
            }
            Last::Ended(End::WindowClosed { .. }, exit) => {
                self.window_is_closed(exit);
                self.nothing_is_missed(&due, began);
            }
            Last::Idle => {
                self.nobody_is_due();
                self.nothing_is_missed(&due, began);
            }
            Last::Shut => {
                self.nothing_may_start();
                self.nothing_is_missed(&due, began);
            }
            Last::Ended(End::Unsafe(_), _) => self.count("unsafe_ends"),
            Last::Ended(End::Interrupted, _) | Last::Died => {}
        }
    }

    /// Somebody holds a job, or releases one, as `jbr hold` and `jbr release` do.
    fn somebody_holds(&mut self, timer: Timer) {
        let wall = self.clock.now() + self.ahead;
        let job = self.dice.pick(&self.desired.jobs).address;
        let until = self.dice.percent(75).then(|| later(wall, self.dice.seconds(60, timer.length.as_secs() / 3)));
        let mut store = self.disk.open(self.clock.now());
        let Ok(state) = store.load() else { return };
        let mut state = state.unwrap_or_else(|| State::new("simulation".to_owned()));
        state.drop_expired_holds(wall);
        let mut book = self.book.lock().unwrap();
        book.held_by_hand.retain(|_, until| until.is_none_or(|until| wall < until));
        let released = state.holds.keys().next().cloned().filter(|_| self.dice.percent(50));
        if let Some(released) = released {
            state.holds.remove(&released);
            book.held_by_hand.remove(&released);
            book.figures.count("released_by_hand");
        } else {
            let hold = ByHand { user: "ana".to_owned(), since: wall, reason: "disk".to_owned(), until };
            state.holds.insert(job.clone(), hold);
            book.held_by_hand.insert(job, until);
            book.figures.count("held_by_hand");
        }
        store.commit(&mut state).unwrap();
        book.tell(self.clock.now(), || format!("== held by hand: {:?}", state.holds));
    }

    /// What must be started now if nothing goes wrong: due, not held, in an open window, and nothing in its way.
    fn due(&self) -> Vec<Due> {
        if !self.ahead.is_zero() {
            return vec![];
        }
        let (mut book, fleet) = (self.book.lock().unwrap(), self.fleet.lock().unwrap());
        let now = self.clock.now();
        let standing = Standing::new(&book, &fleet, &self.desired, (now, now), now, false);
        let mut due = Vec::new();
        for job in &self.desired.jobs {
            let is_due = job.every.is_some() && !standing.perhaps_young.contains(&job.address);
            let may = !standing.held.contains(&job.address) && job.after.is_empty() && !job.fits;
            if is_due
                && may
                && is_free(&fleet, &self.desired, job)
                && book.hours.is_open_for(&job.windows, now, LEFT_OF_WINDOW_MINUTES)
            {
                due.push(Due { address: job.address.clone(), id: job.id.to_string() });
            }
        }
        due
    }

    /// What was due when the process began, and is still, has been tried by it.
    fn nothing_is_missed(&self, due: &[Due], began: Timestamp) {
        if due.is_empty() || self.standing.as_ref().is_none_or(|standing| !standing.ahead.is_zero()) {
            return;
        }
        let still = self.due();
        let Some(state) = self.disk.load().unwrap() else { return };
        // Of the run that goes on, or of the one that is just over.
        let outcome_of = |address: &JobAddress| match &state.run {
            Some(run) => run.journal.outcome(address),
            None => state.history.last().and_then(|last| last.items.iter().find(|(job, _)| job == address)?.1.as_ref()),
        };
        let mut book = self.book.lock().unwrap();
        for Due { address, id } in due {
            let server = address.server.as_str();
            let is_sent = book.sends.iter().any(|send| send.at >= began && send.server == server && send.job == *id);
            let mut ends = book.groups_of(server, id).flat_map(|group| book.ends_of(server, &group.id));
            let has_run = ends.any(|end| end.at >= began);
            drop(ends);
            if is_sent || has_run {
                book.figures.count("due_and_started");
                continue;
            }
            // What was tried in a run and was not good is for the next run.
            let outcome = outcome_of(address);
            if outcome.is_some_and(|outcome| {
                outcome.verdict != jbr::execute::outcome::Verdict::Skipped && !outcome.verdict.is_good()
            }) {
                book.figures.count("due_in_the_next_run");
                continue;
            }
            let is_still = still.iter().any(|still| still.address == *address);
            book.ensure("nothing is missed", !is_still, || format!("{address} was due at {began}; {outcome:?}"));
        }
    }

    /// A process that finds nothing to do: each job is held, or has a good backup that may be young enough.
    fn nobody_is_due(&self) {
        self.count("nothing_due");
        let Some(standing) = &self.standing else { return };
        let mut book = self.book.lock().unwrap();
        for job in &self.desired.jobs {
            let is_fine = standing.is_kept_back(&job.address) || standing.perhaps_young.contains(&job.address);
            book.ensure("nothing is missed", is_fine, || format!("{} is due, and nothing was begun", job.address));
        }
    }

    /// A process that begins nothing because of windows: each job that is due may not start now, comes after another one, is to fit, or has
    /// had its turn in the run that goes on.
    fn nothing_may_start(&self) {
        self.count("windows_all_closed");
        let Some(standing) = &self.standing else { return };
        let run = self.disk.load().unwrap().and_then(|state| state.run);
        let now = self.clock.now() + standing.ahead;
        let mut book = self.book.lock().unwrap();
        for job in &self.desired.jobs {
            // Under the name that it had when the run began.
            let is_it = |item: &&Item| item.id == job.id && item.address.server == job.address.server;
            let entry =
                run.as_ref().and_then(|run| run.journal.entries.get(&run.queue.items.iter().find(is_it)?.address));
            let not_before = entry.and_then(|entry| entry.not_before).map_or(now, |at| at.max(now));
            let is_tried = match entry.map(|entry| &entry.phase) {
                Some(Phase::Done(outcome)) => job.every.is_none() || !outcome.verdict.is_good(),
                _ => false,
            };
            let is_fine = standing.held.contains(&job.address)
                || standing.perhaps_young.contains(&job.address)
                || !job.after.is_empty()
                || job.fits
                || is_tried
                || !is_free(&self.fleet.lock().unwrap(), &self.desired, job)
                || !book.hours.is_open(&job.windows, not_before);
            book.ensure("nothing is missed", is_fine, || format!("{} may start, and nothing was begun", job.address));
        }
    }

    /// A run that its windows have closed for: exit code 10, nothing under way, and something left that may not start now.
    fn window_is_closed(&self, exit: Option<Exit>) {
        self.count("window_ends");
        let run = self.disk.load().unwrap().and_then(|state| state.run);
        let mut book = self.book.lock().unwrap();
        let code = exit.map(Exit::code);
        book.ensure("exit code", code == Some(10), || format!("{code:?} where a window is closed"));
        let (Some(run), Some(standing)) = (run, &self.standing) else {
            return book.ensure("nothing is lost", false, || "no run where a window is closed".to_owned());
        };
        let is_under_way = run.queue.items.iter().any(|item| run.journal.phase(&item.address).is_in_flight());
        book.ensure("a closing window stops nothing", !is_under_way, || format!("{:?}", run.journal));
        let now = self.clock.now() + standing.ahead;
        let mut is_so = false;
        for item in run.queue.items.iter().filter(|item| run.journal.outcome(&item.address).is_none()) {
            // What is only watched, and is over before it was seen, is for the next process to forget.
            let Some(job) = self.desired.job(&item.address).filter(|job| job.id == item.id) else {
                is_so = true;
                continue;
            };
            is_so |= standing.held.contains(&job.address) || standing.perhaps_young.contains(&job.address);
            let not_before = run.journal.entries.get(&item.address).and_then(|entry| entry.not_before);
            let is_open = book.hours.is_open(&job.windows, not_before.map_or(now, |at| at.max(now)));
            is_so |= !is_open || job.fits;
            if is_open && job.fits {
                book.figures.count("kept_back_because_it_does_not_fit");
            }
        }
        book.ensure("exit code", is_so, || format!("10 at {now}, and every window is open: {:?}", run.queue));
    }
}
