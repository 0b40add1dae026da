//! From decisions to the queue: everything that a run needs, settled before it begins.

use std::time::Duration;

use super::order::order;
use super::{Gate, Item, Queue};
use crate::desired::{Desired, Job, Server};
use crate::diff::Diff;

/// The queue of the jobs that were asked for, exist, are due and not held: by priority over all servers, ties in file order. Those that cannot run are in
/// it too, so that the run's record says what became of them.
#[must_use]
pub fn build(desired: &Desired, diff: &Diff) -> Queue {
    let queued: Vec<&Job> = desired
        .jobs
        .iter()
        .filter(|job| diff.decisions.iter().any(|d| d.address == job.address && d.verdict.is_queued()))
        .collect();
    let priorities: Vec<i64> = queued.iter().map(|job| job.priority).collect();
    // Without edges there is no circle.
    let order = order(&priorities, &[]).unwrap_or_else(|circle| circle.0);
    Queue {
        items: order.into_iter().map(|place| item(desired, queued[place])).collect(),
        servers: desired.servers.iter().map(|server| server.name.clone()).collect(),
        poll: desired.run.poll,
        unreachable_wait: desired.run.unreachable_wait,
        stays: false,
    }
}

fn item(desired: &Desired, job: &Job) -> Item {
    let server = desired.server(&job.address.server);
    let closed = server.and_then(|server| server.destination.as_ref()).filter(|destination| destination.keep_closed);
    let destination = closed.map(|destination| Gate::Destination(destination.id.clone()));
    let gate = job.keep_disabled.then(|| Gate::Job(job.id.clone()));
    Item {
        address: job.address.clone(),
        id: job.id.clone(),
        timeout: job.timeout,
        start_timeout: job.start_timeout,
        settle: job.start_timeout + server.map(call_max).unwrap_or_default(),
        on_timeout: job.on_timeout,
        gates: destination.into_iter().chain(gate).collect(),
        after: job.after.clone(),
        openings: None,
        fits: None,
        retry: job.retry,
        usual: None,
    }
}

/// How long one call may last from the stored intent on. A lost command can be carried out as late as that, and then its group can take
/// a start's time to appear.
fn call_max(server: &Server) -> Duration {
    server.connect_timeout * 2 + server.command_timeout
}
