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
use support::sshd::{Sshd, keygen};
use support::until::until;
use tempfile::TempDir;

/// The call that passes in all of these tests.
const CALL: &str = "jetbackup5api -F listBackupJobs -O json";
/// What the stand-in says to it.
const ANSWER: &str = "started -F listBackupJobs -O json\n";

/// What stands before a key where OpenSSH is too old for `restrict`.
const LONG: &str = "no-port-forwarding,no-X11-forwarding,no-agent-forwarding,no-pty,no-user-rc,";
/// What an `xauth` says that has a cookie for every display, and takes whatever it is given.
const XAUTH: &str = "case \"$*\" in *list*) echo here/unix:77 MIT-MAGIC-COOKIE-1 0123456789abcdef0123456789abcdef;; *-) cat > /dev/null;; esac";

/// How long a client may take, in seconds; none takes longer than a few on a busy machine.
const CLIENT_MAX_S: &str = "30";
/// How many connections are made at once; sshd takes ten that have not logged in yet.
const CONNECTIONS: usize = 6;

/// A server with the gate before the stand-in.
struct Door {
    folder: TempDir,
    sshd: Sshd,
}

impl Door {
    fn new() -> Self {
        Self::with("", &[])
    }

    /// With these arguments of the forced command, and these lines at the end of `sshd_config`.
    fn with(arguments: &str, config: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        gate::script(&path("api"), "echo started \"$@\"");
        gate::copy(&path("gate"), &path("api"), &path("logger"));
        let command = format!("{}{arguments}", path("gate").display());
        let options = Sshd::options().config("Subsystem sftp internal-sftp").force_command(&command);
        let sshd = config.iter().fold(options, |options, line| options.config(line)).start();
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
        // A forwarding that is not refused would stay for ever.
        let mut command = Command::new("/usr/bin/timeout");
        command.arg(CLIENT_MAX_S).arg(Path::new("/usr/bin").join(program)).args(["-F", "none", "-i"]).arg(key);
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
    for line in [restricted.clone(), restricted.replacen("restrict,", LONG, 1)] {
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
fn no_agent_and_no_socket_is_forwarded_neither_with_restrict_nor_with_the_long_form() {
    let door = Door::new();
    let path = |name: &str| door.folder.path().join(name).display().to_string();
    let mut agent =
        Command::new("/usr/bin/ssh-agent").args(["-D", "-a", &path("agent")]).stdout(Stdio::null()).spawn().unwrap();
    until("the agent listens", || Path::new(&path("agent")).exists());
    let keys = door.sshd.path("authorized_keys");
    let shown = fs::read_to_string(&keys).unwrap().replacen(&path("gate"), "/usr/bin/env", 1);
    let tries = [("", true), ("restrict,", false), (LONG, false)].map(|(options, may)| {
        fs::write(&keys, shown.replacen("restrict,", options, 1)).unwrap();
        let said = door.client("ssh").args(["-A", &door.login()]).env("SSH_AUTH_SOCK", path("agent")).output().unwrap();
        let sockets = format!("{}:{}", path("socket"), path("agent"));
        let mut client = door.client("ssh");
        let forwarded = client.args(["-R", &sockets, &door.login(), "true"]).output().unwrap();
        (options, may, said, forwarded)
    });
    agent.kill().unwrap();
    agent.wait().unwrap();
    for (options, may, said, forwarded) in tries {
        assert!(said.status.success() && stdout(&said).contains("SSH_CONNECTION="), "{options}: {said:?}");
        assert_eq!(stdout(&said).contains("SSH_AUTH_SOCK="), may, "{options}: {said:?}");
        assert_eq!(forwarded.status.success(), may, "{options}: {forwarded:?}");
    }
}

#[test]
fn no_display_is_forwarded_neither_with_restrict_nor_with_the_long_form() {
    let tools = tempfile::tempdir().unwrap();
    let xauth = tools.path().join("xauth");
    gate::script(&xauth, XAUTH);
    let location = format!("XAuthLocation={}", xauth.display());
    let door = Door::with("", &["X11Forwarding yes", &location]);
    let keys = door.sshd.path("authorized_keys");
    let gate = door.folder.path().join("gate").display().to_string();
    let shown = fs::read_to_string(&keys).unwrap().replacen(&gate, "/usr/bin/env", 1);
    for trust in ["-X", "-Y"] {
        for (options, may) in [("", true), ("restrict,", false), (LONG, false)] {
            fs::write(&keys, shown.replacen("restrict,", options, 1)).unwrap();
            let mut client = door.client("ssh");
            // Nothing listens there: a display is asked for when a window opens, and none does.
            client.args([trust, "-o", &location, &door.login()]).env("DISPLAY", ":77");
            let said = client.output().unwrap();
            assert!(said.status.success() && stdout(&said).contains("SSH_CONNECTION="), "{options}: {said:?}");
            assert_eq!(stdout(&said).contains("\nDISPLAY="), may, "{trust} {options}: {said:?}");
            let refused = stderr(&said).contains("X11 forwarding request failed");
            assert_eq!(refused, !may, "{trust} {options}: {said:?}");
        }
    }
}

#[test]
fn sshd_itself_says_that_the_key_has_the_forced_command_and_nothing_else() {
    // What it would run of ~/.ssh/rc is in the real home: so it is asked what it permits, which it logs.
    let door = Door::with("", &["Match all", "LogLevel DEBUG"]);
    let keys = door.sshd.path("authorized_keys");
    let had = fs::read_to_string(&keys).unwrap();
    let everything = "agent-forwarding command port-forwarding pty user-rc x11-forwarding";
    let four = LONG.replace(",no-user-rc", "");
    for (options, permits) in
        [("", everything), (&four, "command user-rc"), ("restrict,", "command"), (LONG, "command")]
    {
        fs::write(&keys, had.replacen("restrict,", options, 1)).unwrap();
        let before = door.sshd.log().len();
        assert_eq!(stdout(&door.ssh(&[], Some(CALL))), ANSWER);
        let log = door.sshd.log()[before..].to_owned();
        let said: Vec<&str> = log.lines().filter_map(|line| Some(line.split_once("key options: ")?.1)).collect();
        assert!(!said.is_empty() && said.iter().all(|said| *said == permits), "{options}: {said:?}\n{log}");
    }
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
    let door = Door::with("", &["AcceptEnv *", "PermitUserEnvironment yes"]);
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
    let door = Door::with(" --read-only", &[]);
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
