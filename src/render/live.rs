//! The one line that says what happens now: what runs, how long, until when, and what is next.

use super::Zone;
use super::progress::Progress;
use super::stage::{Lateness, Stage, Tracked, Watch};
use super::when::duration;
use super::words;
use super::wrap::cut;
use crate::clock::{Timestamp, elapsed};

/// Between two facts.
const BETWEEN: &str = " · ";

impl Progress {
    /// What happens now, in at most `width` characters: what matters less is at the end and goes first.
    #[must_use]
    pub fn live_line(&self, now: Timestamp, width: usize, zone: Zone) -> String {
        let mut facts = self.facts(now, zone);
        let left = self.left().count();
        if left > 0 && length(&facts) > width {
            facts.pop();
            facts.push(format!("{left} left"));
        }
        while facts.len() > 1 && length(&facts) > width {
            facts.pop();
        }
        cut(&facts.join(BETWEEN), width)
    }

    /// What happens now, whole.
    #[must_use]
    pub fn full_line(&self, now: Timestamp, zone: Zone) -> String {
        self.facts(now, zone).join(BETWEEN)
    }

    fn facts(&self, now: Timestamp, zone: Zone) -> Vec<String> {
        let mut facts = self.main_facts(now, zone);
        let beside = self.running().filter(|(_, watch)| watch.lateness == Lateness::Released).count();
        if beside > 0 && self.running().count() > beside {
            facts.push(format!("! {beside} overdue beside it"));
        }
        facts.extend(self.next());
        facts
    }

    /// What this very moment is about: one that is looked for, one that runs, a wait, or nothing.
    fn main_facts(&self, now: Timestamp, zone: Zone) -> Vec<String> {
        let unresolved = self.items.iter().find_map(|tracked| match &tracked.stage {
            Stage::Triggered { at } => {
                Some(format!("{}  triggered {} ago, not seen yet", tracked.address, duration(elapsed(*at, now))))
            }
            Stage::Confirming { .. } => Some(format!("{}  is over, reading how it ended", tracked.address)),
            Stage::Left | Stage::Running(_) | Stage::Done(_) => None,
        });
        if let Some(unresolved) = unresolved {
            return vec![unresolved];
        }
        if let Some((tracked, watch)) = self.running().find(|(_, watch)| watch.lateness != Lateness::Released) {
            return self.running_facts(tracked, watch, now, zone);
        }
        if let Some((since, reason)) = &self.waiting {
            return vec![format!("waiting {} for {}", duration(elapsed(*since, now)), words::wait_for(reason, zone))];
        }
        match self.running().next() {
            Some((tracked, watch)) => self.running_facts(tracked, watch, now, zone),
            None if self.left().next().is_some() => vec!["looking at every server".to_owned()],
            None => vec!["nothing left to run".to_owned()],
        }
    }

    fn running_facts(&self, tracked: &Tracked, watch: &Watch, now: Timestamp, zone: Zone) -> Vec<String> {
        let percent = watch.percent.map_or(String::new(), |percent| format!("  {percent} %"));
        let length = watch.length(tracked.median(), now);
        let mut facts = vec![format!("{}{percent}  {length}", tracked.address)];
        if watch.pending {
            facts.push("waits in JetBackup's own queue".to_owned());
        }
        if let Some((since, _)) = self.unreachable.get(&tracked.address.server) {
            let silent = duration(elapsed(*since, now));
            facts.push(format!("? {} has not answered for {silent}", tracked.address.server));
        }
        match watch.end(tracked.median(), now) {
            _ if watch.lateness != Lateness::InTime => facts.push("! overdue".to_owned()),
            _ if tracked.far_beyond(watch, now).is_some() => facts.push("! far longer than usual".to_owned()),
            Some(end) => facts.push(format!("ends ~{}", zone.near(end, now))),
            None if tracked.median().is_some_and(|usual| !watch.found && watch.ran(now) > usual) => {
                facts.push("longer than usual".to_owned());
            }
            None => {}
        }
        facts
    }

    fn next(&self) -> Option<String> {
        let next = self.left().next()?;
        Some(format!("next: {} ({} left)", next.address, self.left().count()))
    }
}

fn length(facts: &[String]) -> usize {
    let between = BETWEEN.chars().count() * facts.len().saturating_sub(1);
    facts.iter().map(|fact| fact.chars().count()).sum::<usize>() + between
}
