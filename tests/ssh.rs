//! Commands over SSH, against real OpenSSH servers on loopback.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

mod support;

use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use jbr::clock::Interrupt;
use jbr::desired::{HostKeyPolicy, Server};
use jbr::names::ServerName;
use jbr::transport::ssh::{HostKeyAccepted, SshTransport, Surroundings};
use jbr::transport::{Failure, FailureKind, Sent, Transport as _};
use support::sshd::{Sshd, keygen};
use support::until::until;

/// A transport, what it is made of, and what it announced.
struct Client {
    server: Server,
    surroundings: Surroundings,
    announced: Arc<Mutex<Vec<HostKeyAccepted>>>,
}

impl Client {
    fn of(sshd: &Sshd) -> Self {
        Self::to(sshd.port(), sshd.user().to_owned(), sshd.client_key(), sshd.known_hosts())
    }

    /// For what is no sshd.
    fn to(port: u16, user: String, key: PathBuf, known_hosts: PathBuf) -> Self {
        let announced = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&announced);
        let announce = move |accepted: &HostKeyAccepted| heard.lock().unwrap().push(accepted.clone());
        Self {
            server: Server {
                name: ServerName::new("server1").unwrap(),
                host: "127.0.0.1".to_owned(),
                port,
                user,
                key: Some(key),
                known_hosts,
                host_key: HostKeyPolicy::AcceptNew,
                connect_timeout: Duration::from_secs(10),
                command_timeout: Duration::from_secs(10),
                destination: None,
            },
            surroundings: Surroundings {
                interrupt: Interrupt::new().unwrap(),
                agent: None,
                announce: Arc::new(announce),
            },
            announced,
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Server)) -> Self {
        change(&mut self.server);
        self
    }

    fn transport(&self) -> SshTransport {
        SshTransport::new(&self.server, &self.surroundings)
    }

    /// What one call of a new transport fails with.
    fn failure(&self) -> Failure {
        self.transport().call("true").unwrap_err()
    }

    fn announced(&self) -> Vec<HostKeyAccepted> {
        self.announced.lock().unwrap().clone()
    }

    /// Asks to stop after a while.
    fn interrupt_after(&self, delay: Duration) -> thread::JoinHandle<()> {
        let interrupt = self.surroundings.interrupt.clone();
        thread::spawn(move || {
            Interrupt::new().unwrap().wait(delay);
            interrupt.request();
        })
    }
}

/// Asserts what a failure is and that its message holds each of these parts.
#[track_caller]
fn check(failure: &Failure, kind: FailureKind, sent: Sent, parts: &[&str]) {
    assert_eq!((failure.kind, failure.sent), (kind, sent), "{failure}");
    assert!(failure.message.starts_with("server1: "), "{failure}");
    for part in parts {
        assert!(failure.message.contains(part), "{part:?} is not in: {failure}");
    }
}

fn seconds(s: f32) -> Duration {
    Duration::from_secs_f32(s)
}

fn host_name(sshd: &Sshd) -> String {
    format!("[127.0.0.1]:{}", sshd.port())
}

fn write_known_hosts(sshd: &Sshd, content: &str) {
    fs::create_dir_all(sshd.known_hosts().parent().unwrap()).unwrap();
    fs::write(sshd.known_hosts(), content).unwrap();
}

/// Waits until a command of the server's has made this file.
fn until_exists(file: &Path) {
    until("the command has started", || file.exists());
}

// --- One connection, and what comes back ---

#[test]
fn fifty_calls_take_one_handshake() {
    let sshd = Sshd::options().start();
    let client = Client::of(&sshd);
    let mut transport = client.transport();
    for number in 0..50 {
        let output = transport.call(&format!("echo {number}; echo error {number} >&2")).unwrap();
        assert_eq!(output.stdout, format!("{number}\n").as_bytes());
        assert_eq!(output.stderr, format!("error {number}\n").as_bytes());
        assert_eq!((output.exit, output.signal), (None, None));
    }
    assert_eq!((sshd.connections(), sshd.logins()), (1, 1), "{}", sshd.log());
}

