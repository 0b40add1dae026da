//! The question before something is done.

use std::io::{self, BufRead as _, Read as _, Write as _};

use rustix::event::{PollFd, PollFlags, poll};

use crate::clock::Interrupt;

/// No answer is longer than this.
const ANSWER_SIZE_MAX_BYTES: u64 = 1024;

/// What somebody said to the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// A whole `yes`.
    Yes,
    /// Anything else.
    No,
    /// Ctrl-C, or another wish to stop.
    Stopped,
}

/// Asks whether to go on, and waits for the answer as long as it takes. A signal is one: whoever presses Ctrl-C at a question must
/// not have to press it twice.
pub(super) fn ask(question: &str, interrupt: &Interrupt) -> Answer {
    let mut stderr = anstream::stderr().lock();
    let _ = write!(stderr, "\n{question} Only `yes` will do: ").and_then(|()| stderr.flush());
    let stdin = io::stdin();
    let is_typed = is_answered(&stdin, interrupt);
    if interrupt.is_requested() {
        // The cursor stands behind the question.
        let _ = writeln!(stderr);
        return Answer::Stopped;
    }
    let mut answer = String::new();
    let read = is_typed && stdin.lock().take(ANSWER_SIZE_MAX_BYTES).read_line(&mut answer).is_ok();
    if read && answer.trim() == "yes" { Answer::Yes } else { Answer::No }
}

/// Waits for a line, the end of input or the wish to stop; whether there is something to read.
fn is_answered(stdin: &io::Stdin, interrupt: &Interrupt) -> bool {
    loop {
        let mut descriptors = [PollFd::new(stdin, PollFlags::IN), PollFd::new(interrupt, PollFlags::IN)];
        match poll(&mut descriptors, None) {
            Ok(_) => return !descriptors[0].revents().is_empty(),
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}
