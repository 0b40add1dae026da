//! Why a certificate is not believed, in words that say what to mend.

use std::io;
use std::time::Duration;

use chrono::DateTime;
use rustls::pki_types::UnixTime;
use rustls::{CertificateError, Error, InvalidMessage};

use super::complaint::Complaint;

/// How webpki calls a server's certificate that is an authority's own; rustls has no name for it.
const IS_AUTHORITY: &str = "CaUsedAsEndEntity";

/// The error of TLS that an error is, or holds.
pub(super) fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Error> {
    // What an `io::Error` was made of is not among its causes.
    let held = || error.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref();
    error.downcast_ref().or_else(held)
}

/// What it means.
pub(super) fn complaint(error: &Error) -> Complaint {
    match error {
        Error::InvalidCertificate(error) => distrust(error),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            Complaint::ours("what answers there does not speak TLS from the first byte on")
        }
        _ => Complaint::quoting("no encrypted connection came about".to_owned(), error.to_string()),
    }
}

fn distrust(error: &CertificateError) -> Complaint {
    match error {
        CertificateError::UnknownIssuer => {
            Complaint::ours("its certificate is signed by nobody whom this machine believes")
        }
        CertificateError::NotValidForNameContext { presented, .. } => {
            let presented: Vec<&str> = presented.iter().map(|name| bare(name)).collect();
            let presented = if presented.is_empty() { "none at all".to_owned() } else { presented.join(", ") };
            Complaint::quoting("its certificate is for another name".to_owned(), presented)
        }
        CertificateError::ExpiredContext { time, not_after } => {
            Complaint::ours(format!("its certificate expired on {}, and {}", day(*not_after), today(*time)))
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            Complaint::ours(format!("its certificate is not valid before {}, and {}", day(*not_before), today(*time)))
        }
        CertificateError::Other(other) if other.to_string() == IS_AUTHORITY => {
            Complaint::ours("its certificate is an authority's own (CA:TRUE); a server needs one that is not")
        }
        error => Complaint::quoting("its certificate is not believed".to_owned(), error.to_string()),
    }
}

/// `DnsName("a")` and `IpAddress(…)` as rustls writes them: what is in it.
fn bare(name: &str) -> &str {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.map_or(name, |inner| inner.trim_matches('"'))
}

fn today(now: UnixTime) -> String {
    format!("by this machine's clock it is {} now", day(now))
}

fn day(time: UnixTime) -> String {
    let time = DateTime::UNIX_EPOCH
        .checked_add_signed(chrono::TimeDelta::from_std(Duration::from_secs(time.as_secs())).unwrap_or_default());
    time.map_or_else(|| "a day beyond all calendars".to_owned(), |time| time.format("%Y-%m-%d").to_string())
}
