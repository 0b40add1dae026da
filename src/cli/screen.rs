//! A run as a person, a file or a program sees it: a live line, sparse lines, or one JSON event a line.

use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::log::journal::Stderr;
use super::log::scribe::level;
use super::output::{Output, width};
use super::ticker::Ticker;
use crate::clock::{Clock, Timestamp, elapsed};
use crate::execute::Event;
use crate::execute::drive::Listen;
use crate::names::RunId;
use crate::render::event_json::{event_json, heartbeat_json};
use crate::render::narration::{Narrator, Told};
use crate::render::{Page, Progress};

/// How often it is looked whether there has been silence for too long.
const TICK: Duration = Duration::from_secs(5);
/// How often a live line is drawn.
const REDRAW: Duration = Duration::from_millis(500);
/// A JSON reader hears a heartbeat at least every minute; this leaves room for the tick.
const HEARTBEAT: Duration = Duration::from_secs(50);

/// Shows a run while it goes on.
pub(super) struct Screen {
    shared: Arc<Mutex<Shared>>,
    // Dropped first, so that nothing is drawn after the run.
    _ticker: Option<Ticker>,
}

struct Shared {
    progress: Progress,
    narrator: Narrator,
    page: Page,
    surface: Surface,
    /// When a reader of JSON last heard that the run lives.
    last_heartbeat: Timestamp,
    /// What stderr is.
    leads_to: Stderr,
    /// Which run it is.
    run: RunId,
}

enum Surface {
    Live(ProgressBar),
    Lines,
    Json(RunId),
}

impl Screen {
    /// A screen for one run, of the kind that the output calls for.
    #[must_use]
    pub(super) fn new(output: &Output, run: &RunId, progress: Progress, clock: &Arc<dyn Clock>) -> Self {
        let now = clock.now();
        let (page, narrator) = (output.stderr_page(), Narrator::new(now));
        let surface = match (output.json, output.is_watched) {
            (true, _) => Surface::Json(run.clone()),
            (false, true) => Surface::Live(ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())),
            (false, false) => Surface::Lines,
        };
        let bar = if let Surface::Live(bar) = &surface { Some(bar.clone()) } else { None };
        let shared = Arc::new(Mutex::new(Shared {
            progress,
            narrator,
            page,
            surface,
            last_heartbeat: now,
            leads_to: output.leads_to,
            run: run.clone(),
        }));
        let ticker = match bar {
            Some(bar) => {
                go_live(&bar, Arc::clone(&shared), Arc::clone(clock));
                None
            }
            None => Some(say_that_it_lives(Arc::clone(&shared), Arc::clone(clock))),
        };
        Self { shared, _ticker: ticker }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let bar = match &lock(&self.shared).surface {
            Surface::Live(bar) => Some(bar.clone()),
            Surface::Lines | Surface::Json(_) => None,
        };
        // Outside the lock: clearing draws, and drawing takes it.
        if let Some(bar) = bar {
            bar.disable_steady_tick();
            bar.finish_and_clear();
        }
    }
}

impl Shared {
    /// What is to be printed of an event.
    fn hear(&mut self, at: Timestamp, event: &Event) -> Option<String> {
        self.progress.hear(at, event);
        match &self.surface {
            Surface::Json(run) => Some(event_json(at, run, event)),
            // The live line shows it already.
            Surface::Live(_) if matches!(event, Event::Progress { .. }) => None,
            Surface::Lines | Surface::Live(_) => {
                let told = self.narrator.tell(at, event, &self.progress, &self.page)?;
                Some(self.line(&told))
            }
        }
    }

    /// A line for stderr.
    fn line(&self, told: &Told) -> String {
        self.leads_to.text_of_run(level(told.symbol), &self.run, &told.line(&self.page))
    }

