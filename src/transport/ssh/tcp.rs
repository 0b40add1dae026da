//! From a host's name to a TCP connection on which somebody speaks SSH.
//!
//! std's resolver and its `connect_timeout` cannot be ended by a signal. So the resolver runs on a thread of its own
//! that is left behind where it takes too long, and the connection is made without blocking.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SocketFlags, SocketType, connect as start_connecting, recv, socket_with, sockopt,
};

use super::Milestone;
use super::patience::{Over, Patience};
use crate::desired::Server;
use crate::printable::{printable, printable_bytes};
use crate::transport::{Failure, FailureKind};

/// A host has no reason to have more addresses than this; the others are not tried.
const ADDRESSES_MAX: usize = 8;
/// How much may stand before a server's `SSH-2.0-…` line. RFC 4253 allows lines before it; hardly anybody sends any.
const GREETING_MAX_BYTES: usize = 4096;
/// Between two looks at a greeting that has arrived in part.
const GREETING_POLL: Duration = Duration::from_millis(20);
/// How much of something else is shown.
const GREETING_SHOWN_BYTES: usize = 40;

/// Connects to the first address of the server that answers, and sees it greet.
///
/// # Errors
/// [`FailureKind::Resolve`], [`FailureKind::Connect`], [`FailureKind::Timeout`] or [`FailureKind::Interrupted`]; nothing was sent.
pub(super) fn connect(
    server: &Server,
    patience: &Patience<'_>,
    reached: &dyn Fn(Milestone),
) -> Result<TcpStream, Failure> {
    let addresses = resolve(server, patience)?;
    reached(Milestone::Resolved(addresses.clone()));
    let (stream, address) = first_that_answers(server, &addresses, patience)?;
    // 40 ms less a call; a session without it works too.
    let _ = stream.set_nodelay(true);
    greeted(server, &stream, patience)?;
    reached(Milestone::Connected(address));
    Ok(stream)
}

fn resolve(server: &Server, patience: &Patience<'_>) -> Result<Vec<SocketAddr>, Failure> {
    if let Ok(ip) = server.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, server.port)]);
    }
    let host = printable(&server.host);
    let cannot = |e: &io::Error| {
        let text = format!(
            "the name {host} has no address: {e}; check `host` in the plan, and the resolver (`getent hosts {host}`)"
        );
        Failure::not_sent(FailureKind::Resolve, format!("{}: {text}", server.name))
    };
    // The end of the thread closes its half, which wakes the poll.
    let (ours, theirs) = UnixStream::pair().map_err(|e| cannot(&e))?;
    let wanted = (server.host.clone(), server.port);
    let lookup = thread::Builder::new().name("resolve".to_owned()).spawn(move || {
        let found = wanted.to_socket_addrs().map(|all| all.take(ADDRESSES_MAX).collect::<Vec<_>>());
        drop(theirs);
        found
    });
    let lookup = lookup.map_err(|e| cannot(&e))?;
    while !lookup.is_finished() {
        patience.wait_for(ours.as_fd(), PollFlags::IN).map_err(|over| match over {
            Over::Time => {
                let text = format!(
                    "the name {host} was not resolved in time; is the network up, does the name server answer?"
                );
                Failure::not_sent(FailureKind::Resolve, format!("{}: {text}", server.name))
            }
            Over::Interrupted => interrupted(server),
        })?;
    }
    match lookup.join() {
        Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
        Ok(Err(e)) => Err(cannot(&e)),
        _ => Err(cannot(&io::Error::other("the resolver gave none"))),
    }
}

fn first_that_answers(
    server: &Server,
    addresses: &[SocketAddr],
    patience: &Patience<'_>,
) -> Result<(TcpStream, SocketAddr), Failure> {
    let mut tried = Vec::new();
    let mut kind = FailureKind::Timeout;
    for (index, address) in addresses.iter().enumerate() {
        let left = u32::try_from(addresses.len() - index).unwrap_or(1);
        match connect_to(address, &patience.share(left)) {
            Ok(stream) => return Ok((stream, *address)),
            Err(Attempt::Over(Over::Interrupted)) => return Err(interrupted(server)),
            Err(Attempt::Over(Over::Time)) => tried.push(format!("{address}: no answer")),
            Err(Attempt::Refused(e)) => {
                kind = FailureKind::Connect;
                tried.push(format!("{address}: {e}"));
            }
        }
    }
    let text = format!(
        "no connection to {} port {} ({}); is the server up, does sshd listen on this port, does a firewall let this \
         machine through?",
        printable(&server.host),
        server.port,
        tried.join(", "),
    );
    Err(Failure::not_sent(kind, format!("{}: {text}", server.name)))
}

