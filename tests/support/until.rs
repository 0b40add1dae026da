//! Waiting for a condition, never for time.

use std::time::{Duration, Instant};

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// What should be so at once is so by then, on a busy machine too.
const SOON: Duration = Duration::from_secs(10);

/// Waits until something is so.
///
/// # Panics
/// When it is not so after ten seconds.
pub(crate) fn until(what: &str, is_so: impl FnMut() -> bool) {
    until_within(SOON, what, is_so);
}

/// Waits until something is so that may take longer.
///
/// # Panics
/// When it is not so by then.
pub(crate) fn until_within(limit: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < limit, "waited in vain: {what}");
        std::thread::park_timeout(LOOK_EVERY);
    }
}
