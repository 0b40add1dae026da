//! What simulated fleets and their plans are made of: jobs by number, all on one NAS.

use std::time::Duration;

use chrono::Utc;
use jbr::simulator::{Destination, Execution, Fleet, Job, Server};

use super::process::Process;
use super::site::{NAS, Site};

/// The NAS as every simulated server knows it.
pub(crate) const DESTINATION: &str = "6503eec8ebbf07708d06f1d2";

/// JetBackup's id of the job with this number.
pub(crate) fn id(number: usize) -> String {
    format!("{number:024x}")
}

/// How long in milliseconds, as a duration.
pub(crate) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A good backup that is seen at once, starts shortly after that, and writes for this long.
pub(crate) fn writes_for(ms: u64) -> Execution {
    Execution::of(self::ms(ms)).starts_after(self::ms(200))
}

/// The job with this number, which writes to the NAS; each of its backups goes like this.
pub(crate) fn job(number: usize, execution: Execution) -> Job {
    Job::new(id(number), format!("job{number}")).writes_to(DESTINATION).script([execution])
}

/// The server with the NAS as its destination.
pub(crate) fn with_nas(server: Server) -> Server {
    server.destination(Destination::on(NAS, DESTINATION))
}

/// An entry of a plan's `jobs`: `extra` as `, timeout: 2s`.
pub(crate) fn entry(address: &str, number: usize, extra: &str) -> String {
    let (server, name) = address.split_once('/').unwrap();
    format!("  - {{ name: {name}, server: {server}, id: \"{}\"{extra} }}\n", id(number))
}

/// A plan's `run`, looking as often as it can, and its jobs by address and number.
pub(crate) fn run_with(settings: &str, jobs: &[(&str, usize, &str)]) -> String {
    let jobs: String = jobs.iter().map(|(address, number, extra)| entry(address, *number, extra)).collect();
    format!("run: {{ poll: 1s{settings} }}\njobs:\n{jobs}")
}

/// Two servers with a job each, `a/one` taking this long; `limits` for each server, `settings` for the run.
pub(crate) fn two_servers(first_ms: u64, limits: &str, settings: &str) -> Site {
    let fleet = Fleet::new(Utc::now())
        .server("a", |a| with_nas(a).job(job(1, writes_for(first_ms))))
        .server("b", |b| with_nas(b).job(job(2, writes_for(300))));
    let site = Site::start(&fleet);
    site.write_plan_with(limits, &run_with(settings, &[("a/one", 1, ""), ("b/two", 2, "")]));
    site
}

/// An `apply` of [`two_servers`] while the first one's backup is at work.
pub(crate) fn in_a_backup(site: &Site) -> Process {
    let mut jbr = site.start_apply();
    jbr.until_event("started", Some("a/one"));
    site.until_runs("a", &id(1));
    jbr
}

/// Named once: a test binary uses a part of it.
const _: () = {
    _ = (DESTINATION, id, ms, writes_for, job, with_nas, entry, run_with, two_servers, in_a_backup);
};
