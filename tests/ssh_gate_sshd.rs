//! The gate behind a real OpenSSH server: whoever has the key gets what the gate gives, and nothing else that SSH can do.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

mod support;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use support::gate;
use support::sshd::{Options, Sshd, keygen};
use tempfile::TempDir;

/// The call that passes in all of these tests.
const CALL: &str = "jetbackup5api -F listBackupJobs -O json";
/// What the stand-in says to it.
const ANSWER: &str = "started -F listBackupJobs -O json\n";

/// How many connections are made at once; sshd takes ten that have not logged in yet.
const CONNECTIONS: usize = 6;

/// A server with the gate before the stand-in.
struct Door {
    folder: TempDir,
    sshd: Sshd,
}

impl Door {
    fn new() -> Self {
        Self::with("", Sshd::options())
    }

    /// With these arguments of the forced command.
    fn with(arguments: &str, options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        gate::script(&path("api"), "echo started \"$@\"");
        gate::copy(&path("gate"), &path("api"), &path("logger"));
        let command = format!("{}{arguments}", path("gate").display());
        let sshd = options.config("Subsystem sftp internal-sftp").force_command(&command).start();
        Self { folder, sshd }
    }

    /// What exists once anything else was executed.
    fn canary(&self) -> PathBuf {
        self.folder.path().join("sprung")
    }

    /// OpenSSH's client of this name (`ssh`, `scp`, `sftp`), knowing how to log in.
    fn client(&self, program: &str) -> Command {
        self.client_with(&self.sshd.client_key(), program)
    }

    fn client_with(&self, key: &Path, program: &str) -> Command {
        let mut command = Command::new(Path::new("/usr/bin").join(program));
        command.args(["-F", "none", "-i"]).arg(key);
        let port = format!("Port={}", self.sshd.port());
        for option in [
            "BatchMode=yes",
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "IdentitiesOnly=yes",
            "LogLevel=INFO",
            "ExitOnForwardFailure=yes",
            &port,
        ] {
            command.args(["-o", option]);
        }
        command.stdin(Stdio::null());
        command
    }

    fn login(&self) -> String {
        format!("{}@127.0.0.1", self.sshd.user())
    }

    /// `ssh OPTIONS server REQUEST`.
    fn ssh(&self, options: &[&str], request: Option<&str>) -> Output {
        self.client("ssh").args(options).arg(self.login()).args(request).output().unwrap()
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Nothing but the refusal of the gate.
fn is_refused(output: &Output) -> bool {
    output.status.code() == Some(1)
        && output.stdout.is_empty()
        && stderr(output).contains("ERROR: Command not allowed: ")
}

/// Most of a connection's time is waiting: several at once.
fn in_parallel<T: Sync>(of: &[T], check: impl Fn(&T) + Sync) {
    std::thread::scope(|scope| {
        for part in of.chunks(of.len().div_ceil(CONNECTIONS)) {
            let check = &check;
            scope.spawn(move || part.iter().for_each(check));
        }
    });
}

#[test]
fn s13_no_injection_runs_over_real_ssh() {
    let door = Door::new();
    let canary = door.canary().display().to_string();
    let data = "aaaaaaaaaaaaaaaaaaaaaaaa";
    let injections = [
        // The five that were tried on the predecessor; four of them ran as root.
        "echo x; id".to_owned(),
        "echo $(id)".to_owned(),
        "jetbackup5api -F listBackupJobs; id".to_owned(),
        format!("echo a > {canary}"),
        "ls /".to_owned(),
        // And others like them.
        format!("echo `touch {canary}`"),
        format!("echo x && touch {canary}"),
        format!("echo x || touch {canary}"),
        format!("echo x | tee {canary}"),
        format!("echo x & touch {canary}"),
        format!("echo x\ntouch {canary}"),
        format!("echo x\r\ntouch {canary}"),
        format!("echo \"$(touch {canary})\""),
        format!("echo 'x';touch {canary}'"),
        format!("echo ${{x:-$(touch {canary})}}"),
        format!("echo $((a[$(touch {canary})]))"),
        format!("echo <(touch {canary})"),
        format!("{CALL}; touch {canary}"),
        format!("{CALL}\ntouch {canary}"),
        format!("{CALL} && touch {canary}"),
        format!("{CALL} > {canary}"),
        format!("{CALL} | tee {canary}"),
        format!("jetbackup5api -F listBackupJobs$(touch {canary}) -O json"),
        format!("jetbackup5api -F getBackupJob -D '_id={data}';touch {canary}'' -O json"),
        format!("jetbackup5api -F getBackupJob -D \"_id=$(touch {canary})\" -O json"),
        format!("jetbackup5api -F getBackupJob -D \"_id=`touch {canary}`\" -O json"),
        format!("jetbackup5api -F getBackupJob -D '_id={data}&x[$(touch {canary})]=1' -O json"),
        format!("jetbackup5api -F runBackupJobManually -D '_id=a[$(touch {canary})]' -O json"),
        format!("jetbackup5api -F clearQueue -D '_id={data}' -O json"),
        format!("jetbackup5api -F manageBackupJob -D 'action=delete&_id={data}' -O json"),
        format!("/usr/bin/jetbackup5api -F listBackupJobs -O json; touch {canary}"),
        format!("() {{ :; }}; touch {canary}"),
        format!("bash -c 'touch {canary}'"),
        format!("gate-version; touch {canary}"),
        "scp -t /tmp".to_owned(),
        "rsync --server . /tmp".to_owned(),
    ];
    assert!(injections.len() >= 30);
    in_parallel(&injections, |request| {
        let output = door.ssh(&[], Some(request));
        assert!(is_refused(&output), "{request:?}: {output:?}");
        assert!(!door.canary().exists(), "{request:?} or one beside it ran");
    });
    let output = door.ssh(&[], Some(CALL));
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(0), ANSWER), "{output:?}");
}

