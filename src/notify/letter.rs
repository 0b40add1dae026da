//! A notice as a mail: a subject that sorts, a text, and the same as HTML.
//!
//! What comes from a server is one line of visible characters in each of them, and never a tag or a header.

use super::markup::Markup;
use super::notice::{Cause, Notice, What};
use crate::execute::End;
use crate::execute::outcome::{Outcome, Verdict};
use crate::printable::printable;
use crate::render::summary::{Ending, why};
use crate::render::when::{about, duration};
use crate::render::{Page, Style, Summary, count};

/// How wide the text is: what every mail program shows.
const WIDTH: usize = 78;
/// The longest subject, in characters.
const SUBJECT_LENGTH_MAX: usize = 120;
/// What stands at the end of a subject that was cut.
const CUT: &str = "...";
/// How many jobs a subject names.
const NAMED_MAX: usize = 2;

/// A notice as a mail.
#[derive(Debug, Clone)]
pub(super) struct Letter<'a> {
    pub(super) subject: String,
    notice: &'a Notice<'a>,
}

impl<'a> Letter<'a> {
    pub(super) fn new(notice: &'a Notice<'a>) -> Self {
        let subject = format!("[jbr {}] {}: {}", notice.host, notice.cause().word(), gist(notice));
        Self { subject: shortened(&printable(&subject)), notice }
    }

    pub(super) fn text(&self) -> String {
        let notice = self.notice;
        let page = Page::new(WIDTH, Style::Plain, notice.zone);
        let body = match &notice.what {
            What::RunEnded { summary, quotes } => format!("{}{}", summary.text(&page), quotes.text()),
            What::Alarm { run, sentence } => {
                format!("{sentence}.\n\nThe run {run} goes on. `jbr status` says what runs now.\n")
            }
            What::Stale(lines) => listed(lines, "  x "),
            What::NoRun { said } => listed(said, "  "),
            What::Test => "This is a test: mail from jbr arrives.\n".to_owned(),
        };
        format!("{}\n\n{body}\n-- \n{}\n", lead(notice), signature(notice))
    }

    pub(super) fn html(&self) -> String {
        let notice = self.notice;
        let mut html = Markup::default();
        html.tag(
            "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head><body style=\"font-family: sans-serif\">\n",
        );
        html.element("<h3>", &lead(notice), "</h3>\n");
        match &notice.what {
            What::RunEnded { summary, quotes } => {
                run(&mut html, summary, notice);
                quotes.html(&mut html);
            }
            What::Alarm { run, sentence } => {
                html.element("<p>", sentence, ".</p>\n");
                html.element("<p>", &format!("The run {run} goes on. `jbr status` says what runs now."), "</p>\n");
            }
            What::Stale(lines) | What::NoRun { said: lines } => {
                html.tag("<ul>\n");
                for line in lines {
                    html.element("<li>", line, "</li>\n");
                }
                html.tag("</ul>\n");
            }
            What::Test => {
                html.element("<p>", "This is a test: mail from jbr arrives.", "</p>\n");
            }
        }
        html.element("<p style=\"color: #666\">", &signature(notice), "</p>\n").tag("</body></html>\n");
        html.finish()
    }
}

fn listed(lines: &[String], before: &str) -> String {
    let lines: Vec<String> = lines.iter().map(|line| format!("{before}{}\n", printable(line))).collect();
    lines.concat()
}

/// The most important thing in a few words; with the first jobs it is about.
fn gist(notice: &Notice<'_>) -> String {
    match &notice.what {
        What::RunEnded { summary, quotes: _ } => gist_of_run(summary, notice.cause()),
        What::Alarm { sentence, .. } => sentence.split("; ").next().unwrap_or(sentence).to_owned(),
        What::Stale(lines) => {
            let jobs = lines.iter().map(|line| line.split(": ").next().unwrap_or(line).to_owned()).collect();
            format!("{} without a backup that is young enough: {}", count(lines.len(), "job"), some(jobs))
        }
        What::NoRun { said } => format!("nothing was run: {}", why_not(said)),
        What::Test => "notices arrive".to_owned(),
    }
}

