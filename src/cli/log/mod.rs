//! What is logged: on stderr what `-v` asks for, in a file (`--log-file`) everything that a run says, each line with its time, its level
//! and the id of its run.
//!
//! What a person was told on stderr already has the target [`TOLD`]; it goes to the file alone. Nothing in here can end a command or hold it
//! up: a file that cannot be written is said once.

mod file;
pub(super) mod journal;
mod line;
pub(super) mod scribe;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::{Args, ValueEnum};
use tracing::{Event, Level, Metadata, Subscriber, span};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry};

use super::error::CliError;
use super::{Global, Output};
use crate::{plan, state};
use file::LogFile;
use journal::Stderr;
use line::{Line, RunOf};

/// What was said on stderr already.
pub(super) const TOLD: &str = "jbr::told";

/// Where the log goes, and how it is written.
#[derive(Debug, Clone, Args)]
pub(super) struct LogArgs {
    /// Also write what is said and done into this file; `jbr apply` starts it anew when it has grown to its size
    #[arg(
        id = "log-file",
        long = "log-file",
        global = true,
        value_name = "PATH",
        env = "JBR_LOG_FILE",
        help_heading = "Log"
    )]
    pub(super) file: Option<PathBuf>,
    /// How a line of the log is written: of the file, and of what `-v` adds to stderr
    #[arg(id = "log-format", long = "log-format", global = true, value_name = "FORMAT", value_enum, default_value_t = Format::Human, env = "JBR_LOG_FORMAT", help_heading = "Log")]
    pub(super) format: Format,
    /// How large the log file may grow: a number with K, M or G
    #[arg(id = "log-size", long = "log-size", global = true, value_name = "SIZE", default_value = "10M", value_parser = size_bytes, env = "JBR_LOG_SIZE", help_heading = "Log")]
    pub(super) size_bytes: u64,
    /// How many earlier log files are kept, as PATH.1 (the newest) and so on
    #[arg(id = "log-keep", long = "log-keep", global = true, value_name = "NUMBER", default_value_t = 5, value_parser = clap::value_parser!(u32).range(..=100), env = "JBR_LOG_KEEP", help_heading = "Log")]
    pub(super) keep: u32,
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// A log file smaller than this would lose what it is for.
const SIZE_MIN_BYTES: u64 = 4 * 1024;
/// Nobody reads a larger one.
const SIZE_MAX_BYTES: u64 = 4 * 1024 * 1024 * 1024;

fn size_bytes(text: &str) -> Result<u64, String> {
    const HELP: &str = "write a number with K, M or G (of 1024), from 4K to 4G, such as 10M";
    let units = [('K', 1024), ('M', 1024 * 1024), ('G', 1024 * 1024 * 1024)];
    let found = units.iter().find_map(|(unit, bytes)| Some((text.strip_suffix(*unit)?, *bytes)));
    let (number, unit) = found.ok_or(HELP)?;
    let number: u64 = number.parse().map_err(|_| HELP)?;
    let size = number.checked_mul(unit).filter(|size| (SIZE_MIN_BYTES..=SIZE_MAX_BYTES).contains(size));
    size.ok_or_else(|| HELP.to_owned())
}

/// The log file, if one was asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Log(Option<Arc<Mutex<LogFile>>>);

impl Log {
    /// Whether there is one.
    pub(super) fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    /// Lets this process start the file anew when it is full. Only who holds the lock may: two of them would take each other's file away.
    pub(super) fn rotate_from_now_on(&self) {
        if let Some(file) = &self.0 {
            file.lock().unwrap_or_else(PoisonError::into_inner).rotate_from_now_on();
        }
    }

    /// Writes a line; what is wrong with the file, if that was not said before.
    fn write(&self, line: &str) -> Option<String> {
        let file = self.0.as_ref()?;
        file.lock().unwrap_or_else(PoisonError::into_inner).write(line)
    }
}

