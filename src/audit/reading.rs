//! One server's records as backups with a beginning and an end, and what is missing in them.

use std::time::Duration;

use super::backup::Backup;
use super::evidence::{Evidence, Records};
use super::finding::Gap;
use super::pairing::{Pairing, is_at_work};
use super::{Case, Counts, Period, address};
use crate::clock::{Timestamp, earlier, later};
use crate::inventory::guard::{Writes, writes};
use crate::jetbackup::facts::{Group, GroupStatus, Log};
use crate::names::{GroupId, JobId, LogId};

/// How long before the period a finished group may have been made and still have run in it, as far as a missing log goes. One
/// whose log is there is placed by its log, however old it is.
const LONGEST_BACKUP: Duration = Duration::from_secs(3 * 24 * 3600);

/// Whether a group may have run in the period, as far as its making and its status tell.
pub(super) fn may_have_run_in(group: &Group, period: Period) -> bool {
    let is_before = group.created.is_some_and(|created| created < earlier(period.from, LONGEST_BACKUP));
    let is_after = group.created.is_some_and(|created| created >= period.to);
    !is_after && (!is_before || is_at_work(group))
}

/// What the records of one server say.
pub(super) struct Reading {
    pub(super) backups: Vec<Backup>,
    pub(super) gaps: Vec<Gap>,
    pub(super) counts: Counts,
}

/// Reads the records of one server.
pub(super) fn read(case: &Case, evidence: &Evidence, records: &Records) -> Reading {
    let pairing = Pairing::of(records);
    let mut reader = Reader { case, evidence, records, backups: Vec::new(), gaps: Vec::new(), elsewhere: 0 };
    let oldest = records.logs.iter().filter_map(|log| log.started).min();
    if oldest.is_none_or(|oldest| oldest > case.period.from) {
        reader.gaps.push(Gap::LogsTooYoung { server: evidence.server.clone(), oldest });
    }
    reader.look_ahead();
    for log in &records.logs {
        reader.read_log(log, pairing.group_of(&log.id));
    }
    for group in &records.groups {
        reader.read_group(group, pairing.log_of(&group.id));
    }
    let counts = Counts { guarded: reader.backups.len(), elsewhere: reader.elsewhere, oldest };
    Reading { backups: reader.backups, gaps: reader.gaps, counts }
}

struct Reader<'a> {
    case: &'a Case<'a>,
    evidence: &'a Evidence,
    records: &'a Records,
    backups: Vec<Backup>,
    gaps: Vec<Gap>,
    elsewhere: usize,
}

impl Reader<'_> {
    /// The records were read before now. What they say of later was written by a clock that is ahead.
    fn look_ahead(&mut self) {
        let last = |log: &Log| log.started.max(log.ended);
        let furthest = self.records.logs.iter().filter_map(|log| Some((last(log)?, &log.id))).max();
        let Some((at, log)) = furthest.filter(|(at, _)| *at > later(self.case.now, self.case.tolerance)) else {
            return;
        };
        let (server, log) = (self.evidence.server.clone(), log.clone());
        self.gaps.push(Gap::FromTheFuture { server, log, at });
    }

    fn read_log(&mut self, log: &Log, group: Option<&Group>) {
        let id = log.job.as_ref().or(group.and_then(|group| group.job.as_ref()));
        let writes = self.writes(id);
        let server = self.evidence.server.clone();
        let period = self.case.period;
        let Some(started) = log.started else {
            let is_before = log.ended.is_some_and(|ended| ended <= period.from);
            if writes.counts() && !is_before {
                self.gaps.push(Gap::LogWithoutStart { server, log: log.id.clone(), id: id.cloned() });
            }
            return;
        };
        let first = log.ended.map_or(started, |ended| ended.min(started));
        let last = log.ended.map_or(self.case.now.max(started), |ended| ended.max(started));
        if !period.meets(first, last) {
            return;
        }
        if !writes.counts() {
            self.elsewhere += 1;
            return;
        }
        let runs = group.filter(|group| is_at_work(group));
        match (log.ended, runs) {
            (None, None) => {
                let (log, id) = (log.id.clone(), id.cloned());
                self.gaps.push(Gap::LogWithoutEnd { server, log, id, started });
                return;
            }
            (Some(ended), _) if ended < started => {
                self.gaps.push(Gap::LogBackwards { server, log: log.id.clone(), started, ended });
                return;
            }
            (Some(_), Some(group)) => {
                self.gaps.push(Gap::GroupNotOver { server, group: group.id.clone(), log: log.id.clone() });
            }
            (Some(_), None) | (None, Some(_)) => {}
        }
        self.backup(id, group.map(|group| &group.id), Some(&log.id), started, log.ended, writes);
    }

    /// A group whose log is there was read with it. Without, nobody knows when it ran.
    fn read_group(&mut self, group: &Group, log: Option<&Log>) {
        let writes = self.writes(group.job.as_ref());
        if log.is_some() || group.status == GroupStatus::Pending || !writes.counts() {
            return;
        }
        let (runs, period) = (is_at_work(group), self.case.period);
        if !may_have_run_in(group, period) {
            return;
        }
        if runs {
            // What it says of itself: it has been at it for this long, or at least it is now.
            let from = earlier(self.case.now, group.execution_time.unwrap_or_default());
            if period.meets(from, self.case.now) {
                self.backup(group.job.as_ref(), Some(&group.id), None, from, None, writes);
            }
        }
        self.gaps.push(Gap::GroupWithoutLog {
            server: self.evidence.server.clone(),
            group: group.id.clone(),
            id: group.job.clone(),
            created: group.created,
            runs,
        });
    }

    fn writes(&self, id: Option<&JobId>) -> Writes {
        writes(self.evidence.guard.as_ref(), id, &self.records.jobs)
    }

    fn backup(
        &mut self,
        id: Option<&JobId>,
        group: Option<&GroupId>,
        log: Option<&LogId>,
        from: Timestamp,
        to: Option<Timestamp>,
        writes: Writes,
    ) {
        let server = self.evidence.server.clone();
        let listed = id.and_then(|id| self.records.jobs.iter().find(|job| job.id == *id));
        self.backups.push(Backup {
            address: id.and_then(|id| address(self.case.desired, &server, id)),
            name: listed.map(|job| job.name.clone()),
            id: id.cloned(),
            group: group.cloned(),
            log: log.cloned(),
            server,
            from,
            to,
            writes,
        });
    }
}
