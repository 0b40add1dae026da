//! Commands over SSH: one connection a server, opened at the first command, kept, and opened anew when it is lost.
//!
//! Deliberately absent: passwords, `ssh_config`, jump hosts and certificates (hosts are declared in the plan, whole);
//! threads (a session belongs to whoever holds the transport); and any retry of a command that may have run.
//!
//! `tcp` connects, `host_key` judges, `login` authenticates, `exchange` runs one command; `patience` bounds every
//! wait of them, `backoff` the attempts.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::backoff::Backoff;
use self::connection::Connection;
pub use self::host_key::HostKeyAccepted;
pub use self::milestone::{Milestone, Witness};
use self::patience::Patience;
use super::{Failure, FailureKind, Output, Transport};
use crate::clock::Interrupt;
use crate::desired::Server;
use crate::printable::printable;

mod backoff;
mod connection;
mod exchange;
mod host_key;
mod key_file;
pub mod known_hosts;
mod login;
mod milestone;
mod opening;
mod patience;
mod tcp;

/// How long a command that has already left may take to answer after a wish to stop: most do within milliseconds, and an
/// answer is worth more than "perhaps".
const GRACE: Duration = Duration::from_secs(1);

/// What SSH needs of the world around it; the same for every server.
#[derive(Clone)]
pub struct Surroundings {
    /// The wish to stop, which ends every wait.
    pub interrupt: Interrupt,
    /// The socket of an SSH agent (`SSH_AUTH_SOCK`), for servers without a key in the plan.
    pub agent: Option<PathBuf>,
    /// Told of each host key that was new and is on record now. A plan that reads its servers in parallel calls it from several
    /// threads.
    pub announce: Arc<dyn Fn(&HostKeyAccepted) + Send + Sync>,
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").field("agent", &self.agent).finish_non_exhaustive()
    }
}

/// One server over SSH.
///
/// A call takes at most `connect_timeout` to find out that the kept connection is dead, `connect_timeout` to open another,
/// and `command_timeout` for the command. A wish to stop ends it within about a second, or at once where the command has not
/// left yet.
///
/// In its [`Output`], `exit` is never 0: libssh2 (as bound by ssh2 0.9) gives 0 both for a command that said 0 and for one of which
/// no status ever came, so `None` stands for both. Any other status did come.
pub struct SshTransport {
    server: Server,
    surroundings: Surroundings,
    witness: Witness,
    connection: Option<Connection>,
    backoff: Backoff,
}

impl fmt::Debug for SshTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let connected = self.connection.is_some();
        f.debug_struct("SshTransport")
            .field("server", &self.server.name)
            .field("connected", &connected)
            .finish_non_exhaustive()
    }
}

impl SshTransport {
    /// A transport to this server. Nothing is connected before the first call.
    #[must_use]
    pub fn new(server: &Server, surroundings: &Surroundings) -> Self {
        Self {
            server: server.clone(),
            surroundings: surroundings.clone(),
            witness: Arc::new(|_| {}),
            connection: None,
            backoff: Backoff::default(),
        }
    }

    /// The same, telling somebody how far each attempt to connect comes.
    #[must_use]
    pub fn witnessed(self, witness: Witness) -> Self {
        Self { witness, ..self }
    }

    /// A connection with a channel on it: the kept one if it still works, or else a new one.
    fn ready(&mut self) -> Result<(Connection, ssh2::Channel), Failure> {
        if let Some(kept) = self.connection.take() {
            match exchange::open(&kept, &self.connect_patience()) {
                Ok(channel) => return Ok((kept, channel)),
                Err(trouble) if self.surroundings.interrupt.is_requested() => return Err(self.no_channel(&trouble)),
                // It went stale while it was idle. No command has left: a new connection is no risk.
                Err(_) => {}
            }
        }
        if let Some(too_early) = self.backoff.too_early(Instant::now()) {
            return Err(too_early);
        }
        let opened =
            opening::open(&self.server, &self.surroundings, &*self.witness).and_then(
                |connection| match exchange::open(&connection, &self.connect_patience()) {
                    Ok(channel) => Ok((connection, channel)),
                    Err(trouble) => Err(self.no_channel(&trouble)),
                },
            );
        match &opened {
            Ok(_) => self.backoff.succeeded(),
            Err(failure) => self.backoff.failed(failure, Instant::now()),
        }
        opened
    }

    fn connect_patience(&self) -> Patience<'_> {
        Patience::new(&self.surroundings.interrupt, self.server.connect_timeout, Duration::ZERO)
    }

    fn no_channel(&self, trouble: &connection::Trouble) -> Failure {
        trouble.before_sending(&self.server, FailureKind::Lost, "the server opened no channel for a command")
    }

    /// What can be seen to be wrong before anything is tried.
    fn check(&self, command_line: &str) -> Result<(), Failure> {
        let Server { name, host, user, .. } = &self.server;
        if self.surroundings.interrupt.is_requested() {
            return Err(tcp::interrupted(&self.server));
        }
        // A `*`, a comma or a line break in a host would mean something else in known_hosts.
        let fits = |c: char| c.is_alphanumeric() || ".-_:%".contains(c);
        if host.is_empty() || !host.chars().all(fits) {
            let text = format!("{name}: \"{}\" is not a host name; correct `host` in the plan", printable(host));
            return Err(Failure::not_sent(FailureKind::Resolve, text));
        }
        if user.contains('\0') || command_line.contains('\0') {
            let text = format!("{name}: a user or a command with a NUL byte cannot be sent");
            return Err(Failure::not_sent(FailureKind::Login, text));
        }
        Ok(())
    }
}

impl Transport for SshTransport {
    fn call(&mut self, command_line: &str) -> Result<Output, Failure> {
        self.check(command_line)?;
        let (connection, channel) = self.ready()?;
        if self.surroundings.interrupt.is_requested() {
            return Err(tcp::interrupted(&self.server));
        }
        let patience = Patience::new(&self.surroundings.interrupt, self.server.command_timeout, GRACE);
        let answer = exchange::run(&self.server, &connection, channel, command_line, &patience)?;
        if answer.reusable {
            self.connection = Some(connection);
        }
        Ok(answer.output)
    }

    fn hurry(&mut self, limit: Duration) {
        self.server.command_timeout = self.server.command_timeout.min(limit);
    }

    fn keep_alive(&mut self) {
        if self.connection.as_ref().is_some_and(|connection| !connection.keep_alive()) {
            self.connection = None;
        }
    }
}
