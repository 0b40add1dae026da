//! Where a state is kept, and how it survives a loss of power at any moment.
//!
//! A write is whole or it did not happen: a temporary file beside the state, written and synced, the old state kept as generation 1 under a
//! second name, then one rename, then a sync of the folder. At every moment the state's own name leads to a whole state.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::format::{FormatError, SIZE_MAX_BYTES, decode, encode};
use super::{Run, RunEnd, State};
use crate::clock::Timestamp;
use crate::execute::Journal;
use crate::execute::drive::Keep;

/// How many earlier generations are kept beside the state.
pub const GENERATIONS: u32 = 3;
/// How many links to links are followed.
const LINKS_MAX: usize = 16;

/// Why a state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is there and is no whole state.
    #[error("the state {} is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// The way back.
        way_back: WayBack,
    },
    /// The file is gone, and earlier generations of it are there.
    #[error("the state {} is gone, but earlier generations of it are there", path.display())]
    Gone {
        /// The file.
        path: PathBuf,
        /// The way back.
        way_back: WayBack,
    },
    /// A later `jbr` wrote it.
    #[error("the state {} cannot be used: {what}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format and this one's.
        what: FormatError,
    },
    /// Somebody else wrote it meanwhile.
    #[error("the state {} was changed by somebody else", path.display())]
    Conflict {
        /// The file.
        path: PathBuf,
    },
    /// The system refused.
    #[error("the state {} cannot be {verb}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        verb: &'static str,
        /// The system's reason.
        #[source]
        why: io::Error,
    },
}

/// The newest generation that is whole, if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayBack {
    /// The damaged or missing state.
    pub state: PathBuf,
    /// Its newest whole generation, and the serial in it.
    pub generation: Option<(PathBuf, u64)>,
}

impl WayBack {
    /// What to type, and what that means.
    #[must_use]
    pub fn help(&self) -> String {
        let after = "a backup that runs is found again all the same, because jbr looks at every server before it starts anything";
        match &self.generation {
            Some((path, serial)) => format!(
                "`cp {} {}` goes back to the newest whole generation (serial {serial}); what was recorded since then is forgotten, and {after}",
                path.display(),
                self.state.display()
            ),
            None => format!(
                "no earlier generation is whole; move {} away and the next apply starts with an empty memory; {after}",
                self.state.display()
            ),
        }
    }
}

/// Keeps a state: compare and swap on its lineage and serial.
pub trait Store {
    /// The state as it was stored last; `None` where there never was one.
    ///
    /// # Errors
    /// Where there is one that cannot be read, understood or trusted. A state is never replaced by a guess.
    fn load(&self) -> Result<Option<State>, StoreError>;

    /// Stores a state that follows the stored one: of the same lineage, with the next serial; or of any where there is none. Returns
    /// when it would survive a loss of power.
    ///
    /// # Errors
    /// Where it does not follow, or cannot be stored. What was stored before is still there then.
    fn store(&mut self, state: &State) -> Result<(), StoreError>;
}

/// A state in a file.
#[derive(Debug, Clone)]
pub struct FileStore {
    path: PathBuf,
}

