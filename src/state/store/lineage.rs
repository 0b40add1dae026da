//! A name for a new state that no other state has.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::StoreError;

const RANDOM: &str = "/dev/urandom";

/// 32 random hexadecimal digits from the operating system.
///
/// # Errors
/// [`StoreError::Io`] where it gives none; nothing weaker is taken instead.
pub fn new_lineage() -> Result<String, StoreError> {
    let mut bytes = [0; 16];
    let read = File::open(RANDOM).and_then(|mut random| random.read_exact(&mut bytes));
    read.map_err(|source| StoreError::Io { doing: "read", path: Path::new(RANDOM).to_owned(), source })?;
    let mut lineage = String::new();
    for byte in bytes {
        let _ = write!(lineage, "{byte:02x}");
    }
    Ok(lineage)
}
