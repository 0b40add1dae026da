//! The real `jbr`, with nothing of the tester's environment, and what it printed.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A `jbr` with these arguments.
pub(crate) fn jbr(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jbr"));
    command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin").env("TZ", "UTC").stdin(Stdio::null());
    command
}

/// A finished `jbr`.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Its exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it printed on stdout.
    pub(crate) stdout: String,
    /// What it printed on stderr.
    pub(crate) stderr: String,
}

impl Ran {
    /// Runs it to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::from(command.output().unwrap())
    }

    /// What it printed with `--json`, a value a line.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The events of this kind that it printed with `--json`.
    pub(crate) fn events(&self, event: &str) -> Vec<Value> {
        self.lines().into_iter().filter(|line| line["event"] == event).collect()
    }

    /// Everything it printed.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// It printed all of these words.
    #[track_caller]
    pub(crate) fn says(&self, words: &[&str]) {
        let text = flat(&self.text());
        for word in words {
            assert!(text.contains(word), "`{word}` in:\n{}", self.text());
        }
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A text without its layout, which is the renderers' affair: a line may be broken anywhere.
pub(crate) fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Named once: a test binary uses a part of it.
const _: () = {
    _ = (jbr, flat, Ran::of, Ran::lines, Ran::events, Ran::text, Ran::says);
};
