//! What was noticed beside the decisions.

use serde::Serialize;

use crate::diff::{GateNotice, Notice, Remark};
use crate::render::json::{self, time};
use crate::render::tally::is_error;

/// A remark.
#[derive(Serialize)]
pub(in crate::render) struct RemarkJson {
    server: String,
    about: Option<String>,
    error: bool,
    #[serde(flatten)]
    what: NoticeJson,
}

#[derive(Serialize)]
#[serde(tag = "remark", rename_all = "snake_case")]
enum NoticeJson {
    Differs { key: &'static str, declared: String, live: String },
    Unmanaged { id: String, certain: bool, scheduled: Option<bool>, next_run: Option<String> },
    SeveralDestinations { destinations: Vec<String>, names: Vec<Option<String>> },
    Scheduled { next_run: Option<String> },
    Forks { forks: i64 },
    Gate { gate: &'static str, gate_version: Option<u32>, jobs: Vec<String>, destination: Option<String> },
    Foreign { group: String, id: Option<String>, status: &'static str, status_code: i64, percent: Option<u8> },
    DestinationMissing { id: String },
    Unread { what: &'static str, why: String },
}

impl From<&Remark> for RemarkJson {
    fn from(remark: &Remark) -> Self {
        let what = match &remark.what {
            Notice::Differs { key, declared, live } => {
                NoticeJson::Differs { key, declared: declared.clone(), live: live.clone() }
            }
            Notice::Unmanaged { id, is_certain, is_scheduled, next_run } => NoticeJson::Unmanaged {
                id: id.to_string(),
                certain: *is_certain,
                scheduled: *is_scheduled,
                next_run: next_run.map(time),
            },
            Notice::SeveralDestinations { destinations } => NoticeJson::SeveralDestinations {
                destinations: destinations.iter().map(|(id, _)| id.to_string()).collect(),
                names: destinations.iter().map(|(_, name)| name.clone()).collect(),
            },
            Notice::Scheduled { next_run } => NoticeJson::Scheduled { next_run: next_run.map(time) },
            Notice::Forks { forks } => NoticeJson::Forks { forks: *forks },
            Notice::Gate(notice) => NoticeJson::from(notice),
            Notice::Foreign { group } => NoticeJson::Foreign {
                group: group.id.to_string(),
                id: group.job.as_ref().map(ToString::to_string),
                status: json::group_status(group.status),
                status_code: group.status.code(),
                percent: group.percent,
            },
            Notice::DestinationMissing { id } => NoticeJson::DestinationMissing { id: id.to_string() },
            Notice::Unread { what, why } => NoticeJson::Unread { what, why: why.clone() },
        };
        let about = remark.about.clone();
        Self { server: remark.server.to_string(), about, error: is_error(&remark.what), what }
    }
}

impl From<&GateNotice> for NoticeJson {
    fn from(notice: &GateNotice) -> Self {
        let gate = |gate, gate_version| Self::Gate { gate, gate_version, jobs: Vec::new(), destination: None };
        match notice {
            GateNotice::Absent => gate("absent", None),
            GateNotice::Foreign => gate("foreign", None),
            GateNotice::Older { version } => gate("older", Some(*version)),
            GateNotice::Forbids { jobs, destination } => Self::Gate {
                gate: "forbids",
                gate_version: None,
                jobs: jobs.iter().map(ToString::to_string).collect(),
                destination: destination.as_ref().map(ToString::to_string),
            },
        }
    }
}
