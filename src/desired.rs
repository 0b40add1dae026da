//! The plan with nothing optional left: plain data, as everything after `plan/` sees it.

mod notify;

use std::path::PathBuf;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::names::{DestinationId, JobAddress, JobId, ServerName};
use crate::window::Window;

pub use notify::{Email, MailLogin, MailOn, Notify, Ping, Secret, Security, Smtp, Url};

/// Everything that the user declared, defaults applied, in file order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    /// The servers, in file order.
    pub servers: Vec<Server>,
    /// The jobs, in file order.
    pub jobs: Vec<Job>,
    /// How a run behaves.
    pub run: RunSettings,
    /// Who is told what; `None` if nobody.
    pub notify: Option<Notify>,
}

impl Desired {
    /// The server of this name.
    #[must_use]
    pub fn server(&self, name: &ServerName) -> Option<&Server> {
        self.servers.iter().find(|server| server.name == *name)
    }

    /// The job at this address.
    #[must_use]
    pub fn job(&self, address: &JobAddress) -> Option<&Job> {
        self.jobs.iter().find(|job| job.address == *address)
    }
}

/// A hosting server and how to reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its name in the plan.
    pub name: ServerName,
    /// Host name or address.
    pub host: String,
    /// TCP port of its SSH server.
    pub port: u16,
    /// Who logs in.
    pub user: String,
    /// The private key's file; `None` asks the agent.
    pub key: Option<PathBuf>,
    /// Where its host key is kept.
    pub known_hosts: PathBuf,
    /// What to do about a host key that is not known yet.
    pub host_key: HostKeyPolicy,
    /// Limit of connecting and logging in.
    pub connect_timeout: Duration,
    /// Limit of one API call.
    pub command_timeout: Duration,
    /// The guarded storage as this server's JetBackup knows it; `None` guards every backup of the server.
    pub destination: Option<Destination>,
}

/// What to do about a host key that is not known yet. One that changed is always refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostKeyPolicy {
    /// Refuse.
    Strict,
    /// Record it and say so.
    AcceptNew,
}

/// The guarded destination of one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Its id on the server.
    pub id: DestinationId,
    /// Whether `jbr` opens it just for its own backups (`keep: closed`).
    pub keep_closed: bool,
}

/// A backup job that the user wants run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its address: server and name.
    pub address: JobAddress,
    /// JetBackup's id of it.
    pub id: JobId,
    /// What the user says it backs up; `None` if nothing was said.
    pub kind: Option<JobKind>,
    /// Higher first, over all servers.
    pub priority: i64,
    /// After how long a backup is overdue.
    pub timeout: Duration,
    /// How long an accepted trigger may take to show a queue group.
    pub start_timeout: Duration,
    /// What happens to an overdue backup.
    pub on_timeout: OnTimeout,
    /// Whether `jbr` enables the job just for its own trigger (`keep: disabled`).
    pub keep_disabled: bool,
    /// What must have been run before it.
    pub after: Vec<After>,
    /// When it may start: in any of these, but for what any of them excepts; empty if at any time.
    pub windows: Vec<Window>,
    /// Whether it starts only where its expected duration ends inside the window.
    pub fits: bool,
    /// It is queued only when its last good backup is older; `None` if always.
    pub every: Option<Duration>,
    /// Its last good backup is too old when it is older; `None` if nobody said.
    pub max_age: Option<Duration>,
    /// What is tried again.
    pub retry: Retry,
    /// Why it is not to be run, where the plan holds it.
    pub hold: Option<Hold>,
}

/// A job that another one comes after.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct After {
    /// Which one.
    pub job: JobAddress,
    /// How it must have ended.
    pub when: When,
}

/// How a predecessor must have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum When {
    /// With a good backup.
    Success,
    /// In any way.
    Finished,
}

/// How often a backup that did not succeed is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Retry {
    /// How many times in all; 1 is once, without a second try.
    pub attempts: u32,
    /// From the end of a try to the next at the least.
    pub wait: Duration,
    /// What is tried again.
    pub when: RetryWhen,
}

impl Retry {
    /// Once, and not again.
    pub const NEVER: Self = Self { attempts: 1, wait: Duration::ZERO, when: RetryWhen::ANY };
}

/// The kinds of failure that are tried again. An aborted backup is none of them: somebody stopped it, and meant it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RetryWhen {
    /// JetBackup recorded the backup as failed.
    pub failed: bool,
    /// It was asked for, and never started.
    pub never_started: bool,
    /// JetBackup's API refused to start it, or to open what it needs.
    pub api_error: bool,
}

impl RetryWhen {
    /// Every kind.
    pub const ANY: Self = Self { failed: true, never_started: true, api_error: true };
}

/// A job that is not to be run for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Why, in the words of whoever holds it; printable.
    pub reason: String,
    /// Until when; `None` if until it is taken away.
    pub until: Option<Timestamp>,
}

/// What a job backs up, as a plan declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// Accounts (JetBackup's type 1, unless only databases are contained).
    Accounts,
    /// Directories (type 2).
    Directories,
    /// Databases: type 1 that contains databases and nothing of accounts.
    Database,
    /// Anything else.
    Other,
}

impl JobKind {
    /// The kind as the plan language spells it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Directories => "directories",
            Self::Database => "database",
            Self::Other => "other",
        }
    }
}

/// What happens to a backup that takes longer than its `timeout`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnTimeout {
    /// Report, and keep the slot until it ends.
    Hold,
    /// Report, and go on to the next job beside it.
    Release,
    /// Ask JetBackup to stop it, and go on when the stop was seen.
    Stop,
}

/// What a partially completed backup means for the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partial {
    /// As good as a complete one.
    Accept,
    /// A warning; exit code 0.
    Warn,
    /// Exit code 4.
    Fail,
}

/// When a running backup is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// When it may be over, by what its past backups took and by its progress; seldom before.
    Adaptive,
    /// At once, and then after each `poll`.
    Fixed,
}

/// How a run behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSettings {
    /// Between two looks at a running backup, as far as `pace` has it so; a second at least.
    pub poll: Duration,
    /// When a running backup is looked at.
    pub pace: Pace,
    /// How long a server that cannot be asked is waited for.
    pub unreachable_wait: Duration,
    /// What a partial backup means.
    pub partial: Partial,
    /// A run that was interrupted is resumed if it is younger than this.
    pub resume_within: Duration,
}