#[test]
fn an_exit_status_and_a_signal_are_told_apart() {
    let sshd = Sshd::options().start();
    let mut transport = Client::of(&sshd).transport();
    assert_eq!(transport.call("exit 3").unwrap().exit, Some(3));
    let killed = transport.call("echo half; kill -KILL $$").unwrap();
    assert_eq!((killed.exit, killed.signal.as_deref()), (None, Some("KILL")));
    assert_eq!(killed.stdout, b"half\n");
    assert_eq!(transport.call("echo still here").unwrap().stdout, b"still here\n");
    assert_eq!(sshd.logins(), 1);
}

#[test]
fn the_forced_command_runs_with_what_was_asked_for_and_its_environment() {
    let sshd = Sshd::options().force_command("echo \"$SSH_ORIGINAL_COMMAND\" for \"$WHO\"").env("WHO", "me").start();
    assert_eq!(Client::of(&sshd).transport().call("anything at all").unwrap().stdout, b"anything at all for me\n");
}

#[test]
fn commands_do_not_see_the_startup_files_of_whoever_runs_the_tests() {
    let sshd = Sshd::options().start();
    let output = Client::of(&sshd).transport().call("echo $HOME; ls -A ~").unwrap();
    assert_eq!(output.stdout, format!("{}\n", sshd.path("home").display()).as_bytes());
}

#[test]
fn a_stand_in_on_the_path_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let stand_in = folder.path().join("jetbackup5api");
    fs::write(&stand_in, "#!/bin/sh\necho stood in for: \"$@\"\n").unwrap();
    fs::set_permissions(&stand_in, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let sshd = Sshd::options().env("PATH", &path).start();
    let output = Client::of(&sshd).transport().call("jetbackup5api -F listBackupJobs").unwrap();
    assert_eq!(output.stdout, b"stood in for: -F listBackupJobs\n");
}

#[test]
fn a_command_that_reads_its_input_finds_the_end_of_it() {
    let sshd = Sshd::options().start();
    assert_eq!(Client::of(&sshd).transport().call("cat; echo end").unwrap().stdout, b"end\n");
}

#[test]
fn three_megabytes_on_both_streams_at_once() {
    const SIZE: usize = 3_000_000;
    let sshd = Sshd::options().start();
    let command = format!("head -c {SIZE} /dev/zero & head -c {SIZE} /dev/zero >&2; wait");
    let output = Client::of(&sshd).transport().call(&command).unwrap();
    assert_eq!(output.stdout.len(), SIZE);
    assert_eq!(output.stderr.len(), 256 * 1024, "the start is kept");
}

#[test]
fn more_than_anybody_has_reason_to_send_is_refused() {
    let sshd = Sshd::options().start();
    let client = Client::of(&sshd).with(|server| server.command_timeout = seconds(60.0));
    for (stream, what) in [("", "of output"), (">&2", "of error output")] {
        let failure = client.transport().call(&format!("exec cat /dev/zero {stream}")).unwrap_err();
        check(&failure, FailureKind::OutputLimit, Sent::Maybe, &["16 MiB", what]);
    }
}

#[test]
fn a_command_that_hangs_times_out_and_the_next_one_has_a_new_connection() {
    let sshd = Sshd::options().start();
    let client = Client::of(&sshd).with(|server| server.command_timeout = seconds(3.0));
    let mut transport = client.transport();
    transport.call("true").unwrap();
    let started = Instant::now();
    let failure = transport.call("echo half; exec sleep 30").unwrap_err();
    check(&failure, FailureKind::Timeout, Sent::Maybe, &["within 3 s", "command_timeout"]);
    assert!(started.elapsed() < seconds(4.5), "{:?}", started.elapsed());
    assert_eq!(transport.call("echo back").unwrap().stdout, b"back\n");
    assert_eq!(sshd.logins(), 2);
}

// --- Who logs in ---

#[test]
fn a_key_that_the_server_does_not_take() {
    let sshd = Sshd::options().start();
    let wrong = sshd.path("wrong");
    keygen(&wrong, "ed25519");
    let failure = Client::of(&sshd).with(|server| server.key = Some(wrong.clone())).failure();
    check(
        &failure,
        FailureKind::Login,
        Sent::No,
        &["does not take the key", &wrong.display().to_string(), "authorized_keys"],
    );
}

