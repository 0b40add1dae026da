//! When an item may start, in words; and what is to be said where its windows, or its past, do not go with the plan.

use std::time::Duration;

use super::super::sheet::Sheet;
use super::super::symbol;
use super::super::when::{Zone, about, limit};
use super::super::words;
use super::View;
use crate::clock::Timestamp;
use crate::forecast::{Expected, Pause, What};
use crate::names::{JobAddress, WindowName};
use crate::proposal::{NotQueued, Open};
use crate::queue::build::HORIZON;

/// How many seconds a day has, the two changes of the clock aside.
const DAY_S: u64 = 24 * 3600;

/// That `apply` has begun nothing, and when it will.
#[must_use]
pub fn nothing_begun(pause: Pause, zone: Zone) -> String {
    format!("nothing may start now, so nothing was begun: {}", words::next_window(pause.opens, zone))
}

impl View<'_> {
    /// Which window is open until when, or opens when.
    pub(super) fn window_note(&self, address: &JobAddress) -> Option<String> {
        let access = self.proposal.access.get(address)?;
        let near = |at| self.page.zone.near(at, self.proposal.at);
        let until = |open: &Open| match open.to {
            Some(to) => format!("open until {}", near(to)),
            None => format!("open for the next {} at least", days(HORIZON)),
        };
        let opens = |open: &Open| {
            let to = open.to.map_or(String::new(), |to| format!(", until {}", near(to)));
            format!("window {}: opens {}{to}", names(&open.windows), near(open.from))
        };
        let needs = access.needs.map_or(String::new(), about);
        Some(match (&access.open, &access.next) {
            (Some(open), _) if access.is_held => {
                let start = self.proposal.forecast.item(address).and_then(|expected| expected.start);
                let is_late = start.zip(open.to).is_some_and(|(start, to)| start >= to);
                let late = match (is_late, self.proposal.forecast.squeezed.contains_key(address)) {
                    (true, true) => "; too little of it is left for `fits` when its turn comes",
                    (true, false) => "; its turn comes after that",
                    (false, _) => "",
                };
                format!("window {}: {}{late}", names(&open.windows), until(open))
            }
            (Some(open), Some(next)) => {
                let (open, until) = (names(&open.windows), until(open));
                format!(
                    "window {open}: {until}, too short for the {needs} of `fits`; the next that holds it: {} {}",
                    names(&next.windows),
                    near(next.from)
                )
            }
            (Some(open), None) => {
                let (open, until) = (names(&open.windows), until(open));
                format!("window {open}: {until}, too short for the {needs} of `fits`; no later one holds it either")
            }
            (None, Some(next)) => opens(next),
            (None, None) => format!("window {}: closed; see the warnings", names(&access.windows)),
        })
    }

    /// What it comes after by the plan, and does not wait for.
    pub(super) fn not_awaited_note(&self, address: &JobAddress) -> Option<String> {
        let apart = self.proposal.not_awaited.get(address)?;
        let said: Vec<String> =
            apart.iter().map(|apart| format!("{} ({})", apart.job, not_queued(apart.why))).collect();
        Some(format!("not waited for, as not queued: {}", said.join(", ")))
    }

    pub(super) fn warnings(&self, sheet: &mut Sheet) {
        if self.proposal.warnings.is_empty() {
            return;
        }
        sheet.heading("Warnings");
        for warning in &self.proposal.warnings {
            sheet.item(2, symbol::ATTENTION, &format!("{}: {}", warning.job, self.warning(&warning.what)));
        }
    }

    fn warning(&self, what: &What) -> String {
        let near = |at| self.page.zone.near(at, self.proposal.at);
        match what {
            What::Overruns { closes, end, usually: true } => format!(
                "ends about {}, and its window closes at {}: it is not stopped, and runs on",
                near(*end),
                near(*closes)
            ),
            What::Overruns { closes, end, usually: false } => format!(
                "may take until {} (nine of ten are over by then), and its window closes at {}: it is not stopped, and runs on",
                near(*end),
                near(*closes)
            ),
            What::Squeezed { closes, needs, next } => {
                let then = next.map_or_else(
                    || "when it starts instead is not known".to_owned(),
                    |next| format!("it starts {} instead", near(next)),
                );
                format!(
                    "when its turn comes, its window closes at {}, too soon for the {} of `fits`: {then}",
                    near(*closes),
                    about(*needs)
                )
            }
            What::NoOpening { needs: Some(needs) } => format!(
                "will not start: in the next {} none of its windows is open for {}, and `fits` asks for that. Make a window longer, or leave `fits` out",
                days(HORIZON),
                about(*needs)
            ),
            What::NoOpening { needs: None } => {
                format!("will not start: none of its windows opens in the next {}", days(HORIZON))
            }
            What::Slow { ran, usual } => format!(
                "has run for {}, and nine of ten took {} at most: see its log in JetBackup, and the storage",
                about(*ran),
                about(usual.p90)
            ),
            What::SlowLast { took, median } => format!(
                "its last good backup took {}, those before it about {}: if that goes on, its windows and its `timeout` may be too short",
                about(*took),
                about(*median)
            ),
            What::EveryTooShort { every, usual } => format!(
                "takes about {}, longer than its `every` of {}: it is due again before it is over. Make `every` longer",
                about(usual.median),
                limit(*every)
            ),
        }
    }

    /// What becomes of a run for which no window is open.
    pub(super) fn pause(&self, sheet: &mut Sheet) {
        let Some(Pause { at, opens }) = self.proposal.forecast.pause else { return };
        let near = |at| self.page.zone.near(at, self.proposal.at);
        let text = match (opens, self.proposal.standstill().is_some(), self.proposal.queue.stays) {
            (Some(opens), true, _) => format!(
                "Nothing may start now; the next window opens {}. Until then `jbr apply` begins nothing; `jbr apply --wait` waits.",
                near(opens)
            ),
            (None, true, _) => {
                format!("Nothing may start, and no window that would do opens in the next {}.", days(HORIZON))
            }
            (Some(opens), false, true) => {
                format!("From about {} on the run waits for a window that opens {}.", near(at), near(opens))
            }
            (Some(opens), false, false) => {
                let then = if opens < self.proposal.stale_at {
                    format!("`jbr apply` goes on then, if that is before {}", near(self.proposal.stale_at))
                } else {
                    "By then the run is older than `run.resume_within` allows: `jbr apply` closes it as incomplete and queues everything anew, what was left first among its priority".to_owned()
                };
                format!(
                    "At about {} the run ends: the next window opens {}. Left until then: {}. {then}. `jbr apply --wait` waits.",
                    near(at),
                    near(opens),
                    self.left_at(at)
                )
            }
            (None, false, _) => return,
        };
        sheet.paragraph(&text);
    }

    /// What will not have begun at a moment, as far as can be told.
    fn left_at(&self, at: Timestamp) -> String {
        let has_begun = |expected: &&Expected| expected.start.is_some_and(|start| start < at);
        let is_left = |expected: &&Expected| expected.will_run() && !has_begun(expected);
        let left = self.proposal.forecast.items.iter().filter(is_left);
        left.map(|expected| expected.address.to_string()).collect::<Vec<_>>().join(", ")
    }
}

fn names(windows: &[WindowName]) -> String {
    windows.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

/// `35 days`.
fn days(duration: Duration) -> String {
    words::count(usize::try_from(duration.as_secs() / DAY_S).unwrap_or(usize::MAX), "day")
}

/// Why a job is not queued, in a word or two.
fn not_queued(why: NotQueued) -> &'static str {
    match why {
        NotQueued::Fresh => "fresh",
        NotQueued::Held => "held",
        NotQueued::NotAskedFor => "not asked for",
        NotQueued::Missing => "missing on its server",
    }
}
