//! DESIRED AGAINST LIVE: what will run, what will not and why, and what a person should look at. It changes nothing.

mod compare;

pub use compare::{diff, drift};

use std::time::Duration;

use crate::clock::Timestamp;
use crate::hold::Holds;
use crate::jetbackup::facts::{Group, GroupStatus};
use crate::names::{DestinationId, GroupId, JobAddress, JobId, ServerName};
use crate::seen::Seen;

/// The whole comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diff {
    /// One decision for each declared job that was asked for, in file order.
    pub decisions: Vec<Decision>,
    /// Everything else that a person should know, in the order of the servers.
    pub remarks: Vec<Remark>,
}

impl Diff {
    /// Decisions and remarks because of which nothing may start.
    pub fn errors(&self) -> impl Iterator<Item = String> + '_ {
        let missing = self.decisions.iter().filter_map(|decision| match &decision.verdict {
            Choice::Missing { id } => Some(format!(
                "{}: {} has no backup job with the id {id}; `jbr list --server {}` shows those it has",
                decision.address, decision.address.server, decision.address.server
            )),
            _ => None,
        });
        let destinations = self.remarks.iter().filter_map(|remark| match &remark.what {
            Notice::DestinationMissing { id } => Some(format!(
                "{}: it has no destination with the id {id}; `jetbackup5api -F listDestinations -O json` lists those it has",
                remark.server
            )),
            _ => None,
        });
        missing.chain(destinations)
    }
}

/// What is decided about one declared job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Which job.
    pub address: JobAddress,
    /// The name that its server has for it, where it was read.
    pub live_name: Option<String>,
    /// The decision.
    pub verdict: Choice,
    /// What its last good backup is measured by; `None` where the plan does not say `every`.
    pub due: Option<Due>,
}

/// How old a last good backup may become before the next is due, and when it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The plan's `every`.
    pub every: Duration,
    /// When it ended; unknown counts as due, because a backup too many is harmless and one too few is not.
    pub last_good: Seen<Option<Timestamp>>,
}

/// A decision, with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// `>` It will be run.
    Run,
    /// `=` It is running, and is watched as this run's.
    Adopt {
        /// Its queue group.
        group: GroupId,
        /// How far it is.
        status: GroupStatus,
        /// Percent, where the server says.
        percent: Option<u8>,
    },
    /// `~` It will not run: it is disabled on its server, and the plan does not say that jbr may enable it.
    Disabled,
    /// `~` It will not run: its destination is disabled, and the plan does not say that jbr may enable it.
    DestinationDisabled {
        /// Which one.
        destination: DestinationId,
    },
    /// `·` It will not run: its last good backup is younger than `every`.
    Fresh {
        /// When that ended.
        last_good: Timestamp,
        /// When the next one is due.
        due: Timestamp,
    },
    /// `!` It will not run: it is held.
    Held {
        /// By whom, why and until when.
        holds: Holds,
    },
    /// `!` It will not run: it comes after a job that is held, or that waits so itself.
    HeldBack {
        /// Which one.
        by: JobAddress,
    },
    /// `?` Its server could not be read. It is queued all the same; the run waits for the server.
    Unread {
        /// Why.
        why: String,
    },
    /// An error: its server has no such job.
    Missing {
        /// The id that was declared.
        id: JobId,
    },
}

impl Choice {
    /// Why the job will be skipped without a try, for those that will be.
    #[must_use]
    pub fn hindrance(&self) -> Option<String> {
        match self {
            Self::Disabled => {
                Some("it is disabled on its server, and the plan does not say `keep: disabled`".to_owned())
            }
            Self::DestinationDisabled { destination } => {
                Some(format!("its destination {destination} is disabled, and the plan does not say `keep: closed`"))
            }
            Self::Run
            | Self::Adopt { .. }
            | Self::Fresh { .. }
            | Self::Held { .. }
            | Self::HeldBack { .. }
            | Self::Unread { .. }
            | Self::Missing { .. } => None,
        }
    }

    /// Whether a hold keeps it from being run: its own, or that of a job which it comes after.
    #[must_use]
    pub fn is_held(&self) -> bool {
        matches!(self, Self::Held { .. } | Self::HeldBack { .. })
    }

