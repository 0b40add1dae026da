//! A saved plan: what somebody looked at and approved. It is run as it is, or refused with the difference.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::args::Selection;
use super::error::CliError;
use crate::desired::{Desired, Job, Retry, Server};
use crate::diff::Decision;
use crate::proposal::{Beginning, Proposal};
use crate::queue::Item;
use crate::state::State;
use crate::window::Window;

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

/// The lines that are in only one of two lists, marked `-` and `+`.
fn changed_lines(then: &[String], now: &[String]) -> Vec<String> {
    let (then, now) = (then.join("\n"), now.join("\n"));
    let diff = similar::TextDiff::from_lines(&then, &now);
    let changed = diff.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal);
    changed
        .map(|change| format!("{}{}", change.tag(), crate::printable::printable(change.value().trim_end())))
        .collect()
}

/// Everything that was approved, a line each: where, what, in which order, within which limits.
fn content(desired: &Desired, proposal: &Proposal) -> Vec<String> {
    let beginning = match &proposal.beginning {
        Beginning::Fresh => "a new run".to_owned(),
        Beginning::Resume(old) => format!("goes on with the run {}", old.id),
        Beginning::StartOver { old, .. } => format!("closes the run {} and starts over", old.id),
    };
    let queue = &proposal.queue;
    let run = format!(
        "poll {:?}, pace {:?}, unreachable_wait {:?}, partial {:?}",
        queue.poll, queue.pace, queue.unreachable_wait, desired.run.partial
    );
    let servers = desired.servers.iter().map(server_line);
    let windows = desired.jobs.iter().flat_map(|job| job.windows.iter().map(|window| window_line(job, window)));
    let items = queue.items.iter().filter(|item| proposal.journal.outcome(&item.address).is_none()).map(item_line);
    let decisions = proposal.diff.decisions.iter().map(decision_line);
    [beginning, run].into_iter().chain(servers).chain(windows).chain(items).chain(decisions).collect()
}

fn server_line(server: &Server) -> String {
    let guard = match &server.destination {
        None => "every destination".to_owned(),
        Some(destination) if destination.keep_closed => format!("destination {} kept closed", destination.id),
        Some(destination) => format!("destination {}", destination.id),
    };
    let Server { name, user, host, port, .. } = server;
    let key = server.key.as_ref().map_or("the agent's".to_owned(), |file| file.display().to_string());
    format!(
        "server {name}: {user}@{host}:{port}, {guard}, key {key}, host key {:?} by {}, connect_timeout {:?}, command_timeout {:?}",
        server.host_key,
        server.known_hosts.display(),
        server.connect_timeout,
        server.command_timeout
    )
}

/// What a window says, and not whether it is open: that changes by itself, and what was approved is to start whenever it opens. Its words
/// leave out some of its exceptions, its digest leaves out nothing.
fn window_line(job: &Job, window: &Window) -> String {
    let digest = Sha256::digest(format!("{window:?}"));
    let digest = digest.iter().take(4).fold(0_u32, |digest, byte| digest << 8 | u32::from(*byte));
    format!("{} in window {window} ({digest:08x})", job.address)
}

fn item_line(item: &Item) -> String {
    let gates: Vec<String> = item.gates.iter().map(ToString::to_string).collect();
    let after: Vec<String> = item.after.iter().map(|after| format!("{} {:?}", after.job, after.when)).collect();
    let after = if after.is_empty() { String::new() } else { format!(", after [{}]", after.join(", ")) };
    let fits = item.fits.map_or("", |_| ", in a window that holds it");
    let window = item.openings.as_ref().map_or("", |_| ", in a window");
    let retry = if item.retry == Retry::NEVER { String::new() } else { format!(", {:?}", item.retry) };
    format!(
        "run {} {}: timeout {:?} ({:?}), start_timeout {:?}, opens [{}]{after}{window}{fits}{retry}",
        item.address,
        item.id,
        item.timeout,
        item.on_timeout,
        item.start_timeout,
        gates.join(", ")
    )
}

