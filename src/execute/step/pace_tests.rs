//! Backups by the second: when each is looked at, and when it is found over.

use super::*;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const POLL: Duration = s(30);
const MS: u64 = 1000;

/// How far a backup of this length is after this long, in ms both, by its own account.
type Percent = fn(u64, u64) -> Option<u8>;

fn even(at: u64, length: u64) -> Option<u8> {
    u8::try_from(at * 100 / length).ok().map(|percent| percent.min(99))
}

/// Half of its accounts take a tenth of its time.
fn slow_at_the_end(at: u64, length: u64) -> Option<u8> {
    let percent = if at * 10 < length { at * 500 / length } else { 50 + (at - length / 10) * 500 / (9 * length) };
    u8::try_from(percent).ok().map(|percent| percent.min(99))
}

/// Nine of ten of its accounts take a tenth of its time.
fn fast_at_the_end(at: u64, length: u64) -> Option<u8> {
    let percent = if at * 10 < length * 9 { at * 11 / length } else { 10 + (at * 10 - length * 9) * 90 / length };
    u8::try_from(percent).ok().map(|percent| percent.min(99))
}

fn none(_: u64, _: u64) -> Option<u8> {
    None
}

/// When a backup of this length (ms) is looked at, in ms from its beginning, the look that finds it over included. The first one is
/// that which saw its group.
fn looks(length: u64, usual: Option<Usual>, percent: Percent) -> Vec<u64> {
    let mut at = 0;
    let mut looks = Vec::new();
    while at < length {
        looks.push(at);
        // Servers count whole seconds.
        let progress = Progress { ran: s(at / MS), percent: percent(at, length), usual };
        at += u64::try_from(pause(&progress, Pace::Adaptive, POLL).as_millis()).unwrap();
    }
    looks.push(at);
    looks
}

/// Ten backups of this length (s), give or take a tenth, evenly spread.
fn lengths(seconds: u64) -> impl Iterator<Item = u64> {
    (0..=20).map(move |step| seconds * (90 + step) * MS / 100)
}

fn usual(seconds: u64) -> Usual {
    Usual { median: s(seconds), p90: s(seconds * 105 / 100) }
}

fn median(mut of: Vec<u64>) -> u64 {
    of.sort_unstable();
    of[of.len() / 2]
}

#[test]
fn a_known_backup_that_says_how_far_it_is_is_found_over_at_once_with_two_looks() {
    for seconds in [20, 45, 60, 90, 120] {
        let looks: Vec<(u64, usize)> = lengths(seconds)
            .map(|length| {
                let looks = looks(length, Some(usual(seconds)), even);
                (looks.last().unwrap() - length, looks.len() - 1)
            })
            .collect();
        let idle: Vec<u64> = looks.iter().map(|(idle, _)| *idle).collect();
        assert!(*idle.iter().max().unwrap() <= 4 * MS, "{seconds} s: {looks:?}");
        assert!(median(idle) <= 3 * MS / 2, "{seconds} s: {looks:?}");
        // The look that saw its group is not counted: that was to see whether it began.
        let count: usize = looks.iter().map(|(_, count)| count).sum();
        assert!(count * 10 <= looks.len() * 20, "{seconds} s: {looks:?}");
    }
}

#[test]
fn a_known_backup_that_says_nothing_or_nonsense_is_found_over_soon_and_with_fewer_looks_than_a_fixed_poll_makes() {
    for percent in [none, slow_at_the_end] {
        for seconds in [20, 45, 60, 90, 120, 600, 3600, 4 * 3600] {
            for length in lengths(seconds) {
                let looks = looks(length, Some(usual(seconds)), percent);
                let found = looks.last().unwrap() - length;
                assert!(found <= (4 * MS).max(length / 100), "{seconds} s: {found} ms, {looks:?}");
                let fixed = usize::try_from(length / MS / POLL.as_secs()).unwrap() + 1;
                assert!(looks.len() <= fixed + 20, "{seconds} s, fixed {fixed}: {looks:?}");
            }
        }
    }
}