    /// What is to be printed because time has passed. A heartbeat comes whatever else does: one that stopped while there is
    /// progress would be missed by whoever listens for it.
    fn tick(&mut self, now: Timestamp) -> Option<String> {
        match &self.surface {
            Surface::Json(run) if elapsed(self.last_heartbeat, now) >= HEARTBEAT => {
                self.last_heartbeat = now;
                Some(heartbeat_json(now, run, &self.progress))
            }
            Surface::Lines => {
                let told = self.narrator.time_passes(now, &self.progress, &self.page)?;
                Some(self.line(&told))
            }
            Surface::Json(_) | Surface::Live(_) => None,
        }
    }
}

impl Listen for Screen {
    fn hear(&mut self, at: Timestamp, event: &Event) {
        let mut shared = lock(&self.shared);
        let Some(line) = shared.hear(at, event) else { return };
        let bar = if let Surface::Live(bar) = &shared.surface { Some(bar.clone()) } else { None };
        let json = matches!(shared.surface, Surface::Json(_));
        match bar {
            // Outside the lock: a suspended line is drawn again, and drawing takes it.
            Some(bar) => {
                drop(shared);
                bar.suspend(|| print(false, &line));
            }
            None => print(json, &line),
        }
    }
}

/// Draws a line whose facts are as old as the drawing.
fn go_live(bar: &ProgressBar, shared: Arc<Mutex<Shared>>, clock: Arc<dyn Clock>) {
    let live = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
        let shared = lock(&shared);
        // A cell less than the terminal has, so that no terminal wraps it.
        let line = shared.progress.live_line(clock.now(), width().saturating_sub(3), shared.page.zone);
        let _ = out.write_str(&line);
    };
    if let Ok(style) = ProgressStyle::with_template("{spinner} {live}") {
        bar.set_style(style.with_key("live", live));
    }
    bar.enable_steady_tick(REDRAW);
}

/// Says from time to time that the run lives.
fn say_that_it_lives(shared: Arc<Mutex<Shared>>, clock: Arc<dyn Clock>) -> Ticker {
    Ticker::start(TICK, move || {
        let mut shared = lock(&shared);
        if let Some(line) = shared.tick(clock.now()) {
            print(matches!(shared.surface, Surface::Json(_)), &line);
        }
    })
}

/// One line, whole. A run does not end because nobody reads its progress any more.
fn print(to_stdout: bool, line: &str) {
    if to_stdout {
        let mut stdout = anstream::stdout().lock();
        let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    } else {
        let _ = writeln!(anstream::stderr().lock(), "{line}");
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::later;
    use crate::desired::Pace;
    use crate::execute::journal::Journal;
    use crate::queue::Queue;
    use crate::render::{Style, Zone};

    fn shared(surface: Surface, now: Timestamp) -> Shared {
        let wait = Duration::from_secs(900);
        let queue = Queue {
            items: Vec::new(),
            servers: Vec::new(),
            poll: TICK,
            pace: Pace::Adaptive,
            unreachable_wait: wait,
            stays: false,
        };
        let progress = Progress::new(&queue, &Journal::new(now));
        let page = Page::new(100, Style::Plain, Zone::utc());
        let (narrator, run, leads_to) = (Narrator::new(now), RunId::new(now, 1), Stderr::Other);
        Shared { progress, narrator, page, surface, last_heartbeat: now, leads_to, run }
    }

    #[test]
    fn a_heartbeat_comes_at_least_every_minute_with_and_without_other_lines() {
        let start = Timestamp::UNIX_EPOCH;
        for with_progress in [false, true] {
            let mut shared = shared(Surface::Json(RunId::new(start, 1)), start);
            let mut last = start;
            for tick in 1..=120 {
                let now = later(start, TICK * tick);
                if with_progress {
                    let job = "a/one".parse().unwrap();
                    assert!(shared.hear(now, &Event::Progress { job, percent: None, pending: false }).is_some());
                }
                if let Some(line) = shared.tick(now) {
                    assert!(line.contains(r#""event":"heartbeat""#), "{line}");
                    last = now;
                }
                // The next tick may be as late as this.
                assert!(elapsed(last, now) + TICK <= Duration::from_secs(60), "{now}");
            }
            assert!(last > start);
        }
    }
}
