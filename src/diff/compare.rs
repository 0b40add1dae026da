//! The comparison itself: one decision a job, one remark a finding.

use super::{Choice, Decision, Diff, GateNotice, Notice, Remark};
use crate::desired::{Desired, Job, OnTimeout, Server};
use crate::inventory::guard::{is_guarded, writes_to};
use crate::inventory::kind::{is_idle_config, is_scheduled, kind_of};
use crate::inventory::{Inventory, ServerView};
use crate::jetbackup::facts;
use crate::jetbackup::ssh_gate::{self, Scope, SshGate};
use crate::names::{DestinationId, JobAddress};
use crate::seen::Seen;

/// Compares the declared jobs that were asked for with what the servers say.
#[must_use]
pub fn diff(desired: &Desired, inventory: &Inventory, is_asked_for: impl Fn(&JobAddress) -> bool) -> Diff {
    let mut diff = Diff { decisions: Vec::new(), remarks: drift(desired, inventory) };
    for job in desired.jobs.iter().filter(|job| is_asked_for(&job.address)) {
        let (Some(server), Some(view)) = (desired.server(&job.address.server), inventory.of(&job.address.server))
        else {
            continue;
        };
        diff.decisions.push(decide(server, job, view));
    }
    // What keeps a job from running is said once, with its decision.
    let disabled = diff.decisions.iter().filter(|decision| decision.verdict == Choice::Disabled);
    let disabled: Vec<String> = disabled.map(|decision| decision.address.to_string()).collect();
    diff.remarks.retain(|remark| {
        let is_disabled = matches!(&remark.what, Notice::Differs { key: "disabled", live, .. } if live == "yes");
        !is_disabled || !remark.about.as_ref().is_some_and(|about| disabled.contains(about))
    });
    for server in &desired.servers {
        let Some(view) = inventory.of(&server.name) else { continue };
        let declared: Vec<&Job> = desired.jobs.iter().filter(|job| job.address.server == server.name).collect();
        diff.remarks.extend(gate_remarks(server, &declared, &diff.decisions, view));
    }
    // Server by server, as the plan has them.
    diff.remarks.sort_by_key(|remark| desired.servers.iter().position(|server| server.name == remark.server));
    diff
}

/// Everything in which the servers differ from the plan, that is on them and in no plan, or that would write beside the queue: about all
/// servers and jobs of the plan, in the order of the servers. What could not be read is said, never left out.
#[must_use]
pub fn drift(desired: &Desired, inventory: &Inventory) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for server in &desired.servers {
        let Some(view) = inventory.of(&server.name) else { continue };
        let declared: Vec<&Job> = desired.jobs.iter().filter(|job| job.address.server == server.name).collect();
        remarks.extend(server_remarks(server, view));
        for job in &declared {
            remarks.extend(job_remarks(server, job, view));
        }
        remarks.extend(unmanaged(server, &declared, view));
        remarks.extend(foreign(server, &declared, view));
    }
    remarks
}

fn decide(server: &Server, job: &Job, view: &ServerView) -> Decision {
    let live = view.jobs.as_ref().map(|jobs| jobs.iter().find(|live| live.id == job.id));
    let (live_name, verdict) = match live {
        Seen::Unknown(why) => (None, Choice::Unread { why: why.0 }),
        Seen::Known(None) => (None, Choice::Missing { id: job.id.clone() }),
        Seen::Known(Some(live)) => (Some(live.name.clone()), decide_live(server, job, live, view)),
    };
    Decision { address: job.address.clone(), live_name, verdict, due: None }
}

fn decide_live(server: &Server, job: &Job, live: &facts::Job, view: &ServerView) -> Choice {
    match view.unfinished(&job.id) {
        Seen::Unknown(why) => return Choice::Unread { why: why.0 },
        Seen::Known(Some(group)) => {
            return Choice::Adopt { group: group.id.clone(), status: group.status, percent: group.percent };
        }
        Seen::Known(None) => {}
    }
    if live.disabled && !job.keep_disabled {
        return Choice::Disabled;
    }
    match disabled_destination(server, live, view) {
        Some(destination) => Choice::DestinationDisabled { destination },
        None => Choice::Run,
    }
}

