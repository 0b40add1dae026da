//! What `jbr` remembers, held against JetBackup's records: each backup must be there, and have ended as remembered.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::backup::Backup;
use super::clocks::Offset;
use super::evidence::{Evidence, Records};
use super::finding::{Disagreement, Gap, Pair};
use super::pairing::Pairing;
use super::{Case, Period};
use crate::clock::Timestamp;
use crate::execute::journal::{Overlap, Phase, Running};
use crate::execute::outcome::{Outcome, Verdict};
use crate::inventory::guard::{Writes, writes};
use crate::jetbackup::facts::{Group, GroupStatus, Log};
use crate::names::{GroupId, JobAddress, JobId, LogId, ServerName};
use crate::seen::Seen;
use crate::state::State;

/// The records' times are whole seconds, and `jbr`'s may be stored as such.
const RESOLUTION: TimeDelta = TimeDelta::seconds(1);

/// The logs of this period that `jbr` remembers, by server: they are asked for where the server does not list them.
#[must_use]
pub fn wanted(state: &State, period: Period) -> BTreeMap<ServerName, BTreeSet<LogId>> {
    let mut wanted: BTreeMap<ServerName, BTreeSet<LogId>> = BTreeMap::new();
    for one in remembered_backups(state).into_iter().filter(|one| one.is_in(period, period.to)) {
        wanted.entry(one.job.server).or_default().extend(one.log);
    }
    wanted
}

/// A backup that `jbr` remembers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Remembered {
    job: JobAddress,
    group: Option<GroupId>,
    log: Option<LogId>,
    triggered: Option<Timestamp>,
    started: Option<Timestamp>,
    /// `None` while it is under way as far as `jbr` knows.
    ended: Option<Timestamp>,
    verdict: Option<Verdict>,
}

impl Remembered {
    fn over(job: &JobAddress, outcome: &Outcome) -> Option<Self> {
        let Outcome { verdict, group, log, triggered, started, ended, overdue: _, note: _ } = outcome;
        verdict.has_run().then(|| Self {
            job: job.clone(),
            group: group.clone(),
            log: log.clone(),
            triggered: *triggered,
            started: *started,
            ended: Some(*ended),
            verdict: Some(*verdict),
        })
    }

    fn under_way(job: &JobAddress, running: &Running) -> Self {
        let (group, log) = (Some(running.group.clone()), running.log.clone());
        Self { job: job.clone(), group, log, triggered: None, started: Some(running.since), ended: None, verdict: None }
    }

    fn is_in(&self, period: Period, now: Timestamp) -> bool {
        let last = self.ended.unwrap_or(now);
        period.meets(self.started.unwrap_or(last).min(last), last)
    }
}

/// Every backup that the state speaks of, each once. A trigger of which nothing was seen is none: if anything came of it, the
/// server has a record.
fn remembered_backups(state: &State) -> BTreeSet<Remembered> {
    let past = state.history.iter().flat_map(|run| &run.items);
    let past = past.filter_map(|(job, outcome)| outcome.as_ref().and_then(|outcome| Remembered::over(job, outcome)));
    let last = state.jobs.iter();
    let last = last.filter_map(|(job, record)| Remembered::over(job, record.last_outcome.as_ref()?));
    let now = state.run.iter().flat_map(|run| &run.journal.entries).filter_map(|(job, entry)| match &entry.phase {
        Phase::Running(running) => Some(Remembered::under_way(job, running)),
        Phase::Confirming(confirming) => Some(Remembered::under_way(job, &confirming.running)),
        Phase::Done(outcome) => Remembered::over(job, outcome),
        Phase::Queued | Phase::Preparing | Phase::Triggered(_) => None,
    });
    past.chain(last).chain(now).collect()
}

/// What came of it.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) gaps: Vec<Gap>,
    pub(super) disagreements: Vec<Disagreement>,
    pub(super) offsets: BTreeMap<ServerName, Offset>,
}

