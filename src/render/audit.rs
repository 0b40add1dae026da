//! An audit for people: the period, what was looked at, what overlapped, what is missing, and the verdict in one line.

mod gap;

use chrono::TimeDelta;

use super::page::Page;
use super::sheet::Sheet;
use super::symbol;
use super::table::{Fit, Table};
use super::when::{duration, limit};
use super::words::count;
use crate::audit::{Assumption, Audit, Backup, Conclusion, Counts, Disagreement, Offset, Pair, ServerLine};
use crate::clock::elapsed;
use crate::names::{GroupId, LogId};
use crate::printable::printable;
use crate::seen::Seen;

/// The audit as a page of text.
#[must_use]
pub fn text(audit: &Audit, page: &Page) -> String {
    let view = View { audit, page };
    let mut sheet = Sheet::new(page);
    view.beginning(&mut sheet);
    view.servers(&mut sheet);
    view.overlaps(&mut sheet);
    view.disagreements(&mut sheet);
    view.gaps(&mut sheet);
    view.assumptions(&mut sheet);
    view.verdict(&mut sheet);
    sheet.finish()
}

struct View<'a> {
    audit: &'a Audit,
    page: &'a Page,
}

impl View<'_> {
    fn beginning(&self, sheet: &mut Sheet) {
        let period = self.audit.period;
        let (from, to) = (self.page.zone.with_offset(period.from), self.page.zone.with_offset(period.to));
        sheet.heading(&format!("Audit from {from} to {to}"));
        let (servers, backups) = (count(self.audit.servers.len(), "server"), count(self.audit.backups.len(), "backup"));
        sheet.gap();
        sheet.paragraph(&format!(
            "{servers}, {backups} that wrote to the guarded storage or may have, by JetBackup's own logs."
        ));
    }

    fn servers(&self, sheet: &mut Sheet) {
        sheet.heading("Looked at");
        let mut table = Table::new(&[
            ("server", Fit::Wrap),
            ("guarded", Fit::Right),
            ("elsewhere", Fit::Right),
            ("logs since", Fit::Whole),
        ]);
        for line in &self.audit.servers {
            let ServerLine { server, counts, offset } = line;
            match counts {
                Seen::Known(Counts { guarded, elsewhere, oldest }) => {
                    let since = oldest.map_or("–".to_owned(), |oldest| self.page.zone.date_time(oldest));
                    let cells = [server.to_string(), guarded.to_string(), elsewhere.to_string(), since];
                    table.row(symbol::DONE, cells);
                    if let Some(offset) = offset {
                        let backups = count(offset.backups, "backup");
                        table.note(format!("its clock is {}, by {backups} that both recorded", clock(*offset)));
                    }
                }
                Seen::Unknown(_) => {
                    let none = || "–".to_owned();
                    table.row(symbol::UNREAD, [server.to_string(), none(), none(), none()]);
                }
            }
        }
        sheet.table(table);
    }

    fn overlaps(&self, sheet: &mut Sheet) {
        if self.audit.overlaps.is_empty() {
            return;
        }
        sheet.heading("Wrote at the same time");
        self.pairs(&self.audit.overlaps.iter().collect::<Vec<_>>(), symbol::ERROR, sheet);
        if self.audit.left_out > 0 {
            sheet.item(2, symbol::ATTENTION, &format!("and {} more that are not listed", self.audit.left_out));
        }
    }

    fn pairs(&self, pairs: &[&Pair], symbol: char, sheet: &mut Sheet) {
        let mut table = Table::new(&[("backup", Fit::Wrap), ("began", Fit::Whole), ("took", Fit::Right)]);
        for pair in pairs {
            for backup in [&pair.first, &pair.second] {
                let took = backup.to.map_or("runs".to_owned(), |to| duration(elapsed(backup.from, to)));
                table.row(symbol, [name(backup), self.page.zone.second(backup.from), took]);
                table.note(records(backup.group.as_ref(), backup.log.as_ref()));
            }
            table.note(self.between(pair));
        }
        sheet.table(table);
    }

    /// What lies between two backups: the time that both wrote, or that neither did.
    fn between(&self, pair: &Pair) -> String {
        let (from, to) = (self.page.zone.second(pair.from), self.page.zone.second(pair.to));
        if pair.to > pair.from {
            format!("both for {}, from {from} to {to}", duration(elapsed(pair.from, pair.to)))
        } else if pair.to == pair.from && pair.second.to == Some(pair.second.from) && pair.first.from < pair.from {
            format!("both at {from}, for less than a second")
        } else {
            format!("{} from the end of one to the beginning of the other", duration(elapsed(pair.to, pair.from)))
        }
    }

    fn disagreements(&self, sheet: &mut Sheet) {
        if self.audit.disagreements.is_empty() {
            return;
        }
        sheet.heading("Remembered otherwise than JetBackup recorded it");
        let mut table =
            Table::new(&[("job", Fit::Wrap), ("jbr remembers", Fit::Whole), ("JetBackup says", Fit::Whole)]);
        for Disagreement { job, group, log, ended, remembered, recorded } in &self.audit.disagreements {
            table.row(symbol::ERROR, [job.to_string(), remembered.word(), recorded.word()]);
            let ended = self.page.zone.second(*ended);
            table.note(format!("seen to end {ended}; {}", records(group.as_ref(), log.as_ref())));
        }
        sheet.table(table);
    }

    fn gaps(&self, sheet: &mut Sheet) {
        if self.audit.gaps.is_empty() {
            return;
        }
        sheet.heading("Missing for a proof");
        for gap in self.audit.gaps.iter().filter(|gap| gap.pair().is_none()) {
            sheet.item(2, symbol::UNREAD, &self.gap(gap));
        }
        for gap in &self.audit.gaps {
            let Some(pair) = gap.pair() else { continue };
            sheet.item(2, symbol::UNREAD, &self.gap(gap));
            self.pairs(&[pair], symbol::UNREAD, sheet);
        }
    }

    fn assumptions(&self, sheet: &mut Sheet) {
        sheet.heading("Taken for granted");
        for assumption in &self.audit.assumptions {
            let text = match assumption {
                Assumption::ClocksAgree { within } => {
                    let within = limit(*within);
                    format!(
                        "the servers' clocks are no further apart than {within}, where nothing above says otherwise"
                    )
                }
                Assumption::OrderSeen { pairs } => format!(
                    "jbr's own order, for {} nearer than the clocks can tell: it had read in JetBackup's records that one was over \
                     before it asked for the other",
                    count(*pairs, "pair")
                ),
                Assumption::DestinationsUnchanged => "each job wrote where it writes now".to_owned(),
                Assumption::OldLogsGoFirst => "JetBackup deletes old logs before young ones".to_owned(),
            };
            sheet.item(2, symbol::DONE, &text);
        }
    }

    fn verdict(&self, sheet: &mut Sheet) {
        let Audit { backups, overlaps, left_out, disagreements, gaps, .. } = self.audit;
        let missing = if gaps.is_empty() { String::new() } else { format!(" {} for a proof.", missing(gaps.len())) };
        let (symbol, text) = match self.audit.conclusion() {
            Conclusion::Proven if backups.is_empty() => {
                (symbol::DONE, "Proven: no backup wrote to the guarded storage.".to_owned())
            }
            Conclusion::Proven => (symbol::DONE, "Proven: no two backups wrote at the same time.".to_owned()),
            Conclusion::Overlapped => {
                let pairs = count(overlaps.len() + left_out, "pair");
                (symbol::ERROR, format!("OVERLAPPED: {pairs} of backups wrote at the same time.{missing}"))
            }
            Conclusion::Disagreement => {
                let ends = count(disagreements.len(), "backup");
                (symbol::ERROR, format!("DISAGREEMENT: {ends} ended otherwise than jbr remembers.{missing}"))
            }
            Conclusion::Unproven => (symbol::UNREAD, format!("Not proven:{missing}")),
        };
        sheet.gap();
        sheet.item(0, symbol, &text);
    }
}

