//! The system of a server, under a temporary folder, and `server/install.sh` at work on it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::support::gate;

/// The Pi's key, and two of the admin's.
pub(crate) const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPPcPNxTgMz9MLWxfQZyVq9f5cXyHKFXHC4wf4wgyR3v jbr on the Pi";
pub(crate) const ADMIN: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEBQ1LSbzzKTr0bTgoNCmwEWIiWmKOxJzVFzGlSgQ9q4 admin@desk";
pub(crate) const OTHER: &str =
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7vJ0N5mXo0w2Yk3hZ2mE4u7QpH1sJ5tX0oFz8bV9cD2aN3rL6kT4eWqPiUyGj other";
pub(crate) const COMMAND: &str = "command=\"/usr/local/bin/jetbackup-ssh-gate.sh\"";

/// A server's system.
pub(crate) struct System {
    folder: TempDir,
}

/// What the installer said.
pub(crate) struct Said {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl System {
    /// With JetBackup, with an sshd that says these settings, and with these keys.
    pub(crate) fn new(sshd_says: &str, keys: &str) -> Self {
        let system = Self { folder: tempfile::tempdir().unwrap() };
        for folder in ["usr/bin", "usr/sbin", "usr/local/bin", "root/.ssh"] {
            fs::create_dir_all(system.path(folder)).unwrap();
        }
        gate::script(&system.path("usr/bin/jetbackup5api"), "echo started \"$@\"");
        gate::script(&system.path("usr/bin/logger"), "true");
        let says = format!("port 22\nacceptenv LANG\nacceptenv LC_*\nforcecommand none\n{sshd_says}");
        gate::script(&system.path("usr/sbin/sshd"), &format!("cat <<'END'\n{says}\nEND"));
        if !keys.is_empty() {
            fs::write(system.keys_path(), keys).unwrap();
        }
        system
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn keys_path(&self) -> PathBuf {
        self.path("root/.ssh/authorized_keys")
    }

    pub(crate) fn keys(&self) -> String {
        fs::read_to_string(self.keys_path()).unwrap_or_default()
    }

    pub(crate) fn gate(&self) -> PathBuf {
        self.path("usr/local/bin/jetbackup-ssh-gate.sh")
    }

    pub(crate) fn command(&self, bash: &[&str], arguments: &[&str]) -> Command {
        let mut command = Command::new("/bin/bash");
        command
            .args(bash)
            .args(arguments)
            .arg("--root")
            .arg(self.folder.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin");
        command
    }

    /// Runs `server/install.sh`.
    pub(crate) fn install(&self, arguments: &[&str]) -> Said {
        let script = installer();
        Said::from(self.command(&[script.to_str().unwrap()], arguments).stdin(Stdio::null()).output().unwrap())
    }

    /// Runs `server/install.sh`, logged in over SSH: from and to these addresses and ports.
    pub(crate) fn install_over(&self, connection: &str, arguments: &[&str]) -> Said {
        let script = installer();
        let mut command = self.command(&[script.to_str().unwrap()], arguments);
        Said::from(command.env("SSH_CONNECTION", connection).stdin(Stdio::null()).output().unwrap())
    }

    /// Has this script in the place of its sshd.
    pub(crate) fn has_sshd(self, script: &str) -> Self {
        gate::script(&self.path("usr/sbin/sshd"), script);
        self
    }

    /// Pipes this into `bash -s`.
    pub(crate) fn pipe(&self, text: &str, arguments: &[&str]) -> Said {
        let mut command = self.command(&["-s", "--"], arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // One that refuses early reads no further.
        let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        Said::from(child.wait_with_output().unwrap())
    }

    /// Everything that is there, with its mode and what is in it.
    pub(crate) fn all(&self) -> Vec<(PathBuf, u32, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let mode = fs::metadata(&path).unwrap().permissions().mode();
                    found.push((path.clone(), mode, fs::read(&path).unwrap()));
                }
            }
        }
        found.sort();
        found
    }
}

impl From<std::process::Output> for Said {
    fn from(output: std::process::Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { success: output.status.success(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Said {
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert!(self.success, "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    /// What it printed, on both.
    #[track_caller]
    pub(crate) fn done_saying(self) -> String {
        format!("{}{}", self.stderr.clone(), self.done())
    }

    #[track_caller]
    pub(crate) fn refused(self, because: &str) {
        assert!(!self.success && self.stderr.contains(because), "{because}: {}{}", self.stdout, self.stderr);
    }
}

pub(crate) fn installer() -> PathBuf {
    gate::source().with_file_name("install.sh")
}

/// The key's line with the gate, and what stands before and inside of its command.
pub(crate) fn line(before: &str, arguments: &str) -> String {
    let command = COMMAND.strip_suffix('"').unwrap();
    format!("restrict,{before}{command}{arguments}\" {KEY}\n")
}

pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}
