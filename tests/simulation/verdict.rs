//! What must be true after each process, when a run is over, and when everything is.

use jbr::cli::Exit;
use jbr::clock::{Clock as _, Timestamp, earlier};
use jbr::desired::Partial;
use jbr::execute::journal::{GateState, Phase as ItemPhase};
use jbr::execute::outcome::{Outcome, Verdict};
use jbr::jetbackup::facts::{GroupStatus, LogStatus};
use jbr::names::JobAddress;
use jbr::proposal::{Beginning, Proposal};
use jbr::simulator::{Account, Carried, ExecutionEnd, LogSays, Trigger, Write};
use jbr::state::{HISTORY_MAX, Run, RunEnd, RunRecord, State};

use crate::book::{Book, RunTruth, Send};
use crate::life::World;
use crate::scenario::{CALL_MAX, START_TIMEOUT, STORAGE};
use crate::watched::long_after;

/// A process is over, however it ended: what was remembered is remembered.
pub(crate) fn of_the_state(world: &World) {
    let mut book = world.book.lock().unwrap();
    let state = match world.disk.load() {
        Ok(state) => state,
        Err(error) => return book.ensure("the state is whole", false, || error.to_string()),
    };
    let Some(found) = world.found() else { return };
    let Some(state) = state else { return book.ensure("nothing is lost", found.serial == 0, || "no state".to_owned()) };
    book.ensure("nothing is lost", state.serial >= found.serial && state.lineage == found.lineage, || {
        format!("serial {} after {}", state.serial, found.serial)
    });
    let gone = (found.history.len() + 2).saturating_sub(HISTORY_MAX);
    let is_kept = |record: &RunRecord| state.history.contains(record);
    book.ensure("nothing is lost", found.history.iter().skip(gone).all(is_kept), || {
        format!("{:#?} was {:#?}", state.history, found.history)
    });
}

/// A process begins: what is done stays done, and what is closed is recorded.
pub(crate) fn of_the_beginning(world: &World, proposal: &Proposal, state: &State) {
    let mut book = world.book.lock().unwrap();
    let Some(old) = world.found().and_then(|found| found.run.as_ref()) else { return };
    match &proposal.beginning {
        Beginning::Fresh => book.ensure("nothing is lost", false, || format!("{} is forgotten", old.id)),
        Beginning::Resume(_) => done_stays_done(&mut book, world, proposal, old),
        Beginning::StartOver { .. } => {
            let record = state.history.last();
            let is_recorded = record.is_some_and(|record| record.id == old.id && record.end == RunEnd::Incomplete);
            book.ensure("nothing is lost", is_recorded, || format!("{} is not in the history", old.id));
            for (address, outcome) in record.iter().flat_map(|record| &record.items) {
                let is_so = old.journal.outcome(address) == outcome.as_ref();
                book.ensure("nothing is lost", is_so, || format!("{address} of {} is {outcome:?}", old.id));
            }
            book.figures.count("runs_incomplete");
        }
    }
}

fn done_stays_done(book: &mut Book, world: &World, proposal: &Proposal, old: &Run) {
    for item in &old.queue.items {
        let ItemPhase::Done(outcome) = old.journal.phase(&item.address) else { continue };
        let is_same = |job: &&jbr::desired::Job| job.id == item.id && job.address.server == item.address.server;
        let Some(today) = world.desired.jobs.iter().find(is_same) else { continue };
        let in_flight = |address| {
            let queued = proposal.queue.item(address).is_some_and(|item| item.id != today.id);
            queued && !matches!(proposal.journal.phase(address), ItemPhase::Done(_))
        };
        let is_kept = proposal.journal.outcome(&today.address) == Some(outcome)
            || outcome.verdict == Verdict::Skipped
            // Its new name belongs to a backup under way; nothing of this job is started.
            || in_flight(&today.address);
        book.ensure("what is done stays done", is_kept, || {
            format!("{} was {outcome:?}, and is {:?}", item.address, proposal.journal.phase(&today.address))
        });
    }
}

