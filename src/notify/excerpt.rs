//! The few lines of a log that are worth a reader's time: what speaks of trouble, and how it ended.

use crate::printable::printable;

/// How many lines that speak of trouble are kept: the first ones, for what follows from them says less.
const TROUBLE_MAX: usize = 8;
/// How many lines of the end are kept.
const LAST: usize = 4;
/// The longest line, in characters.
const LINE_LENGTH_MAX: usize = 200;
/// Parts of words that trouble is spoken of with. Nobody has written down how JetBackup's lines look; a line that is missed here is
/// still in the log that the reader is told of.
const TROUBLE: [&str; 13] = [
    "error",
    "fail",
    "abort",
    "denied",
    "refused",
    "quota",
    "no space",
    "timed out",
    "timeout",
    "unable",
    "cannot",
    "could not",
    "killed",
];

/// An excerpt of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt(Vec<Piece>);

/// One line of an excerpt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// A line of the log, printable.
    Line(String),
    /// So many lines were left out here.
    Gap(usize),
}

impl Excerpt {
    /// The excerpt of a text as it came from a server. Of a long one no more is kept than what is shown.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let lines = || text.lines().map(str::trim_end).filter(|line| !line.is_empty()).enumerate();
        let count = lines().count();
        let mut left = TROUBLE_MAX;
        let mut is_kept = |place: usize, line: &str| {
            let is_trouble = left > 0 && speaks_of_trouble(line);
            left -= usize::from(is_trouble);
            is_trouble || place + LAST >= count
        };
        let mut pieces = Vec::new();
        let mut next = 0;
        for (place, line) in lines().filter(|(place, line)| is_kept(*place, line)) {
            if place > next {
                pieces.push(Piece::Gap(place - next));
            }
            pieces.push(Piece::Line(printable(&cut(line))));
            next = place + 1;
        }
        Self(pieces)
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.0
    }
}

fn speaks_of_trouble(line: &str) -> bool {
    let line = line.to_lowercase();
    TROUBLE.iter().any(|word| line.contains(word))
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LINE_LENGTH_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(lines: &[String]) -> Vec<String> {
        let pieces = Excerpt::of(&lines.join("\r\n\n")).0;
        let show = |piece| match piece {
            Piece::Line(line) => line,
            Piece::Gap(lines) => format!("({lines})"),
        };
        pieces.into_iter().map(show).collect()
    }

    fn log(count: usize, special: &[(usize, &str)]) -> Vec<String> {
        let line = |place| {
            special.iter().find(|(at, _)| *at == place).map_or(format!("line {place}"), |(_, line)| (*line).to_owned())
        };
        (0..count).map(line).collect()
    }

    #[test]
    fn a_short_log_is_whole_and_an_empty_one_is_nothing() {
        assert_eq!(shown(&log(4, &[])), ["line 0", "line 1", "line 2", "line 3"]);
        assert_eq!(shown(&[]), [""; 0]);
    }

    #[test]
    fn the_end_and_what_speaks_of_trouble_are_kept_and_the_rest_is_counted() {
        let lines =
            log(1000, &[(3, "account3: Disk QUOTA exceeded"), (4, "account4: Failed"), (997, "an Error near the end")]);
        assert_eq!(
            shown(&lines),
            [
                "(3)",
                "account3: Disk QUOTA exceeded",
                "account4: Failed",
                "(991)",
                "line 996",
                "an Error near the end",
                "line 998",
                "line 999",
            ]
        );
    }

    #[test]
    fn of_much_trouble_the_first_is_kept_and_no_line_is_long() {
        let lines: Vec<String> = (0..5000).map(|place| format!("{place} failed {}", "é".repeat(5000))).collect();
        let shown = shown(&lines);
        let starts: Vec<&str> = shown.iter().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(starts, ["0", "1", "2", "3", "4", "5", "6", "7", "(4988)", "4996", "4997", "4998", "4999"]);
        assert!(shown.iter().all(|line| line.chars().count() <= LINE_LENGTH_MAX + 1));
    }
}