/// Compares each remembered backup of the period with its records, and tells the backups what `jbr` knows of them.
pub(super) fn compare(case: &Case, backups: &mut [Backup]) -> Memory {
    let mut memory = Memory::default();
    let known: BTreeMap<&ServerName, Witness> =
        case.evidence.iter().filter_map(|evidence| Some((&evidence.server, Witness::of(evidence)?))).collect();
    let remembered: Vec<Remembered> =
        remembered_backups(case.state).into_iter().filter(|one| one.is_in(case.period, case.now)).collect();
    memory.gaps.extend(gone(case, &remembered));
    for one in &remembered {
        let Some(witness) = known.get(&one.job.server) else { continue };
        let (group, log) = witness.records_of(one);
        memory.learn_offset(one, log, witness.evidence);
        match log {
            None if witness.must_have_log(case, one, group) => memory.gaps.push(Gap::RunWithoutLog {
                job: one.job.clone(),
                group: one.group.clone(),
                log: one.log.clone(),
                ended: one.ended,
            }),
            None => {}
            Some(log) => {
                memory.disagreements.extend(disagreement(one, group, log));
                let its = |b: &&mut Backup| b.server == one.job.server && b.log.as_ref() == Some(&log.id);
                if let Some(backup) = backups.iter_mut().find(its) {
                    backup.address.get_or_insert_with(|| one.job.clone());
                    backup.group = backup.group.take().or_else(|| one.group.clone());
                }
            }
        }
    }
    memory
}

/// The records of a server that answered.
struct Witness<'a> {
    evidence: &'a Evidence,
    records: &'a Records,
    pairing: Pairing<'a>,
}

impl<'a> Witness<'a> {
    fn of(evidence: &'a Evidence) -> Option<Self> {
        match &evidence.records {
            Seen::Known(records) => Some(Self { evidence, records, pairing: Pairing::of(records) }),
            // Its own gap says so.
            Seen::Unknown(_) => None,
        }
    }

    fn group(&self, id: &GroupId) -> Option<&'a Group> {
        self.records.groups.iter().find(|group| group.id == *id)
    }

    fn records_of(&self, one: &Remembered) -> (Option<&'a Group>, Option<&'a Log>) {
        let group = one.group.as_ref().and_then(|id| self.group(id));
        let log = one.log.as_ref().and_then(|id| self.records.logs.iter().find(|log| log.id == *id));
        (group, log.or_else(|| group.and_then(|group| self.pairing.log_of(&group.id))))
    }

    /// Whether a log that is not there matters: not for a backup that waits, nor for one that wrote elsewhere.
    fn must_have_log(&self, case: &Case, one: &Remembered, group: Option<&Group>) -> bool {
        let waits = group.is_some_and(|group| group.status == GroupStatus::Pending) && one.ended.is_none();
        let declared = case.desired.job(&one.job).map(|job| &job.id);
        let id = group.and_then(|group| group.job.as_ref()).or(declared);
        !waits && self.writes(id).counts()
    }

    fn writes(&self, id: Option<&JobId>) -> Writes {
        writes(self.evidence.guard.as_ref(), id, &self.records.jobs)
    }

    /// Whether a group is known to write elsewhere.
    fn is_elsewhere(&self, id: &GroupId) -> bool {
        self.group(id).is_some_and(|group| !self.writes(group.job.as_ref()).counts())
    }
}

/// Servers that the plan does not have any more. An audit of some servers only says nothing of others.
fn gone(case: &Case, remembered: &[Remembered]) -> Vec<Gap> {
    let is_asked = |name: &ServerName| case.evidence.iter().any(|evidence| evidence.server == *name);
    if !case.desired.servers.iter().all(|server| is_asked(&server.name)) {
        return Vec::new();
    }
    let gone: BTreeSet<&ServerName> =
        remembered.iter().map(|one| &one.job.server).filter(|name| !is_asked(name)).collect();
    gone.into_iter().map(|server| Gap::ServerGone { server: server.clone() }).collect()
}

