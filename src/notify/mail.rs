//! A mail handed to a mail server, step by step, through lettre.
//!
//! A step that fails says whose fault it is: the way to the server's, and then nothing else can be sent either, or this mail's alone.

use std::fmt::Write as _;
use std::io::{ErrorKind, Read as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, SmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

use super::discreet::repeats;
use super::failure::{Failure, FailureKind};
use super::vault::Vault;
use crate::clock::Timestamp;
use crate::desired::{Email, Secret, Security, Smtp};
use crate::printable::printable;
use crate::render::when::limit;

/// No file of certificates is larger, in bytes; the machine's own has a quarter of that.
const CA_FILE_SIZE_MAX: u64 = 1024 * 1024;

/// The code of a server that ends the conversation, whatever was said in it (RFC 5321, 3.8).
const SHUTTING_DOWN: u16 = 421;

/// Something that was done on the way, for whoever watches.
pub(super) type Step<'a> = &'a mut dyn FnMut(String);

/// Makes a mail of a letter.
///
/// # Errors
/// Where the addresses are none that lettre takes, which the plan's check makes sure of.
pub(super) fn compose(
    email: &Email,
    (subject, text, html): (&str, &str, &str),
    at: Timestamp,
    id: &str,
) -> Result<lettre::Message, Failure> {
    let mailbox = |address: &str| {
        let parsed = address.parse().map_err(|_| refused(format!("{} is not a mail address", printable(address))));
        parsed.map(|address| Mailbox::new(None, address))
    };
    let domain = email.from.rsplit('@').next().unwrap_or("localhost");
    let mut builder = lettre::Message::builder()
        .from(mailbox(&email.from)?)
        .subject(printable(subject))
        .date(SystemTime::from(at))
        .message_id(Some(format!("<{id}@{domain}>")));
    for to in &email.to {
        builder = builder.to(mailbox(to)?);
    }
    let body = MultiPart::alternative_plain_html(text.to_owned(), html.to_owned());
    let mut message = builder.multipart(body).map_err(|error| refused(printable(&error.to_string())))?;
    // So that no holiday greeting answers it (RFC 3834).
    let name = HeaderName::new_from_ascii_str("Auto-Submitted");
    message.headers_mut().insert_raw(HeaderValue::new(name, "auto-generated".to_owned()));
    Ok(message)
}

/// Hands a mail over; `is_offered` says from when on it may be the mail that the server does not like.
///
/// # Errors
/// Whose fault it is, and why.
pub(super) fn send(
    email: &Email,
    vault: Vault,
    message: &lettre::Message,
    is_offered: &AtomicBool,
    step: Step<'_>,
) -> Result<(), Failure> {
    let smtp = &email.smtp;
    let password = smtp.login.as_ref().map(|login| password(&login.password, vault, step)).transpose()?;
    let login = smtp.login.as_ref().zip(password.as_ref());
    let credentials = login.map(|(login, password)| Credentials::new(login.user.clone(), password.clone()));
    let ended = hand_over(smtp, credentials.as_ref(), message, is_offered, step);
    ended.map_err(|failure| {
        // Whoever was told it once could repeat it to us, and what is said is kept.
        let is_indiscreet = password.is_some_and(|password| repeats(&failure.why, &password));
        let why = if is_indiscreet { without_words(&failure.why) } else { failure.why };
        Failure { why: printable(&why), ..failure }
    })
}

/// The error alone, in lettre's words and ours: the server's come behind a colon.
fn without_words(why: &str) -> String {
    let error = why.split(':').next().unwrap_or_default();
    format!("{error}; what the server says to it repeats the password, and is not kept")
}

/// Hands it over. Why it could not be is in the server's own words, as they came.
fn hand_over(
    smtp: &Smtp,
    credentials: Option<&Credentials>,
    message: &lettre::Message,
    is_offered: &AtomicBool,
    step: Step<'_>,
) -> Result<(), Failure> {
    let mut connection = connect(smtp, step)?;
    if let (Some(credentials), Some(login)) = (credentials, &smtp.login) {
        connection
            .auth(&[Mechanism::Plain, Mechanism::Login], credentials)
            .map_err(|error| login_failure(&error, smtp))?;
        step(format!("logged in as {}", printable(&login.user)));
    }
    let email = message.formatted();
    is_offered.store(true, Ordering::SeqCst);
    connection.send(message.envelope(), &email).map_err(|error| message_failure(&error, smtp.timeout))?;
    step(format!("taken by the server for {}", crate::render::count(message.envelope().to().len(), "address")));
    // It has taken the mail: whatever it says to this changes nothing.
    connection.abort();
    Ok(())
}

fn password(secret: &Secret, vault: Vault, step: Step<'_>) -> Result<String, Failure> {
    let password = vault.open(secret).map_err(|why| Failure { why, kind: FailureKind::Channel })?;
    step(format!("the password is in {secret}"));
    Ok(password)
}

fn connect(smtp: &Smtp, step: Step<'_>) -> Result<SmtpConnection, Failure> {
    let channel = |error: Error| Failure { why: words(&error, smtp.timeout), kind: FailureKind::Channel };
    let hello = ClientId::default();
    let tls = (smtp.security != Security::None).then(|| tls(smtp)).transpose()?;
    let wrapper = tls.as_ref().filter(|_| smtp.security == Security::Tls);
    let address = (smtp.host.as_str(), smtp.port);
    let mut connection =
        SmtpConnection::connect(address, Some(smtp.timeout), &hello, wrapper, None).map_err(channel)?;
    let how = if wrapper.is_some() { ", encrypted (TLS)" } else { "" };
    step(format!("connected to {} port {}{how}", printable(&smtp.host), smtp.port));
    if let (Security::StartTls, Some(tls)) = (smtp.security, &tls) {
        if !connection.can_starttls() {
            connection.abort();
            let why = "the server offers no STARTTLS, and without it nothing is sent; `security: tls` is the other way to encrypt";
            return Err(Failure { why: why.to_owned(), kind: FailureKind::Channel });
        }
        connection.starttls(tls, &hello).map_err(channel)?;
        step("encrypted (STARTTLS)".to_owned());
    }
    Ok(connection)
}

fn tls(smtp: &Smtp) -> Result<TlsParameters, Failure> {
    let failure = |why: String| Failure { why, kind: FailureKind::Channel };
    let mut builder = TlsParameters::builder(smtp.host.clone());
    if let Some(path) = &smtp.ca_file {
        let shown = printable(&path.to_string_lossy());
        let pem = read(path).map_err(|why| failure(format!("ca_file {shown}: {why}")))?;
        for certificate in certificates(&pem) {
            let certificate = Certificate::from_pem(certificate.as_bytes())
                .map_err(|error| failure(format!("ca_file {shown}: {}", printable(&error.to_string()))))?;
            builder = builder.add_root_certificate(certificate);
        }
        if !pem.contains(PEM_BEGIN) {
            return Err(failure(format!("ca_file {shown}: there is no certificate (PEM) in it")));
        }
    }
    builder.build_rustls().map_err(|error| failure(words(&error, smtp.timeout)))
}

const PEM_BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// Each certificate of a file by itself.
fn certificates(pem: &str) -> impl Iterator<Item = String> + '_ {
    pem.split(PEM_BEGIN).skip(1).map(|rest| format!("{PEM_BEGIN}{rest}"))
}

