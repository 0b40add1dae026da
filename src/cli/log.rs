//! Logs for whoever asked for them with `-v`: on stderr, and never with what a server could forge.

use tracing_subscriber::filter::LevelFilter;

use super::{Global, Output};

/// Starts logging: warnings only; every command with `-v`; how long its answer took and how large it is with `-vv`.
pub(super) fn start(global: &Global, output: &Output) {
    let level = match global.verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(output.is_stderr_coloured())
        .with_max_level(level)
        .with_target(false)
        .finish();
    // A second start in one process (a test) keeps the first.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
