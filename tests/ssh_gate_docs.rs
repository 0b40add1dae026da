//! The commands of `server/README.md` and `docs/security.md`, run as they stand there against a real sshd.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

mod support;

use std::fs;
use std::path::Path;

use support::desk::Desk;
use support::gate;
use support::sshd::{Sshd, keygen};
use support::until::until;
use tempfile::TempDir;

/// A server with the gate, and the desk of its admin.
struct Place {
    _sshd: Sshd,
    on_server: TempDir,
    desk: Desk,
}

impl Place {
    fn new() -> Self {
        let on_server = tempfile::tempdir().unwrap();
        let path = |name: &str| on_server.path().join(name);
        let log = path("log").display().to_string();
        gate::script(&path("api"), "echo started \"$@\"");
        gate::script(&path("logger"), &format!("echo \"$6\" >> '{log}'"));
        gate::script(&path("journalctl"), &format!("cat '{log}'"));
        gate::copy(&path("gate"), &path("api"), &path("logger"));
        let programs = format!("{}:/usr/bin:/bin", on_server.path().display());
        let sshd = Sshd::options().env("PATH", &programs).start();
        let desk = Desk::new(&sshd, &path("gate"));
        keygen(&desk.path("ssh/jbr"), "ed25519");
        Self { _sshd: sshd, on_server, desk }
    }

    /// Runs the one block of a page that has this in it.
    fn run(&self, page: &str, with: &str) -> support::desk::Printed {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
        let blocks: Vec<&str> = text.split("\n```").skip(1).step_by(2).filter_map(|b| b.strip_prefix("sh\n")).collect();
        let found: Vec<&&str> = blocks.iter().filter(|block| block.contains(with)).collect();
        assert_eq!(found.len(), 1, "one block of {page} with {with:?}");
        self.desk.run(found[0])
    }

    fn keys(&self) -> String {
        fs::read_to_string(self.desk.keys()).unwrap()
    }
}

#[test]
fn the_servers_readme_installs_renews_and_removes_the_gate() {
    let place = Place::new();
    let before = place.keys();
    let printed = place.run("server/README.md", "--dry-run");
    assert!(printed.stdout.contains("would install") && printed.stdout.contains("\ninstall "), "{}", printed.stdout);
    assert!(place.keys().starts_with(&before) && place.keys().contains("\nrestrict,command="), "{}", place.keys());
    let printed = place.run("server/README.md", "install.sh server/jetbackup-ssh-gate.sh | ssh");
    assert_eq!(printed.stdout, "nothing to change\n");
    place.run("server/README.md", "--remove");
    assert_eq!(place.keys(), before);
}

#[test]
fn the_page_on_security_shows_how_to_look_and_how_to_change_a_key() {
    let place = Place::new();
    place.run("server/README.md", "--dry-run");
    let log = place.on_server.path().join("log");

    let printed = place.run("docs/security.md", "'ls /' || echo refused");
    assert_eq!(printed.stdout, "jetbackup-ssh-gate 1\nrefused\n");
    assert_eq!(printed.stderr, "ERROR: Command not allowed: ls /\n");
    until("both are logged", || fs::read_to_string(&log).is_ok_and(|log| log.lines().count() == 2));
    let printed = place.run("docs/security.md", "journalctl");
    for expected in
        ["ALLOWED from 127.0.0.1: gate-version", "DENIED from 127.0.0.1: ls /", "2:restrict,command=", "acceptenv LANG"]
    {
        assert!(printed.stdout.contains(expected), "{expected}: {}", printed.stdout);
    }

    let old = fs::read_to_string(place.desk.path("ssh/jbr.pub")).unwrap();
    let printed = place.run("docs/security.md", "jbr-new -C jbr");
    assert!(printed.stdout.ends_with("jetbackup-ssh-gate 1\n"), "{}", printed.stdout);
    assert!(place.keys().contains(old.trim()), "both are in");
    let printed = place.run("docs/security.md", "mv ");
    assert!(printed.stdout.ends_with("jetbackup-ssh-gate 1\n"), "{}", printed.stdout);
    assert!(!place.keys().contains(old.trim()), "{}", place.keys());
}
