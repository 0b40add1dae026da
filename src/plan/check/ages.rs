//! `fits` without a window, and a `max_age` that alarms before a job is due.

use std::collections::HashSet;

use crate::plan::finding::Findings;
use crate::plan::job::{JobSettings, JobSyntax};
use crate::plan::problem::Problem;
use crate::plan::section::Field;
use crate::plan::spanned::{Span, Spanned};
use crate::plan::syntax::PlanSyntax;

pub(super) fn check(plan: &PlanSyntax, findings: &mut Findings<'_>) {
    fits_something(plan, findings);
    // What `defaults` says is wrong once, not for each job.
    let mut said: HashSet<(Place, Place)> = HashSet::new();
    for job in &plan.jobs {
        let (own, defaults) = (&job.settings, &plan.job_defaults);
        let every = effective(own.every.as_ref(), defaults.every.as_ref());
        let max_age = effective(own.max_age.as_ref(), defaults.max_age.as_ref());
        let (Some(every), Some(max_age)) = (every, max_age) else { continue };
        if max_age.value < every.value && said.insert((place(every.span), place(max_age.span))) {
            findings.push(max_age.span, alarms_too_soon(every.span));
        }
    }
}

type Place = (usize, usize);

fn place(span: Span) -> Place {
    (span.file, span.start)
}

fn effective<'a, T>(own: Option<&'a Field<T>>, default: Option<&'a Field<T>>) -> Option<&'a Spanned<T>> {
    own.or(default).and_then(|field| field.as_ref().ok())
}

fn alarms_too_soon(every: Span) -> Problem {
    Problem::new("`max_age` is shorter than `every`", "too old before the next backup is due")
        .related(every, "due after this long")
        .help("make it longer than `every`, by as long as the backup may take: every 24h, say, and max_age 36h")
}

/// `fits` measures what is left of a window: without one it has no meaning.
fn fits_something(plan: &PlanSyntax, findings: &mut Findings<'_>) {
    let has_window = |settings: &JobSettings| match &settings.window {
        Some(Ok(names)) => Some(!names.value.is_empty()),
        // Whatever it was meant to be, it is not missed a second time.
        Some(Err(_)) => Some(true),
        None => None,
    };
    let default = has_window(&plan.job_defaults);
    let windowed = |job: &JobSyntax| has_window(&job.settings).or(default).unwrap_or(false);
    for job in plan.jobs.iter().filter(|job| !windowed(job)) {
        if let Some(fits) = job.settings.fits.as_ref().and_then(|fits| fits.as_ref().ok()).filter(|fits| fits.value) {
            findings.push(fits.span, nothing_to_fit("the job"));
        }
    }
    let defaults = plan.job_defaults.fits.as_ref().and_then(|fits| fits.as_ref().ok()).filter(|fits| fits.value);
    if let (Some(fits), false) = (defaults, plan.jobs.iter().any(windowed)) {
        findings.push(fits.span, nothing_to_fit("every job"));
    }
}

fn nothing_to_fit(who: &str) -> Problem {
    Problem::new("`fits` without a window", format!("{who} may start at any time: there is nothing to fit into"))
        .help("add a line such as `window: nights`, or remove `fits`")
}
