//! What an operator does by day: `jbr test`, `status`, `list`, `stop`, `state rm` and `state mv`, the real binary against real OpenSSH
//! servers.

mod support;

#[cfg(test)]
#[path = "operation/edit.rs"]
mod edit;
#[cfg(test)]
#[path = "operation/halt.rs"]
mod halt;
#[cfg(test)]
#[path = "operation/look.rs"]
mod look;
#[cfg(test)]
#[path = "operation/stop.rs"]
mod stop;
#[cfg(test)]
#[path = "operation/ways.rs"]
mod ways;
