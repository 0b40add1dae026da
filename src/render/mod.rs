//! DATA INTO TEXT, for people and for programs. Pure: what a text depends on is a parameter, the time and the
//! terminal's width included.
//!
//! People: [`plan`], [`graph`], [`narration`] and [`progress`], [`summary`], [`state`], [`check`], [`audit`], [`probe`], [`status`]. Programs: the JSON of the same facts, one
//! object a line, every shape named in `docs/json.md`. Each symbol means the same everywhere and never depends on
//! colour; see [`symbol`].
//!
//! Absent: output itself, the choice of colour and width, and the machine's time zone. Those are the command line's.

pub mod page;
pub mod style;
pub mod symbol;
pub mod when;

mod sheet;
mod table;
mod wrap;

mod held;
mod json;
mod words;

pub mod edit;
pub mod hold;

pub mod plan;
pub mod plan_json;
mod queue_change;
mod remark;
mod tally;

mod live;
pub mod narration;
pub mod progress;
mod stage;

pub mod event_json;

pub mod summary;
mod summary_json;

pub mod validation_json;

pub mod check;
pub mod check_json;
pub mod metrics;

pub mod graph;

pub mod import;

pub mod audit;
pub mod audit_json;

pub mod catalogue;

pub mod probe;
pub mod probe_json;

pub mod status;
pub mod status_json;

pub mod halt;

pub mod history;
pub mod state;
pub mod state_json;

pub use page::Page;
pub use progress::Progress;
pub use style::Style;
pub use summary::Summary;
pub use when::Zone;
pub(crate) use words::{count, group_status, own_words};
