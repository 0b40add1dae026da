//! What a look at every server brings: who answers, what is to be adopted, and whether the next thing may be done.

use super::super::action::Action;
use super::super::end::End;
use super::super::event::Event;
use super::super::journal::{Answer, Baseline, Entry, Overlap, Phase, Running, Triggered, WaitReason, Waiting};
use super::super::observation::{GroupSight, ServerSight, Survey};
use super::super::outcome::{Outcome, Verdict};
use super::ready::{Chance, Trouble};
use super::{Goal, Machine, News, TRIGGERS_MAX};
use crate::clock::{earlier, elapsed, spelled};
use crate::jetbackup::facts::{Group, GroupStatus};
use crate::names::{GroupId, JobAddress, ServerName};
use crate::queue::Item;
use crate::seen::Seen;

impl Machine<'_> {
    pub(super) fn learn_survey(&mut self, survey: &Survey) -> News {
        for (server, sight) in &survey.servers {
            match sight {
                Seen::Known(_) => self.note_reachable(server),
                Seen::Unknown(why) => self.note_unreachable(server, &why.0),
            }
        }
        let was_watching = matches!(self.goal(), Goal::Watch(_));
        self.adopt_what_runs(survey);
        if !was_watching && matches!(self.goal(), Goal::Watch(_)) {
            self.forget_short_silences();
        }
        self.note_busy(survey);
        self.note_overlaps(survey);
        if self.stopping {
            return News::Some;
        }
        match self.goal() {
            Goal::Start(address) => self.start_if_free(&address, survey),
            Goal::Close(index) => self.close_if_free(index, survey),
            Goal::Watch(address) => self.open_for_what_waits(&address, survey),
            _ => News::Some,
        }
    }

    /// A watch begins, and nobody else is asked during it: its hours are none in which a server did not answer.
    fn forget_short_silences(&mut self) {
        let wait = self.queue.unreachable_wait;
        let now = self.now;
        self.journal.unreachable.retain(|_, since| elapsed(*since, now) >= wait);
    }

    /// Takes every unfinished group of a job of this queue for this run's, if the job has not run in it yet. An item that was
    /// given up as never started and shows up late is taken back: adopt, don't bury.
    fn adopt_what_runs(&mut self, survey: &Survey) {
        for (server, sight) in known(survey) {
            for group in sight.groups.iter().map(|sight| &sight.group).filter(|group| group.status.is_unfinished()) {
                let Some(item) = self.queue.items.iter().find(|item| is_of(item, server, group)) else { continue };
                let late = match self.journal.phase(&item.address) {
                    Phase::Queued | Phase::Preparing => false,
                    Phase::Done(outcome) if !outcome.verdict.has_run() => true,
                    _ => continue,
                };
                self.adopt(item, group, late);
            }
        }
    }

    fn adopt(&mut self, item: &Item, group: &Group, late: bool) {
        let since = group.execution_time.map_or(self.now, |ran| earlier(self.now, ran));
        let entry = self.journal.entry_mut(&item.address);
        entry.inherited = false;
        entry.phase = Phase::Running(Running {
            group: group.id.clone(),
            log: group.log.clone(),
            since,
            adopted: true,
            overdue: false,
            released: false,
            stop: None,
            baseline: None,
        });
        self.journal.waiting = None;
        self.events.push(Event::Adopted { job: item.address.clone(), group: group.id.clone(), late });
    }

    /// Remembers where somebody else's guarded backup was seen last: such a server is not given up while it is out of reach.
    fn note_busy(&mut self, survey: &Survey) {
        for (server, sight) in known(survey) {
            if self.foreign(server, sight).is_some() {
                self.journal.busy.insert(server.clone());
            } else {
                self.journal.busy.remove(server);
            }
        }
    }

    /// The first unfinished guarded group on a server that is not this run's.
    fn foreign<'s>(&self, server: &ServerName, sight: &'s ServerSight) -> Option<&'s Group> {
        unfinished_guarded(sight).find(|group| !self.is_ours(server, &group.id))
    }

    pub(super) fn is_ours(&self, server: &ServerName, group: &GroupId) -> bool {
        self.journal.entries.iter().any(|(address, entry)| {
            address.server == *server && matches!(&entry.phase, Phase::Running(running) if running.group == *group)
        })
    }

    /// Two guarded groups at once are recorded, each pair once.
    fn note_overlaps(&mut self, survey: &Survey) {
        let writing: Vec<(ServerName, GroupId)> = known(survey)
            .flat_map(|(server, sight)| {
                unfinished_guarded(sight)
                    .filter(|group| group.status != GroupStatus::Pending)
                    .map(|group| (server.clone(), group.id.clone()))
            })
            .collect();
        for (index, first) in writing.iter().enumerate() {
            for second in &writing[index + 1..] {
                self.note_overlap(first.clone(), second.clone());
            }
        }
    }

    pub(super) fn note_overlap(&mut self, first: (ServerName, GroupId), second: (ServerName, GroupId)) {
        let is_known = self.journal.overlaps.iter().any(|overlap| {
            (overlap.first == first && overlap.second == second) || (overlap.first == second && overlap.second == first)
        });
        if !is_known && self.journal.overlaps.len() < OVERLAPS_MAX {
            let overlap = Overlap { at: self.now, first, second };
            self.journal.overlaps.push(overlap.clone());
            self.events.push(Event::Overlapped(overlap));
        }
    }

    /// Starts an item if nothing guarded runs anywhere: opens what it needs first, and asks everybody again after that.
    fn start_if_free(&mut self, address: &JobAddress, survey: &Survey) -> News {
        let Some(item) = self.item(address) else { return News::Some };
        if self.chance(item) != Chance::Now {
            // Its window closed while it was prepared, or while everybody was asked.
            self.journal.entry_mut(address).phase = Phase::Queued;
            return News::Some;
        }
        if survey.job.as_ref() != Some(&(item.address.server.clone(), item.id.clone())) {
            // Its turn came while everybody was asked for another: their logs are not its.
            return News::Some;
        }
        let sight = match survey.of(&address.server) {
            Seen::Known(sight) => sight,
            Seen::Unknown(why) if self.is_given_up(&address.server) => {
                let note = format!("out of reach for {}: {why}", self.patience());
                return self.done_without_run(address, Verdict::Skipped, note);
            }
            Seen::Unknown(why) => return self.wait_for_server(Some(address), &address.server, &why.0),
        };
        if let Some(news) = self.wait_for_the_others(address, survey) {
            return news;
        }
        if self.journal.entry_mut(address).triggers >= TRIGGERS_MAX {
            let note = format!("{TRIGGERS_MAX} triggers did not get through, or got no answer, and no backup appeared");
            return self.done_by_api_error(address, note);
        }
        if let Some(gate) = item.gates.iter().find(|gate| !self.is_open(&address.server, gate)) {
            self.journal.entry_mut(address).phase = Phase::Preparing;
            return self.open(&item.address.server, gate);
        }
        self.journal.waiting = None;
        let entry = self.journal.entry_mut(address);
        entry.triggers += 1;
        entry.first_trigger.get_or_insert(self.now);
        entry.inherited = false;
        entry.phase =
            Phase::Triggered(Triggered { at: self.now, baseline: baseline(item, sight, survey), answer: Answer::None });
        let attempt = entry.triggers;
        let unasked = survey.servers.iter().filter(|(_, sight)| matches!(sight, Seen::Unknown(_)));
        let unasked = unasked.map(|(server, _)| server.clone()).collect();
        self.events.push(Event::Triggering { job: address.clone(), attempt, unasked });
        News::Do(Action::Trigger { server: address.server.clone(), job: item.id.clone() })
    }

    /// Why not yet, if any other server is busy or cannot be asked.
    pub(super) fn wait_for_the_others(&mut self, next: &JobAddress, survey: &Survey) -> Option<News> {
        for (server, sight) in &survey.servers {
            match sight {
                Seen::Known(sight) => {
                    if let Some(group) = self.foreign(server, sight) {
                        let reason = WaitReason::Busy {
                            server: server.clone(),
                            group: group.id.clone(),
                            job: group.job.clone(),
                        };
                        return Some(self.wait_for(Some(next), reason));
                    }
                }
                Seen::Unknown(why) if !self.is_given_up(server) || self.journal.has_backup_on(server) => {
                    return Some(self.wait_for_server(Some(next), server, &why.0));
                }
                Seen::Unknown(why) if self.journal.busy.contains(server) => {
                    let end = format!("a backup was running on {server} when it was seen last, and now: {why}");
                    return Some(News::End(End::Unsafe(end)));
                }
                Seen::Unknown(_) => {}
            }
        }
        None
    }

    pub(super) fn wait_for_server(&mut self, next: Option<&JobAddress>, server: &ServerName, why: &str) -> News {
        self.wait_for(next, WaitReason::Unreachable { server: server.clone(), why: why.to_owned() })
    }

    /// Waits, and says so when the reason changes; the words of a server that does not answer may vary from call to call.
    pub(super) fn wait_for(&mut self, next: Option<&JobAddress>, reason: WaitReason) -> News {
        let is_new = match (&self.journal.waiting, &reason) {
            (None, _) => true,
            (Some(waiting), WaitReason::Unreachable { server, .. }) => {
                !matches!(&waiting.reason, WaitReason::Unreachable { server: known, .. } if known == server)
            }
            (Some(waiting), reason) => waiting.reason != *reason,
        };
        if is_new {
            self.journal.waiting = Some(Waiting { since: self.now, reason: reason.clone() });
            self.events.push(Event::Waiting { next: next.cloned(), reason });
        }
        News::None(self.queue.poll)
    }

    /// Ends an item that never ran.
    pub(super) fn done_without_run(&mut self, address: &JobAddress, verdict: Verdict, note: String) -> News {
        self.done(address, Outcome::without_run(verdict, self.now, note))
    }

    /// Ends an item whose trigger was refused, or did not get through.
    pub(super) fn done_by_api_error(&mut self, address: &JobAddress, note: String) -> News {
        let outcome = Outcome::without_run(Verdict::NeverStarted, self.now, note);
        self.done_after(address, outcome, Trouble::ApiError)
    }

    /// Ends an item for which could not be opened what it needs.
    pub(super) fn skipped_by_api_error(&mut self, address: &JobAddress, note: String) -> News {
        let outcome = Outcome::without_run(Verdict::Skipped, self.now, note);
        self.done_after(address, outcome, Trouble::ApiError)
    }

    pub(super) fn done(&mut self, address: &JobAddress, outcome: Outcome) -> News {
        let trouble = Trouble::of(outcome.verdict);
        self.done_after(address, outcome, trouble)
    }

    fn done_after(&mut self, address: &JobAddress, outcome: Outcome, trouble: Trouble) -> News {
        self.journal.waiting = None;
        let entry = self.journal.entry_mut(address);
        if entry.inherited {
            *entry = Entry::default();
            self.events.push(Event::EndedBefore { job: address.clone(), outcome });
            return News::Some;
        }
        if let Some(news) = self.try_again(address, &outcome, trouble) {
            return news;
        }
        self.journal.entry_mut(address).phase = Phase::Done(outcome.clone());
        self.events.push(Event::Done { job: address.clone(), outcome });
        News::Some
    }

    pub(super) fn patience(&self) -> String {
        spelled(self.queue.unreachable_wait)
    }
}

