//! `after`: jobs that must exist, and must not wait for each other in a circle.

use std::collections::HashMap;

use super::unknown::{listed, unknown};
use crate::names::JobAddress;
use crate::plan::circle::circles;
use crate::plan::finding::{Findings, quoted};
use crate::plan::job::{AfterSyntax, JobSyntax};
use crate::plan::problem::Problem;
use crate::plan::suggest::closest;
use crate::plan::syntax::PlanSyntax;

/// How many jobs of a circle are spelled out, each with its line.
const CIRCLE_SHOWN_MAX: usize = 10;

/// The most unknown names for which a near one is looked for: each is compared with all others.
const SUGGESTIONS_MAX: usize = 100;

pub(super) fn check(plan: &PlanSyntax, findings: &mut Findings<'_>) {
    let mut places: HashMap<JobAddress, usize> = HashMap::new();
    for (place, job) in plan.jobs.iter().enumerate() {
        if let Ok(address) = job.address() {
            places.entry(address).or_insert(place);
        }
    }
    // A job that could not be read may be the one that is missed.
    if plan.gaps.any.is_none() && plan.jobs.iter().all(|job| job.address().is_ok()) {
        known_jobs(plan, &places, findings);
    }
    no_circles(plan, &places, findings);
}

fn predecessors(job: &JobSyntax) -> impl Iterator<Item = &AfterSyntax> {
    job.after.iter().filter_map(|after| after.as_ref().ok())
}

fn known_jobs(plan: &PlanSyntax, places: &HashMap<JobAddress, usize>, findings: &mut Findings<'_>) {
    let missing: Vec<&AfterSyntax> =
        plan.jobs.iter().flat_map(predecessors).filter(|after| !places.contains_key(&after.job.value)).collect();
    if missing.is_empty() {
        return;
    }
    let known: Vec<String> = plan.jobs.iter().filter_map(|job| job.address().ok()).map(|it| it.to_string()).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    for (number, after) in missing.into_iter().enumerate() {
        let name = after.job.value.to_string();
        let near = (number < SUGGESTIONS_MAX).then(|| closest(&name, known.iter().copied())).flatten();
        let problem = unknown("job", &name, near, "no job has this address");
        findings.push(after.job.span, problem.help(format!("declared are: {}", listed(&known))));
    }
}

fn no_circles(plan: &PlanSyntax, places: &HashMap<JobAddress, usize>, findings: &mut Findings<'_>) {
    let place = |after: &AfterSyntax| places.get(&after.job.value).copied();
    let edges: Vec<Vec<usize>> = plan.jobs.iter().map(|job| predecessors(job).filter_map(place).collect()).collect();
    for circle in circles(&edges) {
        let jobs: Vec<&JobSyntax> = circle.iter().map(|place| &plan.jobs[*place]).collect();
        report(&jobs, findings);
    }
}

/// Says who waits for whom, each with its line.
fn report(circle: &[&JobSyntax], findings: &mut Findings<'_>) {
    let name = |job: &JobSyntax| job.address().map(|address| address.to_string()).unwrap_or_default();
    let names: Vec<String> = circle.iter().map(|job| name(job)).collect();
    // Who waits, for whom, and where that is written.
    let waits = circle.iter().enumerate().filter_map(|(place, job)| {
        let next = &names[(place + 1) % names.len()];
        let after = predecessors(job).find(|after| after.job.value.to_string() == *next)?;
        Some((after.job.span, format!("{} comes after {}", quoted(&names[place]), quoted(next))))
    });
    let mut waits = waits.take(CIRCLE_SHOWN_MAX);
    let Some((span, label)) = waits.next() else { return };
    let mut problem = Problem::new(message(&names), label);
    for (span, label) in waits {
        problem = problem.related(span, label);
    }
    let help = match circle {
        [_] => "remove it there: the job could never be first",
        _ => "remove one of these from its `after`: none of the jobs could ever be first",
    };
    findings.push(span, problem.help(help));
}

fn message(names: &[String]) -> String {
    let [first, others @ ..] = names else { return String::new() };
    if others.is_empty() {
        return format!("job {} comes after itself", quoted(first));
    }
    let shown: Vec<String> = names.iter().take(CIRCLE_SHOWN_MAX).map(|name| quoted(name)).collect();
    let more = match names.len().saturating_sub(CIRCLE_SHOWN_MAX) {
        0 => String::new(),
        more => format!(" after {more} more"),
    };
    format!("jobs that wait for each other: {}{more} after {}", shown.join(" after "), quoted(first))
}
