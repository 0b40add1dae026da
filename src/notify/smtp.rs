//! The talk with a mail server, step by step, through lettre.
//!
//! A step that fails says whose fault it is: the way to the server's, and then nothing else can be sent either, or this mail's alone.

use std::io::Read as _;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;

use super::complaint::Complaint;
use super::diagnosis::{complaint, is_timeout, said, tls_error};
use super::failure::FailureKind;
use super::progress::{Progress, Step};
use super::reached::Reached;
use super::vault::open_file;
use crate::desired::{Security, Smtp};
use crate::printable::printable;
use crate::render::count;

/// No file of certificates is larger, in bytes; the machine's own has a quarter of that.
const CA_FILE_SIZE_MAX: u64 = 1024 * 1024;
/// How long the server's answer to a farewell is waited for. It has the mail by then.
const FAREWELL: Duration = Duration::from_secs(1);
/// The code of a server that ends the conversation, whatever was said in it (RFC 5321, 3.8).
const SHUTTING_DOWN: u16 = 421;
/// The code of a server that takes no more recipients, or has no room; to be taken as for now (RFC 5321, 4.5.3.1.10).
const TOO_MANY: u16 = 552;
/// The code of a server that wants a login first (RFC 4954, 6), or encryption (RFC 3207, 4): no mail will do.
const NOT_LIKE_THIS: u16 = 530;

/// Why a mail could not be handed over to everybody.
pub(super) struct Trouble {
    pub(super) complaint: Complaint,
    pub(super) kind: FailureKind,
    /// Whom it has reached all the same.
    pub(super) reached: Box<Reached>,
}

impl Trouble {
    fn new(kind: FailureKind, complaint: Complaint) -> Self {
        Self { complaint, kind, reached: Box::default() }
    }

    fn channel(words: impl Into<String>) -> Self {
        Self::new(FailureKind::Channel, Complaint::ours(words))
    }
}

/// A talk in which a mail was offered.
pub(super) struct Talk {
    connection: SmtpConnection,
    /// What came of it.
    pub(super) ended: Result<(), Trouble>,
}

impl Talk {
    /// Says goodbye. A server that is slow to answer is hardly waited for; where the limit cannot be set the old one holds.
    pub(super) fn farewell(mut self) {
        let _ = self.connection.set_timeout(Some(FAREWELL));
        self.connection.abort();
    }
}

/// Hands a mail over to these addresses.
///
/// # Errors
/// Where it could not be offered to anybody.
pub(super) fn hand_over(
    smtp: &Smtp,
    credentials: Option<&Credentials>,
    message: &lettre::Message,
    to: &[Address],
    progress: &Progress,
    step: Step<'_>,
) -> Result<Talk, Trouble> {
    let place = format!("{} port {}", smtp.host, smtp.port);
    let mut connection = connect(smtp, &place, step)?;
    if let (Some(credentials), Some(login)) = (credentials, &smtp.login) {
        connection
            .auth(&[Mechanism::Plain, Mechanism::Login], credentials)
            .map_err(|error| login_trouble(&error, smtp))?;
        step(format!("logged in as {}", printable(&login.user)));
    }
    progress.so_far().is_offered = true;
    let ended = offer(&mut connection, message, to, progress, smtp.timeout, step);
    Ok(Talk { connection, ended })
}

/// Offers it address by address: one that the server does not take keeps the others from nothing.
fn offer(
    connection: &mut SmtpConnection,
    message: &lettre::Message,
    to: &[Address],
    progress: &Progress,
    timeout: Duration,
    step: Step<'_>,
) -> Result<(), Trouble> {
    let trouble = |error: Error| message_trouble(&error, timeout);
    let from = message.envelope().from().cloned();
    connection.command(Mail::new(from, Vec::new())).map_err(trouble)?;
    let (mut taken, mut left) = (Vec::new(), Vec::new());
    for address in to {
        progress.so_far().address = Some(address.to_string());
        match connection.command(Rcpt::new(address.clone(), Vec::new())) {
            Ok(_) => taken.push(address.to_string()),
            Err(error) if is_about_the_address(&error) => left.push((address, error)),
            Err(error) => {
                let reached = Reached { suspects: vec![address.to_string()], ..Reached::default() };
                return Err(Trouble { reached: Box::new(reached), ..trouble(error) });
            }
        }
    }
    progress.so_far().address = None;
    if taken.is_empty() {
        return Err(not_for(&left, taken));
    }
    connection.command(Data).map_err(trouble)?;
    connection.message(&message.formatted()).map_err(trouble)?;
    step(format!("taken by the server for {}", recipients(taken.len())));
    if left.is_empty() { Ok(()) } else { Err(not_for(&left, taken)) }
}

pub(super) fn recipients(number: usize) -> String {
    count(number, "recipient")
}

fn is_about_the_address(error: &Error) -> bool {
    error.status().is_some_and(|code| ![SHUTTING_DOWN, NOT_LIKE_THIS].contains(&u16::from(code)))
}

/// Of those to whom it did not go: which, and what the server said to each.
fn not_for(left: &[(&Address, Error)], taken: Vec<String>) -> Trouble {
    let code = |error: &Error| error.status().map_or(0, u16::from);
    let names: Vec<String> = left.iter().map(|(address, error)| format!("{address} (code {})", code(error))).collect();
    let mut words: Vec<String> = left.iter().map(|(_, error)| said(error)).collect();
    // Most servers say the same of each.
    words.dedup();
    let before = if taken.is_empty() { String::new() } else { format!("taken for {}, but ", recipients(taken.len())) };
    let ours = format!("{before}not taken for {}", names.join(", "));
    let is_for_good = |error: &Error| error.is_permanent() && code(error) != TOO_MANY;
    let refused: Vec<String> =
        left.iter().filter(|(_, error)| is_for_good(error)).map(|(address, _)| address.to_string()).collect();
    let kind = if refused.len() == left.len() { FailureKind::Refused } else { FailureKind::Message };
    let reached = Reached { taken, refused, suspects: Vec::new() };
    Trouble { reached: Box::new(reached), ..Trouble::new(kind, Complaint::quoting(ours, words.join("; "))) }
}

