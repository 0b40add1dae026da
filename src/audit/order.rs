//! What `jbr` saw to be over before it asked for another: an order that needs no clock but its own.
//!
//! Between two servers a second or two is all that lies between one backup and the next, and their clocks may be as far
//! apart. But within a run `jbr` stores the intent of a trigger after it has read, in JetBackup's queue and log, that the
//! backup before it is over. The second cannot have begun before that, whatever the two clocks say.

use std::collections::BTreeMap;

use super::backup::Backup;
use crate::execute::journal::Phase;
use crate::execute::outcome::{Outcome, Verdict};
use crate::names::{LogId, ServerName};
use crate::state::State;

/// The outcomes of each run, by their log. Times of two runs are not compared: the clock may have been set in between.
pub(super) struct Order<'a> {
    runs: Vec<BTreeMap<(&'a ServerName, &'a LogId), &'a Outcome>>,
}

impl<'a> Order<'a> {
    /// What a state remembers.
    pub(super) fn of(state: &'a State) -> Self {
        let past = state.history.iter().map(|run| {
            let outcomes = run.items.iter().filter_map(|(job, outcome)| Some((&job.server, outcome.as_ref()?)));
            outcomes.filter_map(by_log).collect()
        });
        let now = state.run.iter().map(|run| {
            let outcomes = run.journal.entries.iter().filter_map(|(job, entry)| match &entry.phase {
                Phase::Done(outcome) => Some((&job.server, outcome)),
                _ => None,
            });
            outcomes.filter_map(by_log).collect()
        });
        Self { runs: past.chain(now).collect() }
    }

    /// Whether the first was seen to be over before this run's first trigger of the second left.
    pub(super) fn has(&self, first: &Backup, second: &Backup) -> bool {
        let (Some(first_log), Some(second_log)) = (&first.log, &second.log) else { return false };
        first.to.is_some()
            && self.runs.iter().any(|run| {
                let over = run.get(&(&first.server, first_log)).filter(|outcome| was_seen_over(outcome.verdict));
                let next = run.get(&(&second.server, second_log)).and_then(|outcome| outcome.triggered);
                matches!((over, next), (Some(over), Some(triggered)) if over.ended <= triggered)
            })
    }
}

fn by_log<'a>((server, outcome): (&'a ServerName, &'a Outcome)) -> Option<((&'a ServerName, &'a LogId), &'a Outcome)> {
    Some(((server, outcome.log.as_ref()?), outcome))
}

/// Whether JetBackup had recorded an end when `jbr` moved on.
fn was_seen_over(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Completed | Verdict::Partial | Verdict::Failed | Verdict::Aborted)
}
