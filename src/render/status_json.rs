//! `jbr status`, for programs.

mod server;

use serde::Serialize;

use super::json::{self, ReasonJson, VERSION, time};
use super::plan_json::{self, RemarkJson};
use crate::execute::journal::Phase;
use crate::names::JobAddress;
use crate::seen::Seen;
use crate::state::lock::{Holder, Lock};
use crate::status::{Fate, Next, Reading, RunStatus, Status, Unsent, Waits};
use server::ServerJson;

pub(super) use server::UnderWayJson;

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
