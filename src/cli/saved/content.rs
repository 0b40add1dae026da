//! What of a proposal is approved, as lines that can be compared: what may have changed by itself is left out.

use sha2::{Digest as _, Sha256};

use crate::desired::{Desired, Job, Retry, Server};
use crate::diff::Decision;
use crate::proposal::{Beginning, Proposal};
use crate::queue::Item;
use crate::window::Window;

/// Everything that was approved, a line each: where, what, in which order, within which limits.
pub(super) fn content(desired: &Desired, proposal: &Proposal) -> Vec<String> {
    let beginning = match &proposal.beginning {
        Beginning::Fresh => "a new run".to_owned(),
        Beginning::Resume(old) => format!("goes on with the run {}", old.id),
        Beginning::StartOver { old, .. } => format!("closes the run {} and starts over", old.id),
    };
    let queue = &proposal.queue;
    let run = format!(
        "poll {:?}, pace {:?}, unreachable_wait {:?}, partial {:?}",
        queue.poll, queue.pace, queue.unreachable_wait, desired.run.partial
    );
    let servers = desired.servers.iter().map(server_line);
    let windows = desired.jobs.iter().flat_map(|job| job.windows.iter().map(|window| window_line(job, window)));
    let items = queue.items.iter().filter(|item| proposal.journal.outcome(&item.address).is_none()).map(item_line);
    let decisions = proposal.diff.decisions.iter().map(decision_line);
    [beginning, run].into_iter().chain(servers).chain(windows).chain(items).chain(decisions).collect()
}

fn server_line(server: &Server) -> String {
    let guard = match &server.destination {
        None => "every destination".to_owned(),
        Some(destination) if destination.keep_closed => format!("destination {} kept closed", destination.id),
        Some(destination) => format!("destination {}", destination.id),
    };
    let Server { name, user, host, port, .. } = server;
    let key = server.key.as_ref().map_or("the agent's".to_owned(), |file| file.display().to_string());
    format!(
        "server {name}: {user}@{host}:{port}, {guard}, key {key}, host key {:?} by {}, connect_timeout {:?}, command_timeout {:?}",
        server.host_key,
        server.known_hosts.display(),
        server.connect_timeout,
        server.command_timeout
    )
}

/// What a window says, and not whether it is open: that changes by itself, and what was approved is to start whenever it opens. Its words
/// leave out some of its exceptions, its digest leaves out nothing.
fn window_line(job: &Job, window: &Window) -> String {
    let digest = Sha256::digest(format!("{window:?}"));
    let digest = digest.iter().take(4).fold(0_u32, |digest, byte| digest << 8 | u32::from(*byte));
    format!("{} in window {window} ({digest:08x})", job.address)
}

fn item_line(item: &Item) -> String {
    let gates: Vec<String> = item.gates.iter().map(ToString::to_string).collect();
    let after: Vec<String> = item.after.iter().map(|after| format!("{} {:?}", after.job, after.when)).collect();
    let after = if after.is_empty() { String::new() } else { format!(", after [{}]", after.join(", ")) };
    let fits = item.fits.map_or("", |_| ", in a window that holds it");
    let window = item.openings.as_ref().map_or("", |_| ", in a window");
    let retry = if item.retry == Retry::NEVER { String::new() } else { format!(", {:?}", item.retry) };
    format!(
        "run {} {}: timeout {:?} ({:?}), start_timeout {:?}, opens [{}]{after}{window}{fits}{retry}",
        item.address,
        item.id,
        item.timeout,
        item.on_timeout,
        item.start_timeout,
        gates.join(", ")
    )
}

/// A decision without how far a running backup is: that changes by itself.
fn decision_line(decision: &Decision) -> String {
    format!("{} {}", decision.verdict.symbol(), decision.address)
}

