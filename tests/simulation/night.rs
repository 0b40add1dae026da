//! What goes wrong in one night: with the servers, with the machine that jbr runs on, with its clock, and with the plan.

use std::time::Duration;

use chrono::TimeDelta;
use jbr::clock::{Timestamp, later};
use jbr::simulator::{Execution, Fault, Fleet, ForeignGroup, Garble, LeftBehind, Reboot, Rule, Server, When};

use crate::dice::Dice;
use crate::fate::What;
use crate::scenario::execution;

/// Longer than any call may last, in seconds.
const CALL_MAX_S: u64 = 80;
/// Within how many seconds from the start of a night things go wrong.
const NIGHT_S: u64 = 5400;

/// What ends a process early, and what the next one is like.
#[derive(Debug, Clone)]
pub(crate) struct Misfortune {
    pub(crate) what: What,
    /// Until the next process.
    pub(crate) gap: Duration,
    /// The next one is started with `--fresh`.
    pub(crate) is_fresh: bool,
    /// The plan is another for the next one.
    pub(crate) changes_plan: bool,
    /// How wrong the machine's clock is for the next one, if that changes.
    pub(crate) clock: Option<TimeDelta>,
}

/// One night.
#[derive(Debug)]
pub(crate) struct Night {
    /// How many changes the plan has seen since the last one.
    pub(crate) plan_changes: u64,
    /// The first process is started with `--fresh`.
    pub(crate) is_fresh: bool,
    /// How wrong the machine's clock is, if that changes.
    pub(crate) clock: Option<TimeDelta>,
    /// One for each process that does not live to its end, in order.
    pub(crate) misfortunes: Vec<Misfortune>,
}

/// What a night has in store for jbr.
pub(crate) fn night(dice: &mut Dice, number: u64) -> Night {
    let is_first = number == 0;
    Night {
        plan_changes: if is_first || dice.percent(60) { 0 } else { dice.between(1, 3) },
        is_fresh: !is_first && dice.percent(3),
        clock: (!is_first && dice.percent(8)).then(|| wrong_by(dice)),
        misfortunes: (0..if dice.percent(30) { 0 } else { dice.below(5) }).map(|_| misfortune(dice)).collect(),
    }
}

/// A Raspberry Pi has no clock chip: after a boot it is as late as it was when somebody saved the time last, or years; and right again once
/// a time server has answered. A battery that is empty or a mistyped date can put it ahead, too.
fn wrong_by(dice: &mut Dice) -> TimeDelta {
    let seconds = |dice: &mut Dice, most: u64| i64::try_from(dice.between(1, most)).unwrap();
    TimeDelta::seconds(match dice.below(8) {
        0..4 => 0,
        4 => -seconds(dice, 600),
        5 => -seconds(dice, 3 * 24 * 3600),
        6 => -seconds(dice, 6 * 365 * 24 * 3600),
        _ => seconds(dice, 2 * 24 * 3600),
    })
}

fn misfortune(dice: &mut Dice) -> Misfortune {
    let scale = dice.below(7);
    let turn = dice.below(2 << scale);
    let what = match dice.below(9) {
        0 => What::BeforeStore(turn),
        1 => What::InStore(turn, dice.below(1000)),
        2 => What::AfterStore(turn),
        3 | 4 => What::AfterAction(turn),
        5 => What::BeforeCall(turn * 2),
        6 => What::AfterCall(turn * 2),
        _ => What::Signal(dice.seconds(0, 3600)),
    };
    let gap = match dice.below(10) {
        0..6 => dice.seconds(0, 60),
        6..9 => dice.seconds(60, 3600),
        _ => dice.seconds(3600, 15 * 3600),
    };
    Misfortune {
        what,
        gap,
        is_fresh: dice.percent(8),
        changes_plan: dice.percent(15),
        clock: dice.percent(15).then(|| wrong_by(dice)),
    }
}