    /// Whether it has a place in the queue, be it only to record why it was skipped.
    #[must_use]
    pub fn is_queued(&self) -> bool {
        match self {
            Self::Run
            | Self::Adopt { .. }
            | Self::Disabled
            | Self::DestinationDisabled { .. }
            | Self::Unread { .. } => true,
            Self::Fresh { .. } | Self::Held { .. } | Self::HeldBack { .. } | Self::Missing { .. } => false,
        }
    }
}

/// Something about a server that a person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// Which server.
    pub server: ServerName,
    /// The job it is about, by its address or, if it is in no plan, by the server's name for it.
    pub about: Option<String>,
    /// What.
    pub what: Notice,
}

/// What a remark says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// `~` A declared fact is another on the server.
    Differs {
        /// Which one: `name`, `type`, `destination`, `disabled`. Of the last, `no` is declared where nothing is: a job is there to be run.
        key: &'static str,
        /// As the plan has it.
        declared: String,
        /// As the server has it.
        live: String,
    },
    /// `!` A job that writes to the guarded storage, or may, and is in no plan.
    Unmanaged {
        /// Its id.
        id: JobId,
        /// It names where it writes; one that names nothing only might write there.
        is_certain: bool,
        /// Whether JetBackup starts it by itself; `None` where the server says nothing of schedules.
        is_scheduled: Option<bool>,
        /// When next, where the server says.
        next_run: Option<Timestamp>,
    },
    /// `!` A declared job writes to several destinations: while it writes to another one, the guarded storage idles.
    SeveralDestinations {
        /// All of them, in the server's order; each with JetBackup's name, where the server says it.
        destinations: Vec<(DestinationId, Option<String>)>,
    },
    /// `!` JetBackup would start it by itself.
    Scheduled {
        /// When next, where the server says.
        next_run: Option<Timestamp>,
    },
    /// `!` The server runs several backups at once.
    Forks {
        /// How many.
        forks: i64,
    },
    /// `!` A guarded backup runs or waits that no job of this queue explains; it will be waited for.
    Foreign {
        /// The group.
        group: Group,
    },
    /// `!` What stands between the key and the server's JetBackup is not what it should be.
    Gate(GateNotice),
    /// An error: the declared destination does not exist.
    DestinationMissing {
        /// The id that was declared.
        id: DestinationId,
    },
    /// `?` Something could not be read.
    Unread {
        /// What: `jobs`, `queue`, `destinations`, `performance settings`, `gate`.
        what: &'static str,
        /// Why.
        why: String,
    },
}

/// What is to be said of a server's gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GateNotice {
    /// There is none: whoever has the key may run anything there.
    Absent,
    /// Something else answers in its place.
    Foreign,
    /// It is older than the one that this `jbr` comes with.
    Older {
        /// Its version.
        version: u32,
    },
    /// It does not let this key do what the plan needs.
    Forbids {
        /// The jobs that are to be started, or may have to be stopped.
        jobs: Vec<JobAddress>,
        /// The destination that is kept closed.
        destination: Option<DestinationId>,
    },
}

impl Notice {
    /// The symbol in front of it.
    #[must_use]
    pub fn symbol(&self) -> char {
        match self {
            Self::Differs { .. } => '~',
            Self::Unmanaged { .. }
            | Self::SeveralDestinations { .. }
            | Self::Scheduled { .. }
            | Self::Forks { .. }
            | Self::Foreign { .. }
            | Self::Gate(_) => '!',
            Self::DestinationMissing { .. } => 'x',
            Self::Unread { .. } => '?',
        }
    }
}

impl Choice {
    /// The symbol in front of it.
    #[must_use]
    pub fn symbol(&self) -> char {
        match self {
            Self::Run => '>',
            Self::Adopt { .. } => '=',
            Self::Disabled | Self::DestinationDisabled { .. } => '~',
            Self::Fresh { .. } => '·',
            Self::Held { .. } | Self::HeldBack { .. } => '!',
            Self::Unread { .. } => '?',
            Self::Missing { .. } => 'x',
        }
    }
}
