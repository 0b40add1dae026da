//! WHAT IS, at this moment: every server as it answered, seen with what `jbr` remembers. It decides nothing.
//!
//! Absent: what is to be done about it. That is the proposal's business, of which only the next item and the remarks are taken along.

mod next;
mod run;
mod server;
mod under_way;
mod unsent;

use crate::clock::Timestamp;
use crate::desired::Desired;
use crate::diff::{Notice, Remark};
use crate::inventory::Inventory;
use crate::names::JobAddress;
use crate::proposal::Proposal;
use crate::seen::Seen;
use crate::state::State;
use crate::state::lock::Lock;
use run::fate;
use server::server_status;

pub use next::{Next, Waits, next};
pub use run::{Fate, RunStatus};
pub use server::{DestinationStatus, Doing, JobStatus, ServerStatus};
pub use under_way::{UnderWay, Whose, under_way};
pub use unsent::{Outbox, Unsent};

/// Everything that `jbr status` shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// When the servers had answered.
    pub at: Timestamp,
    /// Whether what `jbr` remembers could be read. Where it could not, nothing is known of a run, and of whose a backup is.
    pub state: Seen<()>,
    /// Whether a `jbr` is at work.
    pub lock: Seen<Lock>,
    /// The run that has not ended.
    pub run: Option<RunStatus>,
    /// What runs next; `None` also where the state or the lock could not be read.
    pub next: Option<Next>,
    /// The notices that wait to be sent.
    pub outbox: Seen<Outbox>,
    /// The servers that were asked, in the plan's order.
    pub servers: Vec<ServerStatus>,
    /// What else a person should know of them.
    pub remarks: Vec<Remark>,
}

/// How much could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// Everything.
    Whole,
    /// What runs is known, something else is not.
    Partly,
    /// Of a server it is not known what runs there.
    Blind,
}

impl Status {
    /// How much could be read.
    #[must_use]
    pub fn reading(&self) -> Reading {
        let of = |server: &ServerStatus| match (&server.answers, &server.queue) {
            (Seen::Unknown(_), _) | (_, Seen::Unknown(_)) => Reading::Blind,
            _ if server.is_partly_read => Reading::Partly,
            _ => Reading::Whole,
        };
        let is_partly = [matches!(self.state, Seen::Unknown(_)), matches!(self.lock, Seen::Unknown(_))];
        let is_outbox_whole = matches!(&self.outbox, Seen::Known(outbox) if outbox.unreadable == 0);
        let is_partly = is_partly.contains(&true) || !is_outbox_whole;
        let own = if is_partly { Reading::Partly } else { Reading::Whole };
        self.servers.iter().map(of).chain([own]).max().unwrap_or(own)
    }
}

/// What a status is made of.
pub struct View<'a> {
    /// The plan, whole.
    pub desired: &'a Desired,
    /// The servers that were asked.
    pub inventory: &'a Inventory,
    /// What `jbr` remembers, read after the servers answered: what was triggered meanwhile is in it.
    pub state: &'a Seen<State>,
    /// Whether a `jbr` is at work.
    pub lock: Seen<Lock>,
    /// The notices that wait to be sent.
    pub outbox: Seen<Outbox>,
    /// What the next `apply` would do.
    pub proposal: &'a Proposal,
    /// Which jobs were asked for.
    pub is_asked_for: &'a dyn Fn(&JobAddress) -> bool,
    /// When the servers had answered.
    pub now: Timestamp,
}

/// Puts together what was seen.
#[must_use]
pub fn status(view: View) -> Status {
    let asked = view.desired.servers.iter().filter_map(|server| Some((server, view.inventory.of(&server.name)?)));
    let run = match view.state {
        Seen::Known(state) => state.run.as_ref(),
        Seen::Unknown(_) => None,
    };
    let is_whole =
        run.is_none_or(|run| run.queue.items.iter().all(|item| view.inventory.of(&item.address.server).is_some()));
    let next = match (view.state, &view.lock) {
        (Seen::Known(_), Seen::Known(lock)) => next(view.proposal, lock, is_whole, view.is_asked_for),
        (Seen::Unknown(_), _) | (_, Seen::Unknown(_)) => None,
    };
    Status {
        at: view.now,
        state: view.state.as_ref().map(|_| ()),
        run: run.map(|run| RunStatus::new(run, fate(&view.proposal.beginning, is_whole))),
        next,
        servers: asked.map(|(server, live)| server_status(&view, server, live)).collect(),
        remarks: view.proposal.diff.remarks.iter().filter(|remark| !is_shown_otherwise(remark)).cloned().collect(),
        lock: view.lock,
        outbox: view.outbox,
    }
}

/// What stands with a server or a job already, or is the business of `jbr plan` alone.
fn is_shown_otherwise(remark: &Remark) -> bool {
    match &remark.what {
        Notice::Foreign { .. } | Notice::Scheduled { .. } | Notice::DestinationMissing { .. } => true,
        // It does nothing now, and nothing will start it but a person.
        Notice::Unmanaged { is_scheduled, .. } => *is_scheduled != Some(true),
        Notice::Unread { what, .. } => matches!(*what, "jobs" | "queue" | "destinations" | "gate"),
        Notice::Differs { .. } | Notice::SeveralDestinations { .. } | Notice::Forks { .. } | Notice::Gate(_) => false,
    }
}
