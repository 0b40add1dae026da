//! The question before an apply.

use std::io::{self, BufRead as _, Read as _, Write as _};
use std::os::fd::AsFd as _;

use rustix::event::{PollFd, PollFlags, poll};

use super::error::CliError;
use crate::clock::Interrupt;

/// No answer is longer than this.
const ANSWER_LENGTH_MAX: u64 = 1024;

/// Asks whether to go on. Only a whole `yes` is one.
///
/// # Errors
/// [`CliError::NotApproved`] for any other answer; [`CliError::Stopped`] for a signal: a Ctrl-C at a question is an answer too.
pub(super) fn ask(interrupt: &Interrupt) -> Result<(), CliError> {
    let mut stderr = anstream::stderr().lock();
    let _ = write!(stderr, "\nRun these backups? Only `yes` will do: ").and_then(|()| stderr.flush());
    wait_for_line(interrupt);
    if interrupt.is_requested() {
        let _ = writeln!(stderr);
        return Err(CliError::Stopped);
    }
    let mut answer = String::new();
    let read = io::stdin().lock().take(ANSWER_LENGTH_MAX).read_line(&mut answer);
    if read.is_ok() && answer.trim() == "yes" { Ok(()) } else { Err(CliError::NotApproved) }
}

/// Until the terminal has a line or somebody asks to stop. A read by itself would go on after a signal as if there had been none.
fn wait_for_line(interrupt: &Interrupt) {
    let stdin = io::stdin();
    while !interrupt.is_requested() {
        let mut descriptors =
            [PollFd::new(&stdin, PollFlags::IN), PollFd::from_borrowed_fd(interrupt.as_fd(), PollFlags::IN)];
        match poll(&mut descriptors, None) {
            Err(rustix::io::Errno::INTR) => {}
            _ => return,
        }
    }
}
