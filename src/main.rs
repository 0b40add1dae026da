//! The `jbr` binary: arguments in, exit code out; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(jbr::cli::run(std::env::args_os()).code())
}
