//! What is read of the servers before anything is decided.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jbr::clock::{Clock, Interrupt, Timestamp};
use jbr::inventory::collect::collect;
use jbr::jetbackup::client::Client;
use jbr::jetbackup::ssh_gate::{self, Scope, SshGate};
use jbr::links::{Link, Links};
use jbr::seen::Seen;
use jbr::simulator::{Carried, Destination, Dialect, Execution, Fleet, Job, VirtualClock};
use jbr::transport::simulated::SimulatedTransport;

/// Some versions name a group's job only when the group is asked for by itself. A plan that missed that would start a job that runs.
#[test]
fn the_job_of_a_group_is_found_where_the_list_does_not_name_it() {
    let start: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
    let job = Job::new("a".repeat(24), "accounts").writes_to("nas").script([Execution::of(Duration::from_secs(3600))]);
    let dialect = Dialect { group_data: Carried::Alone, ..Dialect::default() };
    let mut fleet = Fleet::new(start)
        .server("a", |server| server.dialect(dialect).destination(Destination::on("nas", "nas")).job(job));
    fleet.ask("a", "runBackupJobManually", &format!("_id={}", "a".repeat(24)), start).unwrap();
    let clock = VirtualClock::starting(start);
    let interrupt = Interrupt::new().unwrap();
    clock.wait(Duration::from_secs(60), &interrupt);
    let transport = SimulatedTransport {
        fleet: Arc::new(Mutex::new(fleet)),
        server: "a".parse().unwrap(),
        clock: Arc::new(clock),
        interrupt,
        command_timeout: Duration::from_secs(60),
    };
    let link = Link { server: "a".parse().unwrap(), guard: None, client: Client::new(Box::new(transport)) };

    let inventory = collect(&mut Links::new(vec![link]), &[]);

    // A simulated server has the gate, and a key without scopes.
    let gate = SshGate::Own { version: ssh_gate::CURRENT, scope: Scope::Everything };
    assert_eq!(inventory.servers[0].gate, Seen::Known(gate));
    let Seen::Known(Some(group)) = inventory.servers[0].unfinished(&"a".repeat(24).parse().unwrap()) else {
        panic!("{:?}", inventory.servers[0].groups)
    };
    assert_eq!(group.job, Some("a".repeat(24).parse().unwrap()));
}
