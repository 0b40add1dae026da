//! What is searched: a plan of one or two servers, and a world with some spite. All of it at once would be too many states to visit.

use jbr::clock::Timestamp;
use jbr::plan::{self, Source};

use super::answers::NAS;
use super::mutants::Mutant;
use super::process::Process;
use super::search::{Found, search};
use super::world::{Door, Execution, Foreign, Hours, Spite, Stage, Starter, World};

/// One search.
#[derive(Clone, Copy)]
pub(crate) struct Scenario {
    /// What it is about.
    pub(crate) name: &'static str,
    /// How many servers there are, with a job each.
    servers: usize,
    /// What the plan does about a backup that takes too long.
    on_timeout: &'static str,
    /// What else the plan says of the first job, and of the second.
    keys: [&'static str; 2],
    /// The servers' destination, where it is kept closed.
    door: Option<Door>,
    /// What goes wrong.
    spite: Spite,
    /// Whether the run waits for its windows (`--wait`).
    stays: bool,
    /// How many states there are; 0 where nobody has counted.
    pub(crate) states: usize,
}

const CLOSED: Option<Door> = Some(Door { open: false, stuck: false });
const STUCK: Option<Door> = Some(Door { open: false, stuck: true });
const QUIET: Spite = Spite {
    outages: 0,
    foreign: 0,
    scheduled: 0,
    losses: 0,
    vanishings: 0,
    clock: 0,
    signals: 0,
    fresh: 0,
    closings: 0,
    shortenings: 0,
};

/// What is searched in every run.
pub(crate) const SCENARIOS: &[Scenario] = &[
    scenario("a door, a lost command", 1, "hold", CLOSED, Spite { losses: 1, ..QUIET }, 7_184),
    scenario("a door, a silent server", 1, "hold", CLOSED, Spite { outages: 1, ..QUIET }, 18_570),
    scenario("a door, somebody starts the job", 1, "hold", CLOSED, Spite { scheduled: 1, ..QUIET }, 42_236),
    scenario("a door that is stuck", 1, "hold", STUCK, Spite { losses: 1, outages: 1, ..QUIET }, 1_260),
    scenario("two doors", 2, "hold", CLOSED, QUIET, 17_690),
    scenario("one server: outages and losses", 1, "hold", None, Spite { outages: 1, losses: 2, ..QUIET }, 12_504),
    scenario("a foreign backup", 1, "hold", None, Spite { foreign: 1, outages: 1, losses: 1, ..QUIET }, 46_500),
    scenario("somebody starts the job", 1, "hold", None, Spite { scheduled: 1, losses: 1, ..QUIET }, 18_528),
    scenario("groups that vanish", 1, "hold", None, Spite { vanishings: 1, outages: 1, losses: 1, ..QUIET }, 19_928),
    scenario("starting over", 1, "hold", None, Spite { fresh: 1, losses: 1, vanishings: 1, ..QUIET }, 34_008),
    scenario(
        "starting over while a server is silent",
        1,
        "hold",
        None,
        Spite { fresh: 1, outages: 1, vanishings: 1, ..QUIET },
        96_696,
    ),
    scenario("two servers, one silent", 2, "hold", None, Spite { outages: 1, ..QUIET }, 46_878),
    scenario("two servers, a foreign backup", 2, "hold", None, Spite { foreign: 1, ..QUIET }, 36_856),
    scenario("two servers, a lost trigger", 2, "hold", None, Spite { losses: 1, ..QUIET }, 10_270),
    scenario("stop", 1, "stop", None, Spite { outages: 1, clock: 1, signals: 1, ..QUIET }, 66_012),
    scenario("two servers, stop", 2, "stop", None, QUIET, 11_306),
    declared([RETRY, ""], scenario("a second try", 1, "hold", None, Spite { losses: 1, outages: 1, ..QUIET }, 28_924)),
    declared(
        ["", ", after: [a/job]"],
        scenario("starting over, one after the other", 2, "hold", None, Spite { fresh: 1, ..QUIET }, 33_072),
    ),
    declared(
        [RETRY, ", after: [a/job]"],
        scenario("one after the other, with a second try", 2, "hold", None, QUIET, 5_552),
    ),
    declared(
        ["", ", after: [{ job: a/job, when: finished }]"],
        scenario("one after the other, however it ended", 2, "hold", None, Spite { outages: 1, ..QUIET }, 46_342),
    ),
    scenario("release", 2, "release", None, QUIET, 20_250),
    declared([WINDOW, ""], scenario("a window", 1, "hold", None, Spite { closings: 2, losses: 1, ..QUIET }, 8_364)),
    declared(
        [WINDOW, ""],
        scenario("a window, a silent server", 1, "hold", None, Spite { closings: 1, outages: 1, ..QUIET }, 13_698),
    ),
    declared([WINDOW, ""], scenario("a window and a door", 1, "hold", CLOSED, Spite { closings: 1, ..QUIET }, 8_892)),
    declared(
        [FITTING, ""],
        scenario(
            "a backup that is to fit",
            1,
            "hold",
            None,
            Spite { closings: 1, shortenings: 1, losses: 1, ..QUIET },
            15_072,
        ),
    ),
    declared(
        [RETRY_IN_WINDOW, ""],
        scenario("a second try, in a window", 1, "hold", None, Spite { closings: 2, losses: 1, ..QUIET }, 25_804),
    ),
    declared(
        ["", ", after: [a/job], window: some"],
        scenario("one after the other, in a window", 2, "hold", None, Spite { closings: 1, ..QUIET }, 7_170),
    ),
    staying(declared(
        [RETRY_IN_WINDOW, ", after: [{ job: a/job, when: finished }]"],
        scenario(
            "one after the other, in a window that is waited for",
            2,
            "hold",
            None,
            Spite { closings: 1, ..QUIET },
            30_990,
        ),
    )),
];

/// What is searched where there is time.
pub(crate) const LARGER_SCENARIOS: &[Scenario] = &[
    scenario("a door, a silent server, a lost command", 1, "hold", CLOSED, Spite { losses: 1, outages: 1, ..QUIET }, 0),
    scenario("two doors, a lost command", 2, "hold", CLOSED, Spite { losses: 1, ..QUIET }, 0),
    scenario(
        "two servers, one silent, a foreign backup",
        2,
        "hold",
        None,
        Spite { foreign: 1, outages: 1, ..QUIET },
        0,
    ),
    scenario(
        "starting over, with everything",
        1,
        "hold",
        None,
        Spite { fresh: 1, outages: 1, vanishings: 1, losses: 1, signals: 1, clock: 1, ..QUIET },
        0,
    ),
    scenario("release and a silent server", 2, "release", None, Spite { outages: 1, ..QUIET }, 0),
    scenario("stop, two servers", 2, "stop", None, Spite { outages: 1, signals: 1, ..QUIET }, 0),
    declared(
        [WINDOW, WINDOW],
        scenario("two servers, a window, one silent", 2, "hold", None, Spite { closings: 1, outages: 1, ..QUIET }, 0),
    ),
    declared(
        [RETRY_IN_WINDOW, ", after: [a/job], window: some, fits: true"],
        scenario(
            "starting over, in a window",
            2,
            "hold",
            None,
            Spite { closings: 1, shortenings: 1, fresh: 1, ..QUIET },
            0,
        ),
    ),
];

const fn scenario(
    name: &'static str,
    servers: usize,
    on_timeout: &'static str,
    door: Option<Door>,
    spite: Spite,
    states: usize,
) -> Scenario {
    Scenario { name, servers, on_timeout, keys: ["", ""], door, spite, stays: false, states }
}

/// A scenario with more keys for its jobs.
const fn declared(keys: [&'static str; 2], scenario: Scenario) -> Scenario {
    Scenario { keys, ..scenario }
}

/// A scenario whose run waits for its windows.
const fn staying(scenario: Scenario) -> Scenario {
    Scenario { stays: true, ..scenario }
}

/// A window, of which the plan says only that there is one: when it is open, the world decides.
const WINDOW: &str = ", window: some";
/// The same, for a backup that is to fit into what is left of it.
const FITTING: &str = ", window: some, fits: true";
/// A second try, after a wait, in the window.
const RETRY_IN_WINDOW: &str = ", window: some, retry: { attempts: 2, wait: 130s }";
/// A second try, after a wait.
const RETRY: &str = ", retry: { attempts: 2, wait: 130s }";

impl Scenario {
    /// Visits every state of it.
    pub(crate) fn search(&self, mutant: Mutant) -> Found {
        let base: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
        let text = self.plan();
        let desired = plan::load(&[Source { path: "plan.yaml".into(), text }]).unwrap();
        let world = World::new(&desired, self.door, self.spite);
        let process = Process { desired, base, stays: self.stays };
        let queue = process.queue(&world);
        search(&queue, &process, roots(world), mutant)
    }

    fn plan(&self) -> String {
        let names = &["a", "b"][..self.servers];
        let destination =
            if self.door.is_some() { format!(", destination: {{ id: {NAS}, keep: closed }}") } else { String::new() };
        let server = |name| {
            format!(
                "  {name}: {{ host: {name}.example.com, connect_timeout: 5s, command_timeout: 120s{destination} }}\n"
            )
        };
        let job = |(name, keys): (&&str, &str)| {
            let (id, on_timeout) = (name.repeat(24), self.on_timeout);
            format!(
                "  - {{ name: job, server: {name}, id: {id}, timeout: 130s, start_timeout: 130s, on_timeout: {on_timeout}{keys} }}\n"
            )
        };
        let servers: String = names.iter().map(server).collect();
        let jobs: String = names.iter().zip(self.keys).map(job).collect();
        let uses = self.keys.iter().any(|keys| keys.contains("window"));
        let windows = if uses { "windows: { some: { timezone: UTC } }\n" } else { "" };
        format!("version: 1\nrun: {{ poll: 130s, unreachable_wait: 130s }}\n{windows}servers:\n{servers}jobs:\n{jobs}")
    }
}

/// The worlds in which a first process may begin: clean, and dirty in each way that there is spite for.
fn roots(clean: World) -> Vec<World> {
    let first = clean.servers.keys().next().unwrap().clone();
    let running =
        Execution { by: Starter::Somebody { seen: false }, stage: Stage::Writing, listed: true, closed: false };
    let foreign = clean.spend(|spite| &mut spite.foreign);
    let scheduled = clean.spend(|spite| &mut spite.scheduled);
    let outage = clean.spend(|spite| &mut spite.outages);
    let closed = clean.spend(|spite| &mut spite.closings);
    let dirty = [
        foreign.map(|world| world.with(&first, |server| server.foreign = Foreign::New)),
        scheduled.map(|world| world.with(&first, |server| server.executions.push(running))),
        outage.map(|world| world.with(&first, |server| server.up = false)),
        closed.map(|world| World { hours: Hours::Closed, ..world }),
        Some(clean.with(&first, |server| server.old = Some(true))),
        Some(clean),
    ];
    dirty.into_iter().flatten().collect()
}
