//! Texts that somebody has read and approved, each a file: a test writes the same text, or fails.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the texts of a test are: a folder beside it.
pub(crate) fn folder(test: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(test)
}

/// Whether the texts are written anew (`JBR_BLESS=1`), to be read before they are committed.
pub(crate) fn is_blessing() -> bool {
    std::env::var_os("JBR_BLESS").is_some()
}

/// The text is the one that was approved; without an approved one it is not.
#[track_caller]
pub(crate) fn check(test: &str, name: &str, actual: &str) {
    let path = folder(test).join(name);
    if is_blessing() {
        fs::write(&path, actual).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(expected, actual, "\n{} differs; JBR_BLESS=1 approves:\n{actual}", path.display());
}

/// Named once: a test binary uses a part of it.
const _: () = {
    _ = (folder, is_blessing, check);
};
