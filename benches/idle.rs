//! How long the storage idles between two backups, and what that costs in calls: `cargo bench --bench idle`.
//!
//! The same backups of 20 to 120 s, in three plans side by side, each on servers of its own: real OpenSSH, the gate, and a simulated
//! JetBackup whose account is what counts. It takes about twelve minutes, most of which is waiting.
//!
//! It is no test: it prints figures, and fails only where they mean nothing.

#![expect(clippy::print_stdout, reason = "figures are what a benchmark is for")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on says so and ends; nothing depends on it")]

#[path = "idle/figures.rs"]
mod figures;
#[path = "idle/night.rs"]
mod night;
#[path = "../tests/support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use figures::Figures;
use night::{Night, Past};
use support::site::Site;
use support::until::until_within;

/// No run takes longer.
const RUN_MAX: Duration = Duration::from_secs(30 * 60);

/// What the benchmark compares.
const ROWS: [(&str, &str, Past); 3] = [
    ("adaptive, known jobs", "adaptive", Past::Known),
    ("adaptive, unknown jobs", "adaptive", Past::Unknown),
    ("fixed, every 30 s", "fixed", Past::Known),
];

fn main() {
    // What `cargo bench` adds; without it somebody runs all targets as tests.
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("nothing was measured: this takes minutes; run cargo bench --bench idle");
        return;
    }
    build_the_stand_in();
    println!("{}", Night::describe());
    let running = ROWS.map(|(name, pace, past)| (name, thread::spawn(move || run(pace, past))));
    println!("{}", Figures::heading());
    for (name, thread) in running {
        println!("{}", thread.join().unwrap().row(name));
    }
    println!("{}", figures::PREDECESSOR);
}

/// One whole `jbr apply`.
fn run(pace: &str, past: Past) -> Figures {
    let site = Site::start(&Night::fleet(past));
    site.write_plan(&Night::plan(pace));
    let mut apply = site.start_apply();
    until_within(RUN_MAX, "the run ends", || apply.has_ended());
    let ran = apply.ended();
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    Figures::of(&site.account())
}

/// `cargo bench` builds no examples, and the stand-in behind the gate is one: it is built as `jbr` was.
fn build_the_stand_in() {
    let jbr = PathBuf::from(env!("CARGO_BIN_EXE_jbr"));
    let profile = match jbr.parent().and_then(|folder| folder.file_name()).and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["build", "--quiet", "--locked", "--example", "jetbackup5api", "--profile", profile];
    let built = Command::new(cargo).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
    assert!(built.success(), "the stand-in could not be built");
}
