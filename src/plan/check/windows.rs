//! Names of windows that must exist, and windows that must open some day.

use std::collections::HashSet;

use super::opens::Search;
use super::unknown::{listed, unknown};
use crate::names::WindowName;
use crate::plan::finding::{Findings, Reported, quoted};
use crate::plan::job::JobSettings;
use crate::plan::problem::Problem;
use crate::plan::resolve;
use crate::plan::section::Field;
use crate::plan::spanned::Spanned;
use crate::plan::suggest::closest;
use crate::plan::syntax::PlanSyntax;
use crate::plan::window::{WindowBody, WindowSyntax};
use crate::window::Window;

pub(super) fn check(plan: &PlanSyntax, findings: &mut Findings<'_>) {
    let levels = || std::iter::once(&plan.job_defaults).chain(plan.jobs.iter().map(|job| &job.settings));
    if plan.gaps.windows.is_none() {
        let excepted = plan.windows.iter().filter_map(|window| window.body.as_ref().ok()).flat_map(WindowBody::named);
        let asked = levels().flat_map(|settings| names(settings).into_iter().flatten());
        for name in excepted.chain(asked.filter_map(|name| name.as_ref().ok())) {
            known(name, plan, findings);
        }
    }
    for window in &plan.windows {
        one_level(window, plan, findings);
    }
    let mut search = Search::default();
    let sound: Vec<Window> =
        plan.windows.iter().filter_map(|window| opens(window, plan, &mut search, findings)).collect();
    // Jobs that share their windows share what is wrong with them.
    let mut seen = HashSet::new();
    for names in levels().filter_map(names) {
        let key: Vec<Option<&WindowName>> = names.iter().map(|name| Some(&name.as_ref().ok()?.value)).collect();
        if names.len() > 1 && seen.insert(key) {
            none_for_nothing(names, &sound, &mut search, findings);
        }
    }
}

fn names(settings: &JobSettings) -> Option<&[Field<WindowName>]> {
    settings.window.as_ref()?.as_ref().ok().map(|names| names.value.as_slice())
}

fn known(name: &Spanned<WindowName>, plan: &PlanSyntax, findings: &mut Findings<'_>) {
    let text = name.value.as_str();
    if plan.windows.iter().any(|window| window.written == text) {
        return;
    }
    let known: Vec<&str> = plan.windows.iter().map(|window| window.written.as_str()).collect();
    let problem = unknown("window", text, closest(text, known.iter().copied()), "not declared under `windows`");
    let help = if known.is_empty() {
        format!(
            "add `windows:` with a line such as `  {text}: {{ from: \"22:00\", to: \"06:00\", timezone: Europe/Madrid }}`"
        )
    } else {
        format!("declared are: {}", listed(&known))
    };
    findings.push(name.span, problem.help(help));
}

/// Exceptions by name go one level deep: with more, nobody could say when such a window is open, and there could be circles.
fn one_level(window: &WindowSyntax, plan: &PlanSyntax, findings: &mut Findings<'_>) {
    let Ok(body) = &window.body else { return };
    for name in body.named() {
        let text = name.value.as_str();
        if text == window.written {
            let problem = Problem::new(format!("window {} excepts itself", quoted(text)), "it would never be open")
                .help("remove it, or name another window");
            findings.push(name.span, problem);
            continue;
        }
        let other = plan.windows.iter().find(|other| other.written == text).and_then(|other| other.body.as_ref().ok());
        if let Some(inner) = other.and_then(|other| other.named().next()) {
            let problem = Problem::new(
                format!("window {} has exceptions by name itself", quoted(text)),
                "such a window cannot be an exception",
            );
            let help = "name a window without such exceptions, or write the exception out with `days` or `dates`";
            findings.push(name.span, problem.related(inner.span, "named here").help(help));
        }
    }
}

/// The window, if it can be known and opens.
fn opens(
    declared: &WindowSyntax,
    plan: &PlanSyntax,
    search: &mut Search,
    findings: &mut Findings<'_>,
) -> Option<Window> {
    let window: Result<Window, Reported> = resolve::window(declared, &plan.windows);
    let (window, name) = (window.ok()?, declared.name.as_ref().ok()?);
    let excepts_itself = declared.body.as_ref().is_ok_and(|body| body.named().any(|it| it.value == name.value));
    if excepts_itself || search.some_opening(std::slice::from_ref(&window)) {
        return Some(window);
    }
    let problem = Problem::new(
        format!("window {} never opens", quoted(name.value.as_str())),
        "what is excepted covers all of it, or its times never come",
    );
    findings.push(name.span, problem.help(format!("as it is read: {window}")));
    None
}

/// With several windows, what one excepts is closed for all: none may be covered by another's exceptions.
fn none_for_nothing(names: &[Field<WindowName>], sound: &[Window], search: &mut Search, findings: &mut Findings<'_>) {
    let find = |name: &Field<WindowName>| {
        let name = name.as_ref().ok()?;
        Some((name.span, sound.iter().find(|window| window.name == name.value)?))
    };
    let found: Vec<_> = names.iter().filter_map(find).collect();
    for (span, window) in &found {
        let others = found.iter().map(|(_, other)| *other).filter(|other| other.name != window.name);
        if search.some_opening_beside(window, others) {
            continue;
        }
        let name = quoted(window.name.as_str());
        let problem = Problem::new(
            format!("window {name} never opens beside the others"),
            "what the others except covers all of it, and deny wins",
        );
        let help = format!("remove {name} here, or the exceptions of the others that cover it");
        findings.push(*span, problem.help(help));
    }
}
