//! The API functions that change something.

use serde_json::json;

use super::account::{ApiTrigger, Trigger};
use super::answer::Reply;
use super::dialect::{OnRunning, Stopping};
use super::group::Group;
use super::invocation::Invocation;
use super::moment::Moment;
use super::query::Query;
use super::reads::{Outcome, not_found};
use crate::clock::later;

impl Moment<'_> {
    /// Carries out a call. An unknown function is answered with `success: 0`, and with exit status 0 (production).
    pub(super) fn perform(&mut self, call: &Invocation) -> Reply {
        let read = self.server.read(&call.function, &call.parameters, self.now);
        let outcome = match read {
            Some(outcome) => Some(outcome),
            None => self.change(&call.function, &call.parameters),
        };
        match outcome {
            Some(Ok(data)) => Reply::success(data, success_message(&call.function)),
            Some(Err(message)) => Reply::refusal(message),
            None => Reply::refusal(format!("Function \"{}\" not found", call.function)),
        }
    }

    fn change(&mut self, function: &str, parameters: &Query) -> Option<Outcome> {
        let id = parameters.text("_id");
        Some(match function {
            "runBackupJobManually" => self.run_job(id),
            "manageBackupJob" => self.modify_job(id, parameters),
            "manageDestination" => self.modify_destination(id, parameters),
            "manageDestinationState" if self.server.dialect.manage_destination_state => {
                self.set_destination(id, parameters)
            }
            "stopQueueGroup" => self.stop(id),
            "rerunFailedQueueGroup" => self.rerun_failed(id),
            "clearQueue" => {
                self.clear_queue();
                Ok(json!([]))
            }
            _ => return None,
        })
    }

    /// Answers with the job and no group id. Success does not mean that it will run: a disabled job never starts (production).
    /// What happens to one that is already under way is unknown, so it is the dialect's choice.
    fn run_job(&mut self, id: &str) -> Outcome {
        let Some(job) = self.server.job_of(id) else { return Err(not_found("Backup job")) };
        let disabled = job.disabled;
        let under_way = self.server.is_under_way(id);
        let refused = under_way && self.server.dialect.on_running == OnRunning::Error;
        let ignored = disabled || (under_way && self.server.dialect.on_running == OnRunning::Nothing);
        let starts = !refused && !ignored;
        let (at, server) = (self.now, self.server.name.clone());
        self.account.triggers.push(ApiTrigger { at, server, job: id.to_owned(), starts });
        if starts {
            self.accept(id, Trigger::Api);
        }
        if refused { Err("Backup job is already running".to_owned()) } else { self.job_row_of(id) }
    }

    fn job_row_of(&self, id: &str) -> Outcome {
        self.server.job_of(id).map(|job| self.server.job_row(job)).ok_or_else(|| not_found("Backup job"))
    }

    /// `manageBackupJob` with `action=modify` (documented); fields that the simulator does not know are ignored (inferred).
    fn modify_job(&mut self, id: &str, parameters: &Query) -> Outcome {
        only_modify(parameters)?;
        let job = self.server.job_mut(id).ok_or_else(|| not_found("Backup job"))?;
        job.disabled = flag(parameters, "disabled").unwrap_or(job.disabled);
        if let Some(name) = parameters.get("name") {
            name.clone_into(&mut job.name);
        }
        self.job_row_of(id)
    }

    /// `manageDestination` with `action=modify` (documented).
    fn modify_destination(&mut self, id: &str, parameters: &Query) -> Outcome {
        only_modify(parameters)?;
        self.set_destination(id, parameters)
    }

    /// A change of a destination takes nothing from a backup that already writes to it (inferred).
    fn set_destination(&mut self, id: &str, parameters: &Query) -> Outcome {
        let mut all = self.server.destinations.iter_mut();
        let destination = all.find(|one| one.id == id).ok_or_else(|| not_found("Destination"))?;
        destination.disabled = flag(parameters, "disabled").unwrap_or(destination.disabled);
        let destination = destination.clone();
        Ok(self.server.destination_row(&destination))
    }

    /// Only a signal (documented); works on waiting groups too. What comes of it is the dialect's choice (unknown).
    fn stop(&mut self, id: &str) -> Outcome {
        let effect = match self.server.dialect.stopping {
            Stopping::After(delay) => Some(later(self.now, delay)),
            Stopping::FinishesFirst => Some(self.now),
            Stopping::Never => None,
        };
        let group = self.group_mut(id)?;
        if !group.is_unfinished() {
            return Err("Queue group is not running".to_owned());
        }
        group.stops_at = group.stops_at.or(effect);
        Ok(json!([]))
    }

    /// Only a group that did not complete can be run again (documented: "failed").
    fn rerun_failed(&mut self, id: &str) -> Outcome {
        let now = self.now;
        let group = self.group_mut(id)?;
        if group.is_unfinished() || group.status(now) == 100 {
            return Err("Queue group has not failed".to_owned());
        }
        let place = self.server.groups.iter().position(|group| group.id == id);
        if let Some(place) = place {
            self.rerun(place);
        }
        Ok(json!([]))
    }

    /// Takes no id and forgets all finished groups (documented). `jbr` must never call it.
    fn clear_queue(&mut self) {
        self.server.groups.retain(Group::is_unfinished);
    }

    fn group_mut(&mut self, id: &str) -> Result<&mut Group, String> {
        let now = self.now;
        if !self.server.queue(now).any(|group| group.id == id) {
            return Err(not_found("Queue group"));
        }
        self.server.groups.iter_mut().find(|group| group.id == id).ok_or_else(|| not_found("Queue group"))
    }
}

/// A stop says that it sent its signal, and no more (documented); everything else says nothing.
fn success_message(function: &str) -> &'static str {
    if function == "stopQueueGroup" { "stop signal sent" } else { "" }
}

fn only_modify(parameters: &Query) -> Result<(), String> {
    match parameters.text("action") {
        "modify" => Ok(()),
        other => Err(format!("Invalid action \"{other}\"")),
    }
}

/// Booleans are 1 and 0 only (documented). PHP takes every other text but the empty one for true, `false` too (inferred).
fn flag(parameters: &Query, key: &str) -> Option<bool> {
    parameters.get(key).map(|text| !matches!(text, "" | "0"))
}
