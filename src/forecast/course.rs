//! The queue gone through in a world in which every backup succeeds and takes what is expected of it. It picks the next item as the machine
//! does, by the machine's own rules of when one may start.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Basis, Is, Pause, UnderWay, Unknown};
use crate::clock::{Timestamp, elapsed, later};
use crate::execute::outcome::Verdict;
use crate::execute::step::{Chance, chance, is_enough};
use crate::names::JobAddress;
use crate::queue::{Item, Usual};

/// How the course of a queue went.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// Its items in the order in which they began.
    pub(super) legs: Vec<Leg>,
    /// When nothing could start, the first time.
    pub(super) pause: Option<Pause>,
    /// What found a window open that did not hold it, and when that closes.
    pub(super) squeezed: BTreeMap<JobAddress, Timestamp>,
}

/// One item's part of it.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) address: JobAddress,
    pub(super) start: Option<Timestamp>,
    pub(super) end: Option<Timestamp>,
    pub(super) takes: Option<Duration>,
    pub(super) unknown: Option<Unknown>,
}

/// A way through the queue.
pub(super) struct Course<'a> {
    basis: &'a Basis<'a>,
    /// What a backup takes of what it usually takes.
    pace: fn(Usual) -> Duration,
    run: Run,
    /// When what is under way, or was started, ends; `None` where that is not known.
    ends: BTreeMap<JobAddress, Option<Timestamp>>,
    /// When the slot is free, or behind whom that is not known.
    free: Result<Timestamp, JobAddress>,
}

/// When an item may start at a moment.
enum Ready {
    Now,
    /// When something runs out that is no window: a wait, or a backup beside the queue.
    At(Timestamp),
    /// When a window opens.
    Opens(Timestamp),
    Never,
    /// After one of the queue that has not begun.
    Behind(JobAddress),
    /// After one that runs beside the queue for nobody knows how long.
    BehindUnknown(JobAddress),
}

impl<'a> Course<'a> {
    pub(super) fn new(basis: &'a Basis<'a>, pace: fn(Usual) -> Duration) -> Self {
        Self { basis, pace, run: Run::default(), ends: BTreeMap::new(), free: Ok(basis.now) }
    }

    /// Goes through it.
    pub(super) fn run(mut self) -> Run {
        let basis = self.basis;
        let left = basis.queue.items.iter().filter(|item| basis.journal.outcome(&item.address).is_none());
        let (under_way, mut waiting): (Vec<&Item>, Vec<&Item>) =
            left.partition(|item| basis.under_way.contains_key(&item.address));
        for item in under_way {
            if let Some(state) = basis.under_way.get(&item.address) {
                self.watch(item, *state);
            }
        }
        let skipped = self.take_what_is_skipped(&mut waiting);
        // Each turn starts an item, or goes on to a moment at which one may start or one that ran beside is over.
        for _ in 0..=basis.queue.items.len() * 4 {
            if waiting.is_empty() || !self.turn(&mut waiting) {
                break;
            }
        }
        self.give_up(&waiting);
        self.run.legs.extend(skipped);
        self.run
    }

    /// One that is under way ends as those of its past did that took longer than it has taken by now.
    fn watch(&mut self, item: &Item, state: UnderWay) {
        let now = self.basis.now;
        let ran = if state.is == Is::Pending { Duration::ZERO } else { elapsed(state.since, now) };
        let history = self.basis.histories.get(&item.address);
        let usual = history.map_or(item.usual.filter(|usual| usual.median > ran), |history| history.usual_beyond(ran));
        let takes = match state.is {
            Is::Over => Some(Duration::ZERO),
            Is::Running | Is::Released | Is::Pending => usual.map(|usual| (self.pace)(usual).saturating_sub(ran)),
        };
        let unknown = takes.is_none().then(|| match self.basis.usual(&item.address) {
            Some(_) => Unknown::LongerThanEver,
            None => Unknown::NeverRan,
        });
        let end = takes.map(|takes| later(now, takes));
        self.ends.insert(item.address.clone(), end);
        if state.is != Is::Released {
            self.free = match (&self.free, end) {
                (Ok(free), Some(end)) => Ok(end.max(*free)),
                (Ok(_), None) => Err(item.address.clone()),
                (Err(behind), _) => Err(behind.clone()),
            };
        }
        self.run.legs.push(Leg { address: item.address.clone(), start: Some(now), end, takes, unknown });
    }

    /// What comes after something that did not end as it must is skipped, and so on down the chain.
    fn take_what_is_skipped(&self, waiting: &mut Vec<&Item>) -> Vec<Leg> {
        let mut skipped: BTreeMap<JobAddress, JobAddress> = BTreeMap::new();
        for item in waiting.iter() {
            let bad = item.after.iter().find(|after| match self.basis.journal.outcome(&after.job) {
                _ if self.basis.queue.item(&after.job).is_none() => false,
                Some(outcome) => !is_enough(after.when, outcome.verdict),
                None => skipped.contains_key(&after.job) && !is_enough(after.when, Verdict::Skipped),
            });
            if let Some(bad) = bad {
                skipped.insert(item.address.clone(), bad.job.clone());
            }
        }
        let unknown = |address: &JobAddress| skipped.get(address).map(|bad| Unknown::Skipped(bad.clone()));
        let legs = waiting.iter().filter_map(|item| Some(nameless(item, unknown(&item.address)?, None))).collect();
        waiting.retain(|item| !skipped.contains_key(&item.address));
        legs
    }

