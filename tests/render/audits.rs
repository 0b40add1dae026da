//! Audits for the expected texts: data, as `jbr::audit` makes them.

use std::time::Duration;

use chrono::TimeDelta;
use jbr::audit::{Apart, Assumption, Audit, Backup, Counts, Disagreement, Gap, Offset, Pair, Period, ServerLine};
use jbr::clock::{Timestamp, earlier};
use jbr::execute::outcome::Verdict;
use jbr::inventory::guard::Writes;
use jbr::names::{LogId, ServerName};
use jbr::seen::{Seen, Why};

use super::fixtures::{HOUR, MINUTE, address, group_id, job_id, now, server_name};

fn log_id(number: u32) -> LogId {
    LogId::new(format!("b{number:023}")).unwrap()
}

/// So many minutes before now.
fn ago(minutes: u32) -> Timestamp {
    earlier(now(), minutes * MINUTE)
}

fn backup(server: &str, number: u32, from: u32, to: Option<u32>) -> Backup {
    Backup {
        server: server_name(server),
        id: Some(job_id(number)),
        address: Some(address(&format!("{server}/accounts"))),
        name: Some("Every account".to_owned()),
        group: Some(group_id(number)),
        log: Some(log_id(number)),
        from: ago(from),
        to: to.map(ago),
        writes: Writes::Surely,
    }
}

fn pair(first: Backup, second: Backup) -> Pair {
    let (from, to) = (second.from, first.end(now()).min(second.end(now())));
    Pair { first, second, from, to }
}

fn line(server: &str, guarded: usize, elsewhere: usize, offset: Option<Offset>) -> ServerLine {
    let oldest = Some(earlier(now(), 29 * 24 * HOUR));
    let counts = Seen::Known(Counts { guarded, elsewhere, oldest });
    ServerLine { server: server_name(server), counts, offset }
}

fn offset(at_least: i64, at_most: i64) -> Offset {
    Offset::new(TimeDelta::seconds(at_least), TimeDelta::seconds(at_most))
}

fn assumptions() -> Vec<Assumption> {
    vec![
        Assumption::ClocksAgree { within: Duration::from_secs(2) },
        Assumption::DestinationsUnchanged,
        Assumption::OldLogsGoFirst,
    ]
}

/// A week in which one followed the other.
pub(crate) fn good() -> Audit {
    Audit {
        at: now(),
        period: Period { from: earlier(now(), 7 * 24 * HOUR), to: now() },
        servers: vec![line("server1", 1, 0, Some(offset(-16, 122))), line("server2", 1, 3, None)],
        backups: vec![backup("server1", 1, 300, Some(200)), backup("server2", 2, 199, Some(100))],
        overlaps: vec![],
        left_out: 0,
        disagreements: vec![],
        gaps: vec![],
        assumptions: assumptions(),
    }
}

/// A week in which two wrote at once.
pub(crate) fn overlapped() -> Audit {
    let (first, second) = (backup("server1", 1, 300, Some(200)), backup("server2", 2, 240, Some(100)));
    Audit { backups: vec![first.clone(), second.clone()], overlaps: vec![pair(first, second)], ..good() }
}

/// No backup at all.
pub(crate) fn empty() -> Audit {
    let servers = vec![line("server1", 0, 0, None)];
    let assumptions = assumptions().into_iter().skip(2).collect();
    Audit { servers, backups: vec![], assumptions, ..good() }
}

/// JetBackup recorded another outcome than jbr remembers.
pub(crate) fn disagreeing() -> Audit {
    Audit { disagreements: vec![disagreement()], ..good() }
}

fn disagreement() -> Disagreement {
    Disagreement {
        job: address("server1/accounts"),
        group: Some(group_id(1)),
        log: Some(log_id(1)),
        ended: ago(199),
        remembered: Verdict::Completed,
        recorded: Verdict::Failed,
    }
}

/// Everything that an audit can find.
pub(crate) fn everything() -> Audit {
    let running = Backup { log: None, ..backup("server1", 3, 60, None) };
    let foreign = Backup { address: None, ..backup("server2", 4, 30, Some(29)) };
    let unlisted = Backup { address: None, name: None, writes: Writes::Perhaps, ..backup("server4", 5, 28, Some(20)) };
    let nameless = Backup { id: None, group: None, ..unlisted.clone() };
    let short = Backup { from: ago(10), to: Some(ago(10)), ..foreign.clone() };
    let servers = vec![
        line("server1", 2, 0, Some(offset(-16, 122))),
        line("server2", 3, 3, Some(offset(598, 640))),
        unread("server3"),
        ServerLine {
            counts: Seen::Known(Counts { guarded: 0, elsewhere: 0, oldest: None }),
            ..line("server4", 2, 0, Some(offset(-700, -590)))
        },
    ];
    Audit {
        servers,
        backups: vec![backup("server1", 1, 300, Some(200)), running.clone(), foreign.clone(), unlisted.clone()],
        overlaps: vec![pair(running.clone(), foreign.clone()), pair(running.clone(), short)],
        left_out: 12,
        disagreements: vec![disagreement()],
        gaps: gaps(&[running, foreign, unlisted, nameless]),
        ..good()
    }
}

fn unread(server: &str) -> ServerLine {
    let why = Why::new(format!("{server}: no route to host"));
    ServerLine { server: server_name(server), counts: Seen::Unknown(why), offset: None }
}

fn gaps(backups: &[Backup; 4]) -> Vec<Gap> {
    let server = || -> ServerName { server_name("server2") };
    let [running, foreign, unlisted, nameless] = backups;
    let close = pair(backup("server1", 1, 300, Some(200)), backup("server2", 6, 199, Some(100)));
    let without = |runs: bool| Gap::GroupWithoutLog {
        server: server(),
        group: group_id(11),
        id: Some(job_id(11)),
        created: (!runs).then(|| ago(90)),
        runs,
    };
    vec![
        Gap::Unread { server: server_name("server3"), why: Why::new("server3: no route to host") },
        Gap::ServerGone { server: server_name("server9") },
        Gap::LogsTooYoung { server: server(), oldest: Some(ago(1000)) },
        Gap::LogsTooYoung { server: server_name("server4"), oldest: None },
        without(true),
        without(false),
        Gap::GroupNotOver { server: server(), group: group_id(12), log: log_id(12) },
        Gap::LogWithoutStart { server: server(), log: log_id(13), id: None },
        Gap::LogWithoutEnd { server: server(), log: log_id(14), id: Some(job_id(14)), started: ago(80) },
        Gap::LogBackwards { server: server(), log: log_id(15), started: ago(70), ended: ago(75) },
        Gap::FromTheFuture { server: server(), log: log_id(16), at: now() + TimeDelta::minutes(5) },
        Gap::RunWithoutLog {
            job: address("server2/accounts"),
            group: Some(group_id(17)),
            log: None,
            ended: Some(ago(50)),
        },
        Gap::RunWithoutLog { job: address("server2/accounts"), group: Some(group_id(18)), log: None, ended: None },
        Gap::SeenTogether {
            at: ago(40),
            first: (server_name("server1"), group_id(1)),
            second: (server(), group_id(19)),
        },
        Gap::TooClose {
            pair: Box::new(close.clone()),
            apart: Apart { within: TimeDelta::seconds(2), measured: false },
        },
        Gap::TooClose { pair: Box::new(close), apart: Apart { within: TimeDelta::seconds(656), measured: true } },
        Gap::PerhapsElsewhere { pair: Box::new(pair(running.clone(), unlisted.clone())) },
        Gap::PerhapsElsewhere { pair: Box::new(pair(foreign.clone(), nameless.clone())) },
    ]
}
