//! What has become of something that a closed run had under way: its groups say it, and where they say nothing, its logs.

use crate::execute::journal::{Baseline, Confirming, Phase, Running};
use crate::execute::resume::Standing;
use crate::inventory::{Inventory, ServerView};
use crate::jetbackup::facts::{Group, LogStatus};
use crate::names::LogId;
use crate::queue::Item;
use crate::seen::{Seen, Why};

/// What the servers show of it.
pub(super) fn standing(inventory: &Inventory, item: &Item, phase: &Phase) -> Standing {
    let view = inventory.of(&item.address.server);
    let (Some(view), Some(Seen::Known(groups))) = (view, view.map(|view| view.groups.as_ref())) else {
        return Standing::Unknown;
    };
    let mut its = groups.iter().filter(|group| is_its(item, phase, group));
    if its.clone().any(|group| group.status.is_unfinished()) {
        return Standing::UnderWay;
    }
    if its.any(|group| has_come(phase, group)) {
        return Standing::Over;
    }
    match is_written(view, item, phase) {
        Seen::Known(true) => Standing::UnderWay,
        // How long ago it was triggered is not known for sure, for the clock may have been set since: it is waited out anew.
        Seen::Known(false) if matches!(phase, Phase::Triggered(_)) => Standing::Unknown,
        Seen::Known(false) => Standing::Over,
        Seen::Unknown(_) => Standing::Unknown,
    }
}

fn is_its(item: &Item, phase: &Phase, group: &Group) -> bool {
    match phase {
        Phase::Running(running) | Phase::Confirming(Confirming { running, .. }) => group.id == running.group,
        // A group that does not name its job may be the one.
        _ => group.job.as_ref().is_none_or(|job| *job == item.id),
    }
}

/// Whether the group is what came of the trigger.
fn has_come(phase: &Phase, group: &Group) -> bool {
    match phase {
        Phase::Triggered(triggered) => group.job.is_some() && !triggered.baseline.groups.contains(&group.id),
        _ => true,
    }
}

/// Whether a log of it is still being written: a group can vanish from its list while the backup runs on.
fn is_written(view: &ServerView, item: &Item, phase: &Phase) -> Seen<bool> {
    let logs = view.logs.get(&item.id).map_or(Seen::Unknown(Why::new("nobody asked for its logs")), Seen::as_ref);
    logs.map(|logs| logs.iter().any(|log| log.status == LogStatus::Processing && may_be_its(phase, &log.id)))
}

fn may_be_its(phase: &Phase, log: &LogId) -> bool {
    let is_new = |baseline: Option<&Baseline>| {
        baseline.and_then(|baseline| baseline.logs.as_ref()).is_none_or(|before| !before.contains(log))
    };
    match phase {
        Phase::Triggered(triggered) => is_new(Some(&triggered.baseline)),
        Phase::Running(running) | Phase::Confirming(Confirming { running, .. }) => match running {
            Running { log: Some(known), .. } => known == log,
            Running { baseline, .. } => is_new(baseline.as_ref()),
        },
        Phase::Queued | Phase::Preparing | Phase::Done(_) => false,
    }
}
