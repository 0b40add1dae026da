//! What is known of a server's clock.
//!
//! No call of the API tells the time. But a backup that `jbr` ran was recorded twice, by the server's clock and by `jbr`'s, which bounds
//! the difference, as for `jbr audit`; and a record that was made in the future was made by a clock that is ahead.

use std::time::Duration;

use chrono::TimeDelta;

use crate::audit::Offset;
use crate::clock::{Timestamp, spelled};
use crate::execute::outcome::Outcome;
use crate::jetbackup::facts::Log;

use super::{Advice, Went};

/// Clocks that are nearer are taken to agree: a record is a second exact, and a backup's end is seen one look later.
const DIFFERENCE_MAX: TimeDelta = TimeDelta::minutes(2);
/// How far apart the two bounds of a measurement may be: what leaves more room proves nothing. A backup that waited for hours in JetBackup's
/// queue, or whose end was seen hours later, does.
const ROOM_MAX: TimeDelta = TimeDelta::minutes(5);
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
    /// Nothing says it.
    Unknown,
}

impl ClockSight {
    /// What one backup says that `jbr` triggered and of which this is the log: it began after its trigger left and ended before its end was
    /// seen. One that was adopted says nothing: when it began, `jbr` knows from the server alone.
    #[must_use]
    pub fn of_backup(outcome: &Outcome, log: &Log) -> Self {
        let (Some(triggered), Some(log_started), Some(log_ended)) = (outcome.triggered, log.started, log.ended) else {
            return Self::Unknown;
        };
        let at_least = log_ended - outcome.ended - RESOLUTION;
        let at_most = log_started - triggered + RESOLUTION;
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
                } else if offset.at_most - offset.at_least > ROOM_MAX {
                    let room = format!("between {} and {}", side(offset.at_least), side(offset.at_most));
                    Went::Unknown(format!("not known well enough: {room}, {by}"))
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

/// `2h 10m behind`, `5s ahead`.
fn side(by: TimeDelta) -> String {
    let side = if by < TimeDelta::zero() { "behind" } else { "ahead" };
    format!("{} {side}", span(by))
}

/// To the minute from an hour on: `45s`, `3m 5s`, `2h 10m`.
fn span(by: TimeDelta) -> String {
    let seconds = by.num_seconds().unsigned_abs();
    let seconds = if seconds < 3600 { seconds } else { seconds / 60 * 60 };
    spelled(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execute::outcome::Verdict;
    use crate::jetbackup::facts::LogStatus;
    use crate::names::{JobId, LogId};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_timestamp(second, 0).unwrap()
    }

    fn outcome(triggered: Option<i64>, ended: i64) -> Outcome {
        let outcome = Outcome::without_run(Verdict::Completed, at(ended), String::new());
        Outcome { triggered: triggered.map(at), started: Some(at(1000)), ..outcome }
    }

    fn log(started: i64, ended: i64) -> Log {
        Log {
            id: LogId::new("c00000000000000000000001").unwrap(),
            job: Some(JobId::new("000000000000000000000001").unwrap()),
            status: LogStatus::Completed,
            started: Some(at(started)),
            ended: Some(at(ended)),
        }
    }

    #[test]
    fn a_backup_that_was_adopted_accuses_no_clock_and_clears_none() {
        assert_eq!(ClockSight::of_backup(&outcome(None, 2000), &log(1005, 1990)), ClockSight::Unknown);
    }

    #[test]
    fn what_leaves_hours_of_room_is_not_called_agreement() {
        let went = |outcome: &Outcome, log: &Log| ClockSight::of_backup(outcome, log).went(at(9000));
        assert!(matches!(went(&outcome(Some(1000), 2000), &log(1005, 1990)), Went::Ok(_)));
        // Its end was seen an hour late.
        assert!(matches!(went(&outcome(Some(1000), 5600), &log(1005, 1990)), Went::Unknown(_)));
        // It waited an hour before it began, and both bounds together still say that the clock is wrong.
        assert!(matches!(went(&outcome(Some(1000), 2000), &log(4605, 5590)), Went::Attention { .. }));
    }
}
