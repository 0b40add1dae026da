//! What would be done, for programs: the facts of [`super::plan`] and nothing else.

mod outlook;

use serde::Serialize;

use super::json::{self, GateJson, HoldJson, OpenedJson, OutcomeJson, VERSION, time};
use super::tally::{Standing, Tally, is_error, standing};
use super::words;
use outlook::{NotAwaitedJson, PauseJson, UnknownJson, WarningJson, WindowJson};

use crate::desired::OnTimeout;
use crate::diff::{Choice, Decision, GateNotice, Notice, Remark};
use crate::proposal::{Because, Beginning, Interrupted, Proposal};
use crate::queue::Item;
use crate::queue::place::Place;
use crate::seen::Seen;

/// The proposal as one line of JSON (`"kind": "plan"` in `docs/json.md`).
#[must_use]
pub fn plan_json(proposal: &Proposal) -> String {
    let tally = Tally::of(proposal);
    json::line(&PlanJson {
        version: VERSION,
        kind: "plan",
        at: time(proposal.at),
        has_work: proposal.has_work(),
        beginning: BeginningJson::from(&proposal.beginning),
        queue: proposal.queue.items.iter().map(|item| ItemJson::new(proposal, item)).collect(),
        decisions: proposal.diff.decisions.iter().map(DecisionJson::from).collect(),
        warnings: proposal.warnings.iter().map(WarningJson::from).collect(),
        remarks: proposal.diff.remarks.iter().map(RemarkJson::from).collect(),
        opened: proposal.journal.opened.iter().map(OpenedJson::from).collect(),
        errors: proposal.diff.errors().collect(),
        pause: proposal.forecast.pause.map(PauseJson::from),
        totals: TotalsJson::from(&tally),
    })
}

#[derive(Serialize)]
struct PlanJson {
    version: u32,
    kind: &'static str,
    at: String,
    has_work: bool,
    beginning: BeginningJson,
    queue: Vec<ItemJson>,
    decisions: Vec<DecisionJson>,
    warnings: Vec<WarningJson>,
    remarks: Vec<RemarkJson>,
    opened: Vec<OpenedJson>,
    errors: Vec<String>,
    pause: Option<PauseJson>,
    totals: TotalsJson,
}

#[derive(Serialize)]
struct BeginningJson {
    kind: &'static str,
    because: Option<&'static str>,
    run: Option<String>,
    started: Option<String>,
    left: Vec<String>,
}

/// Why an interrupted run is closed.
pub(super) fn because(because: &Because) -> &'static str {
    match because {
        Because::TooOld => "too_old",
        Because::Asked => "asked",
        Because::DueAgain(_) => "due_again",
    }
}

impl From<&Beginning> for BeginningJson {
    fn from(beginning: &Beginning) -> Self {
        let (kind, because, old) = match beginning {
            Beginning::Fresh => return Self { kind: "fresh", because: None, run: None, started: None, left: vec![] },
            Beginning::Resume(old) => ("resume", None, old),
            Beginning::StartOver { old, because } => ("start_over", Some(self::because(because)), old),
        };
        let Interrupted { id, started, left } = old;
        let left = left.iter().map(ToString::to_string).collect();
        Self { kind, because, run: Some(id.to_string()), started: Some(time(*started)), left }
    }
}

#[derive(Serialize)]
struct ItemJson {
    job: String,
    id: String,
    action: &'static str,
    phase: &'static str,
    outcome: Option<OutcomeJson>,
    usual_s: Option<u64>,
    p90_s: Option<u64>,
    start: Option<String>,
    end: Option<String>,
    late_end: Option<String>,
    unknown: Option<UnknownJson>,
    window: Option<WindowJson>,
    not_awaited: Vec<NotAwaitedJson>,
    timeout_s: u64,
    on_timeout: &'static str,
    gates: Vec<GateJson>,
    place: PlaceJson,
    after: Vec<AfterJson>,
}

/// Why an item stands where it does.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum PlaceJson {
    After { job: String },
    Priority { priority: i64, shared: bool },
    File,
    TakenAlong,
}

impl From<&Place> for PlaceJson {
    fn from(place: &Place) -> Self {
        match place {
            Place::After(after) => Self::After { job: after.job.to_string() },
            Place::Priority { priority, is_shared } => Self::Priority { priority: *priority, shared: *is_shared },
            Place::File => Self::File,
            Place::TakenAlong => Self::TakenAlong,
        }
    }
}

#[derive(Serialize)]
struct AfterJson {
    job: String,
    when: &'static str,
}

