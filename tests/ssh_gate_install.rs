//! `server/install.sh`, on a system of its own under a temporary folder: it puts the gate before a key, shows what it changes,
//! and locks nobody out.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

#[path = "ssh_gate_install/clients.rs"]
mod clients;
#[path = "ssh_gate_install/keeping.rs"]
mod keeping;
mod support;
#[path = "ssh_gate_install/system.rs"]
mod system;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::{Command, Stdio};

use support::gate;
use support::sshd::{Sshd, keygen};
use system::{ADMIN, COMMAND, KEY, OTHER, Said, System, installer, line, mode};

#[test]
fn it_installs_once_and_then_finds_nothing_to_change() {
    let system = System::new("", &format!("{ADMIN}\n"));
    let said = system.install(&["--key", KEY]).done();
    assert_eq!(system.keys(), format!("{ADMIN}\n{}", line("", "")));
    assert_eq!(fs::read(system.gate()).unwrap(), fs::read(gate::source()).unwrap());
    assert_eq!((mode(&system.gate()), mode(&system.keys_path())), (0o755, 0o644));
    assert!(said.contains("install /usr/local/bin/jetbackup-ssh-gate.sh") && said.contains("+ restrict,"), "{said}");
    let before = system.all();
    assert_eq!(system.install(&["--key", KEY]).done(), "nothing to change\n");
    assert_eq!(system.all(), before);
}

#[test]
fn a_server_without_any_key_gets_its_files_with_the_modes_that_sshd_wants() {
    let system = System::new("", "");
    fs::remove_dir(system.path("root/.ssh")).unwrap();
    system.install(&["--key", KEY]).done();
    assert_eq!(system.keys(), line("", ""));
    assert_eq!((mode(&system.path("root/.ssh")), mode(&system.keys_path())), (0o700, 0o600));
}

#[test]
fn a_dry_run_shows_all_of_it_and_changes_nothing() {
    let system = System::new("", &format!("{ADMIN}\n{KEY}\n"));
    let before = system.all();
    let said = system.install(&["--key", KEY, "--dry-run"]).done();
    for expected in ["would install", "would change /root/.ssh/authorized_keys", &format!("- {KEY}"), "+ restrict,"] {
        assert!(said.contains(expected), "{said}");
    }
    assert_eq!(system.all(), before);
    system.install(&["--key", KEY]).done();
    let before = system.all();
    let said = system.install(&["--remove", "--dry-run"]).done();
    assert!(said.contains("- restrict,") && said.contains("would remove /usr/local/bin/"), "{said}");
    assert_eq!(system.all(), before);
}

#[test]
fn other_lines_stay_as_they_are_even_the_last_without_its_end() {
    let odd = format!(
        "# a comment\n\n  {ADMIN}\nfrom=\"10.0.0.1\",command=\"echo ssh-ed25519 x\" {OTHER}\r\n\tgarbage \u{1b}[2J"
    );
    let system = System::new("", &odd);
    fs::set_permissions(system.keys_path(), fs::Permissions::from_mode(0o640)).unwrap();
    system.install(&["--key", KEY]).done();
    assert_eq!(system.keys(), format!("{odd}\n{}", line("", "")));
    assert_eq!(mode(&system.keys_path()), 0o640);
    assert_eq!(fs::read_to_string(system.path("root/.ssh/authorized_keys.before-jbr")).unwrap(), odd);
}

#[test]
fn a_line_of_the_key_is_replaced_where_it_stands_and_no_second_one_is_left() {
    let long = "no-port-forwarding,no-X11-forwarding,no-agent-forwarding,no-pty";
    let predecessors = format!("{COMMAND},{long} {KEY}\n");
    let system = System::new("", &format!("{predecessors}{ADMIN}\nrestrict {KEY}\n"));
    let said = system.install(&["--key", KEY, "--from", "192.0.2.7,2001:db8::/32", "--read-only"]).done();
    let wanted = line("from=\"192.0.2.7,2001:db8::/32\",", " --read-only");
    assert_eq!(system.keys(), format!("{wanted}{ADMIN}\n"));
    assert!(said.contains(&format!("- restrict {KEY}")), "{said}");
    system.install(&["--key", KEY, "--jobs", "aa,bb", "--destinations", "cc"]).done();
    assert_eq!(system.keys(), format!("{}{ADMIN}\n", line("", " --jobs aa,bb --destinations cc")));
}

