//! What the installer keeps: the file as it was, one installer at a time, a running gate's own text; and what it says of a file that
//! sshd would not read.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use super::support::gate;
use super::system::{ADMIN, KEY, OTHER, Said, System, installer};

/// How many installers run at once.
const INSTALLERS: usize = 6;
/// What the installer needs beside bash, where there is no flock.
const PROGRAMS: &[&str] =
    &["cat", "chmod", "cp", "env", "mkdir", "mktemp", "mv", "readlink", "rm", "rmdir", "sh", "ssh", "stat", "sync"];

#[test]
fn the_keys_as_they_were_before_the_first_change_are_kept_for_good() {
    let system = System::new("", &format!("{ADMIN}\n"));
    let first = system.path("root/.ssh/authorized_keys.before-jbr");
    let last = system.path("root/.ssh/authorized_keys.before-jbr-last");
    let said = system.install(&["--key", KEY]).done();
    assert!(said.contains("as it was before: /root/.ssh/authorized_keys.before-jbr\n"), "{said}");
    assert!(!last.exists());
    let mut before = system.keys();
    for arguments in [&["--key", OTHER][..], &["--key", KEY, "--read-only"], &["--remove", "--key", KEY], &["--remove"]]
    {
        let said = system.install(arguments).done();
        assert!(said.contains("as it was before: /root/.ssh/authorized_keys.before-jbr-last\n"), "{said}");
        assert_eq!(fs::read_to_string(&first).unwrap(), format!("{ADMIN}\n"), "{arguments:?}");
        assert_eq!(fs::read_to_string(&last).unwrap(), before, "{arguments:?}");
        before = system.keys();
    }
    fs::set_permissions(system.keys_path(), fs::Permissions::from_mode(0o600)).unwrap();
    system.install(&["--key", KEY]).done();
    assert_eq!(super::mode(&last), 0o600, "nobody reads there what he could not read before");
    let names = fs::read_dir(system.path("root/.ssh")).unwrap().count();
    assert_eq!(names, 3, "no more copies than two, and nothing else is left");
}

#[test]
fn a_copy_is_kept_beside_the_file_that_a_link_leads_to() {
    let system = System::new("", "");
    fs::write(system.path("real"), format!("{ADMIN}\n")).unwrap();
    symlink(system.path("real"), system.keys_path()).unwrap();
    let said = system.install(&["--key", KEY]).done();
    assert!(said.contains("as it was before: /real.before-jbr\n"), "{said}");
    assert_eq!(fs::read_to_string(system.path("real.before-jbr")).unwrap(), format!("{ADMIN}\n"));
}

