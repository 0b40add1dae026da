//! The plan changes: servers and jobs leave and join it, an address comes to mean another job, a job gets another name, limits and gates change.

use jbr::desired::{Desired, Job};
use jbr::names::JobName;

use crate::dice::Dice;
use crate::scenario::{on_timeout, run_settings};

/// How often another change is drawn where the first one cannot be made.
const TRIES: u64 = 8;

/// Changes a plan so that it is another, valid one; says how.
pub(crate) fn change(dice: &mut Dice, universe: &Desired, plan: &mut Desired) -> &'static str {
    for _ in 0..TRIES {
        let mut changed = plan.clone();
        let what = match dice.below(12) {
            0 => job_leaves(dice, &mut changed),
            1 | 2 => job_joins(dice, universe, &mut changed),
            3 | 4 => job_is_another(dice, universe, &mut changed),
            5 | 6 => job_is_renamed(dice, &mut changed),
            7 => limits(dice, &mut changed),
            8 => keep(dice, universe, &mut changed),
            9 => guard(dice, &mut changed),
            10 => server_leaves(dice, &mut changed),
            _ => server_joins(dice, universe, &mut changed),
        };
        forget_who_left(&mut changed);
        if is_valid(&changed) && changed != *plan {
            *plan = changed;
            return what;
        }
    }
    "plan_stays"
}

/// Nothing comes after what is in the plan no more.
fn forget_who_left(plan: &mut Desired) {
    let known: Vec<_> = plan.jobs.iter().map(|job| job.address.clone()).collect();
    for job in &mut plan.jobs {
        job.after.retain(|after| known.contains(&after.job));
    }
}

/// Whether jobs come after each other in a circle.
fn is_circle(plan: &Desired) -> bool {
    let mut left: Vec<&Job> = plan.jobs.iter().collect();
    loop {
        let waits = |job: &&Job| job.after.iter().any(|after| left.iter().any(|other| other.address == after.job));
        let next: Vec<&Job> = left.iter().copied().filter(waits).collect();
        if next.len() == left.len() {
            return !left.is_empty();
        }
        left = next;
    }
}

fn is_valid(plan: &Desired) -> bool {
    let is_single = |job: &Job| {
        let same = |other: &&Job| {
            other.address == job.address || (other.id == job.id && other.address.server == job.address.server)
        };
        plan.jobs.iter().filter(same).count() == 1
    };
    let is_known = |job: &Job| plan.server(&job.address.server).is_some();
    !plan.jobs.is_empty() && !is_circle(plan) && plan.jobs.iter().all(|job| is_single(job) && is_known(job))
}

fn place(dice: &mut Dice, length: usize) -> usize {
    usize::try_from(dice.below(length as u64)).unwrap()
}

fn job_leaves(dice: &mut Dice, plan: &mut Desired) -> &'static str {
    let place = place(dice, plan.jobs.len());
    plan.jobs.remove(place);
    "plan_job_leaves"
}

fn job_joins(dice: &mut Dice, universe: &Desired, plan: &mut Desired) -> &'static str {
    let job = dice.pick(&universe.jobs);
    let place = place(dice, plan.jobs.len() + 1);
    plan.jobs.insert(place, job);
    "plan_job_joins"
}

/// The address stays, and means the other job of that name.
fn job_is_another(dice: &mut Dice, universe: &Desired, plan: &mut Desired) -> &'static str {
    let place = place(dice, plan.jobs.len());
    let job = &mut plan.jobs[place];
    let (letter, number) = job.id.as_str().split_at(1);
    let other = format!("{}{number}", if letter == "a" { "b" } else { "a" });
    if let Some(known) = universe.jobs.iter().find(|known| known.id.as_str() == other) {
        job.id = known.id.clone();
        job.keep_disabled = known.keep_disabled;
    }
    "plan_job_id"
}

fn job_is_renamed(dice: &mut Dice, plan: &mut Desired) -> &'static str {
    // Among few names, so that one is taken over by another job.
    let name: JobName = dice.pick(&["job1", "job2", "renamed"]).parse().unwrap();
    let place = place(dice, plan.jobs.len());
    let server = plan.jobs[place].address.server.clone();
    let had = plan.jobs[place].address.job.clone();
    let other = plan.jobs.iter_mut().find(|job| job.address.server == server && job.address.job == name);
    if let Some(other) = other {
        other.address.job = had;
    }
    plan.jobs[place].address.job = name;
    "plan_job_renamed"
}

fn limits(dice: &mut Dice, plan: &mut Desired) -> &'static str {
    plan.run = run_settings(dice);
    for job in &mut plan.jobs {
        job.timeout = dice.seconds(120, 2400);
        job.on_timeout = on_timeout(dice);
        job.priority = i64::try_from(dice.below(3)).unwrap();
    }
    "plan_limits"
}

/// `keep:` goes from what is closed, or comes back.
fn keep(dice: &mut Dice, universe: &Desired, plan: &mut Desired) -> &'static str {
    let place = place(dice, plan.jobs.len());
    let id = plan.jobs[place].id.clone();
    let is_closed = universe.jobs.iter().any(|known| known.id == id && known.keep_disabled);
    if is_closed && dice.percent(50) {
        plan.jobs[place].keep_disabled = !plan.jobs[place].keep_disabled;
        return "plan_keep";
    }
    for server in &mut plan.servers {
        let known = universe.server(&server.name).and_then(|known| known.destination.as_ref());
        if let (Some(destination), Some(known)) = (&mut server.destination, known)
            && known.keep_closed
        {
            destination.keep_closed = !destination.keep_closed;
        }
    }
    "plan_keep"
}

/// A server's guarded destination is named, or not any more.
fn guard(dice: &mut Dice, plan: &mut Desired) -> &'static str {
    let place = place(dice, plan.servers.len());
    let server = &mut plan.servers[place];
    server.destination = match server.destination {
        Some(_) => None,
        None => Some(jbr::desired::Destination {
            id: server.name.as_str().replace('s', "d").parse().unwrap(),
            keep_closed: false,
        }),
    };
    "plan_guard"
}

fn server_leaves(dice: &mut Dice, plan: &mut Desired) -> &'static str {
    let place = place(dice, plan.servers.len());
    let server = plan.servers.remove(place);
    plan.jobs.retain(|job| job.address.server != server.name);
    "plan_server_leaves"
}

fn server_joins(dice: &mut Dice, universe: &Desired, plan: &mut Desired) -> &'static str {
    let server = dice.pick(&universe.servers);
    if plan.server(&server.name).is_some() {
        return "plan_server_joins";
    }
    let jobs = universe.jobs.iter().filter(|job| job.address.server == server.name && job.id.as_str().starts_with('a'));
    plan.jobs.extend(jobs.cloned());
    plan.servers.push(server);
    "plan_server_joins"
}
