//! Order, windows, freshness and tries of a plan, end to end: the real `jbr`, real OpenSSH, a simulated JetBackup whose account decides.
//! Holds and the check are in `tests/check.rs`.

mod support;

#[cfg(test)]
#[path = "schedule/due.rs"]
mod due;
#[cfg(test)]
#[path = "schedule/order.rs"]
mod order;
#[cfg(test)]
#[path = "schedule/retry.rs"]
mod retry;
#[cfg(test)]
#[path = "schedule/scene.rs"]
mod scene;
#[cfg(test)]
#[path = "schedule/windows.rs"]
mod windows;
