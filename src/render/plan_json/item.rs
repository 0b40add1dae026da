//! An item of the queue: what is done with it, where it stands and why, and what is foretold of it.

use serde::Serialize;

use super::outlook::{NotAwaitedJson, UnknownJson, WindowJson};
use crate::desired::OnTimeout;
use crate::proposal::Proposal;
use crate::queue::Item;
use crate::queue::place::Place;
use crate::render::json::{self, GateJson, OutcomeJson, time};
use crate::render::tally::{Standing, standing};
use crate::render::words;

/// One item, and what is foretold of it.
#[derive(Serialize)]
pub(super) struct ItemJson {
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
    LeftOver,
    File,
    TakenAlong,
}

impl From<&Place> for PlaceJson {
    fn from(place: &Place) -> Self {
        match place {
            Place::After(after) => Self::After { job: after.job.to_string() },
            Place::Priority { priority, is_shared } => Self::Priority { priority: *priority, shared: *is_shared },
            Place::LeftOver => Self::LeftOver,
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
    /// The item as the proposal has it.
    pub(super) fn new(proposal: &Proposal, item: &Item) -> Self {
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
