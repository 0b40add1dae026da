//! The time before a proposal: what is under way, when each item's windows are open, and what a job comes after that is not queued.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::{Timestamp, earlier, elapsed, later};
use crate::desired::{Desired, Job};
use crate::diff::{Choice, Diff};
use crate::execute::Journal;
use crate::execute::journal::Phase;
use crate::forecast::{Is, UnderWay};
use crate::inventory::Inventory;
use crate::jetbackup::facts::GroupStatus;
use crate::names::{GroupId, JobAddress, WindowName};
use crate::queue::build::HORIZON;
use crate::queue::{Item, Queue};
use crate::seen::Seen;
use crate::window::{Opening, Window, openings};

/// When an item's windows are open, as of the proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The windows in which it may start, as the plan names them.
    pub windows: Vec<WindowName>,
    /// The opening that the proposal was made in.
    pub open: Option<Open>,
    /// The next one, not counting that, which holds it.
    pub next: Option<Open>,
    /// How much of an opening must be left for it (`fits`); `None` if any.
    pub needs: Option<Duration>,
    /// Whether the one that is open holds it.
    pub is_held: bool,
}

/// An opening, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// Those of its windows that are open at the beginning of it.
    pub windows: Vec<WindowName>,
    /// When it opens; the time of the proposal for one that is open.
    pub from: Timestamp,
    /// When it closes; `None` if not as far ahead as windows are worked out.
    pub to: Option<Timestamp>,
}

/// A job that another one comes after, and that is not in its queue: nobody waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAwaited {
    /// Which one.
    pub job: JobAddress,
    /// Why it is not queued.
    pub why: NotQueued,
}

/// Why a job is not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotQueued {
    /// Its last good backup is young enough.
    Fresh,
    /// It is held.
    Held,
    /// It was not asked for.
    NotAskedFor,
    /// Its server has no such job.
    Missing,
}

/// What is, or may be, under way of the items that are not done: by the journal, and by what the servers show.
pub(super) fn under_way(
    inventory: &Inventory,
    diff: &Diff,
    queue: &Queue,
    journal: &Journal,
    now: Timestamp,
) -> BTreeMap<JobAddress, UnderWay> {
    let of = |item: &Item| {
        let state = |since, is| Some(UnderWay { since, is });
        match journal.phase(&item.address) {
            Phase::Done(_) => None,
            Phase::Triggered(triggered) => state(triggered.at, Is::Running),
            Phase::Running(running) => state(running.since, if running.released { Is::Released } else { Is::Running }),
            Phase::Confirming(confirming) => {
                state(confirming.running.since, if confirming.status.is_some() { Is::Over } else { Is::Running })
            }
            Phase::Queued | Phase::Preparing => adopted(inventory, diff, item, now),
        }
    };
    queue.items.iter().filter_map(|item| Some((item.address.clone(), of(item)?))).collect()
}

fn adopted(inventory: &Inventory, diff: &Diff, item: &Item, now: Timestamp) -> Option<UnderWay> {
    let decision = diff.decisions.iter().find(|decision| decision.address == item.address)?;
    let Choice::Adopt { group, status, percent: _ } = &decision.verdict else { return None };
    let is = if *status == GroupStatus::Pending { Is::Pending } else { Is::Running };
    Some(UnderWay { since: earlier(now, ran(inventory, item, group)), is })
}

/// How long the server says that a group has run.
fn ran(inventory: &Inventory, item: &Item, id: &GroupId) -> Duration {
    let groups = inventory.of(&item.address.server).map(|view| view.groups.as_ref());
    let Some(Seen::Known(groups)) = groups else { return Duration::ZERO };
    groups.iter().find(|group| group.id == *id).and_then(|group| group.execution_time).unwrap_or_default()
}

/// When the windows of each item are open that has any and has not begun.
pub(super) fn access(
    desired: &Desired,
    queue: &Queue,
    journal: &Journal,
    under_way: &BTreeMap<JobAddress, UnderWay>,
    now: Timestamp,
) -> BTreeMap<JobAddress, Access> {
    let of = |item: &Item| {
        let job = desired.job(&item.address).filter(|job| job.id == item.id && !job.windows.is_empty())?;
        let has_begun = journal.outcome(&item.address).is_some() || under_way.contains_key(&item.address);
        (!has_begun).then(|| (item.address.clone(), Access::of(job, item, now)))
    };
    queue.items.iter().filter_map(of).collect()
}

impl Access {
    fn of(job: &Job, item: &Item, now: Timestamp) -> Self {
        let needed = item.fits.unwrap_or_default();
        let holds = |opening: &&Opening| elapsed(opening.from, opening.to) >= needed;
        let all = || item.openings.iter().flatten();
        let end = later(now, HORIZON);
        let open = |opening: &Opening| Open {
            windows: open_at(&job.windows, opening.from),
            from: opening.from,
            to: Some(opening.to).filter(|to| *to < end),
        };
        let current = all().find(|opening| opening.contains(now));
        Self {
            windows: names(&job.windows.iter().collect::<Vec<_>>()),
            open: current.map(open),
            next: all().filter(|opening| opening.from > now).find(holds).map(open),
            needs: item.fits,
            is_held: current.as_ref().is_some_and(holds),
        }
    }
}

/// Those of the windows that are open at a moment.
fn open_at(windows: &[Window], at: Timestamp) -> Vec<WindowName> {
    let is_open = |window: &&Window| !openings(std::slice::from_ref(*window), at, Duration::from_secs(1)).is_empty();
    names(&windows.iter().filter(is_open).collect::<Vec<_>>())
}

fn names(windows: &[&Window]) -> Vec<WindowName> {
    windows.iter().map(|window| window.name.clone()).collect()
}

/// What each item comes after by the plan, and does not wait for, since it is not queued.
pub(super) fn not_awaited(
    desired: &Desired,
    diff: &Diff,
    queue: &Queue,
    journal: &Journal,
) -> BTreeMap<JobAddress, Vec<NotAwaited>> {
    let why = |address: &JobAddress| {
        let decision = diff.decisions.iter().find(|decision| decision.address == *address);
        match decision.map(|decision| &decision.verdict) {
            None => NotQueued::NotAskedFor,
            Some(verdict) if verdict.is_held() => NotQueued::Held,
            Some(Choice::Missing { .. }) => NotQueued::Missing,
            Some(_) => NotQueued::Fresh,
        }
    };
    let of = |item: &Item| {
        let job = desired.job(&item.address).filter(|job| job.id == item.id)?;
        let is_left = matches!(journal.phase(&item.address), Phase::Queued | Phase::Preparing);
        let apart = job.after.iter().filter(|after| is_left && queue.item(&after.job).is_none());
        let apart: Vec<NotAwaited> =
            apart.map(|after| NotAwaited { job: after.job.clone(), why: why(&after.job) }).collect();
        (!apart.is_empty()).then(|| (item.address.clone(), apart))
    };
    queue.items.iter().filter_map(of).collect()
}