#[test]
fn a_key_that_would_be_narrowed_less_than_before_is_said() {
    let (from, jobs) = (["--from", "192.0.2.7"], ["--jobs", "aa,bb"]);
    let all = [from, jobs, ["--destinations", "cc"]].concat();
    for (before, after, said) in [
        (&[][..], &[][..], None),
        (&from[..], &from[..], None),
        (&from, &["--from", "192.0.2.8"], None),
        (&[], &all, None),
        (&["--read-only"], &jobs, Some("--read-only")),
        (&from, &[], Some("from=\"192.0.2.7\"")),
        (&all, &["--read-only"], Some("from=\"192.0.2.7\"")),
        (&jobs, &["--jobs", "aa,bb,cc"], None),
        (&jobs, &[], Some("--jobs aa,bb")),
        (&all, &from, Some("--jobs aa,bb --destinations cc")),
    ] {
        let system = System::new("", &format!("{ADMIN}\n"));
        system.install(&[&["--key", KEY][..], before].concat()).done();
        let again = [&["--key", KEY][..], after].concat();
        for arguments in [[&again[..], &["--dry-run"]].concat(), again] {
            let printed = system.install(&arguments).done_saying();
            let warning = said.map(|said| format!("warning: the key had {said} until now, and may do more without: "));
            assert_eq!(printed.contains("warning"), said.is_some(), "{before:?} {arguments:?} {printed}");
            assert!(warning.is_none_or(|warning| printed.contains(&warning)), "{before:?} {arguments:?} {printed}");
        }
    }
}

#[test]
fn a_line_of_the_key_from_another_system_is_found_by_what_sshd_takes_for_its_end() {
    let bare = KEY.split_inclusive(' ').take(2).collect::<String>();
    for end in ["\r\n", "\u{b}\n", "\t\n", ""] {
        let system = System::new("", &format!("{ADMIN}\r\n{}{end}", bare.trim()));
        system.install(&["--key", KEY]).done();
        assert_eq!(system.keys(), format!("{ADMIN}\r\n{}", line("", "")));
    }
}

#[test]
fn it_locks_nobody_out() {
    let closed = format!("{COMMAND} {OTHER}\nexpiry-time=\"20200101\" {OTHER}\n# {ADMIN}\n");
    for (keys, may) in [
        (format!("{KEY}\n"), false),
        (format!("restrict {KEY}\n"), false),
        (format!("{closed}{KEY}\n"), false),
        (format!("{closed}{KEY}\n{ADMIN}\n"), true),
        (format!("from=\"10.0.0.1\" {ADMIN}\n{KEY}\n"), true),
        (line("", ""), true),
        (closed, true),
    ] {
        let system = System::new("", &keys);
        let said = system.install(&["--key", KEY]);
        if may {
            said.done();
        } else {
            said.refused("no other key in /root/.ssh/authorized_keys would be left");
            assert_eq!(system.keys(), keys);
            assert!(!system.gate().exists());
            system.install(&["--key", KEY, "--no-other-key"]).done();
        }
        assert!(system.keys().contains(&line("", "")));
    }
}

#[test]
fn it_does_not_take_away_the_key_that_its_caller_is_logged_in_with() {
    let system = System::new("", &format!("{ADMIN}\n{KEY}\n"));
    fs::write(system.path("auth"), format!("publickey {KEY}\n")).unwrap();
    let run = |more: &[&str]| {
        let script = installer();
        let arguments = [&["--key", KEY][..], more].concat();
        let mut command = system.command(&[script.to_str().unwrap()], &arguments);
        Said::from(command.env("SSH_USER_AUTH", system.path("auth")).stdin(Stdio::null()).output().unwrap())
    };
    run(&[]).refused("you are logged in with this very key");
    run(&["--no-other-key"]).done();
}

#[test]
fn where_sshd_would_let_a_client_around_the_gate_it_refuses() {
    for pattern in ["*", "LC_* BASH_ENV", "BASH*", "LD_*", "?HELLOPTS", "E*"] {
        let system = System::new(&format!("acceptenv {pattern}"), &format!("{ADMIN}\n"));
        let before = system.all();
        system.install(&["--key", KEY]).refused("AcceptEnv");
        assert_eq!(system.all(), before);
    }
    System::new("acceptenv XMODIFIERS GIT_* COLORTERM", "").install(&["--key", KEY]).done();

    let system = System::new("authorizedkeysfile .ssh/authorized_keys %h/.ssh/authorized_keys2", "");
    fs::write(system.path("root/.ssh/authorized_keys2"), format!("{KEY}\n")).unwrap();
    system.install(&["--key", KEY]).refused("the key is in /root/.ssh/authorized_keys2 too");

    let system = System::new("", "");
    fs::set_permissions(system.path("usr/local/bin"), fs::Permissions::from_mode(0o777)).unwrap();
    system.install(&["--key", KEY]).refused("chmod go-w /usr/local/bin");
}

