//! Ring 3: whole nights in memory, through the real driver, performer, client, reply parser, proposal and state format, with
//! everything going wrong that the simulator can make go wrong, and a death of the process at any turn.
//!
//! Only the transport, the clock and the disk are not real. One seed is one story: `JBR_SEED=n` tells it again with its
//! event log, `JBR_SEEDS=n` says how many are tried, `JBR_FROM=n` from which on.
//!
//! What cannot be promised is allowed in the checks, each narrowly and from the truth, never from what jbr believed:
//! a backup may write beside one that its plan released; a trigger that JetBackup carried out later than a call may last, or
//! whose group appeared later than `start_timeout`, may overlap or be repeated; what starts by itself (a schedule, a stranger)
//! may start beside a backup of jbr's, so only jbr's own are compared with each other, and a trigger with what the survey before it could
//! see; a server that has been silent for `unreachable_wait` is not asked. An administrator clears away, after three hours, what can
//! never end by itself: a group that died with a reboot, and one that waits for a destination which is closed for good reason.

#[cfg(test)]
#[path = "simulation/audited.rs"]
mod audited;
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

/// Seeds that fail again if a mend is taken back: 4, an adopted backup waited for ever for a destination that only jbr would open; 5, a run
/// that was started over took an old backup for its own; 2693 and 4683, the log of a later run was taken for the trigger's; 6642, a
/// late command closed a destination behind a waiting backup.
const FOUND: [u64; 5] = [4, 5, 2693, 4683, 6642];

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
    let from = number("JBR_FROM").unwrap_or(0);
    let seeds = FOUND.into_iter().chain(from..from + number("JBR_SEEDS").unwrap_or(SEEDS));
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
