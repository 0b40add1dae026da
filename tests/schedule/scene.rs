//! Two servers with a job each, and what their account says.

use std::time::Duration;

use chrono::Utc;
use jbr::simulator::{ApiCall, Destination, Execution, Fleet, Job, Server};

use crate::support::site::{NAS, Site};

pub(crate) const FIRST: &str = "aaaaaaaaaaaaaaaaaaaaaaaa";
pub(crate) const SECOND: &str = "bbbbbbbbbbbbbbbbbbbbbbbb";

/// A short backup that ends with this status.
pub(crate) fn ends(status: i64) -> Execution {
    Execution::of(Duration::from_millis(500)).starts_after(Duration::from_millis(100)).ends(status)
}

/// Two servers, `a` and `b`, with a job each, whose executions go like these, one after the other.
pub(crate) fn site_of(
    first: impl IntoIterator<Item = Execution>,
    second: impl IntoIterator<Item = Execution>,
    change_a: impl FnOnce(Server) -> Server,
) -> Site {
    let (first, second) =
        (Job::new(FIRST, "x").writes_to("d").script(first), Job::new(SECOND, "z").writes_to("d").script(second));
    let fleet = Fleet::new(Utc::now())
        .server("a", |server| change_a(server.destination(Destination::on(NAS, "d")).job(first)))
        .server("b", |server| server.destination(Destination::on(NAS, "d")).job(second));
    Site::start(&fleet)
}

/// Two servers with a job each, whose executions end with these statuses, one after the other.
pub(crate) fn site(first: &[i64], second: &[i64]) -> Site {
    let script = |statuses: &[i64]| statuses.iter().map(|status| ends(*status)).collect::<Vec<_>>();
    site_of(script(first), script(second), |a| a)
}

/// A plan of both jobs, `a/x` and `b/z`, with these keys more; `before` stands before them.
pub(crate) fn write_plan(site: &Site, before: &str, first: &str, second: &str) {
    site.write_plan(&format!(
        "run: {{ poll: 1s }}\n{before}jobs:\n  - {{ name: x, server: a, id: {FIRST}{first} }}\n  - {{ name: z, server: b, id: {SECOND}{second} }}\n"
    ));
}

/// How often each of the two was triggered for real.
pub(crate) fn triggers(site: &Site) -> (usize, usize) {
    let account = site.account();
    assert!(account.max_writers(NAS) <= 1, "{:?}", account.overlaps(NAS));
    (account.triggers_by_api("a", FIRST), account.triggers_by_api("b", SECOND))
}

/// The calls that change something, in the order of arrival.
pub(crate) fn changes(site: &Site) -> Vec<ApiCall> {
    let is_read = |call: &ApiCall| call.function.starts_with("list") || call.function.starts_with("get");
    site.account().calls.into_iter().filter(|call| !is_read(call)).collect()
}

/// Holds the run to it: before each trigger that was asked for, every server was asked for its groups after all that ran before was over.
pub(crate) fn everybody_was_asked_before_each_trigger(site: &Site) {
    let account = site.account();
    let asked: Vec<_> = account.calls.iter().filter(|call| call.function == "runBackupJobManually").collect();
    let mut before = None;
    for trigger in asked {
        let ended = account.ends.iter().map(|end| end.at).filter(|at| *at <= trigger.at).max();
        let since = before.max(ended);
        for server in ["a", "b"] {
            let is_look =
                |call: &&ApiCall| call.server == server && call.function == "listQueueGroups" && call.at <= trigger.at;
            let is_new = |call: &ApiCall| since.is_none_or(|since| since <= call.at);
            assert!(account.calls.iter().filter(is_look).any(is_new), "{server} was not asked before {trigger:?}");
        }
        before = Some(trigger.at);
    }
}
