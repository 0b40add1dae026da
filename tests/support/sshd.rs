//! A real OpenSSH server on loopback: its own configuration, keys, port and folder; nothing of the system's is touched.
//!
//! ```ignore
//! let server = Sshd::options().force_command("/path/to/stand-in").env("FAKE_STATE", "/its/state").start();
//! // host 127.0.0.1, server.port(), user server.user(), key server.client_key(), known_hosts server.known_hosts()
//! assert_eq!(server.logins(), 1);
//! server.kill();      // as a crash of the machine would: the listener and every connection
//! server.restart();   // on the same port, with the same host keys
//! ```
//!
//! Commands have an empty HOME of their own: bash reads `~/.bashrc` when sshd starts it, and a tester's startup files can be slow,
//! print, or take locks that a killed command leaves behind (`pyenv init` did, and made every later login hang).
//!
//! Every process of it carries a mark in its environment ([`MARK`]), by which `Drop` finds what is left, and ends it by its
//! id. As root, sshd insists on the folder `/run/sshd`, which a boot makes empty; it is made where it is missing.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, getuid, kill_process};
use tempfile::TempDir;

use super::until::until;

/// The variable that marks every process of a server, with the server's folder as its value.
const MARK: &str = "JBR_TEST_SSHD";
/// sshd re-executes itself and so must be named by its whole path.
const SSHD: &str = "/usr/sbin/sshd";
/// Ports are found free and used a moment later: somebody may be quicker.
const START_ATTEMPTS: usize = 5;

/// What a server is to be like. Made by [`Sshd::options`].
#[derive(Debug, Default, Clone)]
pub(crate) struct Options {
    force_command: Option<String>,
    config: Vec<String>,
    env: Vec<(String, String)>,
    host_key_types: Vec<&'static str>,
}

impl Options {
    /// Whatever is asked for, this command runs, as `command="…"` before the key in `authorized_keys` has it. What was asked
    /// for is in `SSH_ORIGINAL_COMMAND`.
    pub(crate) fn force_command(mut self, command: &str) -> Self {
        self.force_command = Some(command.to_owned());
        self
    }

    /// One more line of `sshd_config`, as `ChannelTimeout session=1s`.
    pub(crate) fn config(mut self, line: &str) -> Self {
        self.config.push(line.to_owned());
        self
    }

    /// A variable in the environment of every command; `PATH` too.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// One more type of host key (`ed25519`, `rsa`, `ecdsa`); `ed25519` alone where none is named.
    pub(crate) fn host_key(mut self, kind: &'static str) -> Self {
        self.host_key_types.push(kind);
        self
    }

    /// Starts it, and returns when it takes connections.
    ///
    /// # Panics
    /// When it does not, with its log.
    pub(crate) fn start(self) -> Sshd {
        Sshd::start(self)
    }
}

/// A running server, ended when it is dropped.
pub(crate) struct Sshd {
    folder: TempDir,
    options: Options,
    user: String,
    port: u16,
    listener: Option<Child>,
}

impl Sshd {
    /// A server to be described and started.
    pub(crate) fn options() -> Options {
        Options::default()
    }

