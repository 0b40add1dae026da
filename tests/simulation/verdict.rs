//! What must be true when a run is over, and when everything is.

use jbr::cli::Exit;
use jbr::clock::{Clock as _, earlier};
use jbr::desired::Partial;
use jbr::execute::journal::GateState;
use jbr::execute::outcome::{Outcome, Verdict};
use jbr::names::JobAddress;
use jbr::simulator::{Account, Carried, Fault, Group, LogSays, Phase, Rule, Server, Trigger, Write};
use jbr::state::store::Store as _;
use jbr::state::{RunRecord, State};

use crate::book::{Book, Send};
use crate::life::World;
use crate::scenario::{CALL_MAX, START_TIMEOUT, STORAGE};
use crate::watched::long_after;

/// A run is complete.
pub(crate) fn of_the_night(world: &World, exit: Exit) {
    let state = world.disk.load().unwrap().unwrap();
    let record = state.history.last().unwrap();
    let mut book = world.book.lock().unwrap();
    nobody_is_missing(&mut book, world, record);
    for (address, outcome) in &record.items {
        if let Some(outcome) = outcome {
            is_true(&mut book, world, record, address, outcome);
        }
    }
    exit_is_honest(&mut book, world, record, exit);
    is_closed(&mut book, world, &state);
}

fn nobody_is_missing(book: &mut Book, world: &World, record: &RunRecord) {
    for job in &world.desired.jobs {
        let has_outcome = record.items.iter().any(|(address, outcome)| *address == job.address && outcome.is_some());
        book.ensure("no job is silently missing", has_outcome, || {
            format!("{} has no outcome in {}", job.address, record.id)
        });
    }
}

fn job_id(world: &World, address: &JobAddress) -> Option<String> {
    world.desired.job(address).map(|job| job.id.to_string())
}

/// A verdict is good only if the group really ended so, in this run; and nothing that was started in time "never started".
fn is_true(book: &mut Book, world: &World, record: &RunRecord, address: &JobAddress, outcome: &Outcome) {
    let server = address.server.to_string();
    let Some(job) = job_id(world, address) else { return };
    let ended = |group: &Group| match group.phase {
        Phase::Finished { at, status, .. } => Some((at, status)),
        _ => None,
    };
    let of_job = book.groups.iter().filter(|((on, _), group)| *on == server && group.job.as_ref() == Some(&job));
    let witnesses: Vec<(String, Option<_>)> = match &outcome.group {
        Some(id) => {
            of_job.filter(|((_, group), _)| group == id.as_str()).map(|((_, id), g)| (id.clone(), ended(g))).collect()
        }
        None => of_job.map(|((_, id), group)| (id.clone(), ended(group))).collect(),
    };
    // Where the list does not say whose a group is, a run that was started over right after a trigger cannot tell that its group has come
    // and gone: it may be as much older than the run as a trigger is waited out.
    let fleet = world.fleet.lock().unwrap();
    let is_nameless = fleet.server_of(&server).is_some_and(|server| server.dialect.group_data != Carried::Always);
    let started = if is_nameless { earlier(record.started, START_TIMEOUT + CALL_MAX) } else { record.started };
    drop(fleet);
    let in_run: Vec<i64> =
        witnesses.iter().filter_map(|(_, end)| *end).filter(|(at, _)| *at >= started).map(|(_, code)| code).collect();
    if outcome.verdict.is_good() {
        let is_so = in_run.iter().any(|status| matches!(status, 100 | 101));
        book.ensure("truth", is_so, || format!("{address} is {:?}, and in truth {witnesses:?}", outcome.verdict));
    }
    if let Some(id) = &outcome.group
        && let Some(group) = book.groups.get(&(server.clone(), id.to_string())).cloned()
    {
        let is_over = ended(&group).is_some_and(|(at, _)| at <= outcome.ended);
        book.ensure("truth", is_over, || {
            format!("{address} is {:?}, and in truth it ran on: {group:?}", outcome.verdict)
        });
        // What JetBackup's own record of it says counts, where jbr could find that record.
        let has_bad_log = outcome.log.is_some() && matches!(group.execution.log, LogSays::Instead(_));
        book.ensure("truth", !has_bad_log || !outcome.verdict.is_good(), || {
            format!("{address} is {:?}, and its log says otherwise: {group:?}", outcome.verdict)
        });
    }
    if outcome.verdict == Verdict::NeverStarted {
        let started: Vec<Send> = book
            .sends
            .iter()
            .filter(|send| {
                send.server == server && send.job == job && send.run == record.id.as_str() && send.group.is_some()
            })
            .cloned()
            .collect();
        let late = started.iter().all(|send| book.is_late(send) || cannot_be_told(book, world, send));
        book.ensure("truth", late, || format!("{address} never started, and in truth {started:?}"));
    }
}