/// The first line; and the first of a list that it begins.
fn why_not(said: &[String]) -> String {
    let mut lines = said.iter().map(|line| line.trim());
    let first = lines.next().unwrap_or_default();
    match lines.next().filter(|_| first.ends_with(':')) {
        Some(second) => format!("{first} {second}"),
        None => first.to_owned(),
    }
}

/// As much of a subject as is shown, up to the end of a word. Three full stops keep it plain ASCII, if it is.
fn shortened(subject: &str) -> String {
    if subject.chars().count() <= SUBJECT_LENGTH_MAX {
        return subject.to_owned();
    }
    let kept: String = subject.chars().take(SUBJECT_LENGTH_MAX - CUT.len()).collect();
    let words = kept.rsplit_once(' ').map_or(&*kept, |(words, _)| words);
    // One endless word is cut in its middle.
    let kept = if words.len() * 2 > kept.len() { words } else { &*kept };
    format!("{}{CUT}", kept.trim_end_matches([',', ':', ';', ' ']))
}

fn gist_of_run(summary: &Summary<'_>, cause: Cause) -> String {
    let total = summary.queue.items.len();
    let of = |is_meant: &dyn Fn(&Outcome) -> bool| -> Vec<String> {
        let items = summary.queue.items.iter();
        let meant = items.filter(|item| summary.journal.outcome(&item.address).is_some_and(is_meant));
        meant.map(|item| item.address.to_string()).collect()
    };
    let bad = of(&|outcome| !outcome.verdict.is_good());
    if !bad.is_empty() {
        return format!("{} of {} without a good backup: {}", bad.len(), count(total, "job"), some(bad));
    }
    let partial = of(&|outcome| outcome.verdict == Verdict::Partial);
    let overdue = of(&|outcome| outcome.overdue);
    let missed: Vec<String> = summary.missed_again().map(ToString::to_string).collect();
    let is_over = matches!(summary.ending, Ending::Ended(End::Complete));
    match cause {
        Cause::Unsafe => format!("run {}: see what needs attention", summary.run),
        Cause::Timeout => {
            format!("{} took longer than the timeout, and ended well: {}", count(overdue.len(), "job"), some(overdue))
        }
        Cause::Partial => format!("{} of {} in part: {}", partial.len(), count(total, "job"), some(partial)),
        Cause::Unreachable => format!("not every server answered in the run {}", summary.run),
        Cause::Failure if !missed.is_empty() => {
            format!("{} not done in two runs in a row: {}", count(missed.len(), "job"), some(missed))
        }
        Cause::Failure if !is_over => format!("the run {} ended before its end", summary.run),
        // The plan's `partial: fail`.
        Cause::Failure if !partial.is_empty() => {
            format!("{} of {} in part: {}", partial.len(), count(total, "job"), some(partial))
        }
        Cause::Failure => format!("in the run {} not all was run that was asked for", summary.run),
        Cause::Test | Cause::Finished | Cause::Stale => format!("{}, all good", count(total, "job")),
    }
}

