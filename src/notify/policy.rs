//! Which facts of a run somebody is told: at once, or when it is over. Pure.

use std::collections::BTreeSet;

use super::notice::Cause;
use crate::check::{Check, Finding, JobCheck, Level};
use crate::execute::End;
use crate::execute::event::Event;
use crate::execute::journal::{GateState, Journal, Phase};
use crate::execute::outcome::{Outcome, Verdict};
use crate::names::ServerName;
use crate::printable::printable;
use crate::queue::Queue;
use crate::render::Summary;
use crate::render::summary::Ending;
use crate::render::when::{about, limit};
use crate::seen::Seen;

/// What cannot wait for the end of the run of this queue: why, and a sentence, whose first part says it all. Each of these is an alarm in the run's own narration, too.
#[must_use]
pub fn urgent(event: &Event, queue: &Queue) -> Option<(Cause, String)> {
    let told = match event {
        Event::Overdue { job, group: _, released } => {
            let timeout = queue.item(job).map_or(String::new(), |item| format!(" of {}", limit(item.timeout)));
            let then = if *released {
                "the queue goes on beside it, so two backups may write at once"
            } else {
                "it keeps its place, and nothing else starts until it ends"
            };
            (Cause::Timeout, format!("{job} takes longer than its timeout{timeout}; {then}; `jbr stop {job}` ends it"))
        }
        Event::Stopping { job, group: _ } => {
            (Cause::Timeout, format!("{job} takes longer than its timeout; JetBackup is asked to stop it"))
        }
        Event::StopUnseen { job, group } => (
            Cause::Unsafe,
            format!("{job} was told to stop and was not seen to (group {group}); nothing else starts until it ends"),
        ),
        Event::LeftOpen { server, gate, why } => (
            Cause::Unsafe,
            format!("{server}: {gate} could not be closed: {}; disable it in JetBackup", printable(why)),
        ),
        Event::Overlapped(overlap) => {
            let ((first, first_group), (second, second_group)) = (&overlap.first, &overlap.second);
            let sentence = format!(
                "two backups write at the same time: {first} (group {first_group}) and {second} (group {second_group})"
            );
            (Cause::Unsafe, sentence)
        }
        Event::Waiting { .. }
        | Event::Reachable(_)
        | Event::Unreachable { .. }
        | Event::Opened { .. }
        | Event::Closed { .. }
        | Event::Triggering { .. }
        | Event::TriggerLost { .. }
        | Event::TriggerNotSent { .. }
        | Event::Started { .. }
        | Event::Adopted { .. }
        | Event::Progress { .. }
        | Event::Done { .. }
        | Event::Retrying { .. }
        | Event::EndedBefore { .. }
        | Event::Ended(_) => return None,
    };
    Some(told)
}

/// How a run stands when its process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// All as asked.
    Good,
    /// Its window closed before the end, as the plan has it, and nothing has gone wrong so far.
    Paused,
    /// Somebody stopped it, and nothing has gone wrong so far: whether the next `jbr apply` goes on is not known.
    Stopped,
    /// Something is not as it should be.
    Bad,
}

/// Every reason to tell somebody of a run that is over, and how it stands. `is_good` says whether its exit code is 0; `silent` are the
/// servers that did not answer at some time.
#[must_use]
pub fn of_run(summary: &Summary<'_>, is_good: bool, silent: &BTreeSet<ServerName>) -> (Vec<Cause>, Standing) {
    let outcomes: Vec<(&ServerName, &Outcome)> = summary
        .queue
        .items
        .iter()
        .filter_map(|item| Some((&item.address.server, summary.journal.outcome(&item.address)?)))
        .collect();
    let is_paused = matches!(summary.ending, Ending::Ended(End::WindowClosed { .. }));
    let is_stopped = matches!(summary.ending, Ending::Ended(End::Interrupted));
    let has_bad = outcomes.iter().any(|(_, outcome)| !outcome.verdict.is_good());
    let is_unsafe = matches!(summary.ending, Ending::Ended(End::Unsafe(_))) || has_alarm(summary.journal);
    let is_skipped_for =
        |(server, outcome): &(&ServerName, &Outcome)| outcome.verdict == Verdict::Skipped && silent.contains(*server);
    // A window that closes before its turn is no failure; twice in a row it is, or nobody would ever hear of it.
    let has_missed_again = summary.missed_again().next().is_some();
    let is_bad = is_unsafe || has_bad || has_missed_again || !(is_good || is_paused || is_stopped);
    let standing = match (is_bad, is_paused, is_stopped) {
        (true, _, _) => Standing::Bad,
        (false, true, _) => Standing::Paused,
        (false, false, true) => Standing::Stopped,
        (false, false, false) => Standing::Good,
    };
    let causes = [
        // Whoever wants to hear of every run that is over wants that also where something else is to be said.
        (!is_paused && !is_stopped, Cause::Finished),
        (outcomes.iter().any(|(_, outcome)| outcome.verdict == Verdict::Partial), Cause::Partial),
        (!summary.journal.unreachable.is_empty() || outcomes.iter().any(is_skipped_for), Cause::Unreachable),
        (outcomes.iter().any(|(_, outcome)| outcome.overdue), Cause::Timeout),
        (is_bad, Cause::Failure),
        (is_unsafe, Cause::Unsafe),
    ];
    let causes = causes.into_iter().filter(|(is_so, _)| *is_so).map(|(_, cause)| cause).collect();
    (causes, standing)
}

