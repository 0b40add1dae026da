//! What `plan` shows and `apply` carries out: one value, made by one pure function, so that the two cannot differ.

mod begin;
mod due;
mod outlook;
mod sequel;
mod standing;

use std::collections::BTreeMap;

use begin::Begun;

use crate::clock::{Timestamp, later};
use crate::desired::{Desired, Job};
use crate::diff::{Choice, Decision, Diff, GateNotice, Notice, Remark, diff};
use crate::execute::journal::{Journal, Opened};
use crate::execute::resume::Merged;
use crate::forecast::{Basis, Forecast, Pause, Warning, warnings};
use crate::history::{History, histories};
use crate::inventory::Inventory;
use crate::names::{JobAddress, JobId, RunId, ServerName};
use crate::queue::build::Outlook;
use crate::queue::place::{Place, places};
use crate::queue::{Gate, Queue, Usual, build};
use crate::state::{JobRecord, Run, RunEnd, State};

pub use outlook::{Access, NotAwaited, NotQueued, Open};

/// What would be done, and everything that a person needs to approve it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// When it was made.
    pub at: Timestamp,
    /// Desired against live.
    pub diff: Diff,
    /// How the run begins.
    pub beginning: Beginning,
    /// From when on the run, if it has not ended, is too old to go on with (`run.resume_within`).
    pub stale_at: Timestamp,
    /// The queue to run, what is done of a resumed run included.
    pub queue: Queue,
    /// Why each item of the queue stands where it does, in its order.
    pub places: Vec<(JobAddress, Place)>,
    /// The journal to begin with.
    pub journal: Journal,
    /// When each item that is not done should begin and end.
    pub forecast: Forecast,
    /// Where that will not go as whoever wrote the plan may think.
    pub warnings: Vec<Warning>,
    /// When the windows of each item are open that has any and has not begun.
    pub access: BTreeMap<JobAddress, Access>,
    /// What items come after by the plan, and do not wait for.
    pub not_awaited: BTreeMap<JobAddress, Vec<NotAwaited>>,
    /// What the past says of each declared job.
    pub histories: BTreeMap<JobAddress, History>,
}

/// How a run begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beginning {
    /// No run is in progress.
    Fresh,
    /// An interrupted run goes on.
    Resume(Interrupted),
    /// An interrupted run is closed as incomplete, and everything is queued anew; what was left of it goes first among its priority.
    StartOver {
        /// The run that is closed.
        old: Interrupted,
        /// Why.
        because: Because,
    },
}

impl Beginning {
    /// When the run was begun that goes on; `None` if another one begins.
    fn started(&self) -> Option<Timestamp> {
        match self {
            Self::Resume(old) => Some(old.started),
            Self::Fresh | Self::StartOver { .. } => None,
        }
    }

    /// The run that is closed for this one to begin, if it has missed something.
    #[must_use]
    pub fn closed(&self) -> Option<&Interrupted> {
        match self {
            Self::StartOver { old, because: _ } => Some(old).filter(|old| !old.missed.is_empty()),
            Self::Fresh | Self::Resume(_) => None,
        }
    }
}

/// Why an interrupted run is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// `--fresh` asked for it.
    Asked,
    /// It is older than `run.resume_within`.
    TooOld,
    /// This job was done well in it, and is due again by its `every`: what is left of the run waits, for a window that may be days away, and would
    /// keep the job waiting with it.
    DueAgain(JobAddress),
}

/// The run that was interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupted {
    /// Its id.
    pub id: RunId,
    /// When it was begun.
    pub started: Timestamp,
    /// What was left of its queue, in its order.
    pub left: Vec<JobAddress>,
    /// What of that has not begun, though a window of it was open in the run's time. The others are under way, or wait as the plan has it.
    pub missed: Vec<JobAddress>,
}

/// What was asked for on the command line.
pub struct Request<'a> {
    /// Which jobs.
    pub is_asked_for: &'a dyn Fn(&JobAddress) -> bool,
    /// Close an interrupted run instead of resuming it.
    pub fresh: bool,
}

impl Proposal {
    /// The items that are not done, in order.
    pub fn left(&self) -> impl Iterator<Item = &JobAddress> {
        left(&self.queue, &self.journal)
    }

