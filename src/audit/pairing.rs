//! Which log belongs to which queue group.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::evidence::Records;
use crate::jetbackup::facts::{Group, GroupStatus, Log};
use crate::names::{GroupId, LogId};

/// Groups and logs that belong together.
pub(super) struct Pairing<'a> {
    log_of: BTreeMap<&'a GroupId, &'a Log>,
    group_of: BTreeMap<&'a LogId, &'a Group>,
}

impl<'a> Pairing<'a> {
    /// A group names its log. Where a version of JetBackup leaves that out, it is the first log of the same job from the group's
    /// making on that no other group has: ended for one that is over, not ended for one that is not.
    pub(super) fn of(records: &'a Records) -> Self {
        let mut pairing = Self { log_of: BTreeMap::new(), group_of: BTreeMap::new() };
        let by_id: BTreeMap<&LogId, &Log> = records.logs.iter().map(|log| (&log.id, log)).collect();
        for group in &records.groups {
            if let Some(log) = group.log.as_ref().and_then(|id| by_id.get(id)) {
                pairing.join(group, log);
            }
        }
        let is_nameless = |group: &&Group| group.log.is_none() && group.status != GroupStatus::Pending;
        let mut nameless: Vec<&Group> = records.groups.iter().filter(is_nameless).collect();
        // The newest first: a group whose log was deleted long ago must not take the log of a later one.
        nameless.sort_by_key(|group| Reverse((group.created, &group.id)));
        for group in nameless {
            let is_its = |log: &&Log| {
                log.job.is_some()
                    && log.job == group.job
                    && log.ended.is_none() == group.status.is_unfinished()
                    && matches!((group.created, log.started), (Some(created), Some(started)) if created <= started)
                    && !pairing.group_of.contains_key(&log.id)
            };
            let first = records.logs.iter().filter(is_its).min_by_key(|log| (log.started, &log.id));
            if let Some(log) = first {
                pairing.join(group, log);
            }
        }
        pairing
    }

    fn join(&mut self, group: &'a Group, log: &'a Log) {
        self.log_of.insert(&group.id, log);
        self.group_of.insert(&log.id, group);
    }

    /// The log of a group.
    pub(super) fn log_of(&self, group: &GroupId) -> Option<&'a Log> {
        self.log_of.get(group).copied()
    }

    /// The group of a log.
    pub(super) fn group_of(&self, log: &LogId) -> Option<&'a Group> {
        self.group_of.get(log).copied()
    }
}

/// Whether a group may be writing now. One that waits in JetBackup's own queue writes nothing yet.
pub(super) fn is_at_work(group: &Group) -> bool {
    group.status.is_unfinished() && group.status != GroupStatus::Pending
}
