//! A whole site: a simulated fleet, each server of it behind a real OpenSSH server, a plan and a state in a folder of their own, and the real
//! `jbr` run against them in a sealed environment.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use jbr::simulator::{Account, Fleet, World};
use serde_json::Value;
use tempfile::TempDir;

use super::sshd::Sshd;

/// What every simulated server backs up to.
pub(crate) const NAS: &str = "nas";

/// A site, ended when it is dropped.
pub(crate) struct Site {
    folder: TempDir,
    /// The simulated fleet.
    pub(crate) world: World,
    /// The real SSH servers, in the fleet's order, with their names.
    pub(crate) servers: Vec<(String, Sshd)>,
}

/// A finished `jbr`.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Its exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it printed on stdout.
    pub(crate) stdout: String,
    /// What it printed on stderr.
    pub(crate) stderr: String,
}

impl Site {
    /// Starts an SSH server for each server of the fleet.
    pub(crate) fn start(fleet: &Fleet) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = World::at(folder.path().join("world.json"));
        world.save(fleet).unwrap();
        let start = |name: &str| {
            let sshd = Sshd::options()
                .env("PATH", &format!("{}:/usr/bin:/bin", stand_in_folder().display()))
                .env("JBR_SIM_WORLD", world.path().to_str().unwrap())
                .env("JBR_SIM_SERVER", name)
                .env("JBR_SIM_HANGUP", "sshd")
                .start();
            (name.to_owned(), sshd)
        };
        let servers = fleet.servers().iter().map(|server| start(&server.name)).collect();
        Self { folder, world, servers }
    }

    /// The SSH server of this name.
    pub(crate) fn sshd(&mut self, name: &str) -> &mut Sshd {
        let found = self.servers.iter_mut().find(|(known, _)| known == name);
        found.map(|(_, sshd)| sshd).unwrap()
    }

    /// A path in the site's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where the plan is.
    pub(crate) fn plan_path(&self) -> PathBuf {
        self.path("plan.yaml")
    }

    /// Where the state is.
    pub(crate) fn state_path(&self) -> PathBuf {
        self.path("state/state.json")
    }

    /// Writes a plan: the site's servers, each with `server_extra` (as `, destination: …`), then this text (`run:` and `jobs:`).
    pub(crate) fn write_plan_with(&self, server_extra: &str, rest: &str) {
        let mut plan = String::from("version: 1\nservers:\n");
        for (name, sshd) in &self.servers {
            writeln!(
                plan,
                "  {name}: {{ host: 127.0.0.1, port: {}, user: {}, key: {}, known_hosts: {}, connect_timeout: 5s, command_timeout: 10s{server_extra} }}",
                sshd.port(),
                sshd.user(),
                sshd.client_key().display(),
                self.path("known_hosts").display(),
            )
            .unwrap();
        }
        fs::write(self.plan_path(), plan + rest).unwrap();
    }

    /// Writes a plan whose servers guard every destination.
    pub(crate) fn write_plan(&self, rest: &str) {
        self.write_plan_with("", rest);
    }

    /// A `jbr` with these arguments, the site's plan and state, and nothing of the tester's environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jbr"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("PATH", "/usr/bin:/bin")
            .env("TZ", "UTC")
            .env("JBR_PLAN", self.plan_path())
            .env("JBR_STATE", self.state_path())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs `jbr` to its end.
    pub(crate) fn jbr(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
    }

    /// Starts `jbr` and lets it run. Both outputs go to files, so that nothing blocks it: `jbr.out` and `jbr.err`.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        let file = |name: &str| fs::File::create(self.path(name)).unwrap();
        self.command(arguments).stdout(file("jbr.out")).stderr(file("jbr.err")).spawn().unwrap()
    }

    /// What a spawned `jbr` has printed so far, stdout then stderr.
    pub(crate) fn printed(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.path(name)).unwrap_or_default();
        read("jbr.out") + &read("jbr.err")
    }

    /// The fleet as it is now.
    pub(crate) fn fleet(&self) -> Fleet {
        self.world.update(|fleet| fleet.advance(chrono::Utc::now())).unwrap();
        self.world.load().unwrap()
    }

    /// What really happened, as the simulator saw it.
    pub(crate) fn account(&self) -> Account {
        self.fleet().account().clone()
    }

    /// `jbr state show --json`.
    pub(crate) fn state(&self) -> Value {
        let shown = self.jbr(&["state", "show", "--json"]);
        assert_eq!(shown.code, Some(0), "{shown:?}");
        serde_json::from_str(&shown.stdout).unwrap()
    }

    /// The verdict that the state remembers of a job, `null` if none.
    pub(crate) fn verdict(&self, address: &str) -> Value {
        let state = self.state();
        let jobs = state["jobs"].as_array().unwrap();
        let job = jobs.iter().find(|job| job["job"] == address);
        job.map_or(Value::Null, |job| job["last_outcome"]["verdict"].clone())
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// Everything it printed.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// The folder with the stand-in `jetbackup5api`: cargo builds examples for `cargo test`, beside the binary.
fn stand_in_folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_BIN_EXE_jbr")).with_file_name("examples");
    assert!(folder.join("jetbackup5api").exists(), "the stand-in is not built; `cargo build --examples` does it");
    folder
}

/// The whole of the harness, named once: each test binary uses a part of it, and the rest of it is no dead code.
const _: () = {
    _ = (
        Site::start,
        Site::sshd,
        Site::path,
        Site::plan_path,
        Site::state_path,
        Site::write_plan_with,
        Site::write_plan,
    );
    _ = (Site::command, Site::jbr, Site::spawn, Site::printed, Site::fleet, Site::account, Site::state, Site::verdict);
    _ = (Ran::text, NAS);
};
