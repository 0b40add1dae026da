//! What an error of lettre's means.

use std::io::{self, ErrorKind};
use std::time::Duration;

use lettre::transport::smtp::Error;

use super::complaint::Complaint;
use super::trust;
use crate::render::when::limit;

/// How lettre calls a connection that ended where an answer should have been.
const HUNG_UP: &str = "incomplete response";

/// What an error of lettre's means.
pub(super) fn complaint(error: &Error, timeout: Duration) -> Complaint {
    if is_timeout(error) {
        return Complaint::ours(format!("no answer within {}", limit(timeout)));
    }
    if let Some(error) = tls_error(error) {
        return trust::complaint(error);
    }
    let said = said(error);
    let is_end = causes(error).any(|cause| io_kind(cause) == Some(ErrorKind::UnexpectedEof));
    match error.status() {
        Some(code) => Complaint::quoting(format!("answered with code {code}"), said),
        None if is_end || said == HUNG_UP => Complaint::ours("the server closed the connection"),
        None if error.is_response() => {
            // Behind the name of the parser that did not like it.
            let answer = said.split_once(" at: ").map_or(&*said, |(_, answer)| answer);
            Complaint::quoting("what answers there is no mail server".to_owned(), answer.to_owned())
        }
        None => Complaint::ours(said),
    }
}

/// What is behind lettre's own words for the kind of error.
pub(super) fn said(error: &Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// A time-out calls itself something else.
pub(super) fn is_timeout(error: &Error) -> bool {
    causes(error).any(|cause| matches!(io_kind(cause), Some(ErrorKind::WouldBlock | ErrorKind::TimedOut)))
}

/// What TLS has to say.
pub(super) fn tls_error(error: &Error) -> Option<&rustls::Error> {
    causes(error).find_map(trust::tls_error)
}

fn io_kind(cause: &(dyn std::error::Error + 'static)) -> Option<ErrorKind> {
    cause.downcast_ref().map(io::Error::kind)
}

/// An error's causes, the nearest first.
fn causes(error: &Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(std::error::Error::source(error), |cause| cause.source())
}
