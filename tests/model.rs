//! Ring 2: never. Every state that the machine, its processes and a hostile world can reach is visited, and every invariant holds in each; a
//! machine or a driver with a mistake is found out, with the shortest way to it.

#[cfg(test)]
#[path = "model/ages.rs"]
mod ages;
#[cfg(test)]
#[path = "model/answers.rs"]
mod answers;
#[cfg(test)]
#[path = "support/figure.rs"]
mod figure;
#[cfg(test)]
#[path = "model/mutants.rs"]
mod mutants;
#[cfg(test)]
#[path = "model/process.rs"]
mod process;
#[cfg(test)]
#[path = "model/scenario.rs"]
mod scenario;
#[cfg(test)]
#[path = "model/search.rs"]
mod search;
#[cfg(test)]
#[path = "model/truth.rs"]
mod truth;
#[cfg(test)]
#[path = "model/words.rs"]
mod words;
#[cfg(test)]
#[path = "model/world.rs"]
mod world;

use std::time::Duration;

use figure::figure;
use mutants::{MUTANTS, Mutant};
use scenario::{LARGER_SCENARIOS, SCENARIOS, Scenario};

/// How much time passes in a wait: as much as the longest of them asks for.
const TICK: Duration = Duration::from_secs(130);

#[test]
fn in_every_reachable_state_every_invariant_holds() {
    let mut counted = Vec::new();
    for scenario in SCENARIOS {
        counted.push((scenario.name, holds(scenario)));
    }
    let expected: Vec<(&str, usize)> = SCENARIOS.iter().map(|scenario| (scenario.name, scenario.states)).collect();
    assert_eq!(counted, expected, "another number of states: look why, and write it down");
    figure(format_args!("model: {} states in all", counted.iter().map(|(_, states)| states).sum::<usize>()));
}

/// Larger worlds, for which there is no time in every run.
#[test]
fn in_larger_worlds_every_invariant_holds() {
    if std::env::var_os("JBR_MODEL_LONG").is_none() {
        figure(format_args!("model: larger worlds with JBR_MODEL_LONG=1"));
        return;
    }
    let states: usize = LARGER_SCENARIOS.iter().map(holds).sum();
    figure(format_args!("model: {states} states in larger worlds"));
}

/// How many states a scenario has, in all of which every invariant holds.
fn holds(scenario: &Scenario) -> usize {
    let found = scenario.search(Mutant::None);
    figure(format_args!("model: {} states, {} ways between them: {}", found.states, found.ways, scenario.name));
    let story = found.broken.map(|(invariant, trace)| format!("{invariant} is broken:\n  {}", trace.join("\n  ")));
    assert_eq!(story, None, "{}", scenario.name);
    found.states
}

#[test]
fn every_mutant_dies() {
    for (mutant, name, expected) in MUTANTS {
        let scenario = SCENARIOS.iter().find(|scenario| scenario.name == name).unwrap();
        let found = scenario.search(mutant);
        let (invariant, trace) = found.broken.unwrap_or_else(|| ("nothing", vec!["it survives".to_owned()]));
        figure(format_args!(
            "mutant {mutant:?}: {invariant} in {} states of {name}:\n  {}",
            found.states,
            trace.join("\n  ")
        ));
        assert_eq!(invariant, expected, "{mutant:?}");
    }
}
