//! What became of each key of the predecessor's configuration, for the person who moves.

use super::page::Page;
use super::sheet::Sheet;
use super::symbol;
use crate::import::config::{Carried, Fate, Problem};
use crate::printable::printable;

/// The account of a configuration that was carried over: what means the same, what does not, what is to be done.
#[must_use]
pub fn account(file: &str, account: &[Carried], page: &Page) -> String {
    let mut sheet = Sheet::new(page);
    let sections = [
        (Fate::ToDo, symbol::ATTENTION, "To do by hand"),
        (Fate::Unknown, symbol::UNREAD, "Not known"),
        (Fate::Changed, symbol::DIFFERS, "Carried over, and means something else"),
        (Fate::Same, symbol::DONE, "Carried over"),
        (Fate::NotNeeded, symbol::DONE, "Not needed any more"),
    ];
    for (fate, symbol, title) in sections {
        let mut with_fate = account.iter().filter(|carried| carried.fate == fate).peekable();
        if with_fate.peek().is_some() {
            sheet.heading(&format!("{title}, from {}", printable(file)));
        }
        for carried in with_fate {
            sheet.item(2, symbol, &format!("{}: {}", printable(&carried.key), printable(&carried.words)));
        }
    }
    sheet.finish()
}

/// Why a configuration cannot be carried over: each problem with its place and how to mend it.
#[must_use]
pub fn problems(file: &str, problems: &[Problem], page: &Page) -> String {
    let mut sheet = Sheet::new(page);
    for problem in problems {
        let Problem { place, what, help } = problem;
        sheet.item(0, symbol::ERROR, &format!("{}: {}: {}", printable(file), printable(place), printable(what)));
        sheet.item(2, ' ', &format!("help: {}", printable(help)));
    }
    sheet.finish()
}
