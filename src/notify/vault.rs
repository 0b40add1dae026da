//! Where secrets are looked up: when they are used, and never before. What is found is kept by nobody.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::desired::{Secret, Url};
use crate::printable::printable;

/// No password and no address is longer, in bytes.
const SECRET_SIZE_MAX: u64 = 4096;
/// Where systemd says that its credentials are.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Looks secrets up.
#[derive(Debug, Clone, Copy)]
pub struct Vault {
    /// A variable of the environment, which is the command line's to read.
    pub env: fn(&str) -> Option<OsString>,
}

impl Vault {
    /// The secret.
    ///
    /// # Errors
    /// Why it cannot be had and how to mend that, without any of it.
    pub fn open(self, secret: &Secret) -> Result<String, String> {
        let text = match secret {
            Secret::Env(name) => {
                let value = (self.env)(name).ok_or_else(|| format!("{secret} is not set in the environment of jbr"))?;
                value.into_string().map_err(|_| format!("{secret} is not text"))?
            }
            Secret::File(path) => read(path, true).map_err(|why| format!("{secret}: {why}"))?,
            Secret::Credential(name) => {
                let folder = (self.env)(CREDENTIALS).map(PathBuf::from).ok_or_else(|| not_a_service(name))?;
                let path = folder.join(name);
                if !path.exists() {
                    return Err(format!(
                        "{secret} is not among the credentials of this service: add LoadCredential={name}:/path to its unit"
                    ));
                }
                read(&path, false).map_err(|why| format!("{secret}: {why}"))?
            }
        };
        let text = text.trim_end_matches(['\n', '\r']);
        if text.is_empty() {
            return Err(format!("{secret} is empty"));
        }
        if text.chars().any(char::is_control) {
            return Err(format!("{secret} has more than one line, or characters that no secret has"));
        }
        Ok(text.to_owned())
    }

    /// The address of the web.
    ///
    /// # Errors
    /// As [`Vault::open`], and where it is none.
    pub fn url(self, url: &Url) -> Result<String, String> {
        match url {
            Url::Plain(text) => Ok(text.clone()),
            Url::Secret(secret) => {
                let text = self.open(secret)?;
                let is_url = ["https://", "http://"].iter().any(|scheme| text.starts_with(scheme));
                let is_whole = is_url && text.bytes().all(|b| b.is_ascii_graphic());
                if is_whole {
                    Ok(text)
                } else {
                    Err(format!("what {secret} holds is no address of the web (https://…)"))
                }
            }
        }
    }
}

/// Most who read this have typed the command.
fn not_a_service(name: &str) -> String {
    format!(
        "credential:{name} is handed by systemd to a service whose unit has LoadCredential={name}:/path; by hand: \
         `systemd-run --pipe --wait -p LoadCredential={name}:/path jbr …`, or refer to a file"
    )
}

/// `is_own`: it must be nobody else's to read. A credential lies in a folder that systemd made for this process alone.
fn read(path: &Path, is_own: bool) -> Result<String, String> {
    let io = |error: std::io::Error| printable(&error.to_string());
    let file = open_file(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    if is_own && metadata.mode() & 0o077 != 0 {
        return Err(format!("others may read it (mode {:o}): chmod 600 it", metadata.mode() & 0o777));
    }
    let mut bytes = Vec::new();
    file.take(SECRET_SIZE_MAX + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > SECRET_SIZE_MAX {
        return Err(format!("it is larger than {SECRET_SIZE_MAX} bytes, which is no secret"));
    }
    String::from_utf8(bytes).map_err(|_| "it is not text".to_owned())
}

/// Opens what must be a file: a pipe of that name must not hold a run.
pub(super) fn open_file(path: &Path) -> std::io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if file.metadata()?.is_file() { Ok(file) } else { Err(std::io::Error::other("it is not a file")) }
}

/// Where an address of the web stands, for a person.
pub(super) fn where_it_is(url: &Url) -> String {
    match url {
        Url::Plain(_) => "the address is in the plan".to_owned(),
        Url::Secret(secret) => format!("the address is in {secret}"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn env(name: &str) -> Option<OsString> {
        (name == "WORD").then(|| "hunter2".into())
    }

    #[test]
    fn a_secret_is_one_line_of_a_file_that_nobody_else_may_read() {
        let (folder, vault) = (tempfile::tempdir().unwrap(), Vault { env });
        let path = folder.path().join("secret");
        let check = |content: &str, mode: u32, expected: Result<&str, &str>| {
            std::fs::write(&path, content).unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            match (vault.open(&Secret::File(path.clone())), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(why), Err(words)) => assert!(why.contains(words) && !why.contains("hunter2"), "{why}"),
                (found, expected) => panic!("{found:?} and not {expected:?}"),
            }
        };
        check("hunter2\n", 0o600, Ok("hunter2"));
        check("hunter2\r\n", 0o400, Ok("hunter2"));
        check("hunter2", 0o640, Err("chmod 600"));
        check("hunter2\nhunter2\n", 0o600, Err("more than one line"));
        check("\n", 0o600, Err("is empty"));
        check(&"x".repeat(5000), 0o600, Err("larger than"));
        assert!(vault.open(&Secret::File(folder.path().to_owned())).unwrap_err().contains("not a file"));
    }

    #[test]
    fn variables_and_credentials_are_found_or_said_to_be_missing() {
        let vault = Vault { env };
        assert_eq!(vault.open(&Secret::Env("WORD".into())), Ok("hunter2".to_owned()));
        assert!(vault.open(&Secret::Env("OTHER".into())).unwrap_err().contains("env:OTHER is not set"));
        let credential = Secret::Credential("smtp".into());
        let why = vault.open(&credential).unwrap_err();
        assert!(why.contains("by hand: `systemd-run --pipe --wait -p LoadCredential=smtp:/path jbr"), "{why}");
        // A service, with credentials of its own.
        let service = Vault { env: |name| (name == CREDENTIALS).then(|| "/".into()) };
        let why = service.open(&credential).unwrap_err();
        assert!(
            why.starts_with("credential:smtp is not among the credentials of this service: add LoadCredential=smtp:"),
            "{why}"
        );
        let why = vault.url(&Url::Secret(Secret::Env("WORD".into()))).unwrap_err();
        assert!(why.contains("no address") && !why.contains("hunter2"), "{why}");
    }
}