#[test]
fn two_installers_at_once_lose_nothing_of_each_other() {
    for flock in [true, false] {
        let system = System::new("", &format!("{ADMIN}\n"));
        let keys: Vec<String> = (0..INSTALLERS)
            .map(|number| format!("{KEY}-{number}").replacen("PPcP", &format!("PP{number}P"), 1))
            .collect();
        let start = |key: &String| {
            let script = installer();
            let mut command = system.command(&[script.to_str().unwrap()], &["--key", key]);
            if !flock {
                command.env("PATH", without_flock(&system));
            }
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let children: Vec<_> = keys.iter().map(start).collect();
        let ends: Vec<Said> = children.into_iter().map(|child| Said::from(child.wait_with_output().unwrap())).collect();
        let mut done = 0;
        for (key, said) in keys.iter().zip(ends) {
            let is_in = system.keys().lines().filter(|line| line.ends_with(key.as_str())).count();
            assert_eq!(is_in, usize::from(said.success), "{flock} {}{}\n{}", said.stdout, said.stderr, system.keys());
            done += is_in;
            if flock || !said.success {
                assert!(said.success != said.stderr.contains("another install.sh is at work here"), "{}", said.stderr);
            }
        }
        assert!(done > 0 && (!flock || done == INSTALLERS), "{done}");
        assert!(system.keys().starts_with(ADMIN));
        // Nothing is left that would stop the next one.
        system.install(&["--key", OTHER]).done();
    }
}

/// A folder with all that the installer needs, but flock.
fn without_flock(system: &System) -> String {
    let folder = system.path("programs");
    if fs::create_dir(&folder).is_ok() {
        for program in PROGRAMS {
            symlink(Path::new("/usr/bin").join(program), folder.join(program)).unwrap();
        }
    }
    folder.display().to_string()
}

#[test]
fn where_another_one_stays_at_work_it_says_so_and_changes_nothing() {
    let system = System::new("", &format!("{ADMIN}\n"));
    let before = system.all();
    let held = File::open(system.path("root")).unwrap();
    held.lock().unwrap();
    system.install(&["--key", KEY]).refused("another install.sh is at work here: run this again when it is done");
    assert_eq!(system.all(), before);
    system.install(&["--key", KEY, "--dry-run"]).done();
    held.unlock().unwrap();
    system.install(&["--key", KEY]).done();
}

#[test]
fn without_flock_one_that_was_killed_does_not_stop_the_next_unsaid() {
    let system = System::new("", &format!("{ADMIN}\n"));
    let script = installer();
    let run = |arguments: &[&str]| {
        let mut command = system.command(&[script.to_str().unwrap()], arguments);
        Said::from(command.env("PATH", without_flock(&system)).stdin(Stdio::null()).output().unwrap())
    };
    let lock = system.path("root/.jetbackup-ssh-gate.lock");
    fs::create_dir(&lock).unwrap();
    run(&["--key", KEY]).refused("rmdir /root/.jetbackup-ssh-gate.lock");
    assert_eq!(system.keys(), format!("{ADMIN}\n"));
    assert!(lock.exists(), "it is not its own");
    run(&["--key", KEY, "--dry-run"]).done();
    fs::remove_dir(&lock).unwrap();
    run(&["--key", KEY]).done();
    assert!(!lock.exists());
    run(&["--key", "AAAA"]).refused("this is no public key");
    run(&["--remove", "--key", ADMIN]).refused("has no gate");
    assert!(!lock.exists(), "one that refuses leaves nothing either");
}

#[test]
fn a_gate_that_runs_while_it_is_renewed_goes_on_with_its_own_text() {
    let system = System::new("", "");
    system.install(&["--key", KEY]).done();
    let mut running = File::open(system.gate()).unwrap();
    system.install(&["--api", "/opt/jetbackup5api"]).done();
    let mut text = String::new();
    running.read_to_string(&mut text).unwrap();
    assert_eq!(text, fs::read_to_string(gate::source()).unwrap());
    assert_ne!(text, fs::read_to_string(system.gate()).unwrap());
}

#[test]
fn what_others_may_write_to_is_said_with_the_way_to_mend_it() {
    let strict = "so sshd may take no key from there (StrictModes)";
    for (place, mode, setting, why) in [
        ("root/.ssh/authorized_keys", 0o664, "yes", strict),
        ("root/.ssh/keys2", 0o622, "yes", strict),
        ("root/.ssh", 0o775, "yes", strict),
        ("root", 0o757, "yes", strict),
        ("root", 0o757, "no", "so they can let keys in"),
    ] {
        let says = format!("strictmodes {setting}\nauthorizedkeysfile .ssh/authorized_keys .ssh/keys2");
        let system = System::new(&says, &format!("{ADMIN}\n"));
        fs::write(system.path("root/.ssh/keys2"), "").unwrap();
        fs::set_permissions(system.path(place), fs::Permissions::from_mode(mode)).unwrap();
        let warning =
            format!("warning: others than root may write to /{place} (mode {mode:o}), {why}: chmod go-w /{place}\n");
        for arguments in [&["--key", KEY, "--dry-run"][..], &["--key", KEY]] {
            let printed = system.install(arguments).done_saying();
            assert!(printed.contains(&warning) && printed.matches("warning").count() == 1, "{printed}");
        }
        let mend = warning.split(": ").last().unwrap().replace(" /", &format!(" {}", system.path("").display()));
        assert!(Command::new("/bin/sh").args(["-c", &mend]).status().unwrap().success());
        let printed = system.install(&["--key", KEY]).done_saying();
        assert!(!printed.contains("warning"), "{printed}");
    }
}

#[test]
fn what_belongs_to_somebody_else_is_said_with_the_way_to_mend_it() {
    let system = System::new("", &format!("{ADMIN}\n"));
    // Nobody but root can give a file away, to try it.
    if chown(system.path("root/.ssh"), Some(12_345), None).is_ok() {
        let printed = system.install(&["--key", KEY, "--dry-run"]).done_saying();
        assert!(printed.contains("/root/.ssh is not root's (owner 12345), so sshd may take no key"), "{printed}");
        assert!(printed.contains(": chown root /root/.ssh\n"), "{printed}");
    }
}
