//! Which backups count: those that write to the guarded storage, and those of which nobody knows where they write.

use crate::jetbackup::facts::{Group, Job};
use crate::names::{DestinationId, JobId};

/// Whether a group writes to the guarded destination, or could. Without a declared destination every backup of the server does.
#[must_use]
pub fn is_guarded(destination: Option<&DestinationId>, group: &Group, jobs: &[Job]) -> bool {
    let Some(destination) = destination else { return true };
    group.job.as_ref().is_none_or(|job| writes_to(destination, job, jobs))
}

/// Whether a job writes to a destination; one that is not listed, or lists none, might.
#[must_use]
pub fn writes_to(destination: &DestinationId, job: &JobId, jobs: &[Job]) -> bool {
    jobs.iter()
        .find(|known| known.id == *job)
        .is_none_or(|known| known.destinations.is_empty() || known.destinations.contains(destination))
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
