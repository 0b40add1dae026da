//! Aligned columns without borders: a symbol in front of each row, notes below it.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Row, presets};

use super::page::Page;
use super::style::Tone;
use super::symbol::tone;
use super::wrap::{cut, wrap};

/// Between two columns, and in front of the symbols.
const GAP: u16 = 2;
/// A column that can be cut is left at least this wide.
const CUT_MIN: usize = 8;

/// What a column does where the page is too narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// Keeps its width.
    Whole,
    /// Keeps its width, and is aligned to the right.
    Right,
    /// Loses its end, and shows that by `…`.
    Cut,
    /// Goes on in the next line: an address must stay whole, it is copied from here.
    Wrap,
}

/// A table that is being filled.
pub(super) struct Table {
    columns: Vec<(&'static str, Fit)>,
    rows: Vec<(char, Vec<String>)>,
    notes: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with these headings; the symbol's column has none and is not counted.
    pub(super) fn new(columns: &[(&'static str, Fit)]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new(), notes: Vec::new() }
    }

    /// Adds a row, one cell a column.
    pub(super) fn row<const N: usize>(&mut self, symbol: char, cells: [String; N]) {
        self.rows.push((symbol, Vec::from(cells)));
        self.notes.push(Vec::new());
    }

    /// Adds a remark below the last row.
    pub(super) fn note(&mut self, text: String) {
        if let Some(notes) = self.notes.last_mut() {
            notes.push(text);
        }
    }

    /// The lines of the table.
    pub(super) fn lines(mut self, page: &Page) -> Vec<String> {
        self.cut_what_can_be(page.width);
        let laid_out = self.lay_out(page.width);
        let mut lines = Vec::new();
        let mut next = 0;
        for line in laid_out.lines() {
            let is_first_of_row = !line.starts_with(' ');
            if is_first_of_row {
                self.notes_above(next, page, &mut lines);
                lines.push(self.paint_row(next, line, page));
                next += 1;
            } else if next == 0 {
                lines.push(format!("  {}", page.style.paint(Tone::Quiet, line.trim_end())));
            } else {
                lines.push(format!("  {}", line.trim_end()));
            }
        }
        self.notes_above(next, page, &mut lines);
        lines
    }

    fn paint_row(&self, row: usize, line: &str, page: &Page) -> String {
        let symbol = self.rows.get(row).map_or(' ', |(symbol, _)| *symbol);
        let rest = line.strip_prefix(symbol).unwrap_or(line);
        format!("  {}{}", page.style.paint(tone(symbol), &symbol.to_string()), rest.trim_end())
    }

    /// The notes of the row before `next`, indented to where its cells begin.
    fn notes_above(&self, next: usize, page: &Page, lines: &mut Vec<String>) {
        let Some(notes) = next.checked_sub(1).and_then(|row| self.notes.get(row)) else { return };
        for note in notes {
            let indent = " ".repeat(usize::from(GAP) * 3);
            let wrapped = wrap(note, page.width - indent.len());
            lines.extend(wrapped.iter().map(|line| format!("{indent}{line}")));
        }
    }

    /// Shortens the cells of the columns that may be cut until the table fits the page.
    fn cut_what_can_be(&mut self, width: usize) {
        let gaps = usize::from(GAP) * (self.columns.len() + 1) + 1;
        for column in (0..self.columns.len()).rev().filter(|column| self.columns[*column].1 == Fit::Cut) {
            let widths: usize = (0..self.columns.len()).map(|column| self.width_of(column)).sum();
            let surplus = (gaps + widths).saturating_sub(width);
            let room = self.width_of(column).saturating_sub(surplus).max(CUT_MIN);
            for cell in self.rows.iter_mut().filter_map(|(_, cells)| cells.get_mut(column)) {
                *cell = cut(cell, room);
            }
        }
    }

    fn width_of(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|(_, cells)| cells.get(column));
        let heading = self.columns[column].0;
        cells.map(|cell| cell.chars().count()).chain([heading.chars().count()]).max().unwrap_or(0)
    }

    fn lay_out(&self, width: usize) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(width).unwrap_or(u16::MAX).saturating_sub(GAP));
        table.set_header(Row::from([""].into_iter().chain(self.columns.iter().map(|(heading, _)| *heading))));
        for (symbol, cells) in &self.rows {
            table.add_row([symbol.to_string()].into_iter().chain(cells.iter().cloned()));
        }
        let fits = [Fit::Whole].into_iter().chain(self.columns.iter().map(|(_, fit)| *fit));
        for (column, fit) in table.column_iter_mut().zip(fits) {
            column.set_padding((0, GAP));
            if fit == Fit::Right {
                column.set_cell_alignment(CellAlignment::Right);
            }
            if fit != Fit::Wrap {
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        if let Some(last) = table.column_mut(self.columns.len()) {
            last.set_padding((0, 0));
        }
        table.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{Style, Zone};

    fn table() -> Table {
        let mut table = Table::new(&[("job", Fit::Wrap), ("in JetBackup", Fit::Cut), ("takes", Fit::Right)]);
        let row = ["server1/accounts", "Every account of server1, daily", "1h 05m"];
        table.row('>', row.map(str::to_owned));
        table.note("last time it failed, and this remark is too long for one line".to_owned());
        table.row('x', ["a-server-with-a-long-name/and-a-job-with-one-too", "b", "7m"].map(str::to_owned));
        table
    }

    #[test]
    fn a_table_fits_its_page_and_keeps_addresses_whole() {
        for width in [50, 60, 72, 80, 120] {
            let lines = table().lines(&Page::new(width, Style::Plain, Zone::utc()));
            assert!(lines.iter().all(|line| line.chars().count() <= width), "{width}: {lines:#?}");
            let address: String = lines.join("").split_whitespace().collect();
            assert!(width < 80 || address.contains("and-a-job-with-one-too"), "{lines:#?}");
        }
    }

    #[test]
    fn notes_stand_below_their_row() {
        let lines = table().lines(&Page::new(80, Style::Plain, Zone::utc()));
        assert!(lines[1].starts_with("  >  server1/accounts"), "{lines:#?}");
        assert!(lines[2].starts_with("      last time it failed"), "{lines:#?}");
        assert!(lines[3].starts_with("  x  a-server"), "{lines:#?}");
    }
}
