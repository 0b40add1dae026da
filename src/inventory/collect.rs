//! Reads every server, all at the same time. Only calls that read: nothing is changed anywhere.

use super::{Inventory, ServerView};
use crate::jetbackup::client::seen;
use crate::links::{Link, Links};
use crate::seen::{Seen, Why};

/// Reads every server's jobs, queue, destinations and settings.
pub fn collect(links: &mut Links) -> Inventory {
    let views = links.ask_all(view);
    Inventory { servers: views.into_iter().map(|(_, view)| view).collect() }
}

fn view(link: &mut Link) -> ServerView {
    let server = link.server.clone();
    let jobs = seen(link.client.jobs());
    if let Seen::Unknown(why) = jobs {
        // One reason is enough: a server that does not answer the first call is not asked three more times.
        return unread(server, &why);
    }
    ServerView {
        server,
        jobs,
        groups: seen(link.client.named_groups()),
        destinations: seen(link.client.destinations()),
        gate: seen(link.client.ssh_gate()),
        forks: seen(link.client.performance()).map(|performance| performance.backup_forks),
        version: link.client.version().map(str::to_owned),
    }
}

fn unread(server: crate::names::ServerName, why: &Why) -> ServerView {
    ServerView {
        server,
        version: None,
        jobs: Seen::Unknown(why.clone()),
        groups: Seen::Unknown(why.clone()),
        destinations: Seen::Unknown(why.clone()),
        gate: Seen::Unknown(why.clone()),
        forks: Seen::Unknown(why.clone()),
    }
}
