//! A transport that logs what goes through it, for whoever asked with `-v`: each command line, how it ended and how long it took.
//!
//! Answers are not logged: a list of destinations may hold what a log must not.

use std::time::Instant;

use crate::names::ServerName;
use crate::printable::printable;
use crate::transport::{Failure, Output, Transport};

/// A transport beside which somebody takes notes.
pub(super) struct Logged {
    server: ServerName,
    transport: Box<dyn Transport>,
}

impl Logged {
    /// The same transport, logged under the server's name.
    pub(super) fn new(server: &ServerName, transport: Box<dyn Transport>) -> Self {
        Self { server: server.clone(), transport }
    }
}

impl Transport for Logged {
    fn call(&mut self, command_line: &str) -> Result<Output, Failure> {
        let server = &self.server;
        tracing::info!("{server}: {}", printable(command_line));
        let begun = Instant::now();
        let answer = self.transport.call(command_line);
        let took_ms = begun.elapsed().as_millis();
        match &answer {
            Ok(output) => tracing::debug!("{server}: {} bytes in {took_ms} ms", output.stdout.len()),
            Err(failure) => tracing::info!("{server}: no answer after {took_ms} ms: {}", printable(&failure.message)),
        }
        answer
    }

    fn keep_alive(&mut self) {
        self.transport.keep_alive();
    }
}
