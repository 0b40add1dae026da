//! Who `jbr` is on the server: a key from a file, or from an agent. Never a password.

use std::path::{Path, PathBuf};

use libssh2_sys::{LIBSSH2_ERROR_AUTHENTICATION_FAILED, LIBSSH2_ERROR_FILE, LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED};

use super::connection::{Connection, Trouble};
use super::key_file;
use super::patience::Patience;
use crate::desired::Server;
use crate::printable::printable;
use crate::transport::{Failure, FailureKind};

/// Keys of an agent that are tried; sshd hangs up after six (`MaxAuthTries`).
const AGENT_KEYS_MAX: usize = 5;

/// What to log in with, found before any connection is made.
pub(super) enum Credential {
    /// A private key and the file that it is from.
    Key { file: PathBuf, content: String },
    /// The socket of an agent.
    Agent(PathBuf),
}

impl Credential {
    /// The plan's key, or else the agent.
    ///
    /// # Errors
    /// [`FailureKind::Login`] where there is no usable one.
    pub(super) fn find(server: &Server, agent: Option<&Path>) -> Result<Self, Failure> {
        match (&server.key, agent) {
            (Some(file), _) => match key_file::read(file) {
                Ok(content) => Ok(Self::Key { file: file.clone(), content }),
                Err(what) => Err(failure(server, &format!("the key file {} {what}", shown(file)))),
            },
            (None, Some(socket)) if socket.exists() => Ok(Self::Agent(socket.to_owned())),
            (None, Some(socket)) => {
                let text = format!("the SSH agent is gone: there is no socket {} (SSH_AUTH_SOCK)", shown(socket));
                Err(failure(server, &text))
            }
            (None, None) => Err(failure(
                server,
                "the plan names no `key` for it, and there is no SSH agent (SSH_AUTH_SOCK is not set); name the key's file in \
                 the plan",
            )),
        }
    }

    /// Logs in.
    ///
    /// # Errors
    /// [`FailureKind::Login`] where the server refuses; [`FailureKind::Connect`], [`FailureKind::Timeout`] and
    /// [`FailureKind::Interrupted`] for the rest.
    pub(super) fn log_in(
        &self,
        server: &Server,
        connection: &Connection,
        patience: &Patience<'_>,
    ) -> Result<(), Failure> {
        match self {
            Self::Key { file, content } => {
                let attempt =
                    connection.drive(patience, |s| s.userauth_pubkey_memory(&server.user, None, content, None));
                attempt.map_err(|trouble| key_failure(server, file, &trouble))
            }
            Self::Agent(socket) => with_agent(server, connection, socket, patience),
        }
    }
}

fn key_failure(server: &Server, file: &Path, trouble: &Trouble) -> Failure {
    let file = shown(file);
    match trouble.code() {
        Some(LIBSSH2_ERROR_FILE) => {
            let text = format!(
                "the key file {file} cannot be used ({}); `ssh-keygen -y -f {file}` tells more",
                trouble.text()
            );
            failure(server, &text)
        }
        _ if is_refusal(trouble) => failure(server, &refused(server, &format!("the key {file}"))),
        _ => trouble.before_sending(server, FailureKind::Connect, "the connection failed during the login"),
    }
}

/// Every key of the agent in turn, as ssh does. What the agent itself takes to answer is bounded by nothing: libssh2 asks it
/// on a blocking socket.
fn with_agent(server: &Server, connection: &Connection, socket: &Path, patience: &Patience<'_>) -> Result<(), Failure> {
    let useless = |trouble: &Trouble| {
        let text = format!("the SSH agent at {} does not answer ({})", shown(socket), trouble.text());
        failure(server, &text)
    };
    let at_once = |e: ssh2::Error| useless(&Trouble::Ssh(e));
    let mut agent = connection.drive(patience, ssh2::Session::agent).map_err(|trouble| useless(&trouble))?;
    agent.set_identity_path(socket).map_err(at_once)?;
    agent.connect().map_err(at_once)?;
    connection.drive(patience, |_| agent.list_identities()).map_err(|trouble| useless(&trouble))?;
    let keys = agent.identities().map_err(at_once)?;
    if keys.is_empty() {
        let text = format!("the SSH agent at {} holds no key; load one with `ssh-add`", shown(socket));
        return Err(failure(server, &text));
    }
    for key in keys.iter().take(AGENT_KEYS_MAX) {
        match connection.drive(patience, |_| agent.userauth(&server.user, key)) {
            Ok(()) => return Ok(()),
            Err(trouble) if is_refusal(&trouble) => {}
            Err(trouble) => {
                return Err(trouble.before_sending(
                    server,
                    FailureKind::Connect,
                    "the connection failed during the login",
                ));
            }
        }
    }
    let tried = keys.len().min(AGENT_KEYS_MAX);
    Err(failure(server, &refused(server, &format!("any of the {tried} key(s) tried of the agent's {}", keys.len()))))
}

fn is_refusal(trouble: &Trouble) -> bool {
    matches!(trouble.code(), Some(LIBSSH2_ERROR_AUTHENTICATION_FAILED | LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED))
}

fn refused(server: &Server, what: &str) -> String {
    let user = printable(&server.user);
    format!(
        "the server does not take {what} for user {user}; the public half belongs into {user}'s authorized_keys there, and \
         sshd's own log says why it refused (`from=`, PermitRootLogin, permissions)"
    )
}

fn failure(server: &Server, text: &str) -> Failure {
    Failure::not_sent(FailureKind::Login, format!("{}: {text}", server.name))
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}