impl Memory {
    /// It began after its trigger left and ended before its end was seen: that bounds the server's clock. Where it is not
    /// remembered when the trigger left, it is when its answer came, less the time that an answer may take.
    fn learn_offset(&mut self, one: &Remembered, log: Option<&Log>, evidence: &Evidence) {
        let (Some(started), Some(ended), Some(log)) = (one.started, one.ended, log) else { return };
        let (Some(log_started), Some(log_ended)) = (log.started, log.ended) else { return };
        if one.log.as_ref() != Some(&log.id) {
            return;
        }
        let answer_max = TimeDelta::from_std(evidence.answer_max).unwrap_or(TimeDelta::zero());
        let at_least = log_ended - ended - RESOLUTION;
        let not_before = one.triggered.unwrap_or(started - answer_max - RESOLUTION);
        let at_most = log_started - not_before + RESOLUTION;
        let offset = Offset::new(at_least, at_most);
        self.offsets.entry(evidence.server.clone()).and_modify(|all| *all = all.and(offset)).or_insert(offset);
    }
}

/// Whether JetBackup recorded another end than is remembered. Where `jbr` knew of no end, it claims none; where it remembers
/// a worse one than the log says, and the group that said so is not listed any more, nothing contradicts it.
fn disagreement(one: &Remembered, group: Option<&Group>, log: &Log) -> Option<Disagreement> {
    let (remembered, ended) = (one.verdict?, one.ended?);
    if matches!(remembered, Verdict::Unconfirmed | Verdict::Lost) {
        return None;
    }
    // A group that was run again names another log; what it says now is not of this backup.
    let is_its = |group: &&Group| group.log.is_none() || one.log.is_none() || group.log == one.log;
    let by_group = group.filter(is_its).and_then(|group| Verdict::of_group(group.status));
    let by_log = Verdict::of_log(log.status);
    let recorded = by_group.max(by_log)?;
    let is_unopposed = remembered > recorded && by_group.is_none();
    (recorded != remembered && !is_unopposed).then(|| Disagreement {
        job: one.job.clone(),
        group: one.group.clone(),
        log: Some(log.id.clone()),
        ended,
        remembered,
        recorded,
    })
}

/// Overlaps that `jbr` saw while it ran, and that the records neither show nor leave open.
pub(super) fn unexplained(case: &Case, overlaps: &[Pair], doubts: &[Gap]) -> Vec<Gap> {
    let known: BTreeMap<&ServerName, Witness> =
        case.evidence.iter().filter_map(|evidence| Some((&evidence.server, Witness::of(evidence)?))).collect();
    let pairs: Vec<&Pair> = doubts.iter().filter_map(Gap::pair).chain(overlaps).collect();
    let past = case.state.history.iter().flat_map(|run| &run.overlaps);
    let now = case.state.run.iter().flat_map(|run| &run.journal.overlaps);
    let in_period = past.chain(now).filter(|overlap| case.period.meets(overlap.at, overlap.at));
    let is_unexplained = |overlap: &&Overlap| {
        let both = [&overlap.first, &overlap.second];
        let may_be_found =
            both.iter().all(|(server, group)| known.get(server).is_some_and(|witness| !witness.is_elsewhere(group)));
        may_be_found && !pairs.iter().any(|pair| pair.is_of(&overlap.first, &overlap.second))
    };
    let gap = |overlap: &Overlap| Gap::SeenTogether {
        at: overlap.at,
        first: overlap.first.clone(),
        second: overlap.second.clone(),
    };
    in_period.filter(is_unexplained).map(gap).collect()
}

impl Gap {
    /// The pair that it is about, if it is about one.
    #[must_use]
    pub fn pair(&self) -> Option<&Pair> {
        match self {
            Self::TooClose { pair, .. } | Self::PerhapsElsewhere { pair } => Some(pair),
            _ => None,
        }
    }
}

impl Pair {
    /// Whether it is of these two groups.
    fn is_of(&self, one: &(ServerName, GroupId), other: &(ServerName, GroupId)) -> bool {
        let is =
            |backup: &Backup, of: &(ServerName, GroupId)| backup.server == of.0 && backup.group.as_ref() == Some(&of.1);
        (is(&self.first, one) && is(&self.second, other)) || (is(&self.first, other) && is(&self.second, one))
    }
}
