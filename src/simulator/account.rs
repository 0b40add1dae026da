//! The account of the whole fleet: who wrote where and when, who triggered what, and every call.
//!
//! It is what a test looks at in the end. It knows the truth, whatever the servers said.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::query::Query;
use crate::clock::Timestamp;

/// No test makes more calls; from here on they are only counted.
const CALLS_KEPT_MAX: usize = 200_000;

/// What happened in a fleet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Every execution that wrote, once for each destination.
    pub writes: Vec<Write>,
    /// Every trigger over the API that was carried out, with or without effect.
    pub triggers: Vec<ApiTrigger>,
    /// Every execution that ended, of whatever group, in the order of their ends.
    pub ends: Vec<ExecutionEnd>,
    /// How often each thing went wrong: calls by the word of their fault and by `fault/function`, connections that an outage or a
    /// restart refused, restarts, late commands that arrived. What a generator of faults has really brought about.
    pub mishaps: BTreeMap<String, u64>,
    /// Every call that reached a server, in the order of arrival; the first 200,000.
    pub calls: Vec<ApiCall>,
    /// How many calls reached a server, kept or not.
    pub calls_count: u64,
    /// Whether calls are kept; a simulation of weeks switches it off.
    pub keep_calls: bool,
}

/// One execution that wrote to one destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// The server.
    pub server: String,
    /// The job; `None` for a group that belongs to none.
    pub job: Option<String>,
    /// The queue group; a rerun has the same one.
    pub group: String,
    /// The destination.
    pub destination: String,
    /// The storage that the destination is.
    pub storage: String,
    /// What caused it.
    pub trigger: Trigger,
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it; `None` while it lasts.
    pub to: Option<Timestamp>,
}

/// What caused an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Trigger {
    /// `runBackupJobManually`.
    Api,
    /// JetBackup's own schedule.
    Schedule,
    /// `rerunFailedQueueGroup`.
    Rerun,
    /// Somebody else.
    Foreign,
}

/// A `runBackupJobManually` that was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiTrigger {
    /// When it was carried out.
    pub at: Timestamp,
    /// The server.
    pub server: String,
    /// The job.
    pub job: String,
    /// Whether an execution follows; not for a disabled job, for instance.
    pub starts: bool,
}

/// An execution that ended, as JetBackup recorded it: a group that is run again ends again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionEnd {
    /// When.
    pub at: Timestamp,
    /// The server.
    pub server: String,
    /// The queue group.
    pub group: String,
    /// The group's last status.
    pub status: i64,
    /// The log's last status, in its own enumeration; `None` where there is no log.
    pub log: Option<i64>,
}

/// A call that reached a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApiCall {
    /// When it arrived.
    pub at: Timestamp,
    /// The server.
    pub server: String,
    /// The API function.
    pub function: String,
    /// Its decoded `-D`.
    pub parameters: Query,
    /// What was made of it.
    pub carried_out: CarriedOut,
}

/// What was made of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CarriedOut {
    /// It was carried out at once.
    AtOnce,
    /// It is carried out at this later moment.
    Later(Timestamp),
    /// It never was.
    Never,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            writes: Vec::new(),
            triggers: Vec::new(),
            ends: Vec::new(),
            mishaps: BTreeMap::new(),
            calls: Vec::new(),
            calls_count: 0,
            keep_calls: true,
        }
    }
}

impl Account {
    /// Every two executions that wrote to this storage at the same time. The end of one may be the start of the next.
    #[must_use]
    pub fn overlaps(&self, storage: &str) -> Vec<(&Write, &Write)> {
        let writes = self.on(storage);
        let mut pairs = Vec::new();
        for (place, first) in writes.iter().enumerate() {
            let beside = writes.iter().skip(place + 1).take_while(|second| first.lasts_beyond(second.from));
            pairs.extend(beside.filter(|second| second.lasts_beyond(second.from)).map(|second| (*first, *second)));
        }
        pairs
    }

    /// The greatest number of executions that wrote to this storage at one moment.
    #[must_use]
    pub fn max_writers(&self, storage: &str) -> usize {
        let writes = self.on(storage);
        let at_start = |of: &Write| writes.iter().filter(|w| w.from <= of.from && w.lasts_beyond(of.from)).count();
        writes.iter().map(|write| at_start(write)).max().unwrap_or(0)
    }

    /// How often `runBackupJobManually` was carried out for this job.
    #[must_use]
    pub fn triggers_by_api(&self, server: &str, job: &str) -> usize {
        self.triggers.iter().filter(|trigger| trigger.server == server && trigger.job == job).count()
    }

    /// How many kept calls of this function reached this server.
    #[must_use]
    pub fn calls_of(&self, server: &str, function: &str) -> usize {
        self.calls.iter().filter(|call| call.server == server && call.function == function).count()
    }

    pub(super) fn went_wrong(&mut self, what: impl Into<String>) {
        *self.mishaps.entry(what.into()).or_default() += 1;
    }

    pub(super) fn note(&mut self, call: ApiCall) {
        self.calls_count += 1;
        if self.keep_calls && self.calls.len() < CALLS_KEPT_MAX {
            self.calls.push(call);
        }
    }

    /// The writing of this group ends.
    pub(super) fn ends(&mut self, server: &str, group: &str, at: Timestamp) {
        let open = self.writes.iter_mut().rev().filter(|write| write.to.is_none());
        for write in open.filter(|write| write.server == server && write.group == group) {
            write.to = Some(at);
        }
    }

    /// The executions that wrote to a storage, by start. One that has two destinations there is still one writer.
    fn on(&self, storage: &str) -> Vec<&Write> {
        let mut seen = BTreeSet::new();
        let on_it = self.writes.iter().filter(|write| write.storage == storage);
        let mut writes: Vec<&Write> =
            on_it.filter(|w| seen.insert((w.server.as_str(), w.group.as_str(), w.from))).collect();
        writes.sort_by_key(|write| write.from);
        writes
    }
}

impl Write {
    fn lasts_beyond(&self, at: Timestamp) -> bool {
        self.to.is_none_or(|to| at < to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(group: &str, destination: &str, from: i64, to: Option<i64>) -> Write {
        let at = |s| Timestamp::from_timestamp(s, 0).unwrap();
        Write {
            server: "server1".into(),
            job: None,
            group: group.into(),
            destination: destination.into(),
            storage: "nas".into(),
            trigger: Trigger::Api,
            from: at(from),
            to: to.map(at),
        }
    }

    #[test]
    fn writers_overlap_where_one_starts_before_another_has_ended() {
        for (writes, pairs, most) in [
            (vec![], 0, 0),
            (vec![write("a", "d", 0, Some(10)), write("b", "d", 10, Some(20))], 0, 1),
            (vec![write("a", "d", 0, Some(11)), write("b", "d", 10, Some(20))], 1, 2),
            (vec![write("a", "d", 0, None), write("b", "d", 10, Some(20)), write("c", "d", 15, None)], 3, 3),
            (vec![write("a", "d", 0, Some(5)), write("a", "e", 0, Some(5))], 0, 1),
            (vec![write("a", "d", 0, Some(9)), write("b", "d", 4, Some(4))], 0, 1),
            (vec![write("b", "d", 3, Some(9)), write("a", "d", 3, Some(4)), write("c", "d", 0, Some(3))], 1, 2),
        ] {
            let account = Account { writes: writes.clone(), ..Account::default() };
            assert_eq!((account.overlaps("nas").len(), account.max_writers("nas")), (pairs, most), "{writes:#?}");
            assert_eq!(account.max_writers("elsewhere"), 0);
        }
    }
}