/// A run is complete.
pub(crate) fn of_the_night(world: &World, exit: Option<Exit>) {
    let state = world.disk.load().unwrap().unwrap();
    let record = state.history.last().unwrap();
    let mut book = world.book.lock().unwrap();
    book.figures.count("runs_complete");
    let Some(truth) = book.runs.get(record.id.as_str()).cloned() else {
        return book.ensure("truth", false, || format!("nobody began {}", record.id));
    };
    nobody_is_missing(&mut book, world, record);
    for (address, outcome) in &record.items {
        if let Some(outcome) = outcome {
            count_verdict(&mut book, outcome);
            is_remembered(&mut book, &state, address, outcome, &truth);
            is_true(&mut book, world, record, address, outcome, &truth);
            is_explained(&mut book, address, outcome);
        }
    }
    let account = world.fleet.lock().unwrap().account().clone();
    overlaps_are_said(&mut book, &account, record);
    if let Some(exit) = exit {
        exit_is_honest(&mut book, world, record, &state, exit);
    }
    let fleet = world.fleet.lock().unwrap();
    book.note_late_gates(&fleet);
    drop(fleet);
    is_closed(&mut book, world, &state);
}

fn count_verdict(book: &mut Book, outcome: &Outcome) {
    let word = match outcome.verdict {
        Verdict::UnknownStatus(_) => "status".to_owned(),
        verdict => verdict.word().replace(' ', "_"),
    };
    book.figures.count(format!("verdict_{word}"));
}

fn nobody_is_missing(book: &mut Book, world: &World, record: &RunRecord) {
    // Nothing of these was to be done.
    let standing = world.standing.as_ref();
    let excused =
        |job: &JobAddress| standing.is_some_and(|known| known.is_kept_back(job) || known.perhaps_young.contains(job));
    for job in world.desired.jobs.iter().filter(|job| !excused(&job.address)) {
        let has_outcome = record.items.iter().any(|(address, outcome)| *address == job.address && outcome.is_some());
        book.ensure("no job is silently missing", has_outcome, || {
            format!("{} has no outcome in {}", job.address, record.id)
        });
    }
    let unfinished = record.items.iter().find(|(_, outcome)| outcome.is_none());
    book.ensure("no job is silently missing", unfinished.is_none(), || format!("{unfinished:?} of a complete run"));
}

/// The job's record says the same as the run's.
fn is_remembered(book: &mut Book, state: &State, address: &JobAddress, outcome: &Outcome, truth: &RunTruth) {
    let known = state.jobs.get(address);
    let is_so = known.is_some_and(|known| {
        Some(&known.id) == truth.jobs.get(address) && known.last_outcome.as_ref() == Some(outcome)
    });
    book.ensure("truth", is_so, || format!("{address} is {outcome:?} and is remembered as {known:?}"));
}

/// What is not good says why.
fn is_explained(book: &mut Book, address: &JobAddress, outcome: &Outcome) {
    let is_silent = !outcome.verdict.has_run() && outcome.note.is_empty();
    book.ensure("never silent", !is_silent, || format!("{address} is {:?} without a word", outcome.verdict));
}

/// A verdict is good only if the group really ended so, in this run; and nothing that was started in time "never started".
fn is_true(
    book: &mut Book,
    world: &World,
    record: &RunRecord,
    address: &JobAddress,
    outcome: &Outcome,
    truth: &RunTruth,
) {
    let server = address.server.to_string();
    let Some(job) = truth.jobs.get(address).map(ToString::to_string) else { return };
    if !outcome.verdict.has_run() {
        return has_not_run(book, world, record, outcome, &server, &job);
    }
    let ends: Vec<ExecutionEnd> = match &outcome.group {
        Some(id) if book.group(&server, id.as_str()).is_some_and(|group| group.job.as_ref() == Some(&job)) => {
            book.ends_of(&server, id.as_str()).to_vec()
        }
        Some(id) => return book.ensure("truth", false, || format!("{id} of {address} is no group of {job}")),
        None => book.groups_of(&server, &job).flat_map(|group| book.ends_of(&server, &group.id)).cloned().collect(),
    };
    // What was taken along of a job that is in no plan any more ends as it ends: it is not started anew.
    let is_declared = world.desired.job(address).is_some_and(|declared| declared.id.as_str() == job);
    let started = if is_declared { begins(book, world, record, truth, &server, &job) } else { Timestamp::MIN_UTC };
    let in_run: Vec<&ExecutionEnd> = ends.iter().filter(|end| end.at >= started).collect();
    if is_another_ones_log(book, world, &server, &job, &in_run) {
        return;
    }
    if outcome.verdict.is_good() {
        let is_so = in_run.iter().any(|end| matches!(end.status, 100 | 101));
        book.ensure("truth", is_so, || format!("{address} is {:?}, and in truth {ends:?}", outcome.verdict));
    }
    if let Some(id) = &outcome.group {
        let seen = truth.done.get(address).map(|(_, at)| *at);
        let is_over = in_run.iter().any(|end| seen.is_none_or(|seen| end.at <= seen));
        book.ensure("truth", is_over, || format!("{address} is {outcome:?}, and in truth it ran on: {ends:?}"));
        let is_so = is_what_was_recorded(book, outcome, &server, &job, &in_run);
        book.ensure("truth", is_so, || format!("{address} is {outcome:?}, and {id} in truth {ends:?}"));
    }
}

