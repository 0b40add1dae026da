//! A plan's files, as they are on disk.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::printable::printable;

/// The largest plan file. A thousand jobs fit into a fifth of it.
pub const FILE_SIZE_MAX_BYTES: usize = 1024 * 1024;

/// The most files that one folder may hold as one plan.
pub const FILES_MAX: usize = 100;

/// The most entries of a folder that are looked at: a folder with more is not a folder of plans.
const FOLDER_ENTRIES_MAX: usize = 10_000;

/// One file of a plan: where it is and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file, as it is named in messages; relative paths in it are meant from its folder.
    pub path: PathBuf,
    /// Its whole text.
    pub text: String,
}

/// Why a plan could not be read from disk. Each names the file and says how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Nothing is there.
    #[error("{}: there is no such file or folder; write a plan there, or name another", shown(.0))]
    Missing(PathBuf),
    /// The system refused.
    #[error("{}: cannot be read: {why}", shown(.path))]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        why: io::Error,
    },
    /// A device, a socket, a pipe: reading it could take for ever.
    #[error("{}: is neither a file nor a folder", shown(.0))]
    NotAFile(PathBuf),
    /// A folder without a plan.
    #[error("{}: the folder holds no *.yaml or *.yml file (hidden files and folders inside it are not read)", shown(.0))]
    EmptyFolder(PathBuf),
    /// More files than one plan may have.
    #[error("{}: the folder holds more than {FILES_MAX} plan files, or more than {FOLDER_ENTRIES_MAX} of any kind", shown(.0))]
    TooManyFiles(PathBuf),
    /// More bytes than a plan may have.
    #[error("{}: is larger than {FILE_SIZE_MAX_BYTES} bytes, which is the limit of one plan file", shown(.0))]
    TooLarge(PathBuf),
    /// Bytes that are not text.
    #[error("{}:{line}: is not UTF-8 text (byte {byte} of the file, counted from 1); save the file as UTF-8", shown(.path))]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line of the first bad byte, from 1.
        line: usize,
        /// Its position in the file, from 1.
        byte: usize,
    },
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// Reads a plan: one file, or the `*.yaml` and `*.yml` files of a folder in the order of their names.
///
/// # Errors
/// [`ReadError`], at the first file that cannot be read: a plan with a part missing is not a plan.
pub fn read(path: &Path) -> Result<Vec<Source>, ReadError> {
    let kind = fs::metadata(path).map_err(|error| from_io(path, error))?;
    if !kind.is_dir() {
        return Ok(vec![read_file(path)?]);
    }
    let files = files_of(path)?;
    if files.is_empty() {
        return Err(ReadError::EmptyFolder(path.to_owned()));
    }
    files.iter().map(|file| read_file(file)).collect()
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let mut files = Vec::new();
    for (count, entry) in fs::read_dir(folder).map_err(|error| from_io(folder, error))?.enumerate() {
        let path = entry.map_err(|error| from_io(folder, error))?.path();
        if is_plan_name(&path) && !path.is_dir() {
            files.push(path);
        }
        if files.len() > FILES_MAX || count >= FOLDER_ENTRIES_MAX {
            return Err(ReadError::TooManyFiles(folder.to_owned()));
        }
    }
    files.sort();
    Ok(files)
}

/// Whether a file of this name in a plan's folder is one of the plan.
#[must_use]
pub fn is_plan_name(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn read_file(path: &Path) -> Result<Source, ReadError> {
    // Asked before opening: opening a pipe waits for a writer that may never come.
    if !fs::metadata(path).map_err(|error| from_io(path, error))?.is_file() {
        return Err(ReadError::NotAFile(path.to_owned()));
    }
    let mut bytes = Vec::new();
    let limit = FILE_SIZE_MAX_BYTES as u64 + 1;
    let file = File::open(path).map_err(|error| from_io(path, error))?;
    file.take(limit).read_to_end(&mut bytes).map_err(|error| from_io(path, error))?;
    if bytes.len() > FILE_SIZE_MAX_BYTES {
        return Err(ReadError::TooLarge(path.to_owned()));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source { path: path.to_owned(), text }),
        Err(error) => Err(not_utf8(path, &error)),
    }
}

fn not_utf8(path: &Path, error: &std::string::FromUtf8Error) -> ReadError {
    let good = error.utf8_error().valid_up_to();
    let lines_before = String::from_utf8_lossy(&error.as_bytes()[..good]).matches('\n').count();
    ReadError::NotUtf8 { path: path.to_owned(), line: lines_before + 1, byte: good + 1 }
}

fn from_io(path: &Path, error: io::Error) -> ReadError {
    match error.kind() {
        io::ErrorKind::NotFound => ReadError::Missing(path.to_owned()),
        _ => ReadError::Unreadable { path: path.to_owned(), why: error },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(path: &Path) -> String {
        read(path).unwrap_err().to_string()
    }

    #[test]
    fn a_folder_is_read_in_name_order_without_hidden_files_and_folders() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.yml", "a.yaml", ".hidden.yaml", "notes.txt"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        fs::create_dir(folder.path().join("c.yaml")).unwrap();
        let texts: Vec<_> = read(folder.path()).unwrap().into_iter().map(|source| source.text).collect();
        assert_eq!(texts, ["a.yaml", "b.yml"]);
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert!(message(folder.path()).contains("no *.yaml or *.yml"));
        assert!(message(&at("none.yaml")).contains("no such file"));
        assert!(matches!(read(Path::new("/dev/null")), Err(ReadError::NotAFile(_))));
        fs::write(at("latin1.yaml"), b"a: 1\nb: \xe9\n").unwrap();
        let latin1 = message(&at("latin1.yaml"));
        assert!(latin1.contains("latin1.yaml:2:") && latin1.contains("byte 9"), "{latin1}");
        fs::write(at("big.yaml"), vec![b'#'; FILE_SIZE_MAX_BYTES + 1]).unwrap();
        assert!(matches!(read(&at("big.yaml")), Err(ReadError::TooLarge(_))));
        fs::write(at("fits.yaml"), vec![b'#'; FILE_SIZE_MAX_BYTES]).unwrap();
        assert!(read(&at("fits.yaml")).is_ok());
    }

    #[test]
    fn a_link_that_leads_nowhere_is_not_skipped() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.yaml"), "").unwrap();
        std::os::unix::fs::symlink("gone", folder.path().join("b.yaml")).unwrap();
        assert!(message(folder.path()).contains("b.yaml: there is no such file"));
    }

    #[test]
    fn a_folder_with_too_many_files_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..=FILES_MAX {
            fs::write(folder.path().join(format!("{number}.yaml")), "").unwrap();
        }
        assert!(matches!(read(folder.path()), Err(ReadError::TooManyFiles(_))));
    }
}
