//! The stand-in executable: the same behaviour, as processes over one world file.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use chrono::Utc;
use jbr::simulator::{Fault, Fleet, Rule, Server, World};
use tempfile::TempDir;

use crate::lab::{JOB, STORAGE, usual};

/// Where `cargo test` put the example: beside the folder of this test.
fn stand_in() -> &'static PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let profile = test.ancestors().nth(2).unwrap();
        let path = profile.join("examples/jetbackup5api");
        assert!(path.exists(), "{}: build it with `cargo build --example jetbackup5api`", path.display());
        path
    })
}

struct Stage {
    folder: TempDir,
    world: World,
}

impl Stage {
    fn new(declare: impl Fn(Server) -> Server) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = World::at(folder.path().join("world.json"));
        let fleet = Fleet::new(Utc::now()).server("server1", &declare).server("server2", &declare);
        world.save(&fleet).unwrap();
        Self { folder, world }
    }

    fn command(&self, server: &str, arguments: &str) -> Command {
        let mut command = Command::new(stand_in());
        command.env_clear().env("JBR_SIM_WORLD", self.world.path()).env("JBR_SIM_SERVER", server);
        command.args(arguments.split(' '));
        command
    }

    fn run(&self, server: &str, arguments: &str) -> Output {
        self.command(server, arguments).output().unwrap()
    }
}

#[test]
fn a_call_is_answered_on_stdout_and_kept_in_the_world() {
    let stage = Stage::new(usual);
    let output = stage.run("server2", &format!("-F runBackupJobManually -D _id={JOB} -O json"));
    assert_eq!(output.status.code(), Some(0));
    let envelope: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&envelope["success"], &envelope["data"]["_id"]), (&1.into(), &JOB.into()));
    let mut fleet = stage.world.load().unwrap();
    fleet.advance(Utc::now() + Duration::from_secs(3600));
    assert_eq!(fleet.account().triggers_by_api("server2", JOB), 1);
    assert_eq!((fleet.account().triggers_by_api("server1", JOB), fleet.account().max_writers(STORAGE)), (0, 1));
    let left: Vec<_> = std::fs::read_dir(stage.folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "the world and its lock, no temporary files: {left:?}");
}

#[test]
fn concurrent_calls_on_one_world_lose_nothing() {
    const CALLS: usize = 24;
    let stage = Stage::new(usual);
    let start = |n: usize| {
        let server = if n.is_multiple_of(2) { "server1" } else { "server2" };
        let mut command = stage.command(server, &format!("-F getBackupJob -D _id={JOB}&n={n} -O json"));
        command.stdout(Stdio::null()).spawn().unwrap()
    };
    let mut children: Vec<_> = (0..CALLS).map(start).collect();
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    let fleet = stage.world.load().unwrap();
    let mut seen: Vec<usize> =
        fleet.account().calls.iter().map(|call| call.parameters.text("n").parse().unwrap()).collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..CALLS).collect::<Vec<_>>());
    assert!(fleet.account().calls.is_sorted_by_key(|call| call.at));
}

#[test]
fn a_lost_answer_ends_the_process_without_a_word() {
    let stage = Stage::new(|server| usual(server).rule(Rule::any(Fault::LostAnswer)));
    let output = stage.run("server1", &format!("-F runBackupJobManually -D _id={JOB} -O json"));
    assert_eq!((output.status.code(), output.stdout.len(), output.stderr.len()), (None, 0, 0));
    assert_eq!(stage.world.load().unwrap().account().triggers_by_api("server1", JOB), 1);
}

#[test]
fn a_slow_answer_does_not_hold_the_world() {
    let slow = Rule::of("getLog", Fault::Slow).delay(Duration::from_secs(3600));
    let stage = Stage::new(move |server| usual(server).rule(slow.clone()));
    let mut waiting = stage.command("server1", "-F getLog -O json").spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while stage.world.load().unwrap().account().calls_of("server1", "getLog") == 0 {
        assert!(Instant::now() < deadline, "the slow call never arrived");
        std::thread::yield_now();
    }
    assert_eq!(stage.run("server2", "-F getStatistics -O json").status.code(), Some(0));
    assert!(waiting.try_wait().unwrap().is_none(), "it still waits");
    waiting.kill().unwrap();
    waiting.wait().unwrap();
}

#[test]
fn the_shells_answer_and_misuse_have_their_own_exit_statuses() {
    let stage = Stage::new(|server| usual(server).rule(Rule::any(Fault::NotFound)));
    let missing = stage.run("server1", "-F getStatistics");
    assert_eq!(missing.status.code(), Some(127));
    assert!(String::from_utf8(missing.stderr).unwrap().contains("command not found"));
    let plain = stage.run("server1", "-F getStatistics");
    assert!(String::from_utf8(plain.stdout).unwrap().contains("success: 1\n"));
    for (variable, value) in [("JBR_SIM_WORLD", "/nonexistent/world.json"), ("JBR_SIM_SERVER", "\u{0}")] {
        let mut command = stage.command("server1", "-F getStatistics");
        if value == "\u{0}" {
            command.env_remove(variable)
        } else {
            command.env(variable, value)
        };
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(99));
        assert!(String::from_utf8(output.stderr).unwrap().starts_with("stand-in jetbackup5api: "));
    }
}
