//! One SSH connection: driven without ever blocking, and dropped without waiting for anybody.

use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd as _;
use std::sync::Arc;

use libssh2_sys::LIBSSH2_ERROR_EAGAIN;
use rustix::event::PollFlags;
use ssh2::{BlockDirections, ErrorCode, MethodType, Session};

use super::known_hosts::PublicKey;
use super::patience::{Over, Patience};
use super::tcp;
use crate::desired::Server;
use crate::printable::printable;
use crate::transport::{Failure, FailureKind};

/// libssh2 sends no keepalive sooner after the last one than this (seconds; it takes 1 for 2).
const KEEPALIVE_INTERVAL_S: u32 = 2;

/// Why libssh2 could not do something.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Time, or the wish to stop.
    Over(Over),
    /// libssh2's own error.
    Ssh(ssh2::Error),
}

impl Trouble {
    /// libssh2's own words, or ours, printable.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Over(Over::Time) => "no answer in time".to_owned(),
            Self::Over(Over::Interrupted) => "asked to stop".to_owned(),
            Self::Ssh(e) => printable(e.message()),
        }
    }

    /// libssh2's error number, where it is one.
    pub(super) fn code(&self) -> Option<i32> {
        match self {
            Self::Ssh(e) => match e.code() {
                ErrorCode::Session(code) => Some(code),
                ErrorCode::SFTP(_) => None,
            },
            Self::Over(_) => None,
        }
    }

    /// The failure of a step before the command left.
    pub(super) fn before_sending(&self, server: &Server, kind: FailureKind, text: &str) -> Failure {
        let kind = match self {
            Self::Over(Over::Interrupted) => return tcp::interrupted(server),
            Self::Over(Over::Time) => FailureKind::Timeout,
            Self::Ssh(_) => kind,
        };
        Failure::not_sent(kind, format!("{}: {text}: {}", server.name, self.text()))
    }
}

/// A session over a socket.
pub(super) struct Connection {
    session: Session,
    socket: Arc<TcpStream>,
}

impl Connection {
    /// A session over this socket, with nothing said yet.
    ///
    /// # Errors
    /// A [`Failure`] that was not sent.
    pub(super) fn prepare(server: &Server, socket: Arc<TcpStream>, algorithms: &str) -> Result<Self, Failure> {
        let failed = |e: ssh2::Error| {
            Trouble::Ssh(e).before_sending(server, FailureKind::Connect, "no SSH session could be prepared")
        };
        let mut session = Session::new().map_err(failed)?;
        session.set_blocking(false);
        session.set_tcp_stream(Arc::clone(&socket));
        // Without replies: nobody would read them until the next call, and libssh2 keeps each one for ever.
        session.set_keepalive(false, KEEPALIVE_INTERVAL_S);
        // From here on dropping closes the socket.
        let connection = Self { session, socket };
        connection.session.method_pref(MethodType::HostKey, algorithms).map_err(failed)?;
        Ok(connection)
    }

    /// Agrees on how to encrypt, and has the server show its host key.
    ///
    /// # Errors
    /// A [`Failure`] that was not sent.
    pub(super) fn handshake(&self, server: &Server, patience: &Patience<'_>) -> Result<PublicKey, Failure> {
        // The handle is shared: `handshake` alone wants it mutable.
        let mut session = self.session.clone();
        self.drive(patience, |_| session.handshake()).map_err(|trouble| {
            let place = format!("{} port {}", printable(&server.host), server.port);
            trouble.before_sending(server, FailureKind::Connect, &format!("the SSH handshake with {place} failed"))
        })?;
        let shown = self.session.host_key().and_then(|(blob, _)| PublicKey::from_blob(blob));
        shown.ok_or_else(|| {
            let text = format!("{}: the server showed a host key that cannot be read", server.name);
            Failure::not_sent(FailureKind::HostKey, text)
        })
    }

    /// Repeats something that libssh2 cannot do at once until it is done.
    ///
    /// # Errors
    /// [`Trouble`], when libssh2 gives up or there is no time left.
    pub(super) fn drive<T>(
        &self,
        patience: &Patience<'_>,
        mut what: impl FnMut(&Session) -> Result<T, ssh2::Error>,
    ) -> Result<T, Trouble> {
        loop {
            match what(&self.session) {
                Err(e) if e.code() == ErrorCode::Session(LIBSSH2_ERROR_EAGAIN) => {
                    self.wait(patience).map_err(Trouble::Over)?;
                }
                Err(e) => return Err(Trouble::Ssh(e)),
                Ok(done) => return Ok(done),
            }
        }
    }

    /// Waits until the socket is ready for what libssh2 wants of it, for a moment at most.
    ///
    /// # Errors
    /// [`Over`] when there is no time left.
    pub(super) fn wait(&self, patience: &Patience<'_>) -> Result<(), Over> {
        let events = match self.session.block_directions() {
            BlockDirections::Outbound => PollFlags::OUT,
            BlockDirections::Both => PollFlags::IN | PollFlags::OUT,
            BlockDirections::Inbound | BlockDirections::None => PollFlags::IN,
        };
        patience.wait_for(self.socket.as_fd(), events)
    }

    /// Sends a keepalive where one is due; `false` where the connection is known to be gone. Never blocks.
    pub(super) fn keep_alive(&self) -> bool {
        self.session.keepalive_send().is_ok()
    }
}

impl Drop for Connection {
    /// Says good-bye if that can be done at once, then closes: with the socket shut, libssh2 frees everything without waiting.
    fn drop(&mut self) {
        if self.session.authenticated() {
            let _ = self.session.disconnect(None, "done", None);
        }
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}
