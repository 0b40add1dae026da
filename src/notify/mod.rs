//! WHO IS TOLD WHAT: which facts of a run become notices, how they read, and how they get out.
//!
//! ```text
//! events, summary, check ─ policy ─▶ notice ─ letter, hook, ping ─▶ outbox (on the disk first) ─ post ─▶ mail, web
//! ```
//!
//! Pure: [`policy`], [`notice`], `letter`, `hook`. Edge: [`outbox`], `told`, [`post`], [`mail`], [`web`], [`vault`]. Nothing in here ever
//! fails a run: what cannot be sent waits in the outbox, and is said.
//!
//! Deliberately absent: secrets in anything that is kept. A password or an address of the web is looked up when it is used.

mod hook;
mod letter;
mod markup;

mod entry;

pub mod mail;
pub mod notice;
pub mod outbox;
pub mod policy;
pub mod post;
mod told;
pub mod vault;
pub mod web;

pub use notice::{Cause, Notice};
pub use outbox::unsent;
