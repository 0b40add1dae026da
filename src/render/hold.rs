//! What `jbr hold` and `jbr release` have done.

use std::fmt::Write as _;

use serde::Serialize;

use super::held::by_hand;
use super::json::{self, HoldJson, VERSION};
use super::page::Page;
use crate::clock::Timestamp;
use crate::hold::ByHand;
use crate::names::JobAddress;

/// What is held now, and what was before.
#[must_use]
pub fn text(job: &JobAddress, hold: &ByHand, before: Option<&ByHand>, now: Timestamp, page: &Page) -> String {
    let mut text = format!("{job} is {}", by_hand(job, hold, page.zone, now));
    if let Some(before) = before {
        let _ = write!(text, "\nbefore, it was {}", by_hand(job, before, page.zone, now));
    }
    text
}

/// The same as one line of JSON (`"kind": "hold"` in `docs/json.md`).
#[must_use]
pub fn json(job: &JobAddress, hold: Option<&ByHand>, before: Option<&ByHand>) -> String {
    let (hold, before) = (hold.map(HoldJson::from), before.map(HoldJson::from));
    json::line(&HeldJson { version: VERSION, kind: "hold", job: job.to_string(), hold, before })
}

#[derive(Serialize)]
struct HeldJson {
    version: u32,
    kind: &'static str,
    job: String,
    hold: Option<HoldJson>,
    before: Option<HoldJson>,
}
