//! Reads every server, all at the same time. Only calls that read: nothing is changed anywhere.

use std::collections::BTreeMap;

use super::{Inventory, ServerView};
use crate::jetbackup::client::seen;
use crate::links::{Link, Links};
use crate::names::{JobId, ServerName};
use crate::seen::{Seen, Why};

/// How many logs of a job are read.
const LOGS_MAX: usize = 25;

/// Reads every server's jobs, queue, destinations and settings, and the logs of the jobs that are in doubt.
pub fn collect(links: &mut Links, in_doubt: &[(ServerName, JobId)]) -> Inventory {
    let views = links.ask_all(|link| view(link, in_doubt));
    Inventory { servers: views.into_iter().map(|(_, view)| view).collect() }
}

fn view(link: &mut Link, in_doubt: &[(ServerName, JobId)]) -> ServerView {
    let server = link.server.clone();
    let in_doubt: Vec<&JobId> =
        in_doubt.iter().filter(|(doubtful, _)| *doubtful == server).map(|(_, job)| job).collect();
    let jobs = seen(link.client.jobs());
    if let Seen::Unknown(why) = jobs {
        // One reason is enough: a server that does not answer the first call is not asked three more times.
        return unread(server, &why);
    }
    ServerView {
        server,
        jobs,
        groups: seen(link.client.named_groups()),
        logs: in_doubt.into_iter().map(|job| (job.clone(), seen(link.client.newest_logs(job, LOGS_MAX)))).collect(),
        destinations: seen(link.client.destinations()),
        gate: seen(link.client.ssh_gate()),
        forks: seen(link.client.performance()).map(|performance| performance.backup_forks),
        version: link.client.version().map(str::to_owned),
    }
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
