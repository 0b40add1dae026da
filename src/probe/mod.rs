//! EACH SERVER STEP BY STEP, as `jbr test` shows it: what works on the way to its JetBackup, what fails first, and what to do about it.
//!
//! `collect` (edge) goes the way that every other command goes, over the same connection and with the same calls, and only calls that
//! read; everything else is a pure judgement of what it saw. Absent: anything that would be a second way to a server. What a step says
//! when it fails is what every other command would say.

mod advice;
mod clock;
pub mod collect;
mod jetbackup;
mod way;

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::desired::{Desired, Server};
use crate::jetbackup::call_error::CallError;
use crate::jetbackup::facts::{Destination, Job};
use crate::jetbackup::ssh_gate::SshGate;
use crate::names::ServerName;
use crate::transport::ssh::Milestone;

pub use advice::Advice;
pub use clock::ClockSight;

/// The steps, in the order in which they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// The host's name has an address.
    Name,
    /// Somebody speaks SSH there.
    Connection,
    /// It is the server that it says it is.
    HostKey,
    /// It takes the key.
    Login,
    /// What stands between the key and JetBackup.
    Gate,
    /// JetBackup answers.
    Api,
    /// Which JetBackup it is.
    Version,
    /// How far its clock is from this machine's.
    Clock,
    /// The guarded destination is there.
    Destination,
    /// The declared jobs are there.
    Jobs,
}

/// How a step went. Every text is printable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Went {
    /// As it should: what was found.
    Ok(String),
    /// It works, and should be looked at.
    Attention {
        /// What was found.
        found: String,
        /// What to do about it.
        advice: Advice,
    },
    /// It does not work.
    Failed {
        /// What exactly.
        why: String,
        /// What to do about it.
        advice: Advice,
    },
    /// Nobody can say; nothing depends on it.
    Unknown(String),
    /// A step before it failed.
    NotTried,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub what: What,
    /// How it went.
    pub went: Went,
}

/// One server, step by step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Its name in the plan.
    pub server: ServerName,
    /// How it is reached, as the plan has it: `root@server1.example.com port 51514`.
    pub place: String,
    /// Every step, in order.
    pub steps: Vec<Step>,
}

impl Probe {
    /// Whether every step was taken and none failed.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.steps.iter().any(|step| matches!(step.went, Went::Failed { .. } | Went::NotTried))
    }
}

/// What a server was asked, and what came; `None` where it was not asked.
pub type Asked<T> = Option<Result<T, CallError>>;

/// Everything that was seen on the way to one server's JetBackup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// Which server.
    pub server: ServerName,
    /// When.
    pub at: Timestamp,
    /// How far the connection came.
    pub milestones: Vec<Milestone>,
    /// What the gate says of itself.
    pub gate: Result<SshGate, CallError>,
    /// Its jobs.
    pub jobs: Asked<Vec<Job>>,
    /// Its destinations.
    pub destinations: Asked<Vec<Destination>>,
    /// JetBackup's version, where an answer named it.
    pub version: Option<String>,
    /// What is known of its clock.
    pub clock: ClockSight,
    /// The key as this machine has it.
    pub key: KeySight,
}

/// The private key's file, and the public half beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeySight {
    /// Whether the private key's file is there; true where an agent has it.
    pub is_there: bool,
    /// The line of the `.pub` file beside it, printable, where there is one.
    pub public: Option<Arc<str>>,
}

/// Judges what was seen.
#[must_use]
pub fn judge(desired: &Desired, server: &Server, sight: &Sight) -> Probe {
    let mut steps = way::steps(server, sight);
    steps.extend(jetbackup::steps(desired, server, sight));
    let place = format!("{}@{} port {}", server.user, server.host, server.port);
    Probe { server: server.name.clone(), place: crate::printable::printable(&place), steps }
}
