//! The stand-in for JetBackup's `jetbackup5api`: one call on one server of a simulated world, for tests over real SSH.
//!
//! `JBR_SIM_WORLD` is the world's file, `JBR_SIM_SERVER` the server that this process is on; the test's sshd sets both. With
//! `JBR_SIM_HANGUP=sshd` a lost connection is really cut: the sshd above this process is killed. Without it, or where there
//! is none, only this process dies, without a word.

use std::env::VarError;
use std::fs;
use std::io::{self, Write as _};
use std::process::ExitCode;

use chrono::Utc;
use jbr::clock::{Clock as _, Interrupt, SystemClock};
use jbr::simulator::{Answer, Connection, World};
use rustix::process::{Pid, Signal, getpid, getppid, kill_process};

/// What the stand-in exits with when it is itself misused; no test expects this of JetBackup.
const MISUSED: u8 = 99;
/// How far above this process an sshd is looked for.
const ANCESTORS_MAX: usize = 16;

fn main() -> ExitCode {
    match call() {
        Ok(answer) => deliver(&answer),
        Err(error) => {
            let _ = writeln!(io::stderr(), "stand-in jetbackup5api: {error}");
            ExitCode::from(MISUSED)
        }
    }
}

fn call() -> Result<Answer, Box<dyn std::error::Error>> {
    let variable = |name: &str| std::env::var(name).map_err(|e: VarError| format!("{name}: {e}"));
    let world = World::at(variable("JBR_SIM_WORLD")?);
    let server = variable("JBR_SIM_SERVER")?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // The time is read under the lock, so that calls are as old as their order says.
    let answer = world.update(|fleet| fleet.call(&server, &arguments, Utc::now()))?;
    // The wait is outside of the lock: other servers go on.
    SystemClock::starting(None).wait(answer.delay, &Interrupt::new()?);
    Ok(answer)
}

fn deliver(answer: &Answer) -> ExitCode {
    if answer.connection != Connection::Fine {
        hang_up();
    }
    // The caller may have gone: nobody is left to be told.
    let _ = io::stderr().write_all(answer.stderr.as_bytes());
    let _ = io::stdout().write_all(answer.stdout.as_bytes());
    ExitCode::from(u8::try_from(answer.exit).unwrap_or(MISUSED))
}

/// Cuts the connection, or at least dies as if it had been cut.
fn hang_up() {
    if std::env::var("JBR_SIM_HANGUP").is_ok_and(|what| what == "sshd")
        && let Some(sshd) = sshd_above()
    {
        let _ = kill_process(sshd, Signal::KILL);
    }
    let _ = kill_process(getpid(), Signal::KILL);
}

/// The nearest process above this one whose name starts with `sshd`: the one that serves this connection.
fn sshd_above() -> Option<Pid> {
    let mut pid = getppid();
    for _ in 0..ANCESTORS_MAX {
        let above = pid?;
        let status = fs::read_to_string(format!("/proc/{}/status", above.as_raw_nonzero())).ok()?;
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        if field("Name:").is_some_and(|name| name.starts_with("sshd")) {
            return Some(above);
        }
        pid = field("PPid:").and_then(|parent| parent.parse().ok()).and_then(Pid::from_raw);
    }
    None
}
