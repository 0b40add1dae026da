//! `jbr schema`: the plan's keys for an editor.

use super::error::CliError;
use super::{Exit, Output};
use crate::plan::schema;

/// Prints the JSON Schema of a plan file.
pub(super) fn schema(output: &Output) -> Result<Exit, CliError> {
    // Indented: it is looked at, and kept in git beside the plan.
    output.result(&format!("{:#}", schema::schema()))?;
    Ok(Exit::Success)
}
