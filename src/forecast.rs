//! When each item of a queue is expected to begin and to end, from how long it took before.

use std::time::Duration;

use crate::clock::{Timestamp, later};
use crate::names::JobAddress;

/// What is expected of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Which item.
    pub address: JobAddress,
    /// How long it usually takes; `None` if it has never run.
    pub duration: Option<Duration>,
    /// When it should begin; `None` where something before it has never run.
    pub start: Option<Timestamp>,
    /// When it should end.
    pub end: Option<Timestamp>,
}

/// The expectation for items that run one after the other from `now` on. For one that is under way, `ran` says for how long.
#[must_use]
pub fn forecast<'a>(
    items: impl IntoIterator<Item = (&'a JobAddress, Option<Duration>, Duration)>,
    now: Timestamp,
) -> Vec<Expected> {
    let mut free = Some(now);
    let expect = |(address, duration, ran): (&JobAddress, Option<Duration>, Duration)| {
        let start = free;
        free = start.zip(duration).map(|(start, duration)| later(start, duration.saturating_sub(ran)));
        Expected { address: address.clone(), duration, start, end: free }
    };
    items.into_iter().map(expect).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_never_ran_makes_everything_after_it_unknown_but_its_own_start() {
        let now: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
        let address = |name: &str| -> JobAddress { name.parse().unwrap() };
        let (a, b, c) = (address("s/a"), address("s/b"), address("s/c"));
        let hour = Duration::from_secs(3600);
        let expected =
            forecast([(&a, Some(hour), hour / 2), (&b, None, Duration::ZERO), (&c, Some(hour), Duration::ZERO)], now);
        let at = |text: &str| -> Option<Timestamp> { Some(text.parse().unwrap()) };
        let ends: Vec<_> = expected.iter().map(|e| (e.start, e.end)).collect();
        let half_past = at("2026-11-23T02:30:00Z");
        assert_eq!(ends, [(Some(now), half_past), (half_past, None), (None, None)]);
    }
}
