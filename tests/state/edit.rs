//! What a person changes in the state: a job that is renamed is renamed everywhere, and one that a run has begun is not forgotten.

use jbr::execute::journal::Phase;
use jbr::names::JobAddress;
use jbr::state::format::{decode, encode};
use jbr::state::{EditError, State};

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
