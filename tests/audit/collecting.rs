//! How the evidence is collected: what changes between two calls is read again, and what a list leaves out is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jbr::audit::collect::collect;
use jbr::audit::{Period, Records};
use jbr::clock::{Clock as _, Interrupt, Timestamp, later};
use jbr::desired::Desired;
use jbr::jetbackup::client::Client;
use jbr::jetbackup::facts::GroupStatus;
use jbr::links::{Link, Links};
use jbr::names::{LogId, ServerName};
use jbr::seen::Seen;
use jbr::simulator::{Carried, Dialect, Fleet, Server, VirtualClock};
use jbr::transport::simulated::SimulatedTransport;
use jbr::transport::{Failure, Output, Transport};

use crate::scene::{DAY, Scene, at};
use crate::support::parts::{id, job, with_nas, writes_for};

/// What happens on the server after its first answer to a function.
type Meanwhile = Box<dyn FnMut(&mut Fleet, Timestamp) + Send>;

/// A server on which something happens between two calls.
struct Eventful {
    inner: SimulatedTransport,
    clock: VirtualClock,
    /// The functions that were called, in their order.
    called: Arc<Mutex<Vec<String>>>,
    after: &'static str,
    meanwhile: Option<Meanwhile>,
}

impl Transport for Eventful {
    fn call(&mut self, command_line: &str) -> Result<Output, Failure> {
        let function = command_line.split_whitespace().nth(2).unwrap().to_owned();
        let output = self.inner.call(command_line);
        if function == self.after
            && let Some(mut meanwhile) = self.meanwhile.take()
        {
            meanwhile(&mut self.inner.fleet.lock().unwrap(), self.clock.now());
        }
        self.called.lock().unwrap().push(function);
        output
    }

    fn hurry(&mut self, _: std::time::Duration) {}

    fn keep_alive(&mut self) {}
}

/// What was read, and by which calls.
struct Collected {
    records: Records,
    called: Vec<String>,
}

impl Collected {
    fn times(&self, function: &str) -> usize {
        self.called.iter().filter(|called| *called == function).count()
    }
}

/// A server `a` whose one backup has been running for an hour of the ten that it takes.
fn running(dialect: Dialect) -> (Fleet, VirtualClock) {
    let clock = VirtualClock::starting(at(0));
    let day = writes_for(10 * 3_600_000);
    let server = |server: Server| with_nas(server).dialect(dialect).job(job(1, day));
    let mut fleet = Fleet::new(at(0)).server("a", server);
    fleet.ask("a", "runBackupJobManually", &format!("_id={}", id(1)), at(0)).unwrap();
    clock.leap(Duration::from_secs(3600));
    fleet.advance(clock.now());
    (fleet, clock)
}

fn collected(
    (fleet, clock): (Fleet, VirtualClock),
    wanted: &[LogId],
    after: &'static str,
    meanwhile: impl FnMut(&mut Fleet, Timestamp) + Send + 'static,
) -> Collected {
    let (name, called) = (ServerName::new("a").unwrap(), Arc::new(Mutex::new(Vec::new())));
    let inner = SimulatedTransport {
        fleet: Arc::new(Mutex::new(fleet)),
        server: name.clone(),
        clock: Arc::new(clock.clone()),
        interrupt: Interrupt::new().unwrap(),
        command_timeout: Duration::from_secs(60),
    };
    let meanwhile: Option<Meanwhile> = Some(Box::new(meanwhile));
    let wire = Eventful { inner, clock, called: Arc::clone(&called), after, meanwhile };
    let link = Link { server: name.clone(), guard: None, client: Client::new(Box::new(wire)) };
    let wanted: BTreeMap<_, BTreeSet<_>> = [(name, wanted.iter().cloned().collect())].into();
    let desired: Desired = Scene::of(&["a"]).desired;
    let period = Period { from: at(-DAY), to: at(DAY) };
    let evidence = collect(&mut Links::new(vec![link]), &desired, &wanted, period);
    let Seen::Known(records) = evidence[0].records.clone() else { panic!("{evidence:?}") };
    let called = called.lock().unwrap().clone();
    Collected { records, called }
}

