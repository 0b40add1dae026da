//! A case that is built by hand: servers with their records, and what jbr remembers. Times are seconds after the period's beginning.

use std::time::Duration;

use jbr::audit::{self, Audit, Case, Evidence, Period, Records};
use jbr::clock::Timestamp;
use jbr::desired::{self, Desired, HostKeyPolicy, OnTimeout, Partial, RunSettings};
use jbr::execute::journal::{Journal, Overlap};
use jbr::execute::outcome::{Outcome, Verdict};
use jbr::jetbackup::facts::{Group, GroupStatus, Job, Log, LogStatus};
use jbr::names::{JobAddress, RunId};
use jbr::seen::{Seen, Why};
use jbr::state::{RunEnd, RunRecord, State};

/// The destination that is guarded where a server declares one.
pub(crate) const NAS: &str = "nas";
/// How long the period is.
pub(crate) const DAY: i64 = 24 * 3600;
/// The longest that an answer may take.
pub(crate) const ANSWER_MAX: Duration = Duration::from_secs(10);

/// So many seconds after the period's beginning.
pub(crate) fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-11-22T02:00:00Z".parse().unwrap();
    start + chrono::TimeDelta::seconds(seconds)
}

/// A case that is being built. Every server has an old log, so that its records reach back to the period's beginning.
pub(crate) struct Scene {
    pub(crate) desired: Desired,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) state: State,
    pub(crate) period: Period,
    pub(crate) tolerance: Duration,
    pub(crate) now: Timestamp,
}

impl Scene {
    /// Servers by name, each with a job `server/job` with the server's name and `1` as its id.
    pub(crate) fn of(servers: &[&str]) -> Self {
        let run = RunSettings {
            poll: Duration::from_secs(30),
            pace: jbr::desired::Pace::Adaptive,
            unreachable_wait: Duration::from_secs(900),
            partial: Partial::Warn,
            resume_within: Duration::from_secs(72_000),
        };
        let mut scene = Self {
            desired: Desired { servers: Vec::new(), jobs: Vec::new(), run, notify: None },
            evidence: Vec::new(),
            state: State::unwritten(),
            period: Period { from: at(0), to: at(DAY) },
            tolerance: Duration::from_secs(2),
            now: at(DAY),
        };
        for name in servers {
            scene.desired.servers.push(server(name));
            scene.desired.jobs.push(declared(name));
            let records = Records { jobs: vec![job(&format!("{name}1"), &[NAS])], groups: vec![], logs: vec![] };
            let evidence = Evidence {
                server: name.parse().unwrap(),
                guard: None,
                answer_max: ANSWER_MAX,
                records: Seen::Known(records),
            };
            scene.evidence.push(evidence);
            scene.add_log(name, log(&format!("{name}old"), &format!("{name}1"), Some(-9000), Some(-8000)));
        }
        scene
    }

    /// The records of a server.
    pub(crate) fn records(&mut self, server: &str) -> &mut Records {
        let evidence = self.evidence.iter_mut().find(|evidence| evidence.server.as_str() == server).unwrap();
        match &mut evidence.records {
            Seen::Known(records) => records,
            Seen::Unknown(why) => panic!("{why}"),
        }
    }

    /// Another log.
    pub(crate) fn add_log(&mut self, server: &str, log: Log) {
        self.records(server).logs.push(log);
    }

    /// A good backup of the server's job with its group and log: `g…` and `l…`.
    pub(crate) fn ran(&mut self, server: &str, id: &str, from: i64, to: i64) {
        self.ran_of(server, id, &format!("{server}1"), from, to);
    }

    /// The same of another job.
    pub(crate) fn ran_of(&mut self, server: &str, id: &str, job: &str, from: i64, to: i64) {
        self.add_log(server, log(&format!("l{id}"), job, Some(from), Some(to)));
        let group = group(&format!("g{id}"), job, from - 5, GroupStatus::Completed, Some(&format!("l{id}")));
        self.records(server).groups.push(group);
    }

    /// The server cannot be asked.
    pub(crate) fn lose(&mut self, server: &str) {
        let evidence = self.evidence.iter_mut().find(|evidence| evidence.server.as_str() == server).unwrap();
        evidence.records = Seen::Unknown(Why::new("no route to host"));
    }

    /// Guards one destination of a server.
    pub(crate) fn guard(&mut self, server: &str) {
        let evidence = self.evidence.iter_mut().find(|evidence| evidence.server.as_str() == server).unwrap();
        evidence.guard = Some(NAS.parse().unwrap());
    }

