//! Each event as a sentence: what happened, what it means and what happens next.

use crate::clock::{Timestamp, elapsed, later};
use crate::desired::OnTimeout;
use crate::execute::end::End;
use crate::execute::event::Event;
use crate::execute::journal::{Overlap, WaitReason};
use crate::execute::outcome::Outcome;
use crate::execute::step::{STOPS_MAX, TRIGGERS_MAX};
use crate::names::{GroupId, JobAddress, ServerName};
use crate::printable::printable;
use crate::queue::Gate;
use crate::render::page::Page;
use crate::render::progress::Progress;
use crate::render::stage::Tracked;
use crate::render::when::{about, duration, limit};
use crate::render::{symbol, words};

/// What an event is told from.
pub(super) struct Telling<'a> {
    /// When it came.
    pub(super) at: Timestamp,
    /// The run, which has heard of it already.
    pub(super) progress: &'a Progress,
    /// What it is told on.
    pub(super) page: &'a Page,
}

impl Telling<'_> {
    /// The symbol and the sentence of an event; `None` for progress, which is not worth a line.
    pub(super) fn tell(&self, event: &Event) -> Option<(char, String)> {
        Some(match event {
            Event::Waiting { next, reason } => self.waiting(next.as_ref(), reason),
            Event::Reachable(server) => (symbol::DONE, format!("{server} answers again")),
            Event::Unreachable { server, why } => self.unreachable(server, why),
            Event::Opened { server, gate } => (symbol::DONE, format!("{server}: {gate} is enabled for its backup")),
            Event::Closed { server, gate } => (symbol::DONE, format!("{server}: {gate} is disabled again")),
            Event::LeftOpen { server, gate, why } => left_open(server, gate, why),
            Event::Triggering { job, attempt, unasked } => self.triggering(job, *attempt, unasked),
            Event::TriggerLost { job, why } => self.trigger_lost(job, why),
            Event::TriggerNotSent { job, why } => (
                symbol::ATTENTION,
                format!("{job}: the trigger did not leave: {}. Nothing was started; tried again", printable(why)),
            ),
            Event::Started { job, group } => self.started(job, group),
            Event::Adopted { job, group, late } => adopted(job, group, *late),
            Event::Progress { .. } => return None,
            Event::Overdue { job, group, released } => self.overdue(job, group, *released),
            Event::Stopping { job, group } => (
                symbol::ATTENTION,
                format!(
                    "{job}: asked JetBackup to stop it (group {group}); nothing starts until it is seen to have stopped"
                ),
            ),
            Event::StopUnseen { job, group } => stop_unseen(job, group),
            Event::Overlapped(overlap) => self.overlapped(overlap),
            Event::Done { job, outcome } => self.done(job, outcome),
            Event::EndedBefore { job, outcome } => ended_before(job, outcome),
            Event::Retrying { job, outcome, attempt, not_before } => self.retrying(job, outcome, *attempt, *not_before),
            Event::Ended(end) => self.ended(end),
        })
    }

    fn wait_limit(&self) -> String {
        limit(self.progress.queue.unreachable_wait)
    }

    fn waiting(&self, next: Option<&JobAddress>, reason: &WaitReason) -> (char, String) {
        let who = next.map_or("waiting".to_owned(), |next| format!("{next} waits"));
        let (symbol, until) = match reason {
            WaitReason::Unreachable { server, why: _ } if self.progress.has_backup_on(server) => {
                (symbol::UNREAD, "as long as it takes: a backup of this run is under way there".to_owned())
            }
            WaitReason::Unreachable { server: _, why: _ } => {
                (symbol::UNREAD, format!("for {} at most", self.wait_limit()))
            }
            WaitReason::Busy { server: _, group: _, job: _ } => {
                (symbol::ATTENTION, "until it is over: two must not write at once".to_owned())
            }
            WaitReason::Retry { .. } | WaitReason::Window { .. } => {
                (symbol::DONE, "nothing else that is left may start earlier".to_owned())
            }
        };
        let what = match reason {
            // Why is told already, by the line about the server.
            WaitReason::Unreachable { server, why: _ } => format!("{server}, which does not answer"),
            WaitReason::Busy { .. } | WaitReason::Retry { .. } | WaitReason::Window { .. } => {
                words::wait_for(reason, self.page.zone)
            }
        };
        (symbol, format!("{who} for {what}; {until}"))
    }

    fn unreachable(&self, server: &ServerName, why: &str) -> (char, String) {
        let then = if self.progress.has_backup_on(server) {
            "its backup runs on by itself and is waited for without limit".to_owned()
        } else {
            words::given_up_after(self.progress.queue.unreachable_wait)
        };
        (
            symbol::UNREAD,
            format!(
                "{server} does not answer: {} Asked again and again; {then}",
                words::sentence(words::own_words(server, why))
            ),
        )
    }

    fn triggering(&self, job: &JobAddress, attempt: u32, unasked: &[ServerName]) -> (char, String) {
        let again = if attempt > 1 { format!(", attempt {attempt} of {TRIGGERS_MAX}") } else { String::new() };
        let beside = self.progress.running().count();
        if unasked.is_empty() && beside > 0 {
            let beside = words::count(beside, "overdue backup");
            return (
                symbol::ATTENTION,
                format!("{job}: starting{again} beside {beside} of this run (`on_timeout: release`)"),
            );
        }
        if unasked.is_empty() {
            return (
                symbol::WILL_RUN,
                format!("{job}: starting{again}; every server was asked, and nothing else runs"),
            );
        }
        let names: Vec<String> = unasked.iter().map(ToString::to_string).collect();
        let have = if names.len() == 1 { "has" } else { "have" };
        let text = format!(
            "{job}: starting{again}, WITHOUT KNOWING what runs on {}, which {have} not answered for {}: if a backup runs there, two write at once",
            names.join(", "),
            self.wait_limit()
        );
        (symbol::ATTENTION, text)
    }

    fn trigger_lost(&self, job: &JobAddress, why: &str) -> (char, String) {
        let settle = self.progress.item(job).map_or(String::new(), |item| format!(" ({} at most)", limit(item.settle)));
        let text = format!(
            "{job}: no answer to the trigger: {}. It may have started, or may yet: it is looked for{settle}, and not triggered again before",
            printable(why)
        );
        (symbol::UNREAD, text)
    }

    fn started(&self, job: &JobAddress, group: &GroupId) -> (char, String) {
        let usual = self.progress.tracked(job).and_then(Tracked::median);
        let until = match usual {
            Some(usual) => {
                let end = self.page.zone.near(later(self.at, usual), self.at);
                format!("usually {}, so until about {end}", about(usual))
            }
            None => "how long it takes is not known yet".to_owned(),
        };
        (symbol::RUNS, format!("{job} runs (group {group}); {until}"))
    }

    fn overdue(&self, job: &JobAddress, group: &GroupId, released: bool) -> (char, String) {
        let item = self.progress.item(job);
        let timeout = item.map_or(String::new(), |item| format!(" of {}", limit(item.timeout)));
        let then = match item.map(|item| item.on_timeout) {
            _ if released => {
                "it runs on, and the next job starts beside it (`on_timeout: release`): two will write at once"
                    .to_owned()
            }
            Some(OnTimeout::Stop) => "JetBackup is asked to stop it (`on_timeout: stop`)".to_owned(),
            Some(OnTimeout::Hold | OnTimeout::Release) | None => {
                format!("it runs on, and nothing else starts until it ends; `jbr stop {job}` ends it")
            }
        };
        (symbol::ATTENTION, format!("{job} is overdue: longer than its timeout{timeout} (group {group}); {then}"))
    }

    fn overlapped(&self, overlap: &Overlap) -> (char, String) {
        let name = |(server, group): &(ServerName, GroupId)| match self.progress.job_of(server, group) {
            Some(job) => format!("{job} (group {group})"),
            None => format!("a backup on {server} that jbr did not start (group {group})"),
        };
        let (first, second) = (name(&overlap.first), name(&overlap.second));
        let text = format!(
            "OVERLAP: {first} and {second} write at the same time; both may take far longer. Neither is stopped"
        );
        (symbol::ATTENTION, text)
    }

    fn done(&self, job: &JobAddress, outcome: &Outcome) -> (char, String) {
        let took = outcome.started.map(|started| duration(elapsed(started, outcome.ended)));
        let usual = self.progress.tracked(job).and_then(Tracked::median);
        let took = match (took, usual) {
            (Some(took), Some(usual)) => format!(" (took {took}, usually {})", about(usual)),
            (Some(took), None) => format!(" (took {took})"),
            (None, _) => String::new(),
        };
        let note = if outcome.note.is_empty() { String::new() } else { format!(": {}", printable(&outcome.note)) };
        let overdue = if outcome.overdue { "; it was overdue" } else { "" };
        let (done, _) = self.progress.done();
        let text = format!(
            "{job} {}{took}{overdue}{note} [{done} of {}]",
            words::verdict_sentence(outcome.verdict),
            self.progress.items.len()
        );
        (words::verdict_symbol(outcome.verdict), text)
    }

    fn retrying(&self, job: &JobAddress, outcome: &Outcome, attempt: u32, not_before: Timestamp) -> (char, String) {
        let note = if outcome.note.is_empty() { String::new() } else { format!(" ({})", printable(&outcome.note)) };
        let text = format!(
            "{job} {}{note}; try {attempt} not before {}",
            words::verdict_sentence(outcome.verdict),
            self.page.zone.date_time(not_before)
        );
        (symbol::ATTENTION, text)
    }

    fn ended(&self, end: &End) -> (char, String) {
        let (done, good) = self.progress.done();
        let total = self.progress.items.len();
        match end {
            End::Complete if good == total => (symbol::DONE, format!("the run is over: {good} good of {total}")),
            End::Complete => (symbol::ERROR, format!("the run is over: {good} good of {total}, {} not", total - good)),
            End::Interrupted => (
                symbol::ATTENTION,
                format!(
                    "stopped as asked, {done} of {total} done. What runs on a server runs on; `jbr apply` goes on from here"
                ),
            ),
            End::WindowClosed { opens } => (
                symbol::ATTENTION,
                format!(
                    "{done} of {total} done; what is left may not start now: {}. `jbr apply` goes on from here, within `run.resume_within`",
                    words::next_window(*opens, self.page.zone)
                ),
            ),
            End::Unsafe(why) => (
                symbol::ERROR,
                format!(
                    "stopped, {done} of {total} done: it cannot be made sure that the storage is free: {}. `jbr plan` shows what runs; `jbr apply` goes on from here",
                    printable(why)
                ),
            ),
        }
    }
}

