//! Figures that a run prints even where its tests pass: docs/reliability.md names the commands that print them.

use std::fmt::Display;
use std::io::Write;

/// Prints a line past the test harness, which would keep it back.
pub(crate) fn figure(line: impl Display) {
    writeln!(std::io::stderr(), "{line}").unwrap();
}