fn read(path: &std::path::Path) -> Result<String, String> {
    let io = |error: std::io::Error| printable(&error.to_string());
    let mut text = String::new();
    std::fs::File::open(path).map_err(io)?.take(CA_FILE_SIZE_MAX).read_to_string(&mut text).map_err(io)?;
    Ok(text)
}

fn refused(why: String) -> Failure {
    Failure { why, kind: FailureKind::Refused }
}

fn login_failure(error: &Error, smtp: &Smtp) -> Failure {
    match error.status() {
        Some(code) => {
            let why = format!("the server refused the login (code {code}): see `user` and `password`");
            let kind = if error.is_permanent() { FailureKind::Login } else { FailureKind::Channel };
            Failure { why, kind }
        }
        None => Failure { why: words(error, smtp.timeout), kind: FailureKind::Channel },
    }
}

fn message_failure(error: &Error, timeout: Duration) -> Failure {
    let kind = match error.status().map(u16::from) {
        Some(_) if error.is_permanent() => FailureKind::Refused,
        Some(SHUTTING_DOWN) => FailureKind::Channel,
        Some(_) => FailureKind::Message,
        None if is_timeout(error) => FailureKind::Silent,
        None => FailureKind::HungUp,
    };
    Failure { why: words(error, timeout), kind }
}

fn is_timeout(error: &Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        let kind = deeper.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        if kind.is_some_and(|kind| matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)) {
            return true;
        }
        cause = deeper.source();
    }
    false
}

/// The error with its causes, as the server said them. A time-out calls itself something else.
fn words(error: &Error, timeout: Duration) -> String {
    if is_timeout(error) {
        return format!("no answer within {}", limit(timeout));
    }
    let mut said = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        let text = deeper.to_string();
        if !said.contains(&text) {
            let _ = write!(said, ": {text}");
        }
        cause = deeper.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::MailOn;

    #[test]
    fn no_text_becomes_a_header_and_the_mail_is_plain_ascii() {
        let smtp = Smtp {
            host: "localhost".into(),
            port: 25,
            security: Security::None,
            login: None,
            timeout: Duration::from_secs(1),
            ca_file: None,
        };
        let to = vec!["ops@example.com".to_owned(), "second@example.com".to_owned()];
        let email = Email { to, from: "jbr@pi.example.com".into(), smtp, on: MailOn::default(), log_excerpts: true };
        let hostile = "x\r\nBcc: evil@example.com\r\n\r\nbody \u{202e}é".to_owned() + &"long ".repeat(100);
        let at = "2026-11-23T02:00:00Z".parse().unwrap();
        let message = compose(&email, (&hostile, "Text é\n.\n", "<p>é</p>"), at, "id").unwrap();
        let sent = String::from_utf8(message.formatted()).unwrap();
        assert!(sent.is_ascii(), "{sent}");
        assert!(sent.lines().all(|line| line.len() <= 998), "{sent}");
        let (head, _) = sent.split_once("\r\n\r\n").unwrap();
        let names: Vec<&str> =
            head.lines().filter(|line| !line.starts_with(' ')).map(|line| line.split(':').next().unwrap()).collect();
        for name in ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"] {
            assert_eq!(names.iter().filter(|known| **known == name).count(), 1, "{name}: {head}");
        }
        assert_eq!(names.len(), 8, "{head}");
        assert!(head.contains("Message-ID: <id@pi.example.com>") && head.contains("multipart/alternative"), "{head}");
        assert!(head.contains("Mon, 23 Nov 2026 02:00:00"), "{head}");
    }

    #[test]
    fn a_file_of_certificates_may_have_several() {
        let file = format!("# ours\n{PEM_BEGIN}\na\n-----END\n{PEM_BEGIN}\nb\n");
        assert_eq!(certificates(&file).count(), 2);
    }
}
