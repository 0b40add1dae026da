//! Why a job is not to be run for now: the plan holds it, a person does, or both.
//!
//! A hold keeps a backup from being started. It stops none that runs, and it does not make an old backup any younger.

use crate::clock::Timestamp;
use crate::desired::Hold;

/// How long a reason may be, in characters, in a plan or by hand: it stands in one line beside the job.
pub const REASON_LENGTH_MAX: usize = 200;

/// A hold that a person put on a job with `jbr hold`. Everything in it is printable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByHand {
    /// Who.
    pub user: String,
    /// Since when, by the clock of the machine that `jbr` runs on.
    pub since: Timestamp,
    /// Why, in that person's words.
    pub reason: String,
    /// Until when; `None` if until `jbr release`.
    pub until: Option<Timestamp>,
}

impl ByHand {
    /// Whether it still holds.
    #[must_use]
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        is_in_force(self.until, now)
    }
}

/// What holds a job at a moment: at least one of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holds {
    /// `hold` in the plan.
    pub plan: Option<Hold>,
    /// `jbr hold`.
    pub hand: Option<ByHand>,
}

impl Holds {
    /// What of the two is in force; `None` where nothing is. A hold ends at the moment that it names.
    #[must_use]
    pub fn at(now: Timestamp, plan: Option<&Hold>, hand: Option<&ByHand>) -> Option<Self> {
        let plan = plan.filter(|hold| is_in_force(hold.until, now)).cloned();
        let hand = hand.filter(|hold| hold.is_in_force(now)).cloned();
        (plan.is_some() || hand.is_some()).then_some(Self { plan, hand })
    }

    /// When the last of them ends; `None` if one of them has no end.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        let ends = [self.plan.as_ref().map(|hold| hold.until), self.hand.as_ref().map(|hold| hold.until)];
        let ends: Option<Vec<Timestamp>> = ends.into_iter().flatten().collect();
        ends.and_then(|ends| ends.into_iter().max())
    }
}

fn is_in_force(until: Option<Timestamp>, now: Timestamp) -> bool {
    until.is_none_or(|until| now < until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{earlier, later};
    use std::time::Duration;

    #[test]
    fn what_is_in_force_holds_and_the_last_end_counts() {
        let now = Timestamp::UNIX_EPOCH;
        let hour = Duration::from_secs(3600);
        let (past, soon, late) = (earlier(now, hour), later(now, hour), later(now, hour * 2));
        let plan = |until| Hold { reason: "moved".to_owned(), until };
        let hand = |until| ByHand { user: "ana".to_owned(), since: past, reason: "disk".to_owned(), until };
        let end = |plan: Option<Hold>, hand: Option<ByHand>| {
            Holds::at(now, plan.as_ref(), hand.as_ref()).map(|holds| holds.until())
        };
        assert_eq!(end(None, None), None);
        assert_eq!(end(Some(plan(Some(past))), Some(hand(Some(now)))), None, "both are over");
        assert_eq!(end(Some(plan(None)), None), Some(None));
        assert_eq!(end(None, Some(hand(Some(soon)))), Some(Some(soon)));
        assert_eq!(end(Some(plan(Some(late))), Some(hand(Some(soon)))), Some(Some(late)));
        assert_eq!(end(Some(plan(Some(late))), Some(hand(None))), Some(None), "one has no end");
        assert_eq!(end(Some(plan(Some(past))), Some(hand(Some(soon)))), Some(Some(soon)));
    }
}
