//! The forecast against the run that it is about: in a world in which each backup takes what it always took, the machine starts what was
//! foretold, in that order and at those times.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use jbr::clock::{Timestamp, earlier, later};
use jbr::desired::{After, When};
use jbr::execute::drive::{Keep, Listen, Perform, drive};
use jbr::execute::journal::{Journal, Phase};
use jbr::execute::observation::{GroupSight, JobSight, ServerSight, Survey, TriggerAnswer};
use jbr::execute::outcome::{Outcome, Verdict};
use jbr::execute::{Action, End, Event, Sight};
use jbr::forecast::{Basis, Forecast, Is, Pause, UnderWay, Unknown};
use jbr::history::History;
use jbr::jetbackup::facts::{Group, GroupStatus, LogStatus};
use jbr::names::{JobAddress, JobId, ServerName};
use jbr::queue::{Queue, Usual};
use jbr::seen::Seen;
use jbr::window::Opening;
use proptest::prelude::*;

use super::scene::{MINUTE, Scene, group, job, known, log};

/// A world without delays: a backup begins when it is triggered, and its end is seen when it comes.
struct World {
    now: Timestamp,
    lengths: BTreeMap<JobId, Duration>,
    /// Server and job of each backup, since when, and until when.
    backups: Vec<(ServerName, JobId, Timestamp, Timestamp)>,
    servers: Vec<ServerName>,
    /// What was triggered, and when.
    triggered: Vec<(JobId, Timestamp)>,
}

impl World {
    fn group(&self, number: usize) -> Group {
        let (_, job, since, until) = &self.backups[number];
        let status = if *until > self.now { GroupStatus::Started } else { GroupStatus::Completed };
        let log = Some(format!("l{number}").parse().unwrap());
        let ran = (self.now - since).to_std().ok();
        Group { log, execution_time: ran, ..group(&format!("g{number}"), job.as_str(), status) }
    }

    fn groups(&self, is_asked_for: impl Fn(&ServerName, &JobId) -> bool) -> Vec<Group> {
        let asked = self.backups.iter().enumerate().filter(|(_, (server, job, ..))| is_asked_for(server, job));
        asked.map(|(number, _)| self.group(number)).collect()
    }

    fn sight(&self, server: &ServerName) -> ServerSight {
        let groups = self.groups(|on, _| on == server);
        ServerSight { groups: groups.into_iter().map(|group| GroupSight { group, guarded: true }).collect() }
    }

    /// Waits, and wakes where a backup ends: as often as somebody could look.
    fn wait(&mut self, how_long: Duration) {
        let until = later(self.now, how_long);
        let ends = self.backups.iter().map(|(.., end)| *end).filter(|end| *end > self.now);
        self.now = ends.min().map_or(until, |end| end.min(until));
    }
}

impl Perform for World {
    fn perform(&mut self, action: &Action) -> Sight {
        match action {
            Action::Survey { job } => {
                let servers = self.servers.iter().map(|server| (server.clone(), known(self.sight(server))));
                Sight::Survey(Survey { servers: servers.collect(), job: job.clone(), logs: known(vec![]) })
            }
            Action::Trigger { server, job } => {
                let ends = later(self.now, self.lengths[job]);
                self.backups.push((server.clone(), job.clone(), self.now, ends));
                self.triggered.push((job.clone(), self.now));
                Sight::Trigger(TriggerAnswer::Accepted)
            }
            Action::LookAtJob { job, .. } => {
                Sight::Job(known(JobSight { groups: self.groups(|_, of| of == job), logs: known(vec![]) }))
            }
            Action::LookAtGroup { group, .. } => {
                Sight::Group(known(self.groups(|_, _| true).into_iter().find(|found| found.id == *group)))
            }
            Action::ReadLog { log: id, .. } => Sight::Log(known(Some(log(id.as_str(), LogStatus::Completed)))),
            Action::Wait(how_long) => {
                self.wait(*how_long);
                Sight::Waited
            }
            Action::Set { .. } | Action::LookAtGate { .. } | Action::Stop { .. } | Action::Finish(_) => {
                panic!("nothing is opened or stopped here: {action:?}")
            }
        }
    }

