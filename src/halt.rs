//! A backup that is stopped by hand: which one is meant, and whether it was seen to stop.
//!
//! `stopQueueGroup` sends a signal and proves nothing, so the end is watched for, within a limit. One answer of the API is neither a
//! proof that it stopped nor that it runs on: a refusal may mean that there is nothing left to stop, so the backup is looked at then, too.

use std::time::Duration;

use crate::clock::{Clock, Interrupt, Timestamp, elapsed};
use crate::jetbackup::call_error::seen;
use crate::jetbackup::client::Client;
use crate::jetbackup::facts::{Group, GroupStatus};
use crate::names::{GroupId, JobId};
use crate::seen::{Seen, Why};

/// Between two looks at the least, so that the number of looks has a limit as well.
const LOOK_MIN: Duration = Duration::from_secs(1);

/// What is to be stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// This queue group.
    Group(GroupId),
    /// Whatever backup of this job is under way.
    Job(JobId),
}

/// What there is of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// One backup that is under way.
    One(Group),
    /// More than one of the job.
    Several(Vec<Group>),
    /// The group is over.
    Over(Group),
    /// None of the job, and these of which nothing tells the job.
    Nameless(Vec<GroupId>),
    /// Its server lists no such group, or nothing of the job is under way.
    Nothing,
}

/// Finds what is meant among a server's groups.
#[must_use]
pub fn find(groups: &[Group], wanted: &Wanted) -> Found {
    match wanted {
        Wanted::Group(id) => match groups.iter().find(|group| group.id == *id) {
            Some(group) if group.status.is_unfinished() => Found::One(group.clone()),
            Some(group) => Found::Over(group.clone()),
            None => Found::Nothing,
        },
        Wanted::Job(id) => {
            let unfinished = || groups.iter().filter(|group| group.status.is_unfinished());
            let mut its: Vec<Group> = unfinished().filter(|group| group.job.as_ref() == Some(id)).cloned().collect();
            let nameless = unfinished().filter(|group| group.job.is_none()).map(|group| group.id.clone());
            let nameless: Vec<GroupId> = nameless.collect();
            match its.len() {
                0 if !nameless.is_empty() => Found::Nameless(nameless),
                0 => Found::Nothing,
                1 => Found::One(its.remove(0)),
                _ => Found::Several(its),
            }
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halt {
    /// Why it is not certain that the stop arrived; `None` where the server took it.
    pub doubt: Option<Why>,
    /// What was seen last.
    pub end: End,
    /// How long was watched.
    pub took: Duration,
}

/// What was seen last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// It is over.
    Over(GroupStatus),
    /// It is under way.
    StillRuns(GroupStatus),
}

/// What was seen last, or why nothing was.
pub type End = Seen<Sight>;

/// A stop that was certainly not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why: it did not leave, or the server said no.
    pub why: Why,
    /// What was seen of the backup after that.
    pub after: End,
}

impl Halt {
    /// Whether it is certain that it writes no more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.end, Seen::Known(Sight::Over(_)))
    }
}

/// How a stop is watched for.
pub struct Patience<'a> {
    /// What tells the time.
    pub clock: &'a dyn Clock,
    /// Ends the watch.
    pub interrupt: &'a Interrupt,
    /// Between two looks.
    pub look_every: Duration,
    /// The watch is over after this, whatever was seen.
    pub limit: Duration,
}

/// Asks for the stop once, and watches until it is seen, the limit is over or somebody ends the watch.
///
/// # Errors
/// Where the stop was certainly not carried out: it did not leave, or was refused. The backup is looked at once more then.
pub fn halt(client: &mut Client, group: &GroupId, patience: &Patience) -> Result<Halt, Refusal> {
    let doubt = match client.stop(group) {
        Ok(()) => None,
        Err(error) if error.may_have_run() => Some(error.into_why()),
        Err(error) => return Err(Refusal { why: error.into_why(), after: look(client, group) }),
    };
    let began: Timestamp = patience.clock.now();
    let look_every = patience.look_every.max(LOOK_MIN);
    loop {
        let end = look(client, group);
        let took = elapsed(began, patience.clock.now());
        let is_over = matches!(end, Seen::Known(Sight::Over(_)));
        if is_over || took >= patience.limit || patience.interrupt.is_requested() {
            return Ok(Halt { doubt, end, took });
        }
        patience.clock.wait(look_every.min(patience.limit.saturating_sub(took)), patience.interrupt);
    }
}

fn look(client: &mut Client, group: &GroupId) -> End {
    seen(client.group(group)).map(|group| {
        if group.status.is_unfinished() { Sight::StillRuns(group.status) } else { Sight::Over(group.status) }
    })
}
