//! Who holds the lock, in their own words.

use std::fmt;
use std::io::{BufRead as _, BufReader, Read as _};

use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::printable::{printable, printable_bytes};

/// No more of `/etc/passwd` is read.
const PASSWD_SIZE_MAX_BYTES: u64 = 1024 * 1024;

/// A process that holds the lock. Everything in it is printable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its process id, on `host`.
    pub pid: u32,
    /// What it does: words of its command line, without secrets.
    pub what: String,
    /// Who started it.
    pub user: String,
    /// On which machine.
    pub host: String,
    /// Since when.
    pub since: Timestamp,
}

/// What stands in the file. Other keys are let be: this is read for a message and nothing depends on it.
#[derive(Serialize, Deserialize)]
struct Content {
    pid: u32,
    what: String,
    user: String,
    host: String,
    since: String,
}

impl Holder {
    /// This process, doing `what` since `since`. Keep secrets out of `what`: others will read it.
    #[must_use]
    pub fn this_process(what: &str, since: Timestamp) -> Self {
        let uid = rustix::process::getuid().as_raw();
        Self {
            pid: std::process::id(),
            what: printable(what),
            user: user_name(uid).unwrap_or_else(|| format!("uid {uid}")),
            host: printable_bytes(rustix::system::uname().nodename().to_bytes()),
            since,
        }
    }

    pub(super) fn to_json(&self) -> String {
        let Self { pid, what, user, host, since } = self.clone();
        let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
        // Numbers and texts only: this cannot fail, and an empty lock file is read as well.
        serde_json::to_string(&Content { pid, what, user, host, since }).unwrap_or_default() + "\n"
    }

    /// `None` for whatever is not a holder: nothing, a half, or something else.
    pub(super) fn from_json(bytes: &[u8]) -> Option<Self> {
        let Content { pid, what, user, host, since } = serde_json::from_slice(bytes).ok()?;
        let since = chrono::DateTime::parse_from_rfc3339(&since).ok()?.to_utc();
        Some(Self { pid, what: printable(&what), user: printable(&user), host: printable(&host), since })
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, what, user, host, since } = self;
        let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
        write!(f, "pid {pid} ({what}) of {user} on {host}, since {since}")
    }
}

fn user_name(uid: u32) -> Option<String> {
    let passwd = std::fs::File::open("/etc/passwd").ok()?.take(PASSWD_SIZE_MAX_BYTES);
    BufReader::new(passwd).lines().map_while(Result::ok).find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| printable(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_is_read_as_it_was_written() {
        let holder = Holder::this_process("apply --server server1", Timestamp::UNIX_EPOCH);
        assert_eq!(Holder::from_json(holder.to_json().as_bytes()), Some(holder));
    }

    #[test]
    fn garbage_is_nobody_and_moves_no_cursor() {
        for garbage in ["", "{", "123", "{\"pid\":-1}", "\0\0\0"] {
            assert_eq!(Holder::from_json(garbage.as_bytes()), None, "{garbage:?}");
        }
        let mut evil = Holder::this_process("apply", Timestamp::UNIX_EPOCH);
        evil.what = "\u{1b}[2J".to_owned();
        assert_eq!(Holder::from_json(evil.to_json().as_bytes()).unwrap().what, "\\u{1b}[2J");
    }
}
