//! How bytes reach a server: one command line out, its whole output back, or why not.
//!
//! A transport knows nothing of JetBackup. What it must get right is the difference between *not sent* (the
//! command cannot have run) and *lost* (it may have run, and may still be running).

pub mod logged;
pub mod simulated;

use std::fmt;
use std::time::Duration;

pub mod ssh;

/// Runs command lines on one server, one at a time, over a connection that it keeps.
pub trait Transport: Send {
    /// Runs a command line to its end within the server's `command_timeout`.
    ///
    /// # Errors
    /// A [`Failure`], which says whether the command may have run.
    fn call(&mut self, command_line: &str) -> Result<Output, Failure>;

    /// From now on a call takes no longer than this, whatever the server's `command_timeout` is.
    fn hurry(&mut self, limit: Duration);

    /// Keeps an idle connection alive. Losing it here is not an error: the next call opens a new one.
    fn keep_alive(&mut self);
}

/// What a command left behind. An exit status of 0 proves nothing: libssh2 reports 0 for a command that was cut off.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Output {
    /// Everything on its standard output.
    pub stdout: Vec<u8>,
    /// Everything on its standard error.
    pub stderr: Vec<u8>,
    /// The exit status, where the server sent one and that is certain: over SSH, `None` may also be a 0.
    pub exit: Option<i32>,
    /// The signal that ended it, where the server sent one.
    pub signal: Option<String>,
}

/// Why there is no output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What failed.
    pub kind: FailureKind,
    /// Whether the command may have run all the same.
    pub sent: Sent,
    /// For a person, with what to do about it; already printable.
    pub message: String,
}

impl Failure {
    /// A failure before the command left: it did not run.
    #[must_use]
    pub fn not_sent(kind: FailureKind, message: impl AsRef<str>) -> Self {
        Self { kind, sent: Sent::No, message: message.as_ref().to_owned() }
    }

    /// A failure after the command may have left: it may have run, or may run yet.
    #[must_use]
    pub fn lost(kind: FailureKind, message: impl AsRef<str>) -> Self {
        Self { kind, sent: Sent::Maybe, message: message.as_ref().to_owned() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Whether a command may have run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It certainly did not.
    No,
    /// It may have, and may yet.
    Maybe,
}

/// What failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The host's name has no address.
    Resolve,
    /// No TCP connection, or no SSH on it.
    Connect,
    /// The host key is unknown (and `strict`), changed or revoked. Waiting does not mend it.
    HostKey,
    /// The server does not take the key or the user. Waiting does not mend it.
    Login,
    /// The time for connecting or for the command is over.
    Timeout,
    /// The connection broke.
    Lost,
    /// More output than a server has any reason to send.
    OutputLimit,
    /// `jbr` was asked to stop.
    Interrupted,
}
