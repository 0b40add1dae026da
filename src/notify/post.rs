//! What waits is sent: everything that goes out goes through here.
//!
//! One message after the other, each within its limit and all within one, whatever the other side does. A message is sent on a thread of its
//! own: where that does not come back in time it is left behind, the message stays, and its channel is not tried again this time.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::entry::{Entry, Try, Unreadable};
use super::mail::{self, Failure, FailureKind};
use super::notice::{Message, Signal};
use super::outbox::{Outbox, channel, door};
use super::vault::Vault;
use super::{told, web};
use crate::clock::{Timestamp, elapsed};
use crate::desired::{Notify, Url};
use crate::printable::printable;

/// A mail as a whole may take so many times what one answer may.
const MAIL_TIMEOUTS: u32 = 4;
/// How long a refused login keeps everything of its channel back: trying every five minutes gets an account locked.
const LOGIN_PAUSE: Duration = Duration::from_secs(3600);

/// Sends what waits beside one state, by one plan.
#[derive(Debug)]
pub struct Post {
    outbox: Outbox,
    notify: Notify,
    vault: Vault,
    /// What the disk did not take: a disk that fails is when mail matters most.
    unsaved: Mutex<Vec<Entry>>,
    /// What was sent, or is to be sent no more, and could not be taken out of the outbox.
    done: Mutex<BTreeSet<String>>,
}

/// What came of sending.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sent {
    /// How many messages went out.
    pub sent: usize,
    /// What a person should hear of: what could not be sent and why, what was dropped. Printable lines.
    pub said: Vec<String>,
    /// How many wait.
    pub left: usize,
}

/// One step of a test, for whoever watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// What was done, in its order.
    pub steps: Vec<String>,
    /// Why it went no further.
    pub failure: Option<String>,
}

impl Post {
    /// The post of a plan, with its outbox beside the state at `state`. Makes nothing.
    #[must_use]
    pub fn new(state: &Path, notify: &Notify, vault: Vault) -> Self {
        Self {
            outbox: Outbox::beside(state),
            notify: notify.clone(),
            vault,
            unsaved: Mutex::default(),
            done: Mutex::default(),
        }
    }

    /// Puts messages into the outbox. What the disk does not take is remembered, and tried with the rest.
    ///
    /// # Errors
    /// Where the disk does not take one.
    pub fn put(&self, messages: Vec<Message>, now: Timestamp) -> io::Result<()> {
        let mut ended = Ok(());
        for message in messages.into_iter().filter(|message| self.has_channel(message)) {
            let entry = Entry::new(now, message);
            if let Err(error) = self.outbox.put(&entry) {
                self.unsaved.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
                ended = Err(error);
            }
        }
        ended
    }

    /// Whether anything of `now_true` is to be told now, see `told`.
    pub fn to_be_told(&self, asked: &[String], now_true: &[String], now: Timestamp) -> (bool, io::Result<()>) {
        told::to_be_told(&self.outbox, asked, now_true, now)
    }

    /// Sends what waits, oldest first, within `limit`. `also_refused`: those that were refused for good, too, and whatever a refused login keeps
    /// back. Somebody else who sends is waited for within the limit.
    pub fn send(&self, limit: Duration, now: Timestamp, also_refused: bool) -> Sent {
        let end = Instant::now() + limit;
        let mut sent = Sent::default();
        let mut closed = BTreeSet::new();
        for entry in std::mem::take(&mut *self.unsaved.lock().unwrap_or_else(PoisonError::into_inner)) {
            match self.attempt(&entry, "unsaved", &mut closed, end) {
                Ok(()) => sent.sent += 1,
                Err(failure) => {
                    sent.said.push(format!(
                        "lost: {} \"{}\": {}",
                        channel(&entry.message),
                        printable(&entry.message.title()),
                        failure.why
                    ));
                }
            }
        }
        if let Err(error) = self.send_waiting(&mut sent, &mut closed, end, now, also_refused) {
            sent.said.push(format!("the outbox cannot be used: {}", printable(&error.to_string())));
        }
        sent.left = self.outbox.names().map_or(0, |names| names.len());
        sent
    }

