//! `jbr test`, for programs.

use serde::Serialize;

use super::json::{self, VERSION, time};
use crate::clock::Timestamp;
use crate::probe::{Advice, Probe, Step, Went, What};

/// Every server, step by step, as one line of JSON (`"kind": "test"` in `docs/json.md`).
#[must_use]
pub fn probe_json(probes: &[Probe], now: Timestamp) -> String {
    json::line(&TestJson {
        version: VERSION,
        kind: "test",
        at: time(now),
        ready: probes.iter().all(Probe::is_ready),
        servers: probes.iter().map(ServerJson::from).collect(),
    })
}

#[derive(Serialize)]
struct TestJson {
    version: u32,
    kind: &'static str,
    at: String,
    ready: bool,
    servers: Vec<ServerJson>,
}

#[derive(Serialize)]
struct ServerJson {
    server: String,
    place: String,
    ready: bool,
    steps: Vec<StepJson>,
}

impl From<&Probe> for ServerJson {
    fn from(probe: &Probe) -> Self {
        Self {
            server: probe.server.to_string(),
            place: probe.place.clone(),
            ready: probe.is_ready(),
            steps: probe.steps.iter().map(StepJson::from).collect(),
        }
    }
}

#[derive(Serialize)]
struct StepJson {
    step: &'static str,
    result: &'static str,
    found: Option<String>,
    why: Option<String>,
    advice: Option<AdviceJson>,
}

#[derive(Serialize)]
struct AdviceJson {
    text: String,
    lines: Vec<String>,
}

impl From<&Advice> for AdviceJson {
    fn from(advice: &Advice) -> Self {
        Self { text: advice.text.clone(), lines: advice.lines.clone() }
    }
}

impl From<&Step> for StepJson {
    fn from(step: &Step) -> Self {
        let (result, found, why, advice) = match &step.went {
            Went::Ok(found) => ("ok", Some(found), None, None),
            Went::Attention { found, advice } => ("attention", Some(found), None, Some(advice)),
            Went::Failed { why, advice } => ("failed", None, Some(why), Some(advice)),
            Went::Unknown(why) => ("unknown", None, Some(why), None),
            Went::NotTried => ("not_tried", None, None, None),
        };
        Self {
            step: word(step.what),
            result,
            found: found.cloned(),
            why: why.cloned(),
            advice: advice.map(AdviceJson::from),
        }
    }
}

fn word(what: What) -> &'static str {
    match what {
        What::Name => "name",
        What::Connection => "connection",
        What::HostKey => "host_key",
        What::Login => "login",
        What::Gate => "gate",
        What::Api => "api",
        What::Version => "version",
        What::Clock => "clock",
        What::Destination => "destination",
        What::Jobs => "jobs",
    }
}
