//! From a server of the plan to a session that is logged in.

use std::sync::Arc;
use std::time::Duration;

use super::connection::Connection;
use super::known_hosts::HostNames;
use super::login::Credential;
use super::patience::Patience;
use super::{Milestone, Surroundings, host_key, tcp};
use crate::desired::Server;
use crate::transport::Failure;

/// Connects, verifies the host key and logs in, all within `connect_timeout`, and says how far it is.
///
/// # Errors
/// A [`Failure`] that was not sent.
pub(super) fn open(
    server: &Server,
    surroundings: &Surroundings,
    reached: &dyn Fn(Milestone),
) -> Result<Connection, Failure> {
    let patience = Patience::new(&surroundings.interrupt, server.connect_timeout, Duration::ZERO);
    // Read first: it says which key types to ask for.
    let on_record = host_key::on_record(server)?;
    let key = Credential::find(server, surroundings.agent.as_deref())?;
    let socket = Arc::new(tcp::connect(server, &patience, reached)?);
    let algorithms = on_record.algorithms(&HostNames::new(&server.host, server.port));
    let connection = Connection::prepare(server, socket, &algorithms)?;
    let shown = connection.handshake(server, &patience)?;
    let accepted = host_key::check(server, &on_record, &shown, &patience)?;
    if let Some(accepted) = &accepted {
        (surroundings.announce)(accepted);
    }
    reached(Milestone::HostKey { kind: shown.kind_for_people(), fingerprint: shown.fingerprint(), accepted });
    key.log_in(server, &connection, &patience)?;
    reached(Milestone::LoggedIn);
    Ok(connection)
}
