//! When backups may start: windows as a plan declares them, and what they come to in a stretch of time.

use crate::clock::Timestamp;

/// A window as a plan declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Its name in the plan.
    pub name: String,
}

/// A stretch of time in which a backup may start: from its beginning on, and before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Opening {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}
