//! What really happened, beside what jbr saw of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jbr::clock::{Timestamp, later};
use jbr::simulator::{Fleet, Group, Phase, Trigger};

use crate::scenario::{CALL_MAX, START_TIMEOUT};

/// How long an administrator takes to clear away what can never end by itself: a group that died with a reboot, or one that
/// waits for a destination that nobody will open.
const ADMINISTRATOR_TAKES: Duration = Duration::from_secs(3 * 3600);

/// Within how long a living process opens what it watches, if nothing else is under way; longer than any outage.
const JBR_TAKES: Duration = Duration::from_secs(3600);

pub(crate) type Shared<T> = Arc<Mutex<T>>;

/// The truth, kept while it happens: a server forgets its groups.
pub(crate) struct Book {
    start: Timestamp,
    telling: bool,
    pub(crate) log: Vec<String>,
    /// The first promise that did not hold.
    pub(crate) broken: Option<String>,
    /// Every group that ever was, by server and id.
    pub(crate) groups: BTreeMap<(String, String), Group>,
    /// Every trigger that jbr sent, in order.
    pub(crate) sends: Vec<Send>,
    /// The groups beside which a plan let the queue go on.
    pub(crate) released: BTreeSet<(String, String)>,
    /// The groups that the living process watches, and since when.
    pub(crate) watched: BTreeMap<(String, String), Timestamp>,
    matched: usize,
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
            broken: None,
            groups: BTreeMap::new(),
            sends: vec![],
            released: BTreeSet::new(),
            watched: BTreeMap::new(),
            matched: 0,
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

    /// Takes in everything that happened until now.
    pub(crate) fn look(&mut self, fleet: &Shared<Fleet>, now: Timestamp) {
        let mut fleet = fleet.lock().unwrap();
        fleet.advance(now);
        self.match_triggers(&fleet);
        for server in fleet.servers() {
            for group in &server.groups {
                let key = (server.name.clone(), group.id.clone());
                match self.groups.get_mut(&key) {
                    Some(known) if known.phase == group.phase => {}
                    Some(known) => known.clone_from(group),
                    None => {
                        self.match_group(&server.name, group);
                        self.groups.insert(key, group.clone());
                    }
                }
            }
        }
        self.nothing_waits_for_jbr(&fleet, now);
        administrate(&mut fleet, now);
    }

    /// What jbr watches and only jbr could open a destination for must not wait while nothing else is under way.
    fn nothing_waits_for_jbr(&mut self, fleet: &Fleet, now: Timestamp) {
        let waits = |server: &str, group: &Group| {
            let is_watched = self.watched.contains_key(&(server.to_owned(), group.id.clone()));
            !group.is_unfinished() || (is_watched && matches!(group.phase, Phase::Pending { .. }))
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
                let is_forgotten = watched.is_some_and(|since| later(*since, JBR_TAKES) <= now);
                self.ensure("can_always_finish", !is_forgotten || !is_hopeless(server, group, now), || {
                    format!("jbr watches {} on {}, which waits for its destination", group.id, server.name)
                });
            }
        }
    }

    fn match_triggers(&mut self, fleet: &Fleet) {
        for trigger in &fleet.account().triggers[self.matched..] {
            let is_of = |send: &&mut Send| {
                send.server == trigger.server && send.job == trigger.job && send.carried_out.is_none()
            };
            let at_once = self.sends.iter_mut().filter(is_of).position(|send| send.at == trigger.at);
            if let Some(send) = self.sends.iter_mut().filter(is_of).nth(at_once.unwrap_or(0)) {
                send.carried_out = Some((trigger.at, trigger.starts));
            }
        }
        self.matched = fleet.account().triggers.len();
    }

    fn match_group(&mut self, server: &str, group: &Group) {
        if group.trigger != Trigger::Api {
            return;
        }
        let mut sends = self.sends.iter_mut().filter(|send| {
            send.server == server
                && Some(&send.job) == group.job.as_ref()
                && send.group.is_none()
                && send.carried_out.is_some_and(|(_, starts)| starts)
        });
        if let Some(send) = sends.next() {
            send.group = Some(group.id.clone());
        }
    }

    /// Whether a send's group came later than anybody could wait for: it was carried out after the longest that a call may last, or its group
    /// appeared after the `start_timeout`. What follows from that is a documented limit of jbr.
    pub(crate) fn is_late(&self, send: &Send) -> bool {
        let Some((carried_out, _)) = send.carried_out else { return false };
        let created = send.group.as_ref().and_then(|id| self.groups.get(&(send.server.clone(), id.clone())));
        carried_out > later(send.at, CALL_MAX)
            || created.is_some_and(|group| group.created > later(carried_out, START_TIMEOUT))
    }

    pub(crate) fn is_late_group(&self, server: &str, group: &str) -> bool {
        let mut sends = self.sends.iter();
        sends.any(|send| send.server == server && send.group.as_deref() == Some(group) && self.is_late(send))
    }
}

/// The administrator's rounds.
fn administrate(fleet: &mut Fleet, now: Timestamp) {
    let names: Vec<String> = fleet
        .servers()
        .iter()
        .filter(|s| s.groups.iter().any(|g| is_hopeless(s, g, now)))
        .map(|s| s.name.clone())
        .collect();
    for name in names {
        fleet.change(&name, now, |server| {
            let hopeless: Vec<bool> = server.groups.iter().map(|group| is_hopeless(server, group, now)).collect();
            for (group, _) in server.groups.iter_mut().zip(hopeless).filter(|(_, hopeless)| *hopeless) {
                let status = if matches!(group.phase, Phase::Stuck { .. }) { 104 } else { 103 };
                group.phase = Phase::Finished { since: None, at: now, status };
                if let Some(log) = server.logs.iter_mut().find(|log| Some(&log.id) == group.log.as_ref()) {
                    (log.ended, log.status) = (Some(now), 5);
                }
            }
        });
    }
}

fn is_hopeless(server: &jbr::simulator::Server, group: &Group, now: Timestamp) -> bool {
    match group.phase {
        Phase::Stuck { at, .. } => later(at, ADMINISTRATOR_TAKES) <= now,
        Phase::Pending { ready, .. } => {
            let mut known = group.destinations.iter().filter_map(|id| server.destination_of(id));
            later(ready, ADMINISTRATOR_TAKES) <= now && known.all(|destination| destination.disabled)
        }
        _ => false,
    }
}
