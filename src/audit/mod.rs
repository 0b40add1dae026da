//! THE PROOF: whether any two guarded backups wrote at the same time, from JetBackup's own records.
//!
//! Pure but for [`collect`]: what every server said ([`Evidence`]) and what `jbr` remembers go in, a verdict as data comes
//! out. JetBackup's logs are the evidence, because they alone say when a backup began and ended, whoever started it. Its
//! queue groups and `jbr`'s memory are the witnesses that no log is missing.
//!
//! *Unknown is not no*: whatever could hide a second writer is a [`Gap`], and with a gap nothing is proven. What had to be
//! taken for granted all the same is said too ([`Assumption`]).
//!
//! Absent: what `jbr` thought while it ran. Its word counts in one place only ([`Assumption::OrderSeen`]): where the servers'
//! clocks cannot tell which of two recorded backups was first, it knows which end it had read before it asked for the other.

mod backup;
mod clocks;
pub mod collect;
mod evidence;
mod finding;
mod memory;
mod order;
mod pairing;
mod reading;
mod together;

use crate::clock::Timestamp;
use crate::desired::Desired;
use crate::names::{JobAddress, JobId, ServerName};
use crate::seen::Seen;
use crate::state::State;

pub use backup::Backup;
pub use clocks::{Apart, Clocks, Offset};
pub use evidence::{Evidence, Records};
pub use finding::{Assumption, Conclusion, Disagreement, Gap, Pair};
pub use memory::wanted;

use order::Order;
use together::Together;

/// From when until when: `from` belongs to it, `to` does not. Each server's records are compared with it by that server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub to: Timestamp,
}

impl Period {
    /// Whether something that lasted from `from` to `to` reaches into it; a thing without length is at its moment.
    #[must_use]
    pub fn meets(&self, from: Timestamp, to: Timestamp) -> bool {
        from < self.to && (to > self.from || from >= self.from)
    }
}

/// What is to be judged.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// The plan, whole: it names servers and jobs.
    pub desired: &'a Desired,
    /// What each server said that is audited.
    pub evidence: &'a [Evidence],
    /// What `jbr` remembers, read before the servers were asked.
    pub state: &'a State,
    /// When.
    pub period: Period,
    /// How far apart two servers' clocks may be, a second for the resolution of their records included.
    pub tolerance: std::time::Duration,
    /// The time now; a backup that still runs lasts until here.
    pub now: Timestamp,
}

/// The verdict, with all that it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// When it was made.
    pub at: Timestamp,
    /// Of which time.
    pub period: Period,
    /// What was looked at, a line for each server, in the plan's order.
    pub servers: Vec<ServerLine>,
    /// Every backup of the period that writes to the guarded storage or may, by its beginning.
    pub backups: Vec<Backup>,
    /// Every two that certainly wrote at the same time; [`PAIRS_MAX`] at most.
    pub overlaps: Vec<Pair>,
    /// How many more overlaps and doubtful pairs there are than were kept.
    pub left_out: usize,
    /// Where `jbr` remembers another outcome than JetBackup recorded.
    pub disagreements: Vec<Disagreement>,
    /// What is missing for a proof.
    pub gaps: Vec<Gap>,
    /// What was taken for granted.
    pub assumptions: Vec<Assumption>,
}

/// How many overlaps are kept, and how many doubtful pairs; the first ones tell the story.
pub const PAIRS_MAX: usize = 1000;

/// What was looked at of one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerLine {
    /// Which server.
    pub server: ServerName,
    /// What its records hold.
    pub counts: Seen<Counts>,
    /// How far its clock is from `jbr`'s, as far as the backups that both recorded tell.
    pub offset: Option<Offset>,
}

/// What the records of a server hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Backups of the period that are guarded or may be.
    pub guarded: usize,
    /// Backups of the period that write elsewhere.
    pub elsewhere: usize,
    /// When the oldest backup began of which there is a log.
    pub oldest: Option<Timestamp>,
}

impl Audit {
    /// The verdict in a word: the worst that is true.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        if !self.overlaps.is_empty() {
            Conclusion::Overlapped
        } else if !self.disagreements.is_empty() {
            Conclusion::Disagreement
        } else if self.gaps.is_empty() {
            Conclusion::Proven
        } else {
            Conclusion::Unproven
        }
    }
}

/// Judges.
#[must_use]
pub fn audit(case: &Case) -> Audit {
    let mut gaps = Vec::new();
    let mut backups = Vec::new();
    let mut counts = Vec::new();
    for evidence in case.evidence {
        match &evidence.records {
            Seen::Unknown(why) => {
                gaps.push(Gap::Unread { server: evidence.server.clone(), why: why.clone() });
                counts.push(Seen::Unknown(why.clone()));
            }
            Seen::Known(records) => {
                let reading = reading::read(case, evidence, records);
                counts.push(Seen::Known(reading.counts));
                backups.extend(reading.backups);
                gaps.extend(reading.gaps);
            }
        }
    }
    backups.sort_by(|a, b| (a.from, &a.server, &a.log).cmp(&(b.from, &b.server, &b.log)));
    let memory = memory::compare(case, &mut backups);
    gaps.extend(memory.gaps);
    let clocks = Clocks::new(case.tolerance, memory.offsets);
    let order = Order::of(case.state);
    let Together { overlaps, doubts, left_out, by_order } =
        together::find(&backups, &clocks, &order, case.period, case.now);
    gaps.extend(memory::unexplained(case, &overlaps, &doubts));
    gaps.extend(doubts);
    let servers = case.evidence.iter().zip(counts).map(|(evidence, counts)| ServerLine {
        server: evidence.server.clone(),
        counts,
        offset: clocks.offset(&evidence.server),
    });
    let servers = servers.collect();
    let assumptions = finding::assumptions(case, by_order);
    let disagreements = memory.disagreements;
    let (at, period) = (case.now, case.period);
    Audit { at, period, servers, backups, overlaps, left_out, disagreements, gaps, assumptions }
}

/// The address of a job in the plan, where it is in the plan.
fn address(desired: &Desired, server: &ServerName, id: &JobId) -> Option<JobAddress> {
    let job = desired.jobs.iter().find(|job| job.address.server == *server && job.id == *id)?;
    Some(job.address.clone())
}
