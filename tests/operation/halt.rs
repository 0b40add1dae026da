//! A stop that is not carried out: whether the backup runs on is looked at, and never taken for granted.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::Utc;
use jbr::clock::{Clock, Interrupt};
use jbr::halt::{Found, Halt, Patience, Refusal, Sight, Wanted, find, halt};
use jbr::jetbackup::client::Client;
use jbr::jetbackup::facts::GroupStatus;
use jbr::names::{GroupId, JobId};
use jbr::seen::Seen;
use jbr::simulator::{Carried, Dialect, Fault, Fleet, OnRunning, Rule, Server, Stopping, VirtualClock};
use jbr::transport::simulated::SimulatedTransport;

use crate::support::parts::{DESTINATION, entry, id, job, with_nas, writes_for};
use crate::support::site::Site;

/// A server with a backup that has begun, and its clock.
struct Room {
    client: Client,
    clock: VirtualClock,
    group: GroupId,
}

impl Room {
    fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        let clock = VirtualClock::starting(Utc::now());
        let fleet = Fleet::new(clock.now()).server("a", |a| {
            let a = with_nas(a).job(job(1, writes_for(60_000)));
            rules.into_iter().fold(a, Server::rule)
        });
        let mut client = Client::new(Box::new(SimulatedTransport {
            fleet: Arc::new(Mutex::new(fleet)),
            server: "a".parse().unwrap(),
            clock: Arc::new(clock.clone()),
            interrupt: Interrupt::new().unwrap(),
            command_timeout: Duration::from_secs(60),
        }));
        client.trigger(&JobId::new(id(1)).unwrap()).unwrap();
        let group = client.named_groups().unwrap().remove(0).id;
        Self { client, clock, group }
    }

    fn halt(&mut self) -> Result<Halt, Refusal> {
        let interrupt = Interrupt::new().unwrap();
        let limit = Duration::from_secs(60);
        let patience =
            Patience { clock: &self.clock, interrupt: &interrupt, look_every: Duration::from_secs(1), limit };
        halt(&mut self.client, &self.group, &patience)
    }
}

#[test]
fn a_backup_that_ended_before_the_stop_arrived_is_over_and_not_running_on() {
    let mut room = Room::new([]);
    room.clock.leap(Duration::from_secs(120));
    let refusal = room.halt().unwrap_err();
    assert!(refusal.why.0.contains("not running"), "{refusal:?}");
    assert_eq!(refusal.after, Seen::Known(Sight::Over(GroupStatus::Completed)));
}

#[test]
fn a_stop_that_was_refused_or_did_not_leave_says_what_was_seen_after_it() {
    let mut refused = Room::new([Rule::of("stopQueueGroup", Fault::Refused("no".to_owned()))]);
    let after = refused.halt().unwrap_err().after;
    assert!(matches!(after, Seen::Known(Sight::StillRuns(_))), "{after:?}");

    let not_sent = ["stopQueueGroup", "getQueueGroup"].map(|function| Rule::of(function, Fault::KilledBefore));
    let after = Room::new(not_sent).halt().unwrap_err().after;
    assert!(matches!(after, Seen::Unknown(_)), "{after:?}");
}

#[test]
fn a_group_that_names_no_job_may_be_any_jobs() {
    let mut room = Room::new([]);
    let mut groups = room.client.named_groups().unwrap();
    let wanted = Wanted::Job(JobId::new(id(2)).unwrap());
    assert_eq!(find(&groups, &wanted), Found::Nothing);
    groups[0].job = None;
    assert_eq!(find(&groups, &wanted), Found::Nameless(vec![room.group.clone()]));
    room.clock.leap(Duration::from_secs(120));
    let mut over = room.client.groups().unwrap();
    over[0].job = None;
    assert_eq!(find(&over, &wanted), Found::Nothing, "what is over is not in question");
}

/// `a` with a backup twice, `b` with one that names no job, and whose first stop is refused.
#[test]
fn the_brake_says_which_backup_it_cannot_tell_and_what_runs_on() {
    let fleet = Fleet::new(Utc::now())
        .server("a", |a| {
            let a = with_nas(a).dialect(Dialect { on_running: OnRunning::SecondGroup, ..Dialect::default() });
            a.job(job(1, writes_for(600_000)))
        })
        .server("b", |b| {
            let stopping = Stopping::After(Duration::from_millis(300));
            let silent = Dialect { group_data: Carried::Never, stopping, ..Dialect::default() };
            let refused = Rule::of("stopQueueGroup", Fault::Refused("not now".to_owned()));
            with_nas(b).dialect(silent).job(job(2, writes_for(600_000))).rule(refused)
        });
    let site = Site::start(&fleet);
    let jobs = [entry("a/job1", 1, ""), entry("b/job2", 2, "")].concat();
    site.write_plan_with(&format!(", destination: {DESTINATION}"), &format!("jobs:\n{jobs}"));
    for (server, number) in [("a", 1), ("a", 1), ("b", 2)] {
        let ask = |fleet: &mut Fleet| {
            fleet.ask(server, "runBackupJobManually", &format!("_id={}", id(number)), Utc::now()).map(drop)
        };
        site.world.update(ask).unwrap().unwrap();
    }
    let stop = |arguments: &[&str]| site.jbr(&[&["stop", "--auto-approve", "--timeout", "30s"], arguments].concat());

    let two = stop(&["a/job1"]);
    assert_eq!(two.code, Some(1), "{}", two.text());
    assert_eq!(two.stderr.matches("group ").count(), 2, "{}", two.stderr);
    assert!(two.stderr.contains("`jbr stop a GROUP`"), "{}", two.stderr);

    let nameless = stop(&["b/job2"]);
    assert_eq!(nameless.code, Some(1), "{}", nameless.text());
    let command = nameless.stderr.lines().find_map(|line| line.trim().strip_prefix("jbr stop b ")).unwrap();
    let refused = stop(&["b", command]);
    assert_eq!(refused.code, Some(1), "{}", refused.text());
    assert!(refused.stderr.contains("it runs on: try again"), "{}", refused.stderr);
    let stopped = stop(&["b", command]);
    assert_eq!(stopped.code, Some(0), "{}", stopped.text());
    let again = stop(&["b", command]);
    assert_eq!(again.code, Some(9), "{}", again.text());
}
