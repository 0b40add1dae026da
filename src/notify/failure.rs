//! Why something could not be handed over, and what that means for it and for what waits behind it.

use super::reached::Reached;

/// Why something could not be handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// Why, printable, without any secret.
    pub(super) why: String,
    /// What it means for the message, and for others.
    pub(super) kind: FailureKind,
    /// Of a mail, whom it has reached all the same.
    pub(super) reached: Reached,
}

/// What a failure means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FailureKind {
    /// The way is closed: for every message of this channel, for now.
    Channel,
    /// The login was refused: trying again soon would only get the account locked.
    Login,
    /// This message, for now: so says the other side.
    Message,
    /// The other side hung up over this message. Whether over each, only another one can tell.
    HungUp,
    /// The other side took this message and said no more. That may be the message's fault, but to try another costs as much again.
    Silent,
    /// Whoever sends had no more time for it: nobody's fault.
    Late,
    /// This message, for good: it is not tried again by itself.
    Refused,
}

impl Failure {
    /// Nobody has it.
    pub(super) fn new(kind: FailureKind, why: impl Into<String>) -> Self {
        Self { why: why.into(), kind, reached: Reached::default() }
    }

    /// The way is closed.
    pub(super) fn channel(why: impl Into<String>) -> Self {
        Self::new(FailureKind::Channel, why)
    }
}

impl FailureKind {
    /// Whether the message itself may be what was wrong: then it goes behind the others.
    pub(super) fn is_perhaps_its_own(self) -> bool {
        matches!(self, Self::Message | Self::HungUp | Self::Silent)
    }

    /// Whether nothing else is tried on this way for now.
    pub(super) fn shuts(self) -> bool {
        matches!(self, Self::Channel | Self::Login | Self::Silent | Self::Late)
    }
}
