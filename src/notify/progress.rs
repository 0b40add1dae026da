//! How far a mail is on its way.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::failure::Failure;

/// Something that was done on the way, for whoever watches.
pub(super) type Step<'a> = &'a mut dyn FnMut(String);

/// What is known of a mail while it is on its way, by whoever waits for it and may not be able to.
#[derive(Debug, Default)]
pub(super) struct Progress(Mutex<SoFar>);

/// How far it is.
#[derive(Debug, Default)]
pub(super) struct SoFar {
    /// From now on it may be the mail that the server does not like.
    pub(super) is_offered: bool,
    /// To whom it is being offered.
    pub(super) address: Option<String>,
    /// What came of it: whatever is said after that changes nothing.
    pub(super) ended: Option<Result<(), Failure>>,
}

impl Progress {
    pub(super) fn so_far(&self) -> MutexGuard<'_, SoFar> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
