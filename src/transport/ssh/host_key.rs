//! Whether the server is the one it says it is: the host key, judged by what is on record and by the plan's policy.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::known_hosts::{HostNames, KnownHosts, PublicKey, Verdict};
use super::patience::{Over, Patience};
use crate::desired::{HostKeyPolicy, Server};
use crate::names::ServerName;
use crate::printable::printable;
use crate::transport::{Failure, FailureKind};

/// The largest `known_hosts` that is read: some 10,000 lines.
const FILE_SIZE_MAX_BYTES: u64 = 4 * 1024 * 1024;
/// How long another writer of the file is waited for.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// Between two attempts to lock it.
const LOCK_POLL: Duration = Duration::from_millis(20);

/// A host key that was new and is on record from now on (`host_key: accept-new`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostKeyAccepted {
    /// The server in the plan.
    pub server: ServerName,
    /// As it stands in the file: `host`, or `[host]:port`.
    pub host: String,
    /// `ED25519`, `ECDSA` or `RSA`.
    pub kind: String,
    /// `SHA256:…`, as `ssh-keygen -l` shows it.
    pub fingerprint: String,
    /// The file that it was added to.
    pub file: PathBuf,
}

impl fmt::Display for HostKeyAccepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, host, kind, fingerprint, file } = self;
        write!(f, "{server}: recorded new host key {kind} {fingerprint} of {host} in {}", shown(file))
    }
}

/// Reads what is on record; a file that does not exist has nothing on record.
///
/// # Errors
/// [`FailureKind::HostKey`] where the file cannot be read, or is too large to be one.
pub(super) fn on_record(server: &Server) -> Result<KnownHosts, Failure> {
    // Opening a pipe would wait for somebody who writes into it.
    if fs::metadata(&server.known_hosts).is_ok_and(|there| there.file_type().is_fifo()) {
        return Err(unreadable(server, &io::Error::new(io::ErrorKind::InvalidInput, "it is a pipe")));
    }
    let file = match File::open(&server.known_hosts) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(KnownHosts::default()),
        Err(e) => return Err(unreadable(server, &e)),
    };
    read(&file).map(|content| KnownHosts::parse(&content)).map_err(|e| unreadable(server, &e))
}

/// Judges the key that the server showed, and records it where it is new and the plan accepts new ones.
///
/// # Errors
/// [`FailureKind::HostKey`] where it is not accepted, or could not be recorded.
pub(super) fn check(
    server: &Server,
    on_record: &KnownHosts,
    shown_key: &PublicKey,
    patience: &Patience<'_>,
) -> Result<Option<HostKeyAccepted>, Failure> {
    let names = HostNames::new(&server.host, server.port);
    match on_record.judge(&names, shown_key) {
        Verdict::Known => Ok(None),
        Verdict::Unknown if server.host_key == HostKeyPolicy::AcceptNew => record(server, &names, shown_key, patience),
        refused => Err(refusal(server, &names, shown_key, &refused)),
    }
}

fn refusal(server: &Server, names: &HostNames, key: &PublicKey, verdict: &Verdict) -> Failure {
    let file = shown(&server.known_hosts);
    let host = printable(&names.listed);
    let now = format!("{} {}", key.kind_for_people(), key.fingerprint());
    let compare = "compare it with `ssh-keygen -l -f /etc/ssh/ssh_host_…_key.pub` on the server's own console";
    let text = match verdict {
        Verdict::Changed { line, old } => format!(
            "the host key of {host} has changed: it shows {now}, but {file} line {line} says {} {}; either the server \
             was reinstalled or somebody sits in between. Verify it first ({compare}); if it is right, run \
             `ssh-keygen -f '{file}' -R '{host}'` and try again",
            old.kind_for_people(),
            old.fingerprint(),
        ),
        Verdict::Revoked { line } => format!(
            "the host key of {host}, {now}, is revoked by {file} line {line}; whoever revoked it knows why. Give the \
             server a new host key"
        ),
        Verdict::Unknown | Verdict::Known => format!(
            "the host key of {host} is not known, and the plan says `host_key: strict`: it shows {now}; {compare}, and \
             if it is right, add this line to {file}: {}",
            printable(&key.line_for(names)),
        ),
    };
    failure(server, &text)
}

