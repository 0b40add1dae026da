//! What is not known of a plan, because it could not be read.

use super::finding::Reported;

/// Parts of the plan that could not be read: what they would have declared is not known.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Gaps {
    /// Anything at all.
    pub(super) any: Option<Reported>,
    /// Names of servers: a job on a server that nobody declared may be right.
    pub(super) servers: Option<Reported>,
    /// Names of windows.
    pub(super) windows: Option<Reported>,
}
