//! Where a text is read.

use super::style::Style;
use super::when::Zone;

/// No terminal is taken for narrower than this: below it nothing can be laid out.
pub const WIDTH_MIN: usize = 40;
/// Beyond this a line is hard to read, however wide the terminal.
pub const WIDTH_MAX: usize = 120;

/// Where a text is read: how wide, whether coloured, in which time zone.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Columns, [`WIDTH_MIN`] to [`WIDTH_MAX`].
    pub width: usize,
    /// Whether colour helps.
    pub style: Style,
    /// The reader's time zone.
    pub zone: Zone,
}

impl Page {
    /// A page of this many columns, within what can be read.
    #[must_use]
    pub fn new(width: usize, style: Style, zone: Zone) -> Self {
        Self { width: width.clamp(WIDTH_MIN, WIDTH_MAX), style, zone }
    }
}