/// How many overlaps a journal remembers; the first ones tell the story.
const OVERLAPS_MAX: usize = 100;

pub(super) fn known(survey: &Survey) -> impl Iterator<Item = (&ServerName, &ServerSight)> {
    survey.servers.iter().filter_map(|(server, sight)| match sight {
        Seen::Known(sight) => Some((server, sight)),
        Seen::Unknown(_) => None,
    })
}

pub(super) fn unfinished_guarded(sight: &ServerSight) -> impl Iterator<Item = &Group> {
    sight
        .groups
        .iter()
        .filter(|GroupSight { group, guarded }| *guarded && group.status.is_unfinished())
        .map(|s| &s.group)
}

fn is_of(item: &Item, server: &ServerName, group: &Group) -> bool {
    item.address.server == *server && group.job.as_ref() == Some(&item.id)
}

/// What the job has to show before the trigger.
fn baseline(item: &Item, sight: &ServerSight, survey: &Survey) -> Baseline {
    let groups = || sight.groups.iter().map(|sight| &sight.group).filter(|group| group.job.as_ref() == Some(&item.id));
    Baseline {
        groups: groups().map(|group| group.id.clone()).collect(),
        logs: match &survey.logs {
            Seen::Known(logs) => Some(logs.iter().map(|log| log.id.clone()).collect()),
            Seen::Unknown(_) => None,
        },
        newest_group: groups().filter_map(|group| group.created).max(),
    }
}
