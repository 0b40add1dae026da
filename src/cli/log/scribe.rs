//! A run as the log file tells it: every event that is worth a line, and a line after ten minutes without any.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::{Level, Span};

use super::{Log, TOLD};
use crate::cli::ticker::Ticker;
use crate::clock::{Clock, Timestamp};
use crate::execute::Event;
use crate::execute::drive::Listen;
use crate::names::RunId;
use crate::render::event_json::event_json;
use crate::render::narration::{Narrator, Told};
use crate::render::{Page, Progress, symbol};

/// How often it is looked whether there has been silence for too long.
const TICK: Duration = Duration::from_secs(5);

/// Tells a run to the log.
pub(in crate::cli) struct Scribe {
    shared: Option<Arc<Mutex<Shared>>>,
    _ticker: Option<Ticker>,
}

struct Shared {
    run: RunId,
    progress: Progress,
    narrator: Narrator,
    page: Page,
}

impl Scribe {
    /// A scribe for one run; one who writes nothing where no log is kept. To be made inside of the run's span.
    pub(in crate::cli) fn new(log: &Log, run: &RunId, progress: &Progress, page: Page, clock: &Arc<dyn Clock>) -> Self {
        if !log.is_kept() {
            return Self { shared: None, _ticker: None };
        }
        let narrator = Narrator::new(clock.now());
        let shared = Arc::new(Mutex::new(Shared { run: run.clone(), progress: progress.clone(), narrator, page }));
        let (ticking, clock, span) = (Arc::clone(&shared), Arc::clone(clock), Span::current());
        let ticker = Ticker::start(TICK, move || {
            let mut shared = lock(&ticking);
            let Shared { progress, narrator, page, .. } = &mut *shared;
            if let Some(told) = narrator.time_passes(clock.now(), progress, page) {
                span.in_scope(|| write(&told, None));
            }
        });
        Self { shared: Some(shared), _ticker: Some(ticker) }
    }
}

impl Listen for Scribe {
    fn hear(&mut self, at: Timestamp, event: &Event) {
        let Some(shared) = &self.shared else { return };
        let mut shared = lock(shared);
        let Shared { run, progress, narrator, page } = &mut *shared;
        progress.hear(at, event);
        if let Some(told) = narrator.tell(at, event, progress, page) {
            // A line after a long silence is about no event.
            let event = (!matches!(event, Event::Progress { .. })).then(|| event_json(at, run, event));
            write(&told, event.as_deref());
        }
    }
}

/// How much a symbol asks for attention.
pub(in crate::cli) fn level(symbol: char) -> Level {
    match symbol {
        symbol::ERROR => Level::ERROR,
        symbol::ATTENTION | symbol::UNREAD | symbol::DIFFERS => Level::WARN,
        _ => Level::INFO,
    }
}

fn write(told: &Told, event: Option<&str>) {
    let text = &told.text;
    // The level is a part of what a line is made of, so each has its own.
    match (level(told.symbol), event) {
        (Level::ERROR, Some(event)) => tracing::error!(target: TOLD, event, "{text}"),
        (Level::ERROR, None) => tracing::error!(target: TOLD, "{text}"),
        (Level::WARN, Some(event)) => tracing::warn!(target: TOLD, event, "{text}"),
        (Level::WARN, None) => tracing::warn!(target: TOLD, "{text}"),
        (_, Some(event)) => tracing::info!(target: TOLD, event, "{text}"),
        (_, None) => tracing::info!(target: TOLD, "{text}"),
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
