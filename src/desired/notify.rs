//! Who is told what, and where the secrets are that this needs.

use std::path::PathBuf;
use std::time::Duration;

/// Who is told what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notify {
    /// By mail; `None` if not.
    pub email: Option<Email>,
    /// By fetching an address at the start and the end of a run, for a dead man's switch.
    pub ping: Ping,
    /// Where every notice goes as JSON; `None` if nowhere. Always a secret: whoever knows it can speak there in `jbr`'s name.
    pub webhook: Option<Secret>,
}

/// Mail: from whom, to whom, through which server, and of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// Who gets it, one at least; plain ASCII addresses.
    pub to: Vec<String>,
    /// Who sends it; a plain ASCII address.
    pub from: String,
    /// The server that takes it.
    pub smtp: Smtp,
    /// What is told.
    pub on: MailOn,
    /// Whether JetBackup's log of what did not end well is quoted.
    pub log_excerpts: bool,
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smtp {
    /// Host name or address; with TLS, the name in its certificate.
    pub host: String,
    /// Its TCP port.
    pub port: u16,
    /// What is between it and an eavesdropper.
    pub security: Security,
    /// Who logs in; `None` if nobody. Never without TLS.
    pub login: Option<MailLogin>,
    /// Limit of connecting, and of each answer.
    pub timeout: Duration,
    /// A file of certificates (PEM) that are believed beside the machine's own.
    pub ca_file: Option<PathBuf>,
}

/// A login at a mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailLogin {
    /// Who.
    pub user: String,
    /// Where the password is.
    pub password: Secret,
}

/// How a connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// From the first byte on.
    Tls,
    /// Before anything is said; a server that cannot do it gets nothing.
    StartTls,
    /// Not at all.
    None,
}

/// What is told by mail. What is unsafe is told always.
#[expect(clippy::struct_excessive_bools, reason = "six switches of the plan, each by itself")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailOn {
    /// A run, or a command that should have begun one, failed.
    pub failure: bool,
    /// A backup takes longer than its `timeout`.
    pub timeout: bool,
    /// A backup was completed in part.
    pub partial: bool,
    /// A server did not answer.
    pub unreachable: bool,
    /// `jbr check` found a last good backup that is too old.
    pub stale: bool,
    /// A run is over, and all is well.
    pub finished: bool,
}

impl Default for MailOn {
    fn default() -> Self {
        Self { failure: true, timeout: true, partial: true, unreachable: true, stale: true, finished: false }
    }
}

/// Addresses that are fetched: when a run begins, when all is well, when it is not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ping {
    /// When a run begins.
    pub start: Option<Url>,
    /// When `apply` ended as it should.
    pub success: Option<Url>,
    /// When it did not.
    pub failure: Option<Url>,
}

/// An address of the web.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Url {
    /// It stands in the plan.
    Plain(String),
    /// It is kept somewhere else.
    Secret(Secret),
}

/// Where a secret is. It is looked up when it is used and never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// A variable of the environment.
    Env(String),
    /// A file that only its owner may read.
    File(PathBuf),
    /// A credential that systemd hands over (`LoadCredential=`), by its name.
    Credential(String),
}

impl std::fmt::Display for Secret {
    /// As the plan names it, which is no secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", crate::printable::printable(&path.to_string_lossy())),
            Self::Credential(name) => write!(f, "credential:{name}"),
        }
    }
}