fn nothing(_: &mut Fleet, _: Timestamp) {}

#[test]
fn what_does_not_change_is_read_once() {
    let quiet = collected(running(Dialect::default()), &[], "listQueueGroups", nothing);
    assert_eq!((quiet.times("listQueueGroups"), quiet.times("listLogs")), (1, 1), "{:?}", quiet.called);
    assert_eq!(quiet.records.logs[0].ended, None);
}

#[test]
fn a_backup_that_ends_between_two_calls_is_read_again_until_its_records_agree() {
    let ends = |fleet: &mut Fleet, now| fleet.advance(later(now, Duration::from_secs(10 * 3600)));
    let read = collected(running(Dialect::default()), &[], "listQueueGroups", ends);
    assert_eq!(read.times("listQueueGroups"), 2, "{:?}", read.called);
    assert_eq!(read.records.groups[0].status, GroupStatus::Completed);
    assert!(read.records.logs[0].ended.is_some());
}

#[test]
fn records_that_never_agree_are_read_three_times_and_shown_as_they_are() {
    let (mut fleet, clock) = running(Dialect::default());
    fleet.change("a", clock.now(), |a| a.logs.clear());
    let read = collected((fleet, clock), &[], "listQueueGroups", nothing);
    assert_eq!(read.times("listQueueGroups"), 3, "{:?}", read.called);
    assert!(read.records.logs.is_empty() && read.records.groups.len() == 1);
}

#[test]
fn a_group_that_its_list_only_names_is_asked_for_by_itself() {
    let bare = Dialect { group_data: Carried::Alone, group_log_id: Carried::Alone, ..Dialect::default() };
    let read = collected(running(bare), &[], "listQueueGroups", nothing);
    let group = &read.records.groups[0];
    assert_eq!(group.job.as_ref().unwrap().as_str(), id(1));
    assert_eq!(group.log.as_ref(), Some(&read.records.logs[0].id));
}

#[test]
fn a_log_that_the_list_does_not_have_is_asked_for_where_something_names_it() {
    // The list is answered without it, and the server has it again when it is asked for by its id.
    let hidden = |mut fleet: Fleet, clock: &VirtualClock| {
        let log = fleet.server_of("a").unwrap().logs[0].clone();
        fleet.change("a", clock.now(), |a| a.logs.clear());
        (fleet, log)
    };
    let by_group = {
        let (fleet, clock) = running(Dialect::default());
        let (fleet, log) = hidden(fleet, &clock);
        let back = move |fleet: &mut Fleet, now| assert!(fleet.change("a", now, |a| a.logs.push(log.clone())));
        collected((fleet, clock), &[], "listLogs", back)
    };
    assert_eq!((by_group.times("listLogs"), by_group.times("getLog")), (1, 1), "{:?}", by_group.called);
    assert_eq!(by_group.records.groups[0].log.as_ref(), Some(&by_group.records.logs[0].id));

    let by_memory = {
        let (mut fleet, clock) = running(Dialect::default());
        let end = later(clock.now(), Duration::from_secs(20 * 3600));
        fleet.advance(end);
        fleet.change("a", end, |a| a.groups.clear());
        clock.leap(Duration::from_secs(20 * 3600));
        let (fleet, log) = hidden(fleet, &clock);
        let wanted = LogId::new(log.id.clone()).unwrap();
        let back = move |fleet: &mut Fleet, now| assert!(fleet.change("a", now, |a| a.logs.push(log.clone())));
        collected((fleet, clock), &[wanted], "listLogs", back)
    };
    assert_eq!(by_memory.times("getLog"), 1, "{:?}", by_memory.called);
    assert!(by_memory.records.logs[0].ended.is_some());
}
