//! What really happened, beside what jbr saw of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jbr::clock::{Timestamp, elapsed, later};
use jbr::execute::journal::Journal;
use jbr::execute::outcome::Outcome;
use jbr::names::{JobAddress, JobId};
use jbr::simulator::{ExecutionEnd, Fault, Fleet, Group, Phase, Rule, Server, Trigger};
use jbr::state::Run;

use crate::figures::Figures;
use crate::hours::Hours;
use crate::scenario::{CALL_MAX, START_TIMEOUT};

/// How long an administrator takes to clear away what can never end by itself: a group that died with a reboot, or one that
/// waits for a destination that nobody will open.
const ADMINISTRATOR_TAKES: Duration = Duration::from_secs(3 * 3600);

/// Within how long a living process opens what it watches, if nothing else is under way; longer than any outage.
const JBR_TAKES: Duration = Duration::from_secs(3600);

pub(crate) type Shared<T> = Arc<Mutex<T>>;

/// A group: its server and its id.
pub(crate) type Key = (String, String);

/// The truth, kept while it happens: a server forgets its groups.
pub(crate) struct Book {
    start: Timestamp,
    telling: bool,
    pub(crate) log: Vec<String>,
    pub(crate) figures: Figures,
    /// The first promise that did not hold.
    pub(crate) broken: Option<String>,
    /// Every group that ever was, by server and id.
    groups: BTreeMap<String, BTreeMap<String, Group>>,
    /// Every execution's end.
    ends: BTreeMap<Key, Vec<ExecutionEnd>>,
    /// Every trigger that jbr sent, in order.
    pub(crate) sends: Vec<Send>,
    /// The groups beside which a plan let the queue go on, and since when.
    pub(crate) released: BTreeMap<Key, Timestamp>,
    /// The groups that the living process watches, and since when.
    pub(crate) watched: BTreeMap<Key, Timestamp>,
    /// The destinations that the living process opens for its items, so that nobody else need: server and id.
    pub(crate) kept: BTreeSet<(String, String)>,
    /// Every group that a run of jbr's had as its own, with the first that had it.
    pub(crate) ours: BTreeMap<Key, String>,
    /// What was busy on each server when a survey of this run saw it last, and is durable.
    pub(crate) seen_busy: BTreeMap<String, Vec<Key>>,
    /// Every run, by its id.
    pub(crate) runs: BTreeMap<String, RunTruth>,
    /// Servers on which a command to open or close may have been carried out long after it was given up.
    pub(crate) late_gates: BTreeSet<String>,
    /// When the machine's clock was set last.
    pub(crate) clock_set: Option<Timestamp>,
    /// What a person holds, and until when by the machine's clock.
    pub(crate) held_by_hand: BTreeMap<JobAddress, Option<Timestamp>>,
    /// When windows are open, as far as anybody asked.
    pub(crate) hours: Hours,
    triggers_read: usize,
    ends_read: usize,
}

/// A run, in true time: its own clock may be wrong.
#[derive(Debug, Clone)]
pub(crate) struct RunTruth {
    pub(crate) started: Timestamp,
    /// Which job each address was, when it was queued last.
    pub(crate) jobs: BTreeMap<JobAddress, JobId>,
    /// When each outcome was stored.
    pub(crate) done: BTreeMap<JobAddress, (Outcome, Timestamp)>,
    /// How many tries each job had by any of its plans, and the shortest wait between two of them.
    pub(crate) tries: BTreeMap<(String, String), (u32, Duration)>,
}

impl RunTruth {
    /// The most tries that a job had by its plans.
    pub(crate) fn attempts(&self, server: &str, job: &str) -> u32 {
        self.tries.get(&(server.to_owned(), job.to_owned())).map_or(1, |(attempts, _)| *attempts)
    }
}

/// A trigger that jbr sent.
#[derive(Debug, Clone)]
pub(crate) struct Send {
    pub(crate) at: Timestamp,
    pub(crate) server: String,
    pub(crate) job: String,
    /// The run's id.
    pub(crate) run: String,
    /// When it was carried out, if it was, and whether an execution followed.
    pub(crate) carried_out: Option<(Timestamp, bool)>,
    pub(crate) group: Option<String>,
    /// The survey before it could read the job's logs. Without them, and with a group that its server has forgotten, nobody can tell
    /// whether anything ran.
    pub(crate) has_logs: bool,
}

