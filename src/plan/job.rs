//! `jobs` and `defaults.job`: what is written there, value by value.

use std::time::Duration;

use super::choice::{self, choice};
use super::duration::{self, duration};
use super::finding::{Findings, Reported, quoted};
use super::keys;
use super::number;
use super::problem::Problem;
use super::section::{self, Field, Section};
use super::spanned::Spanned;
use super::tree::{Content, Entry, Node, Scalar};
use super::twice::report_twice;
use super::window;
use super::{id, moment, name, scalar};
use crate::desired::{Hold, JobKind, OnTimeout, Retry, RetryWhen, When};
use crate::hold::REASON_LENGTH_MAX;
use crate::names::{JobAddress, JobId, JobName, ServerName, WindowName};

/// The most jobs of one plan.
pub(super) const JOBS_MAX: usize = 10_000;

/// The most jobs that one comes after.
pub(super) const AFTER_MAX: usize = 100;

/// How long is waited between two tries where the plan does not say.
const RETRY_WAIT: Duration = Duration::from_secs(15 * 60);

/// One of `jobs`.
pub(super) struct JobSyntax {
    pub(super) name: Field<JobName>,
    pub(super) server: Field<ServerName>,
    pub(super) id: Field<JobId>,
    pub(super) after: Vec<Result<AfterSyntax, Reported>>,
    pub(super) hold: Option<Field<Hold>>,
    pub(super) settings: JobSettings,
}

impl JobSyntax {
    /// Its address, if both parts of it could be read.
    pub(super) fn address(&self) -> Result<JobAddress, Reported> {
        let part = |reported: &Reported| *reported;
        let server = self.server.as_ref().map_err(part)?.value.clone();
        Ok(JobAddress { server, job: self.name.as_ref().map_err(part)?.value.clone() })
    }
}

/// A job that another one comes after.
pub(super) struct AfterSyntax {
    pub(super) job: Spanned<JobAddress>,
    pub(super) when: When,
}

/// What a job and `defaults.job` share.
#[derive(Default)]
pub(super) struct JobSettings {
    pub(super) kind: Option<Field<JobKind>>,
    pub(super) priority: Option<Field<i64>>,
    /// No names: at any time.
    pub(super) window: Option<Field<Vec<Field<WindowName>>>>,
    pub(super) fits: Option<Field<bool>>,
    pub(super) every: Option<Field<Duration>>,
    pub(super) max_age: Option<Field<Duration>>,
    pub(super) retry: Option<Field<Retry>>,
    pub(super) timeout: Option<Field<Duration>>,
    pub(super) start_timeout: Option<Field<Duration>>,
    pub(super) on_timeout: Option<Field<OnTimeout>>,
    pub(super) keep_disabled: Option<Field<bool>>,
}

