//! The words for what the run's types mean, for people. Each `match` names every variant, so that a new one cannot be
//! forgotten.

use crate::clock::Timestamp;
use crate::desired::When;
use crate::execute::journal::{Answer, GateState, Opened, Phase, WaitReason};
use crate::execute::outcome::Verdict;
use crate::jetbackup::facts::GroupStatus;
use crate::names::ServerName;
use crate::printable::printable;
use crate::queue::Gate;
use crate::queue::place::Place;

use super::symbol;
use super::when::{Zone, limit};

/// The symbol in front of a backup that is over.
pub(super) fn verdict_symbol(verdict: Verdict) -> char {
    match verdict {
        Verdict::Completed => symbol::DONE,
        Verdict::Partial => symbol::ATTENTION,
        Verdict::Unconfirmed | Verdict::Lost => symbol::UNREAD,
        Verdict::Skipped
        | Verdict::NeverStarted
        | Verdict::Aborted
        | Verdict::NeverFinished
        | Verdict::Failed
        | Verdict::UnknownStatus(_) => symbol::ERROR,
    }
}

/// A verdict as a sentence ends: `server1/accounts …`.
pub(super) fn verdict_sentence(verdict: Verdict) -> String {
    match verdict {
        Verdict::Completed => "completed".to_owned(),
        Verdict::Partial => "completed in part: a backup, with gaps".to_owned(),
        Verdict::Skipped => "was skipped: no backup".to_owned(),
        Verdict::Unconfirmed => "ended, and JetBackup's log could not confirm that it is good".to_owned(),
        Verdict::NeverStarted => "never started: no backup".to_owned(),
        Verdict::Aborted => "was aborted".to_owned(),
        Verdict::NeverFinished => "never finished".to_owned(),
        Verdict::Failed => "failed".to_owned(),
        Verdict::UnknownStatus(code) => {
            format!("ended with status {code}, which jbr does not know: not taken for good")
        }
        Verdict::Lost => "ran, and JetBackup has no record of how it ended".to_owned(),
    }
}

/// Why an item stands where it does in its queue.
pub(super) fn place(place: &Place) -> String {
    match place {
        Place::After(after) => {
            let whatever = if after.when == When::Finished { ", however that ends" } else { "" };
            format!("here because: after {}{whatever}", after.job)
        }
        Place::Priority { priority, is_shared: false } => format!("here because: priority {priority}"),
        Place::Priority { priority, is_shared: true } => {
            format!("here because: priority {priority}, then the order of the plan")
        }
        Place::LeftOver => "here because: the run before was closed without it".to_owned(),
        Place::File => "here because: the order of the plan".to_owned(),
        Place::TakenAlong => "here because: in no plan any more, so before everything else".to_owned(),
    }
}

/// How a predecessor must have ended, as the plan language spells it.
pub(super) fn when(when: When) -> &'static str {
    match when {
        When::Success => "success",
        When::Finished => "finished",
    }
}

/// The symbol in front of an item.
pub(super) fn phase_symbol(phase: &Phase) -> char {
    match phase {
        Phase::Queued | Phase::Preparing => symbol::WILL_RUN,
        Phase::Running(running) if running.overdue => symbol::ATTENTION,
        Phase::Triggered(_) | Phase::Running(_) | Phase::Confirming(_) => symbol::RUNS,
        Phase::Done(outcome) => verdict_symbol(outcome.verdict),
    }
}

/// One or two words for an item's phase.
pub(super) fn phase_word(phase: &Phase) -> String {
    match phase {
        Phase::Queued => "queued".to_owned(),
        Phase::Preparing => "preparing".to_owned(),
        Phase::Triggered(_) => "triggered".to_owned(),
        Phase::Running(running) if running.released => "released".to_owned(),
        Phase::Running(running) if running.overdue => "overdue".to_owned(),
        Phase::Running(_) => "running".to_owned(),
        Phase::Confirming(_) => "confirming".to_owned(),
        Phase::Done(outcome) => outcome.verdict.word(),
    }
}

