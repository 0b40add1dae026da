//! One server of the status.

use serde::Serialize;

use super::why;
use crate::clock::{Timestamp, elapsed};
use crate::inventory::guard::Writes;
use crate::jetbackup::ssh_gate::SshGate;
use crate::names::ServerName;
use crate::render::json::{self, HoldJson, seconds, time};
use crate::seen::Seen;
use crate::status::{DestinationStatus, Doing, JobStatus, ServerStatus, UnderWay, Whose};

#[derive(Serialize)]
pub(super) struct ServerJson {
    server: String,
    reachable: bool,
    why: Option<String>,
    jetbackup: Option<String>,
    gate: Option<&'static str>,
    gate_why: Option<String>,
    gate_version: Option<u32>,
    destination: Option<DestinationJson>,
    jobs: Vec<JobJson>,
    others: Vec<UnderWayJson>,
}

impl ServerJson {
    pub(super) fn new(server: &ServerStatus, now: Timestamp) -> Self {
        let (gate, gate_version) = match &server.gate {
            Seen::Known(SshGate::Own { version, .. }) => (Some("own"), Some(*version)),
            Seen::Known(SshGate::Foreign) => (Some("foreign"), None),
            Seen::Known(SshGate::Absent) => (Some("absent"), None),
            Seen::Unknown(_) => (None, None),
        };
        Self {
            server: server.server.to_string(),
            reachable: matches!(server.answers, Seen::Known(())),
            why: why(&server.answers).or_else(|| why(&server.queue)),
            jetbackup: server.version.clone(),
            gate,
            gate_why: why(&server.gate),
            gate_version,
            destination: server.destination.as_ref().map(DestinationJson::from),
            jobs: server.jobs.iter().map(|job| JobJson::new(job, &server.server, now)).collect(),
            others: server.others.iter().map(|one| UnderWayJson::new(one, &server.server, now)).collect(),
        }
    }
}

#[derive(Serialize)]
struct DestinationJson {
    id: String,
    name: Option<String>,
    disabled: Option<bool>,
    keep_closed: bool,
    state: &'static str,
    why: Option<String>,
}

impl From<&DestinationStatus> for DestinationJson {
    fn from(destination: &DestinationStatus) -> Self {
        let (state, live) = match &destination.live {
            Seen::Known(Some(live)) => (if live.disabled { "disabled" } else { "enabled" }, Some(live)),
            Seen::Known(None) => ("missing", None),
            Seen::Unknown(_) => ("unknown", None),
        };
        Self {
            id: destination.id.to_string(),
            name: live.map(|live| live.name.clone()),
            disabled: live.map(|live| live.disabled),
            keep_closed: destination.keep_closed,
            state,
            why: why(&destination.live),
        }
    }
}

#[derive(Serialize)]
struct JobJson {
    job: String,
    id: String,
    name: Option<String>,
    doing: &'static str,
    why: Option<String>,
    backups: Vec<UnderWayJson>,
    disabled: Option<bool>,
    scheduled: bool,
    next_run: Option<String>,
    holds: Vec<HoldJson>,
}

impl JobJson {
    fn new(job: &JobStatus, server: &ServerName, now: Timestamp) -> Self {
        let (doing, backups, why) = match &job.doing {
            Doing::Idle => ("idle", &[][..], None),
            Doing::Busy(backups) => ("busy", backups.as_slice(), None),
            Doing::Unknown(why) => ("unknown", &[][..], Some(why.0.clone())),
            Doing::Missing => ("missing", &[][..], None),
        };
        Self {
            job: job.address.to_string(),
            id: job.id.to_string(),
            name: job.name.clone(),
            doing,
            why,
            backups: backups.iter().map(|one| UnderWayJson::new(one, server, now)).collect(),
            disabled: job.disabled,
            scheduled: job.scheduled.is_some(),
            next_run: job.scheduled.flatten().map(time),
            holds: job.holds.as_ref().map(json::holds).unwrap_or_default(),
        }
    }
}

/// A backup that is under way.
#[derive(Serialize)]
pub(in crate::render) struct UnderWayJson {
    server: String,
    group: String,
    id: Option<String>,
    name: Option<String>,
    status: &'static str,
    status_code: i64,
    since: Option<String>,
    ran_s: Option<u64>,
    percent: Option<u8>,
    whose: &'static str,
    writes: &'static str,
}

impl UnderWayJson {
    pub(in crate::render) fn new(backup: &UnderWay, server: &ServerName, now: Timestamp) -> Self {
        Self {
            server: server.to_string(),
            group: backup.group.to_string(),
            id: backup.job.as_ref().map(ToString::to_string),
            name: backup.name.clone(),
            status: json::group_status(backup.status),
            status_code: backup.status.code(),
            since: backup.since.map(time),
            ran_s: backup.since.map(|since| seconds(elapsed(since, now))),
            percent: backup.percent,
            whose: match backup.whose {
                Whose::Run => "run",
                Whose::Foreign => "foreign",
                Whose::Unknown => "unknown",
            },
            writes: match backup.writes {
                Writes::Surely => "surely",
                Writes::Perhaps => "perhaps",
                Writes::Elsewhere => "elsewhere",
            },
        }
    }
}
