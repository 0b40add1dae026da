//! One thing that somebody is to be told.

use super::quotes::Quotes;
use crate::clock::Timestamp;
use crate::desired::MailOn;
use crate::names::RunId;
use crate::render::{Summary, Zone};

/// Why somebody is told, from the least to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Somebody tries whether notices arrive.
    Test,
    /// A run is over, and all is well.
    Finished,
    /// A backup was completed in part.
    Partial,
    /// A server did not answer.
    Unreachable,
    /// A last good backup is too old.
    Stale,
    /// A backup takes longer than its `timeout`.
    Timeout,
    /// A run, or a command that should have begun one, failed.
    Failure,
    /// Two backups wrote at once, a stop was not seen, a gate was left open, or it is not known whether the storage is free.
    Unsafe,
}

impl Cause {
    /// The word that a subject begins with.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Test => "TEST",
            Self::Finished => "OK",
            Self::Partial => "PARTIAL",
            Self::Unreachable => "UNREACHABLE",
            Self::Stale => "STALE",
            Self::Timeout => "TIMEOUT",
            Self::Failure => "FAILURE",
            Self::Unsafe => "UNSAFE",
        }
    }

    /// The word for programs.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Finished => "finished",
            Self::Partial => "partial",
            Self::Unreachable => "unreachable",
            Self::Stale => "stale",
            Self::Timeout => "timeout",
            Self::Failure => "failure",
            Self::Unsafe => "unsafe",
        }
    }

    /// Whether the plan wants it by mail. What is unsafe is told always: nobody can mean not to know.
    #[must_use]
    pub fn is_wanted(self, on: MailOn) -> bool {
        match self {
            Self::Test | Self::Unsafe => true,
            Self::Finished => on.finished,
            Self::Partial => on.partial,
            Self::Unreachable => on.unreachable,
            Self::Stale => on.stale,
            Self::Timeout => on.timeout,
            Self::Failure => on.failure,
        }
    }
}

/// One thing to tell.
#[derive(Debug, Clone)]
pub struct Notice<'a> {
    /// Every reason for it. None where a run stopped on the way and all is well: that is nothing to tell.
    pub causes: Vec<Cause>,
    /// When it came up.
    pub at: Timestamp,
    /// The machine that it comes from.
    pub host: &'a str,
    /// The reader's time zone.
    pub zone: Zone,
    /// What it is about.
    pub what: What<'a>,
}

/// What a notice is about.
#[derive(Debug, Clone)]
pub enum What<'a> {
    /// A run is over, for now at least.
    RunEnded {
        /// How it went.
        summary: &'a Summary<'a>,
        /// What JetBackup's logs say of what did not end well. For the mail alone: what stands in a log is the customers' business.
        quotes: &'a Quotes,
    },
    /// Something in a run that cannot wait for its end: a sentence.
    Alarm {
        /// In which run.
        run: &'a RunId,
        /// What, printable.
        sentence: String,
    },
    /// Backups that are too old: a line a job, printable.
    Stale(Vec<String>),
    /// A command ended before it had begun a run.
    NoRun {
        /// What it said, printable, a line each.
        said: Vec<String>,
    },
    /// Somebody tries whether notices arrive.
    Test,
}

impl Notice<'_> {
    /// The worst reason for it; a run that ended without any is over and well.
    #[must_use]
    pub fn cause(&self) -> Cause {
        self.causes.iter().copied().max().unwrap_or(Cause::Finished)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unsafe_is_told_whatever_the_plan_switches_off() {
        let off = MailOn {
            failure: false,
            timeout: false,
            partial: false,
            unreachable: false,
            stale: false,
            finished: false,
        };
        let all = [
            Cause::Finished,
            Cause::Partial,
            Cause::Unreachable,
            Cause::Stale,
            Cause::Timeout,
            Cause::Failure,
            Cause::Unsafe,
        ];
        let wanted: Vec<Cause> = all.into_iter().filter(|cause| cause.is_wanted(off)).collect();
        assert_eq!(wanted, [Cause::Unsafe]);
        let wanted: Vec<Cause> = all.into_iter().filter(|cause| cause.is_wanted(MailOn::default())).collect();
        assert_eq!(wanted, all[1..]);
    }
}
