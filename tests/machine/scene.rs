//! A stage for the machine: it keeps queue, journal and time, checks every turn's invariants, and feeds observations.

use std::time::Duration;

use chrono::TimeDelta;
use jbr::clock::Timestamp;
use jbr::desired::{OnTimeout, Retry};
use jbr::execute::journal::{Journal, Phase};
use jbr::execute::observation::{GroupSight, JobSight, ServerSight, Survey, TriggerAnswer};
use jbr::execute::outcome::Verdict;
use jbr::execute::{Action, Event, Observation, Sight, invariant, step};
use jbr::jetbackup::facts::{Group, GroupStatus, Log, LogStatus};
use jbr::names::{JobAddress, JobId, ServerName};
use jbr::queue::{Gate, Item, Queue};
use jbr::seen::{Seen, Why};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

pub(crate) struct Scene {
    pub(crate) queue: Queue,
    pub(crate) journal: Journal,
    pub(crate) now: Timestamp,
    pub(crate) events: Vec<Event>,
    stop: bool,
    /// The job that everybody was asked for last.
    asked_for: Option<(ServerName, JobId)>,
}

impl Scene {
    /// A queue of these jobs on the servers a and b: poll 30 s, timeout 4 h, start limit 2 min, lost triggers 4 min, wait 15 min.
    pub(crate) fn new(addresses: &[&str]) -> Self {
        let now: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
        let item = |address: &&str| Item {
            address: address.parse().unwrap(),
            id: job(address).parse().unwrap(),
            timeout: MINUTE * 240,
            start_timeout: MINUTE * 2,
            settle: MINUTE * 4,
            on_timeout: OnTimeout::Hold,
            gates: vec![],
            after: vec![],
            openings: None,
            fits: None,
            retry: Retry::NEVER,
            usual: None,
        };
        let queue = Queue {
            items: addresses.iter().map(item).collect(),
            servers: vec!["a".parse().unwrap(), "b".parse().unwrap()],
            poll: MINUTE / 2,
            pace: jbr::desired::Pace::Adaptive,
            unreachable_wait: MINUTE * 15,
            stays: false,
        };
        Self { queue, journal: Journal::new(now), now, events: vec![], stop: false, asked_for: None }
    }

    pub(crate) fn with_gate(address: &str) -> Self {
        let mut scene = Self::new(&[address]);
        scene.queue.items[0].gates = vec![Gate::Destination("nas".parse().unwrap())];
        scene
    }

    /// The first trigger has been sent.
    pub(crate) fn triggered(address: &str) -> Self {
        let mut scene = Self::new(&[address, "b/y"]);
        scene.send_trigger();
        scene
    }

    fn send_trigger(&mut self) {
        self.start();
        let sent = self.survey(&[("a", idle()), ("b", idle())]);
        assert!(matches!(sent, Action::Trigger { .. }), "{sent:?}");
    }

    /// Its group has been seen.
    pub(crate) fn running(address: &str, id: &str) -> Self {
        let mut scene = Self::triggered(address);
        scene.trigger_accepted();
        scene.look(&[group(id, &job(address), GroupStatus::Started)], no_logs());
        assert!(matches!(scene.phase(address), Phase::Running(_)));
        scene
    }

    /// a/x has been running as g1 for longer than its timeout.
    pub(crate) fn overdue(on_timeout: OnTimeout) -> Self {
        let mut scene = Self::running("a/x", "g1");
        scene.queue.items[0].on_timeout = on_timeout;
        scene.pass(MINUTE * 241);
        scene
    }

    /// A backup for which a gate was opened is over.
    pub(crate) fn after_gated_backup(address: &str) -> Self {
        let mut scene = Self::with_gate(address);
        scene.start();
        scene.survey(&[("a", idle()), ("b", idle())]);
        scene.gate(&known(true));
        scene.survey(&[("a", idle()), ("b", idle())]);
        scene.trigger_accepted();
        let mut done = group("g1", &job(address), GroupStatus::Completed);
        done.log = Some("l1".parse().unwrap());
        scene.look(&[done.clone()], no_logs());
        scene.group(&known(Some(done)));
        let next = scene.log(&known(Some(log("l1", LogStatus::Completed))));
        assert_eq!(next, Action::Survey { job: None }, "before anything is closed, everybody is asked");
        scene
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += TimeDelta::from_std(time).unwrap();
    }

    pub(crate) fn wish_to_stop(&mut self) {
        self.stop = true;
    }

    pub(crate) fn drop_item(&mut self, address: &str) {
        self.queue.items.retain(|item| item.address.to_string() != address);
    }

    /// One more item, like the first but for its job.
    pub(crate) fn add_item(&mut self, address: &str) {
        let (address, id) = (address.parse().unwrap(), job(address).parse().unwrap());
        self.queue.items.push(Item { address, id, ..self.queue.items[0].clone() });
    }

    pub(crate) fn phase(&self, address: &str) -> &Phase {
        self.journal.phase(&address.parse().unwrap())
    }

