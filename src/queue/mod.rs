//! THE QUEUE: which backups run, in which order, within which limits. Everything is decided here, before the first
//! command.

pub mod build;
#[cfg(test)]
mod fixture;
pub mod order;
pub mod place;

use std::time::Duration;

use crate::desired::{After, OnTimeout, Pace, Retry};
use crate::names::{DestinationId, JobAddress, JobId, ServerName};
use crate::window::Opening;

/// An ordered list of backups to run, and what the run needs to know to do so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// What to run, first to last.
    pub items: Vec<Item>,
    /// Every server of the plan: all are asked before each trigger, whatever the items are.
    pub servers: Vec<ServerName>,
    /// Between two looks at a running backup, as far as `pace` has it so.
    pub poll: Duration,
    /// When a running backup is looked at.
    pub pace: Pace,
    /// How long a server that cannot be asked is waited for.
    pub unreachable_wait: Duration,
    /// Whether the run waits for windows that are closed; otherwise it ends, and can be resumed.
    pub stays: bool,
}

impl Queue {
    /// The item at an address.
    #[must_use]
    pub fn item(&self, address: &JobAddress) -> Option<&Item> {
        self.items.iter().find(|item| item.address == *address)
    }
}

/// One backup to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The job's address.
    pub address: JobAddress,
    /// The job's id on its server.
    pub id: JobId,
    /// After how long it is overdue.
    pub timeout: Duration,
    /// How long an accepted trigger may take to show a group.
    pub start_timeout: Duration,
    /// How long a lost trigger is waited out before it counts as not carried out.
    pub settle: Duration,
    /// What happens when it is overdue.
    pub on_timeout: OnTimeout,
    /// What must be opened for it, in this order, and closed after it.
    pub gates: Vec<Gate>,
    /// The items of this queue that must be over before it.
    pub after: Vec<After>,
    /// When it may start, in order, without overlaps, as far ahead as the plan was worked out; `None` if at any time, and empty if it is only
    /// to be watched.
    pub openings: Option<Vec<Opening>>,
    /// How much of an opening must be left for it to start; `None` if any.
    pub fits: Option<Duration>,
    /// What is tried again.
    pub retry: Retry,
    /// How long it usually takes; `None` where nobody knows.
    pub usual: Option<Usual>,
}

impl Item {
    /// The same, for a job that is not to be started now: held, young enough, or in no plan any more. What is under way of it is watched to its
    /// end, and neither tried again nor triggered again.
    #[must_use]
    pub fn only_watched(self) -> Self {
        Self { openings: Some(Vec::new()), retry: Retry::NEVER, ..self }
    }
}

/// How long a backup usually takes, as its past ones did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Usual {
    /// Half of them took less.
    pub median: Duration,
    /// Nine of ten took less.
    pub p90: Duration,
}

/// A backup is far beyond its usual time once it has run for more than so many percent of what nine of ten did not exceed,
pub const FAR_PERCENT: u32 = 150;
/// and for so much longer than that. What takes seconds varies by more than a half.
pub const FAR_MIN: Duration = Duration::from_secs(5 * 60);

impl Usual {
    /// Whether a backup that has run for so long takes far longer than it should.
    #[must_use]
    pub fn is_far_beyond(self, ran: Duration) -> bool {
        ran > self.p90.saturating_mul(FAR_PERCENT) / 100 && ran.saturating_sub(self.p90) >= FAR_MIN
    }
}

/// What can be opened and closed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// A destination (`keep: closed`).
    Destination(DestinationId),
    /// A job (`keep: disabled`).
    Job(JobId),
}

impl std::fmt::Display for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Destination(id) => write!(f, "destination {id}"),
            Self::Job(id) => write!(f, "job {id}"),
        }
    }
}
