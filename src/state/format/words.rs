//! How single values are written: names as text, times as RFC 3339, durations as exact decimal seconds.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::clock::Timestamp;

/// A name or id, written as it is shown and checked when it is read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Word<T>(pub(super) T);

impl<T: fmt::Display> Serialize for Word<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

/// A moment as RFC 3339 in UTC (`2026-11-23T02:00:00Z`), with as many decimals as it needs.
#[derive(Clone, Copy)]
pub(super) struct Moment(pub(super) Timestamp);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // A server's clock can say anything. RFC 3339 ends with the year 9999; ISO 8601 writes later ones with a sign.
        let parsed = if text.starts_with(['+', '-']) {
            text.parse::<Timestamp>()
        } else {
            DateTime::parse_from_rfc3339(&text).map(|moment| moment.to_utc())
        };
        parsed.map(Self).map_err(|error| D::Error::custom(format!("\"{text}\" is not a time: {error}")))
    }
}

/// A duration as a decimal number of seconds, exact to the nanosecond: a float would not bring back what was written.
#[derive(Clone, Copy)]
pub(super) struct Seconds(pub(super) Duration);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = format!("{}.{:09}", self.0.as_secs(), self.0.subsec_nanos());
        let text = text.trim_end_matches('0').trim_end_matches('.').to_owned();
        RawValue::from_string(text).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let not_seconds = || D::Error::custom(format!("{} is not a number of seconds", raw.get()));
        seconds(raw.get()).map(Self).ok_or_else(not_seconds)
    }
}

fn seconds(text: &str) -> Option<Duration> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !are_digits(whole) || !are_digits(decimals) || decimals.len() > 9 {
        return None;
    }
    Some(Duration::new(whole.parse().ok()?, format!("{decimals:0<9}").parse().ok()?))
}

/// An object whose keys are names. A key that comes twice is refused; serde's own maps would let the last one win.
pub(super) struct Keyed<K, V>(pub(super) BTreeMap<K, V>);

impl<K: fmt::Display, V: Serialize> Serialize for Keyed<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key.to_string(), value)))
    }
}

impl<'de, K: FromStr<Err: fmt::Display> + Ord, V: Deserialize<'de>> Deserialize<'de> for Keyed<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(KeyedVisitor(PhantomData)).map(Self)
    }
}

struct KeyedVisitor<K, V>(PhantomData<(K, V)>);

impl<'de, K: FromStr<Err: fmt::Display> + Ord, V: Deserialize<'de>> Visitor<'de> for KeyedVisitor<K, V> {
    type Value = BTreeMap<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some((text, value)) = access.next_entry::<String, V>()? {
            let key = text.parse().map_err(A::Error::custom)?;
            if map.insert(key, value).is_some() {
                return Err(A::Error::custom(format!("\"{text}\" stands there twice")));
            }
        }
        Ok(map)
    }
}

/// A key that may be `null` but not missing: serde would take a missing one for `null`, and "not written" for "nothing there".
pub(super) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_exact() {
        for (text, duration) in [
            ("0", Duration::ZERO),
            ("14400", Duration::from_secs(14400)),
            ("1.5", Duration::from_millis(1500)),
            ("0.000000001", Duration::from_nanos(1)),
            ("18446744073709551615.999999999", Duration::MAX),
        ] {
            assert_eq!(serde_json::to_string(&Seconds(duration)).unwrap(), text);
            assert_eq!(serde_json::from_str::<Seconds>(text).unwrap().0, duration, "{text}");
        }
        for bad in ["-1", "1e3", "1.0000000001", "\"1\"", "null", "18446744073709551616"] {
            assert!(serde_json::from_str::<Seconds>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_time_comes_back_even_from_a_clock_that_is_wrong() {
        for time in [Timestamp::MAX_UTC, Timestamp::MIN_UTC, Timestamp::UNIX_EPOCH] {
            let text = serde_json::to_string(&Moment(time)).unwrap();
            assert_eq!(serde_json::from_str::<Moment>(&text).unwrap().0, time, "{text}");
        }
    }

    #[test]
    fn a_key_that_comes_twice_is_refused() {
        let twice = r#"{"server1/a": 1, "server1/a": 2}"#;
        let error = serde_json::from_str::<Keyed<crate::names::JobAddress, u8>>(twice).err().unwrap().to_string();
        assert!(error.contains("\"server1/a\" stands there twice"), "{error}");
    }
}
