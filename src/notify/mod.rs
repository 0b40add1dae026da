//! WHO IS TOLD WHAT: which facts of a run become notices, how they read, and how they get out.
//!
//! ```text
//! events, summary, check ─ policy ─▶ notice ─ letter, hook, ping ─▶ outbox (on the disk first) ─ post ─▶ mail, web
//! JetBackup's logs ─ collect ─ excerpt ─▶ quotes ──┘
//! ```
//!
//! Pure: [`policy`], [`notice`], [`message`], [`quotes`], [`excerpt`], `letter`, `hook`. Edge: [`collect`], which asks the servers; `outbox` with what is in it and what leaves it (`entry`, `reached`, `prune`, `told`, `unsent`), and
//! [`post`] with what brings it away (`pass`, `delivery`, `errand`, `mail`, `smtp`, `progress`, `web`, `complaint`, `diagnosis`, `trust`, `discreet`, [`vault`]). Nothing in here ever fails a run: what cannot be sent waits in the outbox, and is said.
//!
//! Deliberately absent: secrets in anything that is kept. A password or an address of the web is looked up when it is used.

pub mod excerpt;
mod hook;
mod letter;
mod markup;
pub mod message;
pub mod notice;
pub mod policy;
pub mod quotes;

pub mod collect;

mod entry;
mod outbox;
mod prune;
mod reached;
mod told;
mod unsent;

mod complaint;
mod delivery;
mod diagnosis;
mod discreet;
mod errand;
mod failure;
mod mail;
mod pass;
pub mod post;
mod progress;
mod smtp;
mod trust;
pub mod vault;
mod web;

pub use notice::{Cause, Notice};
pub use unsent::outbox;
