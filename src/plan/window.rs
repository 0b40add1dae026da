//! `windows`: what is written there, before names are looked up.

use std::hash::Hash;

use chrono_tz::Tz;

use super::finding::{Findings, Reported, quoted};
use super::gaps::Gaps;
use super::keys;
use super::moment;
use super::problem::Problem;
use super::scalar;
use super::section::{self, Field, Section};
use super::spanned::{Span, Spanned};
use super::tree::{Content, Entry, Node, Scalar};
use super::twice::report_twice;
use crate::names::WindowName;
use crate::window::{self, On, TimeOfDay};

/// The most windows of one plan.
pub(super) const WINDOWS_MAX: usize = 100;

/// The most exceptions of one window.
pub(super) const EXCEPT_MAX: usize = 20;

/// The most dates of one span.
pub(super) const DATES_MAX: usize = 400;

/// The most windows of one job.
pub(super) const JOB_WINDOWS_MAX: usize = 20;

/// What a job writes that may start at any time although `defaults` names a window; no window has this name.
pub(super) const ALWAYS: &str = "always";

/// One of `windows`.
pub(super) struct WindowSyntax {
    /// As it is written, whether it can be a name or not.
    pub(super) written: String,
    pub(super) name: Field<WindowName>,
    pub(super) body: Result<WindowBody, Reported>,
}

/// What a window's map holds.
pub(super) struct WindowBody {
    pub(super) zone: Field<Tz>,
    pub(super) span: Result<window::Span, Reported>,
    pub(super) except: Vec<Result<ExceptSyntax, Reported>>,
}

/// One exception of a window.
pub(super) enum ExceptSyntax {
    /// A span of its own.
    Span(window::Span),
    /// Another window, by its name.
    Window(Spanned<WindowName>),
}

impl WindowBody {
    /// The other windows that it names.
    pub(super) fn named(&self) -> impl Iterator<Item = &Spanned<WindowName>> {
        self.except.iter().filter_map(|except| match except {
            Ok(ExceptSyntax::Window(name)) => Some(name),
            Ok(ExceptSyntax::Span(_)) | Err(_) => None,
        })
    }
}

