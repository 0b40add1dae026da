//! The machine, its driver and its beginning with one mistake each. Every mistake was made by somebody, and each must be found.

use jbr::clock::{earlier, later};
use jbr::execute::journal::{Confirming, GateState, Journal, Phase, Running, Stop};
use jbr::execute::observation::{JobSight, ServerSight, Survey, TriggerAnswer};
use jbr::execute::outcome::{Outcome, Verdict};
use jbr::execute::{Action, End, Observation, Sight, Turn, step};
use jbr::jetbackup::facts::GroupStatus;
use jbr::queue::Queue;
use jbr::seen::Seen;
use jbr::state::State;

use super::TICK;

/// One mistake, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// The machine as it is.
    None,
    /// The journal is stored after the action (the state file does not know of a backup that was started).
    PersistAfterActing,
    /// A server that does not answer runs nothing (S8).
    UnknownTakenForIdle,
    /// Only the job's own server is asked before a trigger.
    OnlyTheOwnServerAsked,
    /// Backups of others do not count.
    ForeignIgnored,
    /// A group that waits in JetBackup's queue does not count.
    PendingTakenForIdle,
    /// A stop that was asked for is taken for a stop that was seen (S1).
    MoveOnAfterAnUnseenStop,
    /// What is overdue gives up its slot, whatever the plan says (four writers).
    MoveOnAfterTheTimeout,
    /// A restart forgets what is under way (S3).
    TriggerAgainAtStart,
    /// A lost answer to a trigger means that nothing was started (S10).
    LostAnswerTakenForFailure,
    /// A lost trigger is repeated before it can no longer be carried out.
    LostCommandNotWaitedOut,
    /// The first group with the job's id is taken for this run's (S15).
    FirstGroupWithTheJobsId,
    /// A backup of the job that somebody else started is not adopted.
    RunningBackupNotAdopted,
    /// A group that cannot be asked for is over.
    SilenceTakenForTheEnd,
    /// A group that is gone is over, whatever its log says.
    GoneTakenForOver,
    /// A failed backup is called completed (S6).
    FailedTakenForCompleted,
    /// What was opened is forgotten when the process dies (S16).
    OpenedForgottenAtStart,
    /// What was opened is closed without a look at who uses it (S2).
    ClosedUnderABackup,
    /// A server that was seen busy counts as busy for ever.
    BusyForEver,
    /// Starting over forgets what is under way.
    StartingOverForgets,
    /// A door that does not open is told to open for ever.
    TriesForEver,
    /// What a job comes after is forgotten once the queue is made.
    OrderForgotten,
    /// A second try does not wait for its time.
    TriedAgainAtOnce,
    /// The wall clock is believed when it goes back.
    ClockBelieved,
    /// A job is started whenever its turn comes.
    WindowsIgnored,
    /// The window is looked at before everybody is asked, and not after.
    WindowNotLookedAtAgain,
    /// A second try is made although the window has closed meanwhile.
    TriedAgainInAClosedWindow,
    /// What does not fit is started all the same.
    FitsIgnored,
    /// A job whose window has closed is given up.
    GivenUpAtTheClose,
    /// A backup is stopped when its window closes (a window that closes in the middle leaves a stuck sync, as in Argo CD).
    StoppedAtTheClose,
    /// A run whose windows have closed is taken for a complete one.
    ClosedTakenForComplete,
    /// A run that nobody told to stay waits for its windows.
    WaitsUnasked,
}

