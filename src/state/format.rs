//! HOW THE STATE IS WRITTEN: one JSON object, in all its versions. `docs/state.md` names every key.
//!
//! The file is `{ "format": 1, "checksum": "sha256:…", "state": {…} }`. The checksum is taken over the very bytes of the value of
//! `state`, so a flipped bit, a cut end or a zeroed block is noticed before anything is believed. serde stays in this room.

mod v1;
mod words;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::State;
use crate::printable::printable;

/// The format that is written, and the newest that is read.
pub const FORMAT: u64 = 1;

/// The largest file that is read or written. A hundred runs of a hundred jobs take 4 MiB.
pub const FILE_SIZE_MAX_BYTES: usize = 64 * 1024 * 1024;

/// What the checksum is, before its colon.
const CHECKSUM_NAME: &str = "sha256";

/// Why bytes are not a state, or a state cannot be bytes. Fragments for a person, already printable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Nothing at all.
    #[error("it is empty")]
    Empty,
    /// What a file system leaves of a file after a loss of power at times.
    #[error("it holds nothing but zeros")]
    Zeros,
    /// More than [`FILE_SIZE_MAX_BYTES`].
    #[error("it has more than {} MiB", FILE_SIZE_MAX_BYTES / 1024 / 1024)]
    TooLarge,
    /// Cut off, overwritten, or never a state.
    #[error("it is not a state file: {0}")]
    NotAState(String),
    /// Written by a later `jbr`, whose meaning this one cannot know.
    #[error("it was written by a newer jbr (format {found}); this one reads up to {FORMAT}")]
    Newer {
        /// The format that it names.
        found: u64,
    },
    /// No `jbr` has ever written this format.
    #[error("it names format {0}, which never existed")]
    NoSuchFormat(u64),
    /// The content is not what was written.
    #[error("its checksum does not match: the content was changed, or the disk has lost a part of it")]
    Checksum,
    /// Whole, and yet not what its format says.
    #[error("its content is not that of format {FORMAT}: {0}")]
    Content(String),
    /// The state holds something that could be written but not read again. A bug, noticed before the file is touched.
    #[error("the state could not be read again once written (a bug of jbr; nothing was written): {0}")]
    NotReversible(String),
}

/// The outermost object.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    format: u64,
    checksum: String,
    #[serde(borrow)]
    state: &'a RawValue,
}

/// The only key that every format has.
#[derive(Deserialize)]
struct Probe {
    format: u64,
}

/// The state as bytes. The same state is always the same bytes.
///
/// # Errors
/// [`FormatError::TooLarge`], or [`FormatError::NotReversible`] where [`decode`] would not give the same state back: what cannot be read
/// again is never written.
pub fn encode(state: &State) -> Result<Vec<u8>, FormatError> {
    let not_reversible = |error: serde_json::Error| FormatError::NotReversible(printable(&error.to_string()));
    let pretty = serde_json::to_string_pretty(&v1::State::from(state)).map_err(not_reversible)?;
    // A line break inside a string is written as `\n`, so each real one is layout.
    let indented = RawValue::from_string(pretty.replace('\n', "\n  ")).map_err(not_reversible)?;
    let envelope = Envelope { format: FORMAT, checksum: checksum(indented.get()), state: &indented };
    let mut bytes = serde_json::to_vec_pretty(&envelope).map_err(not_reversible)?;
    bytes.push(b'\n');
    match decode(&bytes) {
        Ok(again) if again == *state => Ok(bytes),
        Ok(_) => Err(FormatError::NotReversible("it reads as another one".to_owned())),
        Err(FormatError::TooLarge) => Err(FormatError::TooLarge),
        Err(error) => Err(FormatError::NotReversible(error.to_string())),
    }
}

/// The state that these bytes are.
///
/// # Errors
/// Every [`FormatError`] but [`FormatError::NotReversible`]: a file is understood whole, or not at all.
pub fn decode(bytes: &[u8]) -> Result<State, FormatError> {
    if bytes.is_empty() {
        return Err(FormatError::Empty);
    }
    if bytes.iter().all(|byte| *byte == 0) {
        return Err(FormatError::Zeros);
    }
    if bytes.len() > FILE_SIZE_MAX_BYTES {
        return Err(FormatError::TooLarge);
    }
    let not_a_state = |error: serde_json::Error| FormatError::NotAState(printable(&error.to_string()));
    // First the number alone: what else a later format holds is not ours to judge.
    match serde_json::from_slice::<Probe>(bytes).map_err(not_a_state)?.format {
        0 => return Err(FormatError::NoSuchFormat(0)),
        FORMAT => {}
        found => return Err(FormatError::Newer { found }),
    }
    let envelope: Envelope = serde_json::from_slice(bytes).map_err(not_a_state)?;
    if envelope.checksum != checksum(envelope.state.get()) {
        return Err(FormatError::Checksum);
    }
    let state: v1::State = serde_json::from_str(envelope.state.get())
        .map_err(|error| FormatError::Content(printable(&error.to_string())))?;
    Ok(state.into())
}

fn checksum(text: &str) -> String {
    let mut out = format!("{CHECKSUM_NAME}:");
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(out, "{byte:02x}");
    }
    out
}
