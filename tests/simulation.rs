//! Ring 3: weeks of nights in memory, through the real driver, performer, client, reply parser, proposal and state format, with
//! everything going wrong that the simulator can make go wrong, and a death of the process at any turn, call or write.
//!
//! Only the transport, the clock and (mostly) the disk are not real. One seed is one story: `JBR_SEED=n` tells it again with its
//! event log, `JBR_SEEDS=n` says how many are tried, `JBR_FROM=n` from which on.
//!
//! Three of four blocks of seeds are nights in which all is due; in the others a timer fires, from every 15 minutes to once a day, and plans have
//! windows (in several zones, over midnight, with exceptions, on both changes of the clock), `fits`, `after`, `every`, `retry` and holds, which
//! also come and go by hand. There a trigger is judged at the moment at which it leaves, without tolerance: against windows by a slow look
//! at the clock on the wall, against `every` by the logs that are there, against `after` and `retry` by how groups really ended, against holds by
//! what was said. By the clock of jbr's machine, that is: where it is wrong, nobody there can know. And nothing is missed: while nothing
//! goes wrong, what is due, may start and finds the storage free is started by the process that finds it so, before it ends.
//!
//! What cannot be promised is allowed in the checks, each narrowly and from the truth, never from what jbr believed:
//! a backup may write beside one that its plan released; a trigger that JetBackup carried out later than a call may last, or
//! whose group appeared later than `start_timeout`, may overlap or be repeated; what starts by itself (a schedule, a stranger, a rerun)
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
#[path = "simulation/disk.rs"]
mod disk;
#[cfg(test)]
#[path = "simulation/due.rs"]
mod due;
#[cfg(test)]
#[path = "simulation/fate.rs"]
mod fate;
#[cfg(test)]
#[path = "simulation/figures.rs"]
mod figures;
#[cfg(test)]
#[path = "simulation/hours.rs"]
mod hours;
#[cfg(test)]
#[path = "simulation/life.rs"]
mod life;
#[cfg(test)]
#[path = "simulation/night.rs"]
mod night;
#[cfg(test)]
#[path = "simulation/plans.rs"]
mod plans;
#[cfg(test)]
#[path = "support/random.rs"]
mod random;
#[cfg(test)]
#[path = "simulation/regressions.rs"]
mod regressions;
#[cfg(test)]
#[path = "simulation/scenario.rs"]
mod scenario;
#[cfg(test)]
#[path = "simulation/schedule.rs"]
mod schedule;
#[cfg(test)]
#[path = "support/setting.rs"]
mod setting;
#[cfg(test)]
#[path = "simulation/verdict.rs"]
mod verdict;
#[cfg(test)]
#[path = "simulation/watched.rs"]
mod watched;
#[cfg(test)]
#[path = "simulation/weeks.rs"]
mod weeks;

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use crate::figures::{EXPECTED, FUNCTIONS, Figures};
    use crate::life::{Told, play};
    use crate::regressions::{FOUND, known_for};
    use crate::setting::number;

    /// How many seeds are tried if nobody says.
    const SEEDS: u64 = 1800;
    /// So many seeds bring about everything that can go wrong; with fewer it is not asked for.
    const SEEDS_OF_EVERYTHING: u64 = 1000;
    /// Threads beyond this do not make it faster.
    const THREADS_MAX: usize = 16;

    /// Plays a seed; a panic is a broken promise like any other.
    fn played(seed: u64, telling: bool) -> Told {
        catch_unwind(AssertUnwindSafe(|| play(seed, telling))).unwrap_or_else(|_| Told {
            log: vec![],
            broken: Some("a panic, which is printed above".to_owned()),
            figures: Figures::default(),
        })
    }

    /// Plays a seed again that broke something, this time with its event log.
    fn tell(seed: u64) -> String {
        let told = played(seed, true);
        format!("{}\nseed {seed}: {}", told.log.join("\n"), told.broken.unwrap_or_default())
    }

    /// Plays all seeds, on all cores: which are broken, and what happened in all of them.
    fn play_all(seeds: &[u64]) -> (Vec<(u64, String)>, Figures) {
        let next = AtomicUsize::new(0);
        let result = Mutex::new((Vec::new(), Figures::default()));
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let told = played(*seed, false);
                        let mut result = result.lock().unwrap();
                        result.0.extend(told.broken.map(|what| (*seed, what)));
                        result.1.take_in(told.figures);
                    }
                });
            }
        });
        let (mut broken, figures) = result.into_inner().unwrap();
        broken.sort();
        (broken, figures)
    }

    #[test]
    fn whatever_goes_wrong_the_promises_hold() {
        if let Some(seed) = number("JBR_SEED") {
            assert!(played(seed, false).broken.is_none(), "{}", tell(seed));
            return;
        }
        let (from, count) = (number("JBR_FROM").unwrap_or(0), number("JBR_SEEDS").unwrap_or(SEEDS));
        let found = FOUND.iter().map(|found| found.0).filter(|seed| !(from..from + count).contains(seed));
        let seeds: Vec<u64> = found.chain(from..from + count).collect();
        let (broken, figures) = play_all(&seeds);
        // Past the harness, which shows nothing of a test that passes.
        writeln!(std::io::stdout(), "figures of simulation: seeds={} {figures}", seeds.len()).unwrap();
        if let Some((first, _)) = broken.first() {
            let line = |(seed, what): &(u64, String)| format!("{seed}{} {what}", known_for(*seed));
            let all: Vec<String> = broken.iter().map(line).collect();
            panic!("{}\n\n{} broken seeds:\n{}", tell(*first), broken.len(), all.join("\n"));
        }
        if count >= SEEDS_OF_EVERYTHING {
            let missing = figures.missing(EXPECTED);
            assert!(missing.is_empty(), "these never happened, so nothing is known of them: {missing:?}");
            for function in FUNCTIONS {
                let faults = figures.matching(&format!("/{function}"));
                assert!(faults > 0, "nothing ever went wrong with {function}");
            }
        }
    }

    #[test]
    fn a_seed_tells_the_same_story_every_time() {
        for seed in (0..15).chain(50..60) {
            assert_eq!(played(seed, true).log, played(seed, true).log, "seed {seed}");
        }
    }
}
