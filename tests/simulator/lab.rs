//! A fleet with one server, and time counted in seconds since its start.

use std::time::Duration;

use jbr::clock::{Timestamp, later};
use jbr::simulator::{Answer, Destination, Execution, Fleet, Job, Server};
use serde_json::Value;

pub(crate) const SERVER: &str = "server1";
pub(crate) const JOB: &str = "aaaaaaaaaaaaaaaaaaaaaaaa";
pub(crate) const OTHER: &str = "bbbbbbbbbbbbbbbbbbbbbbbb";
pub(crate) const NAS: &str = "6503eec8ebbf07708d06f1d2";
pub(crate) const STORAGE: &str = "nas";

pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A moment, in seconds since the start of every laboratory: 2026-11-23 02:00 UTC.
pub(crate) fn at(second: u64) -> Timestamp {
    later(Timestamp::from_timestamp(1_795_399_200, 0).unwrap(), seconds(second))
}

/// Seen at once, starts 5 s later, runs 60 s, 10 items.
pub(crate) fn minute() -> Execution {
    Execution::of(seconds(60))
}

/// A server with the NAS and two jobs of a minute that write to it.
pub(crate) fn usual(server: Server) -> Server {
    server
        .destination(Destination::on(STORAGE, NAS))
        .job(Job::new(JOB, "accounts").writes_to(NAS).script([minute()]))
        .job(Job::new(OTHER, "databases").databases().writes_to(NAS).script([minute()]))
}

pub(crate) struct Lab {
    pub(crate) fleet: Fleet,
}

impl Lab {
    pub(crate) fn new(declare: impl FnOnce(Server) -> Server) -> Self {
        Self { fleet: Fleet::new(at(0)).server(SERVER, |server| declare(usual(server))) }
    }

    pub(crate) fn call(&mut self, second: u64, function: &str, data: &str) -> Answer {
        let arguments = ["-F", function, "-D", data, "-O", "json"].map(str::to_owned);
        self.fleet.call(SERVER, &arguments, at(second))
    }

    /// The whole envelope.
    pub(crate) fn envelope(&mut self, second: u64, function: &str, data: &str) -> Value {
        let answer = self.call(second, function, data);
        serde_json::from_str(&answer.stdout).unwrap_or_else(|e| panic!("{e}: {answer:?}"))
    }

    /// The data of a call that succeeds.
    pub(crate) fn ask(&mut self, second: u64, function: &str, data: &str) -> Value {
        self.fleet.ask(SERVER, function, data, at(second)).unwrap_or_else(|answer| panic!("{function}: {answer:?}"))
    }

    /// The message of a call that JetBackup refuses.
    pub(crate) fn refusal(&mut self, second: u64, function: &str, data: &str) -> String {
        let envelope = self.envelope(second, function, data);
        assert_eq!(envelope["success"], 0, "{envelope}");
        envelope["message"].as_str().unwrap().to_owned()
    }

    pub(crate) fn trigger(&mut self, second: u64) {
        self.ask(second, "runBackupJobManually", &format!("_id={JOB}"));
    }

    /// The statuses of all backup groups, as they were made.
    pub(crate) fn statuses(&mut self, second: u64) -> Vec<i64> {
        let data = self.ask(second, "listQueueGroups", "type=1&limit=1000&sort[_id]=1");
        let groups = data["groups"].as_array().cloned().unwrap_or_default();
        groups.iter().map(|group| group["status"].as_i64().unwrap()).collect()
    }

    /// The one backup group.
    pub(crate) fn group(&mut self, second: u64) -> Value {
        let data = self.ask(second, "listQueueGroups", "type=1");
        assert_eq!(data["total"], 1, "{data}");
        data["groups"][0].clone()
    }

    pub(crate) fn job(&mut self, second: u64) -> Value {
        self.ask(second, "getBackupJob", &format!("_id={JOB}"))
    }

    /// From and to of every write to the NAS, in seconds.
    pub(crate) fn writes(&self) -> Vec<(i64, Option<i64>)> {
        let second = |moment: Timestamp| (moment - at(0)).num_seconds();
        self.fleet.account().writes.iter().map(|write| (second(write.from), write.to.map(second))).collect()
    }
}