enum Attempt {
    Refused(io::Error),
    Over(Over),
}

impl From<Errno> for Attempt {
    fn from(e: Errno) -> Self {
        Self::Refused(e.into())
    }
}

fn connect_to(address: &SocketAddr, patience: &Patience<'_>) -> Result<TcpStream, Attempt> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket: OwnedFd = socket_with(family, SocketType::STREAM, flags, None)?;
    match start_connecting(&socket, address) {
        Ok(()) => return Ok(TcpStream::from(socket)),
        Err(Errno::INPROGRESS | Errno::INTR) => {}
        Err(e) => return Err(e.into()),
    }
    loop {
        patience.wait_for(socket.as_fd(), PollFlags::OUT).map_err(Attempt::Over)?;
        sockopt::socket_error(&socket)??;
        // Without an error and without a peer it is still on its way.
        if rustix::net::getpeername(&socket).is_ok() {
            return Ok(TcpStream::from(socket));
        }
    }
}

/// Waits until the other side has said `SSH-`, without taking it out of the socket.
///
/// libssh2 reads what comes before that line for as long as anything comes, in one call that nothing ends.
fn greeted(server: &Server, stream: &TcpStream, patience: &Patience<'_>) -> Result<(), Failure> {
    let mut buffer = [0; GREETING_MAX_BYTES];
    loop {
        let said = match recv(stream, &mut buffer[..], RecvFlags::PEEK | RecvFlags::DONTWAIT) {
            Ok((_, 0)) => {
                return Err(not_ssh(server, "hangs up without a word (sshd does so when it has had enough of a host)"));
            }
            Ok((_, said)) => said,
            Err(Errno::AGAIN | Errno::INTR) => 0,
            Err(e) => return Err(not_ssh(server, &format!("breaks them off: {}", io::Error::from(e)))),
        };
        let greeting = &buffer[..said];
        if greeting.split(|b| *b == b'\n').any(|line| line.starts_with(b"SSH-")) {
            return Ok(());
        }
        if said == GREETING_MAX_BYTES || (said > 0 && hung_up(stream)) {
            return Err(not_ssh(server, &format!("says \"{}\"", start_of(greeting))));
        }
        // What has arrived in part leaves the socket readable: only the clock can be waited for then.
        let waited =
            if said > 0 { patience.nap(GREETING_POLL) } else { patience.wait_for(stream.as_fd(), PollFlags::IN) };
        waited.map_err(|over| no_greeting(server, over, greeting))?;
    }
}

/// What is left in the socket hides that nothing follows it: sshd's "Exceeded MaxStartups" is such a last word.
fn hung_up(stream: &TcpStream) -> bool {
    let mut descriptors = [PollFd::new(stream, PollFlags::RDHUP)];
    poll(&mut descriptors, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
}

fn not_ssh(server: &Server, does: &str) -> Failure {
    let Server { name, host, port, .. } = server;
    let text = format!(
        "{} port {port} takes connections but {does}; is `port` in the plan the SSH server's?",
        printable(host)
    );
    Failure::not_sent(FailureKind::Connect, format!("{name}: {text}"))
}

fn no_greeting(server: &Server, over: Over, greeting: &[u8]) -> Failure {
    if over == Over::Interrupted {
        return interrupted(server);
    }
    let said = match start_of(greeting) {
        start if start.is_empty() => "says nothing".to_owned(),
        start => format!("says \"{start}\" and no more"),
    };
    let Server { name, host, port, .. } = server;
    let text = format!(
        "{} port {port} takes connections but {said}; it is overloaded, stopped, or no SSH server",
        printable(host)
    );
    Failure::not_sent(FailureKind::Timeout, format!("{name}: {text}"))
}

/// Enough of what somebody said to recognise the program.
fn start_of(greeting: &[u8]) -> String {
    printable_bytes(&greeting[..greeting.len().min(GREETING_SHOWN_BYTES)])
}

/// The failure of a wish to stop before anything was sent.
pub(super) fn interrupted(server: &Server) -> Failure {
    Failure::not_sent(FailureKind::Interrupted, format!("{}: asked to stop before the command was sent", server.name))
}
