//! What went wrong between `jbr` and a mail server: our words, which say what to mend, and the server's behind them.
//!
//! They are kept apart because whoever was told a password once could repeat it to us, and what is said is kept.

use std::io::{self, ErrorKind};
use std::time::Duration;

use lettre::transport::smtp::Error;

use super::discreet::repeats;
use super::trust;
use crate::printable::printable;
use crate::render::when::limit;

/// How lettre calls a connection that ended where an answer should have been.
const HUNG_UP: &str = "incomplete response";

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

    /// What an error of lettre's means.
    pub(super) fn of(error: &Error, timeout: Duration) -> Self {
        if is_timeout(error) {
            return Self::ours(format!("no answer within {}", limit(timeout)));
        }
        if let Some(error) = tls_error(error) {
            return trust::complaint(error);
        }
        let said = said(error);
        let is_end = causes(error).any(|cause| io_kind(cause) == Some(ErrorKind::UnexpectedEof));
        match error.status() {
            Some(code) => Self::quoting(format!("answered with code {code}"), said),
            None if is_end || said == HUNG_UP => Self::ours("the server closed the connection"),
            None if error.is_response() => {
                // Behind the name of the parser that did not like it.
                let answer = said.split_once(" at: ").map_or(&*said, |(_, answer)| answer);
                Self::quoting("what answers there is no mail server".to_owned(), answer.to_owned())
            }
            None => Self::ours(said),
        }
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

/// What is behind lettre's own words for the kind of error.
pub(super) fn said(error: &Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// A time-out calls itself something else.
pub(super) fn is_timeout(error: &Error) -> bool {
    causes(error).any(|cause| matches!(io_kind(cause), Some(ErrorKind::WouldBlock | ErrorKind::TimedOut)))
}

/// What TLS has to say.
pub(super) fn tls_error(error: &Error) -> Option<&rustls::Error> {
    causes(error).find_map(trust::tls_error)
}

fn io_kind(cause: &(dyn std::error::Error + 'static)) -> Option<ErrorKind> {
    cause.downcast_ref().map(io::Error::kind)
}

/// An error's causes, the nearest first.
fn causes(error: &Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(std::error::Error::source(error), |cause| cause.source())
}
