//! The question before an apply.

use std::io::{self, BufRead as _, Read as _, Write as _};

/// No answer is longer than this.
const ANSWER_LENGTH_MAX: u64 = 1024;

/// Asks whether to go on. Only a whole `yes` is one.
pub(super) fn is_approved() -> bool {
    let mut stderr = anstream::stderr().lock();
    let _ = write!(stderr, "\nRun these backups? Only `yes` will do: ").and_then(|()| stderr.flush());
    let mut answer = String::new();
    let read = io::stdin().lock().take(ANSWER_LENGTH_MAX).read_line(&mut answer);
    read.is_ok() && answer.trim() == "yes"
}