/// Reads `jobs` of all files.
pub(super) fn jobs(tops: &[Section<'_>], findings: &mut Findings<'_>, gap: &mut Option<Reported>) -> Vec<JobSyntax> {
    let mut jobs = Vec::new();
    for entry in tops.iter().flat_map(|top| top.all("jobs")) {
        let items = section::items("`jobs`", entry.key.span, &entry.value, findings).unwrap_or_else(|reported| {
            *gap = Some(reported);
            &[]
        });
        for item in items {
            if jobs.len() == JOBS_MAX {
                let problem = Problem::new(format!("more than {JOBS_MAX} jobs"), "one too many");
                *gap = Some(findings.push(item.head(), problem.help("divide them among several plans")));
                return jobs;
            }
            match job(item, findings) {
                Ok(job) => jobs.push(job),
                Err(reported) => *gap = Some(reported),
            }
        }
    }
    jobs
}

fn job(item: &Node, findings: &mut Findings<'_>) -> Result<JobSyntax, Reported> {
    let section = Section::new(title(item), item.head(), &keys::JOB, item, findings)?;
    Ok(JobSyntax {
        name: section.required("name", "accounts", findings, name::of_job),
        server: section.required("server", "server1", findings, name::of_server),
        id: section.required("id", "6503eec8ebbf07708d06f1d2", findings, id::job),
        after: section.entry("after").map(|entry| after(entry, findings)).unwrap_or_default(),
        hold: section.entry("hold").map(|entry| hold(entry, findings)),
        settings: settings(&section, findings),
    })
}

/// The job as messages call it: by its name, if it has one.
fn title(item: &Node) -> String {
    let Content::Map(entries) = &item.content else { return "a job".into() };
    let name = entries.iter().find(|entry| entry.key.scalar.text == "name").map(|entry| &entry.value.content);
    match name {
        Some(Content::Scalar(name)) if !name.is_nothing() => format!("job {}", quoted(&name.text)),
        _ => "a job".into(),
    }
}

/// Reads what a job and `defaults.job` share.
pub(super) fn settings(section: &Section<'_>, findings: &mut Findings<'_>) -> JobSettings {
    JobSettings {
        kind: section.optional("type", findings, choice::<choice::Kind>),
        priority: section.optional("priority", findings, number::priority),
        window: section.entry("window").map(|entry| window::of_job(entry, findings)),
        fits: section.optional("fits", findings, choice::switch),
        every: section.optional("every", findings, duration(duration::EVERY)),
        max_age: section.optional("max_age", findings, duration(duration::MAX_AGE)),
        retry: section.entry("retry").map(|entry| retry(entry, findings)),
        timeout: section.optional("timeout", findings, duration(duration::TIMEOUT)),
        start_timeout: section.optional("start_timeout", findings, duration(duration::START_TIMEOUT)),
        on_timeout: section.optional("on_timeout", findings, choice::<choice::OnTimeout>),
        keep_disabled: section.optional("keep", findings, choice::<choice::KeepJob>),
    }
}

fn after(entry: &Entry, findings: &mut Findings<'_>) -> Vec<Result<AfterSyntax, Reported>> {
    let parts = match section::one_or_more("`after`", entry, findings) {
        Ok(parts) => parts,
        Err(reported) => return vec![Err(reported)],
    };
    let mut after: Vec<_> = parts.iter().take(AFTER_MAX).map(|part| predecessor(part, findings)).collect();
    if let Some(extra) = parts.get(AFTER_MAX) {
        let problem = Problem::new(format!("more than {AFTER_MAX} jobs in `after`"), "one too many");
        after.push(Err(findings.push(extra.head(), problem.help("name the last of a chain only"))));
    }
    report_twice("`after`", after.iter().flatten().map(|after| &after.job), findings);
    after
}

fn predecessor(part: &Node, findings: &mut Findings<'_>) -> Result<AfterSyntax, Reported> {
    if !matches!(part.content, Content::Map(_)) {
        let job = section::value("`after`", part.head(), part, findings, address)?;
        return Ok(AfterSyntax { job, when: When::Success });
    }
    let section = Section::new("a part of `after`".into(), part.head(), &keys::AFTER, part, findings)?;
    let job = section.required("job", "server1/accounts", findings, address);
    let when = section.optional("when", findings, choice::<choice::AfterWhen>);
    Ok(AfterSyntax { job: job?, when: when.transpose()?.map_or(When::Success, |when| when.value) })
}

fn address(scalar: &Scalar) -> Result<JobAddress, Problem> {
    let text = scalar::text(scalar)?;
    text.parse().map_err(|_| {
        Problem::new(format!("is not a job's address: {}", quoted(&text)), "not `server/job`")
            .help("write the name of its server, a slash and its own name: server1/accounts")
    })
}

fn retry(entry: &Entry, findings: &mut Findings<'_>) -> Field<Retry> {
    let section = Section::new("`retry`".into(), entry.key.span, &keys::RETRY, &entry.value, findings)?;
    let attempts = section.required("attempts", "2", findings, number::attempts);
    let wait = section.optional("wait", findings, duration(duration::RETRY_WAIT));
    let when = section.entry("when").map(|entry| retry_when(entry, findings));
    let (attempts, wait, when) = (attempts?.value, wait.transpose()?, when.transpose()?);
    let retry =
        Retry { attempts, wait: wait.map_or(RETRY_WAIT, |wait| wait.value), when: when.unwrap_or(RetryWhen::ANY) };
    // Tried once is not tried again, whatever the rest says.
    let value = if attempts == 1 { Retry::NEVER } else { retry };
    Ok(Spanned { value, span: entry.key.span })
}

fn retry_when(entry: &Entry, findings: &mut Findings<'_>) -> Result<RetryWhen, Reported> {
    let items = section::one_or_more("`when`", entry, findings)?;
    let read = |item: &Node, findings: &mut Findings<'_>| {
        section::value("`when`", item.head(), item, findings, choice::<choice::FailureWord>)
    };
    let kinds: Vec<Field<choice::Failure>> = items.iter().map(|item| read(item, findings)).collect();
    report_twice("`when`", kinds.iter().flatten(), findings);
    let kinds: Vec<choice::Failure> =
        kinds.into_iter().map(|kind| kind.map(|kind| kind.value)).collect::<Result<_, _>>()?;
    Ok(RetryWhen {
        failed: kinds.contains(&choice::Failure::Failed),
        never_started: kinds.contains(&choice::Failure::NeverStarted),
        api_error: kinds.contains(&choice::Failure::ApiError),
    })
}

fn hold(entry: &Entry, findings: &mut Findings<'_>) -> Field<Hold> {
    let span = entry.key.span;
    if !matches!(entry.value.content, Content::Map(_)) {
        let reason = section::value("`hold`", span, &entry.value, findings, reason)?;
        return Ok(Spanned { value: Hold { reason: reason.value, until: None }, span });
    }
    let section = Section::new("`hold`".into(), span, &keys::HOLD, &entry.value, findings)?;
    let reason = section.required("reason", "\"the disk is being replaced\"", findings, reason);
    let until = section.optional("until", findings, moment::until_moment);
    let (reason, until) = (reason?.value, until.transpose()?.map(|until| until.value));
    Ok(Spanned { value: Hold { reason, until }, span })
}

/// Why a job is held: whoever meets the hold in three months must know.
fn reason(scalar: &Scalar) -> Result<String, Problem> {
    const HELP: &str =
        "say why in words, `hold: \"the disk is being replaced\"`; to have the job run again, remove `hold`";
    if scalar.plain && scalar::other_reading(&scalar.text).is_some() {
        let shown = quoted(&scalar.source);
        return Err(Problem::new(format!("says no reason: {shown}"), "a reason is expected").help(HELP));
    }
    let text = scalar::text(scalar)?;
    if text.trim().is_empty() {
        return Err(Problem::new("says no reason", "nothing but space").help(HELP));
    }
    if text.chars().count() > REASON_LENGTH_MAX {
        return Err(Problem::new(format!("is longer than {REASON_LENGTH_MAX} characters"), "too long for one line")
            .help("say the rest in a comment"));
    }
    Ok(crate::printable::printable(&text))
}
