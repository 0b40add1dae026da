//! Ring 2: never. Every state that the machine, its processes and a hostile world can reach is visited, and every invariant holds in each; a
//! machine or a driver with a mistake is found out, with the shortest way to it.

#[cfg(test)]
#[path = "model/ages.rs"]
mod ages;
#[cfg(test)]
#[path = "model/answers.rs"]
mod answers;
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
#[path = "model/world.rs"]
mod world;

use std::time::Duration;

use mutants::Mutant;
use scenario::SCENARIOS;

/// How much time passes in a wait: as much as the longest of them asks for.
const TICK: Duration = Duration::from_secs(130);

#[test]
fn in_every_reachable_state_every_invariant_holds() {
    let mut total = 0;
    for scenario in SCENARIOS {
        let started = std::time::Instant::now();
        eprintln!("{}", scenario.name);
        let found = scenario.search(Mutant::None);
        println!("model: {}: {} states, {} ways in {:?}", scenario.name, found.states, found.ways, started.elapsed());
        if let Some((invariant, trace)) = found.broken {
            panic!("{}: {invariant} is broken:\n  {}", scenario.name, trace.join("\n  "));
        }
        total += found.states;
    }
    println!("model: {total} states");
}

#[test]
fn every_mutant_dies() {
    for mutant in Mutant::ALL {
        let deaths =
            SCENARIOS.iter().filter_map(|scenario| scenario.search(mutant).broken.map(|broken| (scenario, broken)));
        let shortest = deaths.min_by_key(|(_, (_, trace))| trace.len());
        let (scenario, (invariant, trace)) = shortest.unwrap_or_else(|| panic!("{mutant:?} survives"));
        println!("mutant {mutant:?}: {invariant} in {}, after\n  {}", scenario.name, trace.join("\n  "));
    }
}
