//! What strangers write: plans, the state file, saved plans, answers of servers, `known_hosts`. Whatever the bytes, jbr neither panics nor
//! hangs nor takes much memory, and what it accepts it has understood.
//!
//! Each target tries its corpus (`tests/fuzz/corpus/NAME/`, every file named by what it is), then mutations of it. An input
//! whose outcome was not there before joins the corpus for the rest of the run, so that the search goes deeper where the code does.
//!
//! ```text
//! cargo test --test fuzz                                  the bounded run; prints `fuzz: plan 8000 executions …`
//! JBR_FUZZ_EXECUTIONS=1000000 cargo test --test fuzz      so many a target
//! JBR_FUZZ_SECONDS=3600 cargo test --test fuzz plan       for so long a target
//! JBR_SEED=7 …                                            other mutations; the same seed makes the same ones
//! JBR_FUZZ_INPUT=FILE cargo test --test fuzz plan         one input again
//! ```
//!
//! An input that fails is made smaller, written to `target/tmp/fuzz/` and printed with the command that tries it again. Where
//! the process itself dies of an input (it hangs, or takes all memory), that input is `target/tmp/fuzz/NAME.current`, and the next run
//! tries it first. Once mended, put it into the corpus.
//!
//! Why no fuzzing framework: those that work with a stable compiler throw random bytes, of which hardly any is a plan;
//! those that are guided by coverage need a nightly one.

#[cfg(test)]
#[path = "fuzz/client.rs"]
mod client;
#[cfg(test)]
#[path = "fuzz/dice.rs"]
mod dice;
#[cfg(test)]
#[path = "fuzz/engine.rs"]
mod engine;
#[cfg(test)]
#[path = "support/figure.rs"]
mod figure;
#[cfg(test)]
#[path = "fuzz/generations.rs"]
mod generations;
#[cfg(test)]
#[path = "fuzz/known_hosts.rs"]
mod known_hosts;
#[cfg(test)]
#[path = "fuzz/limits.rs"]
mod limits;
#[cfg(test)]
#[path = "fuzz/mutate.rs"]
mod mutate;
#[cfg(test)]
#[path = "fuzz/plan.rs"]
mod plan;
#[cfg(test)]
#[path = "fuzz/record.rs"]
mod record;
#[cfg(test)]
#[path = "fuzz/reply.rs"]
mod reply;
#[cfg(test)]
#[path = "fuzz/saved.rs"]
mod saved;
#[cfg(test)]
#[path = "fuzz/self_check.rs"]
mod self_check;
#[cfg(test)]
#[path = "support/setting.rs"]
mod setting;
#[cfg(test)]
#[path = "fuzz/state.rs"]
mod state;
