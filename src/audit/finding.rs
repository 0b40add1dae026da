//! What an audit finds: overlaps, disagreements, gaps, and what it took for granted. Data; the words are `render`'s.

use std::time::Duration;

use super::Case;
use super::backup::Backup;
use super::clocks::Apart;
use crate::clock::Timestamp;
use crate::execute::outcome::Verdict;
use crate::names::{GroupId, JobAddress, JobId, LogId, ServerName};
use crate::seen::Why;

/// The verdict in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Conclusion {
    /// No two guarded backups wrote at the same time, and nothing is missing for saying so.
    Proven,
    /// At least two did.
    Overlapped,
    /// None is known to have, but of a backup JetBackup's records say something else than `jbr`'s.
    Disagreement,
    /// None is known to have, and something is missing for saying that none did.
    Unproven,
}

/// Two backups, by their beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The one that began first.
    pub first: Backup,
    /// The other.
    pub second: Backup,
    /// When the second began.
    pub from: Timestamp,
    /// When the first of the two ended; not before `from` if both wrote at the same time.
    pub to: Timestamp,
}

/// A backup of which JetBackup recorded another end than `jbr` remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// Of which job.
    pub job: JobAddress,
    /// Its queue group.
    pub group: Option<GroupId>,
    /// Its log.
    pub log: Option<LogId>,
    /// When `jbr` saw that it was over.
    pub ended: Timestamp,
    /// What `jbr` remembers.
    pub remembered: Verdict,
    /// What JetBackup says: the worse one of its two records.
    pub recorded: Verdict,
}

/// Something that is missing for a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// A server could not be asked, or not understood.
    Unread {
        /// Which one.
        server: ServerName,
        /// Why.
        why: Why,
    },
    /// `jbr` remembers backups of the period on a server that the plan does not have any more.
    ServerGone {
        /// Which one.
        server: ServerName,
    },
    /// No log of the server is as old as the period: nobody knows whether older ones were deleted.
    LogsTooYoung {
        /// Which server.
        server: ServerName,
        /// When the oldest backup began of which there is a log; `None` where there is no log.
        oldest: Option<Timestamp>,
    },
    /// A queue group without its log: it ran, or runs, and nobody knows when.
    GroupWithoutLog {
        /// On which server.
        server: ServerName,
        /// Which group.
        group: GroupId,
        /// Of which job.
        id: Option<JobId>,
        /// When it was made.
        created: Option<Timestamp>,
        /// It is not over.
        runs: bool,
    },
    /// A queue group that is not over although its log is.
    GroupNotOver {
        /// On which server.
        server: ServerName,
        /// Which group.
        group: GroupId,
        /// Its log.
        log: LogId,
    },
    /// A log that does not say when its backup began.
    LogWithoutStart {
        /// On which server.
        server: ServerName,
        /// Which log.
        log: LogId,
        /// Of which job.
        id: Option<JobId>,
    },
    /// A log that does not say when its backup ended, and nothing of it runs.
    LogWithoutEnd {
        /// On which server.
        server: ServerName,
        /// Which log.
        log: LogId,
        /// Of which job.
        id: Option<JobId>,
        /// When it began.
        started: Timestamp,
    },
    /// A log whose backup ended before it began: its server's clock was set in between.
    LogBackwards {
        /// On which server.
        server: ServerName,
        /// Which log.
        log: LogId,
        /// When it began, as it says.
        started: Timestamp,
        /// When it ended, as it says.
        ended: Timestamp,
    },
    /// A log of a time that is yet to come: its server's clock is ahead.
    FromTheFuture {
        /// On which server.
        server: ServerName,
        /// The log that is furthest ahead.
        log: LogId,
        /// When it says that its backup began, or ended.
        at: Timestamp,
    },
    /// A backup that `jbr` remembers and of which JetBackup has no log.
    RunWithoutLog {
        /// Of which job.
        job: JobAddress,
        /// Its queue group, as remembered.
        group: Option<GroupId>,
        /// Its log, as remembered.
        log: Option<LogId>,
        /// When `jbr` saw that it was over; `None` if it has not.
        ended: Option<Timestamp>,
    },
    /// `jbr` saw two backups under way at once, and the logs do not show that.
    SeenTogether {
        /// When it saw that.
        at: Timestamp,
        /// One.
        first: (ServerName, GroupId),
        /// The other.
        second: (ServerName, GroupId),
    },
    /// Two backups so near to each other that their servers' clocks decide.
    TooClose {
        /// Which.
        pair: Box<Pair>,
        /// How far apart the clocks may be.
        apart: Apart,
    },
    /// Two backups at the same time, of which at least one may write elsewhere.
    PerhapsElsewhere {
        /// Which.
        pair: Box<Pair>,
    },
}

/// Something that an audit takes for granted, because no call of the API could tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assumption {
    /// The clocks of two servers are no further apart than this, unless the records say otherwise.
    ClocksAgree {
        /// How far, a second for the resolution included.
        within: Duration,
    },
    /// Backups were nearer to each other than the clocks can tell, and `jbr` had read that one was over before it asked for the
    /// other.
    OrderSeen {
        /// How many pairs.
        pairs: usize,
    },
    /// A job wrote in the period where it writes now.
    DestinationsUnchanged,
    /// JetBackup deletes old logs before young ones.
    OldLogsGoFirst,
}

/// What is taken for granted in this case.
pub(super) fn assumptions(case: &Case, by_order: usize) -> Vec<Assumption> {
    let clocks = Assumption::ClocksAgree { within: case.tolerance };
    let parts = [
        (case.evidence.len() > 1).then_some(clocks),
        (by_order > 0).then_some(Assumption::OrderSeen { pairs: by_order }),
        case.evidence.iter().any(|one| one.guard.is_some()).then_some(Assumption::DestinationsUnchanged),
        Some(Assumption::OldLogsGoFirst),
    ];
    parts.into_iter().flatten().collect()
}
