//! Earlier generations of the file: the way back from a damaged one.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use crate::clock::Timestamp;
use crate::state::format::{self, FILE_SIZE_MAX_BYTES};
use crate::state::place::{GENERATIONS_MAX, generation};

/// An earlier generation that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// Its file.
    pub path: PathBuf,
    /// The state's serial in it.
    pub serial: u64,
    /// When it was written.
    pub written: Timestamp,
}

/// Their files, newest first, whether they are there or not.
pub(super) fn files(path: &Path) -> impl Iterator<Item = PathBuf> {
    (1..=GENERATIONS_MAX).map(|n| generation(path, n))
}

/// Whether there is any, whole or not.
///
/// # Errors
/// Where the system cannot say: "there is none" would be a first start.
pub(super) fn any(path: &Path) -> io::Result<bool> {
    for file in files(path) {
        match fs::symlink_metadata(file) {
            Ok(_) => return Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// The newest that is whole.
pub(super) fn newest(path: &Path) -> Option<Generation> {
    files(path).find_map(|path| {
        let state = format::decode(&read(&path).ok()?).ok()?;
        let written: Timestamp = fs::metadata(&path).ok()?.modified().ok()?.into();
        Some(Generation { path, serial: state.serial, written })
    })
}

/// A file's bytes, [`FILE_SIZE_MAX_BYTES`] and one at most.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    // Opening a pipe would wait for ever, and a folder reads as an error without a name.
    if !fs::metadata(path)?.is_file() {
        return Err(ErrorKind::IsADirectory.into());
    }
    let mut bytes = Vec::new();
    let limit = u64::try_from(FILE_SIZE_MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}
