//! Which keys a host is known by: the format of OpenSSH's `known_hosts`, read and matched, nothing written.
//!
//! libssh2 has a matcher of its own, and it is not used: it overlooks `@revoked`, knows no patterns, gives up the file
//! at one bad line, and takes a host known by RSA for changed when the server shows its ed25519 key first. The format
//! is that of sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"; `ssh-keygen -F` is the oracle of the tests. Certificates are not
//! supported: `@cert-authority` lines are passed over.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// The port that `known_hosts` leaves out.
const SSH_PORT: u16 = 22;

/// Host key algorithms to offer, best first. No certificates, and no SHA-1.
const ALGORITHMS: [(&str, &str); 6] = [
    ("ssh-ed25519", "ssh-ed25519"),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"),
    ("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"),
    ("ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"),
    ("rsa-sha2-512", "ssh-rsa"),
    ("rsa-sha2-256", "ssh-rsa"),
];

/// What a host is looked up as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostNames {
    /// `host`, or `[host]:port` for any port but 22.
    pub listed: String,
    /// `host` alone where the port is not 22: a key listed under it is good too (as for ssh), a different one says nothing.
    pub without_port: Option<String>,
}

impl HostNames {
    /// The names of a host, in lower case as ssh writes them.
    #[must_use]
    pub fn new(host: &str, port: u16) -> Self {
        let host = host.to_ascii_lowercase();
        if port == SSH_PORT {
            Self { listed: host, without_port: None }
        } else {
            Self { listed: format!("[{host}]:{port}"), without_port: Some(host) }
        }
    }
}

/// A public key: its type and its bytes as they stand on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// As `ssh-ed25519`; taken from the bytes themselves.
    pub kind: String,
    /// The wire format.
    pub blob: Vec<u8>,
}

impl PublicKey {
    /// A key from its wire format, which starts with its type; `None` if this is not one.
    #[must_use]
    pub fn from_blob(blob: &[u8]) -> Option<Self> {
        let length = usize::try_from(u32::from_be_bytes(*blob.first_chunk::<4>()?)).ok()?;
        let kind = blob.get(4..4_usize.checked_add(length)?)?;
        let is_name = !kind.is_empty() && kind.iter().all(|b| b.is_ascii_alphanumeric() || b"-.@_".contains(b));
        is_name.then(|| Self { kind: String::from_utf8_lossy(kind).into_owned(), blob: blob.to_vec() })
    }

    /// The fingerprint as ssh shows it: `SHA256:…`.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(&self.blob)))
    }

    /// The type as ssh names it to people: `ED25519`, `RSA`, `ECDSA`.
    #[must_use]
    pub fn kind_for_people(&self) -> String {
        let short = self.kind.strip_prefix("ssh-").unwrap_or(&self.kind);
        if short.starts_with("ecdsa") { "ECDSA".to_owned() } else { short.to_ascii_uppercase() }
    }

    /// The line that makes this key known for a host.
    #[must_use]
    pub fn line_for(&self, names: &HostNames) -> String {
        format!("{} {} {}", names.listed, self.kind, STANDARD.encode(&self.blob))
    }
}

/// What `known_hosts` says about the key that a server showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is the known one.
    Known,
    /// The host is not known.
    Unknown,
    /// The host is known by another key, on this line.
    Changed {
        /// Counted from 1.
        line: usize,
        /// What stands there.
        old: PublicKey,
    },
    /// The key is revoked, on this line.
    Revoked {
        /// Counted from 1.
        line: usize,
    },
}

/// The lines that could be understood; the others are passed over, as ssh does.
#[derive(Debug, Default)]
pub struct KnownHosts {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    line: usize,
    revoked: bool,
    hosts: Hosts,
    key: PublicKey,
}

#[derive(Debug)]
enum Hosts {
    Patterns(Vec<Pattern>),
    Hashed { salt: Vec<u8>, hash: Vec<u8> },
}

#[derive(Debug)]
struct Pattern {
    negated: bool,
    glob: Vec<u8>,
}

impl KnownHosts {
    /// Understands a file's content. Never fails: a line that is no entry is passed over.
    #[must_use]
    pub fn parse(content: &[u8]) -> Self {
        let lines = content.split(|b| *b == b'\n').enumerate();
        let entries = lines.filter_map(|(index, line)| Entry::parse(index + 1, &String::from_utf8_lossy(line)));
        Self { entries: entries.collect() }
    }

