//! Which backups wrote at the same time, which may have, and which did not.

use chrono::TimeDelta;

use super::backup::Backup;
use super::clocks::Clocks;
use super::finding::{Gap, Pair};
use super::order::Order;
use super::{PAIRS_MAX, Period};
use crate::clock::Timestamp;
use crate::inventory::guard::Writes;

/// What was found.
pub(super) struct Together {
    pub(super) overlaps: Vec<Pair>,
    pub(super) doubts: Vec<Gap>,
    pub(super) left_out: usize,
    /// How many pairs are serial by `jbr`'s own order alone.
    pub(super) by_order: usize,
}

/// Looks at every two backups that are near each other; `backups` are in the order of their beginnings.
///
/// Two overlap by as much as one of them would have to be moved for one to end where the other begins. On one server any
/// such distance counts; between two it must be more than their clocks may be apart, and a distance in the other direction
/// must be at least that much. In between, the order in which `jbr` saw and did things decides, where it ran both.
pub(super) fn find(backups: &[Backup], clocks: &Clocks, order: &Order, period: Period, now: Timestamp) -> Together {
    let mut found = Together { overlaps: Vec::new(), doubts: Vec::new(), left_out: 0, by_order: 0 };
    let reach = clocks.widest();
    for (place, first) in backups.iter().enumerate() {
        let end = first.end(now).checked_add_signed(reach).unwrap_or(Timestamp::MAX_UTC);
        for second in backups[place + 1..].iter().take_while(|second| second.from < end) {
            found.look_at(first, second, clocks, order, period, now);
        }
    }
    found
}

impl Together {
    fn look_at(
        &mut self,
        first: &Backup,
        second: &Backup,
        clocks: &Clocks,
        order: &Order,
        period: Period,
        now: Timestamp,
    ) {
        let (first_end, second_end) = (first.end(now), second.end(now));
        let depth: TimeDelta = (first_end - second.from).min(second_end - first.from);
        let apart = clocks.apart(&first.server, &second.server);
        let (from, to) = (second.from.max(first.from), first_end.min(second_end));
        if depth <= -apart.within || !period.meets(from.min(to), from.max(to)) {
            return;
        }
        if depth <= apart.within && (order.has(first, second) || order.has(second, first)) {
            self.by_order = self.by_order.saturating_add(1);
            return;
        }
        let pair = Pair { first: first.clone(), second: second.clone(), from, to };
        if first.writes == Writes::Perhaps || second.writes == Writes::Perhaps {
            self.doubt(Gap::PerhapsElsewhere { pair: Box::new(pair) });
        } else if depth <= apart.within {
            self.doubt(Gap::TooClose { pair: Box::new(pair), apart });
        } else if self.overlaps.len() < PAIRS_MAX {
            self.overlaps.push(pair);
        } else {
            self.left_out += 1;
        }
    }

    fn doubt(&mut self, gap: Gap) {
        if self.doubts.len() < PAIRS_MAX {
            self.doubts.push(gap);
        } else {
            self.left_out += 1;
        }
    }
}
