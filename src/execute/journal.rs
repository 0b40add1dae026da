//! What a run knows of itself: everything that must survive a crash, and nothing else.
//!
//! The journal is stored before each action, so at any moment it covers the world: what may have been triggered or opened
//! is in it. Progress is not in it: a poll that saw nothing new costs no write.

use std::collections::{BTreeMap, BTreeSet};

use super::outcome::Outcome;
use crate::clock::Timestamp;
use crate::jetbackup::facts::GroupStatus;
use crate::names::{GroupId, JobAddress, JobId, LogId, ServerName};
use crate::queue::Gate;

/// The run's memory.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Journal {
    /// When it last changed. Never goes back.
    pub at: Timestamp,
    /// Where each item of the queue is; an item that is not here is queued and untouched.
    pub entries: BTreeMap<JobAddress, Entry>,
    /// What `jbr` has opened, or may have, and has not seen closed again.
    pub opened: Vec<Opened>,
    /// Servers that cannot be asked, and since when.
    pub unreachable: BTreeMap<ServerName, Timestamp>,
    /// Servers on which somebody else's guarded backup was seen last.
    pub busy: BTreeSet<ServerName>,
    /// What the run is waiting for; `None` while it acts.
    pub waiting: Option<Waiting>,
    /// Backups that wrote beside one that was released.
    pub overlaps: Vec<Overlap>,
}

impl Journal {
    /// A journal of a run that has done nothing yet.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self {
            at,
            entries: BTreeMap::new(),
            opened: Vec::new(),
            unreachable: BTreeMap::new(),
            busy: BTreeSet::new(),
            waiting: None,
            overlaps: Vec::new(),
        }
    }

    /// The phase of an item.
    #[must_use]
    pub fn phase(&self, address: &JobAddress) -> &Phase {
        self.entries.get(address).map_or(&Phase::Queued, |entry| &entry.phase)
    }

    /// How the item ended, if it did.
    #[must_use]
    pub fn outcome(&self, address: &JobAddress) -> Option<&Outcome> {
        match self.phase(address) {
            Phase::Done(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// The entry of an item, made if it is its first.
    pub fn entry_mut(&mut self, address: &JobAddress) -> &mut Entry {
        self.entries.entry(address.clone()).or_default()
    }

    /// Whether a backup of this run is, or may be, under way on a server.
    #[must_use]
    pub fn has_backup_on(&self, server: &ServerName) -> bool {
        self.entries.iter().any(|(address, entry)| address.server == *server && entry.phase.is_in_flight())
    }
}

/// One item of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Entry {
    /// Where it is.
    pub phase: Phase,
    /// How many triggers were sent, or may have been.
    pub triggers: u32,
    /// When the intent of this run's first trigger was stored: before any trigger left.
    pub first_trigger: Option<Timestamp>,
    /// Its backup is of a run that was closed, and was not seen under way since. Where it turns out to be over, it ended in that run,
    /// and the item is started anew: as an outcome of this run it would pass an old backup off as today's.
    pub inherited: bool,
    /// How many tries ended badly and were followed, or are to be followed, by another.
    pub attempts: u32,
    /// Before when the next try must not begin.
    pub not_before: Option<Timestamp>,
}

/// Where an item is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Phase {
    /// Not touched yet.
    #[default]
    Queued,
    /// Chosen: what it needs open is being opened, and the servers are asked once more.
    Preparing,
    /// The intent is stored, the trigger sent or about to be; no group of it was seen yet.
    Triggered(Triggered),
    /// Its queue group is known.
    Running(Running),
    /// Its group is over; its log must confirm how.
    Confirming(Confirming),
    /// Over.
    Done(Outcome),
}

impl Phase {
    /// Whether a backup of this item is, or may be, under way: one whose group has vanished may run on until its log says otherwise.
    #[must_use]
    pub fn is_in_flight(&self) -> bool {
        match self {
            Self::Triggered(_) | Self::Running(_) => true,
            Self::Confirming(confirming) => confirming.status.is_none(),
            Self::Queued | Self::Preparing | Self::Done(_) => false,
        }
    }
}

