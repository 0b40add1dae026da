//! What a person changes in the state: a job that is renamed is renamed everywhere, and one that a run has begun is not forgotten.

use std::time::Duration;

use chrono::Utc;
use jbr::clock::later;
use jbr::execute::journal::Phase;
use jbr::execute::outcome::{Outcome, Verdict};
use jbr::hold::ByHand;
use jbr::names::{JobAddress, JobId, RunId};
use jbr::state::format::{decode, encode};
use jbr::state::{EditError, JobRecord, RunEnd, RunRecord, State};

use crate::example::documented;

/// Everywhere that an address can stand: as text in the file as well.
fn is_named(state: &State, job: &JobAddress) -> bool {
    let file = String::from_utf8(encode(state).unwrap()).unwrap();
    file.contains(&format!("\"{job}\""))
}

#[test]
fn a_renamed_job_keeps_its_record_its_hold_and_its_place_in_every_run() {
    let before = documented();
    let run = before.run.as_ref().unwrap();
    for item in &run.queue.items {
        let from = item.address.clone();
        let to: JobAddress = format!("{}/renamed", from.server).parse().unwrap();
        let mut state = before.clone();
        state.rename(&from, &to).unwrap();
        assert!(!is_named(&state, &from) && is_named(&state, &to), "{from}");
        assert_eq!(decode(&encode(&state).unwrap()).unwrap(), state, "{from}: it is a state like any other");
        assert_eq!(state.run.as_ref().unwrap().journal.phase(&to), run.journal.phase(&from));
        assert_eq!(state.remembered(&to), before.remembered(&from));
        // And back again: nothing was lost on the way.
        state.rename(&to, &from).unwrap();
        assert_eq!(state, before);
    }
}

#[test]
fn only_a_job_that_no_run_has_begun_is_forgotten() {
    let before = documented();
    let run = before.run.clone().unwrap();
    for (job, record) in &before.jobs {
        let mut state = before.clone();
        let is_begun = run.queue.item(job).is_some() && *run.journal.phase(job) != Phase::Queued;
        if is_begun {
            assert_eq!(state.forget(job), Err(EditError::InRun { run: run.id.clone(), job: job.clone() }));
            assert_eq!(state, before);
        } else {
            assert_eq!(state.forget(job).as_ref(), Ok(record));
            assert!(!state.jobs.contains_key(job) && state.history == before.history && state.holds == before.holds);
        }
    }
}

/// A state in which a job has run under both of its names.
fn twice() -> (State, JobAddress, JobAddress) {
    let mut state = documented();
    state.run = None;
    let (from, record) = state.jobs.iter().next().map(|(from, record)| (from.clone(), record.clone())).unwrap();
    let to: JobAddress = format!("{}/renamed", from.server).parse().unwrap();
    let mut newer = JobRecord::new(record.id.clone());
    let ended = later(Utc::now(), Duration::from_secs(60));
    newer.last_success = Some(ended);
    newer.last_outcome = Some(Outcome::without_run(Verdict::Completed, ended, String::new()));
    newer.durations = vec![Duration::from_secs(77)];
    state.jobs.insert(to.clone(), newer);
    for name in [&from, &to] {
        let items = vec![(name.clone(), None)];
        let id = RunId::new(Utc::now(), state.history.len() as u64);
        let (started, overlaps) = (Utc::now(), Vec::new());
        state.history.push(RunRecord { id, started, ended: started, end: RunEnd::Complete, items, overlaps });
    }
    (state, from, to)
}

#[test]
fn a_job_that_has_run_under_its_new_name_already_has_one_record_afterwards() {
    let (before, from, to) = twice();
    let mut state = before.clone();
    state.rename(&from, &to).unwrap();
    let (old, new, joined) = (&before.jobs[&from], &before.jobs[&to], &state.jobs[&to]);
    assert_eq!((joined.last_success, &joined.last_outcome), (new.last_success, &new.last_outcome));
    assert_eq!(joined.durations, [old.durations.as_slice(), &new.durations].concat());
    assert!(!is_named(&state, &from));
    assert_eq!(state.remembered(&to).runs, before.remembered(&from).runs + 1);

    // The other way round it is the same: what is newer counts, not what has the new name.
    let mut state = before.clone();
    state.rename(&to, &from).unwrap();
    assert_eq!(state.jobs.get(&from), Some(joined));
}

#[test]
fn failures_go_on_being_counted_until_a_good_backup_breaks_the_row() {
    let (before, from, to) = twice();
    let mut old = before.jobs[&from].clone();
    let mut new = before.jobs[&to].clone();
    (old.failures_in_a_row, new.failures_in_a_row) = (2, 1);
    assert_eq!(old.clone().joined_with(new.clone()).failures_in_a_row, 1, "a good one was between them");
    new.last_success = None;
    let joined = old.clone().joined_with(new);
    assert_eq!((joined.failures_in_a_row, joined.last_success), (3, old.last_success));
}

#[test]
fn what_could_only_be_joined_by_losing_something_is_refused_and_kept() {
    let (before, from, to) = twice();
    let by_hand = ByHand { user: "ana".to_owned(), since: Utc::now(), reason: "moved".to_owned(), until: None };
    let mut held = before.clone();
    held.holds.insert(from.clone(), by_hand.clone());
    held.holds.insert(to.clone(), by_hand);
    let mut other = before.clone();
    other.jobs.get_mut(&to).unwrap().id = JobId::new("ffffffffffffffffffffffff").unwrap();
    let mut running = documented();
    let names: Vec<JobAddress> =
        running.run.as_ref().unwrap().queue.items.iter().map(|item| item.address.clone()).collect();
    let pair = names.iter().find_map(|a| Some((a, names.iter().find(|b| *b != a && b.server == a.server)?)));
    let (first, second) = pair.unwrap();
    running.jobs.clear();
    for (state, from, to, word) in
        [(held, &from, &to, "are held"), (other, &from, &to, "another job"), (running, first, second, "has both")]
    {
        let mut tried = state.clone();
        let error = tried.rename(from, to).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
        assert_eq!(tried, state);
    }
}

#[test]
fn a_job_without_a_record_is_not_said_to_be_unknown() {
    let (mut state, from, to) = twice();
    state.jobs.remove(&to);
    let error = state.forget(&to).unwrap_err().to_string();
    assert!(error.ends_with("; 1 run that is over has it"), "{error}");
    // Past runs alone can be renamed, and stand in nobody's way.
    state.rename(&to, &format!("{}/third", from.server).parse().unwrap()).unwrap();
    state.rename(&from, &to).unwrap();
}

#[test]
fn a_run_that_had_both_names_keeps_both() {
    let (mut state, from, to) = twice();
    let run = state.history.last_mut().unwrap();
    run.items = vec![(from.clone(), None), (to.clone(), None)];
    let items = run.items.clone();
    state.rename(&from, &to).unwrap();
    assert_eq!(state.history.last().unwrap().items, items);
}
