//! A text that is being written: headings, lines with symbols, tables.

use super::page::Page;
use super::style::Tone;
use super::symbol::tone;
use super::table::Table;
use super::when::Zone;
use super::wrap::wrap;

/// A text that is being written for a page.
pub(super) struct Sheet<'a> {
    page: &'a Page,
    text: String,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(page: &'a Page) -> Self {
        Self { page, text: String::new() }
    }

    pub(super) fn zone(&self) -> Zone {
        self.page.zone
    }

    /// The text so far, with a line break at its end.
    pub(super) fn finish(self) -> String {
        self.text
    }

    /// A title that begins a section, set apart from the one before.
    pub(super) fn heading(&mut self, title: &str) {
        self.gap();
        for line in wrap(title, self.page.width) {
            self.line(&self.page.style.paint(Tone::Heading, &line));
        }
    }

    /// An empty line, unless the text begins here.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// A paragraph at the margin.
    pub(super) fn paragraph(&mut self, text: &str) {
        for line in wrap(text, self.page.width) {
            self.line(&line);
        }
    }

    /// A paragraph at the margin in a tone of its own.
    pub(super) fn toned(&mut self, tone: Tone, text: &str) {
        for line in wrap(text, self.page.width) {
            self.line(&self.page.style.paint(tone, &line));
        }
    }

    /// A paragraph behind a symbol, indented.
    pub(super) fn item(&mut self, indent: usize, symbol: char, text: &str) {
        let margin = " ".repeat(indent);
        for (number, line) in wrap(text, self.page.width.saturating_sub(indent + 2)).iter().enumerate() {
            let mark = if number == 0 { symbol } else { ' ' };
            let mark = self.page.style.paint(tone(mark), &mark.to_string());
            self.line(&format!("{margin}{mark} {line}"));
        }
    }

    /// A paragraph behind a symbol and a label of so many columns; what goes on in further lines is aligned.
    pub(super) fn labelled(&mut self, symbol: char, label: &str, columns: usize, text: &str) {
        let indent = columns + 7;
        for (number, line) in wrap(text, self.page.width.saturating_sub(indent)).iter().enumerate() {
            if number == 0 {
                let mark = self.page.style.paint(tone(symbol), &symbol.to_string());
                self.line(&format!("  {mark}  {label:<columns$}  {line}"));
            } else {
                self.indented(indent, line);
            }
        }
    }

    /// A paragraph that begins in a column.
    pub(super) fn indented(&mut self, indent: usize, text: &str) {
        let margin = " ".repeat(indent);
        for line in wrap(text, self.page.width.saturating_sub(indent)) {
            self.line(&format!("{margin}{line}"));
        }
    }

    /// One line as it is.
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// A table.
    pub(super) fn table(&mut self, table: Table) {
        for line in table.lines(self.page) {
            self.line(&line);
        }
    }
}
