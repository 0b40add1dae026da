//! One write, as the list of its steps: which is what a crash can come between.
//!
//! At any moment the file's name leads to a whole state: to the old one until [`Step::Replace`], to the new one from then on. The new
//! bytes are on the disk before that step, and the earlier generations are moved before it by steps that never touch the file's name.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::state::place::GENERATIONS_MAX;
use crate::state::place::Place;

/// What the names of temporary files end with.
const TEMPORARY_SUFFIX: &str = ".tmp";

/// How many random characters are in such a name.
const TEMPORARY_RANDOM_LENGTH: usize = 8;

/// More than this many names in the folder are not looked at for leftovers.
const SWEEP_NAMES_MAX: usize = 10_000;

/// One step of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Makes a temporary file beside the state, mode 0600.
    Create,
    /// Writes all bytes into it.
    Fill,
    /// Waits until they are on the disk.
    SyncFile,
    /// Moves an earlier generation one further.
    Age { from: PathBuf, to: PathBuf },
    /// Gives the current file a second name, as the newest earlier generation.
    Link { to: PathBuf },
    /// Renames the temporary file to the state's name.
    Replace,
    /// Waits until the folder's names are on the disk.
    SyncFolder,
}

/// The steps of a write, for the files that are there.
///
/// # Errors
/// Where the system cannot say which are: one that is taken for missing would be written over.
pub(super) fn steps(place: &Place) -> io::Result<Vec<Step>> {
    let mut steps = vec![Step::Create, Step::Fill, Step::SyncFile];
    let newest = place.generation(1);
    let current = identity(&place.file)?;
    // A crash after `Link` has left them one: linking again would fill two generations with the same.
    if current.is_some() && current != identity(&newest)? {
        let mut free = GENERATIONS_MAX;
        for n in (1..GENERATIONS_MAX).rev() {
            if identity(&place.generation(n))?.is_none() {
                free = n;
            }
        }
        let ageing = (1..free).rev().map(|n| Step::Age { from: place.generation(n), to: place.generation(n + 1) });
        steps.extend(ageing);
        steps.push(Step::Link { to: newest });
    }
    steps.extend([Step::Replace, Step::SyncFolder]);
    Ok(steps)
}

/// A write that is under way. Dropping it removes the temporary file, unless it has become the state.
pub(super) struct Write<'a> {
    place: &'a Place,
    bytes: &'a [u8],
    temporary: Option<NamedTempFile>,
}

impl<'a> Write<'a> {
    pub(super) fn new(place: &'a Place, bytes: &'a [u8]) -> Self {
        Self { place, bytes, temporary: None }
    }

    pub(super) fn perform(&mut self, step: &Step) -> io::Result<()> {
        match step {
            Step::Create => self.temporary = Some(temporary(self.place)?),
            Step::Fill => {
                let bytes = self.bytes;
                self.temporary()?.write_all(bytes)?;
            }
            Step::SyncFile => self.temporary()?.as_file().sync_all()?,
            Step::Age { from, to } => fs::rename(from, to)?,
            Step::Link { to } => keep(self.place, to)?,
            Step::Replace => {
                let temporary = self.temporary.take().ok_or_else(out_of_order)?;
                temporary.persist(&self.place.file)?;
            }
            Step::SyncFolder => File::open(&self.place.folder)?.sync_all()?,
        }
        Ok(())
    }

    fn temporary(&mut self) -> io::Result<&mut NamedTempFile> {
        self.temporary.as_mut().ok_or_else(out_of_order)
    }
}

fn out_of_order() -> io::Error {
    io::Error::other("the steps of a write are out of order (a bug of jbr)")
}

fn temporary(place: &Place) -> io::Result<NamedTempFile> {
    let prefix = place.temporary_prefix();
    Builder::new()
        .prefix(&prefix)
        .suffix(TEMPORARY_SUFFIX)
        .rand_bytes(TEMPORARY_RANDOM_LENGTH)
        .tempfile_in(&place.folder)
}

/// Links the current file to an earlier generation's name, or copies it where the file system has no links (FAT).
fn keep(place: &Place, to: &Path) -> io::Result<()> {
    let linked = match fs::hard_link(&place.file, to) {
        // All generations were one file (a person linked them), and renaming one to another did nothing.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            fs::remove_file(to)?;
            fs::hard_link(&place.file, to)
        }
        outcome => outcome,
    };
    linked.or_else(|_| copy(place, to))
}

fn copy(place: &Place, to: &Path) -> io::Result<()> {
    let mut copy = temporary(place)?;
    io::copy(&mut File::open(&place.file)?, &mut copy)?;
    copy.as_file().sync_all()?;
    copy.persist(to)?;
    Ok(())
}

/// Which file has this name; `None` if none has.
fn identity(path: &Path) -> io::Result<Option<(u64, u64)>> {
    match fs::symlink_metadata(path) {
        Ok(there) => Ok(Some((there.dev(), there.ino()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes what killed writers have left. Only under the lock: otherwise it may be a live one's.
pub(super) fn sweep(place: &Place) {
    let Ok(names) = fs::read_dir(&place.folder) else { return };
    for entry in names.take(SWEEP_NAMES_MAX).flatten() {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && is_temporary(place, entry.file_name().as_encoded_bytes()) {
            // It is harmless where it is, and the next sweep tries again.
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn is_temporary(place: &Place, name: &[u8]) -> bool {
    let prefix = place.temporary_prefix();
    let random =
        name.strip_prefix(prefix.as_encoded_bytes()).and_then(|rest| rest.strip_suffix(TEMPORARY_SUFFIX.as_bytes()));
    random.is_some_and(|random| random.len() == TEMPORARY_RANDOM_LENGTH && random.iter().all(u8::is_ascii_alphanumeric))
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
