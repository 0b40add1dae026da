//! Nights that are too short for all jobs: what one did not come to goes first in the next.

use std::collections::BTreeSet;

use jbr::clock::{Timestamp, later};
use jbr::desired::{After, Desired, When};
use jbr::execute::journal::Phase;
use jbr::execute::outcome::{Outcome, Verdict};
use jbr::inventory::Inventory;
use jbr::jetbackup::facts;
use jbr::plan::{self, Source};
use jbr::proposal::{Because, Beginning, Proposal, Request, propose};
use jbr::seen::Seen;
use jbr::state::State;
use jbr::window::Opening;

use crate::left::{HOUR, none, now, view};

const JOBS: [&str; 5] = ["a/one", "a/two", "a/three", "a/four", "a/five"];

/// Five jobs that may start at night; `more` is what each of them says besides.
fn desired(more: &str) -> Desired {
    let jobs = JOBS.iter().enumerate().map(|(number, job)| {
        let name = job.trim_start_matches("a/");
        format!("  - {{ name: {name}, server: a, id: a{number}aaaaaaaaaaaaaaaaaaaaaa, window: nights{more} }}\n")
    });
    let text = format!(
        "version: 1\nservers: {{ a: {{ host: a.example.com }} }}\nwindows:\n  nights: {{ from: \"22:00\", to: \"06:00\", timezone: UTC }}\njobs:\n{}",
        jobs.collect::<String>()
    );
    plan::load(&[Source { path: "plan.yaml".into(), text }]).unwrap()
}

fn inventory(desired: &Desired) -> Inventory {
    let mut inventory = view(none(), None);
    let server = &mut inventory.servers[0];
    let Seen::Known(jobs) = &mut server.jobs else { unreachable!("its jobs are known") };
    *jobs = desired.jobs.iter().map(|job| facts::Job { id: job.id.clone(), ..jobs[0].clone() }).collect();
    server.logs = desired.jobs.iter().map(|job| (job.id.clone(), Seen::Known(vec![]))).collect();
    inventory
}

fn proposal(desired: &Desired, state: &State, at: Timestamp) -> Proposal {
    propose(desired, &inventory(desired), state, &Request { is_asked_for: &|_| true, fresh: false }, at)
}

fn order(proposal: &Proposal) -> Vec<String> {
    proposal.left().map(ToString::to_string).collect()
}

/// A night from two o'clock on, in which there is time for `count` jobs before the window closes; gives which.
fn night(desired: &Desired, state: &mut State, at: Timestamp, count: u32) -> Vec<String> {
    let proposal = proposal(desired, state, at);
    let done: Vec<String> = order(&proposal).into_iter().take(count as usize).collect();
    let mut run = proposal.begin(state);
    for (address, hour) in proposal.left().zip(1..=count) {
        let ended = later(at, HOUR * hour);
        let outcome = Outcome {
            started: Some(later(at, HOUR * (hour - 1))),
            ..Outcome::without_run(Verdict::Completed, ended, String::new())
        };
        run.journal.entry_mut(address).phase = Phase::Done(outcome);
        run.journal.at = ended;
    }
    state.begin(run);
    done
}

#[test]
fn every_job_has_its_turn_though_no_night_has_time_for_all() {
    for more in ["", ", every: 20h"] {
        let desired = desired(more);
        let mut state = State::new("tail".to_owned());
        let nights: Vec<Vec<String>> =
            (0..9).map(|day| night(&desired, &mut state, later(now(), HOUR * 24 * day), 2)).collect();
        for three in nights.windows(3) {
            let ran: BTreeSet<&str> = three.iter().flatten().map(String::as_str).collect();
            assert_eq!(ran, JOBS.into(), "{more}: {nights:?}");
        }
    }
}

#[test]
fn what_was_left_goes_first_of_its_priority_and_still_does_when_that_run_is_interrupted() {
    let desired = desired("");
    let mut state = State::new("tail".to_owned());
    night(&desired, &mut state, now(), 3);
    let next = later(now(), HOUR * 24);
    let second = proposal(&desired, &state, next);
    assert!(matches!(second.beginning, Beginning::StartOver { because: Because::TooOld, .. }));
    assert_eq!(second.beginning.closed().map(|old| old.missed.len()), Some(2));
    assert_eq!(order(&second), ["a/four", "a/five", "a/one", "a/two", "a/three"]);
    let mut urgent = desired.clone();
    urgent.jobs[1].priority = 5;
    assert_eq!(order(&proposal(&urgent, &state, next))[..2], ["a/two", "a/four"]);

    // What waits for the weekend, as the plan has it, has missed nothing.
    let mut later_on = state.clone();
    let items = &mut later_on.run.as_mut().unwrap().queue.items;
    items[4].openings = Some(vec![Opening { from: later(now(), HOUR * 100), to: later(now(), HOUR * 110) }]);
    assert_eq!(proposal(&desired, &later_on, next).beginning.closed().map(|old| old.missed.len()), Some(1));

    // Nor has what comes after that, though it could begin at any time itself.
    let items = &mut later_on.run.as_mut().unwrap().queue.items;
    items[3].after = vec![After { job: items[4].address.clone(), when: When::Success }];
    assert!(proposal(&desired, &later_on, next).beginning.closed().is_none_or(|old| old.missed.is_empty()));

    night(&desired, &mut state, next, 1);
    let again = proposal(&desired, &state, later(next, HOUR * 2));
    assert!(matches!(again.beginning, Beginning::Resume(_)));
    assert_eq!(order(&again), ["a/five", "a/one", "a/two", "a/three"]);
    assert_eq!(again.stale_at, later(next, HOUR * 20));
}