fn left_open(server: &ServerName, gate: &Gate, why: &str) -> (char, String) {
    let text = format!(
        "ALARM: {server}: {gate} is LEFT OPEN, it could not be disabled: {}. The next `jbr apply` tries again; until then {} by hand",
        printable(why),
        words::close_by_hand(gate)
    );
    (symbol::ERROR, text)
}

fn adopted(job: &JobAddress, group: &GroupId, late: bool) -> (char, String) {
    if late {
        let text = format!(
            "{job} runs after all (group {group}): it was given up too early, and is taken back and watched to its end"
        );
        return (symbol::ATTENTION, text);
    }
    (symbol::RUNS, format!("{job} runs already (group {group}): watched to its end, not started again"))
}

fn ended_before(job: &JobAddress, outcome: &Outcome) -> (char, String) {
    let text = format!(
        "{job}: its backup of the run that was closed is over ({}); it is started anew in this run",
        outcome.verdict.word()
    );
    (symbol::ATTENTION, text)
}

fn stop_unseen(job: &JobAddress, group: &GroupId) -> (char, String) {
    let text = format!(
        "ALARM: {job} was asked to stop {STOPS_MAX} times and was not seen to (group {group}). Nothing else starts until it ends: end it in JetBackup on {}",
        job.server
    );
    (symbol::ERROR, text)
}
