//! The symbols in front of lines. Each means one thing, with or without colour.

use super::style::Tone;

/// Will run.
pub const WILL_RUN: char = '>';
/// Runs, is resumed or adopted.
pub const RUNS: char = '=';
/// Differs from what the plan says.
pub const DIFFERS: char = '~';
/// Needs attention.
pub const ATTENTION: char = '!';
/// Could not be read.
pub const UNREAD: char = '?';
/// An error, or a backup that is not there.
pub const ERROR: char = 'x';
/// Done, and good.
pub const DONE: char = '·';
/// Not tried: something before it failed.
pub const NOT_TRIED: char = '–';

/// The tone that goes with a symbol.
pub(super) fn tone(symbol: char) -> Tone {
    match symbol {
        WILL_RUN | RUNS => Tone::Active,
        DIFFERS | ATTENTION | UNREAD => Tone::Caution,
        ERROR => Tone::Bad,
        DONE => Tone::Good,
        _ => Tone::Plain,
    }
}
