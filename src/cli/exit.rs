//! How a command ends: the exit codes, the same everywhere.

use crate::audit::Conclusion;
use crate::check::Level;
use crate::desired::Partial;
use crate::execute::End;
use crate::execute::journal::{GateState, Journal};
use crate::execute::outcome::Verdict;
use crate::queue::Queue;
use crate::status::Reading;

/// An exit code with its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: all as asked.
    Success,
    /// 1: an error.
    Error,
    /// 2: only `plan --detailed-exitcode`: something to do.
    SomethingToDo,
    /// 3: a backup failed, was aborted or never started; of `audit`, two backups overlapped.
    BackupFailed,
    /// 4: partial beyond what the plan accepts; of `audit`, JetBackup recorded another outcome than `jbr` remembers.
    Partial,
    /// 5: not approved.
    NotApproved,
    /// 6: another `jbr` holds the lock.
    Locked,
    /// 7: the saved plan is stale.
    Stale,
    /// 8: cannot make sure that the storage is free, or closed again; of `audit`, that no two backups overlapped; of `status`, what runs on a
    /// server; of `stop`, that it stopped.
    Unsafe,
    /// 9: nothing ran although something was asked for; of `stop`, there was nothing to stop.
    NothingRan,
    /// 10: stopped, resumable.
    Stopped,
    /// 64: usage.
    Usage,
    /// 0 to 3: `check` alone, which speaks as the plug-ins of Nagios do.
    Check(Level),
}

impl Exit {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Error => 1,
            Self::SomethingToDo => 2,
            Self::BackupFailed => 3,
            Self::Partial => 4,
            Self::NotApproved => 5,
            Self::Locked => 6,
            Self::Stale => 7,
            Self::Unsafe => 8,
            Self::NothingRan => 9,
            Self::Stopped => 10,
            Self::Usage => 64,
            Self::Check(level) => level.number(),
        }
    }

    /// How a run ends, from what its journal says: the worst thing that is true of it.
    #[must_use]
    pub fn of_run(end: &End, queue: &Queue, journal: &Journal, partial: Partial) -> Self {
        match end {
            End::Unsafe(_) => return Self::Unsafe,
            // What cannot be closed stays open until the window opens again, and writes may come in all the while.
            End::WindowClosed { .. } | End::Complete if is_left_open(journal) => return Self::Unsafe,
            End::Interrupted | End::WindowClosed { .. } => return Self::Stopped,
            End::Complete => {}
        }
        let verdicts: Vec<Option<Verdict>> =
            queue.items.iter().map(|item| journal.outcome(&item.address).map(|outcome| outcome.verdict)).collect();
        let is = |wanted: Verdict| verdicts.contains(&Some(wanted));
        if !verdicts.is_empty() && verdicts.iter().all(|verdict| *verdict == Some(Verdict::Skipped)) {
            return Self::NothingRan;
        }
        if verdicts.iter().any(|verdict| !verdict.is_some_and(Verdict::is_good)) {
            return Self::BackupFailed;
        }
        if partial == Partial::Fail && is(Verdict::Partial) { Self::Partial } else { Self::Success }
    }

    /// How an audit ends: what is known to be wrong comes before what is not known.
    #[must_use]
    pub fn of_audit(conclusion: Conclusion) -> Self {
        match conclusion {
            Conclusion::Proven => Self::Success,
            Conclusion::Overlapped => Self::BackupFailed,
            Conclusion::Disagreement => Self::Partial,
            Conclusion::Unproven => Self::Unsafe,
        }
    }

    /// How a status ends: what runs on a server that does not say so may write.
    #[must_use]
    pub fn of_status(reading: Reading) -> Self {
        match reading {
            Reading::Whole => Self::Success,
            Reading::Partly => Self::Error,
            Reading::Blind => Self::Unsafe,
        }
    }

    /// This, or that a backup never started, where this says less.
    #[must_use]
    pub(super) fn or_backup_failed(self) -> Self {
        match self {
            Self::Success | Self::Partial => Self::BackupFailed,
            worse => worse,
        }
    }
}

/// The table of exit codes as `--help` shows it.
pub(super) const EXIT_CODES_HELP: &str = "\
Exit codes:
  0   all as asked
  1   an error; `status`: something else than what runs could not be read
  2   only `plan --detailed-exitcode`: something to do
  3   a backup failed, was aborted or never started; `audit`: two backups wrote at the same time
  4   a partial backup, and the plan says `partial: fail`; `audit`: JetBackup recorded another outcome than jbr remembers
  5   not approved
  6   another jbr holds the lock
  7   the saved plan is stale
  8   unsafe: it cannot be made sure that the storage is free, or closed again; `audit`: records are missing for a proof; `status`: a server does not say what runs there; `stop`: not seen to stop
  9   nothing ran although something was asked for; `stop`: there was nothing to stop
  10  stopped; `jbr apply` goes on from there
  64  usage

`check` has the exit codes of monitoring plug-ins instead: 0 ok, 1 warning, 2 critical, 3 unknown; and 64.";

fn is_left_open(journal: &Journal) -> bool {
    journal.opened.iter().any(|opened| matches!(opened.state, GateState::LeftOpen { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_names_every_code() {
        let codes = [
            Exit::Success,
            Exit::Error,
            Exit::SomethingToDo,
            Exit::BackupFailed,
            Exit::Partial,
            Exit::NotApproved,
            Exit::Locked,
            Exit::Stale,
            Exit::Unsafe,
            Exit::NothingRan,
            Exit::Stopped,
            Exit::Usage,
        ];
        let named: Vec<String> = EXIT_CODES_HELP
            .lines()
            .skip(1)
            .take_while(|line| !line.is_empty())
            .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
            .collect();
        assert_eq!(named, codes.map(|exit| exit.code().to_string()));
    }
}
