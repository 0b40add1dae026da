//! Why a call brought no fact, and whether it may have been carried out all the same.

use crate::jetbackup::reply::ReplyError;
use crate::seen::{Seen, Why};
use crate::transport::{Failure, FailureKind, Sent};

/// Why a call brought no fact. Every text is printable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The command did not leave: it was certainly not carried out.
    #[error("{0}")]
    NotSent(Failure),
    /// The command left and no whole answer came: it may have been carried out, or may be yet.
    #[error("{0}")]
    Lost(Failure),
    /// The server answered whole and said no: it says that it carried out nothing.
    #[error("{function}: JetBackup refused: {message}")]
    Refused {
        /// The API function.
        function: &'static str,
        /// The server's own words.
        message: String,
    },
    /// Something came that cannot be understood: the command may have been carried out.
    #[error("{function}: {message}")]
    Garbled {
        /// The API function.
        function: &'static str,
        /// What is wrong with the answer.
        message: String,
    },
}

impl CallError {
    /// Whether the command may have been carried out. Only for a call that changes something does it matter; where it
    /// is true, look before sending it again.
    #[must_use]
    pub fn may_have_run(&self) -> bool {
        match self {
            Self::NotSent(_) | Self::Refused { .. } => false,
            Self::Lost(_) | Self::Garbled { .. } => true,
        }
    }

    /// Whether there was no answer at all: whoever has more to ask may as well stop here.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        match self {
            Self::NotSent(failure) | Self::Lost(failure) => failure.kind != FailureKind::OutputLimit,
            Self::Refused { .. } | Self::Garbled { .. } => false,
        }
    }

    /// The error as a reason for not knowing.
    #[must_use]
    pub fn into_why(self) -> Why {
        match &self {
            // A list is harmless to ask for by hand. A command that changes something is not: none is ever suggested.
            Self::Garbled { function, .. } if function.starts_with("list") => {
                Why::new(format!("{self}; `jetbackup5api -F {function} -O json` on the server shows it whole"))
            }
            _ => Why::new(self.to_string()),
        }
    }
}

impl From<Failure> for CallError {
    fn from(failure: Failure) -> Self {
        match failure.sent {
            Sent::No => Self::NotSent(failure),
            Sent::Maybe => Self::Lost(failure),
        }
    }
}

impl From<ReplyError> for CallError {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::Refused { function, message } => Self::Refused { function, message },
            ReplyError::Garbled { function, message } => Self::Garbled { function, message },
        }
    }
}

/// What a call brought, as knowledge: an error of any kind is *unknown*, never "no".
#[must_use]
pub fn seen<T>(result: Result<T, CallError>) -> Seen<T> {
    match result {
        Ok(fact) => Seen::Known(fact),
        Err(error) => Seen::Unknown(error.into_why()),
    }
}
