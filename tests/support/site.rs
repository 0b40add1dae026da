//! A whole site: a simulated fleet, each server of it behind the gate of a real OpenSSH server, a plan and a state in a
//! folder of their own, and the real `jbr` run against them in a sealed environment.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use jbr::simulator::{Account, Fleet, Group, World};
use serde_json::Value;
use tempfile::TempDir;

use super::gate;
use super::process::Process;
use super::ran::jbr;
use super::sshd::Sshd;
use super::until::until;

pub(crate) use super::ran::Ran;

/// What every simulated server backs up to.
pub(crate) const NAS: &str = "nas";

/// A site, ended when it is dropped.
pub(crate) struct Site {
    folder: TempDir,
    /// What is on the servers: the gate, and the stand-in with what it must know.
    on_servers: TempDir,
    processes: AtomicUsize,
    /// The simulated fleet.
    pub(crate) world: World,
    /// The real SSH servers, in the fleet's order, with their names.
    pub(crate) servers: Vec<(String, Sshd)>,
}

impl Site {
    /// Starts an SSH server for each server of the fleet, with the gate as the forced command of the key.
    pub(crate) fn start(fleet: &Fleet) -> Self {
        let (folder, on_servers) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let world = World::at(folder.path().join("world.json"));
        world.save(fleet).unwrap();
        let start = |name: &str| {
            let path = |what: &str| on_servers.path().join(format!("{what}-{name}"));
            let (gate, api) = (path("gate"), path("api"));
            gate::copy(&gate, &api, Path::new("/nowhere/logger"));
            let sshd = Sshd::options().force_command(gate.to_str().unwrap()).start();
            // The gate gives JetBackup an environment of its own: what the stand-in must know is in a script around it.
            let variables = [
                sshd.mark(),
                format!("JBR_SIM_WORLD={}", world.path().display()),
                format!("JBR_SIM_SERVER={name}"),
                "JBR_SIM_HANGUP=sshd".to_owned(),
            ];
            let program = stand_in_folder().join("jetbackup5api");
            gate::script(&api, &format!("export '{}'\nexec '{}' \"$@\"", variables.join("' '"), program.display()));
            (name.to_owned(), sshd)
        };
        let servers = fleet.servers().iter().map(|server| start(&server.name)).collect();
        Self { folder, on_servers, processes: AtomicUsize::new(0), world, servers }
    }

    /// The SSH server of this name.
    pub(crate) fn sshd(&mut self, name: &str) -> &mut Sshd {
        let found = self.servers.iter_mut().find(|(known, _)| known == name);
        found.map(|(_, sshd)| sshd).unwrap()
    }

    /// The gate of a server.
    pub(crate) fn gate(&self, name: &str) -> PathBuf {
        self.on_servers.path().join(format!("gate-{name}"))
    }

    /// The stand-in of a server, as its gate starts it.
    pub(crate) fn api(&self, name: &str) -> PathBuf {
        self.on_servers.path().join(format!("api-{name}"))
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
        let limits = "connect_timeout: 5s, command_timeout: 10s";
        let mut plan = format!("version: 1\ndefaults: {{ server: {{ {limits} }} }}\nservers:\n");
        for (name, sshd) in &self.servers {
            writeln!(
                plan,
                "  {name}: {{ host: 127.0.0.1, port: {}, user: {}, key: {}, known_hosts: {}{server_extra} }}",
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
        let mut command = jbr(arguments);
        command
            .env("HOME", self.folder.path())
            .env("JBR_PLAN", self.plan_path())
            .env("JBR_STATE", self.state_path())
            .current_dir(self.folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs `jbr` to its end.
    pub(crate) fn jbr(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// Starts `jbr` and lets it run. Both outputs go to files, so that nothing blocks it: `jbr.out` and `jbr.err`.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        let file = |name: &str| fs::File::create(self.path(name)).unwrap();
        self.command(arguments).stdout(file("jbr.out")).stderr(file("jbr.err")).spawn().unwrap()
    }

    /// Starts `jbr` and lets it run beside the test.
    pub(crate) fn start_jbr(&self, arguments: &[&str]) -> Process {
        let number = self.processes.fetch_add(1, Ordering::Relaxed);
        let path = |what: &str| self.path(&format!("jbr-{number}.{what}"));
        let (stdout, stderr) = (path("out"), path("err"));
        let file = |path: &PathBuf| fs::File::create(path).unwrap();
        let child = self.command(arguments).stdout(file(&stdout)).stderr(file(&stderr)).spawn().unwrap();
        Process::new(child, stdout, stderr)
    }

    /// `jbr apply --auto-approve --json`, beside the test.
    pub(crate) fn start_apply(&self) -> Process {
        self.start_jbr(&["apply", "--auto-approve", "--json"])
    }

    /// `jbr apply --auto-approve --json`, to its end.
    pub(crate) fn apply(&self) -> Ran {
        self.start_apply().ended()
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

    /// Whether a backup of this job is at work now.
    pub(crate) fn runs(&self, server: &str, job: &str) -> bool {
        self.fleet().server_of(server).unwrap().groups_of(job).any(Group::is_running)
    }

    /// Waits until a backup of this job is at work.
    pub(crate) fn until_runs(&self, server: &str, job: &str) {
        until("the backup runs", || self.runs(server, job));
    }

    /// `jbr state show --json`.
    pub(crate) fn state(&self) -> Value {
        let shown = self.jbr(&["state", "show", "--json"]);
        assert_eq!(shown.code, Some(0), "{shown:?}");
        serde_json::from_str(&shown.stdout).unwrap()
    }

    /// The runs that are over, newest first, from `jbr state history --json`.
    pub(crate) fn history(&self) -> Vec<Value> {
        let shown = self.jbr(&["state", "history", "--json"]);
        assert_eq!(shown.code, Some(0), "{shown:?}");
        let history: Value = serde_json::from_str(&shown.stdout).unwrap();
        history["runs"].as_array().unwrap().clone()
    }

    /// The verdict that the state remembers of a job, `null` if none.
    pub(crate) fn verdict(&self, address: &str) -> Value {
        let state = self.state();
        let jobs = state["jobs"].as_array().unwrap();
        let job = jobs.iter().find(|job| job["job"] == address);
        job.map_or(Value::Null, |job| job["last_outcome"]["verdict"].clone())
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
        Site::gate,
        Site::api,
        Site::path,
        Site::plan_path,
        Site::state_path,
        Site::write_plan_with,
        Site::write_plan,
    );
    _ = (Site::command, Site::jbr, Site::spawn, Site::printed, Site::fleet, Site::account, Site::state, Site::verdict);
    _ = (Site::start_jbr, Site::start_apply, Site::apply, Site::history, Site::runs, Site::until_runs, NAS);
};
