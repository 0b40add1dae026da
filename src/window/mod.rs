//! When backups may start: windows as a plan declares them, and what they come to in a stretch of time.
//!
//! ```text
//! span (days, dates, times: by the wall's clock) ─ calendar (what they come to, in UTC) ─ openings
//! ```
//!
//! Pure: nothing in here knows what time it is. Deliberately absent: what a window that closes does to a run (nothing is
//! stopped; `execute/` decides), and any default time zone: the same plan opens at the same moments on every machine.

mod calendar;
mod span;
mod words;

use std::sync::Arc;

use chrono_tz::Tz;

pub use calendar::{HORIZON_MAX, openings};
pub use span::{DAYS_IN_A_WEEK, Days, Except, On, Span, TimeOfDay};

use crate::clock::Timestamp;
use crate::names::WindowName;

/// A window as a plan declares it. Cheap to clone: many jobs share one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Its name in the plan.
    pub name: WindowName,
    rule: Arc<Rule>,
}

/// What a window says, by the wall's clock in its zone.
#[derive(Debug, PartialEq, Eq)]
struct Rule {
    zone: Tz,
    span: Span,
    except: Vec<Except>,
}

impl Window {
    /// A window that is open in a span, by the clock of a time zone, but for its exceptions.
    #[must_use]
    pub fn new(name: WindowName, zone: Tz, span: Span, except: Vec<Except>) -> Self {
        Self { name, rule: Arc::new(Rule { zone, span, except }) }
    }

    /// Whose clock it goes by.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.rule.zone
    }

    /// When it is open, if nothing is excepted.
    #[must_use]
    pub fn span(&self) -> &Span {
        &self.rule.span
    }

    /// When it is not.
    #[must_use]
    pub fn except(&self) -> &[Except] {
        &self.rule.except
    }
}

/// A stretch of time in which a backup may start: from its beginning on, and before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Opening {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

impl Opening {
    /// Whether a moment is in it.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }
}
