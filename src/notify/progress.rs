//! How far a mail is on its way.

use std::sync::atomic::AtomicBool;

/// Something that was done on the way, for whoever watches.
pub(super) type Step<'a> = &'a mut dyn FnMut(String);

/// What is known of a mail while it is on its way, by whoever waits for it and may not be able to.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// From now on it may be the mail that the server does not like.
    pub(super) is_offered: AtomicBool,
    /// The server has it, for all whom it was still to go to: whatever is said after that changes nothing.
    pub(super) is_taken: AtomicBool,
}
