//! What went wrong between `jbr` and a mail server: our words, which say what to mend, and the server's behind them.
//!
//! They are kept apart because whoever was told a password once could repeat it to us, and what is said is kept.

use super::discreet::repeats;
use crate::printable::printable;

/// What went wrong, not yet printable.
#[derive(Debug)]
pub(super) struct Complaint {
    ours: String,
    theirs: Option<String>,
}

impl Complaint {
    /// Something of which the server said nothing.
    pub(super) fn ours(words: impl Into<String>) -> Self {
        Self { ours: words.into(), theirs: None }
    }

    /// Our words, and what the server said.
    pub(super) fn quoting(ours: String, theirs: String) -> Self {
        Self { ours, theirs: Some(theirs) }
    }

    /// With what may mend it.
    pub(super) fn hint(self, words: &str) -> Self {
        Self { ours: format!("{}; {words}", self.ours), ..self }
    }

    /// With the place where it happened.
    pub(super) fn at(self, place: &str) -> Self {
        Self { ours: format!("{place}: {}", self.ours), ..self }
    }

    /// One printable line with nothing of the server's.
    pub(super) fn ours_alone(self) -> String {
        printable(&self.ours)
    }

    /// One printable line that does not have the password in it.
    pub(super) fn line(self, password: Option<&str>) -> String {
        let Self { ours, theirs } = self;
        let line = match theirs {
            None => ours,
            Some(theirs) => {
                let whole = format!("{ours}: {theirs}");
                let is_indiscreet = password.is_some_and(|password| repeats(&whole, password));
                if is_indiscreet {
                    format!("{ours}; what the server says to it repeats the password, and is not kept")
                } else {
                    whole
                }
            }
        };
        printable(&line)
    }
}