#[test]
fn key_files_that_cannot_be_used_never_reach_the_server() {
    let sshd = Sshd::options().start();
    let [open, locked, garbage] = ["open", "locked", "garbage"].map(|name| sshd.path(name));
    keygen(&open, "ed25519");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "secret", "-f"]).arg(&locked).status();
    assert!(made.unwrap().success());
    fs::write(&garbage, "garbage").unwrap();
    fs::set_permissions(&garbage, fs::Permissions::from_mode(0o600)).unwrap();
    let table = [
        (sshd.path("missing"), "does not exist"),
        (open, "chmod 600"),
        (locked, "needs a passphrase"),
        (garbage, "is not a private key"),
    ];
    for (file, part) in table {
        let failure = Client::of(&sshd).with(|server| server.key = Some(file.clone())).failure();
        check(&failure, FailureKind::Login, Sent::No, &[part, &file.display().to_string()]);
    }
    assert_eq!(sshd.connections(), 0);
}

#[test]
fn a_key_that_is_damaged_says_how_to_look_at_it() {
    let sshd = Sshd::options().start();
    let damaged = sshd.path("damaged");
    fs::write(&damaged, "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n").unwrap();
    fs::set_permissions(&damaged, fs::Permissions::from_mode(0o600)).unwrap();
    let failure = Client::of(&sshd).with(|server| server.key = Some(damaged)).failure();
    check(&failure, FailureKind::Login, Sent::No, &["cannot be used", "ssh-keygen -y -f"]);
}

#[test]
fn rsa_and_ecdsa_keys_log_in() {
    let sshd = Sshd::options().start();
    for kind in ["rsa", "ecdsa"] {
        let key = sshd.path(kind);
        keygen(&key, kind);
        sshd.authorize(&key.with_extension("pub"));
        let client = Client::of(&sshd).with(|server| server.key = Some(key));
        assert_eq!(client.transport().call("echo in").unwrap().stdout, b"in\n", "{kind}");
    }
}

/// An agent of the test's own, ended with it.
struct Agent {
    process: Child,
    socket: PathBuf,
}

impl Agent {
    fn start(socket: PathBuf) -> Self {
        let process = Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn().unwrap();
        until("the agent listens", || socket.exists());
        Self { process, socket }
    }

