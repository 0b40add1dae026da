//! A mail, made of a letter and brought to those who have not got it yet.

use std::time::SystemTime;

use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;

use super::failure::{Failure, FailureKind};
use super::progress::{Progress, Step};
use super::reached::Reached;
use super::smtp::{self, Trouble};
use super::vault::Vault;
use crate::clock::Timestamp;
use crate::desired::{Email, Secret};
use crate::printable::printable;

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

/// To whom a mail goes in one try, and why it is not done with after that.
struct Round {
    to: Vec<Address>,
    /// They come when nobody else is left.
    later: Vec<String>,
    /// They were refused for good before.
    refused: Vec<String>,
}

impl Round {
    fn of(message: &lettre::Message, reached: &Reached, also_refused: bool) -> Self {
        let is_in = |list: &[String], address: &Address| list.contains(&address.to_string());
        let open = message.envelope().to().iter().filter(|to| !is_in(&reached.taken, to));
        let (refused, open): (Vec<&Address>, Vec<&Address>) =
            open.partition(|to| !also_refused && is_in(&reached.refused, to));
        let (suspects, others): (Vec<&Address>, Vec<&Address>) =
            open.into_iter().partition(|to| is_in(&reached.suspects, to));
        let names = |addresses: Vec<&Address>| addresses.into_iter().map(ToString::to_string).collect();
        let (to, later) = if others.is_empty() { (suspects, Vec::new()) } else { (others, suspects) };
        Self { to: to.into_iter().cloned().collect(), later: names(later), refused: names(refused) }
    }

    /// What is left to do once it was taken for all to whom it went.
    fn rest(&self) -> Result<(), Failure> {
        let reached = Reached { taken: self.to.iter().map(ToString::to_string).collect(), ..Reached::default() };
        let taken = smtp::recipients(self.to.len());
        let rest = |kind, why: String| Err(Failure { reached, ..Failure::new(kind, printable(&why)) });
        if !self.later.is_empty() {
            let why = format!(
                "taken for {taken}; next come those at whom the server said no more: {}",
                self.later.join(", ")
            );
            return rest(FailureKind::Message, why);
        }
        if !self.refused.is_empty() {
            return rest(
                FailureKind::Refused,
                format!("taken for {taken}, but refused for {}", self.refused.join(", ")),
            );
        }
        Ok(())
    }
}

/// Hands a mail over to those of its addresses who have not got it.
///
/// # Errors
/// Whose fault it is, and why.
pub(super) fn send(
    email: &Email,
    vault: Vault,
    message: &lettre::Message,
    (reached, also_refused): (&Reached, bool),
    progress: &Progress,
    step: Step<'_>,
) -> Result<(), Failure> {
    let smtp = &email.smtp;
    let round = Round::of(message, reached, also_refused);
    if round.to.is_empty() {
        step("nobody in the plan is left who could get it".to_owned());
        return round.rest();
    }
    let password = smtp.login.as_ref().map(|login| password(&login.password, vault, step)).transpose()?;
    let login = smtp.login.as_ref().zip(password.as_ref());
    let credentials = login.map(|(login, password)| Credentials::new(login.user.clone(), password.clone()));
    let failure = |Trouble { complaint, kind, reached }| Failure {
        reached: *reached,
        ..Failure::new(kind, complaint.line(password.as_deref()))
    };
    let mut talk = smtp::hand_over(smtp, credentials.as_ref(), message, &round.to, progress, step).map_err(failure)?;
    let ended = std::mem::replace(&mut talk.ended, Ok(())).map_err(failure).and_then(|()| round.rest());
    // Before the goodbye, at which a server may hang.
    progress.so_far().ended = Some(ended.clone());
    talk.farewell();
    ended
}

fn password(secret: &Secret, vault: Vault, step: Step<'_>) -> Result<String, Failure> {
    let password = vault.open(secret).map_err(Failure::channel)?;
    step(format!("the password is in {secret}"));
    Ok(password)
}

fn refused(why: String) -> Failure {
    Failure::new(FailureKind::Refused, why)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::desired::{MailOn, Security, Smtp};

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
}
