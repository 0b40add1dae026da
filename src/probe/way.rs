//! The way to a server: its name, a connection, its host key, the login, and what stands behind the login.

use std::net::SocketAddr;

use crate::desired::{Desired, Server};
use crate::jetbackup::call_error::CallError;
use crate::jetbackup::ssh_gate::{self, Scope, SshGate};
use crate::names::JobAddress;
use crate::printable::printable;
use crate::transport::ssh::Milestone;
use crate::transport::{Failure, FailureKind};

use super::advice::{authorized, install, quoted, scopes};
use super::{Advice, Sight, Step, Went, What};

/// jbr's port where a plan names none; a server that listens on 22 alone refuses it.
const PORT_DEFAULT: u16 = 51514;
/// The steps before anything can be asked.
const WAY: [What; 4] = [What::Name, What::Connection, What::HostKey, What::Login];

/// The steps to the login.
pub(super) fn steps(server: &Server, sight: &Sight) -> Vec<Step> {
    let broken = broken_at(sight);
    let step = |what: What| {
        let went = match (reached(server, sight, what), broken) {
            // A connection that was lost later has been reached all the same.
            (Some(found), _) => Went::Ok(found),
            (None, Some((place, failure))) if place == what => failed(server, sight, what, failure),
            (None, _) => Went::NotTried,
        };
        Step { what, went }
    };
    WAY.map(step).into()
}

/// Whether something could be asked: the login was reached, now or before the connection was lost.
pub(super) fn is_open(sight: &Sight) -> bool {
    sight.milestones.contains(&Milestone::LoggedIn) || sight.gate.is_ok() || matches!(sight.jobs, Some(Ok(_)))
}

/// The step at which the way broke, and why. The milestones are those of the last attempt, and so is the failure: a connection that was lost
/// is opened anew for the next question, and that may be refused.
fn broken_at(sight: &Sight) -> Option<(What, &Failure)> {
    fn failure<T>(asked: Option<&Result<T, CallError>>) -> Option<&Failure> {
        match asked {
            Some(Err(CallError::NotSent(failure) | CallError::Lost(failure))) => Some(failure),
            _ => None,
        }
    }
    let destinations = failure(sight.destinations.as_ref());
    let failure = destinations.or_else(|| failure(sight.jobs.as_ref())).or_else(|| failure(Some(&sight.gate)))?;
    let place = match failure.kind {
        // Both can fail before anything is connected: an unreadable key or known_hosts.
        FailureKind::Login => What::Login,
        FailureKind::HostKey => What::HostKey,
        FailureKind::Resolve => What::Name,
        FailureKind::Connect
        | FailureKind::Timeout
        | FailureKind::Lost
        | FailureKind::OutputLimit
        | FailureKind::Interrupted => next_after(&sight.milestones)?,
    };
    Some((place, failure))
}

/// The step that comes after what was reached.
fn next_after(milestones: &[Milestone]) -> Option<What> {
    match milestones.last() {
        None => Some(What::Name),
        Some(Milestone::Resolved(_)) => Some(What::Connection),
        Some(Milestone::Connected(_)) => Some(What::HostKey),
        Some(Milestone::HostKey { .. }) => Some(What::Login),
        Some(Milestone::LoggedIn) => None,
    }
}

/// What was found at a step that was reached.
fn reached(server: &Server, sight: &Sight, what: What) -> Option<String> {
    sight.milestones.iter().find_map(|milestone| match (what, milestone) {
        (What::Name, Milestone::Resolved(addresses)) => Some(resolved(server, addresses)),
        (What::Connection, Milestone::Connected(address)) => Some(format!("{address} speaks SSH")),
        (What::HostKey, Milestone::HostKey { kind, fingerprint, accepted }) => {
            let known = match accepted {
                None => format!("known, by {}", quoted(&server.known_hosts)),
                Some(new) => format!("new, recorded in {}: compare it once with the server's own", quoted(&new.file)),
            };
            Some(format!("{kind} {fingerprint}, {known}"))
        }
        (What::Login, Milestone::LoggedIn) => {
            let key = server
                .key
                .as_ref()
                .map_or("a key of the SSH agent".to_owned(), |key| format!("the key {}", quoted(key)));
            Some(format!("as {}, with {key}", printable(&server.user)))
        }
        _ => None,
    })
}

fn resolved(server: &Server, addresses: &[SocketAddr]) -> String {
    if server.host.parse::<std::net::IpAddr>().is_ok() {
        return "an address, there is nothing to look up".to_owned();
    }
    let addresses: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    addresses.join(", ")
}

fn failed(server: &Server, sight: &Sight, what: What, failure: &Failure) -> Went {
    let own = format!("{}: ", server.name);
    let why = failure.message.strip_prefix(&own).unwrap_or(&failure.message).to_owned();
    let advice = match (what, failure.kind) {
        (_, FailureKind::Interrupted) => Advice::none(),
        (What::Connection, _) => connection_advice(server),
        (What::Login, FailureKind::Login) => login_advice(server, sight),
        _ => Advice::none(),
    };
    Went::Failed { why, advice }
}

fn connection_advice(server: &Server) -> Advice {
    let default = if server.port == PORT_DEFAULT {
        format!(
            " Where a plan names no `port`, jbr takes {PORT_DEFAULT}: a server that was never told otherwise listens on 22."
        )
    } else {
        String::new()
    };
    Advice::with(
        format!(
            "On the server, this shows the ports that sshd listens on; `port` in the plan must be one of them.{default}"
        ),
        vec!["sshd -T | grep -i '^port '".to_owned()],
    )
}

