//! From a trigger to its group: what was answered is noted, what is true is seen.

use super::super::event::Event;
use super::super::journal::{Answer, Baseline, Phase, Running, Triggered};
use super::super::observation::{JobSight, TriggerAnswer};
use super::super::outcome::{Outcome, Verdict};
use super::{Goal, Machine, News};
use crate::clock::{earlier, elapsed, later, spelled};
use crate::desired::Pace;
use crate::jetbackup::facts::{Group, Log, LogStatus};
use crate::names::JobAddress;
use crate::queue::Item;
use crate::seen::Seen;

impl Machine<'_> {
    pub(super) fn learn_trigger(&mut self, answer: &TriggerAnswer) -> News {
        let Goal::Resolve(address) = self.goal() else { return News::Some };
        let said = match answer {
            TriggerAnswer::Accepted => Answer::Accepted,
            TriggerAnswer::Refused(why) => Answer::Refused(why.0.clone()),
            TriggerAnswer::NotSent(why) => return self.trigger_not_sent(&address, &why.0),
            TriggerAnswer::Unknown(why) => {
                self.events.push(Event::TriggerLost { job: address, why: why.0.clone() });
                return News::None(self.soon());
            }
        };
        let now = self.now;
        if let Phase::Triggered(triggered) = &mut self.journal.entry_mut(&address).phase {
            // A start's time begins with the server's yes: the answer alone may take longer than that.
            if said == Answer::Accepted {
                triggered.at = now;
            }
            triggered.answer = said;
        }
        News::Some
    }

    /// The command certainly did not leave, so it cannot be carried out later: the servers are asked anew.
    fn trigger_not_sent(&mut self, address: &JobAddress, why: &str) -> News {
        self.journal.entry_mut(address).phase = Phase::Preparing;
        self.note_unreachable(&address.server, why);
        self.events.push(Event::TriggerNotSent { job: address.clone(), why: why.to_owned() });
        News::None(self.soon())
    }

    /// Takes a look at a job: while its trigger is unresolved, or when its group has vanished.
    pub(super) fn learn_job(&mut self, sight: &Seen<JobSight>) -> News {
        match self.goal() {
            Goal::Resolve(address) => self.resolve(&address, sight),
            Goal::Confirm(address) => self.confirm_by_search(&address, sight),
            _ => News::Some,
        }
    }

    fn resolve(&mut self, address: &JobAddress, sight: &Seen<JobSight>) -> News {
        let (Some(item), Phase::Triggered(triggered)) = (self.item(address), self.journal.phase(address).clone())
        else {
            return News::Some;
        };
        let sight = match sight {
            Seen::Known(sight) => sight,
            Seen::Unknown(why) => {
                // Something of ours may be under way there, so this has no limit.
                self.note_unreachable(&address.server, &why.0);
                return News::None(self.soon());
            }
        };
        self.note_reachable(&address.server);
        if let Some(group) = new_group(sight, &triggered.baseline) {
            return self.started(item, group, triggered);
        }
        match new_log(sight, &triggered.baseline) {
            Some(log) if log.status == LogStatus::Processing => {
                self.journal.entry_mut(address).inherited = false;
                News::None(self.soon())
            }
            Some(log) => self.done_by_log_alone(address, log, &triggered),
            None if self.may_be_in_unread_logs(item, sight, &triggered) => News::None(self.soon()),
            None => self.nothing_shows(item, &triggered),
        }
    }

    fn started(&mut self, item: &Item, group: &Group, triggered: Triggered) -> News {
        let address = &item.address;
        let beside = self.released_groups();
        // Its intent may be younger than it: a process that starts anew counts its time anew.
        let since = group.execution_time.map_or(triggered.at, |ran| triggered.at.min(earlier(self.now, ran)));
        let entry = self.journal.entry_mut(address);
        entry.inherited &= !group.status.is_unfinished();
        let running = Running {
            group: group.id.clone(),
            log: group.log.clone(),
            since,
            adopted: false,
            overdue: false,
            released: false,
            stop: None,
            baseline: Some(triggered.baseline),
        };
        entry.phase = Phase::Running(running.clone());
        self.events.push(Event::Started { job: address.clone(), group: group.id.clone() });
        for other in beside {
            self.note_overlap(other, (address.server.clone(), group.id.clone()));
        }
        // What was just seen of it need not be asked for again.
        let is_watched = self.goal() == Goal::Watch(address.clone());
        if self.queue.pace == Pace::Adaptive && is_watched && group.status.is_unfinished() {
            return self.goes_on(item, running, group);
        }
        News::Some
    }

    fn released_groups(&self) -> Vec<(crate::names::ServerName, crate::names::GroupId)> {
        let groups = self.journal.entries.iter().filter_map(|(address, entry)| match &entry.phase {
            Phase::Running(running) if running.released => Some((address.server.clone(), running.group.clone())),
            _ => None,
        });
        groups.collect()
    }

    /// The group is not listed any more (somebody cleared the queue), but JetBackup wrote a new log of the job.
    fn done_by_log_alone(&mut self, address: &JobAddress, log: &Log, triggered: &Triggered) -> News {
        let Some(verdict) = Verdict::of_log(log.status) else { return News::None(self.soon()) };
        let outcome = Outcome {
            verdict,
            group: None,
            log: Some(log.id.clone()),
            triggered: self.journal.entry_mut(address).first_trigger,
            started: Some(triggered.at),
            ended: self.now,
            overdue: false,
            note: "its queue group was not listed any more; this is its log's word".to_owned(),
        };
        self.done(address, outcome)
    }

    /// Whether the logs could show an execution whose group is gone, if only they could be read. Logs that cannot be read for as long as an
    /// unreachable server is waited for are done without.
    fn may_be_in_unread_logs(&self, item: &Item, sight: &JobSight, triggered: &Triggered) -> bool {
        let is_unread = triggered.baseline.logs.is_some() && matches!(sight.logs, Seen::Unknown(_));
        is_unread && elapsed(triggered.at, self.now) < item.settle + self.queue.unreachable_wait
    }

    /// Neither group nor log yet: wait as long as the answer warrants, then say so, or try again if it is certain enough that
    /// nothing can come of the first try any more.
    fn nothing_shows(&mut self, item: &Item, triggered: &Triggered) -> News {
        let address = &item.address;
        match &triggered.answer {
            Answer::Refused(why) => self.done_by_api_error(address, format!("the server refused: {why}")),
            Answer::Accepted if elapsed(triggered.at, self.now) < item.start_timeout => {
                self.wait_until_start(item, triggered)
            }
            Answer::Accepted => {
                let limit = spelled(item.start_timeout);
                let note = format!(
                    "the server accepted the trigger, but no backup appeared within {limit}; a disabled job or destination behaves like this"
                );
                self.done_without_run(address, Verdict::NeverStarted, note)
            }
            Answer::None if elapsed(triggered.at, self.now) < item.settle => self.wait_until_start(item, triggered),
            Answer::None if item.openings.as_ref().is_some_and(Vec::is_empty) => {
                let note = "the trigger was lost, nothing came of it, and now the job is not to be started";
                self.done_without_run(address, Verdict::NeverStarted, note.to_owned())
            }
            Answer::None => {
                let entry = self.journal.entry_mut(address);
                // Nothing came of the closed run's trigger: from here on the item is this run's, and its outcomes count.
                entry.inherited = false;
                entry.phase = Phase::Preparing;
                News::Some
            }
        }
    }

    /// Until the limit that applies, but never past it.
    fn wait_until_start(&self, item: &Item, triggered: &Triggered) -> News {
        let limit = if triggered.answer == Answer::Accepted { item.start_timeout } else { item.settle };
        News::None(elapsed(self.now, later(triggered.at, limit)).min(self.soon()))
    }
}

/// The group of this trigger: this job's, not there before, and not older than what was. Of several, one that still runs;
/// otherwise the first that came.
fn new_group<'s>(sight: &'s JobSight, baseline: &Baseline) -> Option<&'s Group> {
    let is_new = |group: &&Group| {
        let is_older = matches!((group.created, baseline.newest_group), (Some(at), Some(newest)) if at < newest);
        !baseline.groups.contains(&group.id) && (!is_older || group.status.is_unfinished())
    };
    sight.groups.iter().filter(is_new).min_by_key(|group| (!group.status.is_unfinished(), group.created))
}

/// The first log that was not there before; none where what was there before is not known. A later one belongs to a later run of the
/// same job, which somebody else started.
pub(super) fn new_log<'s>(sight: &'s JobSight, baseline: &Baseline) -> Option<&'s Log> {
    let (Some(before), Seen::Known(logs)) = (baseline.logs.as_ref(), &sight.logs) else { return None };
    logs.iter().filter(|log| !before.contains(&log.id)).min_by_key(|log| (log.started.is_none(), log.started))
}