/// A decision without how far a running backup is: that changes by itself.
fn decision_line(decision: &Decision) -> String {
    format!("{} {}", decision.verdict.symbol(), decision.address)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::{Timestamp, later};
    use crate::desired::{After, OnTimeout, When};
    use crate::inventory::{Inventory, ServerView};
    use crate::jetbackup::facts::{self, Log, LogStatus};
    use crate::plan::{self, Source};
    use crate::proposal::{Request, propose};
    use crate::seen::{Seen, Why};

    const JOB: &str = "aaaaaaaaaaaaaaaaaaaaaaaa";

    /// What would be saved of a plan with one job, so many minutes after its last good backup.
    fn saved(job: &str, windows: &str, minutes: u32) -> Vec<String> {
        let text = format!(
            "version: 1\nservers: {{ a: {{ host: a.example.com }} }}\nwindows: {{ w: {windows} }}\njobs: [{{ name: x, server: a, id: {JOB}{job} }}]\n"
        );
        let desired = plan::load(&[Source { path: "plan.yaml".into(), text }]).unwrap();
        let ended: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
        let log = Log {
            id: "c".parse().unwrap(),
            job: JOB.parse().ok(),
            started: Some(ended),
            ended: Some(ended),
            status: LogStatus::Completed,
        };
        let live = facts::Job {
            id: JOB.parse().unwrap(),
            name: "x".to_owned(),
            kind: 1,
            contains: None,
            destinations: vec![],
            disabled: false,
            running: None,
            schedules: Some(0),
            next_run: None,
        };
        let view = ServerView {
            server: "a".parse().unwrap(),
            version: None,
            jobs: Seen::Known(vec![live]),
            groups: Seen::Known(vec![]),
            logs: [(JOB.parse().unwrap(), Seen::Known(vec![log]))].into(),
            destinations: Seen::Known(vec![]),
            forks: Seen::Known(Some(1)),
            gate: Seen::Unknown(Why::new("not asked")),
        };
        let request = Request { is_asked_for: &|_| true, fresh: false };
        let now = later(ended, Duration::from_secs(60) * minutes);
        let inventory = Inventory { servers: vec![view] };
        let proposal = propose(&desired, &inventory, &State::new("saved".to_owned()), &request, now);
        content(&desired, &proposal)
    }

    #[test]
    fn a_job_that_becomes_due_makes_a_saved_plan_stale_and_time_alone_does_not() {
        let at = |minutes| saved(", every: 1h", "{ from: 08:00, to: 10:00, timezone: UTC }", minutes);
        assert_eq!(at(0), at(59));
        let changes = changed_lines(&at(0), &at(60));
        assert!(changes.contains(&"-· a/x".to_owned()) && changes.contains(&"+> a/x".to_owned()), "{changes:?}");
        assert!(changes.iter().any(|change| change.starts_with("+run a/x ")), "{changes:?}");
    }

    /// What was approved in the afternoon is to start at night.
    #[test]
    fn a_window_that_opens_changes_nothing_and_one_that_is_another_does() {
        let window = "{ from: 08:00, to: 10:00, timezone: UTC, except: [{ dates: [2026-12-01, 2026-12-02, 2026-12-03, 2026-12-04, 2026-12-05] }] }";
        let at = |minutes| saved(", window: w", window, minutes);
        assert_eq!(at(0), at(7 * 60), "open");
        assert_eq!(at(0), at(9 * 60), "closed again");
        for (from, to) in [("10:00", "11:00"), ("UTC", "Europe/Madrid"), ("2026-12-04", "2026-12-24")] {
            assert_ne!(at(0), saved(", window: w", &window.replace(from, to), 0), "{to}");
        }
    }

    #[test]
    fn what_an_item_waits_for_is_a_part_of_what_was_approved() {
        let after = |when| vec![After { job: "a/first".parse().unwrap(), when }];
        let item = |after: Vec<After>| Item {
            address: "a/x".parse().unwrap(),
            id: "a".parse().unwrap(),
            timeout: Duration::from_secs(1),
            start_timeout: Duration::from_secs(1),
            settle: Duration::from_secs(1),
            on_timeout: OnTimeout::Hold,
            gates: Vec::new(),
            after,
            openings: None,
            fits: None,
            retry: Retry::NEVER,
            usual: None,
        };
        let lines = [Vec::new(), after(When::Success), after(When::Finished)].map(|after| item_line(&item(after)));
        assert!(lines[1].ends_with("opens [], after [a/first Success]"), "{lines:?}");
        assert_eq!(lines.iter().collect::<std::collections::BTreeSet<_>>().len(), 3, "{lines:?}");
    }
}