fn login_advice(server: &Server, sight: &Sight) -> Advice {
    match (&server.key, sight.key.is_there) {
        (Some(key), false) => Advice::with(
            "Make a key that is used for nothing else, without a passphrase, since nobody is there to type it at night; then let it in \
             (`jbr test` says how):",
            vec![format!("ssh-keygen -t ed25519 -N \"\" -f {} -C jbr", quoted(key))],
        ),
        _ if !sight.milestones.iter().any(|reached| matches!(reached, Milestone::HostKey { .. })) => Advice::none(),
        _ => let_in(server, sight),
    }
}

fn let_in(server: &Server, sight: &Sight) -> Advice {
    let mut lines = install(server, "");
    let mut text =
        "Let the key in, behind the gate: from a clone of jbr's repository, as somebody who can log in there with \
                    another key"
            .to_owned();
    match authorized(&sight.key) {
        Some(line) => {
            text += "; or, where the gate is installed already, add the last line to the user's `.ssh/authorized_keys` there:";
            lines.push(line);
        }
        None => text.push(':'),
    }
    Advice::with(text, lines)
}

/// What stands between the key and JetBackup.
pub(super) fn gate(desired: &Desired, server: &Server, sight: &Sight) -> Went {
    let again = |scope: &str, text: &str| Advice::with(text, install(server, scope));
    let clone = "From a clone of jbr's repository, as somebody who can log in there with another key:";
    match &sight.gate {
        Err(error) => Went::Unknown(format!("it did not say what it is: {}", own_words(server, error))),
        Ok(SshGate::Absent) => Went::Attention {
            found: "there is none: whoever has this key may do anything there".to_owned(),
            advice: again("", &format!("Put the gate before it. {clone}")),
        },
        Ok(SshGate::Foreign) => Went::Attention {
            found:
                "another one than jbr's, or one that does not say what it is: what the key may do there is not known"
                    .to_owned(),
            advice: again("", &format!("Install jbr's. {clone}")),
        },
        Ok(SshGate::Own { version, scope }) => {
            let lacking = lacking(desired, server, scope);
            let may = may(desired, server, scope);
            let says = format!("version {version}; the key may {may}");
            if !lacking.is_empty() && *scope != Scope::ReadOnly {
                let why =
                    format!("{says}, and the plan needs it to {}: `jbr apply` would start nothing", lacking.join(", "));
                let text = format!("Write the key's line anew, with what this plan needs. {clone}");
                return Went::Failed { why, advice: again(&scopes(desired, server), &text) };
            }
            if !lacking.is_empty() {
                let found = format!("{says}: `jbr plan` and `jbr check` work, and `jbr apply` would start nothing");
                let text = format!("If this machine is to run backups, write the key's line anew. {clone}");
                return Went::Attention { found, advice: again(&scopes(desired, server), &text) };
            }
            if *version < ssh_gate::CURRENT {
                let found = format!("{says}; this jbr comes with version {}", ssh_gate::CURRENT);
                return Went::Attention { found, advice: again(&same_scopes(scope), &format!("Install it. {clone}")) };
            }
            Went::Ok(says)
        }
    }
}

/// What the key may do, in words.
fn may(desired: &Desired, server: &Server, scope: &Scope) -> String {
    match scope {
        Scope::Everything => "start, stop, enable and disable every job".to_owned(),
        Scope::ReadOnly => "read, and change nothing".to_owned(),
        Scope::Only { jobs, destinations } => {
            let declared = desired.jobs.iter().filter(|job| job.address.server == server.name);
            let named =
                declared.filter(|job| jobs.contains(&job.id)).map(|job| &job.address).collect::<Vec<&JobAddress>>();
            let others = jobs.len().saturating_sub(named.len());
            let mut words: Vec<String> = named.iter().map(ToString::to_string).collect();
            if others > 0 {
                words.push(format!("{others} that the plan does not have"));
            }
            let jobs = if words.is_empty() { "no job".to_owned() } else { words.join(", ") };
            let count = destinations.len();
            let destinations = if count == 0 { String::new() } else { format!(", and open {count} destination(s)") };
            format!("start and stop {jobs}{destinations}")
        }
    }
}

/// What the plan needs the key to do and its scope does not hold.
fn lacking(desired: &Desired, server: &Server, scope: &Scope) -> Vec<String> {
    let declared = desired.jobs.iter().filter(|job| job.address.server == server.name);
    let jobs = declared.filter(|job| !scope.has_job(&job.id)).map(|job| format!("start {}", job.address));
    let kept = server.destination.as_ref().filter(|kept| kept.keep_closed && !scope.has_destination(&kept.id));
    jobs.chain(kept.map(|kept| format!("open destination {}", kept.id))).collect()
}

/// The installer's options for the scopes that the key has.
fn same_scopes(scope: &Scope) -> String {
    match scope {
        Scope::Everything => String::new(),
        Scope::ReadOnly => " --read-only".to_owned(),
        Scope::Only { jobs, destinations } => {
            let list = |ids: Vec<&str>, option: &str| {
                if ids.is_empty() { String::new() } else { format!(" {option} {}", ids.join(",")) }
            };
            list(jobs.iter().map(crate::names::JobId::as_str).collect(), "--jobs")
                + &list(destinations.iter().map(crate::names::DestinationId::as_str).collect(), "--destinations")
        }
    }
}

/// An error without the server's name in front.
pub(super) fn own_words(server: &Server, error: &CallError) -> String {
    let text = error.to_string();
    let own = format!("{}: ", server.name);
    text.strip_prefix(&own).unwrap_or(&text).to_owned()
}
