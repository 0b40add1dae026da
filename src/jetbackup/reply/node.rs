//! A value of an answer together with its place, so that every complaint names both.
//!
//! Types wander between JetBackup's versions: flags are booleans, numbers or strings, empty lists are null, lists with
//! gaps are objects. Each reading below accepts the ways that were documented or seen, and nothing else.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::ReplyError;
use crate::clock::Timestamp;
use crate::names::NameError;
use crate::printable::printable;

/// How many characters of a value a message shows.
const SHOWN_LENGTH_MAX: usize = 80;
/// The last second of the year 9999; a larger number is not seconds since 1970 (milliseconds, for instance).
const EPOCH_MAX_S: i64 = 253_402_300_799;
/// Whole numbers up to here are exact in the floating-point numbers that PHP sometimes writes.
const FLOAT_EXACT_MAX: f64 = 9_007_199_254_740_992.0;
/// Longer than any backup: a hundred years.
const DURATION_MAX_S: f64 = 100.0 * 365.0 * 24.0 * 3600.0;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    function: &'static str,
    path: String,
    value: &'a Value,
}

impl<'a> Node<'a> {
    /// A value at a place (`data`, for instance) of this function's answer.
    #[must_use]
    pub fn new(function: &'static str, path: &str, value: &'a Value) -> Self {
        Self { function, path: path.to_owned(), value }
    }

    /// The value under this key; `None` where the key is missing. Null and `[]` are objects without keys: PHP writes an empty
    /// array for both.
    ///
    /// # Errors
    /// Where this is nothing that could have keys.
    pub fn get(&self, key: &str) -> Result<Option<Self>, ReplyError> {
        match self.value {
            Value::Object(map) => Ok(map.get(key).map(|value| self.child(&format!("{}.{key}", self.path), value))),
            Value::Null => Ok(None),
            Value::Array(list) if list.is_empty() => Ok(None),
            _ => Err(self.odd("an object")),
        }
    }

    /// The value under this key, whatever it is.
    ///
    /// # Errors
    /// Where it is missing.
    pub fn need(&self, key: &str) -> Result<Self, ReplyError> {
        self.get(key)?.ok_or_else(|| self.garbled(&format!("{}.{key} is missing", self.path)))
    }

    /// The value under this key; `None` where it is missing or unset.
    ///
    /// # Errors
    /// Where this is nothing that could have keys.
    pub fn optional(&self, key: &str) -> Result<Option<Self>, ReplyError> {
        Ok(self.get(key)?.filter(|node| !node.is_unset()))
    }

