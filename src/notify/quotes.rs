//! What JetBackup's logs say of the backups that did not end well, for the mail that tells of them.

use super::excerpt::{Excerpt, Piece};
use super::markup::Markup;
use crate::execute::journal::Journal;
use crate::execute::outcome::{Outcome, Verdict};
use crate::names::{GroupId, JobAddress};
use crate::queue::Queue;
use crate::render::count;
use crate::seen::Seen;

/// How many logs one mail quotes.
const QUOTES_MAX: usize = 20;

/// A log that is worth quoting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The job whose backup it is of.
    pub job: JobAddress,
    /// The backup.
    pub group: GroupId,
}

/// The logs that are worth quoting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Those that are asked for, the worst ends first.
    pub wanted: Vec<Wanted>,
    /// How many more there are.
    pub left_out: usize,
}

/// What the logs said, or why that is not known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Quotes {
    /// One a log, in the order in which they are shown.
    pub quotes: Vec<(JobAddress, Seen<Excerpt>)>,
    /// How many logs were not asked for, because there are too many.
    pub left_out: usize,
}

impl Wish {
    /// The logs of what did not end well, as far as JetBackup has any: those of backups in part come last.
    #[must_use]
    pub fn of(queue: &Queue, journal: &Journal) -> Self {
        let ended = queue.items.iter().filter_map(|item| Some((&item.address, journal.outcome(&item.address)?)));
        let mut told: Vec<(&JobAddress, &Outcome)> = ended.filter(|(_, outcome)| is_worth_quoting(outcome)).collect();
        told.sort_by_key(|(_, outcome)| outcome.verdict.is_good());
        let left_out = told.len().saturating_sub(QUOTES_MAX);
        let wanted =
            |(job, outcome): (&JobAddress, &Outcome)| Some(Wanted { job: job.clone(), group: outcome.group.clone()? });
        Self { wanted: told.into_iter().take(QUOTES_MAX).filter_map(wanted).collect(), left_out }
    }
}

fn is_worth_quoting(outcome: &Outcome) -> bool {
    let has_said_why = match outcome.verdict {
        Verdict::Completed | Verdict::Skipped | Verdict::NeverStarted | Verdict::Lost => false,
        Verdict::Partial
        | Verdict::Unconfirmed
        | Verdict::Aborted
        | Verdict::NeverFinished
        | Verdict::Failed
        | Verdict::UnknownStatus(_) => true,
    };
    has_said_why && outcome.group.is_some()
}

impl Quotes {
    /// As text, each line of a log marked as a quotation; empty where there is nothing to quote.
    pub(super) fn text(&self) -> String {
        let mut lines = Vec::new();
        for (job, quote) in &self.quotes {
            lines.extend([String::new(), title(job, quote)]);
            lines.extend(pieces(quote).iter().map(|piece| format!("> {}", shown(piece))));
        }
        if self.left_out > 0 {
            lines.extend([String::new(), self.more()]);
        }
        lines.into_iter().map(|line| line + "\n").collect()
    }

    /// The same as HTML.
    pub(super) fn html(&self, html: &mut Markup) {
        for (job, quote) in &self.quotes {
            html.element("<h4>", &title(job, quote), "</h4>\n");
            if pieces(quote).is_empty() {
                continue;
            }
            html.tag("<pre>\n");
            for piece in pieces(quote) {
                html.text(&shown(piece)).tag("\n");
            }
            html.tag("</pre>\n");
        }
        if self.left_out > 0 {
            html.element("<p>", &self.more(), "</p>\n");
        }
    }

    fn more(&self) -> String {
        format!("So many logs that {} of them were not asked for.", self.left_out)
    }
}

fn title(job: &JobAddress, quote: &Seen<Excerpt>) -> String {
    match quote {
        Seen::Known(excerpt) if excerpt.pieces().is_empty() => format!("JetBackup shows nothing of its log of {job}."),
        Seen::Known(_) => format!("From JetBackup's log of {job}:"),
        Seen::Unknown(why) => format!("JetBackup's log of {job} could not be read: {why}."),
    }
}

fn pieces(quote: &Seen<Excerpt>) -> &[Piece] {
    match quote {
        Seen::Known(excerpt) => excerpt.pieces(),
        Seen::Unknown(_) => &[],
    }
}

fn shown(piece: &Piece) -> String {
    match piece {
        Piece::Line(line) => line.clone(),
        Piece::Gap(lines) => format!("({} left out)", count(*lines, "line")),
    }
}
