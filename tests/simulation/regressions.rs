//! Seeds that break a promise again if something is taken back.
//!
//! A seed is a story only as long as what draws it is as it is. Whoever changes that finds the seeds anew: take back what is named, and note the
//! first seed that breaks.

/// A seed, and what it breaks on if that is taken back.
pub(crate) const FOUND: &[(u64, &str)] = &[
    // Found by the simulation.
    (22, "a trigger that was lost is waited out anew by each process: the clock may have been set since it was sent"),
    (30, "a backup is overdue only if its server does not say that it has run for less: the clock may have been set"),
    (51, "a job that is done in a run which waits for a window is run again when its `every` says so"),
    (471, "what is done of a job that has another's name today stays done, in today's queue or not"),
    (488, "what fails while its job is held is not tried again"),
    (899, "a lost trigger of a job that has left the plan is not sent again"),
    (1656, "what comes after a job that failed in this run, and is held since, is not started"),
    // Planted, each in its turn, and found.
    (0, "what was opened is remembered over a crash"),
    (1, "a group that was there before the trigger is not this run's"),
    (5, "a lost trigger is waited out before it is sent again"),
    (9, "what runs is adopted, not waited for and run again"),
    (30, "a server that was busy when it was seen last is not given up by the next process"),
    (125, "a job that was renamed in the plan is the same job"),
    (138, "a group that failed is not good"),
];

/// What a seed is known for, to be said beside what it breaks.
pub(crate) fn known_for(seed: u64) -> String {
    let known: Vec<&str> = FOUND.iter().filter(|found| found.0 == seed).map(|found| found.1).collect();
    if known.is_empty() { String::new() } else { format!(" (it is here for: {})", known.join("; ")) }
}
