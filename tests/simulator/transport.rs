//! The transport over a fleet in memory: what arrives, and what may have been sent.

use std::sync::{Arc, Mutex};

use jbr::clock::{Clock, Interrupt};
use jbr::names::ServerName;
use jbr::simulator::{Fault, Fleet, Rule, Server, VirtualClock};
use jbr::transport::simulated::SimulatedTransport;
use jbr::transport::{FailureKind, Sent, Transport};

use crate::lab::{JOB, SERVER, at, seconds, usual};

struct Line {
    transport: SimulatedTransport,
    clock: VirtualClock,
    interrupt: Interrupt,
}

fn line(declare: impl FnOnce(Server) -> Server) -> Line {
    let clock = VirtualClock::starting(at(0));
    let interrupt = Interrupt::new().unwrap();
    let fleet = Arc::new(Mutex::new(Fleet::new(at(0)).server(SERVER, |server| declare(usual(server)))));
    let transport = SimulatedTransport {
        fleet,
        server: ServerName::new(SERVER).unwrap(),
        clock: Arc::new(clock.clone()),
        interrupt: interrupt.clone(),
        command_timeout: seconds(120),
    };
    Line { transport, clock, interrupt }
}

fn trigger() -> String {
    format!("jetbackup5api -F runBackupJobManually -D '_id={JOB}' -O json")
}

fn triggers(line: &Line) -> usize {
    line.transport.fleet.lock().unwrap().account().triggers_by_api(SERVER, JOB)
}

#[test]
fn an_answer_arrives_with_its_exit_status() {
    let mut line = line(|server| server.latency(seconds(2)));
    let output = line.transport.call(&trigger()).unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains(JOB));
    assert_eq!((output.exit, line.clock.now()), (Some(0), at(2)));
    for (command, exit) in [
        ("/usr/bin/jetbackup5api -F getStatistics", 0),
        ("jetbackup5api -F 'get'\"Statistics\"", 0),
        ("ls", 127),
        ("", 127),
        ("jetbackup5api 'x", 2),
    ] {
        assert_eq!(line.transport.call(command).unwrap().exit, Some(exit), "{command}");
    }
}

#[test]
fn a_failure_says_whether_the_command_may_have_run() {
    for (fault, kind, sent, triggered) in [
        (Fault::KilledBefore, FailureKind::Lost, Sent::No, 0),
        (Fault::LostCommand, FailureKind::Lost, Sent::Maybe, 0),
        (Fault::LostAnswer, FailureKind::Lost, Sent::Maybe, 1),
        (Fault::Late(seconds(9)), FailureKind::Lost, Sent::Maybe, 0),
    ] {
        let mut line = line(|server| server.rule(Rule::any(fault.clone())));
        let failure = line.transport.call(&trigger()).unwrap_err();
        assert_eq!((failure.kind, failure.sent, triggers(&line)), (kind, sent, triggered), "{fault:?}");
        assert!(failure.message.starts_with("server1: "), "{failure}");
    }
    let mut down = line(|server| server.outage(at(0), at(10)));
    let failure = down.transport.call(&trigger()).unwrap_err();
    assert_eq!((failure.kind, failure.sent), (FailureKind::Connect, Sent::No));
}

#[test]
fn an_answer_that_takes_longer_than_the_limit_is_a_timeout_and_the_command_was_carried_out() {
    for (delay, in_time) in [(119, true), (120, true), (121, false)] {
        let mut line = line(|server| server.rule(Rule::any(Fault::Slow).delay(seconds(delay))));
        let failure = line.transport.call(&trigger()).err();
        assert_eq!(failure.is_none(), in_time, "{delay}");
        if let Some(failure) = failure {
            assert_eq!((failure.kind, failure.sent), (FailureKind::Timeout, Sent::Maybe));
        }
        assert_eq!((triggers(&line), line.clock.now()), (1, at(delay.min(120))));
    }
}

#[test]
fn a_wish_to_stop_ends_the_wait_for_an_answer_but_not_an_answer_that_is_there() {
    let mut slow = line(|server| server.rule(Rule::any(Fault::Slow).delay(seconds(60))));
    slow.clock.stop_at(at(20));
    let failure = slow.transport.call(&trigger()).unwrap_err();
    assert_eq!((failure.kind, failure.sent, slow.clock.now()), (FailureKind::Interrupted, Sent::Maybe, at(20)));
    assert!(slow.interrupt.is_requested());
    assert!(slow.transport.call("jetbackup5api -F getStatistics").is_ok());
}

#[test]
fn a_fleet_that_broke_in_another_thread_is_a_failure() {
    let mut line = line(|server| server);
    let fleet = Arc::clone(&line.transport.fleet);
    let broke = std::thread::spawn(move || {
        let _held = fleet.lock().unwrap();
        panic!("on purpose");
    });
    assert!(broke.join().is_err());
    assert_eq!(line.transport.call(&trigger()).unwrap_err().sent, Sent::Maybe);
}
