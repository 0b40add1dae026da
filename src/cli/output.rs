//! What goes out: results on stdout, everything else on stderr, colour only where somebody sees it.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

use anstream::ColorChoice;
use chrono::{Local, Offset as _};
use tracing::Level;

use super::Global;
use super::error::CliError;
use super::global::ColorWhen;
use super::log::journal::Stderr;
use super::log::{Log, TOLD};
use crate::clock::Timestamp;
use crate::printable::printable;
use crate::render::{Page, Style, Zone};

/// How wide a text is made where there is no terminal to ask.
const WIDTH_DEFAULT: usize = 100;

/// Where results and messages go.
#[derive(Debug, Clone)]
pub(super) struct Output {
    /// Whether facts are wanted as JSON.
    pub(super) json: bool,
    /// Whether a person watches stderr.
    pub(super) is_watched: bool,
    /// Whether a person can be asked.
    pub(super) can_ask: bool,
    /// What stderr is.
    pub(super) leads_to: Stderr,
    /// The log file.
    pub(super) log: Log,
    stdout: Style,
    stderr: Style,
}

impl Output {
    /// The output that the options and the environment ask for.
    #[must_use]
    pub(super) fn new(global: &Global) -> Self {
        let choice = match global.color {
            ColorWhen::Auto => ColorChoice::Auto,
            ColorWhen::Always => ColorChoice::Always,
            ColorWhen::Never => ColorChoice::Never,
        };
        choice.write_global();
        let is_watched = io::stderr().is_terminal() && !global.json;
        Self {
            json: global.json,
            is_watched,
            can_ask: io::stdin().is_terminal() && is_watched && !global.no_input,
            leads_to: Stderr::of(std::env::var_os("JOURNAL_STREAM").as_deref()),
            log: Log::default(),
            stdout: style(anstream::AutoStream::choice(&io::stdout())),
            stderr: style(anstream::AutoStream::choice(&io::stderr())),
        }
    }

    /// The page that results are laid out for.
    #[must_use]
    pub(super) fn page(&self) -> Page {
        Page::new(width(), self.stdout, local_zone())
    }

    /// The page that messages are laid out for.
    #[must_use]
    pub(super) fn stderr_page(&self) -> Page {
        Page::new(width(), self.stderr, local_zone())
    }

    /// Whether stderr has colour.
    #[must_use]
    pub(super) fn is_stderr_coloured(&self) -> bool {
        self.stderr == Style::Coloured
    }

    /// Prints a result, with a line end if it has none. A reader who has gone (`| head`) is a quiet end.
    ///
    /// # Errors
    /// Where stdout cannot take it, because its disk is full for instance.
    #[expect(clippy::unused_self, reason = "who prints must have an output: its making set the colour")]
    pub(super) fn result(&self, text: &str) -> Result<(), CliError> {
        let mut stdout = anstream::stdout().lock();
        let end = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
        match write!(stdout, "{text}{end}").and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CliError::Output(error)),
            _ => Ok(()),
        }
    }

    /// Says something to whoever watches, and to the log. Nobody has to listen.
    pub(super) fn say(&self, text: impl Display) {
        let text = text.to_string();
        self.print(Level::INFO, &text);
        tracing::info!(target: TOLD, "{text}");
    }

    /// As [`Output::say`], of what needs attention: it stands out in the journal and in the log.
    pub(super) fn warn(&self, text: impl Display) {
        let text = text.to_string();
        self.print(Level::WARN, &text);
        tracing::warn!(target: TOLD, "{text}");
    }

    /// As [`Output::say`], of what is wrong, in words that are whole by themselves; an error that counts it comes after.
    pub(super) fn complain(&self, text: impl Display) {
        let text = text.to_string();
        self.print(Level::ERROR, &text);
        tracing::error!(target: TOLD, "{text}");
    }

    fn print(&self, level: Level, text: &str) {
        let _ = writeln!(anstream::stderr().lock(), "{}", self.leads_to.text(level, text));
    }

    /// Shows an error: what, why, and what to do.
    pub(super) fn error(&self, error: &CliError) {
        let red = anstyle::AnsiColor::Red.on_default().bold();
        let bold = anstyle::Style::new().bold();
        let (red, bold) = if self.is_stderr_coloured() { (red, bold) } else { Default::default() };
        let mut said = visible(error);
        let mut lines = vec![format!("{red}error{red:#}: {said}")];
        let mut cause = std::error::Error::source(error);
        while let Some(deeper) = cause {
            let text = visible(deeper);
            // Many an error has its cause in its own sentence.
            if !said.contains(&text) {
                lines.push(format!("  because: {text}"));
                said.push_str(&text);
            }
            cause = deeper.source();
        }
        if let Some(help) = error.help() {
            lines.push(format!("  {bold}help{bold:#}: {}", visible(help)));
        }
        let text = lines.join("\n");
        self.print(Level::ERROR, &text);
        tracing::error!(target: TOLD, "{text}");
    }
}

/// An error's text, line for line: the names of files in it are whatever somebody called them.
fn visible(text: impl Display) -> String {
    text.to_string().lines().map(printable).collect::<Vec<_>>().join("\n")
}

fn style(choice: ColorChoice) -> Style {
    if choice == ColorChoice::Never { Style::Plain } else { Style::Coloured }
}

/// The terminal's columns.
pub(super) fn width() -> usize {
    let size = rustix::termios::tcgetwinsize(io::stderr()).or_else(|_| rustix::termios::tcgetwinsize(io::stdout()));
    size.ok().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0).unwrap_or(WIDTH_DEFAULT)
}

fn local_zone() -> Zone {
    Zone::By(|at: Timestamp| at.with_timezone(&Local).offset().fix())
}
