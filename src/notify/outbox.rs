//! What waits to be sent: a folder beside the state, with a file a message.
//!
//! A message is on the disk before it is tried, and is taken away when it was sent: a crash between the two sends it twice, with one
//! Message-ID, and never not at all. Whoever sends holds the outbox's own lock, which is not the state's: `jbr check` sends while an `apply`
//! runs. What leaves without being sent is `prune`'s business.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use fd_lock::RwLock;
use tempfile::NamedTempFile;

use super::entry::{Entry, Unreadable};
use super::vault::open_file;
use crate::printable::printable;
use crate::state::Place;

/// How large a file may be that is read as a message.
const ENTRY_SIZE_MAX: u64 = 2 * 1024 * 1024;
/// More names than this are not looked at.
pub(super) const NAMES_MAX: usize = 10_000;
/// Between two tries for the lock.
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

const EXTENSION: &str = ".json";
pub(super) const TEMPORARY: &str = ".tmp-";
const LOCK: &str = "lock";

/// Makes two messages of one process and millisecond differ.
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// The folder of what waits.
#[derive(Debug, Clone)]
pub(super) struct Outbox {
    pub(super) folder: PathBuf,
}

/// A lock in the folder, until it is dropped.
#[derive(Debug)]
pub(super) struct Locked {
    _file: File,
}

impl Outbox {
    /// The outbox beside a state. Makes nothing.
    pub(super) fn beside(state: &Path) -> Self {
        // A state that is only a link has the outbox of the one that it leads to. Where links go round in circles there is no state either.
        let folder = Place::of(state).map_or_else(|_| beside(state), |place| place.outbox());
        Self { folder }
    }

    /// A file of this name in the folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The name of a new message: those of one millisecond in the order in which they were made.
    pub(super) fn name(entry: &Entry) -> String {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let made = entry.made.format("%Y%m%dT%H%M%S%3fZ");
        format!("{made}-{number:06}-{}-{}{EXTENSION}", std::process::id(), entry.message.channel())
    }

    /// Keeps a message under its name. It would survive a loss of power.
    pub(super) fn put(&self, name: &str, entry: &Entry) -> io::Result<()> {
        self.make()?;
        let bytes = entry.encode()?;
        if bytes.len() as u64 >= ENTRY_SIZE_MAX {
            return Err(io::Error::new(ErrorKind::FileTooLarge, "a message of this size is not kept"));
        }
        self.write(name, &bytes)
    }

    /// Writes a file of the folder, whole or not at all.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.place(self.prepare(bytes)?, name)
    }

    /// A file on the disk that has no name yet, and goes away with its value.
    pub(super) fn prepare(&self, bytes: &[u8]) -> io::Result<NamedTempFile> {
        // Mode 0600, which is tempfile's own.
        let mut file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(&self.folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        Ok(file)
    }

    /// Gives a prepared file its name.
    pub(super) fn place(&self, file: NamedTempFile, name: &str) -> io::Result<()> {
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
        let read = open_file(&self.path(name)).and_then(|file| file.take(ENTRY_SIZE_MAX).read_to_end(&mut bytes));
        read.map_err(|error| Unreadable::NotNow(printable(&error.to_string())))?;
        Entry::decode(&bytes)
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => self.sync(),
        }
    }

    /// The lock of whoever sends, waited for until `limit` is over; `None` if somebody else is still sending.
    pub(super) fn lock(&self, limit: Duration) -> io::Result<Option<Locked>> {
        self.lock_file(LOCK, limit)
    }

    /// A lock of this name, waited for until `limit` is over; `None` if somebody else has it then.
    pub(super) fn lock_file(&self, name: &str, limit: Duration) -> io::Result<Option<Locked>> {
        self.make()?;
        let began = std::time::Instant::now();
        loop {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(self.path(name))?;
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

fn beside(state: &Path) -> PathBuf {
    let mut folder = state.as_os_str().to_owned();
    folder.push(".outbox");
    folder.into()
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
    use crate::clock::{Timestamp, later};
    use crate::notify::message::Message;
    use crate::notify::unsent;
    use crate::render::status::unsent_line;

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
        assert_eq!(unsent::outbox(&state).unwrap().unsent, []);
        assert!(!folder.path().join("state.json.outbox").exists(), "looking makes nothing");
        let (outbox, now) = (Outbox::beside(&state), at("2026-11-23T02:00:00Z"));
        let put = |made: Timestamp, subject: &str| {
            let entry = Entry::new(made, mail(subject));
            let name = Outbox::name(&entry);
            outbox.put(&name, &entry).unwrap();
            name
        };
        put(later(now, Duration::from_secs(1)), "second");
        let first = put(now, "first");
        let shown: Vec<String> =
            unsent::outbox(&state).unwrap().unsent.iter().map(|one| unsent_line(one, now)).collect();
        assert_eq!(shown, ["mail \"first\", made 0s ago, not tried yet", "mail \"second\", made in 1s, not tried yet"]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&outbox.path(&first)), mode(&outbox.folder)), (0o600, 0o700));
    }

    #[test]
    fn a_link_to_a_state_has_the_outbox_of_that_state_before_there_is_one_too() {
        let folder = tempfile::tempdir().unwrap();
        let (state, link) = (folder.path().join("state.json"), folder.path().join("link.json"));
        std::os::unix::fs::symlink(&state, &link).unwrap();
        for exists in [false, true] {
            if exists {
                fs::write(&state, "").unwrap();
            }
            assert_eq!(Outbox::beside(&link).folder, folder.path().join("state.json.outbox"), "{exists}");
            assert_eq!(Outbox::beside(&state).folder, Outbox::beside(&link).folder);
        }
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
