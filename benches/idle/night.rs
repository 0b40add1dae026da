//! What is run: eight jobs on two servers, and what their servers remember of them.

use std::fmt::Write as _;
use std::time::Duration;

use chrono::Utc;
use jbr::clock::{Timestamp, earlier};
use jbr::simulator::{Execution, Fleet, Log, Server};

use crate::support::parts::{entry, id, job, ms, with_nas};

/// Where each job is, and about how long it takes, in seconds: 20 to 120 in even steps, shuffled once and for all.
const JOBS: [(&str, u64); 8] =
    [("a", 63), ("b", 120), ("a", 34), ("a", 91), ("b", 20), ("b", 77), ("a", 106), ("b", 49)];
/// Every backup takes this much longer or shorter than its job's usual time, those that are remembered and the one that is measured.
const SPREAD_PERCENT: u64 = 10;
/// So many backups of each job are remembered.
const REMEMBERED: usize = 10;
/// From the moment at which a group is seen to its start; JetBackup takes some seconds.
const STARTS_AFTER: Duration = Duration::from_secs(3);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What the servers remember.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Past {
    /// Logs of the last days.
    Known,
    /// Nothing.
    Unknown,
}

/// The night that is measured.
pub(crate) struct Night;

impl Night {
    /// What it is, in words.
    pub(crate) fn describe() -> String {
        let lengths: Vec<String> =
            (1..=JOBS.len()).map(|number| format!("{:.1}", length(number, 0).as_secs_f64())).collect();
        format!(
            "{} backups on two servers: {} s; poll: 30s. Known jobs have {REMEMBERED} logs each, of backups that took up to {SPREAD_PERCENT} % more or less, as these do.",
            JOBS.len(),
            lengths.join(", "),
        )
    }

    /// The servers.
    pub(crate) fn fleet(past: Past) -> Fleet {
        let now = Utc::now();
        let fleet = Fleet::new(now);
        ["a", "b"].into_iter().fold(fleet, |fleet, name| fleet.server(name, |server| on(with_nas(server), past, now)))
    }

    /// The plan.
    pub(crate) fn plan(pace: &str) -> String {
        let mut plan = format!("run: {{ poll: 30s, pace: {pace} }}\njobs:\n");
        for (number, (server, _)) in numbered() {
            // With a limit of their age their logs are read before anything begins, in every row.
            write!(plan, "{}", entry(&format!("{server}/job{number}"), number, ", max_age: 30d")).unwrap();
        }
        plan
    }
}

fn numbered() -> impl Iterator<Item = (usize, (&'static str, u64))> {
    JOBS.into_iter().enumerate().map(|(place, job)| (place + 1, job))
}

/// A server with its jobs, and with logs of them if the past is known.
fn on(mut server: Server, past: Past, now: Timestamp) -> Server {
    let name = server.name.clone();
    for (number, _) in numbered().filter(|(_, (on, _))| *on == name) {
        server = server.job(job(number, Execution::of(length(number, 0)).starts_after(STARTS_AFTER)));
        if past == Past::Known {
            server.logs.extend((1..=REMEMBERED).map(|days| log(number, days, now)));
        }
    }
    server
}

/// What is remembered of a job's backup so many days ago.
fn log(number: usize, days: usize, now: Timestamp) -> Log {
    let started = earlier(now, DAY * u32::try_from(days).unwrap());
    Log {
        id: format!("{:024x}", 0xa000 + number * 100 + days),
        kind: 1,
        job: Some(id(number)),
        name: format!("job{number}"),
        started,
        ended: Some(jbr::clock::later(started, length(number, days))),
        status: 1,
        items: 10,
    }
}

/// How long a job's backup takes: tonight's (day 0), or that of so many days ago. The same at each run.
fn length(number: usize, days: usize) -> Duration {
    let usual_ms = JOBS[number - 1].1 * 1000;
    let span_ms = usual_ms * SPREAD_PERCENT * 2 / 100;
    ms(usual_ms - span_ms / 2 + mixed(number * 1000 + days) % (span_ms + 1))
}

/// A number that looks like any other (splitmix64).
fn mixed(seed: usize) -> u64 {
    let mut mixed = u64::try_from(seed).unwrap().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
