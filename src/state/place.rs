//! Where the state is: the file itself, whatever links lead to it, and the names beside it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Error, ErrorKind};
use std::path::{Path, PathBuf};

/// How many earlier generations are kept: `.1` is the newest.
pub const GENERATIONS_MAX: usize = 3;
/// How many symbolic links are followed; Linux follows as many.
const LINKS_MAX: usize = 40;

/// The file of a state and its folder. The file need not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The file, not a link to it: renaming over a link would replace the link.
    pub(super) file: PathBuf,
    /// The folder that it is in.
    pub(super) folder: PathBuf,
    name: OsString,
}

impl Place {
    /// Follows the links that `path` may be.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let mut file = path.to_owned();
        for _ in 0..=LINKS_MAX {
            match fs::symlink_metadata(&file) {
                Ok(there) if there.is_symlink() => {
                    // `join` takes an absolute target as it is.
                    file = folder_of(&file).join(fs::read_link(&file)?);
                }
                Ok(_) => return Self::new(file),
                Err(error) if error.kind() == ErrorKind::NotFound => return Self::new(file),
                Err(error) => return Err(error),
            }
        }
        Err(rustix::io::Errno::LOOP.into())
    }

    fn new(file: PathBuf) -> io::Result<Self> {
        let name = file.file_name().ok_or_else(|| Error::from(ErrorKind::IsADirectory))?.to_owned();
        Ok(Self { folder: folder_of(&file), file, name })
    }

    /// The `n`th earlier generation, 1 being the newest.
    pub(super) fn generation(&self, n: usize) -> PathBuf {
        generation(&self.file, n)
    }

    /// The file that is locked.
    pub(super) fn lock(&self) -> PathBuf {
        beside(&self.file, ".lock")
    }

    /// The folder of what waits to be sent.
    pub(crate) fn outbox(&self) -> PathBuf {
        beside(&self.file, ".outbox")
    }

    /// What the names of temporary files begin with.
    pub(super) fn temporary_prefix(&self) -> OsString {
        [OsStr::new("."), &self.name, OsStr::new(".")].into_iter().collect()
    }
}

/// The files of the state at `path`, whether they are there or not, each with what it is.
///
/// # Errors
/// Where the links that it may be lead nowhere.
pub fn files(path: &Path) -> io::Result<Vec<(PathBuf, &'static str)>> {
    let place = Place::of(path)?;
    let earlier = (1..=GENERATIONS_MAX).map(|n| (place.generation(n), "an earlier generation of the state"));
    let own = [(place.file.clone(), "the state"), (place.lock(), "the lock of the state")];
    Ok(own.into_iter().chain(earlier).collect())
}

/// The `n`th earlier generation of a file.
pub(super) fn generation(file: &Path, n: usize) -> PathBuf {
    beside(file, &format!(".{n}"))
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut beside = file.as_os_str().to_owned();
    beside.push(suffix);
    beside.into()
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if folder.as_os_str().is_empty() => PathBuf::from("."),
        Some(folder) => folder.to_owned(),
        None => PathBuf::from("/"),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_lead_to_the_file_even_where_there_is_none_yet() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("target.json");
        symlink("target.json", folder.path().join("near")).unwrap();
        symlink(folder.path().join("near"), folder.path().join("far")).unwrap();
        for exists in [false, true] {
            if exists {
                fs::write(&target, b"").unwrap();
            }
            let place = Place::of(&folder.path().join("far")).unwrap();
            assert_eq!(place.file, target);
            assert_eq!(place.generation(2), folder.path().join("target.json.2"));
            assert_eq!(place.lock(), folder.path().join("target.json.lock"));
        }
    }

    #[test]
    fn links_in_a_circle_end() {
        let folder = tempfile::tempdir().unwrap();
        symlink("b", folder.path().join("a")).unwrap();
        symlink("a", folder.path().join("b")).unwrap();
        assert_eq!(
            Place::of(&folder.path().join("a")).unwrap_err().raw_os_error(),
            Some(rustix::io::Errno::LOOP.raw_os_error())
        );
    }

    #[test]
    fn a_bare_name_is_in_the_folder_where_one_is() {
        assert_eq!(Place::of(Path::new("no-such.json")).unwrap().lock(), Path::new("no-such.json.lock"));
        assert!(Place::of(Path::new("/")).is_err());
    }
}