#[test]
fn the_keys_are_written_where_sshd_reads_them() {
    let system = System::new("authorizedkeysfile /etc/ssh/keys/%u %h/.ssh/other", "");
    fs::create_dir_all(system.path("etc/ssh/keys")).unwrap();
    system.install(&["--key", KEY]).done();
    assert_eq!(fs::read_to_string(system.path("etc/ssh/keys/root")).unwrap(), line("", ""));
    assert!(!system.keys_path().exists());

    let system = System::new("", "");
    fs::write(system.path("real"), format!("{ADMIN}\n")).unwrap();
    symlink(system.path("real"), system.keys_path()).unwrap();
    system.install(&["--key", KEY]).done();
    assert!(fs::symlink_metadata(system.keys_path()).unwrap().is_symlink(), "a link stays one");
    assert_eq!(fs::read_to_string(system.path("real")).unwrap(), format!("{ADMIN}\n{}", line("", "")));
}

#[test]
fn it_takes_itself_away_and_nothing_else() {
    let open = format!("{ADMIN}\n");
    let system = System::new("", &open);
    system.install(&["--key", KEY]).done();
    system.install(&["--key", OTHER, "--read-only"]).done();
    let said = system.install(&["--remove", "--key", KEY]).done();
    assert!(said.contains("another key has the gate"), "{said}");
    assert!(system.gate().exists() && !system.keys().contains(KEY), "{}", system.keys());
    system.install(&["--remove"]).done();
    assert_eq!(system.keys(), open);
    assert!(!system.gate().exists());
    assert_eq!(system.install(&["--remove"]).done(), "nothing to change\n");
    system.install(&["--remove", "--key", ADMIN]).refused("the key's line has no gate, so it stays");
    assert_eq!(system.keys(), open);
}

#[test]
fn a_key_is_taken_away_from_every_file_in_which_sshd_looks_for_it() {
    let both = "authorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2";
    let with = |second: &str| {
        let system = System::new(both, &format!("{ADMIN}\n"));
        system.install(&["--key", KEY]).done();
        fs::write(system.path("root/.ssh/authorized_keys2"), second).unwrap();
        system
    };
    let second = |system: &System| fs::read_to_string(system.path("root/.ssh/authorized_keys2")).unwrap();
    let gated = format!("{OTHER}\n{}", line("", " --read-only"));

    for arguments in [&["--remove"][..], &["--remove", "--key", KEY]] {
        let system = with(&gated);
        system.install(arguments).done();
        assert_eq!((system.keys(), second(&system)), (format!("{ADMIN}\n"), format!("{OTHER}\n")));
        assert!(!system.gate().exists());
    }

    let other = format!("restrict,{COMMAND} {OTHER}\n");
    let system = with(&other);
    system.install(&["--remove", "--key", KEY]).done();
    assert!(system.gate().exists() && second(&system) == other, "another key has the gate, in the second file");

    let system = with(&format!("{KEY}\n"));
    system.install(&["--remove", "--key", KEY]).refused("the key's line has no gate, so it stays");
}

#[test]
fn it_finds_the_gate_beside_it_from_its_own_folder_too() {
    let system = System::new("", "");
    let mut command = system.command(&["install.sh"], &["--key", KEY]);
    command.current_dir(installer().parent().unwrap()).stdin(Stdio::null());
    Said::from(command.output().unwrap()).done();
    assert!(system.gate().exists());
}

#[test]
fn it_can_be_piped_and_does_nothing_where_a_part_is_missing() {
    let script = fs::read_to_string(installer()).unwrap();
    let gate = fs::read_to_string(gate::source()).unwrap();
    let system = System::new("", "");
    system.pipe(&format!("{script}{gate}"), &["--key", KEY]).done();
    assert_eq!((fs::read_to_string(system.gate()).unwrap(), system.keys()), (gate.clone(), line("", "")));

    System::new("", "").pipe(&script, &["--key", KEY]).refused("cat install.sh jetbackup-ssh-gate.sh |");
    for cut in [1, 20, gate.len() / 2, gate.len() - 10] {
        let system = System::new("", "");
        let before = system.all();
        system.pipe(&format!("{script}{}", &gate[..cut]), &["--key", KEY]).refused("the gate did not arrive whole");
        assert_eq!(system.all(), before);
    }
    for cut in (1..script.len()).step_by(script.len() / 40).chain([script.len() - 8]) {
        let system = System::new("", "");
        let before = system.all();
        system.pipe(&script[..cut], &["--key", KEY]);
        assert_eq!(system.all(), before, "cut at {cut}");
    }
}

