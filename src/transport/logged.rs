//! A transport that says what it does, for whoever asked: with `-v` what is sent, with `-vv` how long the answer took.
//! Never what is in it.

use std::time::{Duration, Instant};

use super::{Failure, Output, Transport};
use crate::names::ServerName;

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
        let server = &self.server;
        tracing::info!("{server}: {command_line}");
        let started = Instant::now();
        let result = self.transport.call(command_line);
        let took_ms = started.elapsed().as_millis();
        match &result {
            Ok(output) => tracing::debug!("{server}: {} bytes in {took_ms} ms", output.stdout.len()),
            Err(failure) => tracing::debug!("{server}: no answer after {took_ms} ms: {failure}"),
        }
        result
    }

    fn hurry(&mut self, limit: Duration) {
        self.transport.hurry(limit);
    }

    fn keep_alive(&mut self) {
        self.transport.keep_alive();
    }
}