impl Book {
    pub(crate) fn new(start: Timestamp, telling: bool) -> Self {
        Self {
            start,
            telling,
            log: vec![],
            figures: Figures::default(),
            broken: None,
            groups: BTreeMap::new(),
            ends: BTreeMap::new(),
            sends: vec![],
            released: BTreeMap::new(),
            watched: BTreeMap::new(),
            kept: BTreeSet::new(),
            ours: BTreeMap::new(),
            seen_busy: BTreeMap::new(),
            runs: BTreeMap::new(),
            late_gates: BTreeSet::new(),
            clock_set: None,
            held_by_hand: BTreeMap::new(),
            hours: Hours::default(),
            triggers_read: 0,
            ends_read: 0,
        }
    }

    pub(crate) fn tell(&mut self, at: Timestamp, what: impl FnOnce() -> String) {
        if self.telling {
            let mut line = String::new();
            let seconds = (at - self.start).num_seconds();
            write!(line, "{:>3}:{:02}:{:02} {}", seconds / 3600, seconds / 60 % 60, seconds % 60, what()).unwrap();
            self.log.push(line);
        }
    }

    pub(crate) fn ensure(&mut self, promise: &str, holds: bool, what: impl FnOnce() -> String) {
        if !holds && self.broken.is_none() {
            self.broken = Some(format!("{promise}: {}", what()));
        }
    }

    /// A process begins a run, or goes on with it.
    pub(crate) fn begins(&mut self, run: &Run, now: Timestamp) {
        let new = || RunTruth { started: now, jobs: BTreeMap::new(), done: BTreeMap::new(), tries: BTreeMap::new() };
        let truth = self.runs.entry(run.id.to_string()).or_insert_with(new);
        for item in &run.queue.items {
            truth.jobs.insert(item.address.clone(), item.id.clone());
            let job = (item.address.server.to_string(), item.id.to_string());
            let (attempts, wait) = truth.tries.entry(job).or_insert((1, item.retry.wait));
            (*attempts, *wait) = (item.retry.attempts.max(*attempts), item.retry.wait.min(*wait));
        }
        self.owns(run.id.as_str(), &run.journal);
    }

    /// What a stored journal has as its run's own.
    pub(crate) fn owns(&mut self, run: &str, journal: &Journal) {
        for (address, entry) in &journal.entries {
            if let jbr::execute::journal::Phase::Running(running) = &entry.phase {
                let key = (address.server.to_string(), running.group.to_string());
                self.ours.entry(key).or_insert_with(|| run.to_owned());
            }
        }
    }

    /// An outcome is about to be stored.
    pub(crate) fn outcome(&mut self, run: &str, address: &JobAddress, outcome: &Outcome, now: Timestamp) {
        let Some(truth) = self.runs.get_mut(run) else { return };
        if truth.done.get(address).is_none_or(|(known, _)| known != outcome) {
            truth.done.insert(address.clone(), (outcome.clone(), now));
        }
    }

    pub(crate) fn group(&self, server: &str, id: &str) -> Option<&Group> {
        self.groups.get(server)?.get(id)
    }

    pub(crate) fn groups_of<'b>(&'b self, server: &str, job: &'b str) -> impl Iterator<Item = &'b Group> {
        let groups = self.groups.get(server).into_iter().flat_map(BTreeMap::values);
        groups.filter(move |group| group.job.as_deref() == Some(job))
    }

