//! `--textfile`: a file of metrics, replaced whole.

use std::fs::{self, Permissions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::error::CliError;
use crate::render::metrics::FIRST_WORDS;

/// Whoever collects metrics is another user, and there is no secret in them.
const MODE: u32 = 0o644;

/// Where the metrics are to be: a file of `jbr`'s metrics, an empty file, or a name that is free in a folder that is there. A symbolic link is
/// followed, so that it stays one.
///
/// # Errors
/// Where something else is there, which would be destroyed, or the folder is not.
pub(super) fn place(path: &Path) -> Result<PathBuf, CliError> {
    let refused = |what: String| CliError::Textfile { path: path.to_owned(), what };
    let place = match fs::canonicalize(path) {
        Ok(place) => place,
        Err(error) if error.kind() == ErrorKind::NotFound && fs::symlink_metadata(path).is_err() => {
            return if folder_of(path).is_dir() {
                Ok(path.to_owned())
            } else {
                Err(refused("the folder that it would be in does not exist".to_owned()))
            };
        }
        Err(error) => return Err(refused(format!("it cannot be looked at: {error}"))),
    };
    let found = fs::metadata(&place).map_err(|error| refused(format!("it cannot be looked at: {error}")))?;
    if !found.is_file() {
        return Err(refused("it is no regular file".to_owned()));
    }
    if found.len() > 0 && !begins_like_metrics(&place) {
        return Err(refused("it is there already and holds no metrics of jbr, so it is not replaced".to_owned()));
    }
    Ok(place)
}

/// Replaces the metrics, whole: a reader finds the old ones or the new ones. They are not waited for to reach the disk, because the next check
/// writes them anew.
///
/// # Errors
/// Where the file cannot be written.
pub(super) fn write(place: &Path, metrics: &str) -> Result<(), CliError> {
    let failed = |error: std::io::Error| CliError::Textfile {
        path: place.to_owned(),
        what: format!("it cannot be written: {error}"),
    };
    // The collector reads what ends in `.prom`; this name does not.
    let mut file =
        tempfile::Builder::new().prefix(".jbr-").suffix(".tmp").tempfile_in(folder_of(place)).map_err(failed)?;
    file.write_all(metrics.as_bytes()).map_err(failed)?;
    file.as_file().set_permissions(Permissions::from_mode(MODE)).map_err(failed)?;
    file.persist(place).map_err(|error| failed(error.error))?;
    Ok(())
}

fn begins_like_metrics(place: &Path) -> bool {
    let mut start = Vec::new();
    let read = fs::File::open(place).and_then(|file| file.take(FIRST_WORDS.len() as u64).read_to_end(&mut start));
    read.is_ok() && start == FIRST_WORDS.as_bytes()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
