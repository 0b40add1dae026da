//! One message handed over: looked up where, and brought there within a limit.

use std::sync::Arc;
use std::time::Duration;

use super::entry::Entry;
use super::failure::{Failure, FailureKind};
use super::message::{Message, Signal};
use super::post::Post;
use super::progress::Progress;
use super::reached::Reached;
use super::vault::{Vault, where_it_is};
use super::{mail, web};
use crate::desired::Url;

/// A mail as a whole may take so many times what one answer may.
const MAIL_TIMEOUTS: u32 = 4;

impl Post {
    /// Brings a message to where it goes; `step` hears what was done. It comes back within `left`, whatever the other side does; `also_refused`
    /// offers a mail to those, too, who were refused for good. The thread that
    /// does it may not: a name that is looked up has no limit of ours, and a mail server that says a byte now and then none of lettre's.
    pub(super) fn deliver(
        &self,
        entry: &Entry,
        name: &str,
        (left, also_refused): (Duration, bool),
        step: &mut dyn FnMut(String),
    ) -> Result<(), Failure> {
        let (vault, door) = (self.vault, entry.message.door());
        match &entry.message {
            Message::Mail { subject, text, html } => {
                let Some(email) = self.notify.email.clone() else { return Err(no_channel()) };
                let message = mail::compose(&email, (subject, text, html), entry.made, &message_id(name))?;
                let limit = (email.smtp.timeout * MAIL_TIMEOUTS).min(left);
                let (progress, reached) = (Arc::new(Progress::default()), entry.reached.clone());
                let watched = Arc::clone(&progress);
                let ended = self.errands.run(door, limit, step, move |step| {
                    mail::send(&email, vault, &message, (&reached, also_refused), &watched, step)
                });
                match ended {
                    Err(failure) if failure.kind == FailureKind::Late => late(failure, &progress),
                    ended => ended,
                }
            }
            Message::Ping { signal, body } => {
                let Some(url) = self.url_of(*signal).cloned() else { return Err(no_channel()) };
                let body = body.clone();
                let kind = "text/plain; charset=utf-8";
                self.errands.run(door, left, step, move |step| fetch(&url, vault, (kind, &body), step))
            }
            Message::Hook { body, subject: _ } => {
                let Some(secret) = self.notify.webhook.clone() else { return Err(no_channel()) };
                let (url, body) = (Url::Secret(secret), body.clone());
                self.errands.run(door, left, step, move |step| fetch(&url, vault, ("application/json", &body), step))
            }
        }
    }

    pub(super) fn url_of(&self, signal: Signal) -> Option<&Url> {
        let ping = &self.notify.ping;
        match signal {
            Signal::Start => ping.start.as_ref(),
            Signal::Success => ping.success.as_ref(),
            Signal::Failure => ping.failure.as_ref(),
        }
    }
}

/// What a mail that did not come back in time has come to.
fn late(failure: Failure, progress: &Progress) -> Result<(), Failure> {
    let mut so_far = progress.so_far();
    // The goodbye is what took so long.
    if let Some(ended) = so_far.ended.take() {
        return ended;
    }
    // Before it was offered it cannot be what took so long.
    if !so_far.is_offered {
        return Err(failure);
    }
    let suspects = so_far.address.iter().cloned().collect();
    Err(Failure { kind: FailureKind::Silent, reached: Reached { suspects, ..Reached::default() }, ..failure })
}

fn fetch(url: &Url, vault: Vault, (kind, body): (&str, &str), step: &mut dyn FnMut(String)) -> Result<(), Failure> {
    let address = vault.url(url).map_err(Failure::channel)?;
    step(where_it_is(url));
    let code = web::fetch(&address, kind, body)?;
    step(format!("answered with code {code}"));
    Ok(())
}

fn no_channel() -> Failure {
    Failure::channel("the plan has nowhere to send it")
}

/// The same for every try of one message, so that a mail that arrives twice is known to be one.
fn message_id(name: &str) -> String {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let host: String = host.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(64).collect();
    format!("{}.{host}.jbr", name.trim_end_matches(".json"))
}
