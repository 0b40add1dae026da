//! THE RUN: a queue carried out, one backup at a time.
//!
//! The core is a function, [`step()`]: queue, journal and observation in; journal, action and events out. It does no I/O, reads
//! no clock and holds no policy. [`drive`] is the contract around it: take a turn; if the journal changed, store it
//! durably; only then perform the action; what comes back is the next observation.
//!
//! There is no shutdown path: a signal ends the loop after the turn, a crash ends it anywhere, and starting is resuming.

pub mod action;
pub mod drive;
pub mod end;
pub mod event;
pub mod invariant;
pub mod journal;
pub mod observation;
pub mod outcome;
pub mod perform;
pub mod resume;
pub mod step;

pub use action::{Action, Turn};
pub use end::End;
pub use event::Event;
pub use journal::Journal;
pub use observation::{Observation, Sight};
pub use step::step;