/// The destination that a job needs and that is disabled without the plan's permission to enable it.
fn disabled_destination(server: &Server, live: &facts::Job, view: &ServerView) -> Option<DestinationId> {
    let Seen::Known(destinations) = &view.destinations else { return None };
    let may_be_opened = |id: &crate::names::DestinationId| {
        server.destination.as_ref().is_some_and(|declared| declared.keep_closed && declared.id == *id)
    };
    let disabled = destinations.iter().filter(|destination| destination.disabled && !may_be_opened(&destination.id));
    // A job that writes to several still runs if one of them is disabled; what that means is the user's affair, as `partial` is.
    let disabled: Vec<_> = disabled.filter(|destination| live.destinations.contains(&destination.id)).collect();
    if disabled.len() == live.destinations.len() {
        disabled.first().map(|destination| destination.id.clone())
    } else {
        None
    }
}

fn server_remarks(server: &Server, view: &ServerView) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut remark = |what| remarks.push(Remark { server: server.name.clone(), about: None, what });
    let unread = |what, why: &crate::seen::Why| Notice::Unread { what, why: why.0.clone() };
    if let Seen::Unknown(why) = &view.jobs {
        remark(unread("jobs", why));
    }
    match &view.groups {
        Seen::Unknown(why) if view.jobs != Seen::Unknown(why.clone()) => remark(unread("queue", why)),
        _ => {}
    }
    match &view.forks {
        Seen::Known(Some(forks)) if *forks > 1 => remark(Notice::Forks { forks: *forks }),
        Seen::Unknown(why) if view.jobs != Seen::Unknown(why.clone()) => remark(unread("performance settings", why)),
        Seen::Known(_) | Seen::Unknown(_) => {}
    }
    match (&server.destination, &view.destinations) {
        // Whether one is disabled decides what can run, whatever is declared.
        (_, Seen::Unknown(why)) if view.jobs != Seen::Unknown(why.clone()) => remark(unread("destinations", why)),
        (Some(declared), Seen::Known(live)) => match live.iter().find(|live| live.id == declared.id) {
            None => remark(Notice::DestinationMissing { id: declared.id.clone() }),
            Some(live) if declared.keep_closed && !live.disabled => remark(Notice::Differs {
                key: "destination",
                declared: format!("{} closed", declared.id),
                live: format!("{} open", declared.id),
            }),
            Some(_) => {}
        },
        _ => {}
    }
    remarks
}

/// What is wrong with the gate itself, and what it would not let this key do.
fn gate_remarks(server: &Server, declared: &[&Job], decisions: &[Decision], view: &ServerView) -> Vec<Remark> {
    let mut notices = Vec::new();
    match &view.gate {
        // Where nothing could be read, one reason is enough.
        Seen::Unknown(why) if view.jobs == Seen::Unknown(why.clone()) => {}
        Seen::Unknown(why) => notices.push(Notice::Unread { what: "gate", why: why.0.clone() }),
        Seen::Known(SshGate::Absent) => notices.push(Notice::Gate(GateNotice::Absent)),
        Seen::Known(SshGate::Foreign) => notices.push(Notice::Gate(GateNotice::Foreign)),
        Seen::Known(SshGate::Own { version, scope }) => {
            if *version < ssh_gate::CURRENT {
                notices.push(Notice::Gate(GateNotice::Older { version: *version }));
            }
            notices.extend(forbidden(server, declared, decisions, scope).map(Notice::Gate));
        }
    }
    notices.into_iter().map(|what| Remark { server: server.name.clone(), about: None, what }).collect()
}

/// What the decisions on a server need and the key's scope does not hold.
fn forbidden(server: &Server, declared: &[&Job], decisions: &[Decision], scope: &Scope) -> Option<GateNotice> {
    let verdict = |job: &Job| decisions.iter().find(|decision| decision.address == job.address).map(|of| &of.verdict);
    let is_to_start = |job: &&&Job| matches!(verdict(job), Some(Choice::Run));
    let is_to_change = |job: &&&Job| {
        let may_be_stopped = job.on_timeout == OnTimeout::Stop && matches!(verdict(job), Some(Choice::Adopt { .. }));
        is_to_start(job) || may_be_stopped
    };
    let changed = declared.iter().filter(is_to_change);
    let jobs: Vec<JobAddress> = changed.filter(|job| !scope.has_job(&job.id)).map(|job| job.address.clone()).collect();
    let kept = server.destination.as_ref().filter(|kept| kept.keep_closed && !scope.has_destination(&kept.id));
    let destination = kept.filter(|_| declared.iter().any(|job| is_to_start(&job))).map(|kept| kept.id.clone());
    (!jobs.is_empty() || destination.is_some()).then_some(GateNotice::Forbids { jobs, destination })
}