    /// jbr remembers a run with this backup in it: `g…` and `l…`, as `ran` makes them.
    pub(crate) fn remember(&mut self, server: &str, id: &str, verdict: Verdict, started: i64, ended: i64) {
        self.remember_run(vec![outcome(server, id, verdict, None, started, ended)], vec![]);
    }

    /// jbr remembers a run.
    pub(crate) fn remember_run(&mut self, items: Vec<(JobAddress, Option<Outcome>)>, overlaps: Vec<Overlap>) {
        let id = RunId::new(at(0), self.state.history.len() as u64);
        let (started, ended) = (at(0), at(DAY));
        self.state.history.push(RunRecord { id, started, ended, end: RunEnd::Complete, items, overlaps });
    }

    /// The verdict.
    pub(crate) fn audit(&self) -> Audit {
        audit::audit(&Case {
            desired: &self.desired,
            evidence: &self.evidence,
            state: &self.state,
            period: self.period,
            tolerance: self.tolerance,
            now: self.now,
        })
    }
}

pub(crate) fn server(name: &str) -> desired::Server {
    desired::Server {
        name: name.parse().unwrap(),
        host: format!("{name}.example.com"),
        port: 22,
        user: "root".to_owned(),
        key: None,
        known_hosts: "/dev/null".into(),
        host_key: HostKeyPolicy::Strict,
        connect_timeout: Duration::from_secs(10),
        command_timeout: ANSWER_MAX,
        destination: None,
    }
}

fn declared(server: &str) -> desired::Job {
    desired::Job {
        address: format!("{server}/job").parse().unwrap(),
        id: format!("{server}1").parse().unwrap(),
        kind: None,
        priority: 0,
        timeout: Duration::from_secs(3600),
        start_timeout: Duration::from_secs(120),
        on_timeout: OnTimeout::Hold,
        keep_disabled: false,
        after: vec![],
        windows: vec![],
        fits: false,
        every: None,
        max_age: None,
        retry: jbr::desired::Retry::NEVER,
        hold: None,
    }
}

pub(crate) fn job(id: &str, destinations: &[&str]) -> Job {
    Job {
        id: id.parse().unwrap(),
        name: format!("Job {id}"),
        kind: 1,
        contains: None,
        destinations: destinations.iter().map(|id| id.parse().unwrap()).collect(),
        disabled: false,
        running: None,
        schedules: None,
        next_run: None,
    }
}

pub(crate) fn log(id: &str, job: &str, from: Option<i64>, to: Option<i64>) -> Log {
    Log {
        id: id.parse().unwrap(),
        job: Some(job.parse().unwrap()),
        started: from.map(at),
        ended: to.map(at),
        status: if to.is_some() { LogStatus::Completed } else { LogStatus::Processing },
    }
}

pub(crate) fn group(id: &str, job: &str, created: i64, status: GroupStatus, log: Option<&str>) -> Group {
    Group {
        id: id.parse().unwrap(),
        job: Some(job.parse().unwrap()),
        created: Some(at(created)),
        status,
        log: log.map(|log| log.parse().unwrap()),
        percent: None,
        execution_time: None,
    }
}

/// An overlap that jbr saw.
pub(crate) fn seen(seconds: i64, first: (&str, &str), second: (&str, &str)) -> Overlap {
    let writer = |(server, group): (&str, &str)| (server.parse().unwrap(), group.parse().unwrap());
    Overlap { at: at(seconds), first: writer(first), second: writer(second) }
}

/// A run in progress that has done nothing yet.
pub(crate) fn journal() -> Journal {
    Journal::new(at(0))
}

/// What jbr remembers of a backup: `g…` and `l…`, as `ran` makes them.
pub(crate) fn outcome(
    server: &str,
    id: &str,
    verdict: Verdict,
    triggered: Option<i64>,
    started: i64,
    ended: i64,
) -> (JobAddress, Option<Outcome>) {
    let outcome = Outcome {
        verdict,
        group: Some(format!("g{id}").parse().unwrap()),
        log: Some(format!("l{id}").parse().unwrap()),
        triggered: triggered.map(at),
        started: Some(at(started)),
        ended: at(ended),
        overdue: false,
        note: String::new(),
    };
    (format!("{server}/job").parse().unwrap(), Some(outcome))
}
