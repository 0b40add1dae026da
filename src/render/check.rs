//! The verdict of `jbr check` as the plug-ins of Nagios and Icinga say it: one line that says all, a line a job, and figures behind a `|`.

use std::fmt::Write as _;

use super::held;
use super::page::Page;
use super::remark;
use super::when::{about, ago, limit};
use super::words::{self, count};
use crate::check::{Check, Finding, JobCheck, Level, level_of};
use crate::printable::printable;
use crate::seen::Seen;

/// The first line names this many jobs; the others are in the lines below.
const NAMED_MAX: usize = 3;

/// The level as the monitoring world spells it.
#[must_use]
pub fn word(level: Level) -> &'static str {
    match level {
        Level::Ok => "OK",
        Level::Warning => "WARNING",
        Level::Unknown => "UNKNOWN",
        Level::Critical => "CRITICAL",
    }
}

/// The verdict: the first line with the totals as figures, then each job and remark, at the end each job's age as a figure.
///
/// Figures begin at a `|`, so no other text has one.
#[must_use]
pub fn text(check: &Check, page: &Page) -> String {
    let mut text = format!("JBR {} - {} | {}\n", word(check.level()), plain(&summary(check, page)), totals(check));
    let jobs = check.jobs.iter().map(|job| (job.level(), job_line(job, check, page)));
    let remarks = check.remarks.iter().map(|remark| (level_of(remark), remark_line(remark, check, page)));
    let lines = jobs.chain(remarks).map(|(level, line)| format!("{} {}", word(level), plain(&line)));
    let ages: Vec<String> = check.jobs.iter().map(|job| age(job, check)).collect();
    text.push_str(&lines.collect::<Vec<String>>().join("\n"));
    if !ages.is_empty() {
        let _ = write!(text, " | {}", ages.join("\n"));
    }
    text.push('\n');
    text
}

/// The line for a check that could not be made.
#[must_use]
pub fn failed(why: &str) -> String {
    format!("JBR {} - {}\n", word(Level::Unknown), plain(&why.lines().map(printable).collect::<Vec<_>>().join("; ")))
}

fn summary(check: &Check, page: &Page) -> String {
    let total = count(check.jobs.len(), "job");
    let mut bad: Vec<(Level, String)> = check
        .jobs
        .iter()
        .map(|job| (job.level(), job_line(job, check, page)))
        .chain(check.remarks.iter().map(|remark| (level_of(remark), remark_line(remark, check, page))))
        .filter(|(level, _)| *level > Level::Ok)
        .collect();
    if bad.is_empty() {
        let oldest = check.jobs.iter().max_by_key(|job| job.history.age(check.at));
        let oldest = oldest.and_then(|job| Some((job, job.history.age(check.at)?)));
        let oldest = oldest.map_or(String::new(), |(job, age)| {
            format!(", each with a good backup to count on; the oldest ended {} ago ({})", about(age), job.address)
        });
        return format!("{total}{oldest}");
    }
    // A stable sort: of the same level, as the files have them.
    bad.sort_by_key(|(level, _)| std::cmp::Reverse(*level));
    let levels = [Level::Critical, Level::Unknown, Level::Warning];
    let counts = levels.map(|level| (check.count(level), word(level).to_lowercase()));
    let mut counts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if counts.is_empty() {
        counts.push("none bad".to_owned());
    }
    let named: Vec<String> = bad.iter().take(NAMED_MAX).map(|(_, line)| line.clone()).collect();
    let more = bad.len().saturating_sub(NAMED_MAX);
    let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
    format!("of {total} {}: {}{more}", counts.join(", "), named.join("; "))
}

fn job_line(job: &JobCheck, check: &Check, page: &Page) -> String {
    let mut parts: Vec<String> = vec![last_good(job, check)];
    parts.extend(job.findings.iter().map(|finding| said(job, finding, check, page)).filter(|said| !said.is_empty()));
    if job.runs == Some(true) {
        parts.push("a backup of it is under way".to_owned());
    }
    format!("{}: {}", job.address, parts.join("; "))
}

fn last_good(job: &JobCheck, check: &Check) -> String {
    let max_age = job.max_age.map_or(String::new(), |max_age| format!(" (at most {})", about(max_age)));
    match &job.history.last_good {
        Seen::Known(Some(at)) => {
            let partial = if job.history.partial { "partial " } else { "" };
            format!("last good {partial}backup ended {}{max_age}", ago(*at, check.at))
        }
        Seen::Known(None) => "no good backup is known".to_owned(),
        Seen::Unknown(_) => "it is not known when the last good backup was".to_owned(),
    }
}

fn said(job: &JobCheck, finding: &Finding, check: &Check, page: &Page) -> String {
    match finding {
        Finding::Missing { id } => format!("{} has no backup job with the id {id}", job.address.server),
        // The line begins with it.
        Finding::Never => String::new(),
        Finding::TooOld => "too old".to_owned(),
        Finding::Unread { why, is_proven } => {
            let what = if *is_proven || matches!(job.history.last_good, Seen::Unknown(_)) {
                ""
            } else {
                "too old, unless there is a newer one: "
            };
            let why = words::own_words(&job.address.server, &why.0);
            format!("{what}not everything could be read ({})", printable(why))
        }
        Finding::Held => {
            let holds = job.holds.as_ref();
            holds.map_or(String::new(), |holds| held::holds(&job.address, holds, page.zone, check.at))
        }
        Finding::Failing { times: 1 } => "the last time it did not end well".to_owned(),
        Finding::Failing { times } => format!("the last {times} times it did not end well"),
        Finding::Partial => "partial, and the plan says `partial: fail`".to_owned(),
        Finding::EveryTooShort { every, median } => {
            format!("it takes about {}, longer than its `every` of {}", about(*median), limit(*every))
        }
        Finding::Hindered { why } => printable(why),
    }
}

fn remark_line(remark: &crate::diff::Remark, check: &Check, page: &Page) -> String {
    let context = remark::Context {
        own: std::collections::BTreeSet::new(),
        now: check.at,
        zone: page.zone,
        unreachable_wait: std::time::Duration::ZERO,
    };
    let sentence = context.sentence(remark);
    // A declared job's address names its server already.
    let is_addressed = remark.about.as_ref().is_some_and(|about| about.starts_with(&format!("{}/", remark.server)));
    if is_addressed { sentence } else { format!("{}: {sentence}", remark.server) }
}

fn totals(check: &Check) -> String {
    let figure = |level: Level| format!("{}={};;;0", word(level).to_lowercase(), check.count(level));
    let levels = [Level::Ok, Level::Warning, Level::Unknown, Level::Critical].map(figure);
    format!("jobs={};;;0 {} remarks={};;;0", check.jobs.len(), levels.join(" "), check.remarks.len())
}

/// `'server1/accounts'=79800s;;93600;0`; `U` is the plug-ins' word for a figure that nobody knows.
fn age(job: &JobCheck, check: &Check) -> String {
    let max_age = job.max_age.map_or(String::new(), |max_age| max_age.as_secs().to_string());
    let age = job.history.age(check.at).map_or("U".to_owned(), |age| format!("{}s", age.as_secs()));
    format!("'{}'={age};;{max_age};0", job.address)
}

fn plain(text: &str) -> String {
    text.replace('|', "¦")
}