fn job_remarks(server: &Server, job: &Job, view: &ServerView) -> Vec<Remark> {
    let Seen::Known(jobs) = &view.jobs else { return Vec::new() };
    let Some(live) = jobs.iter().find(|live| live.id == job.id) else { return Vec::new() };
    let mut notices = Vec::new();
    if !is_alike(job.address.job.as_str(), &live.name) {
        notices.push(differs("name", job.address.job.as_str(), &live.name));
    }
    if let Some(kind) = job.kind.filter(|kind| *kind != kind_of(live)) {
        notices.push(differs("type", kind.word(), kind_of(live).word()));
    }
    if let Some(declared) = &server.destination
        && !writes_to(&declared.id, &job.id, jobs)
    {
        let live: Vec<&str> = live.destinations.iter().map(DestinationId::as_str).collect();
        notices.push(differs("destination", declared.id.as_str(), &live.join(", ")));
    }
    if live.destinations.len() > 1 {
        let named = |id: &DestinationId| (id.clone(), name_of(id, view));
        notices.push(Notice::SeveralDestinations { destinations: live.destinations.iter().map(named).collect() });
    }
    match (job.keep_disabled, live.disabled) {
        (true, false) => notices.push(differs("disabled", "yes", "no")),
        (false, true) => notices.push(differs("disabled", "no", "yes")),
        (true, true) | (false, false) => {}
    }
    if is_scheduled(live) == Some(true) && !live.disabled {
        notices.push(Notice::Scheduled { next_run: live.next_run });
    }
    let remark = |what| Remark { server: server.name.clone(), about: Some(job.address.to_string()), what };
    notices.into_iter().map(remark).collect()
}

fn name_of(id: &DestinationId, view: &ServerView) -> Option<String> {
    let Seen::Known(destinations) = &view.destinations else { return None };
    destinations.iter().find(|destination| destination.id == *id).map(|destination| destination.name.clone())
}

fn differs(key: &'static str, declared: &str, live: &str) -> Notice {
    Notice::Differs { key, declared: declared.to_owned(), live: live.to_owned() }
}

/// A plan's name cannot hold all that JetBackup's can, so `accounts` and `Accounts Backup` are alike: one is found in the
/// other, letters and digits alone.
fn is_alike(declared: &str, live: &str) -> bool {
    let bare = |text: &str| -> String { text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect() };
    let (declared, live) = (bare(declared), bare(live));
    live.contains(&declared) || declared.contains(&live)
}

/// Jobs that write to the guarded storage and stand in no plan: nobody would start them, or they would start by themselves.
fn unmanaged(server: &Server, declared: &[&Job], view: &ServerView) -> Vec<Remark> {
    let Seen::Known(jobs) = &view.jobs else { return Vec::new() };
    let is_guarded = |live: &&facts::Job| {
        server.destination.as_ref().is_none_or(|destination| writes_to(&destination.id, &live.id, jobs))
    };
    jobs.iter()
        .filter(|live| !live.disabled && !declared.iter().any(|job| job.id == live.id))
        .filter(is_guarded)
        // `jbr list` shows it.
        .filter(|live| !is_idle_config(live))
        .map(|live| Remark {
            server: server.name.clone(),
            about: Some(live.name.clone()),
            what: Notice::Unmanaged {
                id: live.id.clone(),
                is_certain: !live.destinations.is_empty(),
                is_scheduled: is_scheduled(live),
                next_run: live.next_run,
            },
        })
        .collect()
}

/// Guarded groups under way that no declared job explains.
fn foreign(server: &Server, declared: &[&Job], view: &ServerView) -> Vec<Remark> {
    let Seen::Known(groups) = &view.groups else { return Vec::new() };
    let (jobs, destination) = match &view.jobs {
        Seen::Known(jobs) => (jobs.as_slice(), server.destination.as_ref().map(|destination| &destination.id)),
        // Where nothing is known of the jobs, every group counts.
        Seen::Unknown(_) => (&[][..], None),
    };
    groups
        .iter()
        .filter(|group| group.status.is_unfinished() && is_guarded(destination, group, jobs))
        .filter(|group| !declared.iter().any(|job| group.job.as_ref() == Some(&job.id)))
        .map(|group| Remark {
            server: server.name.clone(),
            about: jobs.iter().find(|live| group.job.as_ref() == Some(&live.id)).map(|live| live.name.clone()),
            what: Notice::Foreign { group: group.clone() },
        })
        .collect()
}
