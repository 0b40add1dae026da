//! A seed becomes a fleet, everything that a plan could name on it, and the plan of the first night.

use std::time::Duration;

use jbr::clock::{Timestamp, later};
use jbr::desired::{self, Desired, HostKeyPolicy, OnTimeout, Partial, RunSettings};
use jbr::simulator::{
    Carried, Destination, Dialect, Execution, Fleet, Job, LogSays, OnRunning, Server, Stopping, WhileDisabled,
};

use crate::dice::Dice;
use crate::schedule::{self, Schedule, Timer};

/// What all servers write to.
pub(crate) const STORAGE: &str = "nas";
/// How long an accepted trigger may take to show a group.
pub(crate) const START_TIMEOUT: Duration = Duration::from_secs(120);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest a call may last from the stored intent on (twice connecting, and the command).
pub(crate) const CALL_MAX: Duration = Duration::from_secs(80);
/// From one night to the next.
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);
/// One seed in so many keeps its state in real files.
const FILES_EVERY: u64 = 16;

/// Everything that follows from a seed, but for what goes wrong on the way.
pub(crate) struct Scenario {
    pub(crate) start: Timestamp,
    pub(crate) fleet: Fleet,
    /// Every server and job that a plan could name.
    pub(crate) universe: Desired,
    /// The plan of the first night.
    pub(crate) desired: Desired,
    /// How many complete runs there are: a few, or weeks of them.
    pub(crate) nights: u64,
    /// Instead of nights, when a timer starts processes.
    pub(crate) timer: Option<Timer>,
    /// What the plan says of windows, order and the rest.
    pub(crate) schedule: Option<Schedule>,
    /// Each action takes this long in addition.
    pub(crate) lag: Duration,
    /// Nothing goes wrong.
    pub(crate) is_plain: bool,
    /// The state is in real files.
    pub(crate) is_on_disk: bool,
}

pub(crate) fn scenario(seed: u64) -> Scenario {
    let mut dice = Dice::new(seed);
    let timer = schedule::timer(seed);
    let start = timer.map_or_else(|| "2026-11-23T02:00:00Z".parse().unwrap(), |_| schedule::start(seed));
    let servers = dice.between(1, 3);
    let mut universe = Desired { servers: vec![], jobs: vec![], run: run_settings(&mut dice), notify: None };
    let mut fleet = Fleet::new(start).without_calls();
    let is_plain = dice.percent(10);
    for number in 1..=servers {
        let (declared, mut simulated) = server(&mut dice, number, start);
        for number_of_job in 1..=dice.between(1, 2) {
            // A second job of the same name, which the plan may come to mean instead.
            for letter in ["a", "b"] {
                let id = format!("{letter}{number}{number_of_job}");
                let mut job = job(&mut dice, &id, number, number_of_job, &declared);
                let declared = declare_job(&mut dice, &declared, &job);
                job.disabled = declared.keep_disabled;
                if letter == "a" && dice.percent(30) {
                    let every = dice.percent(60).then_some(DAY);
                    job = job.schedule("5", later(start, dice.seconds(0, 5400)), every);
                }
                universe.jobs.push(declared);
                simulated = simulated.job(job);
            }
        }
        fleet = fleet.server(format!("s{number}"), |_| simulated);
        universe.servers.push(declared);
    }
    let mut desired = universe.clone();
    desired.jobs.retain(|job| job.id.as_str().starts_with('a'));
    let nights = match dice.below(20) {
        0..11 => dice.between(1, 2),
        11..19 => dice.between(3, 5),
        _ => dice.between(7, 21),
    };
    let lag = if dice.percent(30) { dice.seconds(1, 3) } else { Duration::ZERO };
    let is_on_disk = seed.is_multiple_of(FILES_EVERY);
    let schedule = timer.map(|timer| {
        let mut schedule = Schedule::new(seed, timer, start);
        schedule.declare(&mut universe);
        schedule.declare(&mut desired);
        schedule
    });
    Scenario { start, fleet, universe, desired, nights, timer, schedule, lag, is_plain, is_on_disk }
}

pub(crate) fn run_settings(dice: &mut Dice) -> RunSettings {
    let poll = dice.seconds(20, 90);
    RunSettings {
        // Not drawn by itself: the seeds of what was mended go on meaning the nights that they meant.
        pace: if poll.as_secs().is_multiple_of(4) { desired::Pace::Fixed } else { desired::Pace::Adaptive },
        poll,
        unreachable_wait: dice.seconds(60, 600),
        partial: dice.pick(&[Partial::Accept, Partial::Warn, Partial::Fail]),
        resume_within: dice.seconds(3600, 20 * 3600),
    }
}

fn server(dice: &mut Dice, number: u64, start: Timestamp) -> (desired::Server, Server) {
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
    (declared, stranger(dice, simulated, number, start))
}

/// A job that is in no plan, with a schedule: it writes to the NAS, or elsewhere.
fn stranger(dice: &mut Dice, server: Server, number: u64, start: Timestamp) -> Server {
    if !dice.percent(25) {
        return server;
    }
    let to = if dice.percent(50) { format!("d{number}") } else { format!("c{number}") };
    let every = dice.percent(50).then_some(DAY);
    let job = Job::new(format!("f{number}"), "stranger").writes_to(to).script([execution(dice)]);
    server.job(job.schedule("6", later(start, dice.seconds(0, 5400)), every))
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

pub(crate) fn execution(dice: &mut Dice) -> Execution {
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

fn job(dice: &mut Dice, id: &str, server: u64, number: u64, declared: &desired::Server) -> Job {
    let script: Vec<Execution> = (0..dice.between(1, 4)).map(|_| execution(dice)).collect();
    // Where nobody says which destination counts, all of them are the NAS as far as jbr knows.
    let elsewhere = declared.destination.is_some() && dice.percent(10);
    let to = if elsewhere { format!("c{server}") } else { format!("d{server}") };
    Job::new(id, format!("job{number}")).writes_to(to).script(script)
}

fn declare_job(dice: &mut Dice, server: &desired::Server, job: &Job) -> desired::Job {
    desired::Job {
        address: format!("{}/{}", server.name, job.name).parse().unwrap(),
        id: job.id.parse().unwrap(),
        kind: None,
        priority: i64::try_from(dice.below(3)).unwrap(),
        timeout: dice.seconds(120, 2400),
        start_timeout: START_TIMEOUT,
        on_timeout: on_timeout(dice),
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

pub(crate) fn on_timeout(dice: &mut Dice) -> OnTimeout {
    dice.pick(&[OnTimeout::Hold, OnTimeout::Release, OnTimeout::Stop])
}
