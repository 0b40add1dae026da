//! The demo's servers: what an ordinary night looks like, with one partial backup, one slow one, and one that a user
//! started.

use std::time::Duration;

use crate::clock::{Timestamp, later};
use crate::simulator::{Destination, Execution, Fleet, ForeignGroup, Job, Server};

/// What all three servers call the NAS, and what it is.
const NAS: &str = "NAS";

/// Three servers at this moment.
pub(super) fn fleet(now: Timestamp) -> Fleet {
    let destinations = ["6503eec8ebbf07708d06f1d1", "6503eec8ebbf07708d06f1d2", "6503eec8ebbf07708d06f1d3"];
    let [web1, web2, shop] = destinations;
    let by_hand = ForeignGroup::new(later(now, minutes(1)), 1, Execution::of(minutes(12))).writes_to(web1);
    Fleet::new(now)
        .server("web1", |server| {
            without_own_config(server)
                .destination(Destination::on(NAS, web1))
                .job(job("a1a1a1a1a1a1a1a1a1a1a1a1", "Accounts, web1", web1, 45, 100))
                .job(Job::new("c1c1c1c1c1c1c1c1c1c1c1c1", "Old mail archive").writes_to(web1))
                .foreign(by_hand)
        })
        .server("web2", |server| {
            without_own_config(server)
                .destination(Destination::on(NAS, web2).disabled())
                // One account over its quota makes the whole backup partial, most nights.
                .job(job("a2a2a2a2a2a2a2a2a2a2a2a2", "Accounts, web2", web2, 70, 101))
                .job(job("b2b2b2b2b2b2b2b2b2b2b2b2", "Files", web2, 15, 100).kind(2))
        })
        .server("shop", |server| {
            without_own_config(server)
                .destination(Destination::on(NAS, shop))
                .job(job("d3d3d3d3d3d3d3d3d3d3d3d3", "Shop databases", shop, 10, 100).databases())
                // Longer than its timeout: reported, and seen to its end.
                .job(job("a3a3a3a3a3a3a3a3a3a3a3a3", "Shop accounts", shop, 100, 100))
        })
}

/// JetBackup's built-in job for its own configuration, switched off: a night without side shows.
fn without_own_config(mut server: Server) -> Server {
    for job in &mut server.jobs {
        job.disabled = true;
    }
    server
}

fn job(id: &str, name: &str, destination: &str, runs_minutes: u64, status: i64) -> Job {
    let execution = Execution::of(minutes(runs_minutes)).items(40).ends(status);
    Job::new(id, name).writes_to(destination).script([execution])
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}
