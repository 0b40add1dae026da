//! `jbr status`, for people: the run and what comes next, then each server with its jobs.

use std::collections::BTreeSet;

use super::page::Page;
use super::plan::why_over;
use super::sheet::Sheet;
use super::symbol;
use super::table::{Fit, Table};
use super::when::{ago, duration};
use super::words::{self, count};
use super::{held, remark};
use crate::clock::{Timestamp, elapsed};
use crate::execute::journal::Phase;
use crate::inventory::guard::Writes;
use crate::jetbackup::facts::GroupStatus;
use crate::jetbackup::ssh_gate::{Scope, SshGate};
use crate::printable::printable;
use crate::seen::Seen;
use crate::state::lock::Lock;
use crate::status::{
    DestinationStatus, Doing, Fate, JobStatus, Next, RunStatus, ServerStatus, Status, UnderWay, Unsent, Waits, Whose,
};

/// The whole status as a page of text.
#[must_use]
pub fn text(status: &Status, page: &Page) -> String {
    let view = View { status, page };
    let mut sheet = Sheet::new(page);
    sheet.heading(&format!("Status of {}", page.zone.with_offset(status.at)));
    view.state(&mut sheet);
    view.run(&mut sheet);
    view.lock(&mut sheet);
    view.next(&mut sheet);
    view.unsent(&mut sheet);
    for server in &status.servers {
        view.server(server, &mut sheet);
    }
    sheet.finish()
}

/// A notice that waits, in one line: `mail "…", made 3h ago, tried once: …`.
#[must_use]
pub fn unsent_line(one: &Unsent, now: Timestamp) -> String {
    let tried = match one.tries {
        0 => "not tried yet".to_owned(),
        1 => "tried once".to_owned(),
        tries => format!("tried {tries} times"),
    };
    let why = one.why.as_ref().map_or(String::new(), |why| format!(": {why}"));
    let kept = if one.refused { "; it is not tried again by itself, `jbr notify test` does" } else { "" };
    format!("{} \"{}\", made {}, {tried}{why}{kept}", one.channel, one.what, ago(one.since, now))
}

/// How many notices that wait are shown one by one; `--json` has them all.
const UNSENT_SHOWN_MAX: usize = 5;

struct View<'a> {
    status: &'a Status,
    page: &'a Page,
}

