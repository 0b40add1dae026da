//! A seed becomes a fleet, a plan, and what will go wrong with the machine that jbr runs on.

use std::time::Duration;

use jbr::clock::{Timestamp, later};
use jbr::desired::{self, Desired, HostKeyPolicy, OnTimeout, Partial, RunSettings};
use jbr::simulator::{
    Carried, Destination, Dialect, Execution, Fault, Fleet, Garble, Job, LeftBehind, LogSays, OnRunning, Reboot, Rule,
    Server, Stopping, When, WhileDisabled,
};

use crate::dice::Dice;

/// What all servers write to.
pub(crate) const STORAGE: &str = "nas";
/// How long an accepted trigger may take to show a group.
pub(crate) const START_TIMEOUT: Duration = Duration::from_secs(120);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest a call may last from the stored intent on (twice connecting, and the command).
const CALL_MAX_S: u64 = 80;
/// The same as a duration.
pub(crate) const CALL_MAX: Duration = Duration::from_secs(CALL_MAX_S);
/// Within how long an interrupted run goes on.
const RESUME_WITHIN: Duration = Duration::from_secs(6 * 3600);

/// Everything that follows from a seed.
pub(crate) struct Scenario {
    pub(crate) start: Timestamp,
    pub(crate) fleet: Fleet,
    pub(crate) desired: Desired,
    /// One for each process that does not live to its end, in order.
    pub(crate) misfortunes: Vec<Misfortune>,
    /// How many complete runs there are.
    pub(crate) nights: u64,
    /// The last job leaves the plan after the first process.
    pub(crate) loses_a_job: bool,
    /// Each action takes this long in addition.
    pub(crate) lag: Duration,
}

