//! The plan's servers, reached over SSH.

use std::path::PathBuf;
use std::sync::Arc;

use super::Output;
use super::error::CliError;
use crate::clock::Interrupt;
use crate::desired::{Desired, Server};
use crate::jetbackup::client::Client;
use crate::links::{Link, Links};
use crate::names::ServerName;
use crate::transport::Transport;
use crate::transport::logged::LoggedTransport;
use crate::transport::ssh::{HostKeyAccepted, Milestone, SshTransport, Surroundings};

/// A link to every server of the plan. Nothing is connected yet.
pub(super) fn connect(desired: &Desired, interrupt: &Interrupt, output: &Output) -> Links {
    let announcing = output.clone();
    let surroundings = surroundings(interrupt, move |accepted| announcing.say(accepted));
    links(desired, |server| Box::new(SshTransport::new(server, &surroundings)))
}

/// The same for somebody who is told how far each connection comes, new host keys included, and says it himself.
pub(super) fn connect_witnessed(
    desired: &Desired,
    interrupt: &Interrupt,
    reached: impl Fn(&ServerName, Milestone) + Send + Sync + 'static,
) -> Links {
    let surroundings = surroundings(interrupt, |_| {});
    let reached = Arc::new(reached);
    links(desired, |server| {
        let (name, reached) = (server.name.clone(), Arc::clone(&reached));
        let transport = SshTransport::new(server, &surroundings);
        Box::new(transport.witnessed(Arc::new(move |milestone| reached(&name, milestone))))
    })
}

fn surroundings(interrupt: &Interrupt, announce: impl Fn(&HostKeyAccepted) + Send + Sync + 'static) -> Surroundings {
    Surroundings {
        interrupt: interrupt.clone(),
        agent: std::env::var_os("SSH_AUTH_SOCK").map(PathBuf::from),
        announce: Arc::new(announce),
    }
}

/// A link to every server of the plan, over whatever reaches it.
pub(super) fn links(desired: &Desired, transport: impl Fn(&Server) -> Box<dyn Transport>) -> Links {
    let link = |server: &Server| Link {
        server: server.name.clone(),
        guard: server.destination.as_ref().map(|destination| destination.id.clone()),
        client: Client::new(Box::new(LoggedTransport::new(server.name.clone(), transport(server)))),
    };
    Links::new(desired.servers.iter().map(link).collect())
}

/// The wish to stop, uttered by signals.
///
/// # Errors
/// Where the system has no descriptors or handlers left.
pub(super) fn interrupt_on_signals() -> Result<Interrupt, CliError> {
    let system = |why| CliError::System { what: "signals cannot be caught", why };
    let interrupt = Interrupt::new().map_err(system)?;
    interrupt.on_signals(i32::from(super::Exit::Stopped.code())).map_err(system)?;
    Ok(interrupt)
}
