//! An address of the web that is fetched, through ureq. Nothing that is said of it repeats the address: it may be a secret.

use std::time::Duration;

use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Error};

use super::failure::{Failure, FailureKind};
use super::trust;
use crate::printable::printable;

/// The limit of one try, from the name to the last byte.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
/// How often one fetch is tried at once; later ones are the outbox's.
const TRIES_MAX: usize = 2;
/// Between two tries.
const BETWEEN_TRIES: Duration = Duration::from_millis(500);
/// Codes of 4xx that mean "not now".
const NOT_NOW: [u16; 3] = [408, 425, 429];
/// Services that only take GET answer POST with this.
const NOT_THIS_METHOD: [u16; 2] = [405, 501];

/// Fetches an address by POST with a body, or by GET where the service knows no other; the code of the answer.
///
/// # Errors
/// Whose fault it is, and why.
pub(super) fn fetch(url: &str, content_type: &str, body: &str) -> Result<u16, Failure> {
    let mut tried = 1;
    loop {
        match once(url, content_type, body) {
            Err(failure) if failure.kind != FailureKind::Refused && tried < TRIES_MAX => {
                std::thread::park_timeout(BETWEEN_TRIES);
                tried += 1;
            }
            ended => return ended,
        }
    }
}

fn once(url: &str, content_type: &str, body: &str) -> Result<u16, Failure> {
    let agent = agent();
    let posted = agent.post(url).header("Content-Type", content_type).send(body);
    // A redirection is not followed: on most of them a POST becomes a GET without its body, whose good answer would be no delivery.
    let code = posted.map(|answer| answer.status().as_u16()).map_err(|error| failure(&error))?;
    if !NOT_THIS_METHOD.contains(&code) {
        return judge(code);
    }
    judge(agent.get(url).call().map(|answer| answer.status().as_u16()).map_err(|error| failure(&error))?)
}

fn agent() -> Agent {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(TIMEOUT))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .user_agent(concat!("jbr/", env!("CARGO_PKG_VERSION")));
    config.build().into()
}

fn judge(code: u16) -> Result<u16, Failure> {
    let kind = match code {
        200..=299 => return Ok(code),
        300..=399 => {
            let why = format!("answered with code {code}: it leads to another address; write that one");
            return Err(Failure::new(FailureKind::Refused, why));
        }
        400..=499 if !NOT_NOW.contains(&code) => FailureKind::Refused,
        // It broke down over what it got, perhaps over this alone.
        500 => FailureKind::Message,
        _ => FailureKind::Channel,
    };
    Err(Failure::new(kind, format!("answered with code {code}")))
}

fn failure(error: &Error) -> Failure {
    let why = match error {
        Error::Timeout(_) => format!("no answer within {} s", TIMEOUT.as_secs()),
        Error::HostNotFound => "its host is not known".to_owned(),
        Error::Rustls(error) => trust::complaint(error).ours_alone(),
        Error::Io(error) => match trust::tls_error(error) {
            Some(error) => trust::complaint(error).ours_alone(),
            None => printable(&error.to_string()),
        },
        Error::TooManyRedirects | Error::RedirectFailed => {
            "it leads from one address to the next without an end".to_owned()
        }
        Error::ConnectionFailed => "no connection".to_owned(),
        Error::BadUri(_) | Error::Http(_) => "it is no address of the web".to_owned(),
        // The words of the others may hold the address.
        _ => "it was not fetched".to_owned(),
    };
    Failure::channel(why)
}