/// Adds one line, under a lock beside the file, durably.
fn record(
    server: &Server,
    names: &HostNames,
    key: &PublicKey,
    patience: &Patience<'_>,
) -> Result<Option<HostKeyAccepted>, Failure> {
    let cannot = |e: &io::Error| {
        let text = format!(
            "the host key of {} is new ({} {}) and cannot be recorded in {}: {e}; make the file writable, name another one \
             in the plan (`known_hosts`), or add this line yourself: {}",
            printable(&names.listed),
            key.kind_for_people(),
            key.fingerprint(),
            shown(&server.known_hosts),
            printable(&key.line_for(names)),
        );
        failure(server, &text)
    };
    let lock = open_lock(&server.known_hosts).map_err(|e| cannot(&e))?;
    let recorded = under_lock(lock, patience, || {
        // Somebody may have recorded a key, this one or another, since the file was read.
        match on_record(server)?.judge(names, key) {
            Verdict::Unknown => {
                append(&server.known_hosts, &key.line_for(names)).map_err(|e| cannot(&e)).map(|()| true)
            }
            Verdict::Known => Ok(false),
            refused => Err(refusal(server, names, key, &refused)),
        }
    });
    let is_new = recorded.map_err(|no_lock| match no_lock {
        NoLock::Over(Over::Interrupted) => {
            Failure::not_sent(FailureKind::Interrupted, format!("{}: asked to stop before the login", server.name))
        }
        NoLock::Over(Over::Time) => cannot(&io::Error::other("another process keeps it locked")),
        NoLock::Io(e) => cannot(&e),
    })??;
    Ok(is_new.then(|| HostKeyAccepted {
        server: server.name.clone(),
        host: printable(&names.listed),
        kind: key.kind_for_people(),
        fingerprint: key.fingerprint(),
        file: server.known_hosts.clone(),
    }))
}

/// Why the lock was not to be had.
enum NoLock {
    Over(Over),
    Io(io::Error),
}

fn under_lock<T>(lock: File, patience: &Patience<'_>, work: impl FnOnce() -> T) -> Result<T, NoLock> {
    let mut lock = fd_lock::RwLock::new(lock);
    let patience = patience.at_most(LOCK_WAIT);
    loop {
        match lock.try_write() {
            Ok(_held) => return Ok(work()),
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(e) => return Err(NoLock::Io(e)),
        }
        patience.nap(LOCK_POLL).map_err(NoLock::Over)?;
    }
}

fn open_lock(known_hosts: &Path) -> io::Result<File> {
    if let Some(parent) = known_hosts.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    }
    let mut name = known_hosts.as_os_str().to_owned();
    name.push(".lock");
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(name)
}

fn append(known_hosts: &Path, line: &str) -> io::Result<()> {
    let is_new = !known_hosts.exists();
    let mut file = OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(known_hosts)?;
    let gap = if ends_with_newline(&mut file)? { "" } else { "\n" };
    file.write_all(format!("{gap}{line}\n").as_bytes())?;
    file.sync_all()?;
    match known_hosts.parent().filter(|parent| is_new && !parent.as_os_str().is_empty()) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// An editor may have left the last line open; the new one must not be glued to it.
fn ends_with_newline(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

fn read(file: &File) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(FILE_SIZE_MAX_BYTES + 1).read_to_end(&mut content)?;
    if content.len() as u64 > FILE_SIZE_MAX_BYTES {
        return Err(io::Error::other(format!("it is larger than {FILE_SIZE_MAX_BYTES} bytes; is it the right file?")));
    }
    Ok(content)
}

fn unreadable(server: &Server, e: &io::Error) -> Failure {
    let text = format!("cannot read {}, where its host key is kept: {e}", shown(&server.known_hosts));
    failure(server, &text)
}

fn failure(server: &Server, text: &str) -> Failure {
    Failure::not_sent(FailureKind::HostKey, format!("{}: {text}", server.name))
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}