    pub(crate) fn verdict(&self, address: &str) -> Verdict {
        match self.phase(address) {
            Phase::Done(outcome) => outcome.verdict,
            phase => panic!("{address} has no verdict yet: {phase:?}"),
        }
    }

    pub(crate) fn triggers(&self, address: &str) -> u32 {
        let address: JobAddress = address.parse().unwrap();
        self.journal.entries[&address].triggers
    }

    pub(crate) fn job_of(&self, address: &str) -> (ServerName, JobId) {
        let item = self.queue.item(&address.parse().unwrap()).unwrap();
        (item.address.server.clone(), item.id.clone())
    }

    pub(crate) fn trigger_of(&self, address: &str) -> Action {
        let (server, job) = self.job_of(address);
        Action::Trigger { server, job }
    }

    pub(crate) fn start(&mut self) -> Action {
        self.see(Sight::Started)
    }

    pub(crate) fn waited(&mut self) -> Action {
        self.see(Sight::Waited)
    }

    pub(crate) fn stopped(&mut self) -> Action {
        self.see(Sight::Stop)
    }

    pub(crate) fn survey(&mut self, servers: &[(&str, Seen<ServerSight>)]) -> Action {
        let servers = servers.iter().map(|(name, sight)| (name.parse().unwrap(), sight.clone())).collect();
        self.see(Sight::Survey(Survey { servers, job: self.asked_for.clone(), logs: Seen::Known(vec![]) }))
    }

    pub(crate) fn gate(&mut self, open: &Seen<bool>) -> Action {
        self.see(Sight::Gate(open.clone()))
    }

    pub(crate) fn group(&mut self, group: &Seen<Option<Group>>) -> Action {
        self.see(Sight::Group(group.clone()))
    }

    pub(crate) fn log(&mut self, log: &Seen<Option<Log>>) -> Action {
        self.see(Sight::Log(log.clone()))
    }

    pub(crate) fn look(&mut self, groups: &[Group], logs: Seen<Vec<Log>>) -> Action {
        self.see(Sight::Job(Seen::Known(JobSight { groups: groups.to_vec(), logs })))
    }

    pub(crate) fn look_unknown(&mut self) -> Action {
        self.see(Sight::Job(unknown()))
    }

    pub(crate) fn trigger_accepted(&mut self) -> Action {
        self.see(Sight::Trigger(TriggerAnswer::Accepted))
    }

    pub(crate) fn trigger_refused(&mut self, why: &str) -> Action {
        self.see(Sight::Trigger(TriggerAnswer::Refused(Why::new(why))))
    }

    pub(crate) fn trigger_lost(&mut self) -> Action {
        self.see(Sight::Trigger(TriggerAnswer::Unknown(Why::new("the connection broke"))))
    }

    pub(crate) fn trigger_not_sent(&mut self) -> Action {
        self.see(Sight::Trigger(TriggerAnswer::NotSent(Why::new("no route"))))
    }

    fn see(&mut self, sight: Sight) -> Action {
        let observation = Observation { at: self.now, stop: self.stop, sight };
        let turn = step(&self.queue, &self.journal, &observation);
        invariant::check(&self.queue, &self.journal, &observation, &turn).unwrap();
        self.journal = turn.journal;
        self.events.extend(turn.events);
        if let Action::Survey { job } = &turn.action {
            self.asked_for.clone_from(job);
        }
        turn.action
    }
}

/// The id of the job at an address.
pub(crate) fn job(address: &str) -> String {
    address.replace('/', "0")
}

pub(crate) fn group(id: &str, job: &str, status: GroupStatus) -> Group {
    Group {
        id: id.parse().unwrap(),
        job: Some(job.parse().unwrap()),
        created: None,
        status,
        log: None,
        percent: None,
        execution_time: None,
    }
}

pub(crate) fn under_way(id: &str) -> Seen<Option<Group>> {
    known(Some(group(id, "a0x", GroupStatus::Started)))
}

pub(crate) fn log(id: &str, status: LogStatus) -> Log {
    Log { id: id.parse().unwrap(), job: None, started: None, ended: None, status }
}

pub(crate) fn known<T>(fact: T) -> Seen<T> {
    Seen::Known(fact)
}

pub(crate) fn unknown<T>() -> Seen<T> {
    Seen::Unknown(Why::new("no route to host"))
}

pub(crate) fn no_logs() -> Seen<Vec<Log>> {
    known(vec![])
}

pub(crate) fn idle() -> Seen<ServerSight> {
    busy(&[])
}

pub(crate) fn busy(groups: &[Group]) -> Seen<ServerSight> {
    sight(groups, true)
}

pub(crate) fn unguarded(groups: &[Group]) -> Seen<ServerSight> {
    sight(groups, false)
}

fn sight(groups: &[Group], guarded: bool) -> Seen<ServerSight> {
    let groups = groups.iter().map(|group| GroupSight { group: group.clone(), guarded }).collect();
    known(ServerSight { groups })
}