/// All the mistakes, each with the search that must find it and the invariant that it must break. `journal_covers_world` would tell of
/// most of them long before harm is done; it is held against them only where it is the one: a machine that forgets a backup on a server
/// that answers is saved by the look at everybody before the next trigger.
pub(crate) const MUTANTS: [(Mutant, &str, &str); 31] = [
    (Mutant::PersistAfterActing, "one server: outages and losses", "triggered_once"),
    (Mutant::UnknownTakenForIdle, "one server: outages and losses", "unknown_is_not_idle"),
    (Mutant::OnlyTheOwnServerAsked, "two servers, one silent", "unknown_is_not_idle"),
    (Mutant::ForeignIgnored, "a foreign backup", "unknown_is_not_idle"),
    (Mutant::PendingTakenForIdle, "a door, somebody starts the job", "never_closed_under_a_backup"),
    (Mutant::MoveOnAfterAnUnseenStop, "two servers, stop", "journal_covers_world"),
    (Mutant::MoveOnAfterTheTimeout, "two servers, a lost trigger", "journal_covers_world"),
    (Mutant::TriggerAgainAtStart, "one server: outages and losses", "triggered_once"),
    (Mutant::LostAnswerTakenForFailure, "one server: outages and losses", "triggered_once"),
    (Mutant::LostCommandNotWaitedOut, "one server: outages and losses", "triggered_once"),
    (Mutant::FirstGroupWithTheJobsId, "two servers, a lost trigger", "one_writer"),
    (Mutant::RunningBackupNotAdopted, "somebody starts the job", "journal_covers_world"),
    (Mutant::SilenceTakenForTheEnd, "two servers, one silent", "journal_covers_world"),
    (Mutant::GoneTakenForOver, "groups that vanish", "journal_covers_world"),
    (Mutant::FailedTakenForCompleted, "one server: outages and losses", "good_only_if_it_is"),
    (Mutant::OpenedForgottenAtStart, "a door, a lost command", "closed_at_the_end"),
    (Mutant::ClosedUnderABackup, "a door, a lost command", "never_closed_under_a_backup"),
    (Mutant::BusyForEver, "a foreign backup", "unknown_is_not_idle"),
    (Mutant::StartingOverForgets, "starting over", "one_writer"),
    (Mutant::TriesForEver, "a door that is stuck", "can_always_finish"),
    (Mutant::OrderForgotten, "one after the other, with a second try", "order_is_kept"),
    (Mutant::TriedAgainAtOnce, "a second try", "tries_are_apart"),
    (Mutant::ClockBelieved, "stop", "time_never_goes_back"),
    (Mutant::WindowsIgnored, "a window", "windows_are_kept"),
    (Mutant::WindowNotLookedAtAgain, "a window", "windows_are_kept"),
    (Mutant::TriedAgainInAClosedWindow, "a second try, in a window", "windows_are_kept"),
    (Mutant::FitsIgnored, "a backup that is to fit", "windows_are_kept"),
    (Mutant::GivenUpAtTheClose, "a window", "nothing_is_given_up"),
    (Mutant::StoppedAtTheClose, "a window", "never_stopped_in_time"),
    (Mutant::ClosedTakenForComplete, "a window", "journal_covers_world"),
    (Mutant::WaitsUnasked, "a window", "can_always_finish"),
];

impl Mutant {
    /// The invariants that a search for it is blind to.
    pub(crate) fn blinds(self, invariant: &str) -> bool {
        invariant == "journal_covers_world"
            && MUTANTS.iter().any(|(mutant, _, expected)| *mutant == self && *expected != invariant)
    }

    /// Whether the driver acts first.
    pub(crate) fn stores_late(self) -> bool {
        self == Self::PersistAfterActing
    }

    /// What it makes of the state with which a process begins.
    pub(crate) fn begins(self, state: &mut State, fresh: bool) {
        let Some(run) = &mut state.run else { return };
        match self {
            Self::TriggerAgainAtStart => run.journal.entries.retain(|_, entry| !entry.phase.is_in_flight()),
            Self::StartingOverForgets if fresh => run.journal.entries.clear(),
            Self::OpenedForgottenAtStart => run.journal.opened.clear(),
            _ => {}
        }
    }