/// The lines that are in only one of two lists, marked `-` and `+`.
pub(super) fn changed_lines(then: &[String], now: &[String]) -> Vec<String> {
    let (then, now) = (then.join("\n"), now.join("\n"));
    let diff = similar::TextDiff::from_lines(&then, &now);
    let changed = diff.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal);
    changed
        .map(|change| format!("{}{}", change.tag(), crate::printable::printable(change.value().trim_end())))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::{Timestamp, later};
    use crate::desired::{After, OnTimeout, When};
    use crate::inventory::{Inventory, ServerView};
    use crate::jetbackup::facts::{self, Log, LogStatus};
    use crate::plan::{self, Source};
    use crate::proposal::{Request, propose};
    use crate::seen::{Seen, Why};
    use crate::state::State;

    const JOB: &str = "aaaaaaaaaaaaaaaaaaaaaaaa";

    /// What would be saved of a plan with one job, so many minutes after its last good backup.
    fn saved(job: &str, windows: &str, minutes: u32) -> Vec<String> {
        let text = format!(
            "version: 1\nservers: {{ a: {{ host: a.example.com }} }}\nwindows: {{ w: {windows} }}\njobs: [{{ name: x, server: a, id: {JOB}{job} }}]\n"
        );
        let desired = plan::load(&[Source { path: "plan.yaml".into(), text }]).unwrap();
        let ended: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
        let log = Log {
            id: "c".parse().unwrap(),
            job: JOB.parse().ok(),
            started: Some(ended),
            ended: Some(ended),
            status: LogStatus::Completed,
        };
        let live = facts::Job {
            id: JOB.parse().unwrap(),
            name: "x".to_owned(),
            kind: 1,
            contains: None,
            destinations: vec![],
            disabled: false,
            running: None,
            schedules: Some(0),
            next_run: None,
        };
        let view = ServerView {
            server: "a".parse().unwrap(),
            version: None,
            jobs: Seen::Known(vec![live]),
            groups: Seen::Known(vec![]),
            logs: [(JOB.parse().unwrap(), Seen::Known(vec![log]))].into(),
            destinations: Seen::Known(vec![]),
            forks: Seen::Known(Some(1)),
            gate: Seen::Unknown(Why::new("not asked")),
        };
        let request = Request { is_asked_for: &|_| true, fresh: false };
        let now = later(ended, Duration::from_secs(60) * minutes);
        let inventory = Inventory { servers: vec![view] };
        let proposal = propose(&desired, &inventory, &State::new("saved".to_owned()), &request, now);
        content(&desired, &proposal)
    }

    #[test]
    fn a_job_that_becomes_due_makes_a_saved_plan_stale_and_time_alone_does_not() {
        let at = |minutes| saved(", every: 1h", "{ from: 08:00, to: 10:00, timezone: UTC }", minutes);
        assert_eq!(at(0), at(59));
        let changes = changed_lines(&at(0), &at(60));
        assert!(changes.contains(&"-· a/x".to_owned()) && changes.contains(&"+> a/x".to_owned()), "{changes:?}");
        assert!(changes.iter().any(|change| change.starts_with("+run a/x ")), "{changes:?}");
    }

    /// What was approved in the afternoon is to start at night.
    #[test]
    fn a_window_that_opens_changes_nothing_and_one_that_is_another_does() {
        let window = "{ from: 08:00, to: 10:00, timezone: UTC, except: [{ dates: [2026-12-01, 2026-12-02, 2026-12-03, 2026-12-04, 2026-12-05] }] }";
        let at = |minutes| saved(", window: w", window, minutes);
        assert_eq!(at(0), at(7 * 60), "open");
        assert_eq!(at(0), at(9 * 60), "closed again");
        for (from, to) in [("10:00", "11:00"), ("UTC", "Europe/Madrid"), ("2026-12-04", "2026-12-24")] {
            assert_ne!(at(0), saved(", window: w", &window.replace(from, to), 0), "{to}");
        }
    }

    #[test]
    fn what_an_item_waits_for_is_a_part_of_what_was_approved() {
        let after = |when| vec![After { job: "a/first".parse().unwrap(), when }];
        let item = |after: Vec<After>| Item {
            address: "a/x".parse().unwrap(),
            id: "a".parse().unwrap(),
            timeout: Duration::from_secs(1),
            start_timeout: Duration::from_secs(1),
            settle: Duration::from_secs(1),
            on_timeout: OnTimeout::Hold,
            gates: Vec::new(),
            after,
            openings: None,
            fits: None,
            retry: Retry::NEVER,
            usual: None,
        };
        let lines = [Vec::new(), after(When::Success), after(When::Finished)].map(|after| item_line(&item(after)));
        assert!(lines[1].ends_with("opens [], after [a/first Success]"), "{lines:?}");
        assert_eq!(lines.iter().collect::<std::collections::BTreeSet<_>>().len(), 3, "{lines:?}");
    }
}
