//! What happens next on a server, derived from what it has: there is no agenda that could disagree with it.

use super::dialect::{Stopping, WhileDisabled};
use super::group::{Group, Phase};
use super::moment::{ABORTED, Moment};
use super::server::Server;
use crate::clock::Timestamp;

/// Backups (documented).
const TYPE_BACKUP: i64 = 1;

/// Something that is due, by place. The order of the variants is the order within one moment: what ends frees its fork
/// before anything starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Reboot(usize),
    Finish(usize),
    Stop(usize),
    LateCommand(usize),
    Schedule(usize, usize),
    Foreign(usize),
    Rerun(usize),
    Appear(usize),
    Start(usize),
}

impl Server {
    /// The first thing that is due, and when. Never before `now`: what could not happen earlier happens now.
    pub(super) fn next_due(&self, now: Timestamp) -> Option<(Timestamp, Due)> {
        let reboots = self.reboots.iter().enumerate().map(|(i, reboot)| (reboot.at, Due::Reboot(i)));
        let late = self.late.iter().enumerate().map(|(i, late)| (late.at, Due::LateCommand(i)));
        let foreign = self.foreign.iter().enumerate().map(|(i, f)| (self.not_restarting(f.at), Due::Foreign(i)));
        let reruns = self.reruns.iter().enumerate().map(|(i, at)| (self.not_restarting(*at), Due::Rerun(i)));
        let coming = self.coming.iter().enumerate().map(|(i, c)| (self.not_restarting(c.at), Due::Appear(i)));
        let groups = self.groups.iter().enumerate().flat_map(|(i, group)| self.due_of_group(i, group));
        let all =
            reboots.chain(late).chain(foreign).chain(reruns).chain(coming).chain(self.schedules_due()).chain(groups);
        all.map(|(at, due)| (at.max(now), due)).min()
    }

    fn schedules_due(&self) -> impl Iterator<Item = (Timestamp, Due)> {
        self.jobs.iter().enumerate().flat_map(|(j, job)| {
            let next = job.schedules.iter().map(|schedule| schedule.next).enumerate();
            next.filter_map(move |(s, next)| next.map(|at| (at, Due::Schedule(j, s))))
        })
    }

    fn due_of_group(&self, place: usize, group: &Group) -> impl Iterator<Item = (Timestamp, Due)> + use<> {
        let finish = group.ends_at().map(|at| (at, Due::Finish(place)));
        let stop = group.stops_at.map(|at| (at, Due::Stop(place)));
        let start = match group.phase {
            Phase::Pending { ready, .. } if self.may_start(group) => {
                Some((self.not_restarting(ready), Due::Start(place)))
            }
            _ => None,
        };
        [finish, stop, start].into_iter().flatten()
    }

    /// Whether nothing but time keeps a waiting group from starting. `backup_forks` is a limit of this server only, and only
    /// of backups (documented).
    fn may_start(&self, group: &Group) -> bool {
        let running = self.groups.iter().filter(|other| other.kind == TYPE_BACKUP && other.is_running()).count();
        let fork_is_free = group.kind != TYPE_BACKUP || running < self.forks.max(1);
        let waits = self.dialect.while_disabled == WhileDisabled::Waits;
        fork_is_free && !(waits && self.all_are_disabled(&group.destinations))
    }

    fn all_are_disabled(&self, destinations: &[String]) -> bool {
        let mut known = destinations.iter().filter_map(|id| self.destination_of(id)).peekable();
        known.peek().is_some() && known.all(|destination| destination.disabled)
    }

    fn not_restarting(&self, at: Timestamp) -> Timestamp {
        self.up_at.map_or(at, |up| up.max(at))
    }
}

impl Moment<'_> {
    /// Makes what is due happen.
    pub(super) fn happen(&mut self, due: Due) {
        match due {
            Due::Reboot(i) => {
                let reboot = self.server.reboots.remove(i);
                self.restart(reboot);
            }
            Due::Finish(i) => {
                let status = self.server.groups.get(i).map_or(ABORTED, |group| group.execution.status);
                self.finish(i, status);
            }
            Due::Stop(i) => self.stop_takes_effect(i),
            Due::LateCommand(i) => {
                let late = self.server.late.remove(i);
                // A command that arrives in the middle of a restart finds nobody.
                if !self.server.is_restarting(self.now) {
                    self.account.went_wrong("late_arrival");
                    self.perform(&late.invocation);
                }
            }
            Due::Schedule(job, schedule) => self.fire(job, schedule),
            Due::Foreign(i) => {
                let group = self.server.foreign.remove(i);
                self.appear_foreign(group);
            }
            Due::Rerun(i) => {
                self.server.reruns.remove(i);
                self.rerun_newest();
            }
            Due::Appear(i) => {
                let coming = self.server.coming.remove(i);
                self.appear(coming);
            }
            Due::Start(i) => self.start(i),
        }
    }

    fn stop_takes_effect(&mut self, place: usize) {
        let finishes = self.server.dialect.stopping == Stopping::FinishesFirst;
        let Some(group) = self.server.groups.get_mut(place) else { return };
        group.stops_at = None;
        if group.is_unfinished() && !(finishes && group.is_running()) {
            self.finish(place, ABORTED);
        }
    }
}
