//! A run told line by line, for files and above the live line: one line an event, with its time, what it means and what
//! happens next. While nothing happens, a line at least every [`QUIET_MAX`].

mod sentence;

use std::collections::BTreeSet;
use std::time::Duration;

use super::page::Page;
use super::progress::Progress;
use super::stage::{Tracked, Watch};
use super::symbol::{self, tone};
use super::when::{about, duration};
use crate::clock::{Timestamp, elapsed};
use crate::execute::event::Event;
use crate::names::{GroupId, JobAddress};
use sentence::Telling;

/// The longest silence: a log that ends looks like a `jbr` that died.
pub const QUIET_MAX: Duration = Duration::from_secs(600);

/// Tells a run line by line.
#[derive(Debug, Clone)]
pub struct Narrator {
    last_line: Timestamp,
    /// Backups of which it was said that they take far longer than usual.
    slow: BTreeSet<(JobAddress, GroupId)>,
}

impl Narrator {
    /// A narrator who has said nothing since `at`.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self { last_line: at, slow: BTreeSet::new() }
    }

    /// What there is to say about an event that `progress` has heard already; `None` for one that is not worth a line.
    pub fn tell(&mut self, at: Timestamp, event: &Event, progress: &Progress, page: &Page) -> Option<Told> {
        let Some((symbol, text)) = Telling { at, progress, page }.tell(event) else {
            return self.time_passes(at, progress, page);
        };
        self.last_line = at;
        Some(Told { at, symbol, text })
    }

    /// What there is to say because time has passed: that a backup takes far longer than usual by now, once; or, if nothing was said for
    /// [`QUIET_MAX`], what happens.
    pub fn time_passes(&mut self, now: Timestamp, progress: &Progress, page: &Page) -> Option<Told> {
        match self.newly_slow(now, progress) {
            Some(text) => {
                self.last_line = now;
                Some(Told { at: now, symbol: symbol::ATTENTION, text })
            }
            None => self.break_silence(now, progress, page),
        }
    }

    fn newly_slow(&mut self, now: Timestamp, progress: &Progress) -> Option<String> {
        let slow = |(tracked, watch): &(&Tracked, &Watch)| tracked.far_beyond(watch, now).is_some();
        let is_told =
            |(tracked, watch): &(&Tracked, &Watch)| self.slow.contains(&(tracked.address.clone(), watch.group.clone()));
        let (tracked, watch) = progress.running().filter(slow).find(|running| !is_told(running))?;
        let (usual, ran) = (tracked.usual?, watch.ran(now));
        self.slow.insert((tracked.address.clone(), watch.group.clone()));
        Some(format!(
            "{} takes far longer than usual: {} so far (group {}), and nine of ten took {} at most. It runs on; see its log in JetBackup, and the storage",
            tracked.address,
            duration(ran),
            watch.group,
            about(usual.p90)
        ))
    }

    fn break_silence(&mut self, now: Timestamp, progress: &Progress, page: &Page) -> Option<Told> {
        if elapsed(self.last_line, now) < QUIET_MAX {
            return None;
        }
        self.last_line = now;
        Some(Told { at: now, symbol: symbol::RUNS, text: progress.full_line(now, page.zone) })
    }
}

/// What there is to say at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// When it was so.
    pub at: Timestamp,
    /// What it asks of its reader, one of [`symbol`].
    pub symbol: char,
    /// The sentence.
    pub text: String,
}

impl Told {
    /// All of it as one line.
    #[must_use]
    pub fn line(&self, page: &Page) -> String {
        let mark = page.style.paint(tone(self.symbol), &self.symbol.to_string());
        format!("{} {mark} {}", page.zone.second(self.at), self.text)
    }
}
