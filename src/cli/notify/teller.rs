//! Makes messages of facts, and keeps them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::Utc;
use sha2::{Digest as _, Sha256};

use super::super::Output;
use crate::check::Check;
use crate::clock::Timestamp;
use crate::desired::Desired;
use crate::notify::message::{Message, Signal};
use crate::notify::notice::{Cause, Notice, What};
use crate::notify::policy;
use crate::notify::post::{Post, Sent, Telling};
use crate::notify::vault::Vault;
use crate::printable::printable;
use crate::render::Zone;

/// A check waits so long for what it has to tell: whoever started it counts the seconds.
const CHECK_LIMIT: Duration = Duration::from_secs(10);

/// Makes messages of facts, and keeps them.
pub(super) struct Teller {
    pub(super) post: Arc<Post>,
    pub(super) desired: Desired,
    pub(super) host: String,
    pub(super) zone: Zone,
    output: Output,
}

impl Teller {
    pub(super) fn new(desired: &Desired, state: &Path, output: &Output) -> Option<Self> {
        let notify = desired.notify.as_ref()?;
        let post = Arc::new(Post::new(state, notify, vault()));
        Some(Self { post, desired: desired.clone(), host: host(), zone: output.page().zone, output: output.clone() })
    }

    /// Whether a mail is wanted for one of these causes that quotes JetBackup's logs.
    pub(super) fn quotes_logs(&self, causes: &[Cause]) -> bool {
        let email = self.desired.notify.as_ref().and_then(|notify| notify.email.as_ref());
        email.is_some_and(|email| email.log_excerpts && causes.iter().any(|cause| cause.is_wanted(email.on)))
    }

    /// Whether it is on the disk.
    pub(super) fn tell(&self, causes: Vec<Cause>, at: Timestamp, what: What<'_>) -> bool {
        let Some(notify) = &self.desired.notify else { return true };
        let notice = Notice { causes, at, host: &self.host, zone: self.zone, what };
        self.keep(notice.messages(notify))
    }

    /// Tells what was not told within the last day. Where that cannot be remembered it is told each time: better twice than never.
    pub(super) fn tell_once(&self, key: &str, causes: Vec<Cause>, at: Timestamp, what: What<'_>) {
        let telling = self.telling(key);
        if telling.is_due() {
            self.tell_and_remember(telling, causes, at, what);
        }
    }

    /// Whether this was told within the last day.
    pub(super) fn telling(&self, key: &str) -> Telling {
        self.post.telling(&[], &[key.to_owned()], Utc::now())
    }

    /// First the one, then the other: a crash between the two, or a disk that takes no message, must not make anybody believe it was told.
    pub(super) fn tell_and_remember(&self, telling: Telling, causes: Vec<Cause>, at: Timestamp, what: What<'_>) {
        let remembered = if self.tell(causes, at, what) { telling.remember() } else { Ok(()) };
        if let Err(error) = remembered {
            let why = printable(&error.to_string());
            self.output.warn(format_args!(
                "notify: that this was told could not be remembered, so it is told again the next time: {why}"
            ));
        }
    }

    pub(super) fn ping(&self, signal: Signal, facts: &str) {
        self.keep(vec![Message::ping(signal, &format!("jbr on {}: {facts}", self.host))]);
    }

    /// Whether the disk took them.
    fn keep(&self, messages: Vec<Message>) -> bool {
        let kept = self.post.put(messages, Utc::now());
        if let Err(error) = &kept {
            let why = printable(&error.to_string());
            self.output.warn(format_args!(
                "notify: the outbox cannot be written, so what cannot be sent by this command is lost: {why}"
            ));
        }
        kept.is_ok()
    }
}

/// What a check found goes out, and what waits with it. The verdict is printed already, and nothing here changes it.
pub(in crate::cli) fn after_check(desired: &Desired, state: &Path, check: &Check, output: &Output) {
    let Some(teller) = Teller::new(desired, state, output) else { return };
    let key = |address: &str| format!("stale {address}");
    let asked: Vec<String> = check.jobs.iter().map(|job| key(&job.address.to_string())).collect();
    let too_old = policy::stale(check);
    let keys: Vec<String> = too_old.iter().map(|(address, _)| key(address)).collect();
    let telling = teller.post.telling(&asked, &keys, check.at);
    if let (true, Some(error)) = (telling.is_due(), telling.forgets()) {
        // Told without being remembered it would be told at every check, to somebody who has the verdict already. It stays due.
        let why = printable(&error.to_string());
        output.warn(format_args!(
            "notify: what is too old is not told, since it could not be remembered that it was: {why}"
        ));
    } else if telling.is_due() {
        let lines = too_old.into_iter().map(|(_, line)| line).collect();
        teller.tell_and_remember(telling, vec![Cause::Stale], check.at, What::Stale(lines));
    } else {
        // What could not be forgotten is forgotten at the next check.
        let _ = telling.remember();
    }
    let mut sent = teller.post.send(CHECK_LIMIT, check.at, false);
    sent.said.extend(teller.post.lost());
    say(&sent, output);
}

pub(super) fn say(sent: &Sent, output: &Output) {
    let mut said = BTreeSet::new();
    for line in sent.said.iter().filter(|line| said.insert(line.as_str())) {
        output.warn(format_args!("notify: {line}"));
    }
}

fn vault() -> Vault {
    Vault { env: |name| std::env::var_os(name) }
}

fn host() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    printable(&name).chars().take(64).collect()
}

/// What is remembered of something that was told: not its words, which may be long and change their shape.
pub(super) fn key(what: &str, words: &str) -> String {
    format!("{what} {}", BASE64.encode(Sha256::digest(words.as_bytes())))
}