/// What makes the end of a run the same news as an earlier one: of the same run that is not over, or of one that had nothing to do but to close
/// what was left open. `None` where jobs were run to the end, which is news each time.
#[must_use]
pub fn news(summary: &Summary<'_>) -> Option<String> {
    let which = match summary.ending {
        // A timer begins such a run anew each time, until it closes.
        Ending::Ended(End::Complete) if summary.queue.items.is_empty() => "no job".to_owned(),
        Ending::Ended(End::Complete) => return None,
        Ending::Ended(end) => format!("{} {end:?}", summary.run),
        Ending::Broken(why) => format!("{} {why}", summary.run),
    };
    let outcomes = summary.queue.items.iter().map(|item| summary.journal.outcome(&item.address));
    let outcomes: Vec<_> = outcomes
        .map(|outcome| outcome.map(|outcome| (outcome.verdict, outcome.overdue, outcome.ended, &outcome.note)))
        .collect();
    let open = summary.journal.opened.iter().filter(|opened| matches!(opened.state, GateState::LeftOpen { .. }));
    let open: Vec<_> = open.map(|opened| (&opened.server, opened.gate.to_string())).collect();
    let silent: Vec<_> = summary.journal.unreachable.keys().collect();
    Some(format!("{which} {outcomes:?} {open:?} {silent:?} {:?}", summary.journal.overlaps))
}

fn has_alarm(journal: &Journal) -> bool {
    let is_unseen = |phase: &Phase| match phase {
        Phase::Running(running) => running.stop.as_ref().is_some_and(|stop| stop.unseen),
        Phase::Confirming(confirming) => confirming.running.stop.as_ref().is_some_and(|stop| stop.unseen),
        Phase::Queued | Phase::Preparing | Phase::Triggered(_) | Phase::Done(_) => false,
    };
    !journal.overlaps.is_empty()
        || journal.entries.values().any(|entry| is_unseen(&entry.phase))
        || journal.opened.iter().any(|opened| matches!(opened.state, GateState::LeftOpen { .. }))
}

/// The jobs of a check without a backup that is young enough, each with a line that says why. What nobody could find out counts where
/// the last backup that is known is too old: a server that is silent for a week must not keep everybody quiet.
#[must_use]
pub fn stale(check: &Check) -> Vec<(String, String)> {
    let line = |job: &JobCheck| (job.address.to_string(), format!("{}: {}", job.address, why_stale(job, check)));
    check.jobs.iter().filter(|job| is_stale(job, check)).map(line).collect()
}

fn is_stale(job: &JobCheck, check: &Check) -> bool {
    let is_old = job.history.age(check.at).zip(job.max_age).is_some_and(|(age, max_age)| age > max_age);
    match job.level() {
        Level::Critical => true,
        Level::Unknown => is_old,
        Level::Ok | Level::Warning => false,
    }
}

fn why_stale(job: &JobCheck, check: &Check) -> String {
    if let Some(Finding::Missing { id }) =
        job.findings.iter().find(|finding| matches!(finding, Finding::Missing { .. }))
    {
        return format!("{} has no backup job with the id {id}", job.address.server);
    }
    let limit = job.max_age.map_or(String::new(), |max_age| format!(", and may be {} old", about(max_age)));
    match &job.history.last_good {
        Seen::Known(Some(_)) => {
            let age = job.history.age(check.at).map(about).unwrap_or_default();
            let doubt = if job.level() == Level::Unknown { "; not everything could be read" } else { "" };
            format!("its last good backup ended {age} ago{limit}{doubt}")
        }
        Seen::Known(None) => "no good backup of it is known".to_owned(),
        Seen::Unknown(why) => format!("it is not known when its last good backup was: {why}"),
    }
}
