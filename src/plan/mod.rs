//! What the user wrote: YAML plans, read like a compiler reads, every problem in one go and each with its place.
//!
//! [`read`] is the only function here that touches the file system; [`load`] is pure. The stages, one file each:
//!
//! ```text
//! source ─ tree (one event pass: positions, limits) ─ section (keys) ─ syntax (values, through serde) ─ check ─ resolve
//! ```
//!
//! Nothing in here knows the environment, the network, or what a server really has. Deliberately absent: templates,
//! includes, variables and secrets. A plan says the same on every machine.

mod check;
mod choice;
mod circle;
mod duration;
mod fault;
mod finding;
mod gaps;
mod host;
mod id;
mod job;
pub mod keys;
mod moment;
mod name;
mod notify;
mod number;
mod path;
mod problem;
mod report;
mod resolve;
mod scalar;
pub mod schema;
mod secret;
mod section;
mod source;
mod spanned;
mod suggest;
mod syntax;
mod tree;
mod twice;
mod visible;
mod window;

pub use duration::span;
pub use finding::{Finding, Hidden, Place, Related};
pub use moment::until;
pub use report::report;
pub use source::{FILE_SIZE_MAX_BYTES, FILES_MAX, ReadError, Source, is_plan_name, read};
pub use suggest::closest;

use crate::desired::Desired;
use crate::window::Window;
use finding::Findings;

/// Makes one plan of all sources, in their order.
///
/// # Errors
/// Every problem of every source, in the order of the text; never an empty list.
pub fn load(sources: &[Source]) -> Result<Desired, Vec<Finding>> {
    let mut findings = Findings::new(sources);
    let trees: Vec<_> = (0..sources.len()).map(|file| tree::parse(file, &mut findings)).collect();
    let syntax = syntax::read(&trees, &mut findings);
    check::check(&syntax, &mut findings);
    findings.conclude(resolve::resolve(&syntax, sources))
}

/// The windows that these sources declare, used or not, as far as they can be read: a plan's jobs tell only of those they name.
#[must_use]
pub fn windows(sources: &[Source]) -> Vec<Window> {
    let mut findings = Findings::new(sources);
    let trees: Vec<_> = (0..sources.len()).map(|file| tree::parse(file, &mut findings)).collect();
    let declared = syntax::read(&trees, &mut findings).windows;
    declared.iter().filter_map(|window| resolve::window(window, &declared).ok()).collect()
}

/// [`load`] of a plan that may not have any jobs yet.
///
/// # Errors
/// As [`load`], but not for the lack of jobs.
pub fn load_servers(sources: &[Source]) -> Result<Desired, Vec<Finding>> {
    let mut findings = Findings::new(sources);
    let trees: Vec<_> = (0..sources.len()).map(|file| tree::parse(file, &mut findings)).collect();
    let syntax = syntax::read(&trees, &mut findings);
    check::check_all_but_jobs(&syntax, &mut findings);
    findings.conclude(resolve::resolve(&syntax, sources))
}
