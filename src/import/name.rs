//! Names that a plan can hold, made from what people call things.

use std::collections::BTreeSet;

use crate::names::{JobName, ServerName};

/// The longest name that is made, in characters; a plan would take 64, and a number may have to be added.
const LENGTH_MAX: usize = 48;

/// The names that are taken already, and new ones that are not.
#[derive(Debug, Clone, Default)]
pub struct NameBook(BTreeSet<String>);

impl NameBook {
    /// Takes a name out of the game, of a job that is declared already for instance.
    pub fn take(&mut self, name: &str) {
        self.0.insert(name.to_owned());
    }

    /// A name for a job that others call `label`, not taken before and taken from now on. The plan's comparison of names still finds it
    /// in the label, as long as there is a Latin word in it.
    ///
    /// # Errors
    /// Where it makes no name, which no label should do.
    pub fn job(&mut self, label: &str) -> Result<JobName, crate::names::NameError> {
        self.fresh(&latin(label).unwrap_or_else(|| "job".to_owned())).parse()
    }

    /// A name for a server that others call `label`, in the same way.
    ///
    /// # Errors
    /// Where it makes no name, which no label should do.
    pub fn server(&mut self, label: &str) -> Result<ServerName, crate::names::NameError> {
        // An address, for instance, is one as it stands.
        let whole =
            label.parse::<ServerName>().ok().map(|name| name.to_string()).filter(|name| name.len() <= LENGTH_MAX);
        self.fresh(&whole.or_else(|| latin(label)).unwrap_or_else(|| "server".to_owned())).parse()
    }

    fn fresh(&mut self, wanted: &str) -> String {
        let numbered = |number: usize| if number == 1 { wanted.to_owned() } else { format!("{wanted}-{number}") };
        // One more than are taken: one of them is free.
        let free = (1..=self.0.len() + 1).map(numbered).find(|name| !self.0.contains(name));
        let name = free.unwrap_or_else(|| numbered(self.0.len() + 2));
        self.0.insert(name.clone());
        name
    }
}

/// A name for the server at a host: the host's first label, or the whole address.
#[must_use]
pub fn server_name(host: &str) -> &str {
    let is_address = host.contains(':') || host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if is_address { host } else { host.split('.').next().unwrap_or(host) }
}

/// The longest stretch of Latin letters and digits in lower case, its words joined by `-`. A letter that a name cannot hold ends a
/// stretch, so that what is left can be found in the label as it stands.
fn latin(label: &str) -> Option<String> {
    let is_foreign = |c: char| c.is_alphanumeric() && !c.is_ascii();
    let words = |stretch: &str| {
        let words = stretch.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
    };
    let longest =
        label.split(is_foreign).map(words).max_by_key(|name| (name.len(), std::cmp::Reverse(name.clone())))?;
    let cut = longest.get(..LENGTH_MAX.min(longest.len()))?.trim_end_matches('-');
    (!cut.is_empty()).then(|| cut.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_become_names_that_are_found_in_them() {
        let mut book = NameBook::default();
        let mut check =
            |label: &str, expected: &str| assert_eq!(book.job(label).unwrap().as_str(), expected, "{label}");
        check("Accounts Backup", "accounts-backup");
        check("Accounts Backup", "accounts-backup-2");
        check("  accounts -- backup  ", "accounts-backup-3");
        check("Sauvegarde été 2", "sauvegarde");
        check("バックアップ", "job");
        check("", "job-2");
        check("no", "no");
        check(": # \"\n\u{1b}[2J", "2j");
        check(&"x".repeat(500), &"x".repeat(48));
        assert_eq!(server_name("server1.example.com"), "server1");
        assert_eq!(server_name("10.0.0.1"), "10.0.0.1");
        assert_eq!(NameBook::default().server("10.0.0.1").unwrap().as_str(), "10.0.0.1");
        assert_eq!(NameBook::default().server("fe80::1%eth0").unwrap().as_str(), "fe80-1-eth0");
    }
}
