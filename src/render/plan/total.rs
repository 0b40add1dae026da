//! The last line of a plan: how much there is to do, how much of it is known, and how long it takes.

use std::time::Duration;

use super::super::sheet::Sheet;
use super::super::style::Tone;
use super::super::when::about;
use super::super::words::count;
use super::{View, own_groups};
use crate::clock::{Timestamp, elapsed};
use crate::diff::Notice;

/// A late end that is no later than this is not worth a word.
const LATER_MIN: Duration = Duration::from_secs(60);

impl View<'_> {
    pub(super) fn total(&self, sheet: &mut Sheet) {
        let tally = &self.tally;
        sheet.gap();
        if tally.left() == 0 {
            let rest = self.rest();
            let errors = (tally.errors > 0).then(|| count(tally.errors, "error"));
            let rest: Vec<String> = errors.into_iter().chain(rest).collect();
            let rest = if rest.is_empty() { String::new() } else { format!("; {}", rest.join(", ")) };
            let what = if tally.fresh > 0 { "No backups are due" } else { "No backups to run" };
            sheet.toned(Tone::Heading, &format!("{what}{rest}."));
            return;
        }
        let stuck = match tally.stuck {
            0 => String::new(),
            stuck => format!(" ({stuck} of them not expected to start)"),
        };
        let parts = [
            Some(format!("{} to run{stuck}", tally.to_start + tally.unread)),
            (tally.to_watch > 0).then(|| format!("{} adopted", tally.to_watch)),
            self.rest(),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let (tone, label) = match tally.errors {
            0 => (Tone::Heading, "Plan".to_owned()),
            errors => (Tone::Bad, format!("Nothing starts: {}. Without {}", count(errors, "error"), them(errors))),
        };
        sheet.toned(tone, &format!("{label}: {}; {}.", parts.join(", "), self.length()));
    }

    /// What else is to be counted: what is done, left out, wrong or to be looked at.
    fn rest(&self) -> Option<String> {
        let tally = &self.tally;
        let left_out = tally.not_queued - tally.fresh - tally.held;
        let parts = [
            (tally.done > 0).then(|| format!("{} done already", tally.done)),
            (left_out > 0).then(|| format!("{left_out} not queued")),
            (tally.held > 0).then(|| format!("{} held", tally.held)),
            (tally.fresh > 0 && tally.left() > 0).then(|| format!("{} not due", tally.fresh)),
            (tally.warnings > 0).then(|| count(tally.warnings, "warning")),
            (tally.remarks > 0).then(|| count(tally.remarks, "remark")),
            (tally.to_close > 0).then(|| format!("{} to close", tally.to_close)),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// Whether somebody else's backup must end first: nobody knows when.
    fn has_foreign(&self) -> bool {
        let own = own_groups(self.proposal);
        self.proposal.diff.remarks.iter().any(|remark| match &remark.what {
            Notice::Foreign { group } => !own.contains(&(remark.server.clone(), group.id.clone())),
            Notice::Differs { .. }
            | Notice::Unmanaged { .. }
            | Notice::SeveralDestinations { .. }
            | Notice::Scheduled { .. }
            | Notice::Forks { .. }
            | Notice::Gate(_)
            | Notice::DestinationMissing { .. }
            | Notice::Unread { .. } => false,
        })
    }

    fn length(&self) -> String {
        let tally = &self.tally;
        let known = about(tally.known);
        let after = if self.has_foreign() { ", once what jbr did not start is over" } else { "" };
        match tally.end {
            Some(_) if !after.is_empty() => format!("about {known}{after}"),
            Some(end) => {
                format!("about {known}, done by {}{}", self.page.zone.near(end, self.proposal.at), self.late(end))
            }
            None if tally.untimed == 0 && tally.longer == 0 => "nothing of it is expected to start".to_owned(),
            None if tally.known.is_zero() && tally.longer == 0 => {
                "how long is not known: none has a good backup to go by".to_owned()
            }
            None if tally.known.is_zero() => format!("how long is not known: {}", self.untimed()),
            None => format!("about {known}{after}, and {}", self.untimed()),
        }
    }

    /// `; 08:10 if all are slow`: if each takes as long as nine of ten did at most.
    fn late(&self, end: Timestamp) -> String {
        let late = self.tally.late_end.filter(|late| elapsed(end, *late) >= LATER_MIN);
        late.map_or(String::new(), |late| format!(" ({} if all are slow)", self.page.zone.near(late, self.proposal.at)))
    }

    /// What nobody knows the length of. That a job has no good backup to go by is not to say that it never had one: perhaps nobody could read it.
    fn untimed(&self) -> String {
        let (untimed, longer) = (self.tally.untimed, self.tally.longer);
        let never = (untimed > 0).then(|| format!("{} without a good backup to go by", count(untimed, "job")));
        let longer =
            (longer > 0).then(|| format!("{} that took longer already than ever before", count(longer, "job")));
        [never, longer].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

fn them(count: usize) -> &'static str {
    if count == 1 { "it" } else { "them" }
}
