//! `jbr status`, for people: the run and what comes next, then each server with its jobs.

mod server;

use super::page::Page;
use super::plan::why_over;
use super::sheet::Sheet;
use super::symbol;
use super::when::{ago, duration};
use super::words::{self, count};
use crate::clock::{Timestamp, elapsed};
use crate::execute::journal::Phase;
use crate::printable::printable;
use crate::seen::Seen;
use crate::state::lock::Lock;
use crate::status::{Fate, Next, RunStatus, Status, Unsent, Waits};

pub(super) use server::whose;

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
        let outbox = match &self.status.outbox {
            Seen::Known(outbox) => outbox,
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
        let all = &outbox.unsent;
        for one in all.iter().take(UNSENT_SHOWN_MAX) {
            sheet.item(2, symbol::ATTENTION, &format!("not sent: {}", unsent_line(one, self.status.at)));
        }
        if let Some(more) = all.len().checked_sub(UNSENT_SHOWN_MAX).filter(|more| *more > 0) {
            sheet.item(2, symbol::ATTENTION, &format!("not sent: {} more", words::count(more, "notice")));
        }
        if outbox.unreadable > 0 {
            let what = words::count(outbox.unreadable, "file");
            sheet.item(
                2,
                symbol::UNREAD,
                &format!("{what} of the outbox could not be read, and may be notices that wait"),
            );
        }
        if let Some(why) = &outbox.shut {
            let why = printable(why);
            sheet.item(
                2,
                symbol::ERROR,
                &format!("the outbox takes nothing: {why}. What cannot be sent at once is lost"),
            );
        }
    }

    fn near(&self, at: Timestamp) -> String {
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
