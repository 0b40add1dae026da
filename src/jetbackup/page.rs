//! A page of a list, and what makes two of its rows the same.

use crate::jetbackup::facts::{Destination, Group, Job, Log, LogText, Schedule};

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// Its rows, in the server's order.
    pub rows: Vec<T>,
    /// How many rows the whole list has, as the server says.
    pub total: u64,
}

/// Something with an id by which two rows are the same.
pub trait Row {
    /// The id.
    fn key(&self) -> &str;
}

impl Row for Job {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}

impl Row for Group {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}

impl Row for LogText {
    fn key(&self) -> &str {
        self.group.as_str()
    }
}

impl Row for Destination {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}

impl Row for Log {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}

impl Row for Schedule {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}
