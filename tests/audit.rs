//! `jbr audit`: the verdict by itself, and the real binary against real OpenSSH servers. What the simulator saw decides whether it is true.

mod support;

#[cfg(test)]
#[path = "audit/collecting.rs"]
mod collecting;
#[cfg(test)]
#[path = "audit/scene.rs"]
mod scene;
#[cfg(test)]
#[path = "audit/site.rs"]
mod site;
#[cfg(test)]
#[path = "audit/verdict.rs"]
mod verdict;
