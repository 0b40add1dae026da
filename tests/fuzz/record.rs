//! What is kept of a run: the input being tried, those that failed, and one line for each target.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// So much of an input is printed.
const SHOWN_BYTES_MAX: usize = 400;

/// So much of what it failed with.
const SAID_CHARS_MAX: usize = 2000;

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Where the input stands that is being tried, so that it is known if the process dies of it.
pub(crate) struct Current {
    path: PathBuf,
    file: File,
}

impl Current {
    /// Of this target. What ended the last process is gone from here on; [`killer`] reads it before.
    pub(crate) fn new(target: &str) -> Self {
        let path = current(target);
        let file = File::create(&path).unwrap();
        Self { path, file }
    }

    /// Its file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the next one over the last. A new file each time, or an empty one, would be waited for by some disks.
    pub(crate) fn set(&self, input: &[u8]) {
        if !input.is_empty() {
            self.file.write_all_at(input, 0).unwrap();
            self.file.set_len(u64::try_from(input.len()).unwrap()).unwrap();
        }
    }

    /// All are over, and none has ended the process.
    pub(crate) fn remove(self) {
        // Somebody else may run the same target and have been faster.
        let _ = fs::remove_file(self.path);
    }
}

fn current(target: &str) -> PathBuf {
    folder().join(format!("{target}.current"))
}

/// What ended the last process, if it was ended.
pub(crate) fn killer(target: &str) -> Option<Vec<u8>> {
    fs::read(current(target)).ok()
}

/// How to try an input again.
pub(crate) fn replay(target: &str, input: &Path) -> String {
    format!("to try it again: JBR_FUZZ_INPUT={} cargo test --test fuzz {target}::", input.display())
}

/// Keeps an input that failed, and says everything about it.
pub(crate) fn failed(target: &str, seed: u64, input: &[u8], what: &str) -> String {
    let name = input
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
    let path = folder().join(format!("{target}-{name:016x}"));
    fs::write(&path, input).unwrap();
    let what: String = what.chars().take(SAID_CHARS_MAX).collect();
    let shown = input[..input.len().min(SHOWN_BYTES_MAX)].escape_ascii();
    format!(
        "fuzz: {target} FAILED (seed {seed}): {what}\nthe input, {} bytes: {shown}\nit is {}\n{}\nonce mended, keep it in \
         tests/fuzz/corpus/{target}/",
        input.len(),
        path.display(),
        replay(target, &path)
    )
}