    /// What it takes a sight for.
    pub(crate) fn sight(self, mut seen: Observation, journal: &Journal, queue: &Queue) -> Observation {
        match (self, &mut seen.sight) {
            (Self::UnknownTakenForIdle, Sight::Survey(survey)) => {
                take_for_idle(survey, |_, sight| matches!(sight, Seen::Unknown(_)));
            }
            (Self::OnlyTheOwnServerAsked, Sight::Survey(survey)) => {
                let next = queue.items.iter().find(|item| journal.outcome(&item.address).is_none());
                take_for_idle(survey, |server, _| next.is_none_or(|item| item.address.server.as_str() != server));
            }
            (Self::ForeignIgnored, Sight::Survey(survey)) => {
                let is_known = |job: &jbr::names::JobId| queue.items.iter().any(|item| item.id == *job);
                keep(survey, |group| group.job.as_ref().is_some_and(is_known));
            }
            (Self::PendingTakenForIdle, Sight::Survey(survey)) => {
                keep(survey, |group| group.status != GroupStatus::Pending);
            }
            (Self::RunningBackupNotAdopted, Sight::Survey(survey)) => {
                let is_ours = |job: &jbr::names::JobId| queue.items.iter().any(|item| item.id == *job);
                keep(survey, |group| !group.status.is_unfinished() || !group.job.as_ref().is_some_and(is_ours));
            }
            (Self::LostAnswerTakenForFailure, Sight::Trigger(answer)) => {
                if let TriggerAnswer::Unknown(why) = answer {
                    *answer = TriggerAnswer::NotSent(why.clone());
                }
            }
            (Self::SilenceTakenForTheEnd, Sight::Group(group @ Seen::Unknown(_))) => *group = Seen::Known(None),
            (Self::FailedTakenForCompleted, Sight::Group(Seen::Known(Some(group))))
                if group.status == GroupStatus::Failed =>
            {
                group.status = GroupStatus::Completed;
            }
            (Self::FailedTakenForCompleted, Sight::Log(Seen::Known(Some(log)))) => {
                log.status = jbr::jetbackup::facts::LogStatus::Completed;
            }
            (Self::FirstGroupWithTheJobsId, Sight::Job(Seen::Known(JobSight { groups, .. }))) => groups.truncate(1),
            _ => {}
        }
        seen
    }

    /// Its turn.
    pub(crate) fn step(self, queue: &Queue, journal: &Journal, seen: &Observation) -> Turn {
        let (mut queue, mut journal, mut seen) = (queue.clone(), journal.clone(), seen.clone());
        if self == Self::OrderForgotten {
            queue.items.iter_mut().for_each(|item| item.after.clear());
        }
        let is_closed = self.forgets_windows(&mut queue, &journal, &seen);
        let settle = queue.items.first().map(|item| item.settle).unwrap_or_default();
        for entry in journal.entries.values_mut() {
            if self == Self::TriedAgainAtOnce && entry.not_before.is_some() {
                seen.at = later(seen.at, TICK);
            }
            match (self, &mut entry.phase, &seen.sight) {
                (Self::LostCommandNotWaitedOut, Phase::Triggered(triggered), _) => {
                    triggered.at = earlier(triggered.at, settle);
                }
                (Self::FirstGroupWithTheJobsId, Phase::Triggered(triggered), _) => {
                    triggered.baseline.groups.clear();
                    triggered.baseline.logs = None;
                }
                (Self::MoveOnAfterAnUnseenStop, phase @ Phase::Running(_), Sight::Stop) => {
                    *phase = Phase::Done(Outcome::without_run(Verdict::Aborted, seen.at, String::new()));
                }
                (Self::MoveOnAfterTheTimeout, phase @ Phase::Running(Running { overdue: true, .. }), _) => {
                    *phase = Phase::Done(Outcome::without_run(Verdict::NeverFinished, seen.at, String::new()));
                }
                (Self::GoneTakenForOver, phase @ Phase::Confirming(Confirming { status: None, .. }), _) => {
                    *phase = Phase::Done(Outcome::without_run(Verdict::Lost, seen.at, String::new()));
                }
                _ => {}
            }
        }
        for opened in journal.opened.iter_mut().filter(|_| self == Self::TriesForEver) {
            if let GateState::Opening { tries } = &mut opened.state {
                *tries = 0;
            }
        }
        let busy = journal.busy.clone();
        let mut turn = step(&queue, &journal, &seen);
        match (self, &turn.action) {
            (Self::BusyForEver, _) => turn.journal.busy.extend(busy),
            (Self::ClockBelieved, _) if seen.at < journal.at => turn.journal.at = seen.at,
            (Self::ClosedUnderABackup, Action::Wait(_)) => close_at_once(&mut turn),
            (Self::StoppedAtTheClose, Action::Wait(_)) if is_closed => stop_at_once(&mut turn),
            (Self::ClosedTakenForComplete, Action::Finish(End::WindowClosed { .. })) => {
                turn.action = Action::Finish(End::Complete);
            }
            (Self::WaitsUnasked, Action::Finish(End::WindowClosed { .. })) => turn.action = Action::Wait(TICK),
            (Self::GivenUpAtTheClose, Action::Finish(End::WindowClosed { .. })) => {
                for item in &queue.items {
                    let phase = &mut turn.journal.entry_mut(&item.address).phase;
                    *phase = Phase::Done(Outcome::without_run(Verdict::Skipped, seen.at, String::new()));
                }
                turn.action = Action::Finish(End::Complete);
            }
            _ => {}
        }
        turn
    }
}

