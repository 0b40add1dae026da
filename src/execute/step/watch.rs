//! From a group to its outcome: watched to its end, confirmed with its log.

use super::super::action::Action;
use super::super::event::Event;
use super::super::journal::{Confirming, Phase, Running, Stop};
use super::super::observation::JobSight;
use super::super::outcome::{Outcome, Verdict};
use super::pace::{Progress, pause};
use super::trigger::new_log;
use super::{Goal, Machine, News, STOP_WAIT, STOPS_MAX};
use std::time::Duration;

use crate::clock::elapsed;
use crate::desired::OnTimeout;
use crate::jetbackup::facts::{Group, GroupStatus, Log};
use crate::names::JobAddress;
use crate::queue::Item;
use crate::seen::Seen;

impl Machine<'_> {
    pub(super) fn look_at_group(&self, address: &JobAddress) -> Action {
        match self.journal.phase(address) {
            Phase::Running(running) => {
                Action::LookAtGroup { server: address.server.clone(), group: running.group.clone() }
            }
            _ => Action::Survey { job: None },
        }
    }

    pub(super) fn learn_group(&mut self, group: &Seen<Option<Group>>) -> News {
        let Goal::Watch(address) = self.goal() else { return News::Some };
        let (Some(item), Phase::Running(mut running)) = (self.item(&address), self.journal.phase(&address).clone())
        else {
            return News::Some;
        };
        let group = match group {
            Seen::Known(group) => group,
            Seen::Unknown(why) => {
                // A backup of ours is under way there: it is waited for without limit.
                self.note_unreachable(&address.server, &why.0);
                return News::None(self.queue.poll);
            }
        };
        self.note_reachable(&address.server);
        let status = group.as_ref().map(|group| group.status);
        if let Some(log) = group.as_ref().and_then(|group| group.log.clone()) {
            running.log = Some(log);
        }
        if let Some(group) = group.as_ref().filter(|group| group.status.is_unfinished()) {
            return self.goes_on(item, running, group);
        }
        let confirming = Confirming { running, status, ended: self.now };
        self.journal.entry_mut(&address).phase = Phase::Confirming(confirming);
        News::Some
    }

    pub(super) fn goes_on(&mut self, item: &Item, running: Running, group: &Group) -> News {
        let address = &item.address;
        self.journal.entry_mut(address).inherited = false;
        let percent = group.percent;
        self.events.push(Event::Progress {
            job: address.clone(),
            percent,
            pending: group.status == GroupStatus::Pending,
        });
        let is_overdue = (running.overdue || elapsed(running.since, self.now) >= item.timeout)
            && !has_run_for_less(group, item.timeout);
        let is_to_stop = is_overdue && item.on_timeout == OnTimeout::Stop;
        let progress = Progress { ran: ran(group, elapsed(running.since, self.now)), percent, usual: item.usual };
        let pause = pause(&progress, self.queue.pace, self.queue.poll);
        let news = if is_overdue { self.overdue(item, running) } else { self.keep(address, running, pause) };
        let waits_for_a_gate = group.status == GroupStatus::Pending && self.closed_gate_of(item).is_some();
        match news {
            News::None(_) if waits_for_a_gate && !is_to_stop => News::Do(Action::Survey { job: None }),
            news => news,
        }
    }

    /// What the plan says about a backup that takes longer than its `timeout`.
    fn overdue(&mut self, item: &Item, mut running: Running) -> News {
        let address = &item.address;
        let released = item.on_timeout == OnTimeout::Release;
        if !running.overdue {
            let (job, group) = (address.clone(), running.group.clone());
            self.events.push(Event::Overdue { job, group, released });
        }
        let was_released = running.released;
        running.overdue = true;
        running.released = released;
        match item.on_timeout {
            OnTimeout::Stop => self.stop(address, running),
            OnTimeout::Release if !was_released => {
                self.keep(address, running, self.queue.poll);
                News::Some
            }
            OnTimeout::Hold | OnTimeout::Release => self.keep(address, running, self.queue.poll),
        }
    }

    /// Asks for a stop, waits until it is seen, asks again, and in the end raises the alarm and holds the slot.
    fn stop(&mut self, address: &JobAddress, mut running: Running) -> News {
        let times = running.stop.as_ref().map_or(0, |stop| stop.times);
        let is_asked = running.stop.as_ref().is_some_and(|stop| elapsed(stop.asked, self.now) < STOP_WAIT);
        if is_asked || running.stop.as_ref().is_some_and(|stop| stop.unseen) {
            return self.keep(address, running, self.soon());
        }
        if times >= STOPS_MAX {
            let (job, group) = (address.clone(), running.group.clone());
            self.events.push(Event::StopUnseen { job, group });
            running.stop = Some(Stop { asked: self.now, times, unseen: true });
            return self.keep(address, running, self.queue.poll);
        }
        if self.stopping {
            return self.keep(address, running, self.queue.poll);
        }
        let group = running.group.clone();
        self.events.push(Event::Stopping { job: address.clone(), group: group.clone() });
        running.stop = Some(Stop { asked: self.now, times: times + 1, unseen: false });
        self.keep(address, running, self.queue.poll);
        News::Do(Action::Stop { server: address.server.clone(), group })
    }

    fn keep(&mut self, address: &JobAddress, running: Running, pause: Duration) -> News {
        self.journal.entry_mut(address).phase = Phase::Running(running);
        News::None(pause)
    }

    /// Reads the log that confirms a finished group: the one it named, or the one that is new.
    pub(super) fn read_log(&self, address: &JobAddress) -> Action {
        let (Some(item), Phase::Confirming(confirming)) = (self.item(address), self.journal.phase(address)) else {
            return Action::Survey { job: None };
        };
        match &confirming.running.log {
            Some(log) => Action::ReadLog { server: address.server.clone(), job: item.id.clone(), log: log.clone() },
            None => self.look_at_job(address),
        }
    }

    pub(super) fn learn_log(&mut self, log: &Seen<Option<Log>>) -> News {
        let Goal::Confirm(address) = self.goal() else { return News::Some };
        self.confirm(&address, log.as_ref().map(Option::as_ref))
    }

    /// The group named no log: the first one that was not there before the trigger is it.
    pub(super) fn confirm_by_search(&mut self, address: &JobAddress, sight: &Seen<JobSight>) -> News {
        let Phase::Confirming(confirming) = self.journal.phase(address).clone() else { return News::Some };
        let log = match sight {
            Seen::Known(JobSight { logs: Seen::Unknown(why), .. }) | Seen::Unknown(why) => Seen::Unknown(why.clone()),
            Seen::Known(sight) => {
                Seen::Known(confirming.running.baseline.as_ref().and_then(|baseline| new_log(sight, baseline)))
            }
        };
        self.confirm(address, log)
    }

    fn confirm(&mut self, address: &JobAddress, log: Seen<Option<&Log>>) -> News {
        let Phase::Confirming(confirming) = self.journal.phase(address).clone() else { return News::Some };
        let waited = elapsed(confirming.ended, self.now) >= self.queue.unreachable_wait;
        let group = confirming.status.and_then(Verdict::of_group);
        if matches!(log, Seen::Known(_)) {
            self.note_reachable(&address.server);
        }
        let (verdict, id, note) = match log {
            Seen::Known(Some(log)) => match Verdict::of_log(log.status) {
                Some(verdict) => (agree(group, verdict), Some(log.id.clone()), disagreement(&confirming, log)),
                None if self.may_run_unlisted(address, &confirming) => {
                    self.journal.entry_mut(address).inherited = false;
                    self.events.push(Event::Progress { job: address.clone(), percent: None, pending: false });
                    return News::None(self.queue.poll);
                }
                None if !waited => return News::None(self.soon()),
                None => {
                    (unconfirmed(group), Some(log.id.clone()), "its log still says that it is processing".to_owned())
                }
            },
            Seen::Known(None) => (group.unwrap_or(Verdict::Lost), None, "JetBackup keeps no log of it".to_owned()),
            Seen::Unknown(why) => {
                // Counted from the first silence that this process met, not from the end of the backup: that may be hours ago.
                self.note_unreachable(&address.server, &why.0);
                if self.may_run_unlisted(address, &confirming) {
                    return News::None(self.queue.poll);
                }
                if !self.is_given_up(&address.server) {
                    return News::None(self.soon());
                }
                (unconfirmed(group), confirming.running.log.clone(), format!("its log could not be read: {why}"))
            }
        };
        let first_trigger = self.journal.entry_mut(address).first_trigger;
        let outcome = Outcome {
            verdict,
            group: Some(confirming.running.group),
            log: id,
            triggered: first_trigger.filter(|_| !confirming.running.adopted),
            started: Some(confirming.running.since),
            // Without its group the log alone says when it was over.
            ended: if confirming.status.is_some() { confirming.ended } else { self.now },
            overdue: confirming.running.overdue,
            note,
        };
        self.done(address, outcome)
    }

    /// Whether a backup may run on whose group is not listed any more: its log says so, or says nothing. It keeps the slot like any other; no
    /// stop can reach it.
    fn may_run_unlisted(&mut self, address: &JobAddress, confirming: &Confirming) -> bool {
        let Some(item) = self.item(address).filter(|_| confirming.status.is_none()) else { return false };
        let running = &confirming.running;
        let is_overdue = elapsed(running.since, self.now) >= item.timeout;
        if is_overdue && item.on_timeout == OnTimeout::Release {
            return false;
        }
        if is_overdue && !running.overdue {
            let (job, group) = (address.clone(), running.group.clone());
            self.events.push(Event::Overdue { job, group, released: false });
            let running = Running { overdue: true, ..running.clone() };
            self.journal.entry_mut(address).phase = Phase::Confirming(Confirming { running, ..confirming.clone() });
        }
        true
    }
}

