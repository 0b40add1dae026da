//! What to do about what the operating system says.

use std::io::{Error, ErrorKind};
use std::path::Path;

use crate::printable::{PRINTABLE_LENGTH_MAX, printable};

/// The error, and what mends it.
pub(super) fn mend(error: &Error) -> String {
    let way = match error.kind() {
        ErrorKind::PermissionDenied => "run jbr as the user who owns the state, usually root",
        ErrorKind::ReadOnlyFilesystem => {
            "its file system is mounted read-only, which an SD card does when it fails: see dmesg, then mount it writable"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free some space there; the state is as it was",
        ErrorKind::NotFound => "make its folder first (mkdir -p -m 700), or name another place with --state",
        ErrorKind::NotADirectory | ErrorKind::IsADirectory => "name a file in an existing folder with --state",
        _ if is_loop(error) => "its symbolic links lead in a circle: name the file itself with --state",
        ErrorKind::InvalidFilename => "name a shorter file with --state",
        _ => "see dmesg for trouble with its disk",
    };
    format!("{}: {way}", printable(&error.to_string()))
}

/// Whether symbolic links lead in a circle; the standard library has no stable name for it.
fn is_loop(error: &Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

/// A path as a person can read it.
pub(super) fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// A path as a shell takes it, for a command that a person can copy.
pub(super) fn quoted(path: &Path) -> String {
    let text = shown(path);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,@:".contains(c);
    if text.chars().all(is_plain) && text.len() <= PRINTABLE_LENGTH_MAX {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_can_be_copied() {
        for (path, expected) in [
            ("/var/lib/jbr/state.json", "/var/lib/jbr/state.json"),
            ("/srv/my state.json", "'/srv/my state.json'"),
            ("it's", r"'it'\''s'"),
            ("$(id)", "'$(id)'"),
        ] {
            assert_eq!(quoted(Path::new(path)), expected);
        }
    }
}
