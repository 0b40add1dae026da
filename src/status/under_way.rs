//! A backup that is under way: since when, how far, and whose.

use crate::clock::{Timestamp, earlier};
use crate::desired::Server;
use crate::execute::journal::Phase;
use crate::inventory::guard::{Writes, writes};
use crate::jetbackup::facts::{Group, GroupStatus, Job};
use crate::names::{GroupId, JobId, ServerName};
use crate::seen::Seen;
use crate::state::State;

/// A backup that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderWay {
    /// JetBackup's record of it.
    pub group: GroupId,
    /// Its job; `None` where the server does not say it.
    pub job: Option<JobId>,
    /// JetBackup's name of the job, printable, where it is known.
    pub name: Option<String>,
    /// How far it is.
    pub status: GroupStatus,
    /// Since when it runs, or waits in JetBackup's own queue; `None` where nobody says.
    pub since: Option<Timestamp>,
    /// Percent done, where the server says.
    pub percent: Option<u8>,
    /// Who started it.
    pub whose: Whose,
    /// Whether it writes to the guarded storage.
    pub writes: Writes,
}

/// Who started a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The run that has not ended: it triggered it, or has adopted it.
    Run,
    /// Somebody else: JetBackup's own schedule, or a person. A run that has it in its queue adopts it.
    Foreign,
}

/// What is known of an unfinished group.
#[must_use]
pub fn under_way(server: &Server, group: &Group, jobs: &Seen<Vec<Job>>, state: &State, now: Timestamp) -> UnderWay {
    let jobs = match jobs {
        Seen::Known(jobs) => jobs.as_slice(),
        Seen::Unknown(_) => &[],
    };
    let guard = server.destination.as_ref().map(|destination| &destination.id);
    let live = jobs.iter().find(|live| group.job.as_ref() == Some(&live.id));
    let (whose, remembered) = whose(&server.name, group, state);
    UnderWay {
        group: group.id.clone(),
        job: group.job.clone(),
        name: live.map(|live| live.name.clone()),
        status: group.status,
        since: remembered.or_else(|| since(group, now)),
        percent: group.percent,
        whose,
        writes: writes(guard, group.job.as_ref(), jobs),
    }
}

/// How long it has run is a duration, which no wrong clock changes; when it was made is by the server's.
fn since(group: &Group, now: Timestamp) -> Option<Timestamp> {
    let ran = group.execution_time.filter(|ran| !ran.is_zero()).map(|ran| earlier(now, ran));
    ran.or(group.created).map(|since| since.min(now))
}

/// Whose it is, and since when it runs as far as the run knows.
fn whose(server: &ServerName, group: &Group, state: &State) -> (Whose, Option<Timestamp>) {
    let Some(run) = &state.run else { return (Whose::Foreign, None) };
    for item in run.queue.items.iter().filter(|item| item.address.server == *server) {
        let is_of_item = group.job.as_ref() == Some(&item.id);
        let since = match run.journal.phase(&item.address) {
            Phase::Running(running) if running.group == group.id => running.since,
            Phase::Confirming(confirming) if confirming.running.group == group.id => confirming.running.since,
            // The trigger's own group, not seen by the run yet.
            Phase::Triggered(triggered) if is_of_item && !triggered.baseline.groups.contains(&group.id) => triggered.at,
            // Over since the server was asked.
            Phase::Done(outcome) if outcome.group.as_ref() == Some(&group.id) => {
                return (Whose::Run, outcome.started);
            }
            _ => continue,
        };
        return (Whose::Run, Some(since));
    }
    (Whose::Foreign, None)
}
