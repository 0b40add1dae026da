//! Tells others of one `apply`.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;

use super::super::error::CliError;
use super::super::{Exit, Output};
use super::courier::{Courier, PASS_LIMIT};
use super::teller::{Teller, key, say};
use crate::clock::{Interrupt, Timestamp};
use crate::desired::Desired;
use crate::execute::drive::Listen;
use crate::execute::event::Event;
use crate::links::Links;
use crate::names::{RunId, ServerName};
use crate::notify::collect::collect;
use crate::notify::message::Signal;
use crate::notify::notice::{Cause, What};
use crate::notify::policy::{self, Standing};
use crate::notify::post::Telling;
use crate::notify::quotes::Wish;
use crate::printable::printable;
use crate::queue::{Gate, Queue};
use crate::render::Summary;

/// The end of an `apply` in which nothing ran waits less for what it has to tell: a person may be waiting.
const IDLE_LIMIT: Duration = Duration::from_secs(10);
/// What one process may say at once; more of it is in the summary.
const URGENT_MAX: usize = 50;

/// Tells others of one `apply`.
pub(in crate::cli) struct Reporter {
    teller: Teller,
    courier: Courier,
    interrupt: Interrupt,
    output: Output,
    run: Option<(RunId, Queue)>,
    /// Servers that did not answer at some time.
    silent: BTreeSet<ServerName>,
    /// What was told at once, so that nothing is told twice.
    urgent: BTreeSet<String>,
    has_told_end: bool,
}

impl Reporter {
    /// Somebody who tells, if the plan says whom. What waits from earlier is sent once a run has begun: who finds the lock held, or is answered "no",
    /// does not wait for it.
    pub(in crate::cli) fn new(desired: &Desired, state: &Path, interrupt: &Interrupt, output: &Output) -> Option<Self> {
        let teller = Teller::new(desired, state, output)?;
        let courier = Courier::start(Arc::clone(&teller.post));
        Some(Self {
            teller,
            courier,
            interrupt: interrupt.clone(),
            output: output.clone(),
            run: None,
            silent: BTreeSet::new(),
            urgent: BTreeSet::new(),
            has_told_end: false,
        })
    }

    /// A run begins, or goes on.
    pub(in crate::cli) fn begin(&mut self, run: &RunId, queue: &Queue) {
        self.run = Some((run.clone(), queue.clone()));
        self.teller.ping(Signal::Start, &format!("run {run} begins"));
        self.courier.go();
    }

    /// The run is over, for this process at least. Over `links`, JetBackup's logs of what did not end well are read for a mail that is wanted.
    pub(in crate::cli) fn run_ended(&mut self, summary: &Summary<'_>, is_good: bool, links: Option<&mut Links>) {
        self.has_told_end = true;
        let (causes, standing) = policy::of_run(summary, is_good, &self.silent);
        // A timer goes on with a run that cannot end every 15 minutes, and it ends each time as before.
        let telling = policy::news(summary).map(|news| self.teller.telling(&key("run", &news)));
        if telling.as_ref().is_none_or(Telling::is_due) {
            let links = links.filter(|_| self.teller.quotes_logs(&causes));
            let quotes =
                links.map(|links| collect(links, &Wish::of(summary.queue, summary.journal))).unwrap_or_default();
            let what = What::RunEnded { summary, quotes: &quotes };
            match telling {
                None => _ = self.teller.tell(causes, summary.now, what),
                Some(telling) => self.teller.tell_and_remember(telling, causes, summary.now, what),
            }
        }
        let good = summary.queue.items.iter().filter_map(|item| summary.journal.outcome(&item.address));
        let good = good.filter(|outcome| outcome.verdict.is_good()).count();
        let facts =
            format!("run {}: {good} of {} good", summary.run, crate::render::count(summary.queue.items.len(), "job"));
        match standing {
            Standing::Good | Standing::Paused => self.teller.ping(Signal::Success, &facts),
            Standing::Bad => self.teller.ping(Signal::Failure, &facts),
            // Neither: if nothing goes on from here, the switch must fire.
            Standing::Stopped => {}
        }
    }

    /// The command is over. `is_attended`: a person was there, and saw what kept it from beginning.
    pub(in crate::cli) fn finish(self, ended: &Result<Exit, CliError>, is_attended: bool) {
        let limit = match ended {
            _ if self.has_told_end => PASS_LIMIT,
            // Nothing to tell: what waits from earlier is left to a command that has.
            Err(error) if is_attended || is_expected(error) => return,
            Err(error) => {
                self.no_run(error);
                PASS_LIMIT
            }
            Ok(exit) => {
                match exit {
                    Exit::Success => self.teller.ping(Signal::Success, "nothing was due"),
                    // No window is open: that is as it should be.
                    Exit::Stopped => self.teller.ping(Signal::Success, "no window was open"),
                    _ => self.teller.ping(Signal::Failure, "nothing ran although something was asked for"),
                }
                IDLE_LIMIT
            }
        };
        let sent = self.courier.last(limit, &self.interrupt);
        say(&sent, &self.output);
    }

    /// A timer that fires every 15 minutes would tell it as often: the same thing is told once a day.
    fn no_run(&self, error: &CliError) {
        let text = error.to_string();
        let said: Vec<String> =
            text.lines().chain(error.help().as_deref().unwrap_or_default().lines()).map(printable).collect();
        self.teller.ping(Signal::Failure, &format!("nothing was run: {}", said.first().map_or("", String::as_str)));
        self.teller.tell_once(&key("apply", &text), vec![Cause::Failure], Utc::now(), What::NoRun { said });
    }
}

/// What a person asked for by mistake or on purpose, and what the process that holds the lock tells by itself.
fn is_expected(error: &CliError) -> bool {
    matches!(error.exit(), Exit::NotApproved | Exit::Locked | Exit::Usage | Exit::Stopped)
}

/// Whichever run finds it so: a timer begins one every 15 minutes to close it.
fn left_open(server: &ServerName, gate: &Gate) -> String {
    format!("open {server} {gate}")
}

impl Listen for Reporter {
    /// What cannot wait goes into the outbox before the run goes on, and out of it beside the run.
    fn hear(&mut self, at: Timestamp, event: &Event) {
        if let Event::Unreachable { server, why: _ } = event {
            self.silent.insert(server.clone());
        }
        if let Event::Closed { server, gate } = event {
            // If it is left open again, that is told at once. What could not be forgotten is told a day later.
            let _ = self.teller.post.telling(&[left_open(server, gate)], &[], at).remember();
        }
        let Some((run, queue)) = &self.run else { return };
        let Some((cause, sentence)) = policy::urgent(event, queue) else { return };
        if self.urgent.len() < URGENT_MAX && self.urgent.insert(sentence.clone()) {
            let key = match event {
                Event::LeftOpen { server, gate, .. } => left_open(server, gate),
                _ => key(&format!("alarm {run}"), &sentence),
            };
            self.teller.tell_once(&key, vec![cause], at, What::Alarm { run, sentence });
            self.courier.go();
        }
    }
}
