//! What waits to be sent: a folder beside the state, with a file a message.
//!
//! A message is on the disk before it is tried, and is taken away when it was sent: a crash between the two sends it twice, with one
//! Message-ID, and never not at all. Whoever sends holds the outbox's own lock, which is not the state's: `jbr check` sends while an `apply`
//! runs. There is a limit on the number, the bytes and the age of what waits; the oldest goes first, and that is said.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use fd_lock::RwLock;

use super::entry::{Entry, Unreadable};
use super::notice::{Message, Signal};
use crate::clock::{Timestamp, elapsed};
use crate::printable::printable;
use crate::render::status::unsent_line;
use crate::status::Unsent;

/// How many messages wait at most.
pub const MESSAGES_MAX: usize = 200;
/// How many bytes they have at most.
pub const SIZE_MAX_BYTES: u64 = 10 * 1024 * 1024;
/// How large a file may be that is read as a message.
const ENTRY_SIZE_MAX: u64 = 2 * 1024 * 1024;
/// More names than this are not looked at.
const NAMES_MAX: usize = 10_000;
/// What a temporary file that nobody finished is older than.
const LEFTOVER_AGE: Duration = Duration::from_secs(3600);
/// Between two tries for the lock.
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

const DAY: Duration = Duration::from_secs(24 * 3600);
const EXTENSION: &str = ".json";
const TEMPORARY: &str = ".tmp-";
const LOCK: &str = "lock";

/// Makes two messages of one process and millisecond differ.
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// For how long a message is worth sending. A mail tells what was; the beginning of a run an hour ago is none, and an end of yesterday's would
/// hide that of today's.
#[must_use]
pub fn age_max(message: &Message) -> Duration {
    match message {
        Message::Mail { .. } | Message::Hook { .. } => 7 * DAY,
        Message::Ping { signal: Signal::Start, .. } => Duration::from_secs(600),
        Message::Ping { signal: Signal::Success | Signal::Failure, .. } => DAY / 2,
    }
}

/// What waits to be sent beside the state at `state`, oldest first. Takes no lock and makes nothing.
///
/// # Errors
/// Where the folder is there and cannot be read.
pub fn unsent(state: &Path) -> io::Result<Vec<Unsent>> {
    let outbox = Outbox::beside(state);
    let all = outbox.names()?;
    Ok(all.iter().filter_map(|name| outbox.read(name).ok()).map(|entry| Unsent::from(&entry)).collect())
}

impl From<&Entry> for Unsent {
    fn from(entry: &Entry) -> Self {
        Self {
            since: entry.made,
            channel: channel(&entry.message),
            what: printable(&entry.message.title()),
            tries: entry.tries,
            why: entry.last.as_ref().map(|last| last.why.clone()),
            refused: entry.last.as_ref().is_some_and(|last| last.refused),
        }
    }
}

/// Where a message goes: what is shut for one of them is shut for the others that go there. Each ping has an address of its own.
pub(super) fn door(message: &Message) -> &'static str {
    match message {
        Message::Ping { signal: Signal::Start, .. } => "ping start",
        Message::Ping { signal: Signal::Success, .. } => "ping success",
        Message::Ping { signal: Signal::Failure, .. } => "ping failure",
        Message::Mail { .. } | Message::Hook { .. } => channel(message),
    }
}

/// What a channel is called.
pub(super) fn channel(message: &Message) -> &'static str {
    match message {
        Message::Mail { .. } => "mail",
        Message::Ping { .. } => "ping",
        Message::Hook { .. } => "webhook",
    }
}

/// The folder of what waits.
#[derive(Debug, Clone)]
pub(super) struct Outbox {
    folder: PathBuf,
}

/// The lock of the folder, until it is dropped.
#[derive(Debug)]
pub(super) struct Locked {
    _file: File,
}