/// Whether a server forgot the group of a trigger, and no log can stand in for it: there is none, or those before it could not be read.
fn cannot_be_told(book: &Book, world: &World, send: &Send) -> bool {
    let fleet = world.fleet.lock().unwrap();
    let forgets = fleet.server_of(&send.server).is_some_and(|server| server.dialect.groups_kept.is_some());
    let group = send.group.as_ref().and_then(|id| book.groups.get(&(send.server.clone(), id.clone())));
    let has_log = group.is_none_or(|group| group.execution.log != LogSays::Nothing && group.log.is_some());
    forgets && !(send.has_logs && has_log)
}

/// Whether a command to open or close can have been carried out long after it was given up. Nobody can see that after the run.
fn may_open_late(server: &Server) -> bool {
    let is_late = |rule: &Rule| {
        let is_of_a_gate = rule.function.as_deref().is_some_and(|function| function.starts_with("manage"));
        is_of_a_gate && matches!(rule.fault, Fault::Late(_)) && rule.matched > 0
    };
    server.rules.iter().any(is_late)
}

/// 0 says that every requested backup is good, and nothing that is worse is hidden.
fn exit_is_honest(book: &mut Book, world: &World, record: &RunRecord, exit: Exit) {
    let verdicts: Vec<Verdict> =
        record.items.iter().filter_map(|(_, outcome)| outcome.as_ref()).map(|o| o.verdict).collect();
    let all_good = verdicts.iter().all(|verdict| verdict.is_good());
    let partial_fails = world.desired.run.partial == Partial::Fail && verdicts.contains(&Verdict::Partial);
    let expected = match exit {
        Exit::Success => all_good && !partial_fails,
        Exit::Partial => all_good && partial_fails,
        Exit::BackupFailed => !all_good,
        Exit::NothingRan => verdicts.iter().all(|verdict| *verdict == Verdict::Skipped),
        Exit::Unsafe => true,
        _ => false,
    };
    book.ensure("exit code", expected, || format!("{exit:?} for {verdicts:?}"));
}

/// What jbr opened is closed again, or the alarm is in the state.
fn is_closed(book: &mut Book, world: &World, state: &State) {
    let alarms = |gate: &str| {
        state
            .opened
            .iter()
            .any(|opened| opened.gate.to_string() == gate && matches!(opened.state, GateState::LeftOpen { .. }))
    };
    let mut fleet = world.fleet.lock().unwrap();
    fleet.advance(world.clock.now());
    for declared in &world.desired.servers {
        let Some(server) = fleet.server_of(declared.name.as_str()).filter(|server| !may_open_late(server)) else {
            continue;
        };
        if let Some(destination) = declared.destination.as_ref().filter(|destination| destination.keep_closed) {
            let is_closed = server.destination_of(destination.id.as_str()).is_some_and(|live| live.disabled);
            let is_known = alarms(&format!("destination {}", destination.id));
            book.ensure("closed_at_the_end", is_closed || is_known, || format!("{} is open", destination.id));
        }
        let kept = world.desired.jobs.iter().filter(|job| job.keep_disabled && job.address.server == declared.name);
        for job in kept {
            let is_closed = server.job_of(job.id.as_str()).is_some_and(|live| live.disabled);
            let is_known = alarms(&format!("job {}", job.id));
            book.ensure("closed_at_the_end", is_closed || is_known, || format!("{} is enabled", job.address));
        }
    }
}

/// Everything is over: what the account says of all nights.
pub(crate) fn in_the_end(world: &World) {
    let mut book = world.book.lock().unwrap();
    book.look(&world.fleet, long_after(world.clock.now()));
    let account = world.fleet.lock().unwrap().account().clone();
    one_writer(&mut book, &account);
    triggered_once(&mut book, world);
}

/// No two backups that jbr started wrote at the same time; but for one that a plan released, and one that came later than
/// anybody could wait for.
fn one_writer(book: &mut Book, account: &Account) {
    let is_ours = |write: &Write| write.trigger == Trigger::Api;
    for (first, second) in account.overlaps(STORAGE) {
        let is_released = |write: &Write| book.released.contains(&(write.server.clone(), write.group.clone()));
        let is_late = |write: &Write| book.is_late_group(&write.server, &write.group);
        let is_allowed = |write: &Write| is_released(write) || is_late(write);
        if is_ours(first) && is_ours(second) && !is_allowed(first) && !is_allowed(second) {
            book.ensure("one_writer", false, || format!("{first:?} and {second:?}"));
            return;
        }
    }
}

/// Within a run a job is triggered again only if the earlier trigger started nothing, or came later than anybody could wait for.
fn triggered_once(book: &mut Book, world: &World) {
    let sends = book.sends.clone();
    for (place, second) in sends.iter().enumerate() {
        let mut before = sends[..place]
            .iter()
            .filter(|first| first.server == second.server && first.job == second.job && first.run == second.run);
        let repeated = before.find(|first| {
            first.carried_out.is_some_and(|(_, starts)| starts)
                && !book.is_late(first)
                && !cannot_be_told(book, world, first)
        });
        if let Some(first) = repeated {
            book.ensure("triggered_once", false, || format!("{first:?}, then {second:?}"));
        }
    }
}
