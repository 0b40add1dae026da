//! Ids as JetBackup makes them, 24 hexadecimal digits, but counted: the same calls give the same ids.

use serde::{Deserialize, Serialize};

/// Counts what the whole fleet has made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ids {
    made: u64,
}

impl Ids {
    pub(super) fn group(&mut self) -> String {
        self.next("9e00")
    }

    pub(super) fn log(&mut self) -> String {
        self.next("1090")
    }

    fn next(&mut self, family: &str) -> String {
        self.made += 1;
        format!("{family}{:020x}", self.made)
    }
}