/// Whether the server itself says that a backup has run for less than this. `jbr`'s own count may be wrong: between two processes its clock
/// may have been set, and by a clock that jumped no good backup is stopped or left behind. A server that does not count (0, as one that only
/// waits) contradicts nothing.
fn has_run_for_less(group: &Group, timeout: Duration) -> bool {
    group.execution_time.is_some_and(|ran| !ran.is_zero() && ran < timeout)
}

/// How long a backup has been at work: by its server, which knows when it began; by our own count where the server does not count. What waits
/// in JetBackup's queue has not begun.
fn ran(group: &Group, since_trigger: Duration) -> Duration {
    match (group.status, group.execution_time) {
        (GroupStatus::Pending, _) => Duration::ZERO,
        (_, Some(ran)) if !ran.is_zero() => ran,
        _ => since_trigger,
    }
}

/// Of two records of one backup the worse one counts.
fn agree(group: Option<Verdict>, log: Verdict) -> Verdict {
    group.map_or(log, |group| group.max(log))
}

/// What a group's word is worth without its log: a bad one is believed.
fn unconfirmed(group: Option<Verdict>) -> Verdict {
    match group {
        Some(verdict) if !verdict.is_good() => verdict,
        Some(_) => Verdict::Unconfirmed,
        None => Verdict::Lost,
    }
}

fn disagreement(confirming: &Confirming, log: &Log) -> String {
    match confirming.status {
        None => "its queue group was not listed any more; this is its log's word".to_owned(),
        Some(status) if Verdict::of_group(status) != Verdict::of_log(log.status) => {
            format!("its queue group says {}, its log says {}: the worse one counts", status.code(), log.status.code())
        }
        Some(_) => String::new(),
    }
}