    fn add(&self, key: &Path) {
        let added = Command::new("ssh-add").arg("-q").arg(key).env("SSH_AUTH_SOCK", &self.socket).status();
        assert!(added.unwrap().success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn an_agent_logs_in_with_the_key_that_fits() {
    let sshd = Sshd::options().start();
    let mut client = Client::of(&sshd).with(|server| server.key = None);
    check(&client.failure(), FailureKind::Login, Sent::No, &["SSH_AUTH_SOCK is not set"]);

    client.surroundings.agent = Some(sshd.path("agent"));
    check(&client.failure(), FailureKind::Login, Sent::No, &["the SSH agent is gone"]);

    let agent = Agent::start(sshd.path("agent"));
    check(&client.failure(), FailureKind::Login, Sent::No, &["holds no key", "ssh-add"]);

    let other = sshd.path("other");
    keygen(&other, "ed25519");
    agent.add(&other);
    check(&client.failure(), FailureKind::Login, Sent::No, &["any of the 1 key(s)"]);

    agent.add(&sshd.client_key());
    assert_eq!(client.transport().call("echo in").unwrap().stdout, b"in\n");
}

// --- Who answers ---

#[test]
fn an_unknown_host_is_refused_when_strict() {
    let sshd = Sshd::options().start();
    let client = Client::of(&sshd).with(|server| server.host_key = HostKeyPolicy::Strict);
    let line = format!("{} {}", host_name(&sshd), sshd.public_host_key("ed25519"));
    let failure = client.failure();
    check(&failure, FailureKind::HostKey, Sent::No, &["strict", "ED25519 SHA256:", &line]);
    assert!(!sshd.known_hosts().exists());
    assert_eq!(sshd.logins(), 0);

    // The line that it says to add is the line to add.
    write_known_hosts(&sshd, &line);
    client.transport().call("true").unwrap();
    assert!(client.announced().is_empty());
}

#[test]
fn a_new_host_is_recorded_once_where_ssh_keygen_finds_it() {
    let sshd = Sshd::options().start();
    write_known_hosts(&sshd, "# the last line is open");
    let client = Client::of(&sshd);
    for _ in 0..2 {
        client.transport().call("true").unwrap();
    }
    let announced = client.announced();
    assert_eq!(announced.len(), 1);
    assert_eq!((announced[0].host.as_str(), announced[0].kind.as_str()), (host_name(&sshd).as_str(), "ED25519"));
    let line = format!("{} {}", host_name(&sshd), sshd.public_host_key("ed25519"));
    let content = fs::read_to_string(sshd.known_hosts()).unwrap();
    assert_eq!(content, format!("# the last line is open\n{line}\n"));

    let find = || {
        let found =
            Command::new("ssh-keygen").arg("-f").arg(sshd.known_hosts()).args(["-F", &host_name(&sshd)]).output();
        String::from_utf8(found.unwrap().stdout).unwrap()
    };
    assert!(find().contains(&line), "{}", find());

    // Hashed, it is still known, to ssh-keygen and here.
    let hashed = Command::new("ssh-keygen").arg("-Hf").arg(sshd.known_hosts()).output().unwrap();
    assert!(hashed.status.success());
    assert!(find().contains("|1|"));
    let strict = Client::of(&sshd).with(|server| server.host_key = HostKeyPolicy::Strict);
    strict.transport().call("true").unwrap();
}

#[test]
fn a_new_host_seen_by_many_at_once_is_recorded_once() {
    let sshd = Sshd::options().config("MaxStartups 100").start();
    let client = Client::of(&sshd);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| client.transport().call("true").unwrap());
        }
    });
    assert_eq!(client.announced().len(), 1);
    assert_eq!(fs::read_to_string(sshd.known_hosts()).unwrap().lines().count(), 1);
}

#[test]
fn a_known_hosts_that_is_made_is_private() {
    let sshd = Sshd::options().start();
    Client::of(&sshd).transport().call("true").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&sshd.known_hosts()), 0o600);
    assert_eq!(mode(sshd.known_hosts().parent().unwrap()), 0o700);
}

#[test]
fn a_new_host_that_cannot_be_recorded_is_refused() {
    let sshd = Sshd::options().start();
    // A file where a folder should be: root may write anywhere else.
    fs::write(sshd.path("client"), "").unwrap();
    let failure = Client::of(&sshd).with(|server| server.known_hosts = sshd.path("client/known_hosts")).failure();
    check(&failure, FailureKind::HostKey, Sent::No, &["client/known_hosts"]);
    assert_eq!(sshd.logins(), 0);
}

#[test]
fn a_host_key_that_changed_is_refused_whatever_the_policy() {
    let mut sshd = Sshd::options().start();
    write_known_hosts(&sshd, "# one\n# two\n");
    let client = Client::of(&sshd);
    client.transport().call("true").unwrap();
    let old = client.announced()[0].fingerprint.clone();
    sshd.regenerate_host_key("ed25519");
    sshd.restart();
    let logins = sshd.logins();
    for policy in [HostKeyPolicy::AcceptNew, HostKeyPolicy::Strict] {
        let failure = Client::of(&sshd).with(|server| server.host_key = policy).failure();
        let mend = format!("-R '{}'", host_name(&sshd));
        let file = sshd.known_hosts().display().to_string();
        check(
            &failure,
            FailureKind::HostKey,
            Sent::No,
            &["has changed", "line 3", &old, &mend, &file, "Verify it first"],
        );
        assert_eq!(failure.message.matches("SHA256:").count(), 2, "both fingerprints: {failure}");
    }
    assert_eq!(sshd.logins(), logins);
}