#[test]
fn the_program_behind_the_gate_is_found_and_kept() {
    let other = "usr/local/jetapps/usr/bin/jetbackup5api";
    let system = System::new("", "");
    fs::create_dir_all(system.path(other).parent().unwrap()).unwrap();
    fs::rename(system.path("usr/bin/jetbackup5api"), system.path(other)).unwrap();
    system.install(&["--key", KEY]).done();
    let has = |api: &str| fs::read_to_string(system.gate()).unwrap().contains(&format!("\nreadonly API={api}\n"));
    assert!(has("/usr/local/jetapps/usr/bin/jetbackup5api"));
    system.install(&["--api", "/opt/jetbackup5api"]).done();
    assert!(has("/opt/jetbackup5api"));
    assert_eq!(system.install(&["--key", KEY]).done(), "nothing to change\n");
    system.install(&["--api", "/opt/x;id"]).refused("--api takes the whole path");
}

#[test]
fn an_old_openssh_gets_the_long_form() {
    for (version, restrict) in [("5.3p1", false), ("7.1p2", false), ("7.2p1", true), ("10.0p1", true)] {
        let system = System::new("", "");
        fs::create_dir(system.path("bin")).unwrap();
        gate::script(&system.path("bin/ssh"), &format!("echo 'OpenSSH_{version}, OpenSSL' >&2"));
        let script = installer();
        let mut command = system.command(&[script.to_str().unwrap()], &["--key", KEY]);
        command.env("PATH", format!("{}:/usr/bin:/bin", system.path("bin").display())).stdin(Stdio::null());
        Said::from(command.output().unwrap()).done();
        let long = "no-port-forwarding,no-X11-forwarding,no-agent-forwarding,no-pty,no-user-rc";
        let wanted = if restrict { line("", "") } else { line("", "").replacen("restrict", long, 1) };
        assert_eq!(system.keys(), wanted, "{version}");
    }
}

#[test]
fn what_it_is_given_is_checked_before_anything_is_done() {
    let system = System::new("", &format!("{ADMIN}\n"));
    let before = system.all();
    let two = format!("{KEY}\n{ADMIN}");
    for (arguments, because) in [
        (&["--key", "AAAA"][..], "this is no public key"),
        (&["--key", &format!("restrict {KEY}")], "has something before it"),
        (&["--key", &two], "this is no public key"),
        (&["--key"], "a public key"),
        (&["--key", KEY, "--from", "a\" "], "--from takes"),
        (&["--key", KEY, "--jobs", "a b"], "--jobs takes ids"),
        (&["--key", KEY, "--destinations", ""], "--destinations takes ids"),
        (&["--read-only"], "say which with --key"),
        (&["--remove", "--read-only"], "--remove goes with"),
        (&["--frobnicate"], "it does not know --frobnicate"),
    ] {
        let said = system.install(arguments);
        if arguments == ["--key"] {
            assert!(!said.success);
        } else {
            said.refused(because);
        }
        assert_eq!(system.all(), before, "{arguments:?}");
    }
}

#[test]
fn what_it_installs_works_behind_a_real_sshd() {
    let sshd = Sshd::options().start();
    let key = sshd.path("pi");
    keygen(&key, "ed25519");
    let public = fs::read_to_string(key.with_extension("pub")).unwrap().trim().to_owned();
    for (arguments, from_here) in [
        (&["--jobs", "aaaa"][..], true),
        (&["--from", "127.0.0.1", "--jobs", "aaaa"], true),
        (&["--from", "192.0.2.7", "--jobs", "aaaa"], false),
    ] {
        let system = System::new("", "");
        system.install(&[&["--key", &public][..], arguments].concat()).done();
        // The system is under a folder here.
        let place =
            |text: &str| text.replace("/usr/local/bin/", &format!("{}usr/local/bin/", system.path("").display()));
        fs::write(sshd.path("authorized_keys"), place(&system.keys())).unwrap();
        let mut client = Command::new("ssh");
        client.args([
            "-F",
            "none",
            "-o",
            "BatchMode=yes",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "IdentitiesOnly=yes",
        ]);
        client.args(["-o", "UserKnownHostsFile=/dev/null", "-p", &sshd.port().to_string(), "-i"]).arg(&key);
        client.args([&format!("{}@127.0.0.1", sshd.user()), "gate-version"]).stdin(Stdio::null());
        let said = client.output().unwrap();
        let expected = if from_here { "jetbackup-ssh-gate 1 jobs=aaaa destinations=none\n" } else { "" };
        assert_eq!(String::from_utf8_lossy(&said.stdout), expected, "{arguments:?} {said:?}");
    }
}