    /// Judges the key that a server showed.
    #[must_use]
    pub fn judge(&self, names: &HostNames, shown: &PublicKey) -> Verdict {
        let same = |entry: &&Entry| entry.key.blob == shown.blob;
        if let Some(entry) = self.of(names, true).chain(self.aside(names, true)).find(same) {
            return Verdict::Revoked { line: entry.line };
        }
        let known = self.of(names, false).chain(self.aside(names, false));
        if known.clone().any(|entry| same(&entry)) {
            return Verdict::Known;
        }
        // The same type first: that is the key it replaced. Another type counts as changed too, or whoever sits in
        // between would only have to show a type that is not on record.
        let mut others: Vec<_> = self.of(names, false).collect();
        others.sort_by_key(|entry| entry.key.kind != shown.kind);
        match others.first() {
            Some(entry) => Verdict::Changed { line: entry.line, old: entry.key.clone() },
            None => Verdict::Unknown,
        }
    }

    /// The host key algorithms to offer: those of keys that are known first, so that a host known by one type is not
    /// asked for another.
    #[must_use]
    pub fn algorithms(&self, names: &HostNames) -> String {
        let known: Vec<&str> =
            self.of(names, false).chain(self.aside(names, false)).map(|entry| entry.key.kind.as_str()).collect();
        let (first, then): (Vec<_>, Vec<_>) = ALGORITHMS.iter().partition(|(_, kind)| known.contains(kind));
        first.iter().chain(&then).map(|(algorithm, _)| *algorithm).collect::<Vec<_>>().join(",")
    }

    fn of(&self, names: &HostNames, revoked: bool) -> impl Iterator<Item = &Entry> + Clone {
        let name = names.listed.clone();
        self.entries.iter().filter(move |entry| entry.revoked == revoked && entry.hosts.matches(&name))
    }

    fn aside(&self, names: &HostNames, revoked: bool) -> impl Iterator<Item = &Entry> + Clone {
        let name = names.without_port.clone();
        self.entries.iter().filter(move |entry| {
            entry.revoked == revoked && name.as_ref().is_some_and(|name| entry.hosts.matches(name))
        })
    }
}

impl Entry {
    fn parse(line: usize, text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace();
        let mut hosts = words.next().filter(|word| !word.starts_with('#'))?;
        let revoked = hosts == "@revoked";
        if revoked {
            hosts = words.next()?;
        } else if hosts.starts_with('@') {
            return None;
        }
        let kind = words.next()?;
        let key = PublicKey::from_blob(&STANDARD.decode(words.next()?).ok()?).filter(|key| key.kind == kind)?;
        Some(Self { line, revoked, hosts: Hosts::parse(hosts)?, key })
    }
}

impl Hosts {
    fn parse(field: &str) -> Option<Self> {
        if let Some(hashed) = field.strip_prefix("|1|") {
            let (salt, hash) = hashed.split_once('|')?;
            return Some(Self::Hashed { salt: STANDARD.decode(salt).ok()?, hash: STANDARD.decode(hash).ok()? });
        }
        let patterns = field.split(',').map(|pattern| match pattern.strip_prefix('!') {
            Some(glob) => Pattern { negated: true, glob: glob.to_ascii_lowercase().into_bytes() },
            None => Pattern { negated: false, glob: pattern.to_ascii_lowercase().into_bytes() },
        });
        Some(Self::Patterns(patterns.collect()))
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Hashed { salt, hash } => Hmac::<Sha1>::new_from_slice(salt)
                .is_ok_and(|mac| mac.chain_update(name.as_bytes()).verify_slice(hash).is_ok()),
            Self::Patterns(patterns) => {
                let hit =
                    |negated| patterns.iter().any(|p| p.negated == negated && glob_matches(&p.glob, name.as_bytes()));
                hit(false) && !hit(true)
            }
        }
    }
}

/// Whether `*` (any characters) and `?` (any one) of a pattern cover a name. In time proportional to the product of
/// their lengths: a recursive matcher takes for ever with a pattern of many stars.
fn glob_matches(glob: &[u8], name: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut last_star = None;
    while seen < name.len() {
        match glob.get(at) {
            Some(b'*') => {
                last_star = Some((at, seen));
                at += 1;
            }
            Some(c) if *c == b'?' || *c == name[seen] => {
                at += 1;
                seen += 1;
            }
            _ => match last_star {
                Some((star, from)) => {
                    last_star = Some((star, from + 1));
                    at = star + 1;
                    seen = from + 1;
                }
                None => return false,
            },
        }
    }
    glob[at..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests;