impl Mutant {
    /// Takes from the queue what it does not heed; whether a window was closed.
    fn forgets_windows(self, queue: &mut Queue, journal: &Journal, seen: &Observation) -> bool {
        let mut is_closed = false;
        for item in &mut queue.items {
            let Some(openings) = &item.openings else { continue };
            is_closed |= !openings.iter().any(|opening| opening.contains(seen.at));
            let is_second_try = journal.entries.get(&item.address).is_some_and(|entry| entry.attempts > 0);
            let forgets = match self {
                Self::WindowsIgnored => true,
                Self::WindowNotLookedAtAgain => matches!(seen.sight, Sight::Survey(_)),
                Self::TriedAgainInAClosedWindow => is_second_try,
                _ => false,
            };
            if forgets {
                item.openings = None;
            }
            if self == Self::FitsIgnored {
                item.fits = None;
            }
        }
        is_closed
    }
}

/// Instead of waiting, it stops what runs.
fn stop_at_once(turn: &mut Turn) {
    let at = turn.journal.at;
    for (address, entry) in &mut turn.journal.entries {
        if let Phase::Running(running) = &mut entry.phase {
            running.stop = Some(Stop { asked: at, times: 1, unseen: false });
            turn.action = Action::Stop { server: address.server.clone(), group: running.group.clone() };
        }
    }
}

fn take_for_idle(survey: &mut Survey, which: impl Fn(&str, &Seen<ServerSight>) -> bool) {
    for (server, sight) in &mut survey.servers {
        if which(server.as_str(), sight) {
            *sight = Seen::Known(ServerSight::default());
        }
    }
}

fn keep(survey: &mut Survey, which: impl Fn(&jbr::jetbackup::facts::Group) -> bool) {
    for (_, sight) in &mut survey.servers {
        if let Seen::Known(sight) = sight {
            sight.groups.retain(|sight| which(&sight.group));
        }
    }
}

/// Instead of waiting, it closes what is open.
fn close_at_once(turn: &mut Turn) {
    if let Some(opened) = turn.journal.opened.iter_mut().find(|opened| opened.state == GateState::Open) {
        opened.state = GateState::Closing { since: later(turn.journal.at, TICK), tries: 1 };
        turn.action = Action::Set { server: opened.server.clone(), gate: opened.gate.clone(), open: false };
    }
}
