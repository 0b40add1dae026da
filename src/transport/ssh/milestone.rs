//! How far an attempt to connect came, for whoever wants to show it: what fails comes after what was reached.

use std::net::SocketAddr;
use std::sync::Arc;

use super::HostKeyAccepted;

/// Something that an attempt to connect has behind it. They come in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Milestone {
    /// The host has these addresses; one that is an address itself needs no name server.
    Resolved(Vec<SocketAddr>),
    /// Somebody there takes connections and speaks SSH.
    Connected(SocketAddr),
    /// The host key is the one on record, or is new and was recorded.
    HostKey {
        /// `ED25519`, `ECDSA` or `RSA`.
        kind: String,
        /// `SHA256:…`, as `ssh-keygen -l` shows it.
        fingerprint: String,
        /// What was recorded, if it was new.
        accepted: Option<HostKeyAccepted>,
    },
    /// The server took the key.
    LoggedIn,
}

/// Who is told of each milestone. A plan that reads its servers in parallel calls it from several threads.
pub type Witness = Arc<dyn Fn(Milestone) + Send + Sync>;
