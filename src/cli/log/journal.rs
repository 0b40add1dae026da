//! The journal of systemd, where stderr leads into it: each line begins with its priority, as `sd-daemon(3)` has it.

use std::ffi::OsStr;
use std::io;

use tracing::Level;

use crate::names::RunId;

/// What stderr is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Stderr {
    /// The stream to the journal that `$JOURNAL_STREAM` names.
    Journal,
    /// Anything else. Something that was redirected since has another device or inode, and would only show the prefixes.
    Other,
}

impl Stderr {
    /// What this process' is, where `$JOURNAL_STREAM` is this.
    pub(in crate::cli) fn of(stream: Option<&OsStr>) -> Self {
        let named = stream.and_then(OsStr::to_str).and_then(|stream| stream.split_once(':'));
        let found = rustix::fs::fstat(io::stderr());
        match (named, found) {
            (Some((device, inode)), Ok(found))
                if device == found.st_dev.to_string() && inode == found.st_ino.to_string() =>
            {
                Self::Journal
            }
            _ => Self::Other,
        }
    }

    /// The text as it is to be written: for the journal, with its priority before each line.
    pub(in crate::cli) fn text(self, level: Level, text: &str) -> String {
        let priority = match (self, level) {
            (Self::Other, _) => return text.to_owned(),
            (_, Level::ERROR) => 3,
            (_, Level::WARN) => 4,
            (_, Level::INFO) => 6,
            (_, Level::DEBUG | Level::TRACE) => 7,
        };
        text.lines().map(|line| format!("<{priority}>{line}")).collect::<Vec<_>>().join("\n")
    }
}

impl Stderr {
    /// The same of a line that a run says. The journal is read by machines and months later, so the run's id stands before it there; a
    /// person who watches knows which run it is.
    pub(in crate::cli) fn text_of_run(self, level: Level, run: &RunId, text: &str) -> String {
        match self {
            Self::Journal => self.text(level, &format!("{run} {text}")),
            Self::Other => self.text(level, text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_its_priority_in_the_journal_and_nowhere_else() {
        assert_eq!(Stderr::Journal.text(Level::ERROR, "one\ntwo\n"), "<3>one\n<3>two");
        assert_eq!(Stderr::Journal.text(Level::WARN, "one"), "<4>one");
        assert_eq!(Stderr::Journal.text(Level::INFO, ""), "");
        let run = RunId::new(crate::clock::Timestamp::UNIX_EPOCH, 17);
        assert_eq!(Stderr::Journal.text_of_run(Level::WARN, &run, "one"), "<4>19700101T000000Z-17 one");
        assert_eq!(Stderr::Other.text_of_run(Level::WARN, &run, "one"), "one");
        assert_eq!(Stderr::Other.text(Level::ERROR, "one\ntwo\n"), "one\ntwo\n");
    }

    #[test]
    fn another_stream_is_not_the_journal() {
        for stream in ["", "0:0", "1", "a:b", "1:2:3"] {
            assert_eq!(Stderr::of(Some(OsStr::new(stream))), Stderr::Other, "{stream}");
        }
        assert_eq!(Stderr::of(None), Stderr::Other);
    }
}
