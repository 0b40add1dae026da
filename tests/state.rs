//! The promise *never lose or repeat work*, as far as it is the state file's: what was written is read, whatever happens in between.

// `cfg(test)` is true of this whole file; said once more, it lets clippy know that these are tests, in which `unwrap` may be.
#[cfg(test)]
#[path = "state/arbitrary.rs"]
mod arbitrary;
#[cfg(test)]
#[path = "state/child.rs"]
mod child;
#[cfg(test)]
#[path = "state/conformance.rs"]
mod conformance;
#[cfg(test)]
#[path = "state/crash.rs"]
mod crash;
#[cfg(test)]
#[path = "state/damage.rs"]
mod damage;
#[cfg(test)]
#[path = "state/documented.rs"]
mod documented;
#[cfg(test)]
#[path = "state/edit.rs"]
mod edit;
#[cfg(test)]
#[path = "state/example.rs"]
mod example;
#[cfg(test)]
#[path = "state/format.rs"]
mod format;
#[cfg(test)]
#[path = "state/lock.rs"]
mod lock;
#[cfg(test)]
#[path = "state/trouble.rs"]
mod trouble;
#[cfg(test)]
#[path = "state/turns.rs"]
mod turns;
