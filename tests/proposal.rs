//! What is proposed. What an interrupted run leaves to the next: what may still be under way is taken along, and asked for by every record
//! there is of it. What is fresh or held is not queued, and where no window is open nothing is begun.

#[cfg(test)]
#[path = "proposal/due.rs"]
mod due;
#[cfg(test)]
#[path = "proposal/left.rs"]
mod left;
#[cfg(test)]
#[path = "proposal/shut.rs"]
mod shut;
#[cfg(test)]
#[path = "proposal/tail.rs"]
mod tail;

use jbr::clock::later;
use jbr::execute::journal::{Baseline, Phase};
use jbr::execute::outcome::{Outcome, Verdict};
use jbr::inventory::Inventory;
use jbr::jetbackup::facts::{GroupStatus, LogStatus};
use jbr::proposal::{Request, in_doubt, propose};
use jbr::state::State;
use left::{
    HOUR, address, confirming, desired, groups, log_id, logs, none, now, running, state, triggered, unread, view,
};

/// What becomes of something that a closed run had under way.
#[derive(Debug, PartialEq)]
enum Fate {
    /// Watched by the new run.
    TakenAlong,
    /// Queued anew: what was is over.
    QueuedAnew,
    /// Anything else: an old backup would count as today's.
    PassedOff,
    /// Watched, and started anew if it turns out to have ended before.
    Inherited,
}

fn fate(state: &State, inventory: &Inventory) -> Fate {
    let request = Request { is_asked_for: &|_| true, fresh: true };
    let proposal = propose(&desired(), inventory, state, &request, now());
    let inherited = proposal.journal.entries.get(&address()).is_some_and(|entry| entry.inherited);
    match (proposal.journal.phase(&address()), inherited) {
        (Phase::Queued, false) => Fate::QueuedAnew,
        (Phase::Triggered(_) | Phase::Running(_) | Phase::Confirming(_), true) => Fate::Inherited,
        (Phase::Triggered(_) | Phase::Running(_) | Phase::Confirming(_), false) => Fate::TakenAlong,
        _ => Fate::PassedOff,
    }
}

#[test]
fn starting_over_takes_along_what_may_still_write_and_nothing_else() {
    use Fate::{Inherited, QueuedAnew, TakenAlong};
    let runs = || Phase::Running(running(Some(log_id())));
    let vanished = || confirming(None);
    let fresh = || triggered(HOUR / 60);
    let old = || triggered(HOUR);
    let rows = [
        ("its group runs", runs(), groups(GroupStatus::Started), None, TakenAlong),
        ("its group is over", runs(), groups(GroupStatus::Completed), None, QueuedAnew),
        ("its group is gone, its log is being written", runs(), none(), Some(logs(LogStatus::Processing)), TakenAlong),
        ("its group is gone, its log is over", runs(), none(), Some(logs(LogStatus::Completed)), QueuedAnew),
        ("its group is gone, its log cannot be read", runs(), none(), Some(unread()), Inherited),
        ("nobody asked for its log", runs(), none(), None, Inherited),
        ("its server is silent", runs(), unread(), None, Inherited),
        ("gone for long, its log is being written", vanished(), none(), Some(logs(LogStatus::Processing)), TakenAlong),
        ("gone for long, its log is over", vanished(), none(), Some(logs(LogStatus::Failed)), QueuedAnew),
        ("gone for long, its server is silent", vanished(), unread(), None, Inherited),
        ("gone and back", vanished(), groups(GroupStatus::Started), Some(logs(LogStatus::Processing)), TakenAlong),
        ("only its log was missing", confirming(Some(GroupStatus::Completed)), none(), None, QueuedAnew),
        ("may come yet", fresh(), none(), Some(logs(LogStatus::Completed)), Inherited),
        ("may come yet, and nobody can say", fresh(), unread(), None, Inherited),
        ("came, and is over", fresh(), groups(GroupStatus::Completed), Some(logs(LogStatus::Completed)), QueuedAnew),
        ("came, and runs", old(), groups(GroupStatus::Pending), None, TakenAlong),
        ("never came, by a clock that may have been set", old(), none(), Some(logs(LogStatus::Completed)), Inherited),
        ("came and vanished, its log is being written", old(), none(), Some(logs(LogStatus::Processing)), TakenAlong),
        ("came or not, its logs cannot be read", old(), none(), Some(unread()), Inherited),
        ("came or not, nobody can say", old(), unread(), None, Inherited),
    ];
    for (what, phase, groups, logs, expected) in rows {
        assert_eq!(fate(&state(phase), &view(groups, logs)), expected, "{what}");
    }
}

#[test]
fn a_log_from_before_the_trigger_is_not_this_one_s() {
    let mut before = running(None);
    before.baseline = Some(Baseline { logs: Some([log_id()].into()), ..Baseline::default() });
    let state = state(Phase::Running(before));
    assert_eq!(fate(&state, &view(none(), Some(logs(LogStatus::Processing)))), Fate::QueuedAnew);
}

#[test]
fn the_logs_of_all_that_may_be_under_way_are_asked_for_and_of_nothing_else() {
    let outcome = Outcome::without_run(Verdict::Skipped, later(now(), HOUR), String::new());
    let rows = [
        (Phase::Queued, false),
        (Phase::Preparing, false),
        (triggered(HOUR), true),
        (Phase::Running(running(None)), true),
        (confirming(None), true),
        (confirming(Some(GroupStatus::Failed)), false),
        (Phase::Done(outcome), false),
    ];
    for (phase, expected) in rows {
        let what = format!("{phase:?}");
        assert_eq!(!in_doubt(&state(phase)).is_empty(), expected, "{what}");
    }
}
