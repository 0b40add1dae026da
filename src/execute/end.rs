//! Why a run's loop ended.

use crate::clock::Timestamp;

/// Why a loop ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum End {
    /// Every item has its outcome.
    Complete,
    /// Somebody asked; what is left can be resumed.
    Interrupted,
    /// What is left may not start now; it can be resumed.
    WindowClosed {
        /// When the next window opens, as far as is known.
        opens: Option<Timestamp>,
    },
    /// It cannot be made sure that the storage is free; what is left can be resumed.
    Unsafe(String),
}
