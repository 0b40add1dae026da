//! YAML's traps: plain text that one YAML reader or another takes for something other than text.
//!
//! `no` is false for one reader and text for the next, `02:00` is 120, `010` is 8, `1e3` is a thousand. Where a plan
//! needs text, such a value is refused until it stands between quotes; its meaning is never guessed.

use super::finding::quoted;
use super::problem::Problem;
use super::tree::Scalar;

/// Decodes one value through serde.
///
/// # Errors
/// A problem with serde's own words, which name what was expected.
pub(super) fn decode<T: serde::de::DeserializeOwned>(scalar: &Scalar) -> Result<T, Problem> {
    serde_yaml::from_str(&scalar.source).map_err(|error| {
        let words = error.to_string();
        let words = words.split(" at line ").next().unwrap_or_default();
        Problem::new(format!("cannot be {}", quoted(&scalar.source)), crate::printable::printable(words))
            .help("put it between quotes")
    })
}

/// A value that is text beyond doubt.
///
/// # Errors
/// A plain value that is not clearly text, and an empty one.
pub(super) fn text(scalar: &Scalar) -> Result<String, Problem> {
    if scalar.text.is_empty() {
        return Err(Problem::new("is empty", "no text here").help("write something, or remove it"));
    }
    if let Some(reading) = scalar.plain.then(|| other_reading(&scalar.text)).flatten() {
        let shown = quoted(&scalar.source);
        return Err(Problem::new(format!("is not clearly text: {shown}"), format!("YAML may read this as {reading}"))
            .help(format!("put it between quotes: \"{}\"", crate::printable::printable(&scalar.source))));
    }
    let text: String = decode(scalar)?;
    // Two readers of YAML looked at this value. Where they disagree, nobody knows what was meant.
    if text != scalar.text {
        let shown = quoted(&scalar.source);
        return Err(Problem::new(format!("is not clearly text: {shown}"), "YAML readers disagree about this")
            .help("put it between quotes"));
    }
    Ok(text)
}

/// What some reader of YAML 1.1 or 1.2 makes of plain text, if not text.
pub(super) fn other_reading(text: &str) -> Option<&'static str> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some("no value"),
        _ if is_boolean(text) => return Some("true or false"),
        _ => {}
    }
    if is_number(text) {
        Some("a number")
    } else if is_sexagesimal(text) {
        Some("a number in base 60")
    } else if is_date(text) {
        Some("a date")
    } else {
        None
    }
}

fn is_boolean(text: &str) -> bool {
    ["y", "n", "yes", "no", "on", "off", "true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether this looks like a number in any of YAML's notations.
pub(super) fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = unsigned.to_ascii_lowercase();
    if lower == ".inf" || lower == ".nan" {
        return true;
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = lower.strip_prefix(prefix) {
            return !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix) || c == '_');
        }
    }
    is_decimal(&lower)
}

/// Digits with at most one point, and at most one exponent.
fn is_decimal(lower: &str) -> bool {
    let (mantissa, exponent) = match lower.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (lower, None),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    mantissa.bytes().any(|b| b.is_ascii_digit())
        && !whole.starts_with('_')
        && digits(whole)
        && digits(fraction)
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

/// `02:00`, `1:30:00`: YAML 1.1 counts these in base 60.
pub(super) fn is_sexagesimal(text: &str) -> bool {
    let parts: Vec<&str> = text.strip_prefix(['+', '-']).unwrap_or(text).split(':').collect();
    parts.len() > 1
        && parts.iter().all(|part| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
}

fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let digits = |part: Option<&str>, length: std::ops::RangeInclusive<usize>| {
        part.is_some_and(|part| length.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let year_and_month = digits(parts.next(), 4..=4) && digits(parts.next(), 1..=2);
    year_and_month && parts.next().is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(source: &str, text: &str) -> Scalar {
        Scalar { text: text.into(), source: source.into(), plain: source == text }
    }

    #[test]
    fn what_some_reader_takes_for_something_else_is_known() {
        for trap in [
            "",
            "~",
            "null",
            "NULL",
            "no",
            "On",
            "YES",
            "y",
            "true",
            "0o17",
            "010",
            "0x1F",
            "0b101",
            "1e3",
            "1.5e-3",
            "1_000",
            "-12",
            "+3",
            ".5",
            "5.",
            ".inf",
            "-.INF",
            ".nan",
            "02:00",
            "1:30:00",
            "2026-11-23",
            "2026-1-2T10:00:00Z",
            "222222222222222222222222",
            "10.0",
        ] {
            assert!(other_reading(trap).is_some(), "{trap}");
            assert!(text(&scalar(trap, trap)).is_err(), "{trap}");
        }
    }

    #[test]
    fn ordinary_names_are_text() {
        for name in [
            "server1",
            "10.0.0.1",
            "2001:db8::1",
            "e5",
            "nothing",
            "node",
            "-",
            "a:b",
            "1st",
            "0xyz",
            "6503eec8ebbf07708d06f1d2",
            "2026-backup",
            "_1",
            "on-call",
            ".",
            "1.2.3",
            "é",
        ] {
            assert_eq!(other_reading(name), None, "{name}");
        }
    }

    #[test]
    fn quotes_make_text_of_everything() {
        for (source, meant) in
            [("\"no\"", "no"), ("'02:00'", "02:00"), ("\"1e3\"", "1e3"), ("'it''s'", "it's"), (r#""a\tb""#, "a\tb")]
        {
            assert_eq!(text(&scalar(source, meant)).unwrap(), meant);
        }
    }

    #[test]
    fn two_readers_must_agree() {
        // At the start of a document this is a marker, inside of a map it is text.
        assert!(text(&scalar("---", "---")).is_err());
    }
}