    fn send_waiting(
        &self,
        sent: &mut Sent,
        closed: &mut BTreeSet<&'static str>,
        end: Instant,
        now: Timestamp,
        also_refused: bool,
    ) -> io::Result<()> {
        if self.outbox.names()?.is_empty() {
            return Ok(());
        }
        let Some(lock) = self.outbox.lock(end.saturating_duration_since(Instant::now()))? else { return Ok(()) };
        sent.said.extend(self.outbox.prune(now, &lock)?.into_iter().map(|what| format!("dropped, {what}")));
        for (name, entry) in self.in_turn(sent)? {
            if !self.has_channel(&entry.message) {
                let title = printable(&entry.message.title());
                let what = channel(&entry.message);
                sent.said.push(format!("dropped, the plan has nowhere to send it any more: {what} \"{title}\""));
                self.remove(&name, sent);
                continue;
            }
            let rests = !also_refused && entry.last.as_ref().is_some_and(|last| rests(last, now));
            if rests {
                // Others of a channel whose login was refused would only be refused like it.
                if entry.last.as_ref().is_some_and(|last| last.login) {
                    closed.insert(door(&entry.message));
                }
                continue;
            }
            if closed.contains(door(&entry.message)) || Instant::now() >= end {
                continue;
            }
            match self.attempt(&entry, &name, closed, end) {
                Ok(()) => {
                    sent.sent += 1;
                    self.remove(&name, sent);
                }
                Err(failure) => {
                    let refused = failure.kind == FailureKind::Refused;
                    let what = if refused { "refused" } else { "could not be sent" };
                    let title = printable(&entry.message.title());
                    sent.said.push(format!(
                        "{what}, and kept in the outbox: {} \"{title}\": {}",
                        channel(&entry.message),
                        failure.why
                    ));
                    let last = Try { at: now, why: failure.why, refused, login: failure.kind == FailureKind::Login };
                    let entry = Entry { tries: entry.tries.saturating_add(1), last: Some(last), ..entry };
                    if let Err(error) =
                        entry.encode().map_err(io::Error::from).and_then(|bytes| self.outbox.write(&name, &bytes))
                    {
                        sent.said.push(format!("that it was tried is not kept: {}", printable(&error.to_string())));
                    }
                }
            }
        }
        Ok(())
    }

    /// What waits, in the order in which it is tried: what takes seconds at most before mail, which may take the whole limit; each oldest first.
    fn in_turn(&self, sent: &mut Sent) -> io::Result<Vec<(String, Entry)>> {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut all = Vec::new();
        for name in self.outbox.names()?.into_iter().filter(|name| !done.contains(name)) {
            match self.outbox.read(&name) {
                Ok(entry) => all.push((name, entry)),
                Err(Unreadable::NotNow(why)) => {
                    sent.said.push(format!("cannot be read now, and stays in the outbox: {}: {why}", printable(&name)));
                }
                Err(Unreadable::Later | Unreadable::Damaged(_)) => {}
            }
        }
        all.sort_by_key(|(name, entry)| {
            let place = match entry.message {
                Message::Ping { .. } => 0,
                Message::Hook { .. } => 1,
                Message::Mail { .. } => 2,
            };
            (place, name.clone())
        });
        Ok(all)
    }

    /// Takes away what needs no more tries. Where the disk does not let go of it, this process at least does not send it again.
    fn remove(&self, name: &str, sent: &mut Sent) {
        if let Err(error) = self.outbox.remove(name) {
            self.done.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
            sent.said.push(format!("sent, and not taken out of the outbox: {}", printable(&error.to_string())));
        }
    }

    /// One try. Notes which channels are not worth another.
    fn attempt(
        &self,
        entry: &Entry,
        name: &str,
        closed: &mut BTreeSet<&'static str>,
        end: Instant,
    ) -> Result<(), Failure> {
        let left = end.saturating_duration_since(Instant::now());
        let ended = self.deliver(entry, name, left, &mut |_| {});
        if ended.as_ref().is_err_and(|failure| matches!(failure.kind, FailureKind::Channel | FailureKind::Login)) {
            closed.insert(door(&entry.message));
        }
        ended
    }

    /// Sends one message now, past the outbox, and says step by step what happened.
    #[must_use]
    pub fn try_now(&self, message: Message, now: Timestamp) -> Tried {
        let entry = Entry::new(now, message);
        let mut steps = Vec::new();
        let name = format!("{}-test", now.format("%Y%m%dT%H%M%S%3fZ"));
        let ended = self.deliver(&entry, &name, Duration::MAX, &mut |step| steps.push(step));
        Tried { steps, failure: ended.err().map(|failure| failure.why) }
    }

    /// Whether an address of the web could be looked up, without fetching it.
    #[must_use]
    pub fn look_up(&self, signal: Signal) -> Tried {
        let found = self.url_of(signal).map(|url| (where_it_is(url), self.vault.url(url)));
        match found {
            None => Tried { steps: Vec::new(), failure: None },
            Some((place, Ok(_))) => Tried { steps: vec![place], failure: None },
            Some((_, Err(why))) => Tried { steps: Vec::new(), failure: Some(why) },
        }
    }

