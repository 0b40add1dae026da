//! THE API: what `jbr` says to `jetbackup5api`, and what it understands of the answers.
//!
//! [`command`] makes exact command lines, [`reply`] turns envelopes into facts, [`paging`] makes whole lists of pages,
//! and [`client`] puts them together over a transport. [`ssh_gate`] reads what stands before it on a server. All that is known of the API, and how sure, is in
//! `docs/jetbackup-api.md`.

pub mod call_error;
pub mod client;
pub mod command;
pub mod facts;
pub mod page;
pub mod paging;
pub mod reply;
pub mod ssh_gate;
