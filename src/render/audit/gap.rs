//! What is missing for a proof, each as a sentence.

use super::{View, records, span};
use crate::audit::{Apart, Gap, Pair};
use crate::clock::Timestamp;
use crate::names::{GroupId, JobAddress, JobId, LogId, ServerName};
use crate::render::words;

impl View<'_> {
    pub(super) fn gap(&self, gap: &Gap) -> String {
        let at = |at| self.page.zone.second(at);
        match gap {
            Gap::Unread { server, why } => {
                format!("{server}: could not be asked: {}", words::own_words(server, &why.0))
            }
            Gap::ServerGone { server } => format!(
                "{server}: jbr remembers backups of that time on it, and the plan has it no more; put it back to have it asked"
            ),
            Gap::LogsTooYoung { server, oldest } => self.logs_too_young(server, *oldest),
            Gap::GroupWithoutLog { server, group, id, created, runs } => {
                let state = if *runs { "it runs" } else { "it is over" };
                let made = created.map_or("at a time that is not known".to_owned(), at);
                format!("{server}: no log of group {group}{}, made {made}; {state}", of_job(id.as_ref()))
            }
            Gap::GroupNotOver { server, group, log } => {
                format!("{server}: group {group} is not over, and its log {log} says that it is")
            }
            Gap::LogWithoutStart { server, log, id } => {
                format!("{server}: log {log}{} does not say when it began", of_job(id.as_ref()))
            }
            Gap::LogWithoutEnd { server, log, id, started } => format!(
                "{server}: log {log}{} began {} and does not say when it ended, and nothing of it runs",
                of_job(id.as_ref()),
                at(*started)
            ),
            Gap::FromTheFuture { server, log, at: when } => format!(
                "{server}: log {log} is of {}, which is yet to come: its clock is ahead, and nothing of it can be placed",
                at(*when)
            ),
            Gap::LogBackwards { server, log, started, ended } => {
                format!("{server}: log {log} says that it ended {}, before it began {}", at(*ended), at(*started))
            }
            Gap::RunWithoutLog { job, group, log, ended } => {
                self.run_without_log(job, group.as_ref(), log.as_ref(), *ended)
            }
            Gap::SeenTogether { at: seen, first, second } => self.seen_together(*seen, first, second),
            Gap::TooClose { pair, apart } => too_close(pair, *apart),
            Gap::PerhapsElsewhere { .. } => {
                "at the same time, and where one of them wrote is not known: its job is not listed, or lists no destination"
                    .to_owned()
            }
        }
    }

    fn logs_too_young(&self, server: &ServerName, oldest: Option<Timestamp>) -> String {
        match oldest {
            Some(oldest) => format!(
                "{server}: its oldest log is of {}; whether backups before that were recorded is not known; `--since` a later time, or --server without it",
                self.page.zone.second(oldest)
            ),
            None => format!("{server}: has no log of any backup: whether one was deleted is not known"),
        }
    }

    fn run_without_log(
        &self,
        job: &JobAddress,
        group: Option<&GroupId>,
        log: Option<&LogId>,
        ended: Option<Timestamp>,
    ) -> String {
        let when =
            ended.map_or("under way".to_owned(), |ended| format!("seen to end {}", self.page.zone.second(ended)));
        format!("{job}: jbr remembers a backup ({when}), and JetBackup has no log of it ({})", records(group, log))
    }

    fn seen_together(&self, seen: Timestamp, first: &(ServerName, GroupId), second: &(ServerName, GroupId)) -> String {
        format!(
            "jbr saw two backups under way at {}, and the logs do not show it: {} (group {}) and {} (group {})",
            self.page.zone.second(seen),
            first.0,
            first.1,
            second.0,
            second.1
        )
    }
}

fn too_close(pair: &Pair, apart: Apart) -> String {
    let within = span(apart.within);
    let (first, second) = (&pair.first.server, &pair.second.server);
    if apart.measured {
        format!(
            "by what jbr saw, the clocks of {first} and {second} may be {within} apart: too far to tell which came first"
        )
    } else {
        format!("too close to tell: the clocks of {first} and {second} may be {within} apart")
    }
}

fn of_job(id: Option<&JobId>) -> String {
    id.map_or(String::new(), |id| format!(" of job {id}"))
}
