//! `jbr stop`: what would be stopped, and what came of it.

use serde::Serialize;

use super::json::{self, VERSION, seconds, time};
use super::page::Page;
use super::sheet::Sheet;
use super::status::whose;
use super::status_json::UnderWayJson;
use super::symbol;
use super::when::{duration, limit};
use super::words;
use crate::clock::{Timestamp, elapsed};
use crate::halt::{Halt, Sight};
use crate::names::{JobAddress, ServerName};
use crate::printable::printable;
use crate::seen::Seen;
use crate::state::lock::{Holder, Lock};
use crate::status::{UnderWay, Whose};

/// A backup that is to be stopped.
pub struct Target<'a> {
    /// On which server.
    pub server: &'a ServerName,
    /// Its job's address, if it is in the plan.
    pub address: Option<&'a JobAddress>,
    /// It.
    pub backup: &'a UnderWay,
    /// Whether a `jbr` is at work.
    pub lock: &'a Seen<Lock>,
    /// The run that it may be of is older than `run.resume_within` allows.
    pub is_too_old: bool,
}

impl Target<'_> {
    fn name(&self) -> String {
        match (self.address, &self.backup.name, &self.backup.job) {
            (Some(address), _, _) => address.to_string(),
            (None, Some(name), _) => format!("`{}` on {}", printable(name), self.server),
            (None, None, Some(id)) => format!("a backup of job {id} on {}", self.server),
            (None, None, None) => format!("a backup on {}", self.server),
        }
    }
}

/// What would be stopped, and what follows from it.
#[must_use]
pub fn question(target: &Target, now: Timestamp, page: &Page) -> String {
    let mut sheet = Sheet::new(page);
    sheet.heading(&format!("To be stopped: {}", target.name()));
    let backup = target.backup;
    let since = backup.since.map_or(String::new(), |since| {
        format!(" since {} ({})", page.zone.near(since, now), duration(elapsed(since, now)))
    });
    let percent = backup.percent.map_or(String::new(), |percent| format!(", {percent} %"));
    let does = words::group_status(backup.status);
    sheet.item(2, symbol::RUNS, &format!("{does}{since}{percent}; {}", whose(backup)));
    sheet.item(2, symbol::ATTENTION, "what it has written so far is no backup to count on");
    if backup.whose == Whose::Run {
        sheet.item(2, symbol::ATTENTION, &consequence(target));
    }
    sheet.finish()
}

/// What the run that has it under way makes of it.
fn consequence(target: &Target) -> String {
    match target.lock {
        Seen::Known(Lock::Held(Some(Holder { pid, .. }))) => format!(
            "the jbr at work (pid {pid}) records it as aborted, does not try it again, and goes on with the next job; to end its run as \
             well, `kill -TERM {pid}` first: the next `jbr apply` goes on with it"
        ),
        Seen::Known(Lock::Held(None)) => {
            "the jbr at work records it as aborted, does not try it again, and goes on with the next job".to_owned()
        }
        Seen::Known(Lock::Free) if target.is_too_old => {
            "its run is older than `run.resume_within`: the next `jbr apply` closes that as incomplete, and starts over".to_owned()
        }
        Seen::Known(Lock::Free) => {
            "the next `jbr apply` records it as aborted, and goes on with the next job".to_owned()
        }
        Seen::Unknown(_) => {
            "a jbr at work records it as aborted, does not try it again, and goes on with the next job; so does the next `jbr apply` if none is"
                .to_owned()
        }
    }
}

/// What came of it.
#[must_use]
pub fn text(target: &Target, halt: &Halt, page: &Page) -> String {
    let mut sheet = Sheet::new(page);
    let (name, group, took) = (target.name(), &target.backup.group, limit(whole(halt.took)));
    let again = format!("`jbr status --server {}` shows whether it stops yet; or end it in JetBackup", target.server);
    match &halt.end {
        Seen::Known(Sight::Over(status)) => {
            let status = words::group_status(*status);
            sheet.item(0, symbol::DONE, &format!("{name} is over after {took}: it {status} (group {group})"));
        }
        Seen::Known(Sight::StillRuns(status)) => {
            let status = words::group_status(*status);
            let text = format!(
                "{name} was asked to stop and was not seen to: after {took} it still {status} (group {group}). {again}"
            );
            sheet.item(0, symbol::ERROR, &text);
        }
        Seen::Unknown(why) => {
            let why = words::sentence(words::own_words(target.server, &why.0));
            let text = format!("whether {name} has stopped is not known (group {group}): {why} {again}");
            sheet.item(0, symbol::UNREAD, &text);
        }
    }
    if let (Some(doubt), false) = (&halt.doubt, halt.is_over()) {
        let doubt = words::own_words(target.server, &doubt.0);
        sheet.item(0, symbol::UNREAD, &format!("the stop itself may not have arrived: {}", printable(doubt)));
    }
    sheet.finish()
}

/// Whole seconds, and never none.
fn whole(took: std::time::Duration) -> std::time::Duration {
    std::time::Duration::from_secs(took.as_secs().max(1))
}

/// The same as one line of JSON (`"kind": "stop"` in `docs/json.md`).
#[must_use]
pub fn json(target: &Target, halt: &Halt, now: Timestamp) -> String {
    let (end, status, why) = match &halt.end {
        Seen::Known(Sight::Over(status)) => ("over", Some(*status), None),
        Seen::Known(Sight::StillRuns(status)) => ("still_running", Some(*status), None),
        Seen::Unknown(why) => ("unknown", None, Some(why.0.clone())),
    };
    json::line(&StopJson {
        version: VERSION,
        kind: "stop",
        at: time(now),
        job: target.address.map(ToString::to_string),
        backup: UnderWayJson::new(target.backup, target.server, now),
        doubt: halt.doubt.as_ref().map(|doubt| doubt.0.clone()),
        end,
        status: status.map(json::group_status),
        status_code: status.map(crate::jetbackup::facts::GroupStatus::code),
        why,
        took_s: seconds(halt.took),
    })
}

#[derive(Serialize)]
struct StopJson {
    version: u32,
    kind: &'static str,
    at: String,
    job: Option<String>,
    backup: UnderWayJson,
    doubt: Option<String>,
    end: &'static str,
    status: Option<&'static str>,
    status_code: Option<i64>,
    why: Option<String>,
    took_s: u64,
}