/// Whether the execution left nothing: its server has forgotten the group, and it never had a log; and somebody else's execution of the same job
/// has left one. Nothing then says that the log is not the first one's: a known limit.
fn is_another_ones_log(book: &Book, world: &World, server: &str, job: &str, ends: &[&ExecutionEnd]) -> bool {
    let fleet = world.fleet.lock().unwrap();
    let forgets = fleet.server_of(server).is_some_and(|server| server.dialect.groups_kept.is_some());
    let has_left_nothing = !ends.is_empty() && ends.iter().all(|end| end.log.is_none());
    let is_anothers = |end: &ExecutionEnd| end.log.is_some() && !ends.iter().any(|its| its.group == end.group);
    let mut others = book.groups_of(server, job).flat_map(|group| book.ends_of(server, &group.id));
    forgets && has_left_nothing && others.any(is_anothers)
}

/// From when on an execution can be this run's. A run that was started over takes along a trigger of which nobody can tell yet what came of it:
/// its server was out of reach, or had a group that does not say whose it is. What it started may be older than the run, and over.
fn begins(book: &Book, world: &World, record: &RunRecord, truth: &RunTruth, server: &str, job: &str) -> Timestamp {
    let run = record.id.as_str();
    let is_open = |send: &&Send| {
        let group = send.group.as_ref().map(|id| (send.server.clone(), id.clone()));
        let first = group.and_then(|key| book.ours.get(&key));
        send.server == server && send.job == job && send.run != run && first.is_none_or(|first| first == run)
    };
    let sent = book.sends.iter().filter(is_open).map(|send| send.at).max();
    let fleet = world.fleet.lock().unwrap();
    let is_nameless = fleet.server_of(server).is_some_and(|server| server.dialect.group_data != Carried::Always);
    let slack = if is_nameless { START_TIMEOUT + CALL_MAX } else { std::time::Duration::ZERO };
    sent.into_iter().chain([earlier(truth.started, slack)]).min().unwrap_or(truth.started)
}

/// Whether a verdict is one that follows from what JetBackup recorded: the group's, the log's, or the worse of them; or that the log that
/// must confirm it could not be read. Where a group names no log, the first new one of its job is taken for it: somebody else's execution can
/// make a verdict worse by that, never better.
fn is_what_was_recorded(book: &Book, outcome: &Outcome, server: &str, job: &str, ends: &[&ExecutionEnd]) -> bool {
    let of_log = |end: &ExecutionEnd| end.log.and_then(|status| Verdict::of_log(LogStatus::from_code(status)));
    let groups: Vec<Verdict> =
        ends.iter().filter_map(|end| Verdict::of_group(GroupStatus::from_code(end.status))).collect();
    let logs: Vec<Verdict> = ends.iter().filter_map(|end| of_log(end)).collect();
    let its_log = ends.first().and_then(|end| book.group(server, &end.group)).and_then(|group| group.log.as_deref());
    let is_its_log = outcome.log.as_ref().is_some_and(|log| Some(log.as_str()) == its_log);
    let mut of_job = book.groups_of(server, job).flat_map(|group| book.ends_of(server, &group.id)).filter_map(of_log);
    match outcome.verdict {
        // Not known is never good, and says so.
        Verdict::Lost => true,
        Verdict::Unconfirmed => groups.iter().any(|group| group.is_good()),
        // What JetBackup's own record of it says counts, where jbr could find that record.
        verdict if is_its_log && verdict.is_good() => {
            let worse = groups.iter().flat_map(|group| logs.iter().map(|log| (*group).max(*log)));
            logs.contains(&verdict) || worse.into_iter().any(|worse| worse == verdict)
        }
        verdict if verdict.is_good() => {
            let is_worse = groups.iter().any(|group| group.is_good() && *group < verdict);
            groups.contains(&verdict) || logs.contains(&verdict) || (is_worse && of_job.any(|log| log == verdict))
        }
        verdict => groups.contains(&verdict) || of_job.any(|log| log == verdict),
    }
}