    fn start(mut options: Options) -> Self {
        if options.host_key_types.is_empty() {
            options.host_key_types.push("ed25519");
        }
        if getuid().is_root() {
            // What systemd's RuntimeDirectory= and the init script do.
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let mut server =
            Self { folder: tempfile::tempdir().unwrap(), options, user: own_name(), port: 0, listener: None };
        fs::create_dir(server.path("home")).unwrap();
        keygen(&server.client_key(), "ed25519");
        server.authorize(&server.client_key().with_extension("pub"));
        for kind in server.options.host_key_types.clone() {
            keygen(&server.host_key(kind), kind);
        }
        for _ in 0..START_ATTEMPTS {
            server.port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            if server.launch() {
                return server;
            }
        }
        panic!("sshd does not start:\n{}", server.log());
    }

    /// The port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Who can log in: whoever runs the test.
    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    /// The private key that the server takes.
    pub(crate) fn client_key(&self) -> PathBuf {
        self.path("client_key")
    }

    /// A `known_hosts` of the client's, in the server's folder; absent until somebody writes it.
    pub(crate) fn known_hosts(&self) -> PathBuf {
        self.path("client/known_hosts")
    }

    /// A file in the server's own folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The public host key of a type: type and base64, as they stand in `known_hosts`.
    pub(crate) fn public_host_key(&self, kind: &str) -> String {
        fs::read_to_string(self.host_key(kind).with_extension("pub")).unwrap().trim().to_owned()
    }

    /// Takes one more key for logins, with the forced command if there is one.
    pub(crate) fn authorize(&self, public_key: &Path) {
        let file = self.path("authorized_keys");
        let had = fs::read_to_string(&file).unwrap_or_default();
        let key = fs::read_to_string(public_key).unwrap();
        let before = match &self.options.force_command {
            Some(command) => format!("restrict,command=\"{}\" ", command.replace('"', "\\\"")),
            None => String::new(),
        };
        fs::write(file, format!("{had}{before}{key}")).unwrap();
    }

    /// From the next connection on, every key that it takes has this forced command.
    pub(crate) fn force_command(&mut self, command: &str) {
        self.options.force_command = Some(command.to_owned());
        let had = fs::read_to_string(self.path("authorized_keys")).unwrap();
        fs::write(self.path("authorized_keys"), "").unwrap();
        for (number, line) in had.lines().enumerate() {
            let key = self.path(&format!("key-{number}"));
            fs::write(&key, format!("{}\n", &line[line.find("ssh-ed25519 ").unwrap()..])).unwrap();
            self.authorize(&key);
        }
    }

    /// Everything that the server has logged, at `LogLevel VERBOSE`.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// How many connections it has taken, whether or not somebody logged in. The one that [`Options::start`] and
    /// [`Sshd::restart`] make to see it listen does not count.
    pub(crate) fn connections(&self) -> usize {
        self.count("Connection from ")
    }

    /// How many logins succeeded.
    pub(crate) fn logins(&self) -> usize {
        self.count("Accepted publickey ")
    }

    /// Kills the listener and every connection. Commands that run go on, as they do when a connection is lost.
    pub(crate) fn kill(&mut self) {
        let connections = self.processes("sshd");
        if let Some(mut listener) = self.listener.take() {
            listener.kill().unwrap();
            listener.wait().unwrap();
        }
        end(&connections);
    }

    /// Kills every connection, and goes on listening.
    pub(crate) fn cut_connections(&self) {
        let listener = self.listener.as_ref().map(Child::id);
        let connections: Vec<u32> = self.processes("sshd").into_iter().filter(|pid| Some(*pid) != listener).collect();
        end(&connections);
    }

    /// Listens again, on the same port.
    ///
    /// # Panics
    /// When it does not start.
    pub(crate) fn restart(&mut self) {
        self.kill();
        assert!(self.launch(), "sshd does not start again:\n{}", self.log());
    }

    /// Gives the server another host key of this type; it counts from the next [`Sshd::restart`] on.
    pub(crate) fn regenerate_host_key(&self, kind: &'static str) {
        fs::remove_file(self.host_key(kind)).unwrap();
        keygen(&self.host_key(kind), kind);
    }

    /// Stops listener and connections in their tracks (SIGSTOP): the kernel still takes connections, nobody speaks.
    pub(crate) fn freeze(&self) {
        signal(&self.processes("sshd"), Signal::STOP);
    }

    /// Lets them go on (SIGCONT).
    pub(crate) fn thaw(&self) {
        signal(&self.processes("sshd"), Signal::CONT);
    }

    /// The processes of this server with this name (`sshd`, or a command's): their ids.
    pub(crate) fn processes(&self, name: &str) -> Vec<u32> {
        self.marked().into_iter().filter(|pid| comm(*pid).as_deref() == Some(name)).collect()
    }

    fn count(&self, what: &str) -> usize {
        self.log().lines().filter(|line| line.starts_with(what)).count()
    }

    fn host_key(&self, kind: &str) -> PathBuf {
        self.path(&format!("host_{kind}"))
    }

    /// The variable that marks the server's processes, as `NAME=value`. sshd gives it to every command; one that goes on with
    /// an environment of its own must be given it again.
    pub(crate) fn mark(&self) -> String {
        format!("{MARK}={}", self.folder.path().display())
    }

    /// Writes the configuration and starts the listener; `false` where it ended at once.
    fn launch(&mut self) -> bool {
        let config = self.path("sshd_config");
        fs::write(&config, self.configuration()).unwrap();
        let log = self.path("log");
        let started_before = self.count("Server listening on ");
        let listener = Command::new(SSHD)
            .args(["-D", "-f"])
            .arg(&config)
            .arg("-E")
            .arg(&log)
            .env(MARK, self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut listener = listener.unwrap_or_else(|e| panic!("{SSHD} (package openssh-server) cannot be run: {e}"));
        let mut ended = false;
        until("sshd listens", || {
            ended = listener.try_wait().unwrap().is_some();
            ended || self.count("Server listening on ") > started_before
        });
        self.listener = (!ended).then_some(listener);
        !ended
    }

    fn configuration(&self) -> String {
        let mut lines = vec![
            format!("Port {}", self.port),
            "ListenAddress 127.0.0.1".to_owned(),
            format!("PidFile {}", self.path("pid").display()),
            format!("AuthorizedKeysFile {}", self.path("authorized_keys").display()),
            "LogLevel VERBOSE".to_owned(),
            // The temporary folder's owner and mode are not the point.
            "StrictModes no".to_owned(),
            "UsePAM no".to_owned(),
            "PasswordAuthentication no".to_owned(),
            "KbdInteractiveAuthentication no".to_owned(),
            "PermitRootLogin yes".to_owned(),
            "PrintMotd no".to_owned(),
            "PrintLastLog no".to_owned(),
        ];
        for kind in &self.options.host_key_types {
            lines.push(format!("HostKey {}", self.host_key(kind).display()));
        }
        // One line: sshd takes the first SetEnv only.
        let set = self.options.env.iter().map(|(name, value)| format!("\"{name}={value}\""));
        let set = set.collect::<Vec<_>>().join(" ");
        lines.push(format!("SetEnv \"{}\" \"HOME={}\" {set}", self.mark(), self.path("home").display()));
        lines.extend(self.options.config.iter().cloned());
        lines.join("\n") + "\n"
    }

    fn marked(&self) -> Vec<u32> {
        let mark = self.mark();
        let own: Vec<u32> = pids().filter(|pid| has_mark(*pid, mark.as_bytes())).collect();
        // sshd overwrites its environment with the title that ps shows: its processes are found by their parents instead.
        let mut found = own;
        found.extend(self.listener.as_ref().map(Child::id));
        let parents: Vec<(u32, u32)> = pids().filter_map(|pid| Some((pid, parent(pid)?))).collect();
        loop {
            let more: Vec<u32> = parents
                .iter()
                .filter(|(pid, parent)| found.contains(parent) && !found.contains(pid))
                .map(|(pid, _)| *pid)
                .collect();
            if more.is_empty() {
                return found;
            }
            found.extend(more);
        }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let left = self.marked();
        signal(&left, Signal::CONT);
        signal(&left, Signal::KILL);
        if let Some(mut listener) = self.listener.take() {
            let _ = listener.wait();
        }
        // Commands whose connection went before them.
        signal(&self.marked(), Signal::KILL);
    }
}

fn own_name() -> String {
    let said = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

/// Makes a key pair without passphrase.
pub(crate) fn keygen(file: &Path, kind: &str) {
    let made = Command::new("ssh-keygen").args(["-q", "-t", kind, "-N", "", "-C", "", "-f"]).arg(file).status();
    assert!(made.unwrap().success());
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Kills, and waits until they are gone.
fn end(pids: &[u32]) {
    signal(pids, Signal::KILL);
    until("the killed processes are gone", || pids.iter().all(|pid| matches!(state(*pid), None | Some('Z'))));
}

fn signal(pids: &[u32], what: Signal) {
    for pid in pids.iter().filter_map(|pid| Pid::from_raw(i32::try_from(*pid).ok()?)) {
        // It may have ended by itself.
        let _ = kill_process(pid, what);
    }
}

fn pids() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

fn has_mark(pid: u32, mark: &[u8]) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|b| *b == 0).any(|variable| variable == mark)
}

/// The fields of `/proc/PID/stat` after the name, which may itself hold spaces and brackets.
fn stat(pid: u32) -> Option<Vec<String>> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(line.rsplit_once(')')?.1.split_ascii_whitespace().map(str::to_owned).collect())
}

fn state(pid: u32) -> Option<char> {
    stat(pid)?.first()?.chars().next()
}

fn parent(pid: u32) -> Option<u32> {
    stat(pid)?.get(1)?.parse().ok()
}

fn comm(pid: u32) -> Option<String> {
    Some(fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim().to_owned())
}

/// The whole of the harness, named once: each test binary uses a part of it, and the rest of it is no dead code.
const _: () = {
    _ = (Options::force_command, Options::config, Options::env, Options::host_key);
    _ = (Sshd::user, Sshd::client_key, Sshd::known_hosts, Sshd::path, Sshd::public_host_key, Sshd::authorize);
    _ = (Sshd::log, Sshd::connections, Sshd::logins, Sshd::kill, Sshd::cut_connections, Sshd::restart);
    _ = (
        Sshd::force_command,
        Sshd::mark,
        Sshd::regenerate_host_key,
        Sshd::freeze,
        Sshd::thaw,
        Sshd::processes,
        Sshd::port,
        Sshd::options,
        keygen,
    );
};
