//! A `jbr` that runs beside the test: looked at, signalled, and never left behind.

use std::fs;
use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::ran::Ran;
use super::until::until_within;

/// Every run of these tests is over by then.
const RUN_MAX: Duration = Duration::from_secs(90);

/// A `jbr` that was started; killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Process {
    /// A child that prints into these files.
    pub(crate) fn new(child: Child, stdout: PathBuf, stderr: PathBuf) -> Self {
        Self { child, stdout, stderr }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Kills it, as a loss of power would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it has not ended by the time that every run of a test has.
    pub(crate) fn ended(&mut self) -> Ran {
        let code = self.wait(RUN_MAX);
        Ran { code, stdout: self.stdout(), stderr: self.stderr() }
    }

    /// Sends it a signal, and waits for its end: how it ended, and after how long.
    pub(crate) fn ended_by(&mut self, signal: Signal) -> (Ran, Duration) {
        let sent = Instant::now();
        self.signal(signal);
        let ran = self.ended();
        (ran, sent.elapsed())
    }

    fn wait(&mut self, limit: Duration) -> Option<i32> {
        let mut status = None;
        until_within(limit, "jbr ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.and_then(|status| status.code())
    }

    /// The events that it has printed so far (`--json`).
    pub(crate) fn events(&self) -> Vec<Value> {
        let text = self.stdout();
        // A line may be half written.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits until it has printed an event of this kind (`--json`), for this job if one is named, and gives it.
    ///
    /// # Panics
    /// When it ends without.
    pub(crate) fn until_event(&mut self, event: &str, job: Option<&str>) -> Value {
        let mut found = None;
        until_within(RUN_MAX, event, || {
            let ended = self.has_ended();
            let mut events = self.events().into_iter();
            found = events.find(|line| line["event"] == event && job.is_none_or(|job| line["job"] == job));
            assert!(found.is_some() || !ended, "no {event}:\n{}{}", self.stdout(), self.stderr());
            found.is_some()
        });
        found.unwrap()
    }

    /// What it has printed on stdout.
    pub(crate) fn stdout(&self) -> String {
        fs::read_to_string(&self.stdout).unwrap()
    }

    /// What it has printed on stderr.
    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(&self.stderr).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Named once: a test binary uses a part of it.
const _: () = {
    _ = (Process::new, Process::pid, Process::signal, Process::has_ended, Process::kill, Process::ended);
    _ = (Process::ended_by, Process::events, Process::until_event);
};