#[test]
fn a_host_known_by_rsa_alone_is_no_alarm() {
    let sshd = Sshd::options().host_key("ed25519").host_key("rsa").host_key("ecdsa").start();
    for kind in ["rsa", "ecdsa", "ed25519"] {
        write_known_hosts(&sshd, &format!("{} {}\n", host_name(&sshd), sshd.public_host_key(kind)));
        let client = Client::of(&sshd).with(|server| server.host_key = HostKeyPolicy::Strict);
        client.transport().call("true").unwrap_or_else(|e| panic!("{kind}: {e}"));
    }
}

#[test]
fn a_revoked_host_key_is_refused() {
    let sshd = Sshd::options().start();
    let key = sshd.public_host_key("ed25519");
    write_known_hosts(&sshd, &format!("{0} {key}\n@revoked * {key}\n", host_name(&sshd)));
    check(&Client::of(&sshd).failure(), FailureKind::HostKey, Sent::No, &["revoked", "line 2"]);
}

// --- Nobody there, or somebody else ---

/// A client of a port that is no sshd's.
fn stranger(port: u16, folder: &Path) -> Client {
    let key = folder.join("key");
    keygen(&key, "ed25519");
    Client::to(port, "root".to_owned(), key, folder.join("known_hosts"))
        .with(|server| server.connect_timeout = seconds(1.0))
}

#[test]
fn nothing_listens() {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let client = stranger(port, folder.path());
    let mut transport = client.transport();
    let failure = transport.call("true").unwrap_err();
    check(&failure, FailureKind::Connect, Sent::No, &["Connection refused", "does sshd listen", &port.to_string()]);
    // The next one does not even try, and says when it will.
    check(&transport.call("true").unwrap_err(), FailureKind::Connect, Sent::No, &["next attempt in 1 s"]);
}

#[test]
fn a_name_without_an_address_and_a_host_that_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let client = stranger(1, folder.path()).with(|server| {
        server.host = "nobody.invalid".to_owned();
        server.connect_timeout = seconds(10.0);
    });
    check(&client.failure(), FailureKind::Resolve, Sent::No, &["nobody.invalid"]);
    let client = stranger_named(client, "*,a b");
    check(&client.failure(), FailureKind::Resolve, Sent::No, &["is not a host name"]);
}

fn stranger_named(client: Client, host: &str) -> Client {
    client.with(|server| host.clone_into(&mut server.host))
}

/// A port whose queue of connections is full, so that the kernel leaves everybody else without an answer. Keep what comes with
/// it for as long as it is to stay so.
fn silent_port() -> (u16, impl Sized) {
    use rustix::net::{AddressFamily, SocketType, bind, listen, socket};
    let full = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&full, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    listen(&full, 0).unwrap();
    let full = TcpListener::from(full);
    let address = full.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, seconds(0.2)) {
        waiting.push(stream);
    }
    (address.port(), (full, waiting))
}

#[test]
fn nobody_answers() {
    let folder = tempfile::tempdir().unwrap();
    let (port, _kept) = silent_port();
    let started = Instant::now();
    check(&stranger(port, folder.path()).failure(), FailureKind::Timeout, Sent::No, &["no answer", "firewall"]);
    assert!(started.elapsed() < seconds(1.5), "{:?}", started.elapsed());
}

/// Takes connections and says this to each.
fn listener(says: &'static [u8], keeps_open: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.write_all(says);
            if keeps_open {
                kept.push(stream);
            }
        }
    });
    port
}

