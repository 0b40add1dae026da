//! A queue group that belongs to none of the server's backup jobs: a restore, a reindex, somebody's download.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::execution::Execution;
use crate::clock::Timestamp;

/// A queue group that somebody else causes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignGroup {
    /// When it is caused, in true time.
    pub at: Timestamp,
    /// Queue type (documented): 1 backup, 2 restore, 4 download, 8 reindex, 16 clone, 32 security, 64 integrity check,
    /// 128 snapshot delete.
    pub kind: i64,
    /// Its `data`; a reindex has the job's id at `data.id` instead of `data._id` (production).
    pub data: Value,
    /// How it will go.
    pub execution: Execution,
    /// The ids of the destinations that it writes to.
    pub destinations: Vec<String>,
}

impl ForeignGroup {
    /// A group of this type that writes nowhere, with empty `data`.
    #[must_use]
    pub fn new(at: Timestamp, kind: i64, execution: Execution) -> Self {
        Self { at, kind, data: json!([]), execution, destinations: Vec::new() }
    }

    /// A reindex (type 8) of a job.
    #[must_use]
    pub fn reindex(at: Timestamp, job: &str, execution: Execution) -> Self {
        Self { data: json!({"id": job}), ..Self::new(at, 8, execution) }
    }

    /// The same, writing to one more destination.
    #[must_use]
    pub fn writes_to(mut self, destination: impl Into<String>) -> Self {
        self.destinations.push(destination.into());
        self
    }
}
