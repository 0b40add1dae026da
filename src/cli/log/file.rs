//! The log file: whole lines, appended; started anew when it is full, with so many earlier ones kept beside it.
//!
//! No crate that rotates by size fits: those that there are make files that everybody may read, print to stderr for each line that they
//! cannot write, and take it for granted that nobody else writes. Here only the process that holds `jbr`'s lock rotates, the others append.
//! Nothing here waits: a pipe that nobody reads is an error like a full disk.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::printable::printable;

/// What jbr was told is its user's business.
const MODE: u32 = 0o600;
/// Where nobody may rotate the file, or nobody can, it grows to this many times its size and no further.
const OVERGROWN: u64 = 2;

/// A log file that may be out of order.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: Option<File>,
    size_max_bytes: u64,
    keep: u32,
    may_rotate: bool,
    /// Lines that could not be written since one could.
    lost: u64,
    /// The last line is not whole.
    is_torn: bool,
    is_told: bool,
}

impl LogFile {
    /// A file of which nothing is opened yet.
    pub(super) fn new(path: PathBuf, size_max_bytes: u64, keep: u32) -> Self {
        // A link stays one: its target is rotated.
        let path = fs::canonicalize(&path).unwrap_or(path);
        Self { path, file: None, size_max_bytes, keep, may_rotate: false, lost: 0, is_torn: false, is_told: false }
    }

    /// This process holds the lock.
    pub(super) fn rotate_from_now_on(&mut self) {
        self.may_rotate = true;
    }

    /// Writes a line that has its end. What is wrong with the file, the first time.
    pub(super) fn write(&mut self, line: &str) -> Option<String> {
        let why = match self.append(line) {
            Ok(()) => return None,
            Err(why) => why,
        };
        self.lost = self.lost.saturating_add(1);
        if std::mem::replace(&mut self.is_told, true) {
            return None;
        }
        let path = printable(&self.path.to_string_lossy());
        Some(format!(
            "the log file {path} cannot be written: {why}. What follows may be missing in it; the command goes on"
        ))
    }

    fn append(&mut self, line: &str) -> Result<(), String> {
        let mut text = String::new();
        if self.is_torn {
            text.push('\n');
        }
        text.push_str(line);
        self.make_room(text.len() as u64)?;
        let file = self.opened().map_err(|why| why.to_string())?;
        // In one call, so that lines of two processes stay apart.
        let written = file.write(text.as_bytes()).map_err(|why| why.to_string())?;
        self.is_torn = written < text.len() && written > 0 || self.is_torn && written == 0;
        if written < text.len() { Err("no space is left for a whole line".to_owned()) } else { Ok(()) }
    }

    /// Opens the file if it is not, or if somebody has put it aside or removed it.
    fn opened(&mut self) -> io::Result<&mut File> {
        if self.file.as_ref().is_some_and(|file| !is_at(file, &self.path)) {
            self.file = None;
        }
        match &mut self.file {
            Some(_) => {}
            none => *none = Some(open(&self.path)?),
        }
        self.file.as_mut().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    /// Rotates if the file is full.
    fn make_room(&mut self, length: u64) -> Result<(), String> {
        let found = self.opened().and_then(|file| file.metadata()).map_err(|why| why.to_string())?;
        let grown = found.len().saturating_add(length);
        if !found.is_file() || found.len() == 0 || grown <= self.size_max_bytes {
            return Ok(());
        }
        let failed = if self.may_rotate {
            match self.rotate() {
                Ok(()) => return Ok(()),
                Err(why) => format!("it is full and cannot be put aside: {why}"),
            }
        } else {
            "it is full, and only `jbr apply` puts it aside".to_owned()
        };
        if grown <= self.size_max_bytes.saturating_mul(OVERGROWN) { Ok(()) } else { Err(failed) }
    }

    fn rotate(&mut self) -> io::Result<()> {
        let numbered = |number: u32| {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        };
        if self.keep == 0 {
            fs::remove_file(&self.path)?;
        } else {
            for number in (1..self.keep).rev() {
                rename(&numbered(number), &numbered(number + 1))?;
            }
            rename(&self.path, &numbered(1))?;
        }
        self.file = None;
        self.is_torn = false;
        Ok(())
    }
}

/// Whether this file still has this name.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

/// Renames a file, if it is there.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    File::options().append(true).create(true).mode(MODE).custom_flags(flags).open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn line(number: usize) -> String {
        format!("{number:>99}\n")
    }

    fn read(path: &Path, number: u32) -> String {
        let name = if number == 0 { path.to_owned() } else { path.with_extension(format!("log.{number}")) };
        fs::read_to_string(name).unwrap_or_default()
    }

    #[test]
    fn who_may_rotate_keeps_so_many_full_files_for_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jbr.log");
        let mut log = LogFile::new(path.clone(), 4096, 2);
        log.rotate_from_now_on();
        for number in 0..200 {
            assert_eq!(log.write(&line(number)), None);
        }
        // 40 lines a file: the last 120 are there, in their order.
        let all = read(&path, 2) + &read(&path, 1) + &read(&path, 0);
        assert_eq!(all, (80..200).map(line).collect::<String>());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 3);
        for entry in fs::read_dir(&folder).unwrap() {
            assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn who_may_not_appends_to_twice_the_size_and_says_once_that_no_more_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jbr.log");
        let mut log = LogFile::new(path.clone(), 4096, 2);
        let told: Vec<String> = (0..200).filter_map(|number| log.write(&line(number))).collect();
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("only `jbr apply` puts it aside"), "{told:?}");
        assert_eq!(read(&path, 0).len(), 8100);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn two_writers_of_one_file_take_no_line_from_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jbr.log");
        let mut keeper = LogFile::new(path.clone(), 4096, 5);
        keeper.rotate_from_now_on();
        let mut guest = LogFile::new(path.clone(), 4096, 5);
        for number in 0..100 {
            assert_eq!(keeper.write(&line(2 * number)), None);
            assert_eq!(guest.write(&line(2 * number + 1)), None);
        }
        let all: String = (0..=5).rev().map(|number| read(&path, number)).collect();
        let mut lines: Vec<usize> = all.lines().map(|line| line.trim().parse().unwrap()).collect();
        lines.sort_unstable();
        assert_eq!(lines, (0..200).collect::<Vec<_>>());
    }

    #[test]
    fn what_cannot_be_written_is_said_once_and_what_can_again_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("later").join("jbr.log");
        let mut log = LogFile::new(path.clone(), 4096, 5);
        let told = log.write(&line(1)).unwrap();
        assert!(told.contains("No such file"), "{told}");
        assert_eq!(log.write(&line(2)), None);
        fs::create_dir(path.parent().unwrap()).unwrap();
        assert_eq!(log.write(&line(3)), None);
        assert!(read(&path, 0).ends_with(&line(3)));
        // Somebody else's rotation: the file is made anew.
        fs::remove_file(&path).unwrap();
        assert_eq!(log.write(&line(4)), None);
        assert_eq!(read(&path, 0), line(4));
    }

    #[test]
    fn a_full_disk_and_a_pipe_that_nobody_reads_are_errors_and_not_waits() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
        for path in [Path::new("/dev/full"), &pipe, folder.path()] {
            let mut log = LogFile::new(path.to_owned(), 4096, 5);
            assert!(log.write(&line(1)).is_some(), "{}", path.display());
            assert_eq!(log.write(&line(2)), None);
        }
    }
}
