//! What to do about a step: a sentence, and lines to be copied as they are.

use std::path::Path;

use crate::desired::{Desired, Server};
use crate::names::DestinationId;
use crate::printable::printable;

use super::KeySight;

/// Where the installer puts the gate.
const GATE: &str = "/usr/local/bin/jetbackup-ssh-gate.sh";

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Advice {
    /// In words; empty where what is wrong says it already.
    pub text: String,
    /// Lines to be copied, in their order: commands, or what belongs into a file.
    pub lines: Vec<String>,
}

impl Advice {
    /// What is wrong says it all.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Words alone.
    #[must_use]
    pub fn words(text: impl Into<String>) -> Self {
        Self { text: text.into(), lines: Vec::new() }
    }

    /// Words, and lines to be copied.
    #[must_use]
    pub fn with(text: impl Into<String>, lines: Vec<String>) -> Self {
        Self { text: text.into(), lines }
    }
}

/// How the installer is run for this server, by somebody who can log in there already.
pub(super) fn install(server: &Server, scopes: &str) -> Vec<String> {
    let key = match &server.key {
        Some(key) => format!("cat {}.pub", quoted(key)),
        None => "ssh-add -L | head -n 1".to_owned(),
    };
    vec![
        "cat server/install.sh server/jetbackup-ssh-gate.sh |".to_owned(),
        format!("    ssh {} bash -s -- --key \"'$({key})'\"{scopes}", login(server)),
    ]
}

/// The installer's options that let a key change what the plan has on this server, and nothing else.
pub(super) fn scopes(desired: &Desired, server: &Server) -> String {
    let jobs = desired.jobs.iter().filter(|job| job.address.server == server.name);
    let jobs: Vec<&str> = jobs.map(|job| job.id.as_str()).collect();
    let kept = server.destination.as_ref().filter(|destination| destination.keep_closed);
    let destinations = kept.map(|kept| &kept.id).map(DestinationId::as_str);
    let jobs = if jobs.is_empty() { String::new() } else { format!(" --jobs {}", jobs.join(",")) };
    jobs + &destinations.map_or(String::new(), |id| format!(" --destinations {id}"))
}

/// The line that lets a key in, behind the gate.
pub(super) fn authorized(key: &KeySight) -> Option<String> {
    key.public.as_ref().map(|public| format!("restrict,command=\"{GATE}\" {public}"))
}

/// A command on the server, as jbr's own key starts it.
pub(super) fn by_hand(server: &Server, command: &str) -> String {
    let key = server.key.as_ref().map_or(String::new(), |key| format!("-i {} ", quoted(key)));
    format!("ssh {key}{} {command}", login(server))
}

/// `-p 51514 root@server1.example.com`.
fn login(server: &Server) -> String {
    let port = if server.port == 22 { String::new() } else { format!("-p {} ", server.port) };
    printable(&format!("{port}{}@{}", server.user, server.host))
}

/// A path that a shell takes as one word.
pub(super) fn quoted(path: &Path) -> String {
    let path = printable(&path.to_string_lossy());
    let is_plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+~".contains(c));
    if is_plain { path } else { format!("'{}'", path.replace('\'', "'\\''")) }
}
