//! What goes wrong, and at which call.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// Makes one thing go wrong at certain calls of one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Only calls of this function; `None` means any.
    pub function: Option<String>,
    /// Which of the matching calls.
    pub when: When,
    /// What goes wrong.
    pub fault: Fault,
    /// How long the answer, or the silence, takes in addition.
    pub delay: Duration,
    /// How many calls have matched the function so far.
    pub matched: u64,
}

/// Which of the calls of a function a rule is about, counted from 1 since the rule was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum When {
    /// All.
    Always,
    /// The first so many.
    Next(u64),
    /// Just this one.
    Nth(u64),
    /// Every so manieth; 0 means none.
    EveryNth(u64),
    /// All from the first moment on, until just before the second.
    Between(Timestamp, Timestamp),
}

/// What goes wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// Nothing but the rule's delay: the command is carried out at once and its answer comes late.
    Slow,
    /// Exit status 127, `command not found`.
    NotFound,
    /// The output is damaged.
    Garbled {
        /// How.
        how: Garble,
        /// Whether the command is carried out.
        carried_out: bool,
    },
    /// `success: 0` with this message; nothing is carried out.
    Refused(String),
    /// Success with the wanted values, and nothing has changed.
    DoesNotStick,
    /// The connection dies before the command leaves; nothing is carried out, and the caller knows it.
    KilledBefore,
    /// The command is lost on its way; the caller cannot know.
    LostCommand,
    /// The command is carried out and its answer is lost.
    LostAnswer,
    /// The command is carried out after this long, and its answer is lost.
    Late(Duration),
}

/// How an output is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Garble {
    /// A PHP warning stands before the whole JSON.
    WarningBefore,
    /// A PHP error stands in its place.
    Instead,
    /// Nothing at all, exit status 0.
    Empty,
    /// It ends in the middle.
    Truncated,
}

impl Fault {
    /// One word for the account of what went wrong.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::NotFound => "not_found",
            Self::Garbled { how: Garble::WarningBefore, .. } => "warning_before",
            Self::Garbled { how: Garble::Instead, .. } => "garbled",
            Self::Garbled { how: Garble::Empty, .. } => "empty",
            Self::Garbled { how: Garble::Truncated, .. } => "truncated",
            Self::Refused(_) => "refused",
            Self::DoesNotStick => "does_not_stick",
            Self::KilledBefore => "killed_before",
            Self::LostCommand => "lost_command",
            Self::LostAnswer => "lost_answer",
            Self::Late(_) => "late",
        }
    }
}

impl Rule {
    /// The next call of this function goes wrong.
    #[must_use]
    pub fn of(function: impl Into<String>, fault: Fault) -> Self {
        Self { function: Some(function.into()), ..Self::any(fault) }
    }

    /// The next call of any function goes wrong.
    #[must_use]
    pub fn any(fault: Fault) -> Self {
        Self { function: None, when: When::Next(1), fault, delay: Duration::ZERO, matched: 0 }
    }

    /// The same for other calls.
    #[must_use]
    pub fn when(self, when: When) -> Self {
        Self { when, ..self }
    }

    /// The same, and the answer or the silence takes this long.
    #[must_use]
    pub fn delay(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// Counts a call, and says whether this rule is about it.
    pub(super) fn applies(&mut self, function: &str, now: Timestamp) -> bool {
        if self.function.as_deref().is_some_and(|mine| mine != function) {
            return false;
        }
        self.matched += 1;
        match self.when {
            When::Always => true,
            When::Next(count) => self.matched <= count,
            When::Nth(nth) => self.matched == nth,
            When::EveryNth(nth) => nth > 0 && self.matched.is_multiple_of(nth),
            When::Between(from, to) => from <= now && now < to,
        }
    }
}

impl Garble {
    /// The damaged form of an output.
    pub(super) fn damage(self, whole: &str) -> String {
        const WARNING: &str = "PHP Warning:  Undefined array key \"quota\" in /usr/local/jetapps/api.php on line 114\n";
        const ERROR: &str = "PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted\n";
        match self {
            Self::WarningBefore => format!("{WARNING}{whole}"),
            Self::Instead => ERROR.to_owned(),
            Self::Empty => String::new(),
            Self::Truncated => {
                let count = whole.chars().count();
                whole.chars().take(count * 2 / 3).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_counts_only_the_calls_of_its_function() {
        let at = |s| Timestamp::from_timestamp(s, 0).unwrap();
        for (when, expected) in [
            (When::Always, [true, true, true, true, true]),
            (When::Next(2), [true, true, false, false, false]),
            (When::Nth(3), [false, false, true, false, false]),
            (When::EveryNth(2), [false, true, false, true, false]),
            (When::EveryNth(0), [false; 5]),
            (When::Between(at(1), at(3)), [false, true, true, false, false]),
        ] {
            let mut rule = Rule::of("getQueueGroup", Fault::Slow).when(when);
            let seen: Vec<bool> = (0..5)
                .map(|second| {
                    assert!(!rule.applies("listLogs", at(second)));
                    rule.applies("getQueueGroup", at(second))
                })
                .collect();
            assert_eq!(seen, expected, "{when:?}");
        }
    }
}
