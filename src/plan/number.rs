//! Whole numbers, written the one way that every reader reads alike.

use super::finding::quoted;
use super::problem::Problem;
use super::scalar::{decode, is_number, is_sexagesimal};
use super::tree::Scalar;

/// The version of the plan language that is read here.
pub(super) const VERSION: u32 = 1;

/// More tries than these in one run are a sign of something that a person must mend.
pub(super) const ATTEMPTS_MAX: u32 = 10;

/// Higher and lower priorities than these mean nothing more.
pub(super) const PRIORITY_MAX: i64 = 1_000_000;

/// The version of the plan language; must be 1.
pub(super) fn version(scalar: &Scalar) -> Result<u32, Problem> {
    let version: u32 = whole(scalar, "write `version: 1`")?;
    if version == VERSION {
        return Ok(version);
    }
    let label = format!("this jbr reads version {VERSION} only");
    Err(Problem::new(format!("is not {VERSION}"), label)
        .help("write `version: 1`, or use a jbr that knows this version"))
}

/// A TCP port, 1 to 65535.
pub(super) fn port(scalar: &Scalar) -> Result<u16, Problem> {
    let port: i64 = whole(scalar, "write a plain number from 1 to 65535, such as 51514")?;
    u16::try_from(port).ok().filter(|port| *port != 0).ok_or_else(|| {
        Problem::new(format!("is out of range: {port}"), "ports go from 1 to 65535")
            .help("write the port of the server's sshd")
    })
}

/// A job's priority.
pub(super) fn priority(scalar: &Scalar) -> Result<i64, Problem> {
    let priority: i64 = whole(scalar, "write a plain whole number, such as 10 or -5")?;
    if priority.abs() <= PRIORITY_MAX {
        return Ok(priority);
    }
    let label = format!("from -{PRIORITY_MAX} to {PRIORITY_MAX}");
    Err(Problem::new(format!("is out of range: {priority}"), label).help("only the order counts: use smaller numbers"))
}

/// How often a backup is tried in all, the first time included.
pub(super) fn attempts(scalar: &Scalar) -> Result<u32, Problem> {
    let attempts: i64 = whole(scalar, "write how often it is tried in all, such as 2")?;
    u32::try_from(attempts).ok().filter(|attempts| (1..=ATTEMPTS_MAX).contains(attempts)).ok_or_else(|| {
        Problem::new(format!("is out of range: {attempts}"), format!("from 1 to {ATTEMPTS_MAX}"))
            .help("write how often it is tried in all: 2 is once and once again, 1 never again")
    })
}

fn whole<T: serde::de::DeserializeOwned>(scalar: &Scalar, help: &str) -> Result<T, Problem> {
    let shown = quoted(&scalar.source);
    if !scalar.plain {
        return Err(
            Problem::new(format!("is text, not a number: {shown}"), "quotes make text of it").help("remove the quotes")
        );
    }
    let digits = scalar.text.strip_prefix('-').unwrap_or(&scalar.text);
    let canonical = digits == "0" || (!digits.starts_with('0') && !digits.is_empty());
    if canonical && digits.len() <= 18 && digits.bytes().all(|b| b.is_ascii_digit()) {
        return decode(scalar).map_err(|problem| problem.help(help));
    }
    let label = if is_number(&scalar.text) || is_sexagesimal(&scalar.text) {
        "readers of YAML disagree about its value, or it is not whole"
    } else {
        "not a whole number"
    };
    Err(Problem::new(format!("is not a plain whole number: {shown}"), label).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Scalar {
        Scalar { text: text.into(), source: text.into(), plain: true }
    }

    #[test]
    fn ports_have_a_range_and_one_notation() {
        assert_eq!(port(&plain("1")), Ok(1));
        assert_eq!(port(&plain("65535")), Ok(65_535));
        for bad in [
            "0",
            "65536",
            "-1",
            "022",
            "0o26",
            "0x16",
            "1e3",
            "22.0",
            "5_1514",
            "02:00",
            "ssh",
            "on",
            "99999999999999999999",
        ] {
            assert!(port(&plain(bad)).is_err(), "{bad}");
        }
        assert!(port(&Scalar { text: "22".into(), source: "\"22\"".into(), plain: false }).is_err());
    }

    #[test]
    fn attempts_count_the_first() {
        assert_eq!(attempts(&plain("1")), Ok(1));
        assert_eq!(attempts(&plain("10")), Ok(10));
        for bad in ["0", "11", "-1", "2.0", "twice"] {
            assert!(attempts(&plain(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn priorities_may_be_negative() {
        assert_eq!(priority(&plain("-5")), Ok(-5));
        assert_eq!(priority(&plain("0")), Ok(0));
        for bad in ["-0x1", "--1", "+1", "1000001", "-", "high"] {
            assert!(priority(&plain(bad)).is_err(), "{bad}");
        }
    }
}