impl FileStore {
    /// The store at a path. A link is followed: what is replaced is the file that it leads to, never the link.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: resolved(path) }
    }

    fn generation(&self, number: u32) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    }

    /// How a temporary file's name begins. Each state has its own: another's may be in use.
    fn temporary_prefix(&self) -> String {
        format!(".{}.tmp-", self.path.file_name().unwrap_or_default().to_string_lossy())
    }

    fn way_back(&self) -> WayBack {
        let whole = (1..=GENERATIONS).map(|number| self.generation(number)).find_map(|path| {
            let state = read(&path).ok().flatten().and_then(|bytes| decode(&bytes).ok())?;
            Some((path, state.serial))
        });
        WayBack { state: self.path.clone(), generation: whole }
    }

    fn is_any_generation_there(&self) -> bool {
        (1..=GENERATIONS).any(|number| fs::symlink_metadata(self.generation(number)).is_ok())
    }

    fn failed(&self, verb: &'static str) -> impl Fn(io::Error) -> StoreError + '_ {
        move |why| StoreError::Io { path: self.path.clone(), verb, why }
    }

    /// The steps of a write, in the only order in which each can be the last.
    fn write(&self, bytes: &[u8], has_old: bool) -> io::Result<()> {
        let folder = in_folder(&self.path)?;
        let prefix = self.temporary_prefix();
        remove_leftovers(&folder, &prefix);
        let mut file = tempfile::Builder::new().prefix(&prefix).tempfile_in(&folder)?;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        if has_old {
            self.keep_generations()?;
        }
        file.persist(&self.path).map_err(|error| error.error)?;
        File::open(&folder)?.sync_all()
    }

    /// Makes room and gives the state a second name; its own stays.
    fn keep_generations(&self) -> io::Result<()> {
        for number in (1..GENERATIONS).rev() {
            match fs::rename(self.generation(number), self.generation(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        match fs::hard_link(&self.path, self.generation(1)) {
            // A file system without second names (FAT) gets a copy.
            Err(error) if error.kind() != io::ErrorKind::NotFound => fs::copy(&self.path, self.generation(1)).map(drop),
            other => other,
        }
    }
}

impl Store for FileStore {
    fn load(&self) -> Result<Option<State>, StoreError> {
        let Some(bytes) = read(&self.path).map_err(self.failed("read"))? else {
            if self.is_any_generation_there() {
                return Err(StoreError::Gone { path: self.path.clone(), way_back: self.way_back() });
            }
            return Ok(None);
        };
        match decode(&bytes) {
            Ok(state) => Ok(Some(state)),
            Err(what @ FormatError::Newer { .. }) => Err(StoreError::Newer { path: self.path.clone(), what }),
            Err(FormatError::Damaged(what)) => {
                Err(StoreError::Damaged { path: self.path.clone(), what, way_back: self.way_back() })
            }
        }
    }

    fn store(&mut self, state: &State) -> Result<(), StoreError> {
        let old = self.load()?;
        if !follows(old.as_ref(), state) {
            return Err(StoreError::Conflict { path: self.path.clone() });
        }
        let bytes = encode(state).map_err(|error| self.failed("written")(io::Error::other(error)))?;
        self.write(&bytes, old.is_some()).map_err(self.failed("written"))
    }
}

/// A state in memory, as bytes: what comes out went through the same format as a file's.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    bytes: Option<Vec<u8>>,
}

impl Store for MemoryStore {
    fn load(&self) -> Result<Option<State>, StoreError> {
        let path = PathBuf::from("(memory)");
        let state = self.bytes.as_deref().map(decode).transpose();
        state.map_err(|what| StoreError::Newer { path, what })
    }

    fn store(&mut self, state: &State) -> Result<(), StoreError> {
        let path = PathBuf::from("(memory)");
        if !follows(self.load()?.as_ref(), state) {
            return Err(StoreError::Conflict { path });
        }
        let failed = |error| StoreError::Io { path, verb: "written", why: io::Error::other(error) };
        self.bytes = Some(encode(state).map_err(failed)?);
        Ok(())
    }
}

/// Whether a state is the one that comes after the stored one.
fn follows(stored: Option<&State>, state: &State) -> bool {
    stored.is_none_or(|stored| stored.lineage == state.lineage && stored.serial.checked_add(1) == Some(state.serial))
}

/// Keeps a run's journal in its state.
pub struct RunKeeper<'a> {
    store: &'a mut dyn Store,
    state: State,
}

impl<'a> RunKeeper<'a> {
    /// Stores a state with the run in it that is about to begin or to go on.
    ///
    /// # Errors
    /// Where it cannot be stored; nothing must be begun then.
    pub fn begin(store: &'a mut dyn Store, state: State) -> Result<Self, StoreError> {
        let mut keeper = Self { store, state };
        keeper.store()?;
        Ok(keeper)
    }

    /// Ends the run: its outcomes go into the records, and it into the history.
    ///
    /// # Errors
    /// Where that cannot be stored; the run is then still in progress, and the next `apply` ends it.
    pub fn end(&mut self, at: Timestamp, end: RunEnd) -> Result<(), StoreError> {
        self.state.end(at, end);
        self.store()
    }

    /// The run as it was handed in last, stored or not.
    #[must_use]
    pub fn run(&self) -> Option<&Run> {
        self.state.run.as_ref()
    }

    fn store(&mut self) -> Result<(), StoreError> {
        self.state.serial += 1;
        self.store.store(&self.state)
    }
}

impl Keep for RunKeeper<'_> {
    type Error = StoreError;

    fn keep(&mut self, journal: &Journal) -> Result<(), StoreError> {
        if let Some(run) = &mut self.state.run {
            run.journal = journal.clone();
        }
        self.store()
    }
}

/// A new lineage: 32 random hexadecimal digits.
///
/// # Errors
/// Where the system has no random numbers.
pub fn new_lineage() -> io::Result<String> {
    let mut random = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    Ok(random.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")))
}

/// The whole file, or that there is none. More than a state can hold is an error.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(SIZE_MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > SIZE_MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {SIZE_MAX_BYTES} bytes")));
    }
    Ok(Some(bytes))
}

/// The folder of a file, made for its owner alone if it is not there.
pub(super) fn in_folder(path: &Path) -> io::Result<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    Ok(folder)
}

/// Where a path really leads. A link to nowhere leads to where its file would be.
pub(super) fn resolved(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        let Ok(target) = fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    path
}

/// Removes what processes that were killed in the middle of a write left. Whoever writes holds the lock, so nobody is using them.
fn remove_leftovers(folder: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            // What cannot be removed does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}
