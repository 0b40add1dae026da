//! Another process: this test program again, in which one test plays the part.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Tells a test in a child process that it is one, and where to work.
const FOLDER: &str = "JBR_TEST_CHILD_FOLDER";

/// The folder to work in, if this process is such a child.
pub(crate) fn folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// A shell script around the test program, which is its `"$@"`; the folder is its `$0`.
pub(crate) fn command(script: &str, part: &str, folder: &Path) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(folder).arg(std::env::current_exe().unwrap());
    command.args(["--exact", part, "--nocapture", "--test-threads=1"]).env(FOLDER, folder);
    command
}

/// Runs a part to its end, which must be a good one.
pub(crate) fn run(script: &str, part: &str, folder: &Path) {
    let output = command(script, part, folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let said = format!("{text}{}", String::from_utf8_lossy(&output.stderr));
    // A part whose name is mistyped runs nothing and ends well.
    assert!(output.status.success() && text.contains("1 passed"), "{part}: {said}");
}

/// A process that goes on until it is told to end, or killed.
pub(crate) struct Running {
    child: Child,
    said: BufReader<ChildStdout>,
    stdin: Option<ChildStdin>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let stdin = child.stdin.take();
        Self { child, said, stdin }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The rest of the next line that begins with `word`.
    pub(crate) fn hear(&mut self, word: &str) -> String {
        self.try_hear(word).unwrap_or_else(|| panic!("the child ended without \"{word}\""))
    }

    fn try_hear(&mut self, word: &str) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.said.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            // The test program may have begun the line itself.
            if let Some((_, rest)) = line.split_once(word) {
                return Some(rest.trim().to_owned());
            }
        }
    }

    /// SIGKILL. Gives back everything that it still said after `word`.
    pub(crate) fn kill(mut self, word: &str) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::iter::from_fn(|| self.try_hear(word)).collect()
    }

    /// Ends it as it ends by itself: its input is over.
    pub(crate) fn end(mut self) {
        drop(self.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

/// Says a line to the parent, past the test program's capture.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}

/// Waits until the parent ends the input.
pub(crate) fn wait_for_the_end() {
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
}

/// Whether a script works on this machine. If not, says so where it is seen even though the test passes.
pub(crate) fn is_permitted(script: &str, folder: &Path, test: &str) -> bool {
    let output = Command::new("sh").arg("-c").arg(script).arg(folder).arg("true").output().unwrap();
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        // Not `eprintln!`, which a passing test would swallow.
        writeln!(std::io::stderr(), "SKIPPED {test}: not permitted on this machine: {why}").unwrap();
    }
    output.status.success()
}