/// What ends a process early, and what the next one is like.
#[derive(Debug, Clone)]
pub(crate) struct Misfortune {
    pub(crate) what: What,
    /// Until the next process.
    pub(crate) gap: Duration,
    /// The next one is started with `--fresh`.
    pub(crate) fresh: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum What {
    /// It dies instead of storing, at the first store from this turn on.
    BeforeStore(u64),
    /// It dies after storing and before it acts.
    AfterStore(u64),
    /// It dies after it acted and before it knows.
    AfterAction(u64),
    /// Somebody asks it to stop after this long.
    Signal(Duration),
}

pub(crate) fn scenario(seed: u64) -> Scenario {
    let mut dice = Dice::new(seed);
    let start: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
    let servers = dice.between(1, 3);
    let mut desired = Desired { servers: vec![], jobs: vec![], run: run_settings(&mut dice) };
    let mut fleet = Fleet::new(start).without_calls();
    let plain = dice.percent(15);
    for number in 1..=servers {
        let (declared, simulated) = server(&mut dice, number, start, plain);
        let jobs: Vec<Job> = (1..=dice.between(1, 2)).map(|job| job_of(&mut dice, number, job, &declared)).collect();
        desired.jobs.extend(jobs.iter().map(|job| declare_job(&mut dice, &declared, job)));
        let mut simulated = simulated;
        for mut job in jobs {
            let declared = desired.jobs.iter().find(|declared| declared.id.as_str() == job.id).unwrap();
            job.disabled = declared.keep_disabled;
            if dice.percent(30) {
                let first = later(start, dice.seconds(0, 5400));
                job = job.schedule("5", first, None);
            }
            simulated = simulated.job(job);
        }
        fleet = fleet.server(format!("s{number}"), |_| simulated);
        desired.servers.push(declared);
    }
    let misfortunes = (0..if plain { 0 } else { dice.below(6) }).map(|_| misfortune(&mut dice)).collect();
    let loses_a_job = desired.jobs.len() > 1 && dice.percent(10);
    let lag = if dice.percent(30) { dice.seconds(1, 3) } else { Duration::ZERO };
    Scenario { start, fleet, desired, misfortunes, nights: dice.between(1, 2), loses_a_job, lag }
}

fn run_settings(dice: &mut Dice) -> RunSettings {
    RunSettings {
        poll: dice.seconds(20, 60),
        unreachable_wait: dice.seconds(60, 600),
        partial: dice.pick(&[Partial::Accept, Partial::Warn, Partial::Fail]),
        resume_within: RESUME_WITHIN,
    }
}

fn server(dice: &mut Dice, number: u64, start: Timestamp, plain: bool) -> (desired::Server, Server) {
    let id = format!("d{number}");
    let destination =
        dice.percent(70).then(|| desired::Destination { id: id.parse().unwrap(), keep_closed: dice.percent(50) });
    let is_closed = destination.as_ref().is_some_and(|destination| destination.keep_closed);
    let declared = desired::Server {
        name: format!("s{number}").parse().unwrap(),
        host: "127.0.0.1".to_owned(),
        port: 1,
        user: "root".to_owned(),
        key: None,
        known_hosts: "/dev/null".into(),
        host_key: HostKeyPolicy::Strict,
        connect_timeout: CONNECT_TIMEOUT,
        command_timeout: COMMAND_TIMEOUT,
        destination,
    };
    let nas = Destination::on(STORAGE, id.clone());
    let simulated = Server::new(format!("s{number}"))
        .destination(if is_closed { nas.disabled() } else { nas })
        .destination(Destination::on("cloud", format!("c{number}")))
        .forks(usize::try_from(dice.between(1, 2)).unwrap())
        .skew(i64::try_from(dice.below(7200)).unwrap() - 3600)
        .dialect(dialect(dice));
    let simulated = if plain { simulated } else { troubled(dice, simulated, start) };
    (declared, stranger(dice, simulated, number, start))
}

/// A job that is in no plan, with a schedule: it writes to the NAS, or elsewhere.
fn stranger(dice: &mut Dice, server: Server, number: u64, start: Timestamp) -> Server {
    if !dice.percent(25) {
        return server;
    }
    let to = if dice.percent(50) { format!("d{number}") } else { format!("c{number}") };
    let job = Job::new(format!("f{number}"), "stranger").writes_to(to).script([execution(dice)]);
    server.job(job.schedule("6", later(start, dice.seconds(0, 5400)), None))
}

fn dialect(dice: &mut Dice) -> Dialect {
    let base = if dice.percent(30) { Dialect::wandering() } else { Dialect::default() };
    let after = Stopping::After(dice.seconds(0, 200));
    Dialect {
        on_running: dice.pick(&[OnRunning::Error, OnRunning::SecondGroup, OnRunning::Nothing]),
        stopping: dice.pick(&[after, Stopping::Never, Stopping::FinishesFirst]),
        while_disabled: dice.pick(&[
            WhileDisabled::Waits,
            WhileDisabled::Waits,
            WhileDisabled::Fails,
            WhileDisabled::Writes,
        ]),
        groups_kept: dice.percent(30).then(|| dice.seconds(60, 1800)),
        group_log_id: dice.pick(&[Carried::Always, Carried::Always, Carried::Alone, Carried::Never]),
        group_data: dice.pick(&[Carried::Always, Carried::Always, Carried::Alone]),
        ..base
    }
}

fn troubled(dice: &mut Dice, mut server: Server, start: Timestamp) -> Server {
    for _ in 0..dice.below(3) {
        let from = later(start, dice.seconds(0, 5400));
        let longest = dice.pick(&[60, 600, 1800]);
        server = server.outage(from, later(from, dice.seconds(10, longest)));
    }
    if dice.percent(12) {
        let leaves = dice.pick(&[LeftBehind::NeverFinished, LeftBehind::Stuck]);
        server =
            server.reboot(Reboot { at: later(start, dice.seconds(0, 3600)), takes: dice.seconds(20, 300), leaves });
    }
    for _ in 0..dice.below(4) {
        server = server.rule(rule(dice, start));
    }
    server
}

/// Time in a call passes only in those that are made one by one. A survey asks all servers in threads, and two waits on one
/// clock would depend on which comes first: there answers take no time, and a seed stays a seed.
const ALONE: [&str; 6] = [
    "runBackupJobManually",
    "runBackupJobManually",
    "stopQueueGroup",
    "manageBackupJob",
    "manageDestinationState",
    "manageDestination",
];
const TOGETHER: [&str; 7] =
    ["listQueueGroups", "listBackupJobs", "listLogs", "getQueueGroup", "getLog", "getDestination", "getBackupJob"];

fn rule(dice: &mut Dice, start: Timestamp) -> Rule {
    let alone = dice.percent(60);
    let function = dice.pick(if alone { &ALONE[..] } else { &TOGETHER[..] });
    // Mostly within what a call may last; beyond that nobody can wait it out.
    let late = Fault::Late(if dice.percent(90) { dice.seconds(1, CALL_MAX_S) } else { dice.seconds(81, 1200) });
    let how = dice.pick(&[Garble::WarningBefore, Garble::Instead, Garble::Empty, Garble::Truncated]);
    let garbled = Fault::Garbled { how, carried_out: dice.percent(50) };
    let fault = dice.pick(&[
        Fault::Slow,
        Fault::NotFound,
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
    let from = later(start, dice.seconds(0, 5400));
    // All of them end, so that a run can.
    let when = match dice.below(3) {
        0 => When::Next(dice.between(1, 5)),
        1 => When::Nth(dice.between(1, 12)),
        _ => When::Between(from, later(from, dice.seconds(10, 900))),
    };
    let delay = if alone && dice.percent(40) { dice.seconds(1, 90) } else { Duration::ZERO };
    Rule::of(function, fault).when(when).delay(delay)
}

fn execution(dice: &mut Dice) -> Execution {
    let status = dice.pick(&[100, 100, 100, 100, 100, 101, 101, 102, 103, 104, 107, 150, 200, 201]);
    let appears = match dice.below(20) {
        0..10 => Duration::ZERO,
        10..19 => dice.seconds(1, 100),
        _ => dice.seconds(121, 600),
    };
    let longest = dice.pick(&[5, 60, 600, 1500]);
    let mut execution =
        Execution::of(dice.seconds(1, longest)).appears_after(appears).starts_after(dice.seconds(0, 90)).ends(status);
    // A log that says better than its group is not known to exist; one that says worse must count.
    if dice.percent(15) {
        let says = [LogSays::Nothing, LogSays::Instead(2), LogSays::Instead(5), LogSays::Instead(9)];
        execution = execution.log(dice.pick(&says));
    }
    execution
}

fn job_of(dice: &mut Dice, server: u64, number: u64, declared: &desired::Server) -> Job {
    let script: Vec<Execution> = (0..dice.between(1, 3)).map(|_| execution(dice)).collect();
    // Where nobody says which destination counts, all of them are the NAS as far as jbr knows.
    let elsewhere = declared.destination.is_some() && dice.percent(10);
    let to = if elsewhere { format!("c{server}") } else { format!("d{server}") };
    Job::new(format!("a{server}{number}"), format!("job{number}")).writes_to(to).script(script)
}

fn declare_job(dice: &mut Dice, server: &desired::Server, job: &Job) -> desired::Job {
    desired::Job {
        address: format!("{}/{}", server.name, job.name).parse().unwrap(),
        id: job.id.parse().unwrap(),
        kind: None,
        priority: i64::try_from(dice.below(3)).unwrap(),
        timeout: dice.seconds(120, 2400),
        start_timeout: START_TIMEOUT,
        on_timeout: dice.pick(&[OnTimeout::Hold, OnTimeout::Release, OnTimeout::Stop]),
        keep_disabled: dice.percent(20),
        after: vec![],
        windows: vec![],
        fits: false,
        every: None,
        max_age: None,
        retry: desired::Retry::NEVER,
        hold: None,
    }
}

fn misfortune(dice: &mut Dice) -> Misfortune {
    let scale = dice.below(7);
    let turn = dice.below(2 << scale);
    let what = match dice.below(5) {
        0 => What::BeforeStore(turn),
        1 => What::AfterStore(turn),
        2 | 3 => What::AfterAction(turn),
        _ => What::Signal(dice.seconds(0, 3600)),
    };
    let gap = match dice.below(10) {
        0..6 => dice.seconds(0, 60),
        6..9 => dice.seconds(60, 3600),
        _ => dice.seconds(3600, 10 * 3600),
    };
    Misfortune { what, gap, fresh: dice.percent(8) }
}
