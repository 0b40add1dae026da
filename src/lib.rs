//! `jbr` runs the JetBackup 5 backup jobs of many servers one at a time, so that the storage behind them is never
//! written to by two at once.
//!
//! ```text
//! plans/*.yaml ─ plan ─▶ desired ─┐
//! servers ─ inventory (ssh) ──────┼─▶ diff ─▶ queue ─▶ execute ─▶ events ─▶ render, notify
//! state.json ─ state ─ history ───┘                    │   ▲
//!                                        journal ──────▼───┘   stored before every action
//! ```
//!
//! The modules below stand in reading order; each imports only from those above it.

pub mod printable;

pub mod clock;

pub mod names;

pub mod seen;

pub mod window;

pub mod desired;

pub mod hold;

pub mod plan;

pub mod simulator;

pub mod transport;

pub mod jetbackup;

pub mod links;

pub mod inventory;

pub mod import;

pub mod diff;

pub mod queue;

pub mod execute;

pub mod state;

pub mod history;

pub mod forecast;

pub mod proposal;

pub mod check;

pub mod audit;

pub mod catalogue;

pub mod probe;

pub mod status;

pub mod halt;

pub mod render;

pub mod notify;

pub mod cli;