/// Sends a night's troubles to the servers; what is left of the last night's is over.
pub(crate) fn trouble(dice: &mut Dice, fleet: &mut Fleet, now: Timestamp) {
    let names: Vec<String> = fleet.servers().iter().map(|server| server.name.clone()).collect();
    for name in names {
        fleet.change(&name, now, |server| {
            server.rules.clear();
            server.outages.clear();
            let troubled = troubled(dice, std::mem::replace(server, Server::new("")), now);
            *server = troubled;
        });
    }
}

fn troubled(dice: &mut Dice, mut server: Server, now: Timestamp) -> Server {
    for _ in 0..dice.below(3) {
        let from = later(now, dice.seconds(0, NIGHT_S));
        let longest = dice.pick(&[60, 600, 1800]);
        server = server.outage(from, later(from, dice.seconds(10, longest)));
    }
    if dice.percent(10) {
        let leaves = dice.pick(&[LeftBehind::NeverFinished, LeftBehind::Stuck]);
        server = server.reboot(Reboot { at: later(now, dice.seconds(0, 3600)), takes: dice.seconds(20, 300), leaves });
    }
    if dice.percent(15) {
        server = server.rerun(later(now, dice.seconds(0, NIGHT_S)));
    }
    if dice.percent(10) {
        server = foreign(dice, server, now);
    }
    for _ in 0..dice.below(4) {
        server = server.rule(rule(dice, now));
    }
    server
}

/// A backup of no job that anybody lists, or a restore, which writes nowhere.
fn foreign(dice: &mut Dice, server: Server, now: Timestamp) -> Server {
    let at = later(now, dice.seconds(0, NIGHT_S));
    let execution: Execution = execution(dice);
    let group = if dice.percent(60) {
        let to = server.destinations.first().map(|destination| destination.id.clone()).unwrap_or_default();
        ForeignGroup::new(at, 1, execution).writes_to(to)
    } else {
        ForeignGroup::new(at, 2, execution)
    };
    server.foreign(group)
}

/// The functions that change something, and those that are asked.
const CHANGES: [&str; 6] = [
    "runBackupJobManually",
    "runBackupJobManually",
    "stopQueueGroup",
    "manageBackupJob",
    "manageDestinationState",
    "manageDestination",
];
const READS: [&str; 10] = [
    "listQueueGroups",
    "listQueueGroups",
    "listBackupJobs",
    "listDestinations",
    "listLogs",
    "getQueueGroup",
    "getLog",
    "getDestination",
    "getBackupJob",
    "getSettingsPerformance",
];

fn rule(dice: &mut Dice, now: Timestamp) -> Rule {
    let changes = dice.percent(55);
    let function = dice.pick(if changes { &CHANGES[..] } else { &READS[..] });
    // Mostly within what a call may last; beyond that nobody can wait it out.
    let late = Fault::Late(if dice.percent(90) { dice.seconds(1, CALL_MAX_S) } else { dice.seconds(81, 1200) });
    let how = dice.pick(&[Garble::WarningBefore, Garble::Instead, Garble::Empty, Garble::Truncated]);
    let garbled = Fault::Garbled { how, carried_out: dice.percent(50) };
    let fault = dice.pick(&[
        Fault::Slow,
        Fault::NotFound,
        garbled.clone(),
        garbled,
        Fault::Refused("no".to_owned()),
        Fault::DoesNotStick,
        Fault::KilledBefore,
        Fault::LostCommand,
        Fault::LostAnswer,
        Fault::LostAnswer,
        late.clone(),
        late,
    ]);
    let from = later(now, dice.seconds(0, NIGHT_S));
    // All of them end, so that a run can.
    let when = match dice.below(3) {
        0 => When::Next(dice.between(1, 5)),
        1 => When::Nth(dice.between(1, 12)),
        _ => When::Between(from, later(from, dice.seconds(10, 900))),
    };
    // A slow call is slow; the others may be.
    let is_slow = fault == Fault::Slow || dice.percent(25);
    let delay = if is_slow { dice.seconds(1, 90) } else { Duration::ZERO };
    Rule::of(function, fault).when(when).delay(delay)
}
