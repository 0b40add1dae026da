//! One command: a channel opened, the request sent, everything read, the end seen.

use std::io::{self, Read};
use std::time::Duration;

use super::connection::{Connection, Trouble};
use super::patience::{Over, Patience};
use crate::desired::Server;
use crate::printable::printable_bytes;
use crate::transport::{Failure, FailureKind, Output};

/// The most that a command may print on its standard output: a list of some 10,000 jobs.
const STDOUT_MAX_BYTES: usize = 16 * 1024 * 1024;
/// The most that a command may print on its standard error before it is given up.
const STDERR_MAX_BYTES: usize = 16 * 1024 * 1024;
/// How much of its standard error is kept: the start, where programs say what is wrong.
const STDERR_KEPT_MAX_BYTES: usize = 256 * 1024;
/// How much is read at once.
const BUFFER_BYTES: usize = 32 * 1024;
/// How long a channel may stay open after its output has ended; the output is whole by then.
const CLOSE_WAIT: Duration = Duration::from_secs(2);

/// A channel on which nothing was asked for yet.
///
/// # Errors
/// [`Trouble`]; no command has left.
pub(super) fn open(connection: &Connection, patience: &Patience<'_>) -> Result<ssh2::Channel, Trouble> {
    connection.drive(patience, ssh2::Session::channel_session)
}

/// What an exchange came to.
pub(super) struct Answer {
    /// Everything that the command said.
    pub(super) output: Output,
    /// Whether the connection is good for another exchange.
    pub(super) reusable: bool,
}

/// Runs the command on a channel.
///
/// # Errors
/// A [`Failure`]: from the first byte of the request on, the command may have run.
pub(super) fn run(
    server: &Server,
    connection: &Connection,
    mut channel: ssh2::Channel,
    command_line: &str,
    patience: &Patience<'_>,
) -> Result<Answer, Failure> {
    let lost = |trouble: Trouble, during: &str| failure(server, &trouble, during);
    connection
        .drive(patience, |_| channel.exec(command_line))
        .map_err(|e| lost(e, "while it was being asked to run"))?;
    // Nothing will be typed: a command that reads its input finds the end of it.
    connection.drive(patience, |_| channel.send_eof()).map_err(|e| lost(e, "while it was being asked to run"))?;
    let mut said = Said::default();
    while !said.take_from(&channel).map_err(|stop| stopped(server, stop))? {
        connection.wait(patience).map_err(|over| lost(Trouble::Over(over), "before its output was complete"))?;
    }
    let closing = patience.at_most(CLOSE_WAIT);
    // The output is whole: whatever happens from here on only costs the connection.
    let closed = connection.drive(&closing, |_| channel.wait_close()).is_ok();
    let signal = channel.exit_signal().ok().and_then(|exit| exit.exit_signal);
    let exit = closed.then(|| channel.exit_status().ok()).flatten().filter(|status| *status != 0 && signal.is_none());
    let reusable = closed && connection.drive(&closing, |_| channel.close()).is_ok();
    let signal = signal.map(|name| printable_bytes(name.as_bytes()));
    Ok(Answer { output: Output { stdout: said.stdout, stderr: said.stderr, exit, signal }, reusable })
}

/// What has arrived so far.
#[derive(Default)]
struct Said {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    stderr_seen: usize,
}

/// Why reading ended early.
enum Stop {
    Broken(io::Error),
    TooMuch(&'static str, usize),
}

impl Said {
    /// Takes what is there from both streams (two megabytes unread on one block the other); `true` at the end of both.
    fn take_from(&mut self, channel: &ssh2::Channel) -> Result<bool, Stop> {
        let mut buffer = vec![0; BUFFER_BYTES];
        while let Some(size) = available(&mut channel.stream(0), &mut buffer)? {
            self.stdout.extend_from_slice(&buffer[..size]);
            if self.stdout.len() > STDOUT_MAX_BYTES {
                return Err(Stop::TooMuch("output", STDOUT_MAX_BYTES));
            }
        }
        while let Some(size) = available(&mut channel.stderr(), &mut buffer)? {
            let room = STDERR_KEPT_MAX_BYTES.saturating_sub(self.stderr.len()).min(size);
            self.stderr.extend_from_slice(&buffer[..room]);
            self.stderr_seen += size;
            if self.stderr_seen > STDERR_MAX_BYTES {
                return Err(Stop::TooMuch("error output", STDERR_MAX_BYTES));
            }
        }
        // libssh2 reports the end only once nothing of either stream is left to read.
        Ok(channel.eof())
    }
}

/// What one read brings; `None` where nothing is there now, or never will be.
fn available(stream: &mut impl Read, buffer: &mut [u8]) -> Result<Option<usize>, Stop> {
    match stream.read(buffer) {
        Ok(0) => Ok(None),
        Ok(size) => Ok(Some(size)),
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(e) => Err(Stop::Broken(e)),
    }
}

fn stopped(server: &Server, stop: Stop) -> Failure {
    match stop {
        Stop::Broken(e) => {
            let why = printable_bytes(e.to_string().as_bytes());
            let text =
                format!("the connection broke in the middle of a command ({why}); the command may still be running");
            Failure::lost(FailureKind::Lost, format!("{}: {text}", server.name))
        }
        Stop::TooMuch(what, max) => {
            let text = format!("a command sent more than {} MiB of {what}; nothing of it was used", max / 1024 / 1024);
            Failure::lost(FailureKind::OutputLimit, format!("{}: {text}", server.name))
        }
    }
}

fn failure(server: &Server, trouble: &Trouble, during: &str) -> Failure {
    let (kind, text) = match trouble {
        Trouble::Over(Over::Interrupted) => {
            (FailureKind::Interrupted, format!("asked to stop {during}; the command may still be running"))
        }
        Trouble::Over(Over::Time) => {
            let limit_s = server.command_timeout.as_secs_f32();
            let text = format!(
                "the command did not end within {limit_s} s (`command_timeout`), it may still be running; is the server \
                 overloaded, does JetBackup's daemon hang?"
            );
            (FailureKind::Timeout, text)
        }
        Trouble::Ssh(_) => {
            (FailureKind::Lost, format!("the connection broke {during} ({}); the command may have run", trouble.text()))
        }
    };
    Failure::lost(kind, format!("{}: {text}", server.name))
}