fn connect(smtp: &Smtp, place: &str, step: Step<'_>) -> Result<SmtpConnection, Trouble> {
    let trouble = |error: Error| Trouble::new(FailureKind::Channel, way_complaint(&error, smtp).at(place));
    let hello = ClientId::default();
    let tls = (smtp.security != Security::None).then(|| tls(smtp)).transpose()?;
    let wrapper = tls.as_ref().filter(|_| smtp.security == Security::Tls);
    let address = (smtp.host.as_str(), smtp.port);
    let mut connection =
        SmtpConnection::connect(address, Some(smtp.timeout), &hello, wrapper, None).map_err(trouble)?;
    let how = if wrapper.is_some() { ", encrypted (TLS)" } else { "" };
    step(format!("connected to {}{how}", printable(place)));
    if let (Security::StartTls, Some(tls)) = (smtp.security, &tls) {
        if !connection.can_starttls() {
            connection.abort();
            let why = "the server offers no STARTTLS, and without it nothing is sent; `security: tls` is the other way to encrypt";
            return Err(Trouble::new(FailureKind::Channel, Complaint::ours(why).at(place)));
        }
        connection.starttls(tls, &hello).map_err(trouble)?;
        step("encrypted (STARTTLS)".to_owned());
    }
    Ok(connection)
}

/// What went wrong on the way, with what may mend it.
fn way_complaint(error: &Error, smtp: &Smtp) -> Complaint {
    let complaint = complaint(error, smtp.timeout);
    match (smtp.security, tls_error(error)) {
        (Security::Tls, Some(rustls::Error::InvalidMessage(_))) => complaint.hint("try `security: starttls`"),
        (_, Some(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer))) => {
            complaint.hint("if that is the house's own authority, name its certificate in `ca_file`")
        }
        (Security::StartTls | Security::None, None) if is_timeout(error) => {
            complaint.hint("a server that encrypts from the first byte on (port 465) needs `security: tls`")
        }
        _ => complaint,
    }
}

fn tls(smtp: &Smtp) -> Result<TlsParameters, Trouble> {
    let mut builder = TlsParameters::builder(smtp.host.clone());
    if let Some(path) = &smtp.ca_file {
        let wrong = |why: &str| Trouble::channel(format!("ca_file {}: {why}", path.to_string_lossy()));
        let pem = read(path).map_err(|error| wrong(&error.to_string()))?;
        for certificate in certificates(&pem) {
            if !is_certificate(&certificate) {
                return Err(wrong("what it calls a certificate is none"));
            }
            let certificate =
                Certificate::from_pem(certificate.as_bytes()).map_err(|error| wrong(&error.to_string()))?;
            builder = builder.add_root_certificate(certificate);
        }
        if !pem.contains(PEM_BEGIN) {
            return Err(wrong("there is no certificate (PEM) in it"));
        }
    }
    builder.build_rustls().map_err(|error| Trouble::new(FailureKind::Channel, complaint(&error, smtp.timeout)))
}

const PEM_BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// Each certificate of a file by itself.
fn certificates(pem: &str) -> impl Iterator<Item = String> + '_ {
    pem.split(PEM_BEGIN).skip(1).map(|rest| format!("{PEM_BEGIN}{rest}"))
}

/// Whether it alone can be believed. lettre tells of all together, and not that it was a file's.
fn is_certificate(pem: &str) -> bool {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    let der = CertificateDer::from_pem_slice(pem.as_bytes());
    der.is_ok_and(|der| rustls::RootCertStore::empty().add(der).is_ok())
}

fn read(path: &std::path::Path) -> std::io::Result<String> {
    let mut text = String::new();
    open_file(path)?.take(CA_FILE_SIZE_MAX).read_to_string(&mut text)?;
    Ok(text)
}

fn login_trouble(error: &Error, smtp: &Smtp) -> Trouble {
    match error.status() {
        // What it says to a password is nothing to keep.
        Some(code) => {
            let words = format!("the server refused the login (code {code}): see `user` and `password`");
            let kind = if error.is_permanent() { FailureKind::Login } else { FailureKind::Channel };
            Trouble::new(kind, Complaint::ours(words))
        }
        None if error.is_client() => Trouble::channel(
            "the server offers no login that jbr knows (PLAIN, LOGIN); if it wants none, remove `user` and `password`",
        ),
        None => Trouble::new(FailureKind::Channel, complaint(error, smtp.timeout)),
    }
}

fn message_trouble(error: &Error, timeout: Duration) -> Trouble {
    let kind = match error.status().map(u16::from) {
        Some(SHUTTING_DOWN | NOT_LIKE_THIS) => FailureKind::Channel,
        Some(_) if error.is_permanent() => FailureKind::Refused,
        Some(_) => FailureKind::Message,
        None if is_timeout(error) => FailureKind::Silent,
        None => FailureKind::HungUp,
    };
    Trouble::new(kind, complaint(error, timeout))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_certificates_may_have_several() {
        let file = format!("# ours\n{PEM_BEGIN}\na\n-----END\n{PEM_BEGIN}\nb\n");
        assert_eq!(certificates(&file).count(), 2);
    }
}
