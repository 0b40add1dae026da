//! What is kept of a run: the input being tried, those that failed, and one line for each target.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// So much of an input is printed.
const SHOWN_BYTES_MAX: usize = 400;

/// Says a line past the test program's capture: the figures are wanted of a run that passes, too.
pub(crate) fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").unwrap();
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Where the input stands that is being tried.
pub(crate) fn current(target: &str) -> PathBuf {
    folder().join(format!("{target}.current"))
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
    let shown = input[..input.len().min(SHOWN_BYTES_MAX)].escape_ascii();
    format!(
        "fuzz: {target} FAILED (seed {seed}): {what}\nthe input, {} bytes: {shown}\nit is {}\n{}\nonce mended, keep it in \
         tests/fuzz/corpus/{target}/",
        input.len(),
        path.display(),
        replay(target, &path)
    )
}