impl Outbox {
    /// The outbox beside a state. Makes nothing.
    pub(super) fn beside(state: &Path) -> Self {
        // A link to a state elsewhere has the outbox of that one.
        let file = fs::canonicalize(state).unwrap_or_else(|_| state.to_owned());
        let mut folder = file.into_os_string();
        folder.push(".outbox");
        Self { folder: folder.into() }
    }

    /// A file of this name in the folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Keeps a message; the name that it has. It would survive a loss of power.
    pub(super) fn put(&self, entry: &Entry) -> io::Result<String> {
        self.make()?;
        let bytes = entry.encode()?;
        if bytes.len() as u64 >= ENTRY_SIZE_MAX {
            return Err(io::Error::new(ErrorKind::FileTooLarge, "a message of this size is not kept"));
        }
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let made = entry.made.format("%Y%m%dT%H%M%S%3fZ");
        // Those of one millisecond in the order in which they were put.
        let name = format!("{made}-{number:06}-{}-{}{EXTENSION}", std::process::id(), channel(&entry.message));
        self.write(&name, &bytes)?;
        Ok(name)
    }

    /// Writes a file of the folder, whole or not at all.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        // Mode 0600, which is tempfile's own.
        let mut file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(&self.folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(self.path(name)).map_err(|error| error.error)?;
        self.sync()
    }

    /// The names of the messages, oldest first; none where there is no folder.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let names = entries.take(NAMES_MAX).filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| name.starts_with('2') && name.ends_with(EXTENSION)).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// The message of this name, or why it is none.
    pub(super) fn read(&self, name: &str) -> Result<Entry, Unreadable> {
        let mut bytes = Vec::new();
        let read = File::open(self.path(name)).and_then(|file| file.take(ENTRY_SIZE_MAX).read_to_end(&mut bytes));
        read.map_err(|error| Unreadable::NotNow(printable(&error.to_string())))?;
        Entry::decode(&bytes)
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => self.sync(),
        }
    }

    /// The lock, waited for until `limit` is over; `None` if somebody else is still sending.
    pub(super) fn lock(&self, limit: Duration) -> io::Result<Option<Locked>> {
        self.make()?;
        let began = std::time::Instant::now();
        loop {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(self.path(LOCK))?;
            let mut lock = RwLock::new(file);
            // Forgetting the guard leaves the lock with the open file, which needs no lifetime: the kernel frees it when the file is closed.
            match lock.try_write().map(std::mem::forget) {
                Ok(()) => return Ok(Some(Locked { _file: lock.into_inner() })),
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                Err(_) if began.elapsed() >= limit => return Ok(None),
                Err(_) => std::thread::park_timeout(BETWEEN_TRIES),
            }
        }
    }

    /// Takes away what is too old, too much or no message, the oldest first; what is said of each. Only with the lock.
    pub(super) fn prune(&self, now: Timestamp, _lock: &Locked) -> io::Result<Vec<String>> {
        self.sweep();
        let mut said = Vec::new();
        let mut kept = Vec::new();
        for name in self.names()? {
            match self.read(&name) {
                Err(Unreadable::Later | Unreadable::NotNow(_)) => {}
                Err(Unreadable::Damaged(why)) => said.push((name.clone(), format!("{}: {why}", printable(&name)))),
                Ok(entry) if elapsed(entry.made, now) > age_max(&entry.message) => {
                    said.push((name.clone(), format!("too old: {}", unsent_line(&Unsent::from(&entry), now))));
                }
                Ok(entry) => kept.push((name, entry)),
            }
        }
        let size = |name: &str| fs::metadata(self.path(name)).map_or(0, |metadata| metadata.len());
        let mut left: u64 = kept.iter().map(|(name, _)| size(name)).sum();
        let mut count = kept.len();
        for (name, entry) in &kept {
            if count <= MESSAGES_MAX && left <= SIZE_MAX_BYTES {
                break;
            }
            (count, left) = (count - 1, left.saturating_sub(size(name)));
            said.push((name.clone(), format!("too many wait: {}", unsent_line(&Unsent::from(entry), now))));
        }
        for (name, _) in &said {
            self.remove(name)?;
        }
        Ok(said.into_iter().map(|(_, said)| said).collect())
    }

    /// Temporary files that a killed process has left.
    fn sweep(&self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().take(NAMES_MAX).flatten() {
            let is_ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(TEMPORARY));
            let age = entry.metadata().and_then(|metadata| metadata.modified()).ok().and_then(|at| at.elapsed().ok());
            if is_ours && age.is_some_and(|age| age > LEFTOVER_AGE) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// The folder, and that of the state where `apply` never was: not a whole path, or a mistyped `--state` would become an outbox somewhere.
    fn make(&self) -> io::Result<()> {
        match make_one(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                make_one(self.folder.parent().unwrap_or(Path::new(".")))?;
                make_one(&self.folder)
            }
            made => made,
        }
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }
}