fn missing(gaps: usize) -> String {
    if gaps == 1 { "1 thing is missing".to_owned() } else { format!("{gaps} things are missing") }
}

/// A backup's address, or its job's name in JetBackup, or what else is known of it.
fn name(backup: &Backup) -> String {
    let Backup { server, id, address, name, .. } = backup;
    match (address, name, id) {
        (Some(address), _, _) => address.to_string(),
        (None, Some(name), _) => format!("{server}: {}", printable(name)),
        (None, None, Some(id)) => format!("{server}: job {id}"),
        (None, None, None) => format!("{server}: a job that is not known"),
    }
}

fn records(group: Option<&GroupId>, log: Option<&LogId>) -> String {
    let group = group.map_or("no group known".to_owned(), |group| format!("group {group}"));
    let log = log.map_or("no log".to_owned(), |log| format!("log {log}"));
    format!("{group}, {log}")
}

/// How far a clock is from jbr's, as far as that is known.
fn clock(offset: Offset) -> String {
    // Bounds of several backups that exclude each other: the clock was set in between, so each bound stands for itself.
    let (least, most) =
        if offset.at_least <= offset.at_most { (offset.at_least, offset.at_most) } else { (offset.least, offset.most) };
    if least < TimeDelta::zero() && most > TimeDelta::zero() {
        format!("between {} behind jbr's and {} ahead of it", span(least), span(most))
    } else if least >= TimeDelta::zero() {
        format!("{} to {} ahead of jbr's", span(least), span(most))
    } else {
        format!("{} to {} behind jbr's", span(most), span(least))
    }
}

/// A distance, to the second.
fn span(distance: TimeDelta) -> String {
    duration(distance.abs().to_std().unwrap_or_default())
}
