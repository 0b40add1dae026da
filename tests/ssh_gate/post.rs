//! The gate, run as sshd runs it, with a stand-in behind it that shows what it was started with, and with traps around it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use super::support::gate;

/// What the stand-in prints before its arguments.
const STARTED: &[u8] = b"started";
/// Programs that must not be found by PATH.
const TRAPS: &[&str] =
    &["bash", "cat", "echo", "env", "id", "jetbackup5api", "logger", "ls", "printf", "sh", "timeout", "touch", "x"];
/// How often a script that another test's fork holds open for a moment is started again.
const BUSY_MAX: usize = 1000;

/// A gate, what it starts, and the traps.
pub(crate) struct Post {
    folder: TempDir,
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Post {
    /// A gate whose program shows its arguments, and that finds no logger.
    pub(crate) fn new() -> Self {
        // Shell words: `printf` of the shell itself, so that nothing but this one process is started.
        Self::before(r#"printf '%s\0' started "$@""#)
    }

    /// A gate whose program is this script.
    pub(crate) fn before(api: &str) -> Self {
        let post = Self { folder: tempfile::tempdir().unwrap() };
        gate::script(&post.path("api"), api);
        gate::copy(&post.gate(), &post.path("api"), &post.path("logger"));
        let trap = post.path("trap");
        fs::create_dir(&trap).unwrap();
        for name in TRAPS {
            gate::script(&trap.join(name), &format!(": > '{}'", post.canary().display()));
        }
        // What BASH_ENV and ENV would have a shell read; and what the client types.
        fs::write(post.path("startup"), format!(": > '{}'\n", post.canary().display())).unwrap();
        post
    }

    /// From now on its decisions are given to this script.
    pub(crate) fn logs_to(self, logger: &str) -> Self {
        gate::script(&self.path("logger"), logger);
        self
    }

    /// A path in its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The gate.
    pub(crate) fn gate(&self) -> PathBuf {
        self.path("gate")
    }

    /// Writes another text into the gate's own file.
    pub(crate) fn change_gate(&self, change: impl Fn(String) -> String) {
        let text = fs::read_to_string(self.gate()).unwrap();
        fs::write(self.gate(), change(text)).unwrap();
    }

    /// What exists once anything else was executed.
    pub(crate) fn canary(&self) -> PathBuf {
        self.path("sprung")
    }

    /// Asks as a key without scopes, in an environment without tricks.
    pub(crate) fn ask(&self, request: impl AsRef<[u8]>) -> Reply {
        self.ask_as(&[], request, &[])
    }

    /// Asks as a key with these arguments in its forced command.
    pub(crate) fn ask_with(&self, key: &[&str], request: impl AsRef<[u8]>) -> Reply {
        self.ask_as(key, request, &[])
    }

    /// Asks with these variables of the client's.
    pub(crate) fn ask_as(&self, key: &[&str], request: impl AsRef<[u8]>, client: &[(OsString, OsString)]) -> Reply {
        let mut command = Command::new(self.gate());
        command
            .args(key)
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", self.path("trap").display()))
            .env("SSH_CLIENT", "192.0.2.7 40000 22")
            .envs(client.iter().map(|(name, value)| (name, value)))
            .env("SSH_ORIGINAL_COMMAND", OsStr::from_bytes(request.as_ref()))
            .current_dir(self.path("trap"))
            .stdin(fs::File::open(self.path("startup")).unwrap());
        Reply::from(run(&mut command))
    }
}

impl Reply {
    /// The arguments that JetBackup's program was started with, if it was.
    pub(crate) fn arguments(&self) -> Option<Vec<String>> {
        let mut words = self.stdout.strip_suffix(b"\0")?.split(|byte| *byte == 0);
        (words.next()? == STARTED).then(|| words.map(|word| String::from_utf8(word.to_vec()).unwrap()).collect())
    }

    /// Whether it is a refusal, and nothing but that.
    pub(crate) fn is_refusal(&self) -> bool {
        let said = self.stderr.lines().last().unwrap_or_default();
        let visible = self.stderr.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte));
        self.code == Some(1) && self.stdout.is_empty() && said.starts_with("ERROR: Command not allowed: ") && visible
    }
}

impl From<Output> for Reply {
    fn from(output: Output) -> Self {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Self { code: output.status.code(), stdout: output.stdout, stderr }
    }
}

/// Runs a script that was written a moment ago: a fork of another thread may hold it open for writing until it executes.
fn run(command: &mut Command) -> Output {
    for _ in 0..BUSY_MAX {
        match command.output() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
            ran => return ran.unwrap(),
        }
    }
    panic!("the gate stays busy")
}

/// Whether nothing was executed that should not have been.
pub(crate) fn is_quiet(canary: &Path) -> bool {
    !canary.exists()
}
