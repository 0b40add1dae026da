//! How far apart the clocks of two servers may be.
//!
//! No call of the API tells the time of a server, so that two clocks agree is assumed, within a tolerance. But each backup
//! that `jbr` ran was recorded twice, by its server's clock and by `jbr`'s: it cannot have begun before its trigger, nor
//! ended after its end was seen. That bounds how far the server's clock is from `jbr`'s, and where the bounds of two servers
//! contradict the assumption, the bounds count.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;

use crate::names::ServerName;

/// How far a server's clock is ahead of `jbr`'s; negative is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offset {
    /// At least this much, by the backup that says most.
    pub at_least: TimeDelta,
    /// At most this much, by the backup that says most.
    pub at_most: TimeDelta,
    /// The least that any backup says.
    pub least: TimeDelta,
    /// The most that any backup says.
    pub most: TimeDelta,
    /// How many backups say it.
    pub backups: usize,
}

impl Offset {
    /// What one backup says; in whole seconds, since that is how it is told, and no narrower than it is.
    #[must_use]
    pub fn new(at_least: TimeDelta, at_most: TimeDelta) -> Self {
        let (at_least, at_most) = (floor(at_least), -floor(-at_most));
        Self { at_least, at_most, least: at_least, most: at_most, backups: 1 }
    }

    /// What two say together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            at_least: self.at_least.max(other.at_least),
            at_most: self.at_most.min(other.at_most),
            least: self.least.min(other.least),
            most: self.most.max(other.most),
            backups: self.backups.saturating_add(other.backups),
        }
    }
}

/// The whole seconds at or below.
fn floor(distance: TimeDelta) -> TimeDelta {
    let whole = TimeDelta::seconds(distance.num_seconds());
    if whole > distance { whole - TimeDelta::seconds(1) } else { whole }
}

/// How far apart two clocks may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Apart {
    /// No further than this.
    pub within: TimeDelta,
    /// The records say so, against the assumption.
    pub measured: bool,
}

/// The clocks of all servers.
#[derive(Debug, Clone)]
pub struct Clocks {
    tolerance: TimeDelta,
    offsets: BTreeMap<ServerName, Offset>,
}

impl Clocks {
    /// Clocks that agree within a tolerance, but for what these offsets say.
    #[must_use]
    pub fn new(tolerance: Duration, offsets: BTreeMap<ServerName, Offset>) -> Self {
        Self { tolerance: TimeDelta::from_std(tolerance).unwrap_or(TimeDelta::MAX), offsets }
    }

    /// What is known of one clock.
    #[must_use]
    pub fn offset(&self, server: &ServerName) -> Option<Offset> {
        self.offsets.get(server).copied()
    }

    /// How far apart the clocks of two servers may be; a server's own clock agrees with itself.
    #[must_use]
    pub fn apart(&self, a: &ServerName, b: &ServerName) -> Apart {
        let assumed = Apart { within: self.tolerance, measured: false };
        if a == b {
            return Apart { within: TimeDelta::zero(), measured: false };
        }
        let (Some(a), Some(b)) = (self.offsets.get(a), self.offsets.get(b)) else { return assumed };
        let is_refuted = a.at_least - b.at_most > self.tolerance || b.at_least - a.at_most > self.tolerance;
        if !is_refuted {
            return assumed;
        }
        Apart { within: (a.most - b.least).max(b.most - a.least).max(self.tolerance), measured: true }
    }

    /// The furthest that any two clocks may be apart.
    #[must_use]
    pub fn widest(&self) -> TimeDelta {
        let names: Vec<&ServerName> = self.offsets.keys().collect();
        let pairs = names.iter().enumerate().flat_map(|(place, a)| names[place + 1..].iter().map(move |b| (a, b)));
        pairs.map(|(a, b)| self.apart(a, b).within).fold(self.tolerance, TimeDelta::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_in_whole_seconds_are_no_narrower_than_they_were() {
        let millis = TimeDelta::milliseconds;
        for (from, to, at_least, at_most) in [
            (-2600, 600, -3000, 1000),
            (-2000, 1000, -2000, 1000),
            (590_400, 600_400, 590_000, 601_000),
            (-601_500, -599_500, -602_000, -599_000),
        ] {
            let offset = Offset::new(millis(from), millis(to));
            assert_eq!((offset.at_least, offset.at_most), (millis(at_least), millis(at_most)), "{from} {to}");
        }
    }
}
