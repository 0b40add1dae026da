//! A saved plan: what somebody looked at and approved. It is run as it is, or refused with the difference.

mod content;

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::CliError;
use super::select::Selection;
use crate::desired::Desired;
use crate::proposal::Proposal;
use crate::state::State;
use content::{changed_lines, content};

/// The only format so far.
const FORMAT: u32 = 1;
/// No saved plan is larger.
const SIZE_MAX_BYTES: u64 = 4 * 1024 * 1024;

/// A saved plan, as it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPlan {
    #[serde(rename = "jbr_saved_plan")]
    format: u32,
    plan: PathBuf,
    servers: Vec<String>,
    jobs: Vec<String>,
    fresh: bool,
    state_lineage: String,
    state_serial: u64,
    content: Vec<String>,
}

impl SavedPlan {
    /// What would be saved of a proposal; the plan's path is made absolute, so that it can be applied from anywhere.
    ///
    /// # Errors
    /// Where the path cannot be made absolute.
    pub(super) fn new(
        plan: &Path,
        desired: &Desired,
        proposal: &Proposal,
        state: &State,
        selection: &Selection,
        fresh: bool,
    ) -> Result<Self, CliError> {
        let system = |why| CliError::System { what: "the plan's path cannot be resolved", why };
        Ok(Self {
            format: FORMAT,
            plan: fs::canonicalize(plan).map_err(system)?,
            servers: selection.servers.iter().map(ToString::to_string).collect(),
            jobs: selection.jobs.iter().map(ToString::to_string).collect(),
            fresh,
            state_lineage: state.lineage.clone(),
            state_serial: state.serial,
            content: content(desired, proposal),
        })
    }

    /// Where the plan is that it was made from.
    pub(super) fn plan_path(&self) -> &Path {
        &self.plan
    }

    /// Whether it closes an interrupted run.
    pub(super) fn fresh(&self) -> bool {
        self.fresh
    }

    /// The selection that it was made with.
    ///
    /// # Errors
    /// Where it holds a name that is none.
    pub(super) fn selection(&self, path: &Path) -> Result<Selection, CliError> {
        let bad = |error: crate::names::NameError| unusable(path, error.to_string());
        Ok(Selection {
            servers: self.servers.iter().map(|name| name.parse()).collect::<Result<_, _>>().map_err(bad)?,
            jobs: self.jobs.iter().map(|name| name.parse()).collect::<Result<_, _>>().map_err(bad)?,
        })
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// Where the file cannot be written, or is something else than a saved plan.
    pub(super) fn write(&self, path: &Path) -> Result<(), CliError> {
        let failed = |why: std::io::Error| unusable(path, format!("it cannot be written: {why}"));
        refuse_to_replace(path)?;
        let text = self.to_json().map_err(|error| failed(error.into()))?;
        let mut file = tempfile::NamedTempFile::new_in(folder_of(path)).map_err(failed)?;
        writeln!(file, "{text}").and_then(|()| file.as_file().sync_all()).map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// Reads one.
    ///
    /// # Errors
    /// Where it cannot be read, is none, or is of a newer format.
    pub(super) fn read(path: &Path) -> Result<Self, CliError> {
        let failed = |why: std::io::Error| unusable(path, format!("it cannot be read: {why}"));
        if !fs::metadata(path).map_err(failed)?.is_file() {
            // A pipe would be waited for without end.
            return Err(unusable(path, "it is no regular file, so it is no saved plan".to_owned()));
        }
        let file = fs::File::open(path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.take(SIZE_MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > SIZE_MAX_BYTES {
            return Err(unusable(path, format!("it is larger than {SIZE_MAX_BYTES} bytes, so it is no saved plan")));
        }
        Self::from_bytes(&bytes).map_err(|what| unusable(path, what))
    }

    /// The saved plan that these bytes are.
    ///
    /// # Errors
    /// Why they are none, printable.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let format = serde_json::from_slice::<serde_json::Value>(bytes).ok();
        let format = format.as_ref().and_then(|value| value.get("jbr_saved_plan")).and_then(serde_json::Value::as_u64);
        match format {
            None => Err("it is not a plan saved by `jbr plan --out`".to_owned()),
            Some(format) if format > u64::from(FORMAT) => {
                Err(format!("it was saved by a newer jbr (format {format}; this one reads up to {FORMAT})"))
            }
            Some(format) if format < u64::from(FORMAT) => Err(format!("it names format {format}, which never existed")),
            Some(_) => serde_json::from_slice(bytes).map_err(|error| {
                // Its words name keys of the file, which can hold anything.
                format!("it is damaged: {}", crate::printable::printable(&error.to_string()))
            }),
        }
    }

    /// The bytes that it is saved as, without the line break at their end.
    ///
    /// # Errors
    /// Where its plan's path is not UTF-8.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    /// Refuses to run anything but what was approved.
    ///
    /// # Errors
    /// [`CliError::Stale`] with what has changed.
    pub(super) fn refuse_if_stale(
        &self,
        path: &Path,
        desired: &Desired,
        proposal: &Proposal,
        state: &State,
    ) -> Result<(), CliError> {
        let mut changes: Vec<String> = self.state_change(state).into_iter().collect();
        changes.extend(changed_lines(&self.content, &content(desired, proposal)));
        if changes.is_empty() { Ok(()) } else { Err(CliError::Stale { path: path.to_owned(), changes }) }
    }

    /// What has become of the state, if anything. One that was never written has no lineage yet that could differ.
    fn state_change(&self, state: &State) -> Option<String> {
        let (then, now) = (self.state_serial, state.serial);
        if then != now {
            Some(format!("the state has changed: it was written {then} times then, and {now} times by now"))
        } else if now > 0 && self.state_lineage != state.lineage {
            Some("the state is another one than the plan was made from".to_owned())
        } else {
            None
        }
    }
}

/// Refuses to replace anything but an earlier saved plan or an empty file: `--out` with the plan's own path, or with a device as root,
/// would destroy it. A link is refused too, for it would be replaced and not followed.
///
/// # Errors
/// Where something else is there, or the folder is not.
pub(super) fn refuse_to_replace(path: &Path) -> Result<(), CliError> {
    let refused =
        |what: &str| Err(unusable(path, format!("{what}; name another file with `--out`, nothing was saved")));
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let folder = folder_of(path);
            return if folder.is_dir() { Ok(()) } else { refused("the folder that it would be in does not exist") };
        }
        Err(error) => return refused(&format!("it cannot be looked at: {error}")),
    };
    if found.is_dir() {
        return refused("it is a folder");
    }
    if !found.is_file() {
        return refused("it is no regular file");
    }
    if found.len() == 0 || SavedPlan::read(path).is_ok() {
        return Ok(());
    }
    refused("it is there already and is no saved plan, so it is not replaced")
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn unusable(path: &Path, what: String) -> CliError {
    CliError::SavedPlan { path: path.to_owned(), what }
}
