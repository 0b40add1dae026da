//! `jbr check`, `hold` and `release`: the real binary against real OpenSSH servers.

mod support;

#[cfg(test)]
#[path = "check/hold.rs"]
mod hold;
#[cfg(test)]
#[path = "check/site.rs"]
mod site;