/// What a server said to a trigger.
pub(super) fn answer(answer: &Answer) -> String {
    match answer {
        Answer::None => "no answer arrived".to_owned(),
        Answer::Accepted => "the server accepted it".to_owned(),
        Answer::Refused(why) => format!("the server refused: {}", printable(why)),
    }
}

/// How far a queue group is.
pub(crate) fn group_status(status: GroupStatus) -> String {
    match status {
        GroupStatus::Pending => "waits in JetBackup's own queue".to_owned(),
        GroupStatus::Started | GroupStatus::Step(_) => "runs".to_owned(),
        GroupStatus::Completed => "is completed".to_owned(),
        GroupStatus::Partial => "is completed in part".to_owned(),
        GroupStatus::Failed => "has failed".to_owned(),
        GroupStatus::Aborted => "was aborted".to_owned(),
        GroupStatus::NeverFinished => "never finished".to_owned(),
        GroupStatus::Other(code) => format!("has status {code}"),
    }
}

/// What a wait is for: `waiting … for …`.
pub(super) fn wait_for(reason: &WaitReason, zone: Zone) -> String {
    match reason {
        WaitReason::Retry { at } => format!("its next try, not before {}", zone.date_time(*at)),
        WaitReason::Window { opens } => format!("its window, which opens at {}", zone.date_time(*opens)),
        WaitReason::Unreachable { server, why } => {
            format!("{server}, which does not answer: {}", printable(own_words(server, why)))
        }
        WaitReason::Busy { server, group, job } => {
            let job = job.as_ref().map_or(String::new(), |job| format!(" of job {job}"));
            format!("a backup on {server} that jbr did not start (group {group}{job})")
        }
    }
}

/// When the next window opens.
pub(super) fn next_window(opens: Option<Timestamp>, zone: Zone) -> String {
    opens.map_or_else(
        || "no window opens within the time that the plan was worked out for".to_owned(),
        |opens| format!("the next window opens at {}", zone.date_time(opens)),
    )
}

/// What a person does to close a gate.
pub(super) fn close_by_hand(gate: &Gate) -> &'static str {
    match gate {
        Gate::Destination(_) => "disable that destination in JetBackup",
        Gate::Job(_) => "disable that job in JetBackup",
    }
}

/// What is to be said of something that jbr opened, with its symbol.
pub(super) fn opened(opened: &Opened) -> (char, String) {
    let Opened { server, gate, since: _, state } = opened;
    let hand = close_by_hand(gate);
    match state {
        GateState::Opening { tries: _ } => {
            (symbol::ATTENTION, format!("{server}: {gate} may be open; `jbr apply` closes it when nothing needs it"))
        }
        GateState::Open => {
            (symbol::ATTENTION, format!("{server}: {gate} is open; `jbr apply` closes it when nothing needs it"))
        }
        GateState::Closing { since: _, tries } => (
            symbol::ATTENTION,
            format!(
                "{server}: {gate} was told to close {} and was not seen closed; `jbr apply` tries again",
                times(*tries)
            ),
        ),
        GateState::LeftOpen { why } => (
            symbol::ERROR,
            format!(
                "{server}: {gate} was LEFT OPEN: {}. `jbr apply` tries again; or {hand} on {server}",
                printable(why)
            ),
        ),
    }
}

/// A reason without the name of its server in front, for a sentence that has just said it.
pub(crate) fn own_words<'a>(server: &ServerName, why: &'a str) -> &'a str {
    why.strip_prefix(server.as_str()).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(why)
}

/// A text as a sentence: with a full stop, unless it ends like one.
pub(super) fn sentence(text: &str) -> String {
    let text = printable(text);
    if text.ends_with(['.', '!', '?', '…']) { text } else { text + "." }
}

/// `once`, `twice`, `3 times`.
pub(super) fn times(count: u32) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}

/// `1 job`, `2 jobs`.
pub(crate) fn count(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// What happens to the jobs of a server that does not answer.
pub(super) fn given_up_after(wait: std::time::Duration) -> String {
    format!("its jobs are skipped after {}", limit(wait))
}
