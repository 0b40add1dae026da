//! Why a state cannot be had or kept, and the way back.

use std::io;
use std::path::{Path, PathBuf};

use super::Version;
use super::generation::{Generation, files};
use crate::state::format::{FORMAT, FormatError};
use crate::state::mend::{mend, quoted, shown};

/// Why a state cannot be had or kept. Each says what, where, and how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is there and cannot be believed.
    #[error("the state {} is damaged: {what}. Nothing was changed. {}", shown(.path), way_back(.path, .newest.as_ref()))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: FormatError,
        /// The newest earlier generation that is whole.
        newest: Option<Generation>,
    },
    /// The file is gone, but its earlier generations are there: this is not a first start.
    #[error(
        "the state {} is gone, though earlier generations of it are there: it was removed. {}",
        shown(.path), way_back(.path, .newest.as_ref())
    )]
    Missing {
        /// The file.
        path: PathBuf,
        /// The newest earlier generation that is whole.
        newest: Option<Generation>,
    },
    /// Written by a later `jbr`.
    #[error(
        "the state {} was written by a newer jbr (format {found}); this one reads up to {FORMAT}: install that jbr again. \
         Nothing was changed",
        shown(.path)
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
    },
    /// Something else has the file's name.
    #[error("the state {} is not a file: name a file with --state", shown(.0))]
    NotAFile(PathBuf),
    /// Another version is there than the one that was read.
    #[error(
        "the state was changed by somebody else: expected {}, found {}. Nothing was stored; run the command again",
        version(.expected.as_ref()), version(.found.as_ref())
    )]
    Conflict {
        /// What was read.
        expected: Option<Version>,
        /// What is there.
        found: Option<Version>,
    },
    /// The new state does not follow the old one. A bug of `jbr`.
    #[error("{next} does not follow {} (a bug of jbr; nothing was stored)", version(.expected.as_ref()))]
    NotTheNext {
        /// What was to be replaced.
        expected: Option<Version>,
        /// What was to replace it.
        next: Version,
    },
    /// A journal without a run. A bug of `jbr`.
    #[error("there is no run in progress to keep a journal of (a bug of jbr; nothing was stored)")]
    NoRun,
    /// A write without the lock. A bug of `jbr`.
    #[error("{} is not locked by this process (a bug of jbr; nothing was stored)", shown(.0))]
    NotLocked(PathBuf),
    /// The lock's file was removed while the lock was held.
    #[error(
        "the lock of {} was removed under this process, so another jbr may be writing. Nothing was stored; \
         `jbr plan` says who runs; start again after that",
        shown(.0)
    )]
    LockLost(PathBuf),
    /// The state cannot be written as bytes.
    #[error("the state {} cannot be written: {source}", shown(.path))]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: FormatError,
    },
    /// The operating system refuses.
    #[error("cannot {doing} {}: {}", shown(.path), mend(.source))]
    Io {
        /// What was to be done.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// What it says.
        source: io::Error,
    },
}

fn version(version: Option<&Version>) -> String {
    version.map_or_else(|| "no state".to_owned(), ToString::to_string)
}

/// The commands, and what they mean.
fn way_back(path: &Path, newest: Option<&Generation>) -> String {
    let back = match newest {
        Some(Generation { path: from, serial, written }) => format!(
            "The newest earlier generation that is whole is {} (serial {serial}, written {}). To go back to it: cp {} {}. \
             What ended since then may run once more, and what was opened since then (`keep:`) is not remembered as open",
            shown(from),
            written.format("%Y-%m-%dT%H:%M:%SZ"),
            quoted(from),
            quoted(path),
        ),
        None => "No earlier generation of it is whole".to_owned(),
    };
    let files: Vec<String> = std::iter::once(path.to_owned()).chain(files(path)).map(|file| quoted(&file)).collect();
    format!(
        "{back}. To start over with nothing remembered: rm -f {}; then see for yourself that nothing with `keep:` was \
         left open. Either way a backup that runs is still found: jbr looks at every server before it starts anything",
        files.join(" ")
    )
}
