//! The private key's file: read and judged before any connection is made, so that what is wrong with it is said
//! plainly. libssh2 has one error for a missing file, a wrong format and a passphrase.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The largest file that is read as a key; one of RSA with 16,384 bits has some 12 KB.
const KEY_SIZE_MAX_BYTES: u64 = 64 * 1024;
/// What starts the inside of OpenSSH's own format, before the name of its cipher.
const OPENSSH_MAGIC: &[u8] = b"openssh-key-v1\0";

/// Reads a private key without passphrase.
///
/// # Errors
/// What is wrong with it and what to do, without the file's name.
pub(super) fn read(path: &Path) -> Result<String, String> {
    // Opening a pipe would wait for somebody who writes into it.
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, rustix::fs::Mode::empty()).map(File::from).map_err(io::Error::from);
    let file = opened.map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => {
            "does not exist; make one with `ssh-keygen -t ed25519 -N '' -f FILE`, or correct `key` in the plan"
                .to_owned()
        }
        io::ErrorKind::PermissionDenied => "may not be read by this user; run jbr as its owner (often root)".to_owned(),
        _ => format!("cannot be opened: {e}"),
    })?;
    let metadata = file.metadata().map_err(|e| format!("cannot be looked at: {e}"))?;
    if !metadata.is_file() {
        return Err("is not a file".to_owned());
    }
    // As ssh: a file of somebody else, as systemd's credentials can be, is that one's business.
    if metadata.uid() == rustix::process::getuid().as_raw() && metadata.mode() & 0o077 != 0 {
        let mode = metadata.mode() & 0o777;
        return Err(format!(
            "may be read by others (mode {mode:04o}), so it is not used, as ssh would not; `chmod 600` it"
        ));
    }
    let mut content = String::new();
    match file.take(KEY_SIZE_MAX_BYTES + 1).read_to_string(&mut content) {
        Ok(size) if size as u64 > KEY_SIZE_MAX_BYTES => {
            Err(format!("is larger than {KEY_SIZE_MAX_BYTES} bytes and no private key"))
        }
        Ok(_) => judged(content),
        Err(e) if e.kind() == io::ErrorKind::InvalidData => Err("is not a private key in text form".to_owned()),
        Err(e) => Err(format!("cannot be read: {e}")),
    }
}

fn judged(content: String) -> Result<String, String> {
    if !content.trim_start().starts_with("-----BEGIN ") || content.contains('\0') {
        let hint = if content.starts_with("ssh-") || content.starts_with("ecdsa-") {
            "; it is the public half: leave out `.pub`"
        } else {
            ""
        };
        return Err(format!("is not a private key{hint}"));
    }
    if is_encrypted(&content) {
        return Err(
            "needs a passphrase, and nobody is there at night to type it; use a key without one that is used for \
             nothing else, or leave `key` out of the plan and load this one into an agent (SSH_AUTH_SOCK)"
                .to_owned(),
        );
    }
    Ok(content)
}

fn is_encrypted(content: &str) -> bool {
    if content.contains("BEGIN ENCRYPTED PRIVATE KEY") || content.contains("Proc-Type: 4,ENCRYPTED") {
        return true;
    }
    let body: String = content.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
    let inside = STANDARD.decode(body).unwrap_or_default();
    let Some(after) = inside.strip_prefix(OPENSSH_MAGIC) else { return false };
    // A length of four bytes, then the cipher's name; "none" is no cipher.
    after.get(..8).is_some_and(|start| start != b"\0\0\0\x04none")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Command;

    use super::*;

    fn check(make: impl FnOnce(&Path), expected: Result<(), &str>) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        make(&path);
        match (read(&path), expected) {
            (Ok(_), Ok(())) => {}
            (Err(said), Err(part)) if said.contains(part) => {}
            (got, expected) => panic!("{got:?}, expected {expected:?}"),
        }
    }

    fn keygen(path: &Path, arguments: &[&str]) {
        let made = Command::new("ssh-keygen").arg("-q").args(arguments).arg("-f").arg(path).status();
        assert!(made.unwrap().success());
    }

    fn write(path: &Path, content: impl AsRef<[u8]>) {
        fs::write(path, content).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    #[test]
    fn each_thing_that_can_be_wrong_has_its_own_words() {
        check(|_| {}, Err("does not exist"));
        check(|path| fs::create_dir(path).unwrap(), Err("is not a file"));
        check(|path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success()), Err("is not a file"));
        check(|path| write(path, "ssh-ed25519 AAAA me"), Err("public half"));
        check(|path| write(path, b"\xff\xfe"), Err("not a private key"));
        check(|path| write(path, "x".repeat(70_000)), Err("larger than"));
        check(|path| keygen(path, &["-t", "ed25519", "-N", ""]), Ok(()));
        check(|path| keygen(path, &["-t", "rsa", "-m", "PEM", "-N", ""]), Ok(()));
        check(|path| keygen(path, &["-t", "ed25519", "-N", "secret"]), Err("passphrase"));
        check(|path| keygen(path, &["-t", "rsa", "-m", "PEM", "-N", "secret"]), Err("passphrase"));
        check(|path| keygen(path, &["-t", "rsa", "-m", "PKCS8", "-N", "secret"]), Err("passphrase"));
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let open = |path: &Path| {
            keygen(path, &["-t", "ed25519", "-N", ""]);
            fs::set_permissions(path, fs::Permissions::from_mode(0o640)).unwrap();
        };
        check(open, Err("(mode 0640)"));
    }
}