#[test]
fn a_long_backup_is_looked_at_far_less_than_a_fixed_poll_would() {
    for length in [3600, 4 * 3600] {
        let looks = looks(length * MS, Some(usual(length)), even);
        let found = looks.last().unwrap() - length * MS;
        assert!(found <= length * MS / 100, "{found} ms");
        let fixed = usize::try_from(length / POLL.as_secs()).unwrap();
        assert!(looks.len() * 3 <= fixed, "{} of {fixed}: {looks:?}", looks.len());
    }
}

#[test]
fn an_unknown_backup_is_found_over_within_nine_seconds_whatever_it_says() {
    for percent in [none, even, slow_at_the_end, fast_at_the_end] {
        for length in 1..300 {
            let looks = looks(length * MS, None, percent);
            let found = looks.last().unwrap() - length * MS;
            assert!(found <= 9 * MS, "{length} s: {found} ms");
        }
    }
}

#[test]
fn one_with_far_less_to_do_than_usual_is_not_left_alone_until_its_usual_time() {
    let looks = looks(60 * MS, Some(usual(2 * 3600)), even);
    assert!(*looks.last().unwrap() <= 60 * MS + 5 * 60 * MS, "{looks:?}");
    let half = Progress { ran: s(1800), percent: Some(50), usual: Some(usual(2 * 3600)) };
    assert!(pause(&half, Pace::Adaptive, POLL) <= LOOK_MAX);
    let nearly = Progress { percent: Some(99), ..half };
    assert_eq!(pause(&nearly, Pace::Adaptive, POLL), POLL);
}

#[test]
fn one_that_fails_at_once_is_found_over_while_little_time_is_lost() {
    let looks = looks(5 * MS, Some(usual(4 * 3600)), none);
    assert!(*looks.last().unwrap() <= 2 * 60 * MS, "{looks:?}");
}

#[test]
fn what_takes_far_longer_than_usual_is_looked_at_as_the_plan_says() {
    let usual = Some(Usual { median: s(60), p90: s(66) });
    let after = |ran: u64, percent| pause(&Progress { ran: s(ran), percent, usual }, Pace::Adaptive, POLL);
    assert_eq!(after(3600, None), POLL);
    assert_eq!(after(61, None), LOOK_MIN);
    assert_eq!(after(61, Some(10)), LOOK_MIN, "a percentage that says something else is not believed");
}

#[test]
fn a_plan_that_polls_more_often_is_obeyed() {
    let progress = |ran: u64, usual| Progress { ran: s(ran), percent: None, usual };
    assert_eq!(pause(&progress(5, None), Pace::Adaptive, s(1)), s(1));
    let at_once = Usual { median: s(0), p90: s(0) };
    assert!(pause(&progress(0, Some(at_once)), Pace::Adaptive, s(1)) <= s(1));
}

#[test]
fn a_fixed_pace_is_a_fixed_pace() {
    for usual in [None, Some(usual(60))] {
        for (ran, percent) in [(0, None), (59, Some(99)), (7200, Some(3))] {
            assert_eq!(pause(&Progress { ran: s(ran), percent, usual }, Pace::Fixed, POLL), POLL);
        }
    }
}

#[test]
fn no_number_makes_it_panic_or_spin() {
    let extremes = [s(0), s(1), s(u64::MAX / 4), Duration::MAX];
    for ran in extremes {
        for median in extremes {
            for percent in [None, Some(0), Some(1), Some(99), Some(100), Some(255)] {
                for usual in [None, Some(Usual { median, p90: median }), Some(Usual { median, p90: s(0) })] {
                    let pause = pause(&Progress { ran, percent, usual }, Pace::Adaptive, POLL);
                    assert!((LOOK_MIN..=LOOK_MAX).contains(&pause), "{ran:?} {median:?} {percent:?}: {pause:?}");
                }
            }
        }
    }
}
