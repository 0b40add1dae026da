//! The gate as the tests install it: `server/jetbackup-ssh-gate.sh` with a stand-in behind it.
//!
//! The program that it starts and the one that it logs with are fixed in the script, so that nobody can steer it. The tests
//! replace these two lines in a copy, as `install.sh --api` does, and nothing else.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// The gate's source.
pub(crate) fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("server/jetbackup-ssh-gate.sh")
}

/// Writes a copy of the gate that starts `api` and logs with `logger`. `JBR_GATE_BASH` names another bash to run it with.
pub(crate) fn copy(to: &Path, api: &Path, logger: &Path) {
    let mut text = fs::read_to_string(source()).unwrap();
    let bash = std::env::var("JBR_GATE_BASH").unwrap_or_else(|_| "/bin/bash".to_owned());
    for (line, instead) in [
        ("#!/bin/bash -p\n", format!("#!{bash} -p\n")),
        ("\nreadonly API=/usr/bin/jetbackup5api\n", format!("\nreadonly API={}\n", api.display())),
        ("\nreadonly LOGGER=/usr/bin/logger\n", format!("\nreadonly LOGGER={}\n", logger.display())),
    ] {
        assert_eq!(text.matches(line).count(), 1, "{line:?} is there once");
        text = text.replace(line, &instead);
    }
    write_executable(to, &text);
}

/// Writes a script for `/bin/sh`.
pub(crate) fn script(to: &Path, body: &str) {
    write_executable(to, &format!("#!/bin/sh\n{body}\n"));
}

fn write_executable(to: &Path, text: &str) {
    fs::write(to, text).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Named once: a test binary uses a part of it.
const _: () = {
    _ = (source, copy, script);
};
