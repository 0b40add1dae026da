//! Goes the way to every server, all at the same time, with calls that only read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use crate::clock::{Clock, Timestamp};
use crate::desired::{Desired, Server};
use crate::execute::outcome::Outcome;
use crate::jetbackup::call_error::CallError;
use crate::jetbackup::client::Client;
use crate::jetbackup::facts::Group;
use crate::links::{Link, Links};
use crate::names::{LogId, ServerName};
use crate::printable::printable;
use crate::state::State;
use crate::transport::ssh::Milestone;

use super::{ClockSight, KeySight, Sight};

/// A public key with its comment is one line; RSA with 16,384 bits takes 3 kB.
const PUBLIC_KEY_SIZE_MAX_BYTES: u64 = 8 * 1024;

/// Asks every server. `reached` gives the milestones that the transport of a server has told of so far.
pub fn collect(
    links: &mut Links,
    desired: &Desired,
    state: &State,
    clock: &dyn Clock,
    reached: &(dyn Fn(&ServerName) -> Vec<Milestone> + Sync),
) -> Vec<Sight> {
    let last = last_backups(state);
    let sights = links.ask_all(|link: &mut Link| {
        let server = desired.server(&link.server)?;
        Some(sight(link, server, last.get(&link.server), clock, reached))
    });
    sights.into_iter().filter_map(|(_, sight)| sight).collect()
}

fn sight(
    link: &mut Link,
    server: &Server,
    last: Option<&(LogId, Outcome)>,
    clock: &dyn Clock,
    reached: &(dyn Fn(&ServerName) -> Vec<Milestone> + Sync),
) -> Sight {
    let client = &mut link.client;
    let gate = client.ssh_gate();
    // Where nothing could be sent, one attempt is enough: sshd and its watchers count them.
    let is_open = !matches!(gate, Err(CallError::NotSent(_)));
    let jobs = is_open.then(|| client.jobs());
    let answers = matches!(jobs, Some(Ok(_)));
    let destinations = answers.then(|| client.destinations());
    // What fails from here on is no step of the way.
    let milestones = reached(&link.server);
    let clock_sight = if answers { look_at_clock(client, last, clock) } else { ClockSight::Unknown };
    Sight {
        server: link.server.clone(),
        at: clock.now(),
        milestones,
        gate,
        jobs,
        destinations,
        version: client.version().map(str::to_owned),
        clock: clock_sight,
        key: key(server),
    }
}

/// What can be had with two calls at most. That one of them fails says nothing of the clock, and nothing depends on it.
fn look_at_clock(client: &mut Client, last: Option<&(LogId, Outcome)>, clock: &dyn Clock) -> ClockSight {
    if let Some((log, outcome)) = last
        && let Ok(log) = client.log(log)
    {
        let measured = ClockSight::of_backup(outcome, &log);
        if measured != ClockSight::Unknown {
            return measured;
        }
    }
    let newest = client.groups().ok().and_then(|groups| newest(&groups));
    ClockSight::of_newest(newest, clock.now())
}

fn newest(groups: &[Group]) -> Option<Timestamp> {
    groups.iter().filter_map(|group| group.created).max()
}

/// The last backup of each server that jbr triggered and saw to its end, with its log.
fn last_backups(state: &State) -> BTreeMap<ServerName, (LogId, Outcome)> {
    let mut last: BTreeMap<ServerName, (LogId, Outcome)> = BTreeMap::new();
    for (address, record) in state.records() {
        let Some((log, outcome)) = record.last_outcome.and_then(|outcome| Some((outcome.log.clone()?, outcome))) else {
            continue;
        };
        let is_newer = last.get(&address.server).is_none_or(|(_, known)| known.ended < outcome.ended);
        if outcome.triggered.is_some() && is_newer {
            last.insert(address.server, (log, outcome));
        }
    }
    last
}

fn key(server: &Server) -> KeySight {
    let Some(key) = &server.key else { return KeySight { is_there: true, public: None } };
    let mut public = key.as_os_str().to_owned();
    public.push(".pub");
    KeySight { is_there: key.exists(), public: public_key(Path::new(&public)) }
}

/// The one line of a public key's file; `None` for whatever is not one.
fn public_key(path: &Path) -> Option<Arc<str>> {
    let mut text = String::new();
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    File::open(path).ok()?.take(PUBLIC_KEY_SIZE_MAX_BYTES).read_to_string(&mut text).ok()?;
    let line = text.trim();
    let is_key = ["ssh-", "ecdsa-", "sk-"].iter().any(|kind| line.starts_with(kind)) && line.lines().count() == 1;
    // A line that would be cut or changed is none to be copied.
    (is_key && printable(line) == line).then(|| line.into())
}