/// Reads `windows` of all files.
pub(super) fn windows(tops: &[Section<'_>], findings: &mut Findings<'_>, gaps: &mut Gaps) -> Vec<WindowSyntax> {
    let mut entries = Vec::new();
    for entry in tops.iter().flat_map(|top| top.all("windows")) {
        match section::entries("`windows`", entry.key.span, &entry.value, findings) {
            Ok(more) => entries.extend(more),
            Err(reported) => *gaps = Gaps { any: Some(reported), windows: Some(reported), ..*gaps },
        }
    }
    section::report_repeated("`windows`", &entries, findings);
    if let Some(extra) = entries.get(WINDOWS_MAX) {
        let reported = findings.push(extra.key.span, too_many(WINDOWS_MAX, "windows"));
        *gaps = Gaps { any: Some(reported), windows: Some(reported), ..*gaps };
    }
    entries.into_iter().take(WINDOWS_MAX).map(|entry| window(entry, findings)).collect()
}

fn too_many(max: usize, what: &str) -> Problem {
    Problem::new(format!("more than {max} {what}"), "one too many").help(format!("leave {max} of them at most"))
}

fn window(entry: &Entry, findings: &mut Findings<'_>) -> WindowSyntax {
    let written = entry.key.scalar.text.clone();
    let title = format!("window {}", quoted(&written));
    let name = match new_name(&entry.key.scalar) {
        Ok(value) => Ok(Spanned { value, span: entry.key.span }),
        Err(problem) => Err(findings.push(entry.key.span, problem.of("the window's name"))),
    };
    let section = Section::new(title, entry.key.span, &keys::WINDOW, &entry.value, findings);
    let body = section.map(|section| WindowBody {
        zone: section.required("timezone", "Europe/Madrid", findings, moment::timezone),
        span: span(&section, findings),
        except: section.entry("except").map(|entry| exceptions(entry, findings)).unwrap_or_default(),
    });
    WindowSyntax { written, name, body }
}

fn new_name(scalar: &Scalar) -> Result<WindowName, Problem> {
    let name = name(scalar)?;
    if name.as_str() == ALWAYS {
        let problem = Problem::new(format!("is taken: {}", quoted(ALWAYS)), "`window: always` means at any time");
        return Err(problem.help("give the window another name"));
    }
    Ok(name)
}

fn name(scalar: &Scalar) -> Result<WindowName, Problem> {
    let text = scalar::text(scalar)?;
    WindowName::new(text.clone()).map_err(|_| {
        Problem::new(format!("is not a name: {}", quoted(&text)), "not a window's name")
            .help("use letters, digits, `.`, `_` and `-`, at most 64, with a letter or digit first")
    })
}

fn exceptions(entry: &Entry, findings: &mut Findings<'_>) -> Vec<Result<ExceptSyntax, Reported>> {
    let parts = match section::one_or_more("`except`", entry, findings) {
        Ok(parts) => parts,
        Err(reported) => return vec![Err(reported)],
    };
    let mut exceptions: Vec<_> = parts.iter().take(EXCEPT_MAX).map(|part| exception(part, findings)).collect();
    if let Some(extra) = parts.get(EXCEPT_MAX) {
        exceptions.push(Err(findings.push(extra.head(), too_many(EXCEPT_MAX, "exceptions of one window"))));
    }
    let names = exceptions.iter().filter_map(|except| match except {
        Ok(ExceptSyntax::Window(name)) => Some(name),
        _ => None,
    });
    report_twice("`except`", names, findings);
    exceptions
}

fn exception(part: &Node, findings: &mut Findings<'_>) -> Result<ExceptSyntax, Reported> {
    if !matches!(part.content, Content::Map(_)) {
        return section::value("`except`", part.head(), part, findings, name).map(ExceptSyntax::Window);
    }
    let section = Section::new("an exception".into(), part.head(), &keys::EXCEPT, part, findings)?;
    span(&section, findings).map(ExceptSyntax::Span)
}

/// The days and the times of a window or of an exception.
fn span(section: &Section<'_>, findings: &mut Findings<'_>) -> Result<window::Span, Reported> {
    let days = section.entry("days").map(|entry| list("`days`", entry, window::DAYS_IN_A_WEEK, findings, moment::day));
    let dates = section.entry("dates").map(|entry| list("`dates`", entry, DATES_MAX, findings, moment::date));
    let times = times(section, findings);
    let on = match (days, dates) {
        (Some(_), Some(_)) => Err(findings.push(section.key("dates"), days_and_dates(section.key("days")))),
        (Some(days), None) => days.map(|days| On::Days(days.into_iter().collect())),
        (None, Some(dates)) => dates.map(|dates| On::Dates(dates.into_iter().collect())),
        (None, None) => Ok(On::Days(window::Days::ALL)),
    };
    let (on, (from, to)) = (on?, times?);
    Ok(window::Span { on, from, to })
}

fn days_and_dates(days: Span) -> Problem {
    Problem::new("both `days` and `dates`", "days of the calendar")
        .related(days, "days of the week")
        .help("write one of the two: it is not clear whether both must be so, or either")
}

/// `from` and `to`; the whole day without them.
fn times(section: &Section<'_>, findings: &mut Findings<'_>) -> Result<(TimeOfDay, TimeOfDay), Reported> {
    let from = section.optional("from", findings, moment::beginning);
    let to = section.optional("to", findings, moment::time_of_day);
    match (from, to) {
        (None, None) => Ok((TimeOfDay::START, TimeOfDay::END)),
        (Some(from), Some(to)) => {
            let (from, to) = (from?, to?);
            if from.value == to.value {
                return Err(findings.push(to.span, no_length(from.span)));
            }
            Ok((from.value, to.value))
        }
        (Some(from), None) => from.and_then(|from| Err(findings.push(from.span, half("from", "to", "24:00")))),
        (None, Some(to)) => to.and_then(|to| Err(findings.push(to.span, half("to", "from", "00:00")))),
    }
}

fn no_length(from: Span) -> Problem {
    Problem::new("`to` is the same time as `from`", "never, or a whole day?").related(from, "it begins at this time").help(
        "for whole days remove both; for 24 hours that begin at another time write two windows, up to \"24:00\" and from \"00:00\"",
    )
}

fn half(there: &str, missing: &str, example: &str) -> Problem {
    Problem::new(format!("`{there}` without `{missing}`"), format!("`{missing}` is missing"))
        .help(format!("add one such as `{missing}: \"{example}\"`; without either, it is the whole day"))
}

/// The values of a key that takes one or a list of them, none twice.
fn list<T: Eq + Hash + Clone>(
    name: &str,
    entry: &Entry,
    max: usize,
    findings: &mut Findings<'_>,
    read: fn(&Scalar) -> Result<T, Problem>,
) -> Result<Vec<T>, Reported> {
    let items = section::one_or_more(name, entry, findings)?;
    let values: Vec<Field<T>> =
        items.iter().take(max).map(|item| section::value(name, item.head(), item, findings, read)).collect();
    report_twice(name, values.iter().flatten(), findings);
    if let Some(extra) = items.get(max) {
        return Err(findings.push(extra.head(), too_many(max, &format!("values of {name}"))));
    }
    values.into_iter().map(|value| value.map(|value| value.value)).collect()
}

/// A job's `window`: names of windows; none for `always`.
pub(super) fn of_job(entry: &Entry, findings: &mut Findings<'_>) -> Field<Vec<Field<WindowName>>> {
    let items = section::one_or_more("`window`", entry, findings)?;
    let at = entry.value.head();
    let mut names: Vec<Field<WindowName>> = items
        .iter()
        .take(JOB_WINDOWS_MAX)
        .map(|item| section::value("`window`", item.head(), item, findings, name))
        .collect();
    if let Some(extra) = items.get(JOB_WINDOWS_MAX) {
        return Err(findings.push(extra.head(), too_many(JOB_WINDOWS_MAX, "windows of one job")));
    }
    report_twice("`window`", names.iter().flatten(), findings);
    let always = names.iter().flatten().find(|name| name.value.as_str() == ALWAYS).map(|name| name.span);
    match always {
        Some(span) if names.len() > 1 => {
            let problem = Problem::new("`always` beside other windows", "at any time: the others mean nothing")
                .help("leave `always` alone, or remove it");
            return Err(findings.push(span, problem));
        }
        Some(_) => names.clear(),
        None => {}
    }
    Ok(Spanned { value: names, span: at })
}
