//! How soon to look again at a backup that runs: densely near its expected end, so that the storage idles little; thinly in
//! the middle, so that the servers are asked little.

use std::time::Duration;

use crate::desired::Pace;
use crate::queue::Usual;

/// The shortest time between two looks at one backup.
const LOOK_MIN: Duration = Duration::from_secs(2);
/// The longest time between two looks at a backup of which nobody knows how long it takes; less if the plan polls more often. With
/// what it takes to confirm an end and to ask everybody, the next backup begins within ten seconds of it.
const UNKNOWN_MAX: Duration = Duration::from_secs(9);
/// The longest time between two looks at all: a look is also what finds out that a server has gone.
const LOOK_MAX: Duration = Duration::from_secs(5 * 60);
/// So many of the plan's `poll` make a time for which nobody looks at a backup that cannot be over yet.
const POLLS_BLIND: u32 = 4;
/// A backup may take a tenth less than usual, or more, even where its last few were more alike.
const SPREAD_MIN: u32 = 10;
/// So many looks fill the time from the median to the latest usual end, where no percentage tells more.
const LOOKS_IN_SPREAD: u32 = 10;
/// A percentage counts whole percents. Where one of them stands for no more than this, the end that it promises is waited for.
const PERCENT_IS_EXACT: Duration = Duration::from_secs(4);

/// What is known of a backup that runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    /// How long it has run.
    pub(super) ran: Duration,
    /// Percent done, where the server says.
    pub(super) percent: Option<u8>,
    /// How long it usually takes.
    pub(super) usual: Option<Usual>,
}

/// How long to wait before the next look, in a plan with this `pace` and `poll`.
///
/// What past backups took is believed more than a percentage, which counts accounts and not bytes: a percentage is used where it says the
/// same as they do, only more precisely, and where nothing else is known.
#[must_use]
pub(super) fn pause(progress: &Progress, pace: Pace, poll: Duration) -> Duration {
    if pace == Pace::Fixed {
        return poll;
    }
    let left = Left::by_percent(progress);
    let pause = match progress.usual {
        Some(usual) => by_experience(progress.ran, left, usual, poll),
        None => left.map_or(UNKNOWN_MAX, Left::target).min(UNKNOWN_MAX).min(poll),
    };
    pause.max(LOOK_MIN.min(poll)).min(LOOK_MAX)
}

/// Nobody looks before it may be over; from then on where its percentage expects the end, or in small steps; and ever less where it is long
/// past that, for what takes unusually long may take very long.
fn by_experience(ran: Duration, left: Option<Left>, usual: Usual, poll: Duration) -> Duration {
    // It may end earlier than half of them did, by as much as it may end later than those.
    let spread = usual.p90.saturating_sub(usual.median).max(usual.median / SPREAD_MIN);
    let earliest = usual.median.saturating_sub(spread).saturating_sub(ran);
    let blind_max = poll.saturating_mul(POLLS_BLIND);
    let step = (spread / LOOKS_IN_SPREAD).min(poll);
    let is_as_usual =
        |left: &Left| ran.saturating_add(left.most) <= usual.median.saturating_add(spread.saturating_mul(2));
    if let Some(left) = left.filter(is_as_usual).filter(|left| earliest <= blind_max.min(left.target())) {
        return halfway(left.target(), poll).max(step);
    }
    if !earliest.is_zero() {
        // A look a little later finds more of them over, and none of them long over.
        let first = earliest.saturating_add(LOOK_MIN.min(poll));
        // One that fails mostly does so early; and where one has far less to do than usual, its percentage says so.
        let by_percent = left.map_or(Duration::MAX, |left| left.target().max(poll));
        return halfway(first, blind_max).min(blind_max.max(ran)).min(by_percent);
    }
    let late = ran.saturating_sub(usual.median.saturating_add(spread));
    (late / 4).max(step).min(poll)
}

/// All of it if that is not long, otherwise half of it.
fn halfway(left: Duration, at_once_max: Duration) -> Duration {
    left.min(at_once_max.max(left / 2))
}

/// How long a backup has left, were all its percents of the same length.
#[derive(Debug, Clone, Copy)]
struct Left {
    least: Duration,
    most: Duration,
}

impl Left {
    /// A server counts whole seconds and whole percents, both rounded down.
    fn by_percent(progress: &Progress) -> Option<Self> {
        let percent = progress.percent.map(u32::from).filter(|percent| (1..100).contains(percent))?;
        let ran = progress.ran;
        Some(Self {
            least: (ran / (percent + 1)).saturating_mul(99 - percent),
            most: (ran.saturating_add(Duration::from_secs(1)) / percent).saturating_mul(100 - percent),
        })
    }

    /// For how long to leave it alone: until it should be over, or, where that is not to be known better, until it may be.
    fn target(self) -> Duration {
        if self.most.saturating_sub(self.least) <= PERCENT_IS_EXACT { self.most } else { self.least }
    }
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;
