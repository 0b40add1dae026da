//! A transport to one server of a simulated fleet in memory.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::clock::{Clock, Interrupt};
use crate::names::ServerName;
use crate::printable::printable;
use crate::simulator::{Answer, Connection, Fleet};
use crate::transport::{Failure, FailureKind, Output, Transport};

/// What the gate of every simulated server says of itself: a current one, and a key without scopes.
const GATE: (&str, &str) = ("gate-version", "jetbackup-ssh-gate 1\n");
/// The program that every simulated server has.
const PROGRAM: &str = "jetbackup5api";

/// A transport to one server of a simulated fleet. Answers take time on `clock`: a virtual one advances, a fast one waits.
pub struct SimulatedTransport {
    /// The fleet, shared by the transports to all its servers.
    pub fleet: Arc<Mutex<Fleet>>,
    /// The server's name in the fleet and in the plan.
    pub server: ServerName,
    /// When calls are made, and what waits for their answers.
    pub clock: Arc<dyn Clock>,
    /// Ends a wait for an answer.
    pub interrupt: Interrupt,
    /// How long an answer may take.
    pub command_timeout: Duration,
}

impl Transport for SimulatedTransport {
    fn call(&mut self, command_line: &str) -> Result<Output, Failure> {
        let answer = self.ask(command_line)?;
        self.wait(answer.delay)?;
        let say = |what: &str| format!("{}: {what} (simulated)", self.server);
        match answer.connection {
            Connection::Fine => Ok(Output {
                stdout: answer.stdout.into_bytes(),
                stderr: answer.stderr.into_bytes(),
                exit: Some(answer.exit),
                signal: None,
            }),
            Connection::Refused => Err(Failure::not_sent(FailureKind::Connect, say("connection refused"))),
            Connection::KilledBefore => {
                Err(Failure::not_sent(FailureKind::Lost, say("the connection broke before the command was sent")))
            }
            Connection::LostAnswer => Err(Failure::lost(
                FailureKind::Lost,
                say("the connection broke before the answer; the command may have been carried out, or may be yet"),
            )),
        }
    }

    /// A simulated connection is never idle for too long.
    fn hurry(&mut self, _: std::time::Duration) {}

    fn keep_alive(&mut self) {}
}

impl SimulatedTransport {
    fn ask(&self, command_line: &str) -> Result<Answer, Failure> {
        let Some(mut words) = shlex::split(command_line) else {
            return Ok(shell_says(2, "syntax error: unexpected end of file"));
        };
        let program = if words.is_empty() { String::new() } else { words.remove(0) };
        if words.is_empty() && program == GATE.0 {
            return Ok(Answer { stdout: GATE.1.to_owned(), ..quiet() });
        }
        if program.rsplit('/').next() != Some(PROGRAM) {
            return Ok(shell_says(127, &format!("{}: command not found", printable(&program))));
        }
        let now = self.clock.now();
        let Ok(mut fleet) = self.fleet.lock() else {
            let message = format!("{}: the simulated fleet broke in another thread", self.server);
            return Err(Failure::lost(FailureKind::Lost, message));
        };
        Ok(fleet.call(self.server.as_str(), &words, now))
    }

    /// Waits for an answer, `command_timeout` at most. The fleet is not held meanwhile: other servers go on.
    fn wait(&self, delay: Duration) -> Result<(), Failure> {
        if delay.is_zero() {
            return Ok(());
        }
        let patience = delay.min(self.command_timeout);
        let end = crate::clock::later(self.clock.now(), patience);
        self.clock.wait(patience, &self.interrupt);
        if self.interrupt.is_requested() && self.clock.now() < end {
            let message =
                format!("{}: asked to stop before the answer; the command may have been carried out", self.server);
            return Err(Failure::lost(FailureKind::Interrupted, message));
        }
        if delay > self.command_timeout {
            let limit = humantime::format_duration(self.command_timeout);
            let message = format!("{}: no answer within {limit}; the command may have been carried out", self.server);
            return Err(Failure::lost(FailureKind::Timeout, message));
        }
        Ok(())
    }
}

/// What a shell answers without asking JetBackup.
fn shell_says(exit: i32, what: &str) -> Answer {
    Answer { stderr: format!("bash: line 1: {what}\n"), exit, ..quiet() }
}

/// An answer that says nothing.
fn quiet() -> Answer {
    let (stdout, stderr) = (String::new(), String::new());
    Answer { stdout, stderr, exit: 0, delay: Duration::ZERO, connection: Connection::Fine }
}