#[test]
fn neither_an_empty_command_nor_a_login_nor_a_terminal_is_given() {
    let door = Door::new();
    for output in [door.ssh(&[], None), door.ssh(&["-T"], None), door.ssh(&[], Some("")), door.ssh(&[], Some(" "))] {
        assert!(is_refused(&output), "{output:?}");
    }
    let output = door.ssh(&["-tt"], Some(CALL));
    assert!(stderr(&output).contains("PTY allocation request failed"), "{output:?}");
}

#[test]
fn nothing_is_forwarded_neither_with_restrict_nor_with_the_long_form() {
    let door = Door::new();
    let inside = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = inside.local_addr().unwrap().port();
    let keys = door.sshd.path("authorized_keys");
    let restricted = fs::read_to_string(&keys).unwrap();
    let long = "no-port-forwarding,no-X11-forwarding,no-agent-forwarding,no-pty,";
    for line in [restricted.clone(), restricted.replacen("restrict,", long, 1)] {
        fs::write(&keys, line).unwrap();
        let output = door.ssh(&["-W", &format!("127.0.0.1:{port}")], None);
        assert!(!output.status.success() && stderr(&output).contains("prohibited"), "{output:?}");
        let output = door.ssh(&["-N", "-R", &format!("0:127.0.0.1:{port}")], None);
        assert!(!output.status.success() && stderr(&output).contains("forwarding failed"), "{output:?}");
        let output = door.ssh(&["-tt"], Some(CALL));
        assert!(stderr(&output).contains("PTY allocation request failed"), "{output:?}");
    }
    inside.set_nonblocking(true).unwrap();
    assert!(inside.accept().is_err(), "nobody came through");
}

#[test]
fn files_are_neither_fetched_nor_brought() {
    let door = Door::new();
    let file = door.folder.path().join("file");
    fs::write(&file, "secret").unwrap();
    let there = |path: &Path| format!("{}:{}", door.login(), path.display());
    for protocol in [&["-O"][..], &["-s"]] {
        let fetched = door.client("scp").args(protocol).arg(there(&file)).arg(door.canary()).output().unwrap();
        assert!(!fetched.status.success() && !door.canary().exists(), "{fetched:?}");
        let brought = door.client("scp").args(protocol).arg(&file).arg(there(&door.canary())).output().unwrap();
        assert!(!brought.status.success() && !door.canary().exists(), "{brought:?}");
    }
    let batch = door.folder.path().join("batch");
    fs::write(&batch, format!("put {} {}\n", file.display(), door.canary().display())).unwrap();
    let sftp = door.client("sftp").arg("-b").arg(&batch).arg(door.login()).output().unwrap();
    assert!(!sftp.status.success() && !door.canary().exists(), "{sftp:?}");
    let subsystem = door.ssh(&["-s"], Some("sftp"));
    // sshd gives a subsystem's client no stderr.
    assert!(subsystem.status.code() == Some(1) && subsystem.stdout.is_empty(), "{subsystem:?}");
}

