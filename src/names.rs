//! Newtypes for every id and address, so that none can be passed for another.
//!
//! JetBackup's ids are opaque: 24 hexadecimal digits today, compared as text and never taken apart.

use std::fmt;
use std::str::FromStr;

/// How many characters an id may have; JetBackup's have 24. Anything longer is not an id.
const ID_LENGTH_MAX: usize = 64;

/// Why a text is not a name or an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Something that JetBackup could not have issued.
    #[error("\"{0}\" is not a JetBackup id (24 hexadecimal digits)")]
    NotAnId(String),
    /// A server or job name with characters that an address cannot hold.
    #[error("\"{0}\" is not a name: use letters, digits, `.`, `_` and `-`, at most 64, with a letter or digit first")]
    NotAName(String),
    /// Not `server/job`.
    #[error("\"{0}\" is not an address: write it as server/job")]
    NotAnAddress(String),
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes an id as a server gave it: ASCII letters and digits, nothing else.
            ///
            /// # Errors
            /// [`NameError::NotAnId`] for anything empty, too long or with other characters.
            pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                let fits = (1..=ID_LENGTH_MAX).contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_alphanumeric());
                if fits { Ok(Self(text)) } else { Err(NameError::NotAnId(crate::printable::printable(&text))) }
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether this has the form that a user must write in a plan: 24 hexadecimal digits.
            #[must_use]
            pub fn is_canonical(&self) -> bool {
                self.0.len() == 24 && self.0.bytes().all(|b| b.is_ascii_hexdigit())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }
    };
}

id! {
    /// A backup job's id on its server (`_id` of `listBackupJobs`).
    JobId
}
id! {
    /// A queue group's id: one execution of a job (`_id` of `listQueueGroups`).
    GroupId
}
id! {
    /// A log's id (`_id` of `listLogs`, `log_id` of a queue group).
    LogId
}
id! {
    /// A destination's id (`_id` of `listDestinations`).
    DestinationId
}
id! {
    /// The id of one of JetBackup's own schedules (`_id` of `listSchedules`).
    ScheduleId
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes a name as a user wrote it.
            ///
            /// # Errors
            /// [`NameError::NotAName`] where an address could not hold it.
            pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                let fits = text.len() <= 64
                    && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
                if fits { Ok(Self(text)) } else { Err(NameError::NotAName(crate::printable::printable(&text))) }
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }
    };
}

name! {
    /// A server's name in the plan.
    ServerName
}
name! {
    /// A job's name in the plan, unique on its server.
    JobName
}
name! {
    /// A window's name in the plan.
    WindowName
}

/// A job's address in the plan: `server/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobAddress {
    /// The server that the job is on.
    pub server: ServerName,
    /// The job's name in the plan.
    pub job: JobName,
}

impl fmt::Display for JobAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.server, self.job))
    }
}

impl FromStr for JobAddress {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let not_an_address = || NameError::NotAnAddress(crate::printable::printable(text));
        let (server, job) = text.split_once('/').ok_or_else(not_an_address)?;
        Ok(Self {
            server: ServerName::new(server).map_err(|_| not_an_address())?,
            job: JobName::new(job).map_err(|_| not_an_address())?,
        })
    }
}

/// A run's id: when it was first planned (UTC), and the serial of the state then, as `20261123T020000Z-17`.
/// The serial makes two runs of one second differ without a random number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(String);

impl RunId {
    /// The id of a run that starts `at`, from a state with this serial.
    #[must_use]
    pub fn new(at: crate::clock::Timestamp, serial: u64) -> Self {
        Self(format!("{}-{serial}", at.format("%Y%m%dT%H%M%SZ")))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RunId {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(NameError::NotAName(crate::printable::printable(text))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_server_and_a_job() {
        let address: JobAddress = "server1/accounts".parse().unwrap();
        assert_eq!((address.server.as_str(), address.job.as_str()), ("server1", "accounts"));
        for bad in ["server1", "/accounts", "server1/", "a/b/c", "a b/c", "a/\u{1b}[2J"] {
            assert!(bad.parse::<JobAddress>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_id_is_opaque_but_never_holds_what_a_command_line_could_misread() {
        assert!(JobId::new("6503eec8ebbf07708d06f1d2").unwrap().is_canonical());
        assert!(!JobId::new("dest1").unwrap().is_canonical());
        for bad in ["", "a b", "a;b", "a'b", "a&b", "é", &"a".repeat(65)] {
            assert!(JobId::new(bad).is_err(), "{bad:?}");
        }
    }
}