fn has_not_run(book: &mut Book, world: &World, record: &RunRecord, outcome: &Outcome, server: &str, job: &str) {
    let is_its = |send: &&Send| {
        send.server == server && send.job == job && send.run == record.id.as_str() && send.group.is_some()
    };
    let started: Vec<Send> = book.sends.iter().filter(is_its).cloned().collect();
    // With several tries the outcome is the last one's.
    let tries = book.runs.get(record.id.as_str()).map_or(1, |run| run.attempts(server, job));
    let was_tried_again = |send: &Send| {
        let mut ends = send.group.iter().flat_map(|group| book.ends_of(server, group));
        tries > 1 && ends.any(|end| !matches!(end.status, 100 | 101) || !matches!(end.log, Some(1 | 4)))
    };
    let late = started.iter().all(|send| {
        book.is_late(send)
            || book.is_late_for_a_slow_look(send)
            || cannot_be_told(book, world, send)
            || was_tried_again(send)
    });
    book.ensure("truth", late, || format!("{server} {job} is {:?}, and in truth {started:?}", outcome.verdict));
}

/// Whether a server forgot the group of a trigger, and no log can stand in for it: there is none, or they could not be read before it, or
/// tonight.
fn cannot_be_told(book: &Book, world: &World, send: &Send) -> bool {
    let fleet = world.fleet.lock().unwrap();
    let forgets = fleet.server_of(&send.server).is_some_and(|server| server.dialect.groups_kept.is_some());
    let group = send.group.as_ref().and_then(|id| book.group(&send.server, id));
    let has_log = group.is_none_or(|group| group.execution.log != LogSays::Nothing && group.log.is_some());
    let hides = |rule: &jbr::simulator::Rule| rule.function.as_deref() == Some("listLogs") && rule.matched > 0;
    let hides_logs = fleet.server_of(&send.server).is_some_and(|server| server.rules.iter().any(hides));
    forgets && (hides_logs || !(send.has_logs && has_log))
}

/// A backup of this run that wrote beside one of its own that was released is said to overlap with it.
fn overlaps_are_said(book: &mut Book, account: &Account, record: &RunRecord) {
    let of_run = |write: &Write| {
        let mut sends = book.sends.iter();
        sends.any(|send| {
            send.run == record.id.as_str() && send.server == write.server && send.group.as_ref() == Some(&write.group)
        })
    };
    let unsaid = account.overlaps(STORAGE).into_iter().find(|(first, second)| {
        let released = book.released.get(&(first.server.clone(), first.group.clone()));
        let is_released = released.is_some_and(|since| *since <= second.from);
        let is_seen = record.items.iter().any(|(_, outcome)| {
            let group = outcome.as_ref().and_then(|outcome| outcome.group.as_ref());
            group.is_some_and(|group| group.as_str() == second.group)
        });
        // One that came late is adopted when a survey sees it; it may have begun beside anything.
        let is_late = book.is_late_group(&second.server, &second.group);
        let is_said = record.overlaps.iter().any(|overlap| {
            let ids = [overlap.first.1.as_str(), overlap.second.1.as_str()];
            ids.contains(&first.group.as_str()) && ids.contains(&second.group.as_str())
        });
        let are_ours = first.trigger == Trigger::Api && second.trigger == Trigger::Api;
        are_ours && is_released && is_seen && !is_late && !is_said && of_run(first) && of_run(second)
    });
    let unsaid = unsaid.map(|(first, second)| format!("{first:?} and {second:?}"));
    book.ensure("never silent", unsaid.is_none(), || format!("an overlap is not in the record: {unsaid:?}"));
}