    /// Starts the next item, or goes on to when there is one; whether there is more to do.
    fn turn(&mut self, waiting: &mut Vec<&Item>) -> bool {
        let Ok(at) = self.free else { return false };
        let not_begun: BTreeSet<&JobAddress> = waiting.iter().map(|item| &item.address).collect();
        let ready: Vec<Ready> = waiting.iter().map(|item| self.ready(item, &not_begun, at)).collect();
        if let Some(next) = ready.iter().position(|ready| matches!(ready, Ready::Now)) {
            self.note_squeezed(&waiting[..next], at);
            self.start(waiting.remove(next), at);
            return true;
        }
        self.note_squeezed(waiting, at);
        let runs_out = ready.iter().filter_map(|r| if let Ready::At(at) = r { Some(*at) } else { None }).min();
        let opens = ready.iter().filter_map(|r| if let Ready::Opens(at) = r { Some(*at) } else { None }).min();
        if runs_out.is_none() && !self.runs_beside(at) && self.run.pause.is_none() {
            self.run.pause = Some(Pause { at, opens });
        }
        // Until what runs beside is over, the run goes on; then it may have nothing to do before a window opens.
        let beside = self.ends.values().flatten().copied().filter(|end| *end > at).min();
        match [runs_out, beside, opens].into_iter().flatten().min() {
            Some(then) => self.free = Ok(then),
            None => return false,
        }
        true
    }

    fn ready(&self, item: &Item, not_begun: &BTreeSet<&JobAddress>, at: Timestamp) -> Ready {
        let mut over = at;
        for after in &item.after {
            if not_begun.contains(&after.job) {
                return Ready::Behind(after.job.clone());
            }
            match self.ends.get(&after.job) {
                Some(Some(end)) => over = over.max(*end),
                Some(None) => return Ready::BehindUnknown(after.job.clone()),
                None => {}
            }
        }
        if over > at {
            return Ready::At(over);
        }
        let not_before = self.basis.journal.entries.get(&item.address).and_then(|entry| entry.not_before);
        match chance(item, not_before, at) {
            Chance::Now => Ready::Now,
            Chance::AfterWait(at) => Ready::At(at),
            Chance::InWindow(at) => Ready::Opens(at),
            Chance::Never | Chance::Behind => Ready::Never,
        }
    }

    /// Whether a backup beside the queue keeps the run from being over.
    fn runs_beside(&self, at: Timestamp) -> bool {
        self.ends.values().any(|end| end.is_none_or(|end| end > at))
    }

    fn start(&mut self, item: &Item, at: Timestamp) {
        let takes = self.basis.usual(&item.address).map(self.pace);
        let end = takes.map(|takes| later(at, takes));
        self.ends.insert(item.address.clone(), end);
        self.free = end.ok_or_else(|| item.address.clone());
        let unknown = end.is_none().then_some(Unknown::NeverRan);
        self.run.legs.push(Leg { address: item.address.clone(), start: Some(at), end, takes, unknown });
    }

    /// Remembers what would start, were its window longer.
    fn note_squeezed(&mut self, passed: &[&Item], at: Timestamp) {
        for item in passed {
            let is_over = |job: &JobAddress| match self.ends.get(job) {
                Some(end) => end.is_some_and(|end| end <= at),
                None => self.basis.journal.outcome(job).is_some() || self.basis.queue.item(job).is_none(),
            };
            let openings = item.openings.iter().flatten();
            if let Some(open) = openings.clone().find(|opening| opening.contains(at))
                && item.after.iter().all(|after| is_over(&after.job))
                && matches!(chance(item, None, at), Chance::InWindow(_) | Chance::Never)
            {
                self.run.squeezed.entry(item.address.clone()).or_insert(open.to);
            }
        }
    }

    /// What is left when nobody knows when the slot is free, or when nothing may start any more.
    fn give_up(&mut self, waiting: &[&Item]) {
        let at = self.free.as_ref().map_or(self.basis.now, |at| *at);
        let not_begun: BTreeSet<&JobAddress> = waiting.iter().map(|item| &item.address).collect();
        for item in waiting {
            let unknown = match (self.ready(item, &not_begun, at), &self.free) {
                // Whatever else could start has had its turn.
                (Ready::Never, _) | (Ready::Now | Ready::At(_) | Ready::Opens(_), Ok(_)) => Unknown::NoOpening,
                (_, Err(behind)) => Unknown::Behind(behind.clone()),
                (Ready::BehindUnknown(job), Ok(_)) => Unknown::Behind(job),
                (Ready::Behind(job), Ok(_)) => Unknown::After(job),
            };
            let takes = self.basis.usual(&item.address).map(self.pace);
            self.run.legs.push(nameless(item, unknown, takes));
        }
    }
}

/// An item of which no time can be named.
fn nameless(item: &Item, unknown: Unknown, takes: Option<Duration>) -> Leg {
    Leg { address: item.address.clone(), start: None, end: None, takes, unknown: Some(unknown) }
}
