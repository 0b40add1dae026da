//! What leaves the outbox without being sent: what is too old, too much, or no message.

use std::time::Duration;
use std::{fs, io};

use super::entry::Unreadable;
use super::message::{Message, Signal};
use super::outbox::{Locked, NAMES_MAX, Outbox, TEMPORARY};
use crate::clock::{Timestamp, elapsed};
use crate::printable::printable;
use crate::render::status::unsent_line;
use crate::status::Unsent;

/// How many messages wait at most.
pub(super) const MESSAGES_MAX: usize = 200;
/// How many bytes they have at most.
const SIZE_MAX_BYTES: u64 = 10 * 1024 * 1024;
/// What a temporary file that nobody finished is older than.
const LEFTOVER_AGE: Duration = Duration::from_secs(3600);

const DAY: Duration = Duration::from_secs(24 * 3600);

/// For how long a message is worth sending. A mail tells what was; the beginning of a run an hour ago is none, and an end of yesterday's would
/// hide that of today's.
fn age_max(message: &Message) -> Duration {
    match message {
        Message::Mail { .. } | Message::Hook { .. } => 7 * DAY,
        Message::Ping { signal: Signal::Start, .. } => Duration::from_secs(600),
        Message::Ping { signal: Signal::Success | Signal::Failure, .. } => DAY / 2,
    }
}

impl Outbox {
    /// Takes away what is too old, too much or no message, the oldest first; what is said of each. Only with the lock.
    pub(super) fn prune(&self, now: Timestamp, _lock: &Locked) -> io::Result<Vec<String>> {
        self.sweep();
        let mut said = Vec::new();
        let mut kept = Vec::new();
        for name in self.names()? {
            match self.read(&name) {
                Err(Unreadable::Later | Unreadable::NotNow(_)) => {}
                Err(Unreadable::Damaged(why)) => said.push((name.clone(), format!("{}: {why}", printable(&name)))),
                Ok(entry) if elapsed(entry.made, now) > age_max(&entry.message) => {
                    said.push((name.clone(), format!("too old: {}", unsent_line(&Unsent::from(&entry), now))));
                }
                Ok(entry) => kept.push((name, entry)),
            }
        }
        let size = |name: &str| fs::metadata(self.path(name)).map_or(0, |metadata| metadata.len());
        let mut left: u64 = kept.iter().map(|(name, _)| size(name)).sum();
        let mut count = kept.len();
        for (name, entry) in &kept {
            if count <= MESSAGES_MAX && left <= SIZE_MAX_BYTES {
                break;
            }
            (count, left) = (count - 1, left.saturating_sub(size(name)));
            said.push((name.clone(), format!("too many wait: {}", unsent_line(&Unsent::from(entry), now))));
        }
        for (name, _) in &said {
            self.remove(name)?;
        }
        Ok(said.into_iter().map(|(_, said)| said).collect())
    }

    /// Temporary files that a killed process has left.
    fn sweep(&self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().take(NAMES_MAX).flatten() {
            let is_ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(TEMPORARY));
            let age = entry.metadata().and_then(|metadata| metadata.modified()).ok().and_then(|at| at.elapsed().ok());
            if is_ours && age.is_some_and(|age| age > LEFTOVER_AGE) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::earlier;
    use crate::notify::entry::Entry;

    fn mail(subject: &str) -> Message {
        Message::Mail { subject: subject.into(), text: "t".into(), html: "h".into() }
    }

    fn put(outbox: &Outbox, made: Timestamp, message: Message) {
        let entry = Entry::new(made, message);
        outbox.put(&Outbox::name(&entry), &entry).unwrap();
    }

    #[test]
    fn what_is_too_old_too_much_or_no_message_goes_and_that_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::beside(&folder.path().join("state.json"));
        let now: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
        let ago = |hours: u64| earlier(now, Duration::from_secs(hours * 3600));
        for (made, message) in [
            (ago(8 * 24), mail("last week")),
            (ago(1), Message::ping(Signal::Start, "")),
            (ago(13), Message::ping(Signal::Success, "")),
            (ago(6 * 24), mail("kept")),
            (ago(11), Message::ping(Signal::Failure, "")),
        ] {
            put(&outbox, made, message);
        }
        fs::write(outbox.path("2026-damaged.json"), "{").unwrap();
        fs::write(outbox.path("2026-later.json"), r#"{"version":2}"#).unwrap();
        let lock = outbox.lock(Duration::ZERO).unwrap().unwrap();
        let said = outbox.prune(now, &lock).unwrap();
        assert_eq!(said.len(), 4, "{said:#?}");
        let left: Vec<String> =
            outbox.names().unwrap().iter().filter_map(|name| Some(outbox.read(name).ok()?.message.title())).collect();
        assert_eq!(left, ["kept", "ping failure"]);

        for number in 0..MESSAGES_MAX {
            put(&outbox, now, mail(&number.to_string()));
        }
        let said = outbox.prune(now, &lock).unwrap();
        // `2026-later.json` is not counted: a later jbr will know what it is.
        assert!(said.len() == 2 && said[0].contains("\"kept\"") && said[1].contains("ping failure"), "{said:#?}");
    }
}
