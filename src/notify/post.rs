//! What waits is sent: everything that goes out goes through here.
//!
//! One message after the other, each within its limit and all within one, whatever the other side does. A message is sent on a thread of its
//! own: where that does not come back in time it is left behind, the message stays, and nothing else goes that way until the thread ends.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::entry::{Entry, Unreadable};
use super::errand::Errands;
use super::message::{Message, Signal};
use super::outbox::Outbox;
use super::told;
pub use super::told::Telling;
use super::vault::{Vault, where_it_is};
use crate::clock::Timestamp;
use crate::desired::Notify;

/// Sends what waits beside one state, by one plan.
#[derive(Debug)]
pub struct Post {
    pub(super) outbox: Outbox,
    pub(super) notify: Notify,
    pub(super) vault: Vault,
    pub(super) errands: Errands,
    /// What the disk did not take, by the names that it would have: a disk that fails is when mail matters most.
    unsaved: Mutex<BTreeMap<String, Entry>>,
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
            errands: Errands::default(),
            unsaved: Mutex::default(),
            done: Mutex::default(),
        }
    }

    /// Puts messages into the outbox. What the disk does not take is remembered by this process, and tried with the rest.
    ///
    /// # Errors
    /// Where the disk does not take one.
    pub fn put(&self, messages: Vec<Message>, now: Timestamp) -> io::Result<()> {
        let mut ended = Ok(());
        for message in messages.into_iter().filter(|message| self.has_channel(message)) {
            let entry = Entry::new(now, message);
            let name = Outbox::name(&entry);
            if let Err(error) = self.outbox.put(&name, &entry) {
                self.unsaved().insert(name, entry);
                ended = Err(error);
            }
        }
        ended
    }

    /// Puts what the disk did not take there, as far as it takes it now.
    pub(super) fn save(&self) {
        let unsaved = self.unsaved().clone();
        for (name, _) in unsaved.iter().filter(|(name, entry)| self.outbox.put(name, entry).is_ok()) {
            self.unsaved().remove(name);
        }
    }

    /// What this process alone knows of, and takes with it when it ends: a line each, printable.
    #[must_use]
    pub fn lost(&self) -> Vec<String> {
        self.save();
        let why = |entry: &Entry| entry.last.as_ref().map_or("there was no time".to_owned(), |last| last.why.clone());
        let line = |entry: &Entry| {
            let what = entry.message.name();
            format!("LOST: {what}: the outbox cannot be written, and it could not be sent: {}", why(entry))
        };
        self.unsaved().values().map(line).collect()
    }

    /// Whether anything of `now_true` is to be told now: not what was told within the last day. What is `asked` about and is not true any more
    /// is forgotten, so that its return is told at once.
    #[must_use]
    pub fn telling(&self, asked: &[String], now_true: &[String], now: Timestamp) -> Telling {
        told::telling(&self.outbox, asked, now_true, now)
    }

    /// How many messages wait. Those of a later `jbr` are its own to count.
    pub(super) fn left(&self) -> usize {
        let done = self.done().clone();
        let waits = |name: &String| {
            !done.contains(name) && matches!(self.outbox.read(name), Ok(_) | Err(Unreadable::NotNow(_)))
        };
        let kept = self.outbox.names().map_or(0, |names| names.iter().filter(|name| waits(name)).count());
        kept + self.unsaved().len()
    }

    pub(super) fn unsaved(&self) -> MutexGuard<'_, BTreeMap<String, Entry>> {
        self.unsaved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn done(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends one message now, past the outbox, and says step by step what happened.
    #[must_use]
    pub fn try_now(&self, message: Message, now: Timestamp) -> Tried {
        let entry = Entry::new(now, message);
        let mut steps = Vec::new();
        let name = format!("{}-test", now.format("%Y%m%dT%H%M%S%3fZ"));
        let ended = self.deliver(&entry, &name, (Duration::MAX, true), &mut |step| steps.push(step));
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
}
