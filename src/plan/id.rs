//! JetBackup's ids: 24 hexadecimal digits, taken from the text of the file and from nothing else.
//!
//! An id of digits alone is a number to YAML, and one like `6503e10…` a huge one: either would come back changed.

use super::finding::quoted;
use super::problem::Problem;
use super::scalar::{decode, is_number};
use super::tree::Scalar;
use crate::names::{DestinationId, JobId};

/// How many digits an id has.
pub(super) const LENGTH: usize = 24;

/// Reads a job's id.
///
/// # Errors
/// Anything but 24 digits from 0-9 and a-f.
pub(super) fn job(scalar: &Scalar) -> Result<JobId, Problem> {
    JobId::new(id(scalar)?).map_err(|error| Problem::new("is not a JetBackup id", error.to_string()))
}

/// Reads a destination's id.
///
/// # Errors
/// Anything but 24 digits from 0-9 and a-f.
pub(super) fn destination(scalar: &Scalar) -> Result<DestinationId, Problem> {
    DestinationId::new(id(scalar)?).map_err(|error| Problem::new("is not a JetBackup id", error.to_string()))
}

fn id(scalar: &Scalar) -> Result<String, Problem> {
    let text = scalar.text.as_str();
    let shown = quoted(text);
    let hexadecimal = text.bytes().all(|b| b.is_ascii_hexdigit());
    if scalar.plain && is_number(text) && !(text.len() == LENGTH && text.bytes().all(|b| b.is_ascii_digit())) {
        return Err(Problem::new(format!("is not clearly text: {shown}"), "YAML may read this as a number").help(
            format!("an id has {LENGTH} digits (0-9, a-f); put it between quotes, exactly as JetBackup shows it"),
        ));
    }
    let help = "copy the `_id` from the server: `jetbackup5api -F listBackupJobs -O json` (for a destination, listDestinations)";
    if !hexadecimal {
        let problem = Problem::new(format!("is not a JetBackup id: {shown}"), "not hexadecimal digits (0-9, a-f)");
        return Err(problem.help(help));
    }
    if text.len() != LENGTH {
        let label = format!("{} digits, not {LENGTH}", text.len());
        return Err(Problem::new(format!("is not a JetBackup id: {shown}"), label).help(help));
    }
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        let problem = Problem::new(format!("is not a JetBackup id: {shown}"), "capital letters");
        return Err(problem.help(format!("JetBackup writes ids in small letters: {}", text.to_ascii_lowercase())));
    }
    let decoded: String = decode(scalar)?;
    if decoded != text {
        return Err(
            Problem::new("is not clearly text", "YAML readers disagree about this").help("put it between quotes")
        );
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Scalar {
        Scalar { text: text.into(), source: text.into(), plain: true }
    }

    #[test]
    fn an_id_comes_back_as_it_was_written() {
        for good in ["6503eec8ebbf07708d06f1d2", "222222222222222222222222", "000000000000000000000012"] {
            assert_eq!(id(&plain(good)).unwrap(), good);
            let quotes = Scalar { text: good.into(), source: format!("'{good}'"), plain: false };
            assert_eq!(id(&quotes).unwrap(), good);
        }
        // A float to YAML, an id between quotes.
        let float = "123456789012345678901e10";
        assert!(id(&plain(float)).unwrap_err().help.contains("quotes"));
        assert_eq!(id(&Scalar { text: float.into(), source: format!("\"{float}\""), plain: false }).unwrap(), float);
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for bad in [
            "",
            "1e10",
            "22",
            "0x2222222222222222222222",
            "6503eec8ebbf07708d06f1d",
            "6503eec8ebbf07708d06f1d2a",
            "6503EEC8EBBF07708D06F1D2",
            "server1",
        ] {
            assert!(id(&plain(bad)).is_err(), "{bad}");
        }
    }
}
