//! Reads every server, all at the same time. Only calls that read: nothing is changed anywhere.

use std::collections::{BTreeMap, BTreeSet};

use super::{Inventory, ServerView};
use crate::jetbackup::client::{CallError, Client, seen};
use crate::jetbackup::facts::Log;
use crate::links::{Link, Links};
use crate::names::{JobId, ServerName};
use crate::seen::{Seen, Why};

/// Reads every server's jobs, queue, destinations and settings, and the logs of the jobs that are named.
pub fn collect(links: &mut Links, with_logs: &[(ServerName, JobId)]) -> Inventory {
    let views = links.ask_all(|link| view(link, with_logs));
    Inventory { servers: views.into_iter().map(|(_, view)| view).collect() }
}

fn view(link: &mut Link, with_logs: &[(ServerName, JobId)]) -> ServerView {
    let server = link.server.clone();
    let with_logs: BTreeSet<&JobId> =
        with_logs.iter().filter(|(wanted, _)| *wanted == server).map(|(_, job)| job).collect();
    let jobs = seen(link.client.jobs());
    if let Seen::Unknown(why) = jobs {
        // One reason is enough: a server that does not answer the first call is not asked three more times.
        return unread(server, &why);
    }
    ServerView {
        server,
        jobs,
        groups: seen(link.client.named_groups()),
        logs: logs(&mut link.client, &with_logs),
        destinations: seen(link.client.destinations()),
        gate: seen(link.client.ssh_gate()),
        forks: seen(link.client.performance()).map(|performance| performance.backup_forks),
        version: link.client.version().map(str::to_owned),
    }
}

/// All logs that are kept of each job: the last good one may lie behind many that are not.
fn logs(client: &mut Client, jobs: &BTreeSet<&JobId>) -> BTreeMap<JobId, Seen<Vec<Log>>> {
    let mut silence: Option<Why> = None;
    let mut read = |job: &JobId| {
        // A server that has stopped answering is not waited for once a job.
        if let Some(why) = &silence {
            return Seen::Unknown(why.clone());
        }
        // Once more: for want of its log a job may be run that is not due.
        let answer =
            client.logs_of(job).or_else(|error| if error.is_silence() { client.logs_of(job) } else { Err(error) });
        let is_silent = answer.as_ref().is_err_and(CallError::is_silence);
        let answer = seen(answer);
        if let (true, Seen::Unknown(why)) = (is_silent, &answer) {
            silence = Some(why.clone());
        }
        answer
    };
    jobs.iter().map(|job| ((*job).clone(), read(job))).collect()
}

fn unread(server: ServerName, why: &Why) -> ServerView {
    ServerView {
        server,
        version: None,
        jobs: Seen::Unknown(why.clone()),
        groups: Seen::Unknown(why.clone()),
        logs: BTreeMap::new(),
        destinations: Seen::Unknown(why.clone()),
        gate: Seen::Unknown(why.clone()),
        forks: Seen::Unknown(why.clone()),
    }
}
