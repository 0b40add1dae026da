//! What is known of a server's clock.
//!
//! No call of the API tells the time. But a backup that `jbr` ran was recorded twice, by the server's clock and by `jbr`'s, which bounds
//! the difference, as for `jbr audit`; and a record that was made in the future was made by a clock that is ahead.

use std::time::Duration;

use chrono::TimeDelta;

use crate::audit::Offset;
use crate::clock::Timestamp;
use crate::execute::outcome::Outcome;
use crate::jetbackup::facts::Log;

use super::{Advice, Went};

/// Clocks that are nearer are taken to agree: a record is a second exact, and a backup's end is seen one look later.
const DIFFERENCE_MAX: TimeDelta = TimeDelta::minutes(2);
/// The records' times are whole seconds.
const RESOLUTION: TimeDelta = TimeDelta::seconds(1);

/// What is known of a server's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClockSight {
    /// A backup that both recorded bounds the difference.
    Measured {
        /// How far the server is ahead.
        offset: Offset,
        /// When the backup ended.
        ended: Timestamp,
    },
    /// The server recorded something in the future: it is ahead by this at least.
    Ahead(TimeDelta),
    /// Nothing bounds it.
    Unknown,
}

impl ClockSight {
    /// What one backup says that `jbr` remembers and of which this is the log: it began after its trigger left (whose answer may take
    /// this long) and ended before its end was seen.
    #[must_use]
    pub fn of_backup(outcome: &Outcome, log: &Log, answer_max: Duration) -> Self {
        let (Some(started), Some(log_started), Some(log_ended)) = (outcome.started, log.started, log.ended) else {
            return Self::Unknown;
        };
        let answer_max = TimeDelta::from_std(answer_max).unwrap_or(TimeDelta::zero());
        let at_least = log_ended - outcome.ended - RESOLUTION;
        let at_most = log_started - started + answer_max + RESOLUTION + RESOLUTION;
        Self::Measured { offset: Offset::new(at_least, at_most), ended: outcome.ended }
    }

    /// What the newest of a server's records says at this moment.
    #[must_use]
    pub fn of_newest(newest: Option<Timestamp>, now: Timestamp) -> Self {
        let ahead = newest.map(|newest| newest - now).filter(|ahead| *ahead > RESOLUTION);
        ahead.map_or(Self::Unknown, Self::Ahead)
    }

    /// How the step went.
    pub(super) fn went(&self, now: Timestamp) -> Went {
        match self {
            Self::Unknown => Went::Unknown("not known until jbr has run a backup there".to_owned()),
            Self::Ahead(by) if *by > DIFFERENCE_MAX => {
                wrong(&format!("ahead of this machine's by {} at least", span(*by)))
            }
            Self::Ahead(by) => Went::Ok(format!("ahead of this machine's by {} at least", span(*by))),
            Self::Measured { offset, ended } => {
                let by = format!("by the backup that ended {} ago", span(now - *ended));
                if offset.at_least > DIFFERENCE_MAX {
                    wrong(&format!("ahead of this machine's by {} at least, {by}", span(offset.at_least)))
                } else if offset.at_most < -DIFFERENCE_MAX {
                    wrong(&format!("behind this machine's by {} at least, {by}", span(offset.at_most)))
                } else {
                    Went::Ok(format!("agrees with this machine's, {by}"))
                }
            }
        }
    }
}

fn wrong(found: &str) -> Went {
    let text = "How old a backup is, which `every`, `max_age` and `jbr check` go by, is wrong by as much. See which of the two \
                machines is right, and have it set by the network";
    Went::Attention {
        found: found.to_owned(),
        advice: Advice::with(text, vec!["timedatectl".to_owned(), "timedatectl set-ntp true".to_owned()]),
    }
}

/// To the minute from an hour on: `45s`, `3m 5s`, `2h 10m`.
fn span(by: TimeDelta) -> String {
    let seconds = by.num_seconds().unsigned_abs();
    let seconds = if seconds < 3600 { seconds } else { seconds / 60 * 60 };
    humantime::format_duration(Duration::from_secs(seconds)).to_string()
}
