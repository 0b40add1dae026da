//! A remark of the comparison as a sentence: what was found, what follows from it, and what to do.

use std::collections::BTreeSet;

use crate::clock::Timestamp;
use crate::diff::{GateNotice, Notice, Remark};
use crate::jetbackup::facts::Group;
use crate::jetbackup::ssh_gate;
use crate::names::{DestinationId, GroupId, JobId, ServerName};
use crate::printable::printable;

use super::when::{Zone, limit};
use super::words;

/// What a sentence about a remark depends on.
pub(super) struct Context {
    /// The groups that the run watches already.
    pub(super) own: BTreeSet<(ServerName, GroupId)>,
    pub(super) now: Timestamp,
    pub(super) zone: Zone,
    pub(super) unreachable_wait: std::time::Duration,
}

impl Context {
    /// The remark as a sentence, without its symbol and its server.
    pub(super) fn sentence(&self, remark: &Remark) -> String {
        let Remark { server, about, what } = remark;
        let about = about.as_ref().map(|about| printable(about));
        let said = match what {
            Notice::Differs { key, declared, live } => differs(server, key, declared, live, about.is_some()),
            Notice::Unmanaged { id, is_certain, is_scheduled, next_run } => {
                self.unmanaged(id, *is_certain, *is_scheduled, *next_run)
            }
            Notice::SeveralDestinations { destinations } => several(destinations),
            Notice::Scheduled { next_run } => {
                let next = self.next(*next_run);
                format!("JetBackup starts it by itself{next}: switch its schedule off there, or two may write at once")
            }
            Notice::Forks { forks } => format!(
                "runs {forks} backups at once (`backup_forks`): set it to 1 in JetBackup's performance settings, or two may write at once"
            ),
            Notice::Foreign { group } if self.own.contains(&(server.clone(), group.id.clone())) => {
                format!(
                    "{} (group {}): this run's own, watched to its end",
                    words::group_status(group.status),
                    group.id
                )
            }
            Notice::Foreign { group } => foreign(group, about.is_none()),
            Notice::Gate(notice) => gate(notice),
            Notice::DestinationMissing { id } => format!("has no destination with the id {id}"),
            Notice::Unread { what, why } => {
                format!(
                    "{} could not be read: {} {}",
                    unread_noun(what),
                    words::sentence(words::own_words(server, why)),
                    self.unread(what)
                )
            }
        };
        match about {
            Some(about) => format!("{about}: {said}"),
            None => said,
        }
    }

    fn unmanaged(
        &self,
        id: &JobId,
        is_certain: bool,
        is_scheduled: Option<bool>,
        next_run: Option<Timestamp>,
    ) -> String {
        let writes = if is_certain {
            "writes to the guarded storage"
        } else {
            "names no destination, so it may write to the guarded storage,"
        };
        let starts = match is_scheduled {
            Some(true) => format!("JetBackup starts it by itself{}, which delays this queue", self.next(next_run)),
            Some(false) => "Nothing starts it, unless somebody does by hand".to_owned(),
            None => "Whoever starts it delays this queue".to_owned(),
        };
        format!(
            "{writes} and is in no plan (id {id}). {starts}: declare it (`jbr import` writes the lines), or disable it there"
        )
    }

    fn next(&self, next_run: Option<Timestamp>) -> String {
        next_run.map_or(String::new(), |at| format!(" (next: {})", self.zone.near(at, self.now)))
    }

    fn unread(&self, what: &str) -> String {
        let wait = limit(self.unreachable_wait);
        match what {
            "jobs" | "queue" => {
                format!("Its jobs are queued; the run waits {wait} for it, then skips them and says so")
            }
            "gate" => "What the key may do there is not known".to_owned(),
            "destinations" => "Whether its jobs can write is not known".to_owned(),
            _ => "How many backups it runs at once is not known".to_owned(),
        }
    }
}

/// `of_job` tells a job's difference from its server's.
fn differs(server: &ServerName, key: &str, declared: &str, live: &str, of_job: bool) -> String {
    let (declared, live) = (printable(declared), printable(live));
    let live = if live.is_empty() { "nothing" } else { &live };
    let meaning = differing(key, &declared, of_job);
    format!("{key}: `{declared}` in the plan → `{live}` on {server}. {meaning}")
}

/// What a difference means, by the key that differs; `of_job` tells a job's from its server's.
fn differing(key: &str, declared: &str, of_job: bool) -> &'static str {
    match (key, of_job) {
        ("disabled", _) if declared == "no" => "It is not run: enable it there, or declare `keep: disabled`",
        ("name", _) => "Make sure that the id is the right job's, then mend the name in the plan",
        ("type", _) => "Make sure that the id is the right job's, then mend `type` in the plan",
        ("destination", true) => "It would not write to the guarded storage: mend the job there, or the plan",
        ("destination", false) => "Somebody opened it; `jbr` disables it after its next backup there",
        ("disabled", _) => "`keep: disabled` wants it disabled between runs: disable it there",
        _ => "Mend one of the two",
    }
}

fn several(destinations: &[(DestinationId, Option<String>)]) -> String {
    let names: Vec<&str> =
        destinations.iter().map(|(id, name)| name.as_deref().unwrap_or_else(|| id.as_str())).collect();
    format!(
        "writes to {} destinations ({}): the guarded storage is held while it writes to the others, and a backup that failed in one of them is partial. Make a job for each in JetBackup",
        names.len(),
        names.join(", ")
    )
}

fn gate(notice: &GateNotice) -> String {
    match notice {
        GateNotice::Absent => {
            "has no gate: whoever has this key may do anything there. Put the gate before it (`server/install.sh`)"
                .to_owned()
        }
        GateNotice::Foreign => {
            "its gate is not the one that jbr comes with, or an older one that does not say what it is: what the \
             key may do there is not known. Install this one (`server/install.sh`)"
                .to_owned()
        }
        GateNotice::Older { version } => format!(
            "its gate has version {version}, and {} is the one that jbr comes with: install that (`server/install.sh`)",
            ssh_gate::CURRENT
        ),
        GateNotice::Forbids { jobs, destination } => {
            let jobs = jobs.iter().map(|job| format!("start or stop {job}"));
            let acts = jobs.chain(destination.iter().map(|id| format!("enable destination {id}")));
            let acts: Vec<String> = acts.collect();
            format!("its gate does not let this key {}: `jbr apply` would start nothing", acts.join(", "))
        }
    }
}

fn foreign(group: &Group, is_nameless: bool) -> String {
    let subject = match (&group.job, is_nameless) {
        (Some(job), true) => format!("a backup of job {job} "),
        (None, true) => "a backup ".to_owned(),
        (_, false) => String::new(),
    };
    let percent = group.percent.map_or(String::new(), |percent| format!(", {percent} %"));
    let status = words::group_status(group.status);
    format!("{subject}{status} (group {}{percent}) and jbr did not start it: nothing starts until it is over", group.id)
}

fn unread_noun(what: &str) -> String {
    match what {
        "jobs" => "its jobs".to_owned(),
        "queue" => "its queue".to_owned(),
        other => format!("its {}", printable(other)),
    }
}
