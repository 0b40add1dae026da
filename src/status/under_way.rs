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
    /// Its job; `None` where neither the server says it nor the run that has not ended.
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
    /// Nobody can say: the state could not be read, or the group names no job while the run waits for one that its trigger makes.
    Unknown,
}

/// What is known of an unfinished group.
#[must_use]
pub fn under_way(
    server: &Server,
    group: &Group,
    jobs: &Seen<Vec<Job>>,
    state: &Seen<State>,
    now: Timestamp,
) -> UnderWay {
    let jobs = match jobs {
        Seen::Known(jobs) => jobs.as_slice(),
        Seen::Unknown(_) => &[],
    };
    let guard = server.destination.as_ref().map(|destination| &destination.id);
    let owner = owner(&server.name, group, state);
    let job = group.job.clone().or(owner.job);
    let live = jobs.iter().find(|live| job.as_ref() == Some(&live.id));
    UnderWay {
        group: group.id.clone(),
        name: live.map(|live| live.name.clone()),
        status: group.status,
        since: owner.since.or_else(|| since(group, now)),
        percent: group.percent,
        whose: owner.whose,
        writes: writes(guard, job.as_ref(), jobs),
        job,
    }
}

/// How long it has run is a duration, which no wrong clock changes; when it was made is by the server's.
fn since(group: &Group, now: Timestamp) -> Option<Timestamp> {
    let ran = group.execution_time.filter(|ran| !ran.is_zero()).map(|ran| earlier(now, ran));
    ran.or(group.created).map(|since| since.min(now))
}

/// Whose a backup is; and of which job, and since when it runs, as far as the run knows.
struct Owner {
    whose: Whose,
    job: Option<JobId>,
    since: Option<Timestamp>,
}

fn owner(server: &ServerName, group: &Group, state: &Seen<State>) -> Owner {
    let nobody = |whose| Owner { whose, job: None, since: None };
    let Seen::Known(state) = state else { return nobody(Whose::Unknown) };
    let Some(run) = &state.run else { return nobody(Whose::Foreign) };
    for item in run.queue.items.iter().filter(|item| item.address.server == *server) {
        let is_of_item = group.job.as_ref() == Some(&item.id);
        let since = match run.journal.phase(&item.address) {
            Phase::Running(running) if running.group == group.id => Some(running.since),
            Phase::Confirming(confirming) if confirming.running.group == group.id => Some(confirming.running.since),
            // The trigger's own group, not seen by the run yet.
            Phase::Triggered(triggered) if is_of_item && !triggered.baseline.groups.contains(&group.id) => {
                Some(triggered.at)
            }
            // Over since the server was asked.
            Phase::Done(outcome) if outcome.group.as_ref() == Some(&group.id) => outcome.started,
            _ => continue,
        };
        return Owner { whose: Whose::Run, job: Some(item.id.clone()), since };
    }
    let mut items = run.queue.items.iter().filter(|item| item.address.server == *server);
    let may_be_triggered = group.job.is_none()
        && items.any(|item| match run.journal.phase(&item.address) {
            Phase::Triggered(triggered) => !triggered.baseline.groups.contains(&group.id),
            _ => false,
        });
    nobody(if may_be_triggered { Whose::Unknown } else { Whose::Foreign })
}
