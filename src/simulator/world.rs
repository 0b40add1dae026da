//! The world file: one fleet that many processes share.
//!
//! Every simulated server of a test over real SSH is another process; one file for all of them is what lets the account
//! of writers span servers. It is rewritten whole under a kernel lock for each call. There is no fsync: a world need
//! not survive a power cut.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use super::fleet::Fleet;

/// No test's world is larger.
const WORLD_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Where a fleet is kept between processes.
#[derive(Debug, Clone)]
pub struct World {
    path: PathBuf,
}

/// Why a world cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The file, its lock or its folder.
    #[error("{}: {}", .0.display(), .1)]
    File(PathBuf, io::Error),
    /// Not a world.
    #[error("{}: not a simulated world: {}", .0.display(), .1)]
    Content(PathBuf, serde_json::Error),
}

impl World {
    /// The world in this file; its lock is a file beside it.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes this fleet the world.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn save(&self, fleet: &Fleet) -> Result<(), WorldError> {
        self.locked(|world| world.write(fleet))
    }

    /// The fleet as it is now.
    ///
    /// # Errors
    /// Where there is no world, or none that can be read.
    pub fn load(&self) -> Result<Fleet, WorldError> {
        // No lock: a rename replaces the file, so that whoever opens it finds a whole one.
        self.read()
    }

    /// Changes the fleet while nobody else can, and keeps what came of it.
    ///
    /// # Errors
    /// Where the world cannot be locked, read or written.
    pub fn update<T>(&self, change: impl FnOnce(&mut Fleet) -> T) -> Result<T, WorldError> {
        self.locked(|world| {
            let mut fleet = world.read()?;
            let result = change(&mut fleet);
            world.write(&fleet).map(|()| result)
        })
    }

    fn locked<T>(&self, work: impl FnOnce(&Self) -> Result<T, WorldError>) -> Result<T, WorldError> {
        let mut path = self.path.clone().into_os_string();
        path.push(".lock");
        let path = PathBuf::from(path);
        let file =
            File::options().create(true).append(true).open(&path).map_err(|e| WorldError::File(path.clone(), e))?;
        let mut lock = fd_lock::RwLock::new(file);
        let _held = lock.write().map_err(|e| WorldError::File(path, e))?;
        work(self)
    }

    fn read(&self) -> Result<Fleet, WorldError> {
        let mut text = String::new();
        let file = File::open(&self.path).map_err(|e| self.file(e))?;
        file.take(WORLD_BYTES_MAX).read_to_string(&mut text).map_err(|e| self.file(e))?;
        serde_json::from_str(&text).map_err(|e| WorldError::Content(self.path.clone(), e))
    }

    fn write(&self, fleet: &Fleet) -> Result<(), WorldError> {
        let text = serde_json::to_vec(fleet).map_err(|e| WorldError::Content(self.path.clone(), e))?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|e| self.file(e))?;
        file.write_all(&text).map_err(|e| self.file(e))?;
        file.persist(&self.path).map_err(|e| self.file(e.error))?;
        Ok(())
    }

    fn file(&self, error: io::Error) -> WorldError {
        WorldError::File(self.path.clone(), error)
    }
}