    /// The messages that a test sends: one a channel that the plan has, in the plan's order.
    #[must_use]
    pub fn has_channel(&self, message: &Message) -> bool {
        match message {
            Message::Mail { .. } => self.notify.email.is_some(),
            Message::Ping { signal, .. } => self.url_of(*signal).is_some(),
            Message::Hook { .. } => self.notify.webhook.is_some(),
        }
    }

    fn url_of(&self, signal: Signal) -> Option<&Url> {
        let ping = &self.notify.ping;
        match signal {
            Signal::Start => ping.start.as_ref(),
            Signal::Success => ping.success.as_ref(),
            Signal::Failure => ping.failure.as_ref(),
        }
    }

    /// `step` hears what was done; the thread that does it may outlive this call by what is left of its own limits.
    fn deliver(&self, entry: &Entry, name: &str, left: Duration, step: &mut dyn FnMut(String)) -> Result<(), Failure> {
        let vault = self.vault;
        match &entry.message {
            Message::Mail { subject, text, html } => {
                let Some(email) = self.notify.email.clone() else { return Err(no_channel()) };
                let id = message_id(name);
                let message = mail::compose(&email, (subject, text, html), entry.made, &id)?;
                let limit = (email.smtp.timeout * MAIL_TIMEOUTS).min(left);
                bounded(limit, step, move |step| mail::send(&email, vault, &message, step))
            }
            Message::Ping { signal, body } => {
                let Some(url) = self.url_of(*signal).cloned() else { return Err(no_channel()) };
                let body = body.clone();
                bounded(left, step, move |step| fetch(&url, vault, ("text/plain; charset=utf-8", &body), step))
            }
            Message::Hook { body, subject: _ } => {
                let Some(secret) = self.notify.webhook.clone() else { return Err(no_channel()) };
                let (url, body) = (Url::Secret(secret), body.clone());
                bounded(left, step, move |step| fetch(&url, vault, ("application/json", &body), step))
            }
        }
    }
}

fn fetch(url: &Url, vault: Vault, (kind, body): (&str, &str), step: &mut dyn FnMut(String)) -> Result<(), Failure> {
    let address = vault.url(url).map_err(|why| Failure { why, kind: FailureKind::Channel })?;
    step(where_it_is(url));
    let code = web::fetch(&address, kind, body)?;
    step(format!("answered with code {code}"));
    Ok(())
}

fn where_it_is(url: &Url) -> String {
    match url {
        Url::Plain(_) => "the address is in the plan".to_owned(),
        Url::Secret(secret) => format!("the address is in {secret}"),
    }
}

fn no_channel() -> Failure {
    Failure { why: "the plan has nowhere to send it".to_owned(), kind: FailureKind::Channel }
}

/// Whether it is too soon to try again.
fn rests(last: &Try, now: Timestamp) -> bool {
    last.refused || (last.login && elapsed(last.at, now) < LOGIN_PAUSE)
}

/// The same for every try of one message, so that a mail that arrives twice is known to be one.
fn message_id(name: &str) -> String {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let host: String = host.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(64).collect();
    format!("{}.{host}.jbr", name.trim_end_matches(".json"))
}

/// Does something on a thread of its own, and comes back when it is done or the limit is over.
fn bounded(
    limit: Duration,
    step: &mut dyn FnMut(String),
    job: impl FnOnce(&mut dyn FnMut(String)) -> Result<(), Failure> + Send + 'static,
) -> Result<(), Failure> {
    enum Word {
        Step(String),
        Ended(Result<(), Failure>),
    }
    let end = Instant::now().checked_add(limit);
    let (say, said) = mpsc::channel();
    let spawned = std::thread::Builder::new().name("post".to_owned()).spawn(move || {
        // Nobody listens any more once the limit is over, and nothing depends on it.
        let ended = job(&mut |step| drop(say.send(Word::Step(step))));
        let _ = say.send(Word::Ended(ended));
    });
    let channel = |why: String| Err(Failure { why, kind: FailureKind::Channel });
    if let Err(error) = spawned {
        return channel(format!("no thread to send it: {error}"));
    }
    loop {
        let word = match end {
            Some(end) => said.recv_timeout(end.saturating_duration_since(Instant::now())),
            None => said.recv().map_err(mpsc::RecvTimeoutError::from),
        };
        match word {
            Ok(Word::Step(what)) => step(what),
            Ok(Word::Ended(ended)) => return ended,
            Err(mpsc::RecvTimeoutError::Timeout) => return channel("it took too long".to_owned()),
            Err(mpsc::RecvTimeoutError::Disconnected) => return channel("the attempt broke down".to_owned()),
        }
    }
}