impl View<'_> {
    fn state(&self, sheet: &mut Sheet) {
        let Seen::Unknown(why) = &self.status.state else { return };
        let text = "Whether a run is in progress, what is held by hand and whose backups are is not known";
        sheet.item(2, symbol::UNREAD, &format!("the state was not read: {} {text}", words::sentence(&why.0)));
    }

    fn run(&self, sheet: &mut Sheet) {
        let Some(run) = &self.status.run else {
            if matches!(self.status.state, Seen::Known(())) {
                sheet.item(2, symbol::DONE, "no run in progress");
            }
            return;
        };
        let RunStatus { id, started, done, total, at_work, waiting, fate: _ } = run;
        let begun = format!("begun {} ({})", self.near(*started), ago(*started, self.status.at));
        sheet.item(2, symbol::RUNS, &format!("run {id}, {begun}: {done} of {} done", count(*total, "job")));
        for (address, phase) in at_work {
            let since = match phase {
                Phase::Triggered(triggered) => Some(triggered.at),
                Phase::Running(running) => Some(running.since),
                Phase::Confirming(confirming) => Some(confirming.ended),
                Phase::Queued | Phase::Preparing | Phase::Done(_) => None,
            };
            let since = since.map_or(String::new(), |since| format!(" since {}", self.near(since)));
            sheet.item(4, words::phase_symbol(phase), &format!("{address}: {}{since}", words::phase_word(phase)));
        }
        if let Some((since, reason)) = waiting {
            let what = words::wait_for(reason, self.page.zone);
            let ran = duration(elapsed(*since, self.status.at));
            sheet.item(4, symbol::ATTENTION, &format!("waiting since {} ({ran}) for {what}", self.near(*since)));
        }
    }

    fn lock(&self, sheet: &mut Sheet) {
        let lock = match &self.status.lock {
            Seen::Known(lock) => lock,
            Seen::Unknown(why) => {
                let text = format!("whether a jbr is at work is not known: {}", printable(&why.0));
                sheet.item(2, symbol::UNREAD, &text);
                return;
            }
        };
        match (lock, &self.status.run) {
            (Lock::Free, None) => {}
            (Lock::Free, Some(run)) => {
                let text = format!("no jbr is at it: the run was interrupted, and {}", fate(&run.fate));
                sheet.item(2, symbol::ATTENTION, &text);
            }
            (Lock::Held(None), _) => sheet.item(2, symbol::RUNS, "a jbr is at work, and has not said who it is"),
            (Lock::Held(Some(holder)), _) => {
                let since = format!("since {} ({})", self.near(holder.since), ago(holder.since, self.status.at));
                let who = format!("`jbr {}` of {} on {}, pid {}", holder.what, holder.user, holder.host, holder.pid);
                sheet.item(2, symbol::RUNS, &format!("the lock is held by {}, {since}", printable(&who)));
            }
        }
    }

    fn next(&self, sheet: &mut Sheet) {
        let Some(Next { job, at, waits }) = &self.status.next else { return };
        let at = at.map(|at| self.near(at));
        let when = match (waits, at) {
            (Waits::Turn, Some(at)) => format!("in its turn, expected {at}"),
            (Waits::Turn, None) => "in its turn".to_owned(),
            (Waits::Window, Some(at)) => format!("not before {at}, when its window opens"),
            (Waits::Window, None) => "once its window opens".to_owned(),
            (Waits::Every, Some(at)) => format!("due {at}, by its `every`"),
            (Waits::Apply, _) | (Waits::Every, None) => "with the next `jbr apply`".to_owned(),
        };
        sheet.item(2, symbol::WILL_RUN, &format!("next: {job}, {when}"));
    }

    fn unsent(&self, sheet: &mut Sheet) {
        let all = match &self.status.unsent {
            Seen::Known(all) => all,
            Seen::Unknown(why) => {
                let why = words::sentence(&printable(&why.0));
                sheet.item(
                    2,
                    symbol::UNREAD,
                    &format!("the outbox was not read: {why} What waits to be sent is not known"),
                );
                return;
            }
        };
        for one in all.iter().take(UNSENT_SHOWN_MAX) {
            sheet.item(2, symbol::ATTENTION, &format!("not sent: {}", unsent_line(one, self.status.at)));
        }
        if let Some(more) = all.len().checked_sub(UNSENT_SHOWN_MAX).filter(|more| *more > 0) {
            sheet.item(2, symbol::ATTENTION, &format!("not sent: {} more", words::count(more, "notice")));
        }
    }

    fn server(&self, server: &ServerStatus, sheet: &mut Sheet) {
        sheet.heading(&heading(server));
        let own = |why: &crate::seen::Why| printable(words::own_words(&server.server, &why.0));
        match (&server.answers, &server.queue) {
            (Seen::Unknown(why), _) => {
                sheet.item(
                    2,
                    symbol::UNREAD,
                    &format!("not reached: {} What runs there is not known", words::sentence(&own(why))),
                );
            }
            (_, Seen::Unknown(why)) => {
                sheet.item(
                    2,
                    symbol::UNREAD,
                    &format!("its queue was not read: {} What runs there is not known", words::sentence(&own(why))),
                );
            }
            (Seen::Known(()), Seen::Known(())) => {}
        }
        if matches!(server.answers, Seen::Known(())) {
            if let Seen::Unknown(why) = &server.gate {
                sheet.item(2, symbol::UNREAD, &format!("its gate did not say what it is: {}", own(why)));
            }
            destination(server, sheet);
        }
        if !server.jobs.is_empty() || !server.others.is_empty() {
            sheet.table(self.jobs(server));
        }
        self.remarks(server, sheet);
    }

    fn jobs(&self, server: &ServerStatus) -> Table {
        let mut table = Table::new(&[
            ("job", Fit::Wrap),
            ("doing", Fit::Whole),
            ("since", Fit::Whole),
            ("for", Fit::Right),
            ("done", Fit::Right),
        ]);
        for job in &server.jobs {
            match &job.doing {
                Doing::Busy(backups) => {
                    for backup in backups {
                        self.backup(&job.address.to_string(), backup, &mut table);
                    }
                }
                Doing::Idle => table.row(symbol::DONE, quiet(&job.address.to_string(), "idle")),
                Doing::Unknown(_) => table.row(symbol::UNREAD, quiet(&job.address.to_string(), "not known")),
                Doing::Missing => table.row(symbol::ERROR, quiet(&job.address.to_string(), "not there")),
            }
            // Why a server's jobs or queue are not known stands above.
            if let (Doing::Unknown(why), Seen::Known(()), Seen::Known(())) =
                (&job.doing, &server.answers, &server.queue)
            {
                table.note(printable(&why.0));
            }
            for note in self.notes(job) {
                table.note(note);
            }
        }
        for backup in &server.others {
            let name = match (&backup.name, &backup.job) {
                (Some(name), _) => printable(name),
                (None, Some(id)) => format!("job {id}"),
                (None, None) => "a job that is not named".to_owned(),
            };
            self.backup(&name, backup, &mut table);
        }
        table
    }

    fn backup(&self, name: &str, backup: &UnderWay, table: &mut Table) {
        let now = self.status.at;
        let does = if backup.status == GroupStatus::Pending { "waits" } else { "runs" };
        let cells = [
            name.to_owned(),
            does.to_owned(),
            backup.since.map_or("–".to_owned(), |since| self.near(since)),
            backup.since.map_or("–".to_owned(), |since| duration(elapsed(since, now))),
            backup.percent.map_or("–".to_owned(), |percent| format!("{percent} %")),
        ];
        let symbol = if backup.whose == Whose::Run || backup.writes == Writes::Elsewhere {
            symbol::RUNS
        } else {
            symbol::ATTENTION
        };
        table.row(symbol, cells);
        table.note(whose(backup));
    }

    /// What should be known of a job.
    fn notes(&self, job: &JobStatus) -> Vec<String> {
        let now = self.status.at;
        let disabled = (job.disabled == Some(true)).then(|| "disabled there".to_owned());
        let scheduled = job.scheduled.map(|next| {
            let next = next.map_or(String::new(), |next| format!(" (next: {})", self.near(next)));
            format!("! JetBackup starts it by itself{next}: switch its schedule off there")
        });
        let missing = (job.doing == Doing::Missing).then(|| format!("no backup job there has the id {}", job.id));
        let holds =
            job.holds.as_ref().map(|holds| format!("! {}", held::holds(&job.address, holds, self.page.zone, now)));
        [missing, disabled, scheduled, holds].into_iter().flatten().collect()
    }

    fn remarks(&self, server: &ServerStatus, sheet: &mut Sheet) {
        let context = remark::Context {
            own: BTreeSet::new(),
            now: self.status.at,
            zone: self.page.zone,
            unreachable_wait: std::time::Duration::ZERO,
        };
        for remark in self.status.remarks.iter().filter(|remark| remark.server == server.server) {
            sheet.item(2, remark.what.symbol(), &context.sentence(remark));
        }
    }

    fn near(&self, at: crate::clock::Timestamp) -> String {
        self.page.zone.near(at, self.status.at)
    }
}

