//! What is searched: a plan of one or two servers, and a world with some spite. All of it at once would be too many states to visit.

use jbr::clock::Timestamp;
use jbr::plan::{self, Source};

use super::answers::NAS;
use super::mutants::Mutant;
use super::process::Process;
use super::search::{Found, search};
use super::world::{Door, Execution, Foreign, Spite, Stage, Starter, World};

/// One search.
pub(crate) struct Scenario {
    /// What it is about.
    pub(crate) name: &'static str,
    /// How many servers there are, with a job each.
    servers: usize,
    /// What the plan does about a backup that takes too long.
    on_timeout: &'static str,
    /// The first server's destination, where it is kept closed.
    door: Option<Door>,
    /// What goes wrong.
    spite: Spite,
    /// How many states there are.
    pub(crate) states: usize,
}

const CLOSED: Option<Door> = Some(Door { open: false, stuck: false });
const STUCK: Option<Door> = Some(Door { open: false, stuck: true });
const QUIET: Spite =
    Spite { outages: 0, foreign: 0, scheduled: 0, losses: 0, vanishings: 0, clock: 0, signals: 0, fresh: 0 };

/// All the searches.
pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "a door, a lost command",
        servers: 1,
        on_timeout: "hold",
        door: CLOSED,
        spite: Spite { losses: 1, ..QUIET },
        states: 0,
    },
    Scenario {
        name: "a door, a silent server",
        servers: 1,
        on_timeout: "hold",
        door: CLOSED,
        spite: Spite { outages: 1, ..QUIET },
        states: 0,
    },
    Scenario {
        name: "a door, somebody starts the job",
        servers: 1,
        on_timeout: "hold",
        door: CLOSED,
        spite: Spite { scheduled: 1, ..QUIET },
        states: 0,
    },
    Scenario {
        name: "a door that is stuck",
        servers: 1,
        on_timeout: "hold",
        door: STUCK,
        spite: Spite { losses: 1, ..QUIET },
        states: 0,
    },
    Scenario {
        name: "one server: outages and losses",
        servers: 1,
        on_timeout: "hold",
        door: None,
        spite: Spite { outages: 1, losses: 2, ..QUIET },
        states: 0,
    },
    Scenario {
        name: "a foreign backup",
        servers: 1,
        on_timeout: "hold",
        door: None,
        spite: Spite { foreign: 1, outages: 1, losses: 1, ..QUIET },
        states: 0,
    },
    Scenario {
        name: "somebody starts the job",
        servers: 1,
        on_timeout: "hold",
        door: None,
        spite: Spite { scheduled: 1, losses: 1, ..QUIET },
        states: 0,
    },
    Scenario {
        name: "one server: groups that vanish",
        servers: 1,
        on_timeout: "hold",
        door: None,
        spite: Spite { vanishings: 1, outages: 1, losses: 1, ..QUIET },
        states: 0,
    },
    Scenario {
        name: "starting over",
        servers: 1,
        on_timeout: "hold",
        door: None,
        spite: Spite { fresh: 1, losses: 1, vanishings: 1, ..QUIET },
        states: 0,
    },
    Scenario {
        name: "starting over while a server is silent",
        servers: 1,
        on_timeout: "hold",
        door: None,
        spite: Spite { fresh: 1, outages: 1, vanishings: 1, ..QUIET },
        states: 0,
    },
    Scenario {
        name: "two servers, one silent",
        servers: 2,
        on_timeout: "hold",
        door: None,
        spite: Spite { outages: 1, ..QUIET },
        states: 0,
    },
    Scenario {
        name: "two servers, a foreign backup",
        servers: 2,
        on_timeout: "hold",
        door: None,
        spite: Spite { foreign: 1, ..QUIET },
        states: 0,
    },
    Scenario {
        name: "two servers, a lost trigger",
        servers: 2,
        on_timeout: "hold",
        door: None,
        spite: Spite { losses: 1, ..QUIET },
        states: 0,
    },
    Scenario {
        name: "stop",
        servers: 1,
        on_timeout: "stop",
        door: None,
        spite: Spite { outages: 1, clock: 1, signals: 1, ..QUIET },
        states: 0,
    },
    Scenario {
        name: "release",
        servers: 2,
        on_timeout: "release",
        door: None,
        spite: Spite { outages: 1, ..QUIET },
        states: 0,
    },
];

impl Scenario {
    /// Visits every state of it.
    pub(crate) fn search(&self, mutant: Mutant) -> Found {
        let base: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
        let text = self.plan();
        let desired = plan::load(&[Source { path: "plan.yaml".into(), text }]).unwrap();
        let world = World::new(&desired, self.door, self.spite);
        let process = Process { desired, base };
        let queue = process.queue(&world);
        search(&queue, &process, self.roots(world), mutant)
    }

    fn plan(&self) -> String {
        let names = &["a", "b"][..self.servers];
        let destination =
            if self.door.is_some() { format!(", destination: {{ id: {NAS}, keep: closed }}") } else { String::new() };
        let mut text = "version: 1\nrun: { poll: 130s, unreachable_wait: 130s }\nservers:\n".to_owned();
        for name in names {
            text += &format!(
                "  {name}: {{ host: {name}.example.com, connect_timeout: 5s, command_timeout: 120s{destination} }}\n"
            );
        }
        text += "jobs:\n";
        for name in names {
            let id = name.repeat(24);
            text += &format!(
                "  - {{ name: job, server: {name}, id: {id}, timeout: 130s, start_timeout: 130s, on_timeout: {} }}\n",
                self.on_timeout
            );
        }
        text
    }

    /// The worlds in which a first process may begin: clean, and dirty in each way that there is spite for.
    fn roots(&self, clean: World) -> Vec<World> {
        let first = clean.servers.keys().next().unwrap().clone();
        let running =
            Execution { by: Starter::Somebody { seen: false }, stage: Stage::Writing, listed: true, closed: false };
        let foreign = clean.spend(|spite| &mut spite.foreign);
        let scheduled = clean.spend(|spite| &mut spite.scheduled);
        let outage = clean.spend(|spite| &mut spite.outages);
        let dirty = [
            foreign.map(|world| world.with(&first, |server| server.foreign = Foreign::New)),
            scheduled.map(|world| world.with(&first, |server| server.executions.push(running))),
            outage.map(|world| world.with(&first, |server| server.up = false)),
            Some(clean.with(&first, |server| server.old = Some(true))),
            Some(clean),
        ];
        dirty.into_iter().flatten().collect()
    }
}
