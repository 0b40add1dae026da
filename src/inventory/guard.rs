//! Which backups count: those that write to the guarded storage, and those of which nobody knows where they write.

use crate::jetbackup::facts::{Group, Job};
use crate::names::{DestinationId, JobId};

/// Whether a backup writes to the guarded storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Writes {
    /// It does: its job names the guarded destination, or every backup of its server is guarded.
    Surely,
    /// Nobody knows: its job is not listed, or lists no destination.
    Perhaps,
    /// It does not: its job lists other destinations only.
    Elsewhere,
}

impl Writes {
    /// Whether it counts as guarded. Unknown is not "elsewhere".
    #[must_use]
    pub fn counts(self) -> bool {
        self != Self::Elsewhere
    }
}

/// Where the backups of a job write, as its server lists it now. Without a declared destination every backup of the server is guarded.
#[must_use]
pub fn writes(destination: Option<&DestinationId>, job: Option<&JobId>, jobs: &[Job]) -> Writes {
    let Some(destination) = destination else { return Writes::Surely };
    match job.and_then(|job| jobs.iter().find(|known| known.id == *job)) {
        Some(known) if known.destinations.contains(destination) => Writes::Surely,
        Some(known) if !known.destinations.is_empty() => Writes::Elsewhere,
        Some(_) | None => Writes::Perhaps,
    }
}

/// Whether a group writes to the guarded destination, or could. Without a declared destination every backup of the server does.
#[must_use]
pub fn is_guarded(destination: Option<&DestinationId>, group: &Group, jobs: &[Job]) -> bool {
    writes(destination, group.job.as_ref(), jobs).counts()
}

/// Whether a job writes to a destination; one that is not listed, or lists none, might.
#[must_use]
pub fn writes_to(destination: &DestinationId, job: &JobId, jobs: &[Job]) -> bool {
    writes(Some(destination), Some(job), jobs).counts()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jetbackup::facts::GroupStatus;
    use crate::names::GroupId;

    fn job(id: &str, destinations: &[&str]) -> Job {
        Job {
            id: JobId::new(id).unwrap(),
            name: id.to_owned(),
            kind: 1,
            contains: None,
            destinations: destinations.iter().map(|id| DestinationId::new(*id).unwrap()).collect(),
            disabled: false,
            running: None,
            schedules: None,
            next_run: None,
        }
    }

    #[test]
    fn what_is_not_known_to_write_elsewhere_is_guarded() {
        let nas = DestinationId::new("nas").unwrap();
        let jobs = [job("a", &["nas"]), job("b", &["cloud"]), job("c", &["cloud", "nas"]), job("d", &[])];
        let check = |destination: Option<&DestinationId>, id: Option<&str>, expected: bool| {
            let group = Group {
                id: GroupId::new("g").unwrap(),
                job: id.map(|id| JobId::new(id).unwrap()),
                created: None,
                status: GroupStatus::Started,
                log: None,
                percent: None,
                execution_time: None,
            };
            assert_eq!(is_guarded(destination, &group, &jobs), expected, "{id:?}");
            let is_certain = destination.is_none() || matches!(id, Some("a" | "b" | "c"));
            assert_eq!(writes(destination, group.job.as_ref(), &jobs) != Writes::Perhaps, is_certain, "{id:?}");
        };
        check(Some(&nas), Some("a"), true);
        check(Some(&nas), Some("b"), false);
        check(Some(&nas), Some("c"), true);
        check(Some(&nas), Some("d"), true);
        check(Some(&nas), Some("not-listed".replace('-', "").as_str()), true);
        check(Some(&nas), None, true);
        check(None, Some("b"), true);
    }
}
