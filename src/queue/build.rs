//! From decisions to the queue: everything that a run needs, settled before it begins.

use super::order::order;
use super::{Gate, Item, Queue};
use crate::desired::{Desired, Job};
use crate::diff::Diff;

/// The queue of the jobs that the comparison decided to run: by priority over all servers, ties in file order.
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
        // A lost command can be carried out as late as a call may last, and its group can take a start's time to appear.
        settle: job.start_timeout + server.map(|server| server.command_timeout).unwrap_or_default(),
        on_timeout: job.on_timeout,
        gates: destination.into_iter().chain(gate).collect(),
    }
}
