//! A PLAN PROPOSED: from what servers say, or from the predecessor's `config.json`.
//!
//! Both ways lead to a [`Draft`], which [`Draft::to_yaml`] writes as a plan for a person to read, change and keep. Pure: who asks the
//! servers, reads the file and writes the result is the command line.
//!
//! Whatever a stranger called something is only ever a comment; names, ids and settings are checked or made here. Secrets are never
//! copied.

pub mod config;
mod draft;
mod json;
pub mod live;
mod name;
mod rhythm;
mod yaml;

pub use draft::{Draft, Guard, JobDraft, Login, Order, ServerDraft, WindowDraft};
pub use name::{NameBook, server_name};