    /// Where nothing may start now because of windows, nothing is under way and nothing is open: when that changes. Then nothing is begun
    /// and nothing is written, unless the run is to stay and wait: a run of which nothing can be done would be closed as incomplete in
    /// the end, and a timer would write to the disk each time.
    #[must_use]
    pub fn standstill(&self) -> Option<Pause> {
        let is_idle = self.journal.opened.is_empty() && self.forecast.items.iter().all(|item| item.since.is_none());
        self.forecast.pause.filter(|pause| is_idle && !self.queue.stays && pause.at <= self.at)
    }

    /// Whether carrying it out would do anything: start, watch, close or record something.
    #[must_use]
    pub fn has_work(&self) -> bool {
        if self.standstill().is_some() {
            return false;
        }
        let ends_a_run = !matches!(self.beginning, Beginning::Fresh);
        ends_a_run || !self.queue.items.is_empty() || !self.journal.opened.is_empty()
    }

    /// The decisions because of which a job is not in the queue, errors aside: it is fresh, or a hold keeps it back, and nothing of it is under way.
    pub fn not_due(&self) -> impl Iterator<Item = &Decision> {
        let decisions = self.diff.decisions.iter();
        decisions.filter(|decision| {
            (decision.verdict.is_held() || matches!(decision.verdict, Choice::Fresh { .. }))
                && self.queue.item(&decision.address).is_none()
        })
    }

    /// What has to be done for it, and a server's gate does not let this key do: a text for each server.
    #[must_use]
    pub fn forbidden(&self) -> Vec<String> {
        let left: Vec<&JobAddress> = self.left().collect();
        let texts = self.diff.remarks.iter().filter_map(|remark| {
            let Notice::Gate(GateNotice::Forbids { jobs, destination }) = &remark.what else { return None };
            let jobs = jobs.iter().filter(|job| left.contains(job)).map(|job| format!("start or stop {job}"));
            let destination = destination.iter().filter(|_| left.iter().any(|job| job.server == remark.server));
            let acts: Vec<String> = jobs.chain(destination.map(|id| format!("enable destination {id}"))).collect();
            (!acts.is_empty()).then(|| format!("{}: the key may not {}", remark.server, acts.join(", ")))
        });
        texts.collect()
    }

    /// Whether carrying it out would ask anything of a server; otherwise only the state changes.
    #[must_use]
    pub fn touches_servers(&self) -> bool {
        self.has_work() && (self.left().next().is_some() || !self.journal.opened.is_empty())
    }

    /// Writes the proposal's beginning into the state, and gives the run that is in progress from here on.
    pub fn begin(&self, state: &mut State) -> Run {
        state.drop_expired_holds(self.at);
        let in_progress = match (&self.beginning, state.run.take()) {
            (Beginning::Resume(_), Some(run)) => Some((run.id, run.started)),
            (Beginning::Resume(_) | Beginning::Fresh, None) => None,
            (Beginning::StartOver { .. } | Beginning::Fresh, run) => {
                state.run = run;
                state.end(self.at, RunEnd::Incomplete);
                None
            }
        };
        let (id, started) = in_progress.unwrap_or_else(|| (RunId::new(self.at, state.serial), self.at));
        let run = Run { id, started, queue: self.queue.clone(), journal: self.journal.clone() };
        state.begin(run.clone());
        run
    }
}

/// The jobs whose logs the inventory must have: those of which the run in progress has something under way. A group can vanish from its
/// list while the backup runs on.
#[must_use]
pub fn in_doubt(state: &State) -> Vec<(ServerName, JobId)> {
    let Some(run) = &state.run else { return Vec::new() };
    let items = run.queue.items.iter().filter(|item| run.journal.phase(&item.address).is_in_flight());
    items.map(|item| (item.address.server.clone(), item.id.clone())).collect()
}

/// How many durations the state must remember of a job before its logs are not read for more of them.
const TIMED_MIN: usize = 5;

/// The jobs whose logs must be read before anything is proposed: those in doubt, those whose last good backup decides something, and those
/// of which little else says how long they take.
#[must_use]
pub fn logs_wanted(desired: &Desired, state: &State) -> Vec<(ServerName, JobId)> {
    let is_timed = |job: &Job| {
        let is_its =
            |address: &JobAddress, record: &JobRecord| address.server == job.address.server && record.id == job.id;
        state.jobs.iter().any(|(address, record)| is_its(address, record) && record.durations.len() >= TIMED_MIN)
    };
    let wanted = desired.jobs.iter().filter(|job| job.every.is_some() || job.max_age.is_some() || !is_timed(job));
    let wanted = wanted.map(|job| (job.address.server.clone(), job.id.clone()));
    in_doubt(state).into_iter().chain(wanted).collect()
}