fn some(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(NAMED_MAX);
    names.truncate(NAMED_MAX);
    let shown = names.join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

fn lead(notice: &Notice<'_>) -> String {
    let what = match &notice.what {
        What::RunEnded { .. } => gist(notice),
        What::Alarm { .. } => "This cannot wait for the end of the run".to_owned(),
        What::Stale(lines) => format!("{} without a backup that is young enough", count(lines.len(), "job")),
        What::NoRun { .. } => "jbr apply ended before it could begin a run".to_owned(),
        What::Test => "A test".to_owned(),
    };
    printable(&format!("{}: {what}.", notice.cause().word()))
}

fn signature(notice: &Notice<'_>) -> String {
    format!("jbr on {}, {}", printable(notice.host), notice.zone.with_offset(notice.at))
}

fn run(html: &mut Markup, summary: &Summary<'_>, notice: &Notice<'_>) {
    html.element("<p>", &summary.title(), "</p>\n");
    html.tag("<table border=\"1\" cellspacing=\"0\" cellpadding=\"4\">\n<tr>");
    for title in ["job", "outcome", "took", "usually", "ended", "why"] {
        html.element("<th align=\"left\">", title, "</th>");
    }
    html.tag("</tr>\n");
    for item in &summary.queue.items {
        let outcome = summary.journal.outcome(&item.address);
        let dash = || "–".to_owned();
        let took = outcome.and_then(|outcome| Some(duration(crate::clock::elapsed(outcome.started?, outcome.ended))));
        html.tag(match outcome {
            Some(outcome) if outcome.verdict == Verdict::Completed && !outcome.overdue => "<tr>",
            Some(outcome) if outcome.verdict.is_good() => "<tr style=\"background: #ffd\">",
            Some(_) | None => "<tr style=\"background: #fdd\">",
        });
        html.element("<td>", &item.address.to_string(), "</td>");
        html.element("<td>", &outcome.map_or("not done".to_owned(), |outcome| outcome.verdict.word()), "</td>");
        html.element("<td align=\"right\">", &took.unwrap_or_else(dash), "</td>");
        html.element("<td align=\"right\">", &summary.usual(&item.address).map_or_else(dash, about), "</td>");
        let ended = outcome.map_or_else(dash, |outcome| notice.zone.near(outcome.ended, summary.now));
        html.element("<td>", &ended, "</td>");
        html.element("<td>", &outcome.map_or(String::new(), why), "</td>").tag("</tr>\n");
    }
    html.tag("</table>\n");
    // What else there is to say is said once, in the words that the terminal has.
    let page = Page::new(WIDTH, Style::Plain, notice.zone);
    html.tag("<pre>\n");
    for line in summary.remainder(&page).lines() {
        html.text(line).tag("\n");
    }
    html.tag("</pre>\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Zone;

    #[test]
    fn what_a_stranger_wrote_stays_text_on_its_line() {
        let said = vec!["a </li><script>\r\nSubject: x\u{1b}[2J\u{202e}".to_owned(), "b & c".to_owned()];
        let at = "2026-11-23T02:00:00Z".parse().unwrap();
        let notice = Notice {
            causes: vec![Cause::Failure],
            at,
            host: "pi\r\nBcc: x",
            zone: Zone::utc(),
            what: What::NoRun { said },
        };
        let letter = Letter::new(&notice);
        let (text, html) = (letter.text(), letter.html());
        assert_eq!(letter.subject.lines().count(), 1);
        assert!(
            letter.subject.starts_with("[jbr pi\\r\\nBcc: x] FAILURE: nothing was run: a </li>"),
            "{}",
            letter.subject
        );
        assert!(letter.subject.chars().count() <= SUBJECT_LENGTH_MAX);
        for out in [&letter.subject, &text, &html] {
            assert!(!out.contains('\r') && !out.contains('\u{1b}') && !out.contains('\u{202e}'), "{out:?}");
        }
        assert!(
            html.contains("<li>a &lt;/li&gt;&lt;script&gt;\\r\\nSubject: x") && html.contains("<li>b &amp; c</li>"),
            "{html}"
        );
        assert!(!html.contains("<script"), "{html}");
        assert!(text.contains("\n  b & c\n"), "{text}");
    }
    #[test]
    fn a_subject_that_is_too_long_ends_with_a_word() {
        let words = "word ".repeat(50);
        let subject = shortened(words.trim());
        assert!(subject.ends_with("word word...") && subject.len() > SUBJECT_LENGTH_MAX - 8, "{subject}");
        assert_eq!(shortened(&"x".repeat(200)), format!("{}...", "x".repeat(SUBJECT_LENGTH_MAX - 3)));
        let fits = "é".repeat(SUBJECT_LENGTH_MAX);
        assert_eq!(shortened(&fits), fits);
    }

    #[test]
    fn why_nothing_was_run_names_the_first_thing_that_is_wrong() {
        let said = |lines: &[&str]| why_not(&lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            said(&["the plan does not fit:", "  a/two: no such job", "  b"]),
            "the plan does not fit: a/two: no such job"
        );
        assert_eq!(said(&["the state cannot be read", "mend it"]), "the state cannot be read");
        assert_eq!(said(&[]), "");
    }
}