    /// Every end of a group, first to last.
    pub(crate) fn ends_of(&self, server: &str, group: &str) -> &[ExecutionEnd] {
        self.ends.get(&(server.to_owned(), group.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// Takes in everything that happened until now.
    pub(crate) fn look(&mut self, fleet: &Shared<Fleet>, now: Timestamp) {
        let mut fleet = fleet.lock().unwrap();
        fleet.advance(now);
        self.match_triggers(&fleet);
        for server in fleet.servers() {
            for group in &server.groups {
                match self.groups.get_mut(&server.name).and_then(|groups| groups.get_mut(&group.id)) {
                    Some(known) if known.phase == group.phase && known.reruns == group.reruns => {}
                    Some(known) => known.clone_from(group),
                    None => {
                        self.match_group(&server.name, group);
                        let groups = self.groups.entry(server.name.clone()).or_default();
                        groups.insert(group.id.clone(), group.clone());
                    }
                }
            }
        }
        for end in &fleet.account().ends[self.ends_read..] {
            self.ends.entry((end.server.clone(), end.group.clone())).or_default().push(end.clone());
        }
        self.ends_read = fleet.account().ends.len();
        self.nothing_waits_for_jbr(&fleet, now);
        self.administrate(&mut fleet, now);
    }

    /// What jbr watches and only jbr could open a destination for must not wait while nothing else is under way.
    fn nothing_waits_for_jbr(&mut self, fleet: &Fleet, now: Timestamp) {
        if self.watched.is_empty() {
            return;
        }
        let is_watched =
            |server: &str, group: &Group| self.watched.contains_key(&(server.to_owned(), group.id.clone()));
        let waits = |server: &str, group: &Group| {
            !group.is_unfinished() || (matches!(group.phase, Phase::Pending { .. }) && is_watched(server, group))
        };
        let mut groups =
            fleet.servers().iter().flat_map(|server| server.groups.iter().map(|group| (&*server.name, group)));
        if !groups.all(|(server, group)| waits(server, group)) {
            self.watched.values_mut().for_each(|since| *since = now);
            return;
        }
        for server in fleet.servers() {
            for group in server.groups.iter().filter(|group| matches!(group.phase, Phase::Pending { .. })) {
                let watched = self.watched.get(&(server.name.clone(), group.id.clone()));
                let is_kept = |id: &String| self.kept.contains(&(server.name.clone(), id.clone()));
                let is_forgotten = watched.is_some_and(|since| later(*since, JBR_TAKES) <= now)
                    && group.destinations.iter().any(is_kept);
                self.ensure("can_always_finish", !is_forgotten || !is_hopeless(server, group, now), || {
                    format!("jbr watches {} on {}, which waits for its destination", group.id, server.name)
                });
            }
        }
    }

    fn match_triggers(&mut self, fleet: &Fleet) {
        for trigger in &fleet.account().triggers[self.triggers_read..] {
            let is_of = |send: &&mut Send| {
                send.server == trigger.server && send.job == trigger.job && send.carried_out.is_none()
            };
            let at_once = self.sends.iter_mut().filter(is_of).position(|send| send.at == trigger.at);
            if let Some(send) = self.sends.iter_mut().filter(is_of).nth(at_once.unwrap_or(0)) {
                send.carried_out = Some((trigger.at, trigger.starts));
            }
        }
        self.triggers_read = fleet.account().triggers.len();
    }

    fn match_group(&mut self, server: &str, group: &Group) {
        if group.trigger != Trigger::Api {
            return;
        }
        let mut sends = self.sends.iter_mut().filter(|send| {
            send.server == server
                && Some(&send.job) == group.job.as_ref()
                && send.group.is_none()
                && send.carried_out == Some((group.caused, true))
        });
        if let Some(send) = sends.next() {
            send.group = Some(group.id.clone());
        }
    }

    /// Whether a send's group came later than anybody could wait for: it was carried out after the longest that a call may last, or its group
    /// appeared after the `start_timeout`. What follows from that is a documented limit of jbr.
    pub(crate) fn is_late(&self, send: &Send) -> bool {
        let Some((carried_out, _)) = send.carried_out else { return false };
        let created = send.group.as_ref().and_then(|id| self.group(&send.server, id));
        carried_out > later(send.at, CALL_MAX)
            || created.is_some_and(|group| group.created > later(carried_out, START_TIMEOUT))
    }

    /// Whether its group appeared in time, but after a look had begun that ended too late: a look shows what was there when it was asked.
    pub(crate) fn is_late_for_a_slow_look(&self, send: &Send) -> bool {
        let Some((carried_out, _)) = send.carried_out else { return false };
        let created = send.group.as_ref().and_then(|id| self.group(&send.server, id)).map(|group| group.created);
        created.is_some_and(|created| later(created, CALL_MAX) > later(carried_out, START_TIMEOUT))
    }

    pub(crate) fn is_late_group(&self, server: &str, group: &str) -> bool {
        let mut sends = self.sends.iter();
        sends.any(|send| send.server == server && send.group.as_deref() == Some(group) && self.is_late(send))
    }

    /// When a group that jbr watches can have begun at the earliest.
    pub(crate) fn began(&self, server: &str, id: &str) -> Option<Timestamp> {
        let sent = self.sends.iter().find(|send| send.server == server && send.group.as_deref() == Some(id));
        let created = self.group(server, id).map(|group| group.created);
        created.into_iter().chain(sent.map(|send| send.at)).min()
    }

    /// Whether a watched group has been under way for this long, in truth. How long one has waited in JetBackup's own queue no server says, so
    /// of one that still waits a clock that was set meanwhile is believed: a known limit.
    pub(crate) fn is_overdue(&mut self, server: &str, id: &str, timeout: Duration, now: Timestamp) -> bool {
        let Some(began) = self.began(server, id) else { return false };
        let waits = self.group(server, id).is_some_and(|group| matches!(group.phase, Phase::Pending { .. }));
        if elapsed(began, now) >= timeout {
            return true;
        }
        if waits && self.clock_set.is_some_and(|set| set >= began) {
            self.figures.count("overdue_by_a_clock");
            return true;
        }
        false
    }

    /// The administrator's rounds.
    fn administrate(&mut self, fleet: &mut Fleet, now: Timestamp) {
        let is_needed = |server: &&Server| server.groups.iter().any(|group| is_hopeless(server, group, now));
        let names: Vec<String> = fleet.servers().iter().filter(is_needed).map(|server| server.name.clone()).collect();
        for name in names {
            fleet.change(&name, now, |server| self.clear_away(server, now));
        }
    }

    fn clear_away(&mut self, server: &mut Server, now: Timestamp) {
        let hopeless: Vec<bool> = server.groups.iter().map(|group| is_hopeless(server, group, now)).collect();
        for (group, _) in server.groups.iter_mut().zip(hopeless).filter(|(_, hopeless)| *hopeless) {
            let status = if matches!(group.phase, Phase::Stuck { .. }) { 104 } else { 103 };
            group.phase = Phase::Finished { since: None, at: now, status };
            let mut log = server.logs.iter_mut().find(|log| Some(&log.id) == group.log.as_ref());
            if let Some(log) = &mut log {
                (log.ended, log.status) = (Some(now), 5);
            }
            let (name, id, log) = (server.name.clone(), group.id.clone(), log.map(|log| log.status));
            let end = ExecutionEnd { at: now, server: name.clone(), group: id.clone(), status, log };
            self.ends.entry((name, id)).or_default().push(end);
        }
    }

    /// Notes where a command to open or close can have been carried out long after it was given up. Nobody can see that after the run.
    pub(crate) fn note_late_gates(&mut self, fleet: &Fleet) {
        let is_late = |rule: &Rule| {
            let is_of_a_gate = rule.function.as_deref().is_some_and(|function| function.starts_with("manage"));
            is_of_a_gate && matches!(rule.fault, Fault::Late(_)) && rule.matched > 0
        };
        let servers = fleet.servers().iter().filter(|server| server.rules.iter().any(is_late));
        self.late_gates.extend(servers.map(|server| server.name.clone()));
    }
}

fn is_hopeless(server: &Server, group: &Group, now: Timestamp) -> bool {
    match group.phase {
        Phase::Stuck { at, .. } => later(at, ADMINISTRATOR_TAKES) <= now,
        Phase::Pending { ready, .. } if later(ready, ADMINISTRATOR_TAKES) <= now => {
            let mut known = group.destinations.iter().filter_map(|id| server.destination_of(id));
            known.all(|destination| destination.disabled)
        }
        _ => false,
    }
}
