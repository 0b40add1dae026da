//! Whom a mail with several addresses has reached.

use serde::{Deserialize, Serialize};

/// What became of a mail's addresses, those of which nothing is known aside.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Reached {
    /// They have it: they do not get it again.
    pub(super) taken: Vec<String>,
    /// The server has refused them for good: they are not offered again by themselves.
    pub(super) refused: Vec<String>,
    /// At them the server fell silent or hung up: they are offered when nobody else is left.
    pub(super) suspects: Vec<String>,
}

impl Reached {
    /// Nothing is known of anybody.
    pub(super) fn is_nobody(&self) -> bool {
        *self == Self::default()
    }

    /// With what another try has shown.
    pub(super) fn and(mut self, newer: Self) -> Self {
        for (all, more) in
            [(&mut self.taken, newer.taken), (&mut self.refused, newer.refused), (&mut self.suspects, newer.suspects)]
        {
            all.extend(more);
            all.sort();
            all.dedup();
        }
        self
    }
}
