//! `jbr status`, for programs.

use serde::Serialize;

use super::json::{self, HoldJson, ReasonJson, VERSION, seconds, time};
use super::plan_json::{self, RemarkJson};
use crate::clock::{Timestamp, elapsed};
use crate::execute::journal::Phase;
use crate::inventory::guard::Writes;
use crate::jetbackup::ssh_gate::SshGate;
use crate::names::{JobAddress, ServerName};
use crate::seen::Seen;
use crate::state::lock::{Holder, Lock};
use crate::status::{
    DestinationStatus, Doing, Fate, JobStatus, Next, Reading, RunStatus, ServerStatus, Status, UnderWay, Unsent, Waits,
    Whose,
};

/// The status as one line of JSON (`"kind": "status"` in `docs/json.md`).
#[must_use]
pub fn status_json(status: &Status) -> String {
    let (locked, holder) = match &status.lock {
        Seen::Known(Lock::Free) => (Some(false), None),
        Seen::Known(Lock::Held(holder)) => (Some(true), holder.as_ref().map(HolderJson::from)),
        Seen::Unknown(_) => (None, None),
    };
    json::line(&StatusJson {
        version: VERSION,
        kind: "status",
        at: time(status.at),
        read: match status.reading() {
            Reading::Whole => "whole",
            Reading::Partly => "partly",
            Reading::Blind => "blind",
        },
        state_why: why(&status.state),
        locked,
        locked_why: why(&status.lock),
        holder,
        run: status.run.as_ref().map(RunJson::new),
        next: status.next.as_ref().map(NextJson::from),
        unsent: match &status.outbox {
            Seen::Known(outbox) => Some(outbox.unsent.iter().map(UnsentJson::from).collect()),
            Seen::Unknown(_) => None,
        },
        outbox: match &status.outbox {
            Seen::Known(outbox) => Some(OutboxJson { unreadable: outbox.unreadable, shut: outbox.shut.clone() }),
            Seen::Unknown(_) => None,
        },
        outbox_why: why(&status.outbox),
        servers: status.servers.iter().map(|server| ServerJson::new(server, status.at)).collect(),
        remarks: status.remarks.iter().map(RemarkJson::from).collect(),
    })
}

/// Why something is not known; `None` where it is.
fn why<T>(seen: &Seen<T>) -> Option<String> {
    match seen {
        Seen::Known(_) => None,
        Seen::Unknown(why) => Some(why.0.clone()),
    }
}

#[derive(Serialize)]
struct StatusJson {
    version: u32,
    kind: &'static str,
    at: String,
    read: &'static str,
    state_why: Option<String>,
    locked: Option<bool>,
    locked_why: Option<String>,
    holder: Option<HolderJson>,
    run: Option<RunJson>,
    next: Option<NextJson>,
    unsent: Option<Vec<UnsentJson>>,
    outbox: Option<OutboxJson>,
    outbox_why: Option<String>,
    servers: Vec<ServerJson>,
    remarks: Vec<RemarkJson>,
}

#[derive(Serialize)]
struct OutboxJson {
    unreadable: usize,
    shut: Option<String>,
}

#[derive(Serialize)]
struct UnsentJson {
    since: String,
    channel: &'static str,
    what: String,
    tries: u32,
    why: Option<String>,
    refused: bool,
}

impl From<&Unsent> for UnsentJson {
    fn from(unsent: &Unsent) -> Self {
        let Unsent { since, channel, what, tries, why, refused } = unsent.clone();
        Self { since: time(since), channel, what, tries, why, refused }
    }
}

#[derive(Serialize)]
struct HolderJson {
    pid: u32,
    what: String,
    user: String,
    host: String,
    since: String,
}

impl From<&Holder> for HolderJson {
    fn from(holder: &Holder) -> Self {
        let Holder { pid, what, user, host, since } = holder.clone();
        Self { pid, what, user, host, since: time(since) }
    }
}

#[derive(Serialize)]
struct RunJson {
    run: String,
    started: String,
    done: usize,
    total: usize,
    at_work: Vec<AtWorkJson>,
    waiting: Option<WaitingJson>,
    next_apply: Option<&'static str>,
    because: Option<&'static str>,
}

#[derive(Serialize)]
struct AtWorkJson {
    job: String,
    phase: &'static str,
}

#[derive(Serialize)]
struct WaitingJson {
    since: String,
    reason: ReasonJson,
}

impl RunJson {
    fn new(run: &RunStatus) -> Self {
        let RunStatus { id, started, done, total, at_work, waiting, fate } = run;
        let (next_apply, because) = match fate {
            Fate::Resumes => (Some("resume"), None),
            Fate::StartsOver(because) => (Some("start_over"), Some(plan_json::because(because))),
            Fate::Unknown => (None, None),
        };
        let item = |(job, phase): &(JobAddress, Phase)| AtWorkJson { job: job.to_string(), phase: json::phase(phase) };
        Self {
            run: id.to_string(),
            started: time(*started),
            done: *done,
            total: *total,
            at_work: at_work.iter().map(item).collect(),
            waiting: waiting.as_ref().map(|(since, reason)| WaitingJson { since: time(*since), reason: reason.into() }),
            next_apply,
            because,
        }
    }
}

#[derive(Serialize)]
struct NextJson {
    job: String,
    at: Option<String>,
    waits_for: &'static str,
}

impl From<&Next> for NextJson {
    fn from(next: &Next) -> Self {
        let waits_for = match next.waits {
            Waits::Turn => "turn",
            Waits::Window => "window",
            Waits::Apply => "apply",
            Waits::Every => "every",
        };
        Self { job: next.job.to_string(), at: next.at.map(time), waits_for }
    }
}

#[derive(Serialize)]
struct ServerJson {
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
    fn new(server: &ServerStatus, now: Timestamp) -> Self {
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
pub(super) struct UnderWayJson {
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
    pub(super) fn new(backup: &UnderWay, server: &ServerName, now: Timestamp) -> Self {
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
