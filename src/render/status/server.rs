//! A server of the status: how it is reached, what it backs up to, and its jobs.

use std::collections::BTreeSet;
use std::time::Duration;

use super::View;
use crate::clock::elapsed;
use crate::inventory::guard::Writes;
use crate::jetbackup::facts::GroupStatus;
use crate::jetbackup::ssh_gate::{Scope, SshGate};
use crate::printable::printable;
use crate::render::sheet::Sheet;
use crate::render::table::{Fit, Table};
use crate::render::when::duration;
use crate::render::{held, remark, symbol, words};
use crate::seen::{Seen, Why};
use crate::status::{DestinationStatus, Doing, JobStatus, ServerStatus, UnderWay, Whose};

impl View<'_> {
    pub(super) fn server(&self, server: &ServerStatus, sheet: &mut Sheet) {
        sheet.heading(&heading(server));
        let own = |why: &Why| printable(words::own_words(&server.server, &why.0));
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
            unreachable_wait: Duration::ZERO,
        };
        for remark in self.status.remarks.iter().filter(|remark| remark.server == server.server) {
            sheet.item(2, remark.what.symbol(), &context.sentence(remark));
        }
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
pub(in crate::render) fn whose(backup: &UnderWay) -> String {
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