fn make_one(folder: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(_) if folder.is_dir() => Ok(()),
        made => made,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{earlier, later};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn mail(subject: &str) -> Message {
        Message::Mail { subject: subject.into(), text: "t".into(), html: "h".into() }
    }

    #[test]
    fn what_is_put_waits_in_the_order_in_which_it_was_made_with_nobody_else_to_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.json");
        assert_eq!(unsent(&state).unwrap(), []);
        assert!(!folder.path().join("state.json.outbox").exists(), "looking makes nothing");
        let (outbox, now) = (Outbox::beside(&state), at("2026-11-23T02:00:00Z"));
        outbox.put(&Entry::new(later(now, Duration::from_secs(1)), mail("second"))).unwrap();
        let first = outbox.put(&Entry::new(now, mail("first"))).unwrap();
        let shown: Vec<String> = unsent(&state).unwrap().iter().map(|one| unsent_line(one, now)).collect();
        assert_eq!(shown, ["mail \"first\", made 0s ago, not tried yet", "mail \"second\", made in 1s, not tried yet"]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&outbox.path(&first)), mode(&outbox.folder)), (0o600, 0o700));
    }

    #[test]
    fn what_is_too_old_too_much_or_no_message_goes_and_that_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::beside(&folder.path().join("state.json"));
        let now = at("2026-11-23T02:00:00Z");
        let ago = |hours: u64| earlier(now, Duration::from_secs(hours * 3600));
        for (made, message) in [
            (ago(8 * 24), mail("last week")),
            (ago(1), Message::ping(Signal::Start, "")),
            (ago(13), Message::ping(Signal::Success, "")),
            (ago(6 * 24), mail("kept")),
            (ago(11), Message::ping(Signal::Failure, "")),
        ] {
            outbox.put(&Entry::new(made, message)).unwrap();
        }
        fs::write(outbox.path("2026-damaged.json"), "{").unwrap();
        fs::write(outbox.path("2026-later.json"), r#"{"version":2}"#).unwrap();
        let lock = outbox.lock(Duration::ZERO).unwrap().unwrap();
        let said = outbox.prune(now, &lock).unwrap();
        assert_eq!(said.len(), 4, "{said:#?}");
        let left: Vec<String> =
            outbox.names().unwrap().iter().filter_map(|name| Some(outbox.read(name).ok()?.message.title())).collect();
        assert_eq!(left, ["kept", "ping failure"]);

        for number in 0..MESSAGES_MAX {
            outbox.put(&Entry::new(now, mail(&number.to_string()))).unwrap();
        }
        let said = outbox.prune(now, &lock).unwrap();
        // `2026-later.json` is not counted: a later jbr will know what it is.
        assert!(said.len() == 2 && said[0].contains("\"kept\"") && said[1].contains("ping failure"), "{said:#?}");
    }

    #[test]
    fn one_sends_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::beside(&folder.path().join("state.json"));
        let held = outbox.lock(Duration::ZERO).unwrap().unwrap();
        assert!(outbox.lock(Duration::ZERO).unwrap().is_none());
        drop(held);
        assert!(outbox.lock(Duration::ZERO).unwrap().is_some());
    }
}