/// Makes the proposal.
#[must_use]
pub fn propose(desired: &Desired, inventory: &Inventory, state: &State, request: &Request, now: Timestamp) -> Proposal {
    let mut diff = diff(desired, inventory, request.is_asked_for);
    let histories = histories(desired, inventory, &state.records(), now);
    due::settle(&mut diff, desired, state, &histories, now);
    let usual = usual(&histories);
    let today = |left_over: &[JobAddress]| {
        let queue = build::build(desired, &diff, &Outlook { now, usual: &usual, left_over });
        due::only_watch(queue, desired, state, &histories, now)
    };
    let Begun { beginning, merged, left_over } = begin::begin(desired, inventory, state, today, request.fresh, now);
    let Merged { mut queue, mut journal } = merged;
    sequel::come_after_what_is_left(desired, &diff, &mut queue);
    sequel::skip_what_cannot_run(&diff, &mut journal);
    sequel::hold_back(desired, state, &mut diff, &histories, now, &mut queue, &mut journal);
    // Somebody else's backup that was seen now is not forgotten if its server is silent from here on.
    let foreign = diff.remarks.iter().filter(|remark| matches!(remark.what, Notice::Foreign { .. }));
    journal.busy.extend(foreign.map(|remark| remark.server.clone()));
    diff.remarks.retain(|remark| !is_our_doing(desired, remark, &journal.opened));
    let under_way = outlook::under_way(inventory, &diff, &queue, &journal, now);
    let basis = Basis { queue: &queue, journal: &journal, under_way: &under_way, histories: &histories, now };
    let forecast = Forecast::of(&basis);
    Proposal {
        at: now,
        stale_at: later(beginning.started().unwrap_or(now), desired.run.resume_within),
        beginning,
        places: places(desired, &queue, &left_over),
        warnings: warnings(desired, request.is_asked_for, &basis, &forecast),
        access: outlook::access(desired, &queue, &journal, &under_way, now),
        not_awaited: outlook::not_awaited(desired, &diff, &queue, &journal),
        forecast,
        diff,
        queue,
        journal,
        histories,
    }
}

/// Whether a remark says only that something is open which `jbr` has opened itself.
pub(crate) fn is_our_doing(desired: &Desired, remark: &Remark, opened: &[Opened]) -> bool {
    let gate = match (&remark.what, &remark.about) {
        (Notice::Differs { key: "destination", .. }, None) => {
            let server = desired.server(&remark.server);
            server.and_then(|server| server.destination.as_ref()).map(|known| Gate::Destination(known.id.clone()))
        }
        (Notice::Differs { key: "disabled", .. }, Some(about)) => {
            let job = desired.jobs.iter().find(|job| job.address.to_string() == *about);
            job.map(|job| Gate::Job(job.id.clone()))
        }
        _ => None,
    };
    let mut opened = opened.iter().filter(|opened| opened.server == remark.server);
    gate.is_some_and(|gate| opened.any(|opened| opened.gate == gate))
}

/// How long each job usually takes.
fn usual(histories: &BTreeMap<JobAddress, History>) -> BTreeMap<JobAddress, Usual> {
    histories.iter().filter_map(|(address, history)| Some((address.clone(), history.usual()?))).collect()
}

fn left<'a>(queue: &'a Queue, journal: &'a Journal) -> impl Iterator<Item = &'a JobAddress> {
    let addresses = queue.items.iter().map(|item| &item.address);
    addresses.filter(|address| journal.outcome(address).is_none())
}

impl From<&Run> for Interrupted {
    fn from(run: &Run) -> Self {
        let left: Vec<JobAddress> = left(&run.queue, &run.journal).cloned().collect();
        let is_missed = |job: &&JobAddress| {
            let openings = run.queue.item(job).and_then(|item| item.openings.as_ref());
            let could_begin =
                openings.is_none_or(|openings| openings.iter().any(|opening| opening.from < run.journal.at));
            // What waits for another job has not been missed: that one has, if any.
            let waits =
                run.queue.item(job).is_some_and(|item| item.after.iter().any(|after| left.contains(&after.job)));
            could_begin && !waits && !run.journal.phase(job).is_in_flight()
        };
        let missed = left.iter().filter(is_missed).cloned().collect();
        Self { id: run.id.clone(), started: run.started, left, missed }
    }
}
