//! How soon to look again at a backup that runs: densely near its expected end, so that the storage idles little; thinly in
//! the middle, so that the servers are asked little.

use std::time::Duration;

use crate::queue::Usual;

/// The shortest time between two looks at one backup.
const LOOK_MIN: Duration = Duration::from_secs(2);
/// The longest time between two looks at a backup of which nobody knows how long it takes; less if the plan polls more often.
const UNKNOWN_MAX: Duration = Duration::from_secs(10);
/// The longest time between two looks at all: a look is also what finds out that a server has gone.
const LOOK_MAX: Duration = Duration::from_secs(5 * 60);

/// How long to wait before the next look.
///
/// `ran` is how long it has run, `percent` how far it says that it is, `poll` what the plan asks for. What past backups took is believed
/// more than a percentage, which counts accounts and not bytes.
#[must_use]
pub(super) fn pause(ran: Duration, percent: Option<u8>, usual: Option<Usual>, poll: Duration) -> Duration {
    let shortest = LOOK_MIN.min(poll);
    match usual {
        Some(usual) => by_experience(ran, usual, poll).max(shortest),
        None => by_progress(ran, percent).min(UNKNOWN_MAX).min(poll).max(shortest),
    }
}

/// Halfway to the expected end again and again, then as often as is allowed; and where it is long past that, ever less, for what
/// takes unusually long may take very long.
fn by_experience(ran: Duration, usual: Usual, poll: Duration) -> Duration {
    // It may end earlier than half of them did, by as much as it may end later than those.
    let spread = usual.p90.saturating_sub(usual.median).max(usual.median / 20);
    let left = usual.median.saturating_sub(spread).saturating_sub(ran);
    if !left.is_zero() {
        return left.min(poll.max(left / 2)).min(LOOK_MAX);
    }
    let late = ran.saturating_sub(usual.p90.max(usual.median.saturating_add(spread)));
    (late / 4).min(poll)
}

/// A tenth of the time that it has left, as far as its own percentage tells.
fn by_progress(ran: Duration, percent: Option<u8>) -> Duration {
    match percent {
        Some(percent @ 1..=99) => ran.saturating_mul(u32::from(100 - percent)) / u32::from(percent) / 10,
        _ => UNKNOWN_MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    const POLL: Duration = s(30);

    /// When a backup of this length is looked at, in seconds from its beginning, the look that finds it over included.
    fn looks(length: u64, usual: Option<Usual>) -> Vec<u64> {
        let mut at = s(0);
        let mut looks = Vec::new();
        loop {
            looks.push(at.as_secs());
            if at >= s(length) {
                return looks;
            }
            at += pause(at, None, usual, POLL);
        }
    }

    #[test]
    fn a_known_backup_is_found_over_at_once_and_is_looked_at_no_more_often_than_a_fixed_poll_would() {
        for length in [20, 45, 60, 90, 120, 3600, 4 * 3600] {
            let usual = Usual { median: s(length), p90: s(length + length / 50) };
            let looks = looks(length, Some(usual));
            let found = looks.last().unwrap() - length;
            assert!(found <= 2, "{length} s: {looks:?}");
            // A fixed poll costs length / 30 and one; a short one may cost two more, for what it saves.
            let fixed = usize::try_from(length / POLL.as_secs()).unwrap() + 1;
            assert!(looks.len() <= fixed + 3 || length <= 120 && looks.len() <= 6, "{length} s: {looks:?}");
        }
    }

    #[test]
    fn an_unknown_backup_is_found_over_within_ten_seconds() {
        for length in 1..200 {
            let found = looks(length, None).last().unwrap() - length;
            assert!(found <= 10, "{length} s: {found} s");
        }
    }

    #[test]
    fn what_takes_far_longer_than_usual_is_looked_at_as_the_plan_says() {
        let usual = Usual { median: s(60), p90: s(66) };
        assert_eq!(pause(s(3600), None, Some(usual), POLL), POLL);
        assert_eq!(pause(s(61), None, Some(usual), POLL), LOOK_MIN);
    }

    #[test]
    fn a_plan_that_polls_more_often_is_obeyed() {
        assert_eq!(pause(s(5), None, None, s(1)), s(1));
        assert!(pause(s(0), None, Some(Usual { median: s(0), p90: s(0) }), s(1)) <= s(1));
    }

    #[test]
    fn no_number_makes_it_panic_or_spin() {
        let extremes = [s(0), s(1), s(u64::MAX / 4), Duration::MAX];
        for ran in extremes {
            for median in extremes {
                for percent in [None, Some(0), Some(1), Some(99), Some(100), Some(255)] {
                    for usual in [None, Some(Usual { median, p90: median }), Some(Usual { median, p90: s(0) })] {
                        let pause = pause(ran, percent, usual, POLL);
                        assert!((LOOK_MIN..=LOOK_MAX).contains(&pause), "{ran:?} {median:?} {percent:?}: {pause:?}");
                    }
                }
            }
        }
    }
}