#[test]
fn no_variable_that_sshd_lets_through_steers_it() {
    let options = Sshd::options().config("AcceptEnv *").config("PermitUserEnvironment yes");
    let door = Door::with("", options);
    let startup = door.folder.path().join("startup");
    fs::write(&startup, format!(": > {}\n", door.canary().display())).unwrap();
    let springs = format!("$(: > {})", door.canary().display());
    let function = format!("() {{ : > {}; }}", door.canary().display());
    let startup = startup.display().to_string();
    let variables = [
        ("BASH_ENV", startup.as_str()),
        ("ENV", &startup),
        ("IFS", "_jaed"),
        ("PATH", "/nowhere"),
        ("CDPATH", "/tmp"),
        ("LC_ALL", "en_US.UTF-8"),
        ("LANG", "ja_JP.SJIS"),
        ("POSIXLY_CORRECT", "1"),
        ("BASH_COMPAT", "31"),
        ("BASH_FUNC_printf%%", &function),
        ("BASH_FUNC_exec%%", &function),
        ("BASH_FUNC_log%%", &function),
        ("API", &springs),
        ("request", &springs),
        ("scoped", &springs),
        ("SSH_ORIGINAL_COMMAND", "echo x; id"),
        ("SSH_CLIENT", "x; id"),
    ];
    // All at once too, but for the functions: with POSIXLY_CORRECT the login shell refuses some of them, and itself, before
    // anything is started.
    let plain: Vec<_> = variables.into_iter().filter(|(name, _)| !name.starts_with("BASH_FUNC")).collect();
    let choices: Vec<&[(&str, &str)]> = variables.chunks(1).chain([&plain[..]]).collect();
    in_parallel(&choices, |chosen| {
        let send = |request: &str| {
            let mut client = door.client("ssh");
            for (name, value) in *chosen {
                // PATH is for the server; the client is found already.
                client.args(["-o", &format!("SendEnv={name}")]).env(name, value);
            }
            client.arg(door.login()).arg(request).output().unwrap()
        };
        let output = send(CALL);
        assert_eq!(stdout(&output), ANSWER, "{chosen:?} {output:?}");
        let output = send("echo x; id");
        assert!(is_refused(&output), "{chosen:?} {output:?}");
        assert!(!door.canary().exists(), "{chosen:?}");
    });
}

#[test]
fn two_keys_on_one_server_have_the_scopes_of_their_own() {
    let door = Door::with(" --read-only", Sshd::options());
    let trigger = "jetbackup5api -F runBackupJobManually -D '_id=aaaaaaaaaaaaaaaaaaaaaaaa' -O json";
    assert_eq!(stdout(&door.ssh(&[], Some(CALL))), ANSWER);
    assert!(is_refused(&door.ssh(&[], Some(trigger))));
    assert_eq!(stdout(&door.ssh(&[], Some("gate-version"))), "jetbackup-ssh-gate 1 read-only\n");
    let second = door.folder.path().join("second");
    keygen(&second, "ed25519");
    let keys = door.sshd.path("authorized_keys");
    let had = fs::read_to_string(&keys).unwrap();
    let public = fs::read_to_string(second.with_extension("pub")).unwrap();
    let gate = door.folder.path().join("gate");
    fs::write(&keys, format!("{had}restrict,command=\"{} --jobs aaaa,bbbb\" {public}", gate.display())).unwrap();
    assert!(is_refused(&door.ssh(&[], Some(trigger))), "the first key is as it was");
    let said = door.client_with(&second, "ssh").args([&door.login(), "gate-version"]).output().unwrap();
    assert_eq!(stdout(&said), "jetbackup-ssh-gate 1 jobs=aaaa,bbbb destinations=none\n", "{said:?}");
}
