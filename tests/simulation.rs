//! Ring 3: whole nights in memory, through the real driver, performer, client, reply parser, proposal and state format, with
//! everything going wrong that the simulator can make go wrong, and a death of the process at any turn.
//!
//! Only the transport, the clock and the disk are not real. One seed is one story: `JBR_SEED=n` tells it again with its
//! event log, `JBR_SEEDS=n` says how many are tried.

#[cfg(test)]
#[path = "simulation/book.rs"]
mod book;
#[cfg(test)]
#[path = "simulation/dice.rs"]
mod dice;
#[cfg(test)]
#[path = "simulation/life.rs"]
mod life;
#[cfg(test)]
#[path = "simulation/scenario.rs"]
mod scenario;
#[cfg(test)]
#[path = "simulation/verdict.rs"]
mod verdict;
#[cfg(test)]
#[path = "simulation/watched.rs"]
mod watched;

/// How many seeds are tried if nobody says.
const SEEDS: u64 = 1000;

/// Seeds that once found a bug.
const FOUND: [u64; 0] = [];

#[cfg(test)]
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

/// Plays a seed again that broke something, this time with its event log.
fn tell(seed: u64) -> String {
    let told = life::play(seed, true);
    format!("{}\nseed {seed}: {}", told.log.join("\n"), told.broken.unwrap_or_default())
}

#[test]
fn whatever_goes_wrong_the_promises_hold() {
    if let Some(seed) = number("JBR_SEED") {
        assert!(life::play(seed, false).broken.is_none(), "{}", tell(seed));
        return;
    }
    let seeds = FOUND.into_iter().chain(0..number("JBR_SEEDS").unwrap_or(SEEDS));
    let broken: Vec<(u64, String)> =
        seeds.filter_map(|seed| life::play(seed, false).broken.map(|what| (seed, what))).collect();
    assert!(broken.is_empty(), "{}\n\n{} seeds: {broken:#?}", tell(broken[0].0), broken.len());
}

#[test]
fn a_seed_tells_the_same_story_every_time() {
    for seed in 0..10 {
        assert_eq!(life::play(seed, true).log, life::play(seed, true).log, "seed {seed}");
    }
}