/// What the next `jbr apply` does with an interrupted run.
fn fate(fate: &Fate) -> String {
    match fate {
        Fate::Resumes => "the next `jbr apply` goes on with it".to_owned(),
        Fate::StartsOver(because) => {
            format!("the next `jbr apply` closes it as incomplete and starts over: {}", why_over(because))
        }
        Fate::Unknown => "the next `jbr apply` goes on with it, or starts over; `jbr plan` says which".to_owned(),
    }
}

/// What should be known of the guarded destination.
fn destination(server: &ServerStatus, sheet: &mut Sheet) {
    let Some(DestinationStatus { id, keep_closed, live }) = &server.destination else { return };
    match live {
        Seen::Unknown(why) => {
            let why = printable(words::own_words(&server.server, &why.0));
            sheet.item(2, symbol::UNREAD, &format!("its destination {id} was not read: {why}"));
        }
        Seen::Known(None) => sheet.item(2, symbol::ERROR, &format!("it has no destination {id}: correct the plan")),
        Seen::Known(Some(live)) if live.disabled && !keep_closed => {
            sheet.item(2, symbol::DIFFERS, &format!("its destination {} is disabled", printable(&live.name)));
        }
        Seen::Known(Some(_)) => {}
    }
}

/// A row of a job that does nothing.
fn quiet(name: &str, does: &str) -> [String; 5] {
    [name, does, "–", "–", "–"].map(str::to_owned)
}

/// Whose a backup is, and how to name it to `jbr stop`.
pub(super) fn whose(backup: &UnderWay) -> String {
    let group = &backup.group;
    let whose = match backup.whose {
        Whose::Run => "this run's",
        Whose::Foreign => "not started by jbr",
        Whose::Unknown => "whether jbr started it is not known",
    };
    let writes = match backup.writes {
        Writes::Surely => "",
        Writes::Perhaps => "; it may write to the guarded storage",
        Writes::Elsewhere => "; it writes elsewhere",
    };
    format!("{whose}, group {group}{writes}")
}

/// `server1: JetBackup 5.3.14, gate 1, NAS enabled`.
fn heading(server: &ServerStatus) -> String {
    if matches!(server.answers, Seen::Unknown(_)) {
        return server.server.to_string();
    }
    let version = match &server.version {
        Some(version) => format!("JetBackup {}", printable(version)),
        None => "JetBackup, version unknown".to_owned(),
    };
    let gate = match &server.gate {
        Seen::Known(SshGate::Own { version, scope }) => {
            let only = if *scope == Scope::Everything { "" } else { " (scoped)" };
            Some(format!("gate {version}{only}"))
        }
        Seen::Known(SshGate::Foreign) => Some("another gate".to_owned()),
        Seen::Known(SshGate::Absent) => Some("no gate".to_owned()),
        Seen::Unknown(_) => None,
    };
    let destination = server.destination.as_ref().and_then(|destination| match &destination.live {
        Seen::Known(Some(live)) => {
            Some(format!("{} {}", printable(&live.name), if live.disabled { "disabled" } else { "enabled" }))
        }
        Seen::Known(None) | Seen::Unknown(_) => None,
    });
    let parts: Vec<String> = [Some(version), gate, destination].into_iter().flatten().collect();
    format!("{}: {}", server.server, parts.join(", "))
}
