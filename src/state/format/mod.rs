//! How the state is written, in all its versions: a frame with a checksum over the very bytes of its content.
//!
//! The frame never changes, so that every `jbr` can say of every state file whether it is whole and whether it can read it. What is in the frame
//! is one module a version; a new version adds one, and the old ones stay readable for ever.

mod v1;
mod v1_in;
mod v1_out;
mod words;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::State;
use crate::printable::printable;

/// The version that is written.
pub const FORMAT: u32 = 1;
/// No state is larger: a hundred runs of a thousand jobs fit in.
pub const SIZE_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Why bytes are no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Not what `jbr` wrote, or not all of it.
    #[error("{0}")]
    Damaged(String),
    /// What a later `jbr` wrote.
    #[error("it was written by a newer jbr (format {found}; this one reads up to {FORMAT})")]
    Newer {
        /// Its format.
        found: u32,
    },
}

#[derive(Serialize)]
struct FrameOut<'a> {
    format: u32,
    checksum: String,
    state: &'a RawValue,
}

#[derive(Deserialize)]
struct FrameIn<'a> {
    format: u32,
    checksum: String,
    #[serde(borrow)]
    state: &'a RawValue,
}

/// The only part of a frame that every version has.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

/// The bytes of a state. The same state always gives the same bytes.
///
/// # Errors
/// Never for a state that `jbr` made; the encoder's word where it could not.
pub fn encode(state: &State) -> Result<Vec<u8>, FormatError> {
    let failed = |error: serde_json::Error| FormatError::Damaged(format!("it cannot be encoded: {error}"));
    let content = serde_json::to_string_pretty(&v1::State::from(state)).map_err(failed)?;
    let checksum = checksum(&content);
    let content = RawValue::from_string(content).map_err(failed)?;
    let frame = FrameOut { format: FORMAT, checksum, state: &content };
    let mut bytes = serde_json::to_vec_pretty(&frame).map_err(failed)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The state of these bytes.
///
/// # Errors
/// [`FormatError`] for anything that is not, to the last bit, what some `jbr` wrote.
pub fn decode(bytes: &[u8]) -> Result<State, FormatError> {
    let damaged = |what: &str, error: serde_json::Error| {
        FormatError::Damaged(format!("{what} ({})", printable(&error.to_string())))
    };
    if bytes.iter().all(|byte| *byte == 0) {
        return Err(FormatError::Damaged(
            if bytes.is_empty() { "it is empty" } else { "it holds only zeros" }.to_owned(),
        ));
    }
    let version: Version =
        serde_json::from_slice(bytes).map_err(|error| damaged("it is no whole state file", error))?;
    if version.format > FORMAT {
        return Err(FormatError::Newer { found: version.format });
    }
    let frame: FrameIn = serde_json::from_slice(bytes).map_err(|error| damaged("it is no whole state file", error))?;
    if frame.format == 0 || checksum(frame.state.get()) != frame.checksum {
        return Err(FormatError::Damaged("its content does not fit its checksum".to_owned()));
    }
    let state: v1::State =
        serde_json::from_str(frame.state.get()).map_err(|error| damaged("its content cannot be understood", error))?;
    Ok(State::from(state))
}

fn checksum(content: &str) -> String {
    let digest = Sha256::digest(content.as_bytes());
    digest.iter().fold(String::from("sha256:"), |hex, byte| hex + &format!("{byte:02x}"))
}