impl ItemJson {
    fn new(proposal: &Proposal, item: &Item) -> Self {
        let expected = proposal.forecast.item(&item.address);
        let usual = expected.and_then(|expected| expected.usual);
        let place = proposal.places.iter().find(|(placed, _)| *placed == item.address).map(|(_, place)| place);
        let after =
            item.after.iter().map(|after| AfterJson { job: after.job.to_string(), when: words::when(after.when) });
        Self {
            job: item.address.to_string(),
            id: item.id.to_string(),
            action: match standing(proposal, &item.address) {
                Standing::Start => "start",
                Standing::Watch => "watch",
                Standing::Unread => "start_when_read",
                Standing::Done | Standing::LeftOut => "none",
            },
            phase: json::phase(proposal.journal.phase(&item.address)),
            outcome: proposal.journal.outcome(&item.address).map(OutcomeJson::from),
            usual_s: usual.map(|usual| json::seconds(usual.median)),
            p90_s: usual.map(|usual| json::seconds(usual.p90)),
            start: expected.and_then(|expected| expected.start).map(time),
            end: expected.and_then(|expected| expected.end).map(time),
            late_end: expected.and_then(|expected| expected.late_end).map(time),
            unknown: expected.and_then(|expected| expected.unknown.as_ref()).map(UnknownJson::from),
            window: proposal.access.get(&item.address).map(WindowJson::from),
            not_awaited: proposal
                .not_awaited
                .get(&item.address)
                .into_iter()
                .flatten()
                .map(NotAwaitedJson::from)
                .collect(),
            timeout_s: json::seconds(item.timeout),
            on_timeout: match item.on_timeout {
                OnTimeout::Hold => "hold",
                OnTimeout::Release => "release",
                OnTimeout::Stop => "stop",
            },
            gates: item.gates.iter().map(GateJson::from).collect(),
            place: PlaceJson::from(place.unwrap_or(&Place::TakenAlong)),
            after: after.collect(),
        }
    }
}

#[derive(Serialize)]
struct DecisionJson {
    job: String,
    name: Option<String>,
    decision: &'static str,
    queued: bool,
    group: Option<String>,
    status: Option<&'static str>,
    status_code: Option<i64>,
    percent: Option<u8>,
    destination: Option<String>,
    id: Option<String>,
    why: Option<String>,
    every_s: Option<u64>,
    last_good: Option<String>,
    due: Option<String>,
    holds: Vec<HoldJson>,
}

impl From<&Decision> for DecisionJson {
    fn from(decision: &Decision) -> Self {
        let mut json = Self {
            job: decision.address.to_string(),
            name: decision.live_name.clone(),
            decision: "",
            queued: decision.verdict.hindrance().is_none() && decision.verdict.is_queued(),
            group: None,
            status: None,
            status_code: None,
            percent: None,
            destination: None,
            id: None,
            why: None,
            every_s: decision.due.as_ref().map(|due| json::seconds(due.every)),
            last_good: None,
            due: None,
            holds: Vec::new(),
        };
        if let Some(due) = &decision.due {
            match &due.last_good {
                Seen::Known(last) => json.last_good = last.map(time),
                Seen::Unknown(why) => json.why = Some(why.0.clone()),
            }
        }
        json.decision = match &decision.verdict {
            Choice::Run => "run",
            Choice::Adopt { group, status, percent } => {
                json.group = Some(group.to_string());
                json.status = Some(json::group_status(*status));
                json.status_code = Some(status.code());
                json.percent = *percent;
                "adopt"
            }
            Choice::Disabled => "disabled",
            Choice::DestinationDisabled { destination } => {
                json.destination = Some(destination.to_string());
                "destination_disabled"
            }
            Choice::Fresh { last_good, due } => {
                json.last_good = Some(time(*last_good));
                json.due = Some(time(*due));
                "fresh"
            }
            Choice::Held { holds } => {
                json.holds = json::holds(holds);
                "held"
            }
            Choice::Unread { why } => {
                json.why = Some(why.clone());
                "unread"
            }
            Choice::Missing { id } => {
                json.id = Some(id.to_string());
                "missing"
            }
        };
        json
    }
}

/// A remark.
#[derive(Serialize)]
pub(super) struct RemarkJson {
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
    SeveralDestinations { destinations: Vec<String> },
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
            Notice::SeveralDestinations { destinations } => {
                NoticeJson::SeveralDestinations { destinations: destinations.iter().map(ToString::to_string).collect() }
            }
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

#[derive(Serialize)]
struct TotalsJson {
    to_start: usize,
    to_watch: usize,
    unread: usize,
    done: usize,
    not_queued: usize,
    fresh: usize,
    held: usize,
    errors: usize,
    remarks: usize,
    to_close: usize,
    warnings: usize,
    known_s: u64,
    untimed: usize,
    end: Option<String>,
    late_end: Option<String>,
}

impl From<&Tally> for TotalsJson {
    fn from(tally: &Tally) -> Self {
        Self {
            to_start: tally.to_start,
            to_watch: tally.to_watch,
            unread: tally.unread,
            done: tally.done,
            not_queued: tally.not_queued,
            fresh: tally.fresh,
            held: tally.held,
            errors: tally.errors,
            remarks: tally.remarks,
            to_close: tally.to_close,
            warnings: tally.warnings,
            known_s: json::seconds(tally.known),
            untimed: tally.untimed,
            end: tally.end.map(time),
            late_end: tally.late_end.map(time),
        }
    }
}
