//! A transport that says what it does, for whoever asked with `-v`: failures once, every command twice.

use std::time::Instant;

use super::{Failure, Output, Transport};
use crate::names::ServerName;
use crate::printable::printable_bytes;

/// Another transport, and what goes over it in the log.
pub struct LoggedTransport {
    server: ServerName,
    transport: Box<dyn Transport>,
}

impl LoggedTransport {
    /// Logs what goes over a transport to this server.
    #[must_use]
    pub fn new(server: ServerName, transport: Box<dyn Transport>) -> Self {
        Self { server, transport }
    }
}

impl Transport for LoggedTransport {
    fn call(&mut self, command_line: &str) -> Result<Output, Failure> {
        let started = Instant::now();
        let result = self.transport.call(command_line);
        let (server, took_ms) = (&self.server, started.elapsed().as_millis());
        match &result {
            Ok(output) => {
                let (bytes, exit) = (output.stdout.len(), output.exit);
                tracing::debug!(%server, took_ms, bytes, ?exit, "{command_line}");
                if !output.stderr.is_empty() {
                    tracing::info!(%server, "{command_line} wrote to stderr: {}", printable_bytes(&output.stderr));
                }
            }
            Err(failure) => tracing::info!(%server, took_ms, sent = ?failure.sent, "{command_line}: {failure}"),
        }
        result
    }

    fn keep_alive(&mut self) {
        self.transport.keep_alive();
    }
}