    /// The moment under this key: ISO 8601 with an offset, or seconds since 1970. `None` where it is missing, empty, null,
    /// false or 0. A time without an offset is refused: its zone would be a guess.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn date(&self, key: &str) -> Result<Option<Timestamp>, ReplyError> {
        let Some(node) = self.optional(key)? else { return Ok(None) };
        let odd = || node.odd("a time (ISO 8601 with an offset, or seconds since 1970)");
        match node.value {
            Value::Bool(false) => Ok(None),
            Value::String(text) if text.bytes().any(|b| !b.is_ascii_digit()) => iso(text).ok_or_else(odd).map(Some),
            _ => match node.int().map_err(|_| odd())? {
                0 => Ok(None),
                seconds if (1..=EPOCH_MAX_S).contains(&seconds) => {
                    DateTime::from_timestamp(seconds, 0).ok_or_else(odd).map(Some)
                }
                _ => Err(odd()),
            },
        }
    }

    /// An opaque id.
    ///
    /// # Errors
    /// Where it is no text, or no id.
    pub fn id<T: FromStr<Err = NameError>>(&self) -> Result<T, ReplyError> {
        self.value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| self.odd("an id"))
    }

    /// A text for people, made printable. A number is one: PHP writes a name of digits as a number at times.
    ///
    /// # Errors
    /// Where it is neither.
    pub fn text(&self) -> Result<String, ReplyError> {
        match self.value {
            Value::String(text) => Ok(printable(text)),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err(self.odd("text")),
        }
    }

    /// A text of many lines, or a list of them, as it came: whoever shows any of it makes it printable.
    ///
    /// # Errors
    /// Where it is neither.
    pub fn long_text(&self) -> Result<String, ReplyError> {
        let odd = || self.odd("text, or a list of lines");
        if let Value::String(text) = self.value {
            return Ok(text.clone());
        }
        let lines = self.list().map_err(|_| odd())?;
        let lines: Option<Vec<&str>> = lines.iter().map(|line| line.value.as_str()).collect();
        Ok(lines.ok_or_else(odd)?.join("\n"))
    }

    /// A whole number, also as a string or as a float without a fraction.
    ///
    /// # Errors
    /// Where it is none.
    pub fn int(&self) -> Result<i64, ReplyError> {
        let number = match self.value {
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
            // Back and forth, so that "+1" and "01", which nothing sensible writes, stay what they are.
            Value::String(text) => text.parse().ok().filter(|number: &i64| number.to_string() == *text),
            _ => None,
        };
        number.ok_or_else(|| self.odd("a whole number"))
    }

    /// A count: a whole number from 0 on.
    ///
    /// # Errors
    /// Where it is none.
    pub fn count(&self) -> Result<u64, ReplyError> {
        u64::try_from(self.int()?).map_err(|_| self.odd("a count"))
    }

    /// A flag: `true`, `1` or `"1"`, and `false`, `0` or `"0"`.
    ///
    /// # Errors
    /// Where it is anything else; an empty text and null too, because they may as well mean "not said".
    pub fn flag(&self) -> Result<bool, ReplyError> {
        match self.value {
            Value::Bool(flag) => Ok(*flag),
            Value::Number(_) | Value::String(_) => match self.int() {
                Ok(0) => Ok(false),
                Ok(1) => Ok(true),
                _ => Err(self.odd("a flag (true or false, 1 or 0)")),
            },
            _ => Err(self.odd("a flag (true or false, 1 or 0)")),
        }
    }

    /// A percentage as 0 to 100, cut there: it is shown to people and decides nothing.
    ///
    /// # Errors
    /// Where it is no number.
    pub fn percent(&self) -> Result<u8, ReplyError> {
        let number = self.number().ok_or_else(|| self.odd("a percentage"))?;
        (0..=100_u8)
            .rev()
            .find(|percent| f64::from(*percent) <= number.max(0.0))
            .ok_or_else(|| self.odd("a percentage"))
    }

    /// A duration in seconds; `None` for one that no clock can have measured (below zero, after the clock was put back).
    ///
    /// # Errors
    /// Where it is no number.
    pub fn seconds(&self) -> Result<Option<Duration>, ReplyError> {
        let number = self.number().ok_or_else(|| self.odd("a number of seconds"))?;
        if number > DURATION_MAX_S {
            return Err(self.odd("a number of seconds"));
        }
        Ok(Duration::try_from_secs_f64(number).ok())
    }

    /// The elements of a list; null is an empty one, and a list with gaps comes as an object with numbers for keys.
    ///
    /// # Errors
    /// Where it is anything else.
    pub fn list(&self) -> Result<Vec<Self>, ReplyError> {
        match self.value {
            Value::Null => Ok(Vec::new()),
            Value::Array(list) => Ok(list.iter().enumerate().map(|(i, value)| self.element(i as u64, value)).collect()),
            Value::Object(map) => {
                let mut elements = Vec::with_capacity(map.len());
                for (key, value) in map {
                    elements.push((key.parse::<u64>().map_err(|_| self.odd("a list"))?, value));
                }
                elements.sort_by_key(|(index, _)| *index);
                Ok(elements.into_iter().map(|(index, value)| self.element(index, value)).collect())
            }
            _ => Err(self.odd("a list")),
        }
    }

    /// Whether it is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.value.is_null()
    }

    /// Whether it is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        self.value.is_object()
    }

    /// Whether it is a number, also as a string.
    #[must_use]
    pub fn is_number(&self) -> bool {
        self.number().is_some()
    }

    /// The complaint that this is not what it should be.
    #[must_use]
    pub fn odd(&self, expected: &str) -> ReplyError {
        self.garbled(&format!("{} is {}, not {expected}", self.path, shown(self.value)))
    }

    /// Null or an empty text: the ways to say that something has no value.
    fn is_unset(&self) -> bool {
        self.value.is_null() || self.value.as_str().is_some_and(str::is_empty)
    }

    fn number(&self) -> Option<f64> {
        let number = match self.value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        number.filter(|number| number.is_finite())
    }

    fn element(&self, index: u64, value: &'a Value) -> Self {
        self.child(&format!("{}[{index}]", self.path), value)
    }

    fn child(&self, path: &str, value: &'a Value) -> Self {
        Self::new(self.function, path, value)
    }

    fn garbled(&self, message: &str) -> ReplyError {
        ReplyError::Garbled { function: self.function, message: printable(message) }
    }
}

/// A value as JSON, printable and cut.
fn shown(value: &Value) -> String {
    let text = printable(&value.to_string());
    match text.char_indices().nth(SHOWN_LENGTH_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// ISO 8601 with an offset, written `+00:00`, `+0000` or `Z`.
fn iso(text: &str) -> Option<Timestamp> {
    let time = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"));
    time.ok().map(|time| time.with_timezone(&Utc))
}

/// A float without a fraction, as the whole number that it is.
fn whole(float: f64) -> Option<i64> {
    let fits = float.fract() == 0.0 && float.abs() <= FLOAT_EXACT_MAX;
    // Through text, because there is no checked conversion and a cast would hide a mistake in the line above.
    if fits { format!("{float:.0}").parse().ok() } else { None }
}