    fn moment(&self) -> (Timestamp, bool) {
        (self.now, false)
    }
}

struct Nothing;

impl Keep for Nothing {
    type Error = Infallible;
    fn keep(&mut self, _: &Journal) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Listen for Nothing {
    fn hear(&mut self, _: Timestamp, _: &Event) {}
}

/// One job: how long it takes, when its windows open and for how long, whether it must fit, which jobs before it (as bits) it comes after.
#[derive(Debug, Clone)]
struct Plan {
    minutes: u32,
    openings: Option<Vec<(u32, u32)>>,
    fits: bool,
    after: u8,
}

fn job_plan() -> impl Strategy<Value = Plan> {
    let openings = prop::option::of(prop::collection::vec((1..8_u32, 1..20_u32), 0..4));
    (1..60_u32, openings, any::<bool>(), any::<u8>()).prop_map(|(minutes, openings, fits, after)| {
        // Half of the bits are enough.
        Plan { minutes, openings, fits, after: after & (after >> 1) }
    })
}

/// The queue of these plans, and what is known of them.
fn queue(plans: &[Plan], now: Timestamp) -> (Queue, BTreeMap<JobAddress, History>) {
    let addresses: Vec<String> =
        (0..plans.len()).map(|number| format!("{}/j{number}", if number % 2 == 0 { "a" } else { "b" })).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let mut queue = Scene::new(&addresses).queue;
    let mut histories = BTreeMap::new();
    for (number, plan) in plans.iter().enumerate() {
        let took = MINUTE * plan.minutes;
        let before = addresses[..number].iter().enumerate().filter(|(place, _)| plan.after >> place & 1 == 1);
        let item = &mut queue.items[number];
        item.usual = Some(Usual { median: took, p90: took });
        item.fits = plan.fits.then_some(took);
        item.after = before.map(|(_, job)| After { job: job.parse().unwrap(), when: When::Success }).collect();
        let mut at = now;
        item.openings = plan.openings.as_ref().map(|openings| {
            let mut opening = |(closed, open): &(u32, u32)| {
                let from = later(at, MINUTE * 5 * (closed - 1));
                at = later(from, MINUTE * 5 * *open);
                let opening = Opening { from, to: at };
                at = later(at, MINUTE * 5);
                opening
            };
            openings.iter().map(&mut opening).collect()
        });
        histories.insert(item.address.clone(), history(took, now));
    }
    (queue, histories)
}

fn history(took: Duration, now: Timestamp) -> History {
    History { durations: vec![took], ..History::new(Seen::Known(&[]), None, now) }
}

/// Runs the queue in its world; what is under way began so long ago.
fn run(
    queue: &Queue,
    journal: &Journal,
    now: Timestamp,
    under_way: Option<(usize, Duration)>,
) -> (Vec<(JobAddress, Timestamp)>, Timestamp, End) {
    let lengths = queue.items.iter().map(|item| (item.id.clone(), item.usual.unwrap().median));
    let lengths: BTreeMap<JobId, Duration> = lengths.collect();
    let backups = under_way.iter().map(|(number, ran)| {
        let item = &queue.items[*number];
        let since = earlier(now, *ran);
        (item.address.server.clone(), item.id.clone(), since, later(since, lengths[&item.id]))
    });
    let backups = backups.collect();
    let mut world = World { now, lengths, backups, servers: queue.servers.clone(), triggered: Vec::new() };
    let (_, end) = drive(queue, journal.clone(), &mut Nothing, &mut world, &mut Nothing).unwrap();
    let address = |id: &JobId| queue.items.iter().find(|item| item.id == *id).unwrap().address.clone();
    (world.triggered.iter().map(|(id, at)| (address(id), *at)).collect(), world.now, end)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_machine_does_what_was_foretold(
        plans in prop::collection::vec(job_plan(), 1..7),
        runs in prop::option::of((0..7_usize, 0..100_u32)),
        tries in prop::option::of((0..7_usize, 1..90_u32)),
    ) {
        let now: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
        let (mut queue, histories) = queue(&plans, now);
        // What has run for a while has some of its time left.
        let runs = runs.filter(|(number, _)| *number < plans.len());
        let runs = runs.map(|(number, percent)| (number, MINUTE * plans[number].minutes * percent / 100));
        let under_way: BTreeMap<JobAddress, UnderWay> = runs.iter().map(|(number, ran)| {
            (queue.items[*number].address.clone(), UnderWay { since: earlier(now, *ran), is: Is::Running })
        }).collect();
        let mut journal = Journal::new(now);
        // One has failed before, and is tried again after a while.
        let tries = tries.filter(|(number, _)| *number < plans.len() && runs.is_none_or(|(runs, _)| runs != *number));
        if let Some((number, minutes)) = tries {
            let entry = journal.entry_mut(&queue.items[number].address);
            (entry.attempts, entry.not_before) = (1, Some(later(now, MINUTE * minutes)));
        }
        let forecast = Forecast::of(&Basis {
            queue: &queue, journal: &journal, under_way: &under_way, histories: &histories, now
        });
        let foretold: Vec<(JobAddress, Timestamp)> = forecast.items.iter()
            .filter(|expected| expected.since.is_none())
            .filter_map(|expected| Some((expected.address.clone(), expected.start?)))
            .collect();

        queue.stays = true;
        let (started, ended, end) = run(&queue, &journal, now, runs);
        prop_assert_eq!(&started, &foretold);
        match end {
            End::Complete => {
                prop_assert_eq!(forecast.end(), Some(ended));
                prop_assert!(forecast.items.iter().all(|expected| expected.unknown.is_none()));
            }
            // What no opening holds is left, and what comes after that.
            end => {
                prop_assert_eq!(end, End::WindowClosed { opens: None });
                let left = forecast.items.iter().filter(|expected| {
                    matches!(expected.unknown, Some(Unknown::NoOpening | Unknown::After(_)))
                });
                prop_assert_eq!(left.count(), queue.items.len() - started.len() - under_way.len());
            }
        }

        queue.stays = false;
        let (_, paused, end) = run(&queue, &journal, now, runs);
        let pause = match end {
            End::WindowClosed { opens } => Some(Pause { at: paused, opens }),
            _ => None,
        };
        prop_assert_eq!(pause, forecast.pause);
    }
}

/// Behind what never ran nothing has a time, and what has run for longer than it ever did may run for ever.
#[test]
fn what_nobody_knows_stays_unknown() {
    let now: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
    let plan = Plan { minutes: 60, openings: None, fits: false, after: 0 };
    let (mut queue, mut histories) = queue(&[plan.clone(), plan.clone(), plan], now);
    queue.items[1].usual = None;
    histories.get_mut(&queue.items[1].address).unwrap().durations.clear();
    let journal = Journal::new(now);
    let foretell = |under_way: &BTreeMap<JobAddress, UnderWay>| {
        let forecast = Forecast::of(&Basis { queue: &queue, journal: &journal, under_way, histories: &histories, now });
        assert_eq!((forecast.end(), forecast.late_end()), (None, None));
        forecast.items.iter().map(|e| (e.start, e.end, e.unknown.clone())).collect::<Vec<_>>()
    };
    let hour = Some(later(now, MINUTE * 60));
    let behind = |number: usize| Some(Unknown::Behind(queue.items[number].address.clone()));
    assert_eq!(
        foretell(&BTreeMap::new()),
        [(Some(now), hour, None), (hour, None, Some(Unknown::NeverRan)), (None, None, behind(1))]
    );
    let long = UnderWay { since: earlier(now, MINUTE * 61), is: Is::Running };
    assert_eq!(
        foretell(&BTreeMap::from([(queue.items[0].address.clone(), long)])),
        [(Some(now), None, Some(Unknown::LongerThanEver)), (None, None, behind(0)), (None, None, behind(0))]
    );
    assert_eq!(job("a/j0"), queue.items[0].id.as_str());
}

/// A backup that has run for a while is none of those that were over by then.
#[test]
fn what_runs_ends_as_those_did_that_took_longer() {
    let now: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
    let plan = Plan { minutes: 60, openings: None, fits: false, after: 0 };
    let (queue, mut histories) = queue(&[plan], now);
    let address = queue.items[0].address.clone();
    let minutes = [50, 60, 70, 100, 55, 120].map(|minutes| MINUTE * minutes);
    histories.get_mut(&address).unwrap().durations = minutes.to_vec();
    let journal = Journal::new(now);
    for (ran, left, late) in [(0, 70, 120), (52, 18, 68), (60, 40, 60), (110, 10, 10)] {
        let state = UnderWay { since: earlier(now, MINUTE * ran), is: Is::Running };
        let under_way = BTreeMap::from([(address.clone(), state)]);
        let basis = Basis { queue: &queue, journal: &journal, under_way: &under_way, histories: &histories, now };
        let forecast = Forecast::of(&basis);
        let ends = (forecast.end(), forecast.late_end());
        assert_eq!(ends, (Some(later(now, MINUTE * left)), Some(later(now, MINUTE * late))), "{ran}");
    }
}

/// Three jobs that take an hour as a rule, `a/j0` under way like this, and what is expected of the others.
fn foretold(change: impl Fn(&mut Queue, &mut BTreeMap<JobAddress, History>, Timestamp), is: Is, ran: u32) -> Forecast {
    let now = now();
    let plan = Plan { minutes: 60, openings: None, fits: false, after: 0 };
    let (mut queue, mut histories) = queue(&[plan.clone(), plan.clone(), plan], now);
    change(&mut queue, &mut histories, now);
    let state = UnderWay { since: earlier(now, MINUTE * ran), is };
    let under_way = BTreeMap::from([(queue.items[0].address.clone(), state)]);
    let journal = Journal::new(now);
    Forecast::of(&Basis { queue: &queue, journal: &journal, under_way: &under_way, histories: &histories, now })
}

fn now() -> Timestamp {
    "2026-11-23T02:00:00Z".parse().unwrap()
}

/// When each should begin and end, in minutes from now on.
fn minutes(forecast: &Forecast) -> Vec<(i64, i64)> {
    let minutes = |at: Option<Timestamp>| (at.unwrap() - now()).num_minutes();
    forecast.items.iter().map(|expected| (minutes(expected.start), minutes(expected.end))).collect()
}

/// Why it is not known when one begins; it is known of none here.
fn why(forecast: &Forecast, job: &str) -> Option<Unknown> {
    let expected = forecast.item(&job.parse().unwrap()).unwrap();
    assert_eq!(expected.start, None);
    expected.unknown.clone()
}

#[test]
fn what_waits_in_jetbackups_queue_has_all_of_it_before_it() {
    assert_eq!(minutes(&foretold(|_, _, _| {}, Is::Running, 20)), [(0, 40), (40, 100), (100, 160)]);
    assert_eq!(minutes(&foretold(|_, _, _| {}, Is::Pending, 20)), [(0, 60), (60, 120), (120, 180)]);
    assert_eq!(minutes(&foretold(|_, _, _| {}, Is::Over, 20)), [(0, 0), (0, 60), (60, 120)]);
}

/// One that was released keeps nobody waiting but those that come after it, and no run is over while it runs.
#[test]
fn the_queue_goes_on_beside_what_was_released() {
    let takes = |histories: &mut BTreeMap<JobAddress, History>, job: &JobAddress, minutes| {
        histories.get_mut(job).unwrap().durations = vec![MINUTE * minutes];
    };
    let after_it = |queue: &mut Queue, histories: &mut BTreeMap<JobAddress, History>, _: Timestamp| {
        takes(histories, &queue.items[1].address, 10);
        queue.items[2].after = vec![After { job: queue.items[0].address.clone(), when: When::Success }];
    };
    let forecast = foretold(after_it, Is::Released, 20);
    assert_eq!((minutes(&forecast), forecast.pause), (vec![(0, 40), (0, 10), (40, 100)], None));

    // Nobody knows when it is over, nor when what comes after it begins; what no window is for does not begin at all.
    let unknown = |queue: &mut Queue, histories: &mut BTreeMap<JobAddress, History>, now: Timestamp| {
        after_it(queue, histories, now);
        queue.items[1].openings = Some(vec![]);
    };
    let forecast = foretold(unknown, Is::Released, 61);
    assert_eq!(why(&forecast, "a/j2"), Some(Unknown::Behind("a/j0".parse().unwrap())));
    assert_eq!(why(&forecast, "b/j1"), Some(Unknown::NoOpening));
    assert_eq!(why(&foretold(unknown, Is::Running, 61), "b/j1"), Some(Unknown::NoOpening), "whoever has the slot");

    // A window opens after it is over: until then the run has something to watch, and from then on nothing to do.
    let opens_at = |opens: u32| {
        move |queue: &mut Queue, histories: &mut BTreeMap<JobAddress, History>, now: Timestamp| {
            takes(histories, &queue.items[1].address, 10);
            let from = later(now, MINUTE * opens);
            queue.items[2].openings = Some(vec![Opening { from, to: later(from, MINUTE * 60) }]);
        }
    };
    assert_eq!(foretold(opens_at(30), Is::Released, 20).pause, None);
    let pause = Pause { at: later(now(), MINUTE * 40), opens: Some(later(now(), MINUTE * 90)) };
    assert_eq!(foretold(opens_at(90), Is::Released, 20).pause, Some(pause));
}

/// Where all are slow, one misses its window, and the one behind it comes earlier: that is no later end of it.
#[test]
fn a_late_end_is_never_before_the_end() {
    let change = |queue: &mut Queue, histories: &mut BTreeMap<JobAddress, History>, now: Timestamp| {
        let mut past = vec![MINUTE * 60; 9];
        past.extend([MINUTE * 90; 2]);
        histories.get_mut(&queue.items[0].address).unwrap().durations = past;
        queue.items[1].openings = Some(vec![Opening { from: now, to: later(now, MINUTE * 70) }]);
    };
    let forecast = foretold(change, Is::Running, 0);
    assert_eq!(minutes(&forecast), [(0, 60), (60, 120), (120, 180)]);
    let late: Vec<_> = forecast.items.iter().map(|expected| expected.late_end).collect();
    let at = |minutes| Some(later(now(), MINUTE * minutes));
    assert_eq!(late, [at(90), None, at(180)]);
}

#[test]
fn what_cannot_follow_is_not_expected_and_so_on_down_the_chain() {
    let plan = Plan { minutes: 60, openings: None, fits: false, after: 0 };
    for (when, expected) in [(When::Success, None), (When::Finished, Some(now()))] {
        let (mut queue, histories) = queue(&[plan.clone(), plan.clone(), plan.clone()], now());
        let after = |job: usize, when| vec![After { job: queue.items[job].address.clone(), when }];
        (queue.items[1].after, queue.items[2].after) = (after(0, When::Success), after(1, when));
        let mut journal = Journal::new(now());
        let failed = Outcome::without_run(Verdict::Failed, now(), String::new());
        journal.entry_mut(&queue.items[0].address).phase = Phase::Done(failed);
        let under_way = BTreeMap::new();
        let basis =
            Basis { queue: &queue, journal: &journal, under_way: &under_way, histories: &histories, now: now() };
        let forecast = Forecast::of(&basis);
        let of = |item: usize| forecast.item(&queue.items[item].address).unwrap();
        let skipped = |by: usize| Some(Unknown::Skipped(queue.items[by].address.clone()));
        assert_eq!(of(1).unknown, skipped(0));
        assert_eq!(of(2).start, expected, "{when:?}");
        assert_eq!(of(2).unknown, skipped(1).filter(|_| expected.is_none()), "{when:?}");
    }
}
