//! What is read of the servers before anything is decided.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jbr::clock::{Clock, Interrupt, Timestamp};
use jbr::inventory::collect::collect;
use jbr::jetbackup::client::Client;
use jbr::jetbackup::ssh_gate::{self, Scope, SshGate};
use jbr::links::{Link, Links};
use jbr::names::{JobId, ServerName};
use jbr::seen::Seen;
use jbr::simulator::{Carried, Destination, Dialect, Execution, Fault, Fleet, Job, Rule, VirtualClock, When};
use jbr::transport::simulated::SimulatedTransport;

/// A server in memory, and a link to it.
fn link_to(fleet: Fleet, start: Timestamp) -> (Arc<Mutex<Fleet>>, Link) {
    let clock = VirtualClock::starting(start);
    let interrupt = Interrupt::new().unwrap();
    clock.wait(Duration::from_secs(60), &interrupt);
    let fleet = Arc::new(Mutex::new(fleet));
    let transport = SimulatedTransport {
        fleet: Arc::clone(&fleet),
        server: "a".parse().unwrap(),
        clock: Arc::new(clock),
        interrupt,
        command_timeout: Duration::from_secs(60),
    };
    (fleet, Link { server: "a".parse().unwrap(), guard: None, client: Client::new(Box::new(transport)) })
}

/// How many of three jobs have their logs read, and how many calls that took.
fn logs_read(rule: Rule) -> (usize, usize) {
    let start: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
    let ids = ["a", "b", "c"].map(|digit| digit.repeat(24));
    let fleet = Fleet::new(start).server("a", |server| {
        let server = server.rule(rule);
        ids.iter().fold(server, |server, id| server.job(Job::new(id, "accounts").writes_to("nas")))
    });
    let (fleet, link) = link_to(fleet, start);
    let wanted: Vec<(ServerName, JobId)> = ids.iter().map(|id| ("a".parse().unwrap(), id.parse().unwrap())).collect();
    // Named twice, asked once.
    let inventory = collect(&mut Links::new(vec![link]), &[wanted.clone(), wanted].concat());
    let logs = &inventory.servers[0].logs;
    assert_eq!(logs.len(), 3, "each has its logs, or why not");
    let read = logs.values().filter(|logs| matches!(logs, Seen::Known(_))).count();
    let fleet = fleet.lock().unwrap();
    (read, fleet.account().calls.iter().filter(|call| call.function == "listLogs").count())
}

#[test]
fn a_server_that_falls_silent_is_not_waited_for_once_a_job() {
    let rule = |fault, when| Rule::of("listLogs", fault).when(when);
    assert_eq!(logs_read(rule(Fault::Slow, When::Always)), (3, 3));
    assert_eq!(logs_read(rule(Fault::LostAnswer, When::Nth(1))), (3, 4), "once lost is tried again");
    assert_eq!(logs_read(rule(Fault::LostAnswer, When::Always)), (0, 2));
    assert_eq!(logs_read(rule(Fault::Refused("not allowed".to_owned()), When::Nth(2))), (2, 3));
}

/// Some versions name a group's job only when the group is asked for by itself. A plan that missed that would start a job that runs.
#[test]
fn the_job_of_a_group_is_found_where_the_list_does_not_name_it() {
    let start: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
    let job = Job::new("a".repeat(24), "accounts").writes_to("nas").script([Execution::of(Duration::from_secs(3600))]);
    let dialect = Dialect { group_data: Carried::Alone, ..Dialect::default() };
    let mut fleet = Fleet::new(start)
        .server("a", |server| server.dialect(dialect).destination(Destination::on("nas", "nas")).job(job));
    fleet.ask("a", "runBackupJobManually", &format!("_id={}", "a".repeat(24)), start).unwrap();
    let (_, link) = link_to(fleet, start);

    let inventory = collect(&mut Links::new(vec![link]), &[]);

    // A simulated server has the gate, and a key without scopes.
    let gate = SshGate::Own { version: ssh_gate::CURRENT, scope: Scope::Everything };
    assert_eq!(inventory.servers[0].gate, Seen::Known(gate));
    let Seen::Known(Some(group)) = inventory.servers[0].unfinished(&"a".repeat(24).parse().unwrap()) else {
        panic!("{:?}", inventory.servers[0].groups)
    };
    assert_eq!(group.job, Some("a".repeat(24).parse().unwrap()));
}
