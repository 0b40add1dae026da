//! Why a job is held, by whom and for how long.

use crate::clock::Timestamp;
use crate::hold::{ByHand, Holds};
use crate::names::JobAddress;
use crate::printable::printable;

use super::when::Zone;

/// Everything that holds a job, and what ends it: `held by …`.
pub(super) fn holds(address: &JobAddress, holds: &Holds, zone: Zone, now: Timestamp) -> String {
    let plan = holds.plan.as_ref().map(|hold| {
        let until = until(hold.until, zone, now).unwrap_or_else(|| "as long as it says so".to_owned());
        format!("held by the plan {until}: {}", printable(&hold.reason))
    });
    let hand = holds.hand.as_ref().map(|hold| by_hand(address, hold, zone, now));
    [hand, plan].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// `held by ana since 10:00 until Tue 08:00: the disk is being moved`.
pub(super) fn by_hand(address: &JobAddress, hold: &ByHand, zone: Zone, now: Timestamp) -> String {
    let ByHand { user, since, reason, until } = hold;
    let until = self::until(*until, zone, now).unwrap_or_else(|| format!("until `jbr release {address}`"));
    format!("held by {} since {} {until}: {}", printable(user), zone.near(*since, now), printable(reason))
}

fn until(until: Option<Timestamp>, zone: Zone, now: Timestamp) -> Option<String> {
    until.map(|until| format!("until {}", zone.near(until, now)))
}