/// Refuses a log file that is the state, beside it, or of the plan: what is appended would destroy it, and rotating would free the lock.
pub(super) fn refuse_own_files(global: &Global) -> Result<(), CliError> {
    let Some(file) = &global.log.file else { return Ok(()) };
    // A state that cannot be looked at is one that nothing can be done with, and the command says so.
    let of_state = state::files(&global.state).unwrap_or_default();
    let mut own = of_state.into_iter().filter(|(own, _)| is_same(file, own)).map(|(_, what)| what);
    match own.next().or_else(|| is_of_plan(&global.plan, file).then_some("of the plan")) {
        Some(what) => Err(CliError::LogFile { path: file.clone(), what }),
        None => Ok(()),
    }
}

/// Whether it is the plan's file, or would be one of its folder's.
fn is_of_plan(plan: &Path, file: &Path) -> bool {
    let folder = file.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    is_same(plan, file) || (plan::is_plan_name(file) && folder.is_some_and(|folder| is_same(plan, folder)))
}

/// Whether two paths name one file, be it there or not. What cannot be looked at is compared as it was written.
fn is_same(one: &Path, other: &Path) -> bool {
    let there = |path: &Path| fs::metadata(path).ok().map(|there| (there.dev(), there.ino()));
    match (there(one), there(other)) {
        (Some(one), Some(other)) => one == other,
        _ => {
            std::path::absolute(one).ok().is_some_and(|one| std::path::absolute(other).is_ok_and(|other| one == other))
        }
    }
}

/// Starts logging: warnings only; every command with `-v`; how long its answer took and how large it is with `-vv`. A command that neither
/// asks a server nor changes anything is not worth a line in the file.
pub(super) fn start(global: &Global, is_worth_a_file: bool, output: &Output) -> Log {
    let path = global.log.file.as_ref().filter(|_| is_worth_a_file);
    let file = path.map(|path| LogFile::new(path.clone(), global.log.size_bytes, global.log.keep));
    let log = Log(file.map(|file| Arc::new(Mutex::new(file))));
    let level = match global.verbose {
        0 => Level::WARN,
        1 => Level::INFO,
        _ => Level::DEBUG,
    };
    let lines = Lines { level, format: global.log.format, log: log.clone(), stderr: output.leads_to };
    // A second start in one process (a test) keeps the first.
    let _ = tracing::subscriber::set_global_default(Registry::default().with(lines));
    log
}

/// Writes each event as a line.
struct Lines {
    level: Level,
    format: Format,
    log: Log,
    stderr: Stderr,
}

impl Lines {
    fn write(&self, line: &Line) {
        let text = line.text(self.format);
        if line.target != TOLD {
            self.say(line.level, &text);
        }
        if let Some(trouble) = self.log.write(&text) {
            self.say(Level::WARN, &format!("warning: {trouble}"));
        }
    }

    fn say(&self, level: Level, text: &str) {
        let text = self.stderr.text(level, text);
        // Whole, so that no other line comes in between; nobody has to listen.
        let _ = writeln!(anstream::stderr().lock(), "{}", text.trim_end());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        if metadata.target() == TOLD {
            metadata.is_span() || self.log.is_kept()
        } else {
            *metadata.level() <= self.level
        }
    }

    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        if let (Some(run), Some(span)) = (RunOf::of(attributes), context.span(id)) {
            span.extensions_mut().insert(run);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut scope = context.event_scope(event).into_iter().flatten();
        let run = scope.find_map(|span| span.extensions().get::<RunOf>().cloned());
        self.write(&Line::of(event, run));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit_and_limits() {
        assert_eq!(size_bytes("10M"), Ok(10 * 1024 * 1024));
        assert_eq!(size_bytes("4K"), Ok(4096));
        assert_eq!(size_bytes("4G"), Ok(SIZE_MAX_BYTES));
        for bad in ["", "10", "10m", "10MB", "3K", "5G", "-1M", "1.5M", "99999999999999999999G", "M"] {
            assert!(size_bytes(bad).is_err(), "{bad}");
        }
    }
}
