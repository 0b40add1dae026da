//! Times as ages, capped: two journals that differ only in how long ago something long ago was behave alike, and so do two that
//! differ only in what is there for a person to read.

use std::time::Duration;

use jbr::clock::{Timestamp, earlier, elapsed, later};
use jbr::execute::journal::{Answer, GateState, Journal, Phase, Running};
use jbr::execute::outcome::Outcome;
use jbr::execute::step::STOP_WAIT;
use jbr::queue::Queue;

/// The same journal seen from `now`, moved so that now is `base`, and no age is greater than the limit that it is held against.
pub(crate) fn aged(mut journal: Journal, now: Timestamp, base: Timestamp, queue: &Queue) -> Journal {
    let cap = |at: &mut Timestamp, limit: Duration| *at = earlier(base, elapsed(*at, now).min(limit));
    let longest = |limit: fn(&jbr::queue::Item) -> Duration| queue.items.iter().map(limit).max().unwrap_or_default();
    let patience = queue.unreachable_wait;
    let settle = longest(|item| item.settle);
    let start = longest(|item| item.start_timeout);
    let timeout = longest(|item| item.timeout);
    journal.at = base;
    journal.waiting = None;
    journal.overlaps.clear();
    journal.unreachable.values_mut().for_each(|at| cap(at, patience));
    for opened in &mut journal.opened {
        match &mut opened.state {
            GateState::Opening { .. } => cap(&mut opened.since, patience.max(settle)),
            GateState::Open => cap(&mut opened.since, settle),
            GateState::Closing { since, .. } => {
                cap(since, patience);
                opened.since = base;
            }
            GateState::LeftOpen { why } => {
                why.clear();
                opened.since = base;
            }
        }
    }
    let age_running = |running: &mut Running| {
        cap(&mut running.since, timeout);
        if let Some(stop) = &mut running.stop {
            cap(&mut stop.asked, STOP_WAIT);
        }
    };
    for entry in journal.entries.values_mut() {
        // It decides nothing: it is written down for whoever looks afterwards.
        entry.first_trigger = None;
        // A wait that is over is none.
        entry.not_before = entry.not_before.filter(|at| *at > now).map(|at| later(base, elapsed(now, at)));
        match &mut entry.phase {
            Phase::Queued | Phase::Preparing => {}
            Phase::Triggered(triggered) => {
                let limit = if triggered.answer == Answer::None { settle } else { start };
                cap(&mut triggered.at, limit.max(timeout));
            }
            Phase::Running(running) => age_running(running),
            Phase::Confirming(confirming) => {
                cap(&mut confirming.ended, patience);
                age_running(&mut confirming.running);
                if confirming.status.is_some() {
                    confirming.running.since = base;
                }
            }
            Phase::Done(outcome) => {
                forget_when(outcome, base);
                entry.triggers = 0;
                entry.attempts = 0;
            }
        }
    }
    journal
}

/// When something was over, and in which words, decides nothing any more.
fn forget_when(outcome: &mut Outcome, base: Timestamp) {
    outcome.note.clear();
    outcome.ended = base;
    outcome.triggered = None;
    outcome.started = outcome.started.map(|_| base);
}
