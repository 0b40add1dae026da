//! What stands between the key and JetBackup: `server/jetbackup-ssh-gate.sh`, something else, or nothing.
//!
//! The gate says by itself what it is. Nothing depends on the answer but what a person is told: a gate that says nothing is
//! no reason to run no backup.

use crate::names::{DestinationId, JobId};
use crate::printable::printable_bytes;
use crate::transport::Output;

/// What the gate is asked for its version.
pub const QUESTION: &str = "gate-version";
/// The version of `server/jetbackup-ssh-gate.sh` that this `jbr` comes with.
pub const CURRENT: u32 = 1;
/// What the gate calls itself.
const NAME: &str = "jetbackup-ssh-gate";
/// What a shell answers when there is no such command.
const EXIT_NOT_FOUND: i32 = 127;
/// What a gate writes before a request that it refuses; the predecessor's has the same words.
const REFUSAL: &str = "ERROR: Command not allowed: ";
/// What a gate exits with then.
const EXIT_REFUSED: i32 = 1;
/// No answer to [`QUESTION`] is longer: the scopes of a key stand in one line of `authorized_keys`.
const ANSWER_SIZE_MAX_BYTES: usize = 16 * 1024;

/// What answers on a server when its gate is asked what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SshGate {
    /// The gate, with its version and what the key may change.
    Own {
        /// Counted up from 1.
        version: u32,
        /// What the key may change.
        scope: Scope,
    },
    /// Something that is no shell and not this gate: an older one, or another forced command.
    Foreign,
    /// A shell: the key may run anything.
    Absent,
}

/// What a key may change. It may read everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every job, every destination.
    Everything,
    /// Nothing.
    ReadOnly,
    /// These alone.
    Only {
        /// Jobs that may be started, stopped, enabled and disabled.
        jobs: Vec<JobId>,
        /// Destinations that may be enabled and disabled.
        destinations: Vec<DestinationId>,
    },
}

impl Scope {
    /// Whether the job may be started and stopped.
    #[must_use]
    pub fn has_job(&self, job: &JobId) -> bool {
        match self {
            Self::Everything => true,
            Self::ReadOnly => false,
            Self::Only { jobs, .. } => jobs.contains(job),
        }
    }

    /// Whether the destination may be enabled and disabled.
    #[must_use]
    pub fn has_destination(&self, destination: &DestinationId) -> bool {
        match self {
            Self::Everything => true,
            Self::ReadOnly => false,
            Self::Only { destinations, .. } => destinations.contains(destination),
        }
    }
}

/// What an answer to [`QUESTION`] says. Words that a newer gate may add are passed over.
#[must_use]
pub fn read(output: &Output) -> SshGate {
    let said = &output.stdout[..output.stdout.len().min(ANSWER_SIZE_MAX_BYTES)];
    if let Some(gate) = std::str::from_utf8(said).ok().and_then(own) {
        return gate;
    }
    let complaint =
        String::from_utf8_lossy(&output.stderr[..output.stderr.len().min(ANSWER_SIZE_MAX_BYTES)]).to_lowercase();
    if output.exit == Some(EXIT_NOT_FOUND) || complaint.contains("not found") {
        SshGate::Absent
    } else {
        SshGate::Foreign
    }
}

fn own(said: &str) -> Option<SshGate> {
    let mut words = said.strip_suffix('\n')?.split(' ');
    let (name, version) = (words.next()?, words.next()?.parse().ok()?);
    if name != NAME || said.lines().count() != 1 {
        return None;
    }
    let (mut is_read_only, mut jobs, mut destinations) = (false, None, None);
    for word in words {
        match word.split_once('=') {
            None if word == "read-only" => is_read_only = true,
            Some(("jobs", list)) => jobs = Some(ids(list)?),
            Some(("destinations", list)) => destinations = Some(ids(list)?),
            _ => {}
        }
    }
    let scope = match (is_read_only, jobs, destinations) {
        (true, _, _) => Scope::ReadOnly,
        (false, None, None) => Scope::Everything,
        // What is not named may not be changed.
        (false, jobs, destinations) => {
            Scope::Only { jobs: jobs.unwrap_or_default(), destinations: destinations.unwrap_or_default() }
        }
    };
    Some(SshGate::Own { version, scope })
}

/// `ID,ID`, or `none`.
fn ids<T: std::str::FromStr>(list: &str) -> Option<Vec<T>> {
    if list == "none" {
        return Some(Vec::new());
    }
    list.split(',').map(|id| id.parse().ok()).collect()
}

/// The request that a gate refused, printable, where that is what an answer says. It was certainly not carried out.
#[must_use]
pub fn refused(output: &Output) -> Option<String> {
    let said = output.stderr.strip_prefix(REFUSAL.as_bytes())?;
    (output.exit == Some(EXIT_REFUSED) && output.stdout.is_empty()).then(|| printable_bytes(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(stdout: &str, stderr: &str, exit: Option<i32>) -> Output {
        Output { stdout: stdout.into(), stderr: stderr.into(), exit, signal: None }
    }

    #[test]
    fn the_gate_says_what_it_is_and_what_the_key_may() {
        let only = |jobs: &[&str], destinations: &[&str]| Scope::Only {
            jobs: jobs.iter().map(|id| id.parse().unwrap()).collect(),
            destinations: destinations.iter().map(|id| id.parse().unwrap()).collect(),
        };
        for (said, version, scope) in [
            ("jetbackup-ssh-gate 1\n", 1, Scope::Everything),
            ("jetbackup-ssh-gate 7 and=more words\n", 7, Scope::Everything),
            ("jetbackup-ssh-gate 1 read-only\n", 1, Scope::ReadOnly),
            ("jetbackup-ssh-gate 1 jobs=a,b destinations=none\n", 1, only(&["a", "b"], &[])),
            ("jetbackup-ssh-gate 1 destinations=c jobs=none\n", 1, only(&[], &["c"])),
        ] {
            assert_eq!(read(&output(said, "", None)), SshGate::Own { version, scope }, "{said}");
        }
    }

    #[test]
    fn everything_else_is_another_gate_or_a_shell() {
        let huge = format!("jetbackup-ssh-gate 1 jobs={}\n", "a,".repeat(1_000_000));
        for (stdout, stderr, exit, expected) in [
            ("", "bash: line 1: gate-version: command not found\n", Some(127), SshGate::Absent),
            ("", "sh: 1: gate-version: not found\n", None, SshGate::Absent),
            ("", "ERROR: Command not allowed: gate-version\n", Some(1), SshGate::Foreign),
            ("", "", None, SshGate::Foreign),
            ("jetbackup-ssh-gate\n", "", None, SshGate::Foreign),
            ("jetbackup-ssh-gate one\n", "", None, SshGate::Foreign),
            ("jetbackup-ssh-gate 1", "", None, SshGate::Foreign),
            ("jetbackup-ssh-gate 1 jobs=a;b\n", "", None, SshGate::Foreign),
            ("jetbackup-ssh-gate 1\nmore\n", "", None, SshGate::Foreign),
            (&huge, "", None, SshGate::Foreign),
        ] {
            assert_eq!(read(&output(stdout, stderr, exit)), expected, "{stdout:.40} {stderr}");
        }
    }

    #[test]
    fn a_refusal_is_told_from_an_answer() {
        let words = "ERROR: Command not allowed: ls\u{1b} /\n";
        assert_eq!(refused(&output("", words, Some(1))).as_deref(), Some("ls\\u{1b} /"));
        for other in [output("x", words, Some(1)), output("", words, None), output("", "ERROR", Some(1))] {
            assert_eq!(refused(&other), None);
        }
    }
}
