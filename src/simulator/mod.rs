//! A fleet of servers in memory that behaves like JetBackup 5's `jetbackup5api`, and as badly as it can.
//!
//! [`Fleet`] is a pure function of what was declared and what was called when: it reads no clock, draws no random
//! numbers and does no I/O. `jbr demo` and the fast tests call it over `transport::simulated`; tests over real SSH call
//! it through a stand-in executable whose fleet is one [`World`] file. Both see the same behaviour.
//!
//! Each behaviour names where the knowledge comes from: **documented** by JetBackup, read in the **vendor's code**,
//! seen in **production**, or **inferred**. Where nobody knows, [`Dialect`] holds one answer of several, so that `jbr`
//! can be tested with each. The whole list is in `docs/simulator.md`.
//!
//! Deliberately absent: what a backup contains, restores, accounts, and everything that creates or deletes jobs.

mod account;
mod answer;
mod changes;
mod destination;
mod dialect;
mod disaster;
mod due;
mod execution;
mod fault;
mod fleet;
mod foreign;
mod group;
mod ids;
mod invocation;
mod job;
mod listing;
mod log;
mod log_file;
mod moment;
mod plain;
mod query;
mod reads;
mod rows;
mod server;
mod virtual_clock;
mod world;

pub use account::{Account, ApiCall, ApiTrigger, CarriedOut, ExecutionEnd, Trigger, Write};
pub use answer::{Answer, Connection};
pub use destination::Destination;
pub use dialect::{Carried, Dialect, Emptiness, FlagStyle, ListOrder, OnRunning, Stopping, Unset, WhileDisabled};
pub use disaster::{LeftBehind, Outage, Reboot};
pub use execution::{Execution, LogSays};
pub use fault::{Fault, Garble, Rule, When};
pub use fleet::Fleet;
pub use foreign::ForeignGroup;
pub use group::{Group, Phase};
pub use invocation::KeptData;
pub use job::{Job, Schedule};
pub use log::Log;
pub use query::Query;
pub use server::Server;
pub use virtual_clock::VirtualClock;
pub use world::{World, WorldError};
