//! How far a run is: a fold over its events, for the live line, the log and the heartbeat.

use std::collections::BTreeMap;

use super::stage::{Lateness, Stage, Tracked, Watch};
use crate::clock::Timestamp;
use crate::execute::event::Event;
use crate::execute::journal::{Journal, WaitReason};
use crate::names::{GroupId, JobAddress, ServerName};
use crate::queue::{Item, Queue};

/// How far a run is, as far as its events have told.
#[derive(Debug, Clone)]
pub struct Progress {
    pub(super) queue: Queue,
    pub(super) items: Vec<Tracked>,
    pub(super) waiting: Option<(Timestamp, WaitReason)>,
    pub(super) unreachable: BTreeMap<ServerName, (Timestamp, String)>,
}

impl Progress {
    /// The progress of a run that begins, or goes on, with this queue and journal.
    #[must_use]
    pub fn new(queue: &Queue, journal: &Journal) -> Self {
        let items = queue.items.iter().map(|item| Tracked {
            address: item.address.clone(),
            stage: Stage::from(journal.phase(&item.address)),
            usual: item.usual,
        });
        Self { items: items.collect(), queue: queue.clone(), waiting: None, unreachable: BTreeMap::new() }
    }

    /// Takes one event in.
    pub fn hear(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Waiting { next: _, reason } => self.waiting = Some((at, reason.clone())),
            Event::Reachable(server) => {
                self.unreachable.remove(server);
                if matches!(&self.waiting, Some((_, WaitReason::Unreachable { server: awaited, .. })) if awaited == server)
                {
                    self.waiting = None;
                }
            }
            Event::Unreachable { server, why } => {
                self.unreachable.entry(server.clone()).or_insert_with(|| (at, why.clone()));
            }
            Event::Opened { .. } | Event::Closed { .. } | Event::LeftOpen { .. } => self.waiting = None,
            Event::Triggering { job, attempt: _, unasked: _ } => self.enter(job, Stage::Triggered { at }),
            Event::TriggerNotSent { job, .. } | Event::EndedBefore { job, .. } | Event::Retrying { job, .. } => {
                self.enter(job, Stage::Left);
            }
            Event::Started { job, group } => {
                let since = match self.stage(job) {
                    Some(Stage::Triggered { at }) => *at,
                    Some(Stage::Left | Stage::Running(_) | Stage::Confirming { .. } | Stage::Done(_)) | None => at,
                };
                self.enter(job, Stage::Running(Watch::new(group.clone(), since, false)));
            }
            Event::Adopted { job, group, late: _ } => {
                self.enter(job, Stage::Running(Watch::new(group.clone(), at, true)));
            }
            Event::Progress { job, percent, pending } => self.watch(job, |watch| {
                watch.percent = *percent;
                watch.pending = *pending;
            }),
            Event::Overdue { job, group: _, released } => {
                self.watch(job, |watch| watch.lateness = Lateness::of(true, *released));
            }
            Event::Done { job, outcome } => self.enter(job, Stage::Done(outcome.clone())),
            Event::TriggerLost { .. }
            | Event::Stopping { .. }
            | Event::StopUnseen { .. }
            | Event::Overlapped(_)
            | Event::Ended(_) => {}
        }
    }

    fn enter(&mut self, address: &JobAddress, stage: Stage) {
        self.waiting = None;
        if let Some(tracked) = self.items.iter_mut().find(|tracked| tracked.address == *address) {
            tracked.stage = stage;
        }
    }

    fn watch(&mut self, address: &JobAddress, change: impl FnOnce(&mut Watch)) {
        let tracked = self.items.iter_mut().find(|tracked| tracked.address == *address);
        if let Some(Tracked { stage: Stage::Running(watch), .. }) = tracked {
            change(watch);
        }
    }

    fn stage(&self, address: &JobAddress) -> Option<&Stage> {
        self.tracked(address).map(|tracked| &tracked.stage)
    }

    pub(super) fn tracked(&self, address: &JobAddress) -> Option<&Tracked> {
        self.items.iter().find(|tracked| tracked.address == *address)
    }

    pub(super) fn item(&self, address: &JobAddress) -> Option<&Item> {
        self.queue.item(address)
    }

    /// The items whose turn has not come, in order.
    pub(super) fn left(&self) -> impl Iterator<Item = &Tracked> {
        self.items.iter().filter(|tracked| tracked.stage == Stage::Left)
    }

    /// The backups that are watched, in order.
    pub(super) fn running(&self) -> impl Iterator<Item = (&Tracked, &Watch)> {
        self.items.iter().filter_map(|tracked| match &tracked.stage {
            Stage::Running(watch) => Some((tracked, watch)),
            Stage::Left | Stage::Triggered { .. } | Stage::Confirming { .. } | Stage::Done(_) => None,
        })
    }

    /// How many items have their outcome, and how many of these are good backups.
    pub(super) fn done(&self) -> (usize, usize) {
        let outcomes = self.items.iter().filter_map(|tracked| match &tracked.stage {
            Stage::Done(outcome) => Some(outcome.verdict.is_good()),
            Stage::Left | Stage::Triggered { .. } | Stage::Running(_) | Stage::Confirming { .. } => None,
        });
        outcomes.fold((0, 0), |(all, good), is_good| (all + 1, good + usize::from(is_good)))
    }

    /// Whether a backup of this run is, or may be, under way on a server.
    pub(super) fn has_backup_on(&self, server: &ServerName) -> bool {
        self.items.iter().filter(|tracked| tracked.address.server == *server).any(|tracked| match &tracked.stage {
            Stage::Triggered { .. } | Stage::Running(_) => true,
            Stage::Left | Stage::Confirming { .. } | Stage::Done(_) => false,
        })
    }

    /// The job of this run that a group belongs to.
    pub(super) fn job_of(&self, server: &ServerName, group: &GroupId) -> Option<&JobAddress> {
        let is_it = |tracked: &&Tracked| match &tracked.stage {
            Stage::Running(watch) => watch.group == *group,
            Stage::Done(outcome) => outcome.group.as_ref() == Some(group),
            Stage::Left | Stage::Triggered { .. } | Stage::Confirming { .. } => false,
        };
        let mut on_server = self.items.iter().filter(|tracked| tracked.address.server == *server);
        on_server.find(is_it).map(|tracked| &tracked.address)
    }
}