/// 0 says that every requested backup is good, and nothing that is worse is hidden.
fn exit_is_honest(book: &mut Book, world: &World, record: &RunRecord, state: &State, exit: Exit) {
    let verdicts: Vec<Verdict> =
        record.items.iter().filter_map(|(_, outcome)| outcome.as_ref()).map(|o| o.verdict).collect();
    let all_good = verdicts.iter().all(|verdict| verdict.is_good());
    let partial_fails = world.desired.run.partial == Partial::Fail && verdicts.contains(&Verdict::Partial);
    let is_open = state.opened.iter().any(|opened| matches!(opened.state, GateState::LeftOpen { .. }));
    let expected = match exit {
        Exit::Success => all_good && !partial_fails && !is_open,
        Exit::Partial => all_good && partial_fails && !is_open,
        Exit::BackupFailed => !all_good,
        Exit::NothingRan => verdicts.iter().all(|verdict| *verdict == Verdict::Skipped),
        Exit::Unsafe => is_open,
        _ => false,
    };
    book.ensure("exit code", expected, || format!("{exit:?} for {verdicts:?}, open: {is_open}"));
}

/// What jbr opened is closed again, or the alarm is in the state: whatever the plan says of it by now.
fn is_closed(book: &mut Book, world: &World, state: &State) {
    let alarms = |server: &str, gate: &str| {
        state.opened.iter().any(|opened| {
            opened.server.as_str() == server
                && opened.gate.to_string() == gate
                && matches!(opened.state, GateState::LeftOpen { .. })
        })
    };
    let mut fleet = world.fleet.lock().unwrap();
    fleet.advance(world.clock.now());
    for declared in &world.universe.servers {
        let name = declared.name.as_str();
        let Some(server) = fleet.server_of(name).filter(|server| !book.late_gates.contains(&server.name)) else {
            continue;
        };
        if let Some(destination) = declared.destination.as_ref().filter(|destination| destination.keep_closed) {
            let is_closed = server.destination_of(destination.id.as_str()).is_some_and(|live| live.disabled);
            let is_known = alarms(name, &format!("destination {}", destination.id));
            book.ensure("closed_at_the_end", is_closed || is_known, || format!("{} is open", destination.id));
        }
        let kept = world.universe.jobs.iter().filter(|job| job.keep_disabled && job.address.server == declared.name);
        for job in kept {
            let is_closed = server.job_of(job.id.as_str()).is_some_and(|live| live.disabled);
            let is_known = alarms(name, &format!("job {}", job.id));
            book.ensure("closed_at_the_end", is_closed || is_known, || format!("{} is enabled", job.id));
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
    for (what, times) in &account.mishaps {
        book.figures.add(format!("fault_{what}"), *times);
    }
    for write in &account.writes {
        book.figures.count(match write.trigger {
            Trigger::Api => "writes_by_api",
            Trigger::Schedule => "writes_by_schedule",
            Trigger::Rerun => "writes_by_rerun",
            Trigger::Foreign => "writes_by_others",
        });
    }
}

/// No two backups that jbr started wrote at the same time; but for one that a plan released before the other began, and one that came
/// later than anybody could wait for.
fn one_writer(book: &mut Book, account: &Account) {
    let is_ours = |write: &Write| write.trigger == Trigger::Api;
    for (first, second) in account.overlaps(STORAGE) {
        let released = |write: &Write| book.released.get(&(write.server.clone(), write.group.clone())).copied();
        let is_released = |write: &Write| released(write).is_some_and(|since| since <= second.from);
        let is_late = |write: &Write| book.is_late_group(&write.server, &write.group);
        let is_allowed = |write: &Write| is_released(write) || is_late(write);
        if !is_ours(first) || !is_ours(second) {
            continue;
        }
        if is_allowed(first) || is_allowed(second) {
            book.figures.count("overlaps_allowed");
        } else {
            book.ensure("one_writer", false, || format!("{first:?} and {second:?}"));
        }
    }
}

/// Within a run a job is started no more often than its plan has tries for it; a trigger that started nothing is none, nor one that came later
/// than anybody could wait for.
fn triggered_once(book: &mut Book, world: &World) {
    let sends = book.sends.clone();
    for (place, second) in sends.iter().enumerate() {
        let before = sends[..place]
            .iter()
            .filter(|first| first.server == second.server && first.job == second.job && first.run == second.run);
        let started: Vec<&Send> = before
            .filter(|first| {
                first.carried_out.is_some_and(|(_, starts)| starts)
                    && !book.is_late(first)
                    && !cannot_be_told(book, world, first)
            })
            .collect();
        let tries = book.runs.get(&second.run).map_or(1, |run| run.attempts(&second.server, &second.job));
        let is_one_too_many = started.len() >= usize::try_from(tries).unwrap();
        book.ensure("triggered_once", !is_one_too_many, || format!("{started:?} of {tries} tries, then {second:?}"));
    }
}
