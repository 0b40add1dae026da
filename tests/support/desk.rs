//! The desk of somebody who administers a server: an `ssh` that reaches it as root would, so that commands in the documentation can be
//! run as they stand there.
//!
//! The server's own system is under a folder: what is written to its `authorized_keys` is what sshd reads, with the gate of the test
//! in the gate's place.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::gate;
use super::sshd::Sshd;

/// A desk, and the system of the server that it administers.
pub(crate) struct Desk {
    folder: TempDir,
    user: String,
}

/// What a block of commands printed.
pub(crate) struct Printed {
    /// On stdout.
    pub(crate) stdout: String,
    /// On stderr.
    pub(crate) stderr: String,
}

impl Desk {
    /// For this server, whose own key is the admin's, and with this gate.
    pub(crate) fn new(sshd: &Sshd, gate: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk = Self { folder, user: sshd.user().to_owned() };
        for name in ["bin", "ssh", "system/usr/bin", "system/usr/sbin", "system/root/.ssh"] {
            fs::create_dir_all(desk.path(name)).unwrap();
        }
        let (user, keys) = (sshd.user(), sshd.path("authorized_keys"));
        let config = format!(
            "Host server1.example.com\nHostName 127.0.0.1\nUser {user}\nPort {}\nIdentityFile {}\nIdentitiesOnly yes\nBatchMode yes\n\
             StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n",
            sshd.port(),
            sshd.client_key().display()
        );
        fs::write(desk.path("config"), config).unwrap();
        fs::copy(sshd.client_key().with_extension("pub"), desk.keys()).unwrap();
        for program in ["usr/bin/jetbackup5api", "usr/bin/logger"] {
            gate::script(&desk.path("system").join(program), "true");
        }
        gate::script(&desk.path("system/usr/sbin/sshd"), "echo acceptenv LANG; echo 'acceptenv LC_*'");
        let (from, to) = ("\"/usr/local/bin/jetbackup-ssh-gate.sh", format!("\"{}", gate.display()));
        let take_over = format!("sed 's|{from}|{to}|' '{}' > '{}'", desk.keys().display(), keys.display());
        gate::script(
            &desk.path("bin/ssh"),
            &format!("{take_over}\nexec /usr/bin/ssh -F '{}' \"$@\"", desk.path("config").display()),
        );
        gate::script(&desk.path("take-over"), &take_over);
        desk
    }

    /// A path at the desk: `ssh` is for keys, `bin` is in the PATH.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The server's `authorized_keys`, as the installer knows them.
    pub(crate) fn keys(&self) -> PathBuf {
        self.path("system/root/.ssh/authorized_keys")
    }

    /// Has sshd read the keys as they are now.
    pub(crate) fn take_over(&self) {
        assert!(Command::new(self.path("take-over")).status().unwrap().success());
    }

    /// Text of the documentation with this desk's places instead of a user's.
    pub(crate) fn place(&self, text: &str) -> String {
        let path = |name: &str| self.path(name).display().to_string();
        text.replace("root@server1.example.com", &format!("{}@server1.example.com", self.user))
            .replace("bash -s --", &format!("bash -s -- --root {}", path("system")))
            .replace("/root/.ssh/authorized_keys", &path("system/root/.ssh/authorized_keys"))
            .replace("/root/.ssh/jbr", &path("ssh/jbr"))
            // What the manual saves goes beside this desk, and not into the repository.
            .replace("tonight.json", &path("tonight.json"))
            .replace("sshd -T", &format!("{} -T", path("system/usr/sbin/sshd")))
    }

    /// Runs a block of commands, which must succeed.
    pub(crate) fn run(&self, block: &str) -> Printed {
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        let mut shell = Command::new("/bin/sh");
        shell.args(["-euc", &self.place(block)]).env("PATH", path).current_dir(env!("CARGO_MANIFEST_DIR"));
        let ran = shell.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let printed = Printed { stdout: text(ran.stdout), stderr: text(ran.stderr) };
        assert!(ran.status.success(), "{block}\n{}{}", printed.stdout, printed.stderr);
        printed
    }
}

/// Named once: a test binary uses a part of it.
const _: () = {
    _ = (Desk::new, Desk::path, Desk::keys, Desk::take_over, Desk::place, Desk::run);
    _ = |printed: Printed| (printed.stdout, printed.stderr);
};
