//! What was decided of a job, and from what.

use serde::Serialize;

use crate::diff::{Choice, Decision};
use crate::render::json::{self, HoldJson, time};
use crate::seen::Seen;

/// What was decided of a job.
#[derive(Serialize, Default)]
pub(super) struct DecisionJson {
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
    after: Option<String>,
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
            queued: decision.verdict.hindrance().is_none() && decision.verdict.is_queued(),
            ..Self::default()
        };
        if let Some(due) = &decision.due {
            json.every_s = Some(json::seconds(due.every));
            match &due.last_good {
                Seen::Known(last) => json.last_good = last.map(time),
                Seen::Unknown(why) => json.why = Some(why.0.clone()),
            }
        }
        json.decision = json.choice(&decision.verdict);
        json
    }
}

impl DecisionJson {
    /// Fills in what this choice needs, and says its word.
    fn choice(&mut self, choice: &Choice) -> &'static str {
        match choice {
            Choice::Run => "run",
            Choice::Adopt { group, status, percent } => {
                self.group = Some(group.to_string());
                self.status = Some(json::group_status(*status));
                self.status_code = Some(status.code());
                self.percent = *percent;
                "adopt"
            }
            Choice::Disabled => "disabled",
            Choice::DestinationDisabled { destination } => {
                self.destination = Some(destination.to_string());
                "destination_disabled"
            }
            Choice::Fresh { last_good, due } => {
                self.last_good = Some(time(*last_good));
                self.due = Some(time(*due));
                "fresh"
            }
            Choice::Held { holds } => {
                self.holds = json::holds(holds);
                "held"
            }
            Choice::HeldBack { by } => {
                self.after = Some(by.to_string());
                "held_back"
            }
            Choice::Unread { why } => {
                self.why = Some(why.clone());
                "unread"
            }
            Choice::Missing { id } => {
                self.id = Some(id.to_string());
                "missing"
            }
        }
    }
}
