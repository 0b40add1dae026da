//! A server through the client: any answers to every question, page after page. Lists are whole or nothing, and every question ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jbr::jetbackup::client::{CallError, Client, Via, seen};
use jbr::jetbackup::paging::{PAGES_MAX, READS_MAX};
use jbr::names::{DestinationId, GroupId, JobId, LogId};
use jbr::transport::{Failure, FailureKind, Output, Transport};

use crate::engine::{MIB, Target, run};
use crate::reply::DICTIONARY;

/// Between two answers of a server.
const BETWEEN_ANSWERS: &str = "\n%%\n";

/// What an answer begins with that never came whole.
const LOST: &[u8] = b"%lost";

/// Between what was printed and what was complained.
const STDERR: &str = "\n%stderr\n";

/// As the corpus has it.
const ID: &str = "aaaaaaaaaaaaaaaaaaaaaaaa";

const TARGET: Target = Target {
    name: "client",
    dictionary: &DICTIONARY,
    executions: 8000,
    memory_base: MIB,
    memory_per_byte: 100,
    allocations_base: 400_000,
    // Each answer may be asked for once a page.
    allocations_per_byte: 20_000,
    check,
};

#[test]
fn any_server() {
    run(&TARGET);
}

/// Gives its answers one after the other, and from the first again.
struct Server {
    answers: Vec<Vec<u8>>,
    calls: Arc<AtomicUsize>,
}

impl Transport for Server {
    fn call(&mut self, _: &str) -> Result<Output, Failure> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let answer = &self.answers[call % self.answers.len()];
        if answer.starts_with(LOST) {
            return Err(Failure::lost(FailureKind::Lost, "the connection broke"));
        }
        let (stdout, stderr) = cut(answer, STDERR.as_bytes());
        Ok(Output {
            stdout: stdout.to_vec(),
            stderr: stderr.to_vec(),
            exit: Some(i32::from(!stderr.is_empty())),
            signal: None,
        })
    }

    fn hurry(&mut self, _: std::time::Duration) {}

    fn keep_alive(&mut self) {}
}

/// What is before a separator and what is behind it; nothing where there is none.
fn cut<'a>(bytes: &'a [u8], at: &[u8]) -> (&'a [u8], &'a [u8]) {
    match bytes.windows(at.len()).position(|window| window == at) {
        Some(found) => (&bytes[..found], &bytes[found + at.len()..]),
        None => (bytes, &[]),
    }
}

fn check(input: &[u8]) -> String {
    let (mut answers, mut rest) = (Vec::new(), input);
    while answers.is_empty() || !rest.is_empty() {
        let (answer, behind) = cut(rest, BETWEEN_ANSWERS.as_bytes());
        answers.push(answer.to_vec());
        rest = behind;
    }
    let calls = Arc::new(AtomicUsize::new(0));
    let mut asked = Asked { client: Client::new(Box::new(Server { answers, calls: calls.clone() })), calls };
    let job = JobId::new(ID).unwrap();
    let kinds = [
        asked.list(jbr::jetbackup::client::Client::jobs, |job| job.id.to_string()),
        asked.list(jbr::jetbackup::client::Client::groups, |group| group.id.to_string()),
        asked.list(jbr::jetbackup::client::Client::destinations, |destination| destination.id.to_string()),
        asked.list(|client| client.newest_logs(&job, 10), |log| log.id.to_string()),
        asked.one(|client| client.job(&job), |job| job.id.as_str() == ID),
        asked.one(|client| client.group(&GroupId::new(ID).unwrap()), |group| group.id.as_str() == ID),
        asked.one(|client| client.destination(&DestinationId::new(ID).unwrap()), |it| it.id.as_str() == ID),
        asked.one(|client| client.log(&LogId::new(ID).unwrap()), |log| log.id.as_str() == ID),
        asked.one(Client::performance, |_| true),
        asked.one(|client| client.trigger(&job), |()| true),
        asked.one(|client| client.stop(&GroupId::new(ID).unwrap()), |()| true),
        asked.one(|client| client.set_job_disabled(&job, true), |()| true),
        asked.one(
            |client| client.set_destination_disabled(&DestinationId::new(ID).unwrap(), false, Via::State),
            |()| true,
        ),
    ];
    let version = asked.client.version().unwrap_or_default();
    assert!(!version.contains(char::is_control), "{version:?}");
    // Which questions had an answer.
    kinds.concat()
}

/// A client, and how often it called.
struct Asked {
    client: Client,
    calls: Arc<AtomicUsize>,
}

impl Asked {
    /// Each row of a list once, within the limit of calls.
    fn list<T>(&mut self, ask: impl Fn(&mut Client) -> Result<Vec<T>, CallError>, id: impl Fn(&T) -> String) -> String {
        let answer = self.ask(ask, PAGES_MAX * READS_MAX);
        answer.map_or_else(complaint, |rows| {
            let mut ids: Vec<String> = rows.iter().map(id).collect();
            ids.sort();
            ids.dedup();
            assert_eq!(ids.len(), rows.len(), "a row twice");
            format!("{}", rows.len().min(3))
        })
    }

    /// One call, and an answer about what was asked for.
    fn one<T>(&mut self, ask: impl Fn(&mut Client) -> Result<T, CallError>, is_it: impl Fn(&T) -> bool) -> String {
        self.ask(ask, 1).map_or_else(complaint, |fact| {
            assert!(is_it(&fact), "an answer to another question");
            "y".to_owned()
        })
    }

    fn ask<T>(&mut self, ask: impl Fn(&mut Client) -> Result<T, CallError>, calls_max: usize) -> Result<T, CallError> {
        self.calls.store(0, Ordering::Relaxed);
        let answer = ask(&mut self.client);
        let calls = self.calls.load(Ordering::Relaxed);
        assert!(calls <= calls_max, "{calls} calls for one question");
        answer
    }
}

fn complaint(error: CallError) -> String {
    let kind = match &error {
        CallError::NotSent(_) => "n",
        CallError::Lost(_) => "l",
        CallError::Refused { .. } => "r",
        CallError::Garbled { .. } => "g",
    };
    let why = match seen::<()>(Err(error)) {
        jbr::seen::Seen::Unknown(why) => why.to_string(),
        jbr::seen::Seen::Known(()) => panic!("an error is knowledge"),
    };
    assert!(!why.contains(char::is_control), "{why:?}");
    kind.to_owned()
}
