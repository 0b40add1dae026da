//! How a backup ended, as JetBackup recorded it.

use crate::clock::Timestamp;
use crate::jetbackup::facts::{GroupStatus, LogStatus};
use crate::names::{GroupId, LogId};

/// How one item of a queue ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// JetBackup's record of the execution, where there was one.
    pub group: Option<GroupId>,
    /// JetBackup's log of it, where there was one.
    pub log: Option<LogId>,
    /// When the intent of the run's first trigger of it was stored: it cannot have begun before. `None` if this run did not
    /// trigger it, or did so before this was recorded.
    pub triggered: Option<Timestamp>,
    /// When `jbr` first knew of it (for an adopted one, as far back as JetBackup says); `None` if it never began.
    pub started: Option<Timestamp>,
    /// When `jbr` saw that it was over.
    pub ended: Timestamp,
    /// It took longer than its `timeout`.
    pub overdue: bool,
    /// What a person should know about the verdict; empty if it says all.
    pub note: String,
}

impl Outcome {
    /// The outcome of an item that never began.
    #[must_use]
    pub fn without_run(verdict: Verdict, ended: Timestamp, note: String) -> Self {
        Self { verdict, group: None, log: None, triggered: None, started: None, ended, overdue: false, note }
    }
}

/// The verdict on one item, from best to worst where two sources disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// JetBackup recorded it as completed.
    Completed,
    /// JetBackup recorded it as partially completed: a backup, with gaps.
    Partial,
    /// It was never tried: its server could not be asked, or would not run it.
    Skipped,
    /// The group said that it was good, and the log that must confirm it could not be read.
    Unconfirmed,
    /// The trigger had no effect.
    NeverStarted,
    /// JetBackup recorded it as aborted; after `on_timeout: stop`, because `jbr` asked.
    Aborted,
    /// JetBackup recorded that it never finished.
    NeverFinished,
    /// JetBackup recorded it as failed.
    Failed,
    /// JetBackup recorded a status that this version does not know; never taken for good.
    UnknownStatus(i64),
    /// It ran, and JetBackup has no record of how it ended.
    Lost,
}

impl Verdict {
    /// The verdict of a queue group's status; `None` while it is unfinished.
    #[must_use]
    pub fn of_group(status: GroupStatus) -> Option<Self> {
        match status {
            GroupStatus::Pending | GroupStatus::Started | GroupStatus::Step(_) => None,
            GroupStatus::Completed => Some(Self::Completed),
            GroupStatus::Partial => Some(Self::Partial),
            GroupStatus::Failed => Some(Self::Failed),
            GroupStatus::Aborted => Some(Self::Aborted),
            GroupStatus::NeverFinished => Some(Self::NeverFinished),
            GroupStatus::Other(code) => Some(Self::UnknownStatus(code)),
        }
    }

    /// The verdict of a log's status; `None` while it is being written.
    #[must_use]
    pub fn of_log(status: LogStatus) -> Option<Self> {
        match status {
            LogStatus::Processing => None,
            LogStatus::Completed => Some(Self::Completed),
            LogStatus::Partial => Some(Self::Partial),
            LogStatus::Failed => Some(Self::Failed),
            LogStatus::Aborted => Some(Self::Aborted),
            LogStatus::NeverFinished => Some(Self::NeverFinished),
            LogStatus::Other(code) => Some(Self::UnknownStatus(code)),
        }
    }

    /// Whether there is a backup to restore from.
    #[must_use]
    pub fn is_good(self) -> bool {
        matches!(self, Self::Completed | Self::Partial)
    }

    /// Whether JetBackup ran anything for this item.
    #[must_use]
    pub fn has_run(self) -> bool {
        !matches!(self, Self::Skipped | Self::NeverStarted)
    }

    /// One or two words for a table.
    #[must_use]
    pub fn word(self) -> String {
        match self {
            Self::Completed => "completed".to_owned(),
            Self::Partial => "partial".to_owned(),
            Self::Skipped => "skipped".to_owned(),
            Self::Unconfirmed => "unconfirmed".to_owned(),
            Self::NeverStarted => "never started".to_owned(),
            Self::Aborted => "aborted".to_owned(),
            Self::NeverFinished => "never finished".to_owned(),
            Self::Failed => "failed".to_owned(),
            Self::UnknownStatus(code) => format!("status {code}"),
            Self::Lost => "lost".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_codes_of_each_enumeration_are_good() {
        let good = |verdict: Option<Verdict>| verdict.is_some_and(Verdict::is_good);
        let groups: Vec<i64> = (0..1000).filter(|c| good(Verdict::of_group(GroupStatus::from_code(*c)))).collect();
        let logs: Vec<i64> = (0..1000).filter(|c| good(Verdict::of_log(LogStatus::from_code(*c)))).collect();
        assert_eq!((groups, logs), (vec![100, 101], vec![1, 4]));
    }
}
