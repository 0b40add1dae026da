//! A backup job as one server knows it.

use std::time::Duration;

use chrono::Datelike as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::execution::Execution;
use crate::clock::{Timestamp, later};

/// No schedule fires more often, so that a mistake in a test cannot make a simulation endless.
pub(super) const SCHEDULE_EVERY_MIN: Duration = Duration::from_secs(1);

/// A backup job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// `_id`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// 1 accounts, 2 directories, 3 JetBackup's own configuration, 4 whole server (documented).
    pub kind: i64,
    /// What of an account it contains, as bits; 511 is all (documented).
    pub contains: i64,
    /// The ids of the destinations that it writes to; several are possible (documented).
    pub destinations: Vec<String>,
    /// A trigger of a disabled job is answered with success and starts nothing (production).
    pub disabled: bool,
    /// What starts it without anybody asking.
    pub schedules: Vec<Schedule>,
    /// How its executions will go, one after the other; the last one repeats. Empty: [`Execution::default`].
    pub script: Vec<Execution>,
    /// How many of the script were taken.
    pub taken: usize,
    /// Start of the last run (production: moves at the start).
    pub last_run: Option<Timestamp>,
    /// End of the last run (production: moves at the end even when the run failed).
    pub last_completed: Option<Timestamp>,
}

/// One of JetBackup's own schedules of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// `_id`.
    pub id: String,
    /// When it fires next, in true time (the server's clock may show another).
    pub next: Option<Timestamp>,
    /// After how long it fires again; `None` fires once. A second at least.
    pub every: Option<Duration>,
}

impl Job {
    /// An enabled job for accounts without a destination or a schedule, whose executions are good and last an hour.
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            kind: 1,
            contains: 511,
            destinations: Vec::new(),
            disabled: false,
            schedules: Vec::new(),
            script: Vec::new(),
            taken: 0,
            last_run: None,
            last_completed: None,
        }
    }

    /// The same, of another type.
    #[must_use]
    pub fn kind(self, kind: i64) -> Self {
        Self { kind, ..self }
    }

    /// The same as a job for databases: type 1 that contains 132 (documented: there is no database type).
    #[must_use]
    pub fn databases(self) -> Self {
        Self { kind: 1, contains: 132, ..self }
    }

    /// The same, writing to one more destination.
    #[must_use]
    pub fn writes_to(mut self, destination: impl Into<String>) -> Self {
        self.destinations.push(destination.into());
        self
    }

    /// The same, disabled.
    #[must_use]
    pub fn disabled(self) -> Self {
        Self { disabled: true, ..self }
    }

    /// The same with how its executions will go; the last one repeats.
    #[must_use]
    pub fn script(self, script: impl IntoIterator<Item = Execution>) -> Self {
        Self { script: script.into_iter().collect(), ..self }
    }

    /// The same, started by JetBackup itself at `first` and then `every` so long.
    #[must_use]
    pub fn schedule(mut self, id: impl Into<String>, first: Timestamp, every: Option<Duration>) -> Self {
        self.schedules.push(Schedule { id: id.into(), next: Some(first), every });
        self
    }

    /// How the next execution will go.
    pub(super) fn take_execution(&mut self) -> Execution {
        let execution = self.script.get(self.taken).or(self.script.last()).cloned().unwrap_or_default();
        self.taken += 1;
        execution
    }

    /// When it starts by itself next; a disabled job does not (inferred).
    pub(super) fn next_run(&self) -> Option<Timestamp> {
        if self.disabled { None } else { self.schedules.iter().filter_map(|schedule| schedule.next).min() }
    }
}

impl Schedule {
    /// `type`, `type_name` and `type_data` (documented): what comes nearest to how it fires.
    pub(super) fn rhythm(&self) -> (i64, &'static str, Value) {
        const HOUR_S: u64 = 3600;
        // JetBackup's week begins with Sunday as 1.
        let weekday = self.next.map_or(1, |next| next.weekday().number_from_sunday());
        match self.every.map(|every| every.as_secs()) {
            None => (4, "Monthly", json!([self.next.map_or(1, |next| next.day())])),
            Some(every) if every >= 7 * 24 * HOUR_S => (3, "Weekly", json!(weekday)),
            Some(every) if every >= 24 * HOUR_S => (2, "Daily", json!([1, 2, 3, 4, 5, 6, 7])),
            Some(every) => (1, "Hourly", json!((every / HOUR_S).max(1))),
        }
    }

    /// It fired at `at`.
    pub(super) fn fired(&mut self, at: Timestamp) {
        self.next = self.every.map(|every| later(at, every.max(SCHEDULE_EVERY_MIN)));
    }
}
