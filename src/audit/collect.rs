//! Reads what every server recorded, all at the same time. Only calls that read.

use std::collections::{BTreeMap, BTreeSet};

use super::Period;
use super::evidence::{Evidence, Records};
use super::pairing::{Pairing, is_at_work};
use super::reading::may_have_run_in;
use crate::desired::{Desired, Server};
use crate::jetbackup::call_error::{CallError, seen};
use crate::jetbackup::client::Client;
use crate::jetbackup::facts::{Group, GroupStatus};
use crate::links::{Link, Links};
use crate::names::{LogId, ServerName};

/// How often a server's records are read until they agree with themselves: a backup may begin or end while they are read.
const READS_MAX: usize = 3;
/// How many groups of a server that do not name their job or log are asked for one by one, newest first …
const GROUPS_ASKED_MAX: usize = 300;
/// … and how many of them may name no log then either, before their version is taken for one that never says it.
const GROUPS_IN_VAIN_MAX: usize = 3;
/// How many logs of a server are asked for one by one: those that a group or `jbr`'s memory names, and the list does not have.
const LOGS_ASKED_MAX: usize = 300;

/// Reads the records of every server that is linked. Lists are read whole; what is asked for one by one is of the period.
pub fn collect(
    links: &mut Links,
    desired: &Desired,
    wanted: &BTreeMap<ServerName, BTreeSet<LogId>>,
    period: Period,
) -> Vec<Evidence> {
    let nothing = BTreeSet::new();
    let answers = links.ask_all(|link: &mut Link| {
        let wanted = wanted.get(&link.server).unwrap_or(&nothing);
        (link.guard.clone(), seen(settled(&mut link.client, wanted, period)))
    });
    let evidence = |(server, (guard, records))| {
        let declared = desired.server(&server);
        Evidence { guard, answer_max: declared.map(answer_max).unwrap_or_default(), records, server }
    };
    answers.into_iter().map(evidence).collect()
}

fn answer_max(server: &Server) -> std::time::Duration {
    server.command_timeout
}

/// The records, read again as long as something was under way between the calls.
fn settled(client: &mut Client, wanted: &BTreeSet<LogId>, period: Period) -> Result<Records, CallError> {
    let mut records = read(client, wanted, period)?;
    for _ in 1..READS_MAX {
        if is_settled(&records) {
            break;
        }
        records = read(client, wanted, period)?;
    }
    Ok(records)
}

/// Groups before logs: what ended in between has its end in the log.
fn read(client: &mut Client, wanted: &BTreeSet<LogId>, period: Period) -> Result<Records, CallError> {
    let jobs = client.jobs()?;
    let mut groups = client.groups()?;
    complete(client, &mut groups, period)?;
    let mut logs = client.all_logs()?;
    let found: BTreeSet<LogId> = logs.iter().map(|log| log.id.clone()).collect();
    let of_period = groups.iter().filter(|group| may_have_run_in(group, period));
    let named = of_period.filter_map(|group| group.log.clone());
    let missing: BTreeSet<LogId> = named.chain(wanted.iter().cloned()).filter(|log| !found.contains(log)).collect();
    for id in missing.iter().take(LOGS_ASKED_MAX) {
        match client.log(id) {
            Ok(log) => logs.push(log),
            // It is not kept any more: whoever needs it says that it is missing.
            Err(CallError::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Records { jobs, groups, logs })
}

/// Some versions name a group's job or log only where the group is asked for by itself, and some never name its log.
fn complete(client: &mut Client, groups: &mut [Group], period: Period) -> Result<(), CallError> {
    let lacks_log = |group: &Group| group.log.is_none() && group.status != GroupStatus::Pending;
    let is_bare = |group: &&mut Group| (group.job.is_none() || lacks_log(group)) && may_have_run_in(group, period);
    let mut in_vain = 0;
    for group in groups.iter_mut().filter(is_bare).take(GROUPS_ASKED_MAX) {
        if group.job.is_some() && in_vain >= GROUPS_IN_VAIN_MAX {
            continue;
        }
        match client.group(&group.id) {
            Ok(whole) => *group = whole,
            // Cleared away in between; what the list said of it stays said.
            Err(CallError::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
        in_vain += usize::from(lacks_log(group));
    }
    Ok(())
}

/// Whether each log without an end has a group at work, and each group at work a log without an end.
fn is_settled(records: &Records) -> bool {
    let pairing = Pairing::of(records);
    let open = records.logs.iter().filter(|log| log.ended.is_none());
    let at_work = records.groups.iter().filter(|group| is_at_work(group));
    open.into_iter().all(|log| pairing.group_of(&log.id).is_some_and(is_at_work))
        && at_work.into_iter().all(|group| pairing.log_of(&group.id).is_some_and(|log| log.ended.is_none()))
}
