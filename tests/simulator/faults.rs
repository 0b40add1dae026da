//! What goes wrong at a call, and what was carried out all the same.

use jbr::simulator::{CarriedOut, Connection, Fault, Garble, Rule, When};

use crate::lab::{JOB, Lab, NAS, SERVER, at, seconds};

const TRIGGER: &str = "runBackupJobManually";

/// How the caller sees it, as exit status, start of stdout and connection; and whether a backup follows.
fn outcome(fault: Fault) -> (i32, String, Connection, bool) {
    let mut lab = Lab::new(|server| server.rule(Rule::of(TRIGGER, fault)));
    let answer = lab.call(0, TRIGGER, &format!("_id={JOB}"));
    let start = answer.stdout.chars().take(12).collect();
    (answer.exit, start, answer.connection, !lab.statuses(300).is_empty())
}

#[test]
fn a_fault_decides_what_is_seen_and_what_is_done() {
    use Connection::{Fine, KilledBefore, LostAnswer};
    let garbled = |how, carried_out| Fault::Garbled { how, carried_out };
    for (fault, exit, start, connection, runs) in [
        (Fault::Slow, 0, "{\"data\":{\"_i", Fine, true),
        (Fault::NotFound, 127, "", Fine, false),
        (garbled(Garble::WarningBefore, true), 0, "PHP Warning:", Fine, true),
        (garbled(Garble::WarningBefore, false), 0, "PHP Warning:", Fine, false),
        (garbled(Garble::Instead, true), 0, "PHP Fatal er", Fine, true),
        (garbled(Garble::Empty, false), 0, "", Fine, false),
        (garbled(Garble::Empty, true), 0, "", Fine, true),
        (garbled(Garble::Truncated, true), 0, "{\"data\":{\"_i", Fine, true),
        (Fault::Refused("busy".to_owned()), 0, "{\"data\":[],\"", Fine, false),
        (Fault::DoesNotStick, 0, "{\"data\":{\"_i", Fine, false),
        (Fault::KilledBefore, 0, "", KilledBefore, false),
        (Fault::LostCommand, 0, "", LostAnswer, false),
        (Fault::LostAnswer, 0, "", LostAnswer, true),
        (Fault::Late(seconds(60)), 0, "", LostAnswer, true),
    ] {
        assert_eq!(outcome(fault.clone()), (exit, start.to_owned(), connection, runs), "{fault:?}");
    }
}

#[test]
fn a_damaged_answer_still_holds_what_it_holds() {
    let mut lab = Lab::new(|server| {
        let damage = |how| Rule::any(Fault::Garbled { how, carried_out: true });
        server.rule(damage(Garble::WarningBefore).when(When::Nth(1))).rule(damage(Garble::Truncated).when(When::Nth(2)))
    });
    let warned = lab.call(0, "getStatistics", "").stdout;
    let (_, json) = warned.split_once('\n').unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(json).is_ok());
    let truncated = lab.call(0, "getStatistics", "").stdout;
    assert!(serde_json::from_str::<serde_json::Value>(&truncated).is_err());
    assert_eq!(lab.envelope(0, "getStatistics", "")["success"], 1);
}

#[test]
fn a_late_command_is_carried_out_when_nobody_expects_it_any_more() {
    let mut lab = Lab::new(|server| server.rule(Rule::of(TRIGGER, Fault::Late(seconds(100))).delay(seconds(30))));
    let answer = lab.call(0, TRIGGER, &format!("_id={JOB}"));
    assert_eq!((answer.connection, answer.delay), (Connection::LostAnswer, seconds(30)));
    assert_eq!(lab.statuses(99), [0; 0]);
    assert_eq!(lab.fleet.account().triggers_by_api(SERVER, JOB), 0);
    assert_eq!(lab.statuses(100), [1]);
    assert_eq!(lab.fleet.account().triggers_by_api(SERVER, JOB), 1);
    assert_eq!(lab.fleet.account().calls[0].carried_out, CarriedOut::Later(at(100)));
    assert_eq!(lab.statuses(165), [100]);
}

#[test]
fn a_change_that_does_not_stick_says_that_it_did() {
    for (function, get, id) in [("manageDestination", "getDestination", NAS), ("manageBackupJob", "getBackupJob", JOB)]
    {
        let mut lab = Lab::new(|server| server.rule(Rule::of(function, Fault::DoesNotStick)));
        let change = format!("action=modify&_id={id}&disabled=1");
        let said = lab.ask(0, function, &change)["disabled"].clone();
        assert_ne!(lab.ask(0, get, &format!("_id={id}"))["disabled"], said, "{function}");
        assert_eq!(lab.ask(0, function, &change)["disabled"], said);
        assert_eq!(lab.ask(0, get, &format!("_id={id}"))["disabled"], said, "the second time it sticks");
    }
}

#[test]
fn slowness_adds_up_and_only_the_first_rule_decides() {
    let mut lab = Lab::new(|server| {
        let slow = Rule::of("getStatistics", Fault::Slow).when(When::EveryNth(2)).delay(seconds(60));
        server.latency(seconds(1)).rule(slow).rule(Rule::any(Fault::NotFound).when(When::Nth(2)))
    });
    let seen: Vec<(u64, i32)> =
        (0..4).map(|_| lab.call(0, "getStatistics", "")).map(|a| (a.delay.as_secs(), a.exit)).collect();
    assert_eq!(seen, [(1, 0), (61, 0), (1, 0), (61, 0)]);
}

#[test]
fn the_account_knows_which_calls_reached_the_server() {
    for (fault, expected) in [
        (Fault::Slow, vec![CarriedOut::AtOnce]),
        (Fault::LostAnswer, vec![CarriedOut::AtOnce]),
        (Fault::LostCommand, vec![CarriedOut::Never]),
        (Fault::NotFound, vec![CarriedOut::Never]),
        (Fault::KilledBefore, vec![]),
    ] {
        let mut lab = Lab::new(|server| server.rule(Rule::any(fault.clone())));
        lab.call(0, TRIGGER, &format!("_id={JOB}"));
        let seen: Vec<CarriedOut> = lab.fleet.account().calls.iter().map(|call| call.carried_out).collect();
        assert_eq!(seen, expected, "{fault:?}");
    }
}
