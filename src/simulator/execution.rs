//! How one execution of a job will go: written down beforehand, so that a simulation can be repeated.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How one execution of a job will go, from its trigger to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// From the trigger until its queue group can be seen (production: up to two minutes go by after a trigger).
    pub appears_after: Duration,
    /// From the group's appearance until it is ready to start; it then waits for a fork.
    pub starts_after: Duration,
    /// From its start to its end; may be shorter than any poll interval.
    pub runs: Duration,
    /// The queue group's last status (vendor code): 100 to 104, or a number that nobody has seen yet.
    pub status: i64,
    /// Accounts, databases or directories in it.
    pub items: u64,
    /// The sub-steps (3 to 99, vendor code) that it shows one after the other, each for an equal part of its time; 2 comes first.
    pub steps: Vec<i64>,
    /// What its log says of its end.
    pub log: LogSays,
    /// What stands in its log file instead of the simulator's own lines.
    pub log_file: Option<String>,
}

/// What the log of an execution says of its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogSays {
    /// The same as the queue group, in the log's own enumeration.
    TheSame,
    /// This number instead, whatever the queue group says.
    Instead(i64),
    /// Nothing: there is no log.
    Nothing,
}

impl Execution {
    /// A good execution of this length: seen at once, started 5 s later, 10 items.
    #[must_use]
    pub fn of(runs: Duration) -> Self {
        Self {
            appears_after: Duration::ZERO,
            starts_after: Duration::from_secs(5),
            runs,
            status: 100,
            items: 10,
            steps: vec![10, 2, 14],
            log: LogSays::TheSame,
            log_file: None,
        }
    }

    /// The same with another last status.
    #[must_use]
    pub fn ends(self, status: i64) -> Self {
        Self { status, ..self }
    }

    /// The same, seen only this long after its trigger.
    #[must_use]
    pub fn appears_after(self, appears_after: Duration) -> Self {
        Self { appears_after, ..self }
    }

    /// The same, ready to start this long after it is seen.
    #[must_use]
    pub fn starts_after(self, starts_after: Duration) -> Self {
        Self { starts_after, ..self }
    }

    /// The same with this many items.
    #[must_use]
    pub fn items(self, items: u64) -> Self {
        Self { items, ..self }
    }

    /// The same with another log.
    #[must_use]
    pub fn log(self, log: LogSays) -> Self {
        Self { log, ..self }
    }

    /// The same with another text in its log file.
    #[must_use]
    pub fn log_file(self, text: impl Into<String>) -> Self {
        Self { log_file: Some(text.into()), ..self }
    }
}

impl Default for Execution {
    fn default() -> Self {
        Self::of(Duration::from_secs(3600))
    }
}