/// A trigger whose effect has not been seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Triggered {
    /// When the intent was stored, or when the server said yes to it.
    pub at: Timestamp,
    /// What was there before, so that the new can be told from the old.
    pub baseline: Baseline,
    /// What the server said.
    pub answer: Answer,
}

/// What a server said to a trigger.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Nothing that arrived: not sent, lost, or carried out later.
    None,
    /// Success, which does not mean that the job will run.
    Accepted,
    /// No, with its words.
    Refused(String),
}

/// The groups and logs that a job had before the trigger. Ids, not times: the server's clock is its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Baseline {
    /// Every group of the job.
    pub groups: BTreeSet<GroupId>,
    /// Its newest logs; `None` where they could not be read, and then logs prove nothing.
    pub logs: Option<BTreeSet<LogId>>,
    /// When the newest of those groups was made, by the server's clock.
    pub newest_group: Option<Timestamp>,
}

/// A backup under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Running {
    /// JetBackup's record of it.
    pub group: GroupId,
    /// Its log, once the group named it.
    pub log: Option<LogId>,
    /// When it began, as far as `jbr` knows.
    pub since: Timestamp,
    /// It was not triggered by this run, but found under way.
    pub adopted: bool,
    /// It takes longer than its `timeout`.
    pub overdue: bool,
    /// It is overdue, and the queue goes on beside it.
    pub released: bool,
    /// What came of asking JetBackup to stop it.
    pub stop: Option<Stop>,
    /// What was there before the trigger; `None` for an adopted one.
    pub baseline: Option<Baseline>,
}

/// A stop that was asked for and not seen yet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Stop {
    /// When it was asked for last.
    pub asked: Timestamp,
    /// How often.
    pub times: u32,
    /// It was not seen after all of these: the alarm was raised.
    pub unseen: bool,
}

/// A finished group whose log is still to be read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Confirming {
    /// The backup as it ran.
    pub running: Running,
    /// The group's last status; `None` if the group has vanished.
    pub status: Option<GroupStatus>,
    /// When its end was seen.
    pub ended: Timestamp,
}

/// Something on a server that was closed, and that `jbr` opened for its own backup.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Opened {
    /// On which server.
    pub server: ServerName,
    /// What.
    pub gate: Gate,
    /// When the opening was begun.
    pub since: Timestamp,
    /// How far it is.
    pub state: GateState,
}

/// How far an opening, or the closing after it, is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GateState {
    /// About to be opened, or opened; not seen yet.
    Opening {
        /// How often it was tried.
        tries: u32,
    },
    /// Seen open.
    Open,
    /// Was asked to close, and has not been seen closed.
    Closing {
        /// When this process first tried.
        since: Timestamp,
        /// How often it was tried.
        tries: u32,
    },
    /// Could not be closed: an alarm, tried again at the next start.
    LeftOpen {
        /// Why, for a person.
        why: String,
    },
}

/// What a run waits for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Waiting {
    /// Since when.
    pub since: Timestamp,
    /// For what.
    pub reason: WaitReason,
}

/// What a run can wait for before a trigger.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WaitReason {
    /// A server that cannot be asked.
    Unreachable {
        /// Which one.
        server: ServerName,
        /// Why, as far as is known.
        why: String,
    },
    /// A guarded backup that this run did not start.
    Busy {
        /// On which server.
        server: ServerName,
        /// Its queue group.
        group: GroupId,
        /// Its job.
        job: Option<JobId>,
    },
    /// The time until another try.
    Retry {
        /// When it may begin.
        at: Timestamp,
    },
    /// A window.
    Window {
        /// When it opens.
        opens: Timestamp,
    },
}

/// Two guarded backups that wrote at the same time, because a plan says `on_timeout: release` or somebody else started one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Overlap {
    /// When it was seen.
    pub at: Timestamp,
    /// One.
    pub first: (ServerName, GroupId),
    /// The other.
    pub second: (ServerName, GroupId),
}
