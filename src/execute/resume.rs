//! Going on: an interrupted run meets the queue of today.
//!
//! What is done stays done, what is under way is watched, and the rest is today's queue. Jobs that are gone are dropped unless a backup of
//! theirs may still run; new ones join at their place.

use std::collections::{BTreeMap, BTreeSet};

use super::journal::{Entry, Journal, Phase};
use super::outcome::Verdict;
use crate::names::{JobAddress, JobId};
use crate::queue::{Item, Queue};

/// A queue and a journal that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// Today's order, after what is left of the interrupted run and is in no plan any more.
    pub queue: Queue,
    /// The interrupted run's journal, without the items that are gone.
    pub journal: Journal,
}

/// Resumes: what ran in the interrupted run stays done; what was skipped, because its server was out of reach or it was disabled,
/// gets another chance. Triggers without an effect, and tries, go on being counted: a crash is no reason for more of them.
#[must_use]
pub fn resume(old: &Queue, journal: &Journal, today: Queue) -> Merged {
    let (old, journal) = &under_todays_names(old, journal, &today);
    let mut merged = merge(old, journal, today, |_, phase| match phase {
        Phase::Queued | Phase::Preparing => false,
        Phase::Triggered(_) | Phase::Running(_) | Phase::Confirming(_) => true,
        Phase::Done(outcome) => outcome.verdict != Verdict::Skipped,
    });
    for item in &merged.queue.items {
        let is_same = old.item(&item.address).is_some_and(|old| old.id == item.id);
        if let Some(entry) = journal.entries.get(&item.address)
            && is_same
            && (entry.triggers > 0 || entry.attempts > 0)
            && matches!(entry.phase, Phase::Queued | Phase::Preparing)
        {
            *merged.journal.entry_mut(&item.address) = Entry { phase: Phase::Queued, ..entry.clone() };
        }
    }
    merged
}

/// What has become of a backup of the run that is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was seen to run.
    UnderWay,
    /// Its server shows nothing of it under way any more.
    Over,
    /// It may run: its server cannot be asked, its group has vanished, or its trigger may yet have an effect.
    Unknown,
}

/// Starts over: only what is under way, or may be, is taken along. What ended meanwhile belongs to the run that is closed.
#[must_use]
pub fn start_over(
    old: &Queue,
    journal: &Journal,
    today: Queue,
    standing: impl Fn(&Item, &Phase) -> Standing,
) -> Merged {
    let (old, journal) = &under_todays_names(old, journal, &today);
    let standing = |item: &Item, phase: &Phase| {
        if phase.is_in_flight() { standing(item, phase) } else { Standing::Over }
    };
    let todays: BTreeSet<(JobAddress, JobId)> =
        today.items.iter().map(|item| (item.address.clone(), item.id.clone())).collect();
    // A job that has left the plan is not started anew: its outcome is all that is to come of it.
    let is_todays = |item: &Item| todays.contains(&(item.address.clone(), item.id.clone()));
    let mut merged = merge(old, journal, today, |item, phase| standing(item, phase) != Standing::Over);
    for (address, entry) in &mut merged.journal.entries {
        let item = old.item(address).filter(|item| is_todays(item));
        entry.inherited = item.is_some_and(|item| standing(item, &entry.phase) == Standing::Unknown);
        // Not this run's, and maybe by another clock.
        entry.first_trigger = None;
    }
    merged
}

/// The interrupted run with the names that its jobs have today: a job is its server's id, and one that was renamed is still the same. Where
/// its new name was another job's, the one that may be under way keeps it.
fn under_todays_names(old: &Queue, journal: &Journal, today: &Queue) -> (Queue, Journal) {
    under_names(old, journal, |item| {
        let is_same = |new: &&Item| new.id == item.id && new.address.server == item.address.server;
        today.items.iter().find(is_same).map(|new| new.address.clone())
    })
}

/// An interrupted run with other names for its jobs, where there are any; of two jobs that come to have one name, the one that may be under
/// way keeps it. The plan knows names of jobs that are in no queue today, and what was done of them must not be lost to another's.
#[must_use]
pub fn under_names(old: &Queue, journal: &Journal, name: impl Fn(&Item) -> Option<JobAddress>) -> (Queue, Journal) {
    let mut queue = Queue { items: Vec::new(), ..old.clone() };
    let mut renamed = Journal { entries: BTreeMap::new(), ..journal.clone() };
    let (in_flight, rest): (Vec<&Item>, Vec<&Item>) =
        old.items.iter().partition(|item| journal.phase(&item.address).is_in_flight());
    for item in in_flight.into_iter().chain(rest) {
        let address = name(item).unwrap_or_else(|| item.address.clone());
        if queue.item(&address).is_some() {
            continue;
        }
        if let Some(entry) = journal.entries.get(&item.address) {
            renamed.entries.insert(address.clone(), entry.clone());
        }
        queue.items.push(Item { address, ..item.clone() });
    }
    let place =
        |item: &Item| old.items.iter().position(|old| old.id == item.id && old.address.server == item.address.server);
    queue.items.sort_by_key(place);
    (queue, renamed)
}

/// Today's queue with the items of the old one whose phase is to be kept.
fn merge(old: &Queue, journal: &Journal, today: Queue, is_kept: impl Fn(&Item, &Phase) -> bool) -> Merged {
    let kept: Vec<&Item> = old.items.iter().filter(|item| is_kept(item, journal.phase(&item.address))).collect();
    // An address whose id changed is another job. One that is under way is seen to its end all the same, and today's waits for
    // the next run; one that is done does not count for today's.
    let is_same = |item: &Item| kept.iter().any(|old| old.address == item.address && old.id == item.id);
    let in_flight =
        |address: &JobAddress| !matches!(journal.phase(address), Phase::Done(_) | Phase::Queued | Phase::Preparing);
    let stays = |item: &&&Item| {
        let today = today.items.iter().find(|new| new.address == item.address);
        today.is_none_or(|new| new.id != item.id && in_flight(&item.address))
    };
    // Today's plan does not want it started: it has left the plan, or is held, or young enough.
    let left: Vec<Item> = kept.iter().filter(stays).map(|item| (*item).clone().only_watched()).collect();
    let left_addresses: BTreeSet<JobAddress> = left.iter().map(|item| item.address.clone()).collect();
    let todays: Vec<Item> =
        today.items.iter().filter(|item| !left_addresses.contains(&item.address)).cloned().collect();
    let mut journal = journal.clone();
    journal.entries.retain(|address, _| {
        left_addresses.contains(address) || todays.iter().any(|item| item.address == *address && is_same(item))
    });
    let items = left.into_iter().chain(todays).collect();
    Merged { queue: Queue { items, ..today }, journal }
}
