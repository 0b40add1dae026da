//! What a job backs up, in the plan's words.

use crate::desired::JobKind;
use crate::jetbackup::facts::Job;

/// JetBackup's bits for what an account backup contains: 4 databases, 128 database users.
const CONTAINS_DATABASES: i64 = 4 | 128;

/// JetBackup's own configuration job (documented): every server has one.
const KIND_CONFIG: i64 = 3;

/// Whether it is the job that JetBackup itself has on every server, for its configuration.
#[must_use]
pub fn is_config(live: &Job) -> bool {
    live.kind == KIND_CONFIG
}

/// Whether JetBackup would start a job by itself, were it enabled; `None` where the server says nothing of schedules. A next start without a
/// schedule is one all the same.
#[must_use]
pub fn is_scheduled(live: &Job) -> Option<bool> {
    if live.next_run.is_some() { Some(true) } else { live.schedules.map(|schedules| schedules > 0) }
}

/// Whether it is JetBackup's own configuration job, names no destination, and is started at no time: on every server, and of no concern.
#[must_use]
pub fn is_idle_config(live: &Job) -> bool {
    is_config(live) && live.destinations.is_empty() && is_scheduled(live) == Some(false)
}

/// What a job backs up. JetBackup has no type for databases: such a job is an account job (1) that contains nothing else.
#[must_use]
pub fn kind_of(live: &Job) -> JobKind {
    match (live.kind, live.contains) {
        (1, Some(bits)) if bits != 0 && bits & !CONTAINS_DATABASES == 0 => JobKind::Database,
        (1, _) => JobKind::Accounts,
        (2, _) => JobKind::Directories,
        _ => JobKind::Other,
    }
}
