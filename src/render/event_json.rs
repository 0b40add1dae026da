//! A run for programs: one line of JSON an event, and a heartbeat (`docs/json.md`).

use serde::Serialize;

use super::json::{self, GateJson, OutcomeJson, OverlapJson, ReasonJson, VERSION, time};
use super::progress::Progress;
use super::stage::Lateness;
use crate::clock::Timestamp;
use crate::execute::end::End;
use crate::execute::event::Event;
use crate::names::{JobAddress, RunId};

/// One event as one line of JSON, without a line break.
#[must_use]
pub fn event_json(at: Timestamp, run: &RunId, event: &Event) -> String {
    line(at, run, EventJson::from(event))
}

/// That the run lives, and what it does, as one line of JSON. The caller prints it at least every minute.
#[must_use]
pub fn heartbeat_json(now: Timestamp, run: &RunId, progress: &Progress) -> String {
    let (done, good) = progress.done();
    let heartbeat = EventJson::Heartbeat {
        running: progress
            .running()
            .map(|(tracked, watch)| RunningJson {
                job: tracked.address.to_string(),
                group: watch.group.to_string(),
                since: time(watch.since),
                found: watch.found,
                percent: watch.percent,
                pending: watch.pending,
                overdue: watch.lateness != Lateness::InTime,
                released: watch.lateness == Lateness::Released,
                slow: tracked.far_beyond(watch, now).is_some(),
                usual_s: tracked.median().map(json::seconds),
                p90_s: tracked.usual.map(|usual| json::seconds(usual.p90)),
                end: watch.end(tracked.median(), now).map(time),
            })
            .collect(),
        waiting: progress
            .waiting
            .as_ref()
            .map(|(since, reason)| WaitingJson { since: time(*since), reason: ReasonJson::from(reason) }),
        next: progress.left().next().map(|tracked| tracked.address.to_string()),
        left: progress.left().count(),
        done,
        good,
        total: progress.items.len(),
    };
    line(now, run, heartbeat)
}

fn line(at: Timestamp, run: &RunId, what: EventJson) -> String {
    json::line(&LineJson { version: VERSION, what, at: time(at), run: run.to_string() })
}

#[derive(Serialize)]
struct LineJson {
    version: u32,
    #[serde(flatten)]
    what: EventJson,
    at: String,
    run: String,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum EventJson {
    Waiting {
        next: Option<String>,
        reason: ReasonJson,
    },
    Reachable {
        server: String,
    },
    Unreachable {
        server: String,
        why: String,
    },
    Opened {
        server: String,
        gate: GateJson,
    },
    Closed {
        server: String,
        gate: GateJson,
    },
    LeftOpen {
        server: String,
        gate: GateJson,
        why: String,
    },
    Triggering {
        job: String,
        attempt: u32,
        unasked: Vec<String>,
    },
    TriggerLost {
        job: String,
        why: String,
    },
    TriggerNotSent {
        job: String,
        why: String,
    },
    Started {
        job: String,
        group: String,
    },
    Adopted {
        job: String,
        group: String,
        late: bool,
    },
    Progress {
        job: String,
        percent: Option<u8>,
        pending: bool,
    },
    Overdue {
        job: String,
        group: String,
        released: bool,
    },
    Stopping {
        job: String,
        group: String,
    },
    StopUnseen {
        job: String,
        group: String,
    },
    Overlapped {
        overlap: OverlapJson,
    },
    Done {
        job: String,
        outcome: OutcomeJson,
    },
    EndedBefore {
        job: String,
        outcome: OutcomeJson,
    },
    Retrying {
        job: String,
        outcome: OutcomeJson,
        attempt: u32,
        not_before: String,
    },
    Ended {
        end: &'static str,
        why: Option<String>,
    },
    Heartbeat {
        running: Vec<RunningJson>,
        waiting: Option<WaitingJson>,
        next: Option<String>,
        left: usize,
        done: usize,
        good: usize,
        total: usize,
    },
}

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each one is a key of its own for the reader")]
struct RunningJson {
    job: String,
    group: String,
    since: String,
    found: bool,
    percent: Option<u8>,
    pending: bool,
    overdue: bool,
    released: bool,
    slow: bool,
    usual_s: Option<u64>,
    p90_s: Option<u64>,
    end: Option<String>,
}

#[derive(Serialize)]
struct WaitingJson {
    since: String,
    reason: ReasonJson,
}

impl From<&Event> for EventJson {
    fn from(event: &Event) -> Self {
        let text = |job: &JobAddress| job.to_string();
        match event {
            Event::Waiting { next, reason } => {
                Self::Waiting { next: next.as_ref().map(text), reason: ReasonJson::from(reason) }
            }
            Event::Reachable(server) => Self::Reachable { server: server.to_string() },
            Event::Unreachable { server, why } => Self::Unreachable { server: server.to_string(), why: why.clone() },
            Event::Opened { server, gate } => Self::Opened { server: server.to_string(), gate: gate.into() },
            Event::Closed { server, gate } => Self::Closed { server: server.to_string(), gate: gate.into() },
            Event::LeftOpen { server, gate, why } => {
                Self::LeftOpen { server: server.to_string(), gate: gate.into(), why: why.clone() }
            }
            Event::Triggering { job, attempt, unasked } => Self::Triggering {
                job: text(job),
                attempt: *attempt,
                unasked: unasked.iter().map(ToString::to_string).collect(),
            },
            Event::TriggerLost { job, why } => Self::TriggerLost { job: text(job), why: why.clone() },
            Event::TriggerNotSent { job, why } => Self::TriggerNotSent { job: text(job), why: why.clone() },
            Event::Started { job, group } => Self::Started { job: text(job), group: group.to_string() },
            Event::Adopted { job, group, late } => {
                Self::Adopted { job: text(job), group: group.to_string(), late: *late }
            }
            Event::Progress { job, percent, pending } => {
                Self::Progress { job: text(job), percent: *percent, pending: *pending }
            }
            Event::Overdue { job, group, released } => {
                Self::Overdue { job: text(job), group: group.to_string(), released: *released }
            }
            Event::Stopping { job, group } => Self::Stopping { job: text(job), group: group.to_string() },
            Event::StopUnseen { job, group } => Self::StopUnseen { job: text(job), group: group.to_string() },
            Event::Overlapped(overlap) => Self::Overlapped { overlap: overlap.into() },
            Event::Done { job, outcome } => Self::Done { job: text(job), outcome: outcome.into() },
            Event::EndedBefore { job, outcome } => Self::EndedBefore { job: text(job), outcome: outcome.into() },
            Event::Retrying { job, outcome, attempt, not_before } => Self::Retrying {
                job: text(job),
                outcome: outcome.into(),
                attempt: *attempt,
                not_before: time(*not_before),
            },
            Event::Ended(end) => {
                let (end, why) = end_json(end);
                Self::Ended { end, why }
            }
        }
    }
}

/// How a loop ended, and why if that is not plain.
pub(super) fn end_json(end: &End) -> (&'static str, Option<String>) {
    match end {
        End::Complete => ("complete", None),
        End::Interrupted => ("interrupted", None),
        End::WindowClosed { opens } => ("window_closed", opens.map(|opens| format!("opens {}", time(opens)))),
        End::Unsafe(why) => ("unsafe", Some(why.clone())),
    }
}
