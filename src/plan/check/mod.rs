//! What no value can know alone: names that must exist, and names that must be the only ones.

mod after;
mod ages;
mod opens;
mod unknown;
mod windows;

use unknown::{listed, unknown};

use super::finding::{Findings, quoted};
use super::job::JobSyntax;
use super::problem::Problem;
use super::spanned::Span;
use super::suggest::closest;
use super::syntax::PlanSyntax;
use super::twice::repeated;

/// Records what does not fit together. Where a part could not be read, what it may have declared is not missed.
pub(super) fn check(plan: &PlanSyntax, findings: &mut Findings<'_>) {
    check_all_but_jobs(plan, findings);
    if plan.gaps.any.is_none() {
        declares_jobs(plan, findings);
    }
}

/// The same of a plan that may not have any jobs yet.
pub(super) fn check_all_but_jobs(plan: &PlanSyntax, findings: &mut Findings<'_>) {
    if plan.gaps.any.is_none() {
        declares_servers(plan, findings);
    }
    if plan.gaps.servers.is_none() && !plan.servers.is_empty() {
        known_servers(plan, findings);
    }
    unique_addresses(&plan.jobs, findings);
    unique_ids(&plan.jobs, findings);
    after::check(plan, findings);
    windows::check(plan, findings);
    ages::check(plan, findings);
}

fn declares_servers(plan: &PlanSyntax, findings: &mut Findings<'_>) {
    if plan.servers.is_empty() {
        let problem = Problem::new("the plan declares no servers", "no `servers` in here")
            .help("add `servers:` with a line such as `  server1: { host: server1.example.com }`");
        findings.push(Span::start_of(0), problem);
    }
}

fn declares_jobs(plan: &PlanSyntax, findings: &mut Findings<'_>) {
    if plan.jobs.is_empty() {
        let problem = Problem::new("the plan declares no jobs", "no `jobs` in here").help(
            "add `jobs:` with an item such as `  - { name: accounts, server: server1, id: 6503eec8ebbf07708d06f1d2 }`",
        );
        findings.push(Span::start_of(0), problem);
    }
}

fn known_servers(plan: &PlanSyntax, findings: &mut Findings<'_>) {
    let mut known: Vec<&str> = Vec::new();
    for server in &plan.servers {
        if !known.contains(&server.written.as_str()) {
            known.push(&server.written);
        }
    }
    for server in plan.jobs.iter().filter_map(|job| job.server.as_ref().ok()) {
        let name = server.value.as_str();
        if known.contains(&name) {
            continue;
        }
        let near = closest(name, known.iter().copied());
        let problem = unknown("server", name, near, "not declared under `servers`");
        findings.push(server.span, problem.help(format!("declared are: {}", listed(&known))));
    }
}

fn unique_addresses(jobs: &[JobSyntax], findings: &mut Findings<'_>) {
    let address = |job: &JobSyntax| Some((job.address().ok()?, job.name.as_ref().ok()?.span));
    for (address, first, again) in repeated(jobs.iter().filter_map(address)) {
        let problem =
            Problem::new(format!("two jobs have the address {}", quoted(&address.to_string())), "and again here")
                .related(first, "first here")
                .help("give one of them another name, or remove it");
        findings.push(again, problem);
    }
}

fn unique_ids(jobs: &[JobSyntax], findings: &mut Findings<'_>) {
    let id = |job: &JobSyntax| job.id.as_ref().ok().map(|id| (id.value.clone(), id.span));
    for (id, first, again) in repeated(jobs.iter().filter_map(id)) {
        let problem = Problem::new(format!("two jobs have the id {}", quoted(id.as_str())), "and again here")
            .related(first, "first here")
            .help("copy each job's own `_id` from its server: one backup must not be asked for twice");
        findings.push(again, problem);
    }
}