#[test]
fn somebody_listens_who_does_not_speak_ssh() {
    let folder = tempfile::tempdir().unwrap();
    let flood: &'static [u8] = "220 mail.example.com ESMTP\u{1b}[2J\r\n".repeat(1000).leak().as_bytes();
    let table: [(&'static [u8], bool, FailureKind, &str); 6] = [
        (b"", true, FailureKind::Timeout, "says nothing"),
        (b"HTTP/1.1 400 Bad Request\r\n", true, FailureKind::Timeout, "HTTP/1.1 400 Bad Request"),
        (flood, true, FailureKind::Connect, "220 mail.example.com ESMTP\\u{1b}[2J"),
        (b"", false, FailureKind::Connect, "without a word"),
        (b"Exceeded MaxStartups\r\n", false, FailureKind::Connect, "Exceeded MaxStartups"),
        (b"SSH-2.0-liar\r\nand then not\r\n", true, FailureKind::Connect, "handshake"),
    ];
    for (number, (says, keeps_open, kind, part)) in table.into_iter().enumerate() {
        let folder = folder.path().join(number.to_string());
        fs::create_dir(&folder).unwrap();
        let client = stranger(listener(says, keeps_open), &folder);
        let started = Instant::now();
        let failure = client.failure();
        assert_eq!((failure.kind, failure.sent), (kind, Sent::No), "{failure}");
        assert!(failure.message.contains(part), "{part:?} is not in: {failure}");
        assert!(started.elapsed() < seconds(2.0), "{:?}", started.elapsed());
    }
}

// --- Losing it ---

#[test]
fn a_server_that_opens_no_channel_was_sent_nothing() {
    let sshd = Sshd::options().config("MaxSessions 0").start();
    check(&Client::of(&sshd).failure(), FailureKind::Lost, Sent::No, &["opened no channel"]);
    assert_eq!(sshd.logins(), 1);
}

#[test]
fn a_server_killed_in_the_middle_is_lost_and_found_again() {
    let mut sshd = Sshd::options().start();
    let client = Client::of(&sshd);
    let mut transport = client.transport();
    transport.call("true").unwrap();
    let started = sshd.path("started");
    let command = format!("echo '{{\"success\":1'; touch {}; exec sleep 30", started.display());
    let lost = thread::spawn(move || (transport.call(&command), transport));
    until_exists(&started);
    sshd.kill();
    let (failure, mut transport) = lost.join().unwrap();
    check(&failure.unwrap_err(), FailureKind::Lost, Sent::Maybe, &["may"]);

    check(&transport.call("true").unwrap_err(), FailureKind::Connect, Sent::No, &["Connection refused"]);
    sshd.restart();
    // The pause after the failure above is over soon.
    until("the server is reached again", || transport.call("echo back").is_ok_and(|output| output.stdout == b"back\n"));
    assert_eq!(sshd.logins(), 2);
}

#[test]
fn a_connection_that_went_stale_is_opened_anew_in_the_same_call() {
    let sshd = Sshd::options().start();
    let client = Client::of(&sshd);
    let mut transport = client.transport();
    for round in 1..=3 {
        assert_eq!(transport.call("echo here").unwrap().stdout, b"here\n");
        assert_eq!(sshd.logins(), round);
        sshd.cut_connections();
    }
}

#[test]
fn what_the_server_cuts_off_is_no_success() {
    let sshd = Sshd::options().config("ChannelTimeout session:*=1s").start();
    let client = Client::of(&sshd);
    let output = client.transport().call("echo '{\"success\":1'; exec sleep 30").unwrap();
    // OpenSSH ends the channel in good order and sends no status: only the answer itself shows that it was cut.
    assert!(b"{\"success\":1\n".starts_with(&output.stdout), "{output:?}");
    assert_eq!((output.exit, output.signal), (None, None));
}

#[test]
fn a_server_that_does_nothing_times_out() {
    let sshd = Sshd::options().start();
    let client = Client::of(&sshd).with(|server| {
        server.connect_timeout = seconds(3.0);
        server.command_timeout = seconds(3.0);
    });
    let mut transport = client.transport();
    transport.call("true").unwrap();
    sshd.freeze();
    // The kept connection, then a new one: neither gets an answer, and no command has left.
    let started = Instant::now();
    check(&transport.call("true").unwrap_err(), FailureKind::Timeout, Sent::No, &["says nothing"]);
    assert!(started.elapsed() < seconds(7.5), "{:?}", started.elapsed());
    sshd.thaw();
    until("it answers again", || transport.call("true").is_ok());

    // Frozen in the middle of a command.
    let begun = sshd.path("begun");
    let command = format!("touch {}; exec sleep 30", begun.display());
    let hanging = thread::spawn(move || transport.call(&command));
    until_exists(&begun);
    sshd.freeze();
    check(&hanging.join().unwrap().unwrap_err(), FailureKind::Timeout, Sent::Maybe, &["within 3 s"]);
}

#[test]
fn an_idle_connection_is_kept_alive() {
    let quick_to_hang_up = || Sshd::options().config("ClientAliveInterval 1").config("ClientAliveCountMax 1").start();
    let idle = |keep_alive: bool| {
        let sshd = quick_to_hang_up();
        let client = Client::of(&sshd);
        let mut transport = client.transport();
        transport.call("true").unwrap();
        let pause = Interrupt::new().unwrap();
        let started = Instant::now();
        while started.elapsed() < seconds(7.0) {
            pause.wait(seconds(0.25));
            if keep_alive {
                transport.keep_alive();
            }
        }
        transport.call("true").unwrap();
        sshd.logins()
    };
    thread::scope(|scope| {
        let without = scope.spawn(|| idle(false));
        assert_eq!(idle(true), 1);
        assert_eq!(without.join().unwrap(), 2, "the server is quick to hang up indeed");
    });
}

// --- Asked to stop ---

#[test]
fn a_wish_to_stop_ends_a_command_after_its_grace() {
    let sshd = Sshd::options().start();
    let client = Client::of(&sshd);
    let mut transport = client.transport();
    transport.call("true").unwrap();
    let asking = client.interrupt_after(seconds(0.3));
    let started = Instant::now();
    let failure = transport.call("exec sleep 30").unwrap_err();
    check(&failure, FailureKind::Interrupted, Sent::Maybe, &["may still be running"]);
    drop(transport);
    assert!(started.elapsed() < seconds(2.0), "{:?}", started.elapsed());
    asking.join().unwrap();

    // From then on nothing is sent at all.
    check(&client.failure(), FailureKind::Interrupted, Sent::No, &["before the command was sent"]);
}

#[test]
fn a_command_that_answers_within_the_grace_is_heard() {
    let sshd = Sshd::options().start();
    let client = Client::of(&sshd);
    let mut transport = client.transport();
    transport.call("true").unwrap();
    let [begun, go] = ["begun", "go"].map(|name| sshd.path(name));
    let command =
        format!("touch {}; until test -e {}; do sleep 0.02; done; echo answered", begun.display(), go.display());
    let interrupt = client.surroundings.interrupt.clone();
    let asking = thread::spawn(move || {
        until_exists(&begun);
        interrupt.request();
        fs::write(go, "").unwrap();
    });
    assert_eq!(transport.call(&command).unwrap().stdout, b"answered\n");
    asking.join().unwrap();
}

#[test]
fn a_wish_to_stop_ends_connecting_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (silent, _kept) = silent_port();
    // In the middle of TCP's, before the greeting, and in the middle of SSH's handshake.
    let ports =
        [("tcp", silent), ("silent", listener(b"", true)), ("half", listener(b"SSH-2.0-OpenSSH_9.2\r\n", true))];
    for (name, port) in ports {
        let folder = folder.path().join(name);
        fs::create_dir(&folder).unwrap();
        let client = stranger(port, &folder).with(|server| server.connect_timeout = seconds(30.0));
        let asking = client.interrupt_after(seconds(0.2));
        let started = Instant::now();
        check(&client.failure(), FailureKind::Interrupted, Sent::No, &["before the command was sent"]);
        assert!(started.elapsed() < seconds(1.5), "{name}: {:?}", started.elapsed());
        asking.join().unwrap();
    }
}

#[test]
fn a_wish_to_stop_ends_waiting_for_a_frozen_server() {
    let sshd = Sshd::options().start();
    let client = Client::of(&sshd).with(|server| server.connect_timeout = seconds(30.0));
    let mut transport = client.transport();
    transport.call("true").unwrap();
    sshd.freeze();
    let asking = client.interrupt_after(seconds(0.2));
    let started = Instant::now();
    check(&transport.call("true").unwrap_err(), FailureKind::Interrupted, Sent::No, &[]);
    drop(transport);
    assert!(started.elapsed() < seconds(1.0), "{:?}", started.elapsed());
    asking.join().unwrap();
}
