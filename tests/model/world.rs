//! A world small enough to visit every state of: servers with a job each, what somebody else does on them, doors that are kept closed,
//! and commands that are lost or carried out late.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use jbr::clock::{Timestamp, earlier, later};
use jbr::desired::{Desired, Job};
use jbr::execute::Action;
use jbr::names::{JobId, ServerName};
use jbr::queue::Queue;
use jbr::window::Opening;

use super::TICK;

/// How far away everything is that is not near: no wait of the machine is as long.
const FAR: Duration = Duration::from_secs(24 * 3600);
/// How long a backup is expected to take, for those that are to fit: longer than what is left of a window that closes soon.
pub(crate) const EXPECTED: Duration = Duration::from_secs(3600);

/// One server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Server {
    /// The id of the plan's job.
    pub(crate) job: JobId,
    /// Whether it can be asked.
    pub(crate) up: bool,
    /// Whether it answered when everybody was asked last.
    pub(crate) answered: bool,
    /// A finished execution of the plan's job from before the run, and whether it was good.
    pub(crate) old: Option<bool>,
    /// The executions of the plan's job since then, oldest first.
    pub(crate) executions: Vec<Execution>,
    /// The backup of a job that is in no plan.
    pub(crate) foreign: Foreign,
    /// The destination; `None` where it is not kept closed.
    pub(crate) door: Option<Door>,
    /// A trigger that was lost on its way and will be carried out, if it is not dropped.
    pub(crate) late: Option<Late>,
}

/// One execution of the plan's job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Execution {
    /// Who started it.
    pub(crate) by: Starter,
    /// How far it is.
    pub(crate) stage: Stage,
    /// Whether its group is listed; one that vanished has only its log.
    pub(crate) listed: bool,
    /// It was over when the run was started over: it says nothing of the new one.
    pub(crate) closed: bool,
}

/// Who started an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Starter {
    /// This many runs were started over before the one that triggered it.
    Run(u8),
    /// The server's own scheduler, or a person.
    Somebody {
        /// It was there when its server answered last.
        seen: bool,
    },
}

/// How far an execution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    /// Triggered, and not listed yet.
    Hidden,
    /// Listed, and not writing yet.
    Pending,
    /// Writing.
    Writing,
    /// Over, and how.
    Over {
        /// What JetBackup recorded.
        good: bool,
    },
}

impl Execution {
    /// Whether it writes or may yet.
    pub(crate) fn is_unfinished(self) -> bool {
        !matches!(self.stage, Stage::Over { .. })
    }
}

/// The backup that somebody else starts of a job that is in no plan, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Foreign {
    /// It runs, and began after everybody was asked last.
    New,
    /// It runs, and was there when its server answered last.
    Seen,
    /// There is none.
    None,
}

/// Something that is kept closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Door {
    /// Backups get through.
    pub(crate) open: bool,
    /// It stays as it is, whatever it is told.
    pub(crate) stuck: bool,
}

/// A lost trigger. It is carried out within the longest call, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Late {
    /// How many runs were started over before the one that sent it.
    pub(crate) run: u8,
    /// It was sent before the last wait.
    pub(crate) last_chance: bool,
}

/// The window of the jobs that have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Hours {
    /// Open, and for long.
    Open,
    /// Open, and not for as long as a backup is expected to take.
    Short,
    /// Closed; it opens again when it likes.
    Closed,
}

/// How often each kind of trouble may still come. Each multiplies the states, so not every scenario has all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Spite {
    /// A server goes out of reach; it may come back.
    pub(crate) outages: u8,
    /// Somebody starts a backup that is in no plan.
    pub(crate) foreign: u8,
    /// Somebody starts the plan's own job.
    pub(crate) scheduled: u8,
    /// The answer to a trigger, or to opening and closing, is lost; the command is carried out, or not, or late.
    pub(crate) losses: u8,
    /// A running backup's group vanishes from its list.
    pub(crate) vanishings: u8,
    /// The wall clock is put back.
    pub(crate) clock: u8,
    /// A signal asks the run to stop.
    pub(crate) signals: u8,
    /// The run is started over (`--fresh`).
    pub(crate) fresh: u8,
    /// The window closes.
    pub(crate) closings: u8,
    /// What is left of the window becomes too short for a backup.
    pub(crate) shortenings: u8,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct World {
    /// By name.
    pub(crate) servers: BTreeMap<ServerName, Server>,
    /// What may still go wrong.
    pub(crate) spite: Spite,
    /// How many times the run was started over.
    pub(crate) run: u8,
    /// Whether the window is open.
    pub(crate) hours: Hours,
}

impl World {
    /// A world before the first process: these servers, each with its door where there is one.
    pub(crate) fn new(desired: &Desired, door: Option<Door>, spite: Spite) -> Self {
        let server = |job: &Job| Server {
            job: job.id.clone(),
            up: true,
            answered: true,
            old: None,
            executions: vec![],
            foreign: Foreign::None,
            door,
            late: None,
        };
        let servers = desired.jobs.iter().map(|job| (job.address.server.clone(), server(job))).collect();
        Self { servers, spite, run: 0, hours: Hours::Open }
    }

    /// The same world with one server changed.
    pub(crate) fn with(&self, name: &ServerName, change: impl FnOnce(&mut Server)) -> Self {
        let mut world = self.clone();
        if let Some(server) = world.servers.get_mut(name) {
            change(server);
        }
        world
    }

    /// The same world with some spite spent; `None` where none is left.
    pub(crate) fn spend(&self, of: impl FnOnce(&mut Spite) -> &mut u8) -> Option<Self> {
        let mut world = self.clone();
        let left = of(&mut world.spite);
        *left = left.checked_sub(1)?;
        Some(world)
    }

    /// Everybody is asked, and what answers shows what runs there.
    pub(crate) fn asked(&self) -> Self {
        let mut world = self.clone();
        for server in world.servers.values_mut() {
            server.answered = server.up;
            if !server.up {
                continue;
            }
            if server.foreign == Foreign::New {
                server.foreign = Foreign::Seen;
            }
            for execution in &mut server.executions {
                if let Starter::Somebody { seen } = &mut execution.by {
                    *seen = true;
                }
            }
        }
        world
    }

    /// The same world, with nobody who did not answer.
    pub(crate) fn settled(&self) -> Self {
        let mut world = self.clone();
        world.servers.values_mut().for_each(|server| server.answered = true);
        world
    }

    /// The run is started over; `None` where there is no spite left for it.
    pub(crate) fn started_over(&self) -> Option<Self> {
        let mut world = self.spend(|spite| &mut spite.fresh)?;
        world.run += 1;
        for execution in world.servers.values_mut().flat_map(|server| &mut server.executions) {
            execution.closed |= !execution.is_unfinished();
        }
        Some(world)
    }

    /// A tick: what is hidden shows, and a lost command is carried out by now or never.
    pub(crate) fn tick(&self) -> Self {
        let mut world = self.clone();
        for server in world.servers.values_mut() {
            for execution in &mut server.executions {
                if execution.stage == Stage::Hidden {
                    execution.stage = Stage::Pending;
                }
            }
            let waits = server.late.filter(|late| !late.last_chance);
            server.late = waits.map(|late| Late { last_chance: true, ..late });
        }
        world
    }

    /// Everything that can happen by itself before an action, one thing each, in words. What happens during a look could as well have happened
    /// in the wait before it.
    pub(crate) fn events(&self, action: &Action) -> Vec<(String, Self)> {
        if matches!(
            action,
            Action::LookAtGate { .. } | Action::LookAtJob { .. } | Action::LookAtGroup { .. } | Action::ReadLog { .. }
        ) {
            return vec![];
        }
        let mut events: Vec<(String, Self)> =
            self.servers.iter().flat_map(|(name, server)| self.events_on(name, server)).collect();
        // From the decision to the command no time passes: what happens then happens while the command is on its way.
        if !matches!(action, Action::Trigger { .. }) {
            events.extend(self.somebody_starts());
            events.extend(self.the_window_moves());
        }
        events
    }

    /// It closes at once or after a time that is too short for a backup, as often as there is spite for it; and can always open again.
    pub(crate) fn the_window_moves(&self) -> Vec<(String, Self)> {
        let to = |hours| Self { hours, ..self.clone() };
        let after_a_close = self.spend(|spite| &mut spite.closings).map(|world| Self { hours: Hours::Closed, ..world });
        let closes = |world| ("the window closes".to_owned(), world);
        match self.hours {
            Hours::Closed => vec![("the window opens".to_owned(), to(Hours::Open))],
            Hours::Short => vec![closes(to(Hours::Closed))],
            Hours::Open => {
                let short =
                    self.spend(|spite| &mut spite.shortenings).map(|world| Self { hours: Hours::Short, ..world });
                let short = short.map(|world| ("the window will close soon".to_owned(), world));
                after_a_close.map(closes).into_iter().chain(short).collect()
            }
        }
    }

    /// Whether anything in it, or to come, is a reason to give up a job that nothing comes before.
    pub(crate) fn may_hinder(&self) -> bool {
        self.spite.outages > 0 || self.servers.values().any(|server| server.door.is_some() || !server.up)
    }

    /// A queue as it is at this hour: what its windows come to, seen from `base`.
    pub(crate) fn at_this_hour<'q>(&self, queue: &'q Queue, base: Timestamp) -> Cow<'q, Queue> {
        if queue.items.iter().all(|item| item.openings.is_none()) {
            return Cow::Borrowed(queue);
        }
        let opening = match self.hours {
            Hours::Open => Opening { from: earlier(base, FAR), to: later(base, FAR * 2) },
            Hours::Short => Opening { from: earlier(base, FAR), to: later(base, TICK * 2) },
            Hours::Closed => Opening { from: later(base, FAR), to: later(base, FAR * 2) },
        };
        let mut queue = queue.clone();
        for openings in queue.items.iter_mut().filter_map(|item| item.openings.as_mut()) {
            *openings = vec![opening];
        }
        Cow::Owned(queue)
    }

    /// Not while a trigger of the same job is on its way or shows nothing yet: whose is whose could not be told.
    fn somebody_starts(&self) -> Vec<(String, Self)> {
        let Some(world) = self.spend(|spite| &mut spite.scheduled) else { return vec![] };
        let execution =
            Execution { by: Starter::Somebody { seen: false }, stage: Stage::Pending, listed: true, closed: false };
        let begin = |name| {
            (format!("{name}: somebody starts the job"), world.with(name, |server| server.executions.push(execution)))
        };
        let is_hidden = |execution: &Execution| execution.stage == Stage::Hidden;
        let can = |server: &Server| server.late.is_none() && !server.executions.iter().any(is_hidden);
        self.servers.iter().filter(|(_, server)| can(server)).map(|(name, _)| begin(name)).collect()
    }

    fn events_on(&self, name: &ServerName, server: &Server) -> Vec<(String, Self)> {
        let mut next: Vec<(String, Self)> = Vec::new();
        let mut may = |what: &str, world: Option<Self>| {
            next.extend(world.map(|world| (format!("{name}: {what}"), world)));
        };
        for (index, execution) in server.executions.iter().enumerate() {
            let become_ = |stage| Some(self.with(name, |server| server.executions[index].stage = stage));
            match execution.stage {
                Stage::Hidden => may("the group shows", become_(Stage::Pending)),
                Stage::Pending if server.door.is_none_or(|door| door.open) => {
                    may("the backup writes", become_(Stage::Writing));
                }
                Stage::Writing => {
                    may("the backup is completed", become_(Stage::Over { good: true }));
                    may("the backup fails", become_(Stage::Over { good: false }));
                    let vanished = self.spend(|spite| &mut spite.vanishings).filter(|_| execution.listed);
                    let vanish = |world: Self| world.with(name, |server| server.executions[index].listed = false);
                    may("the group vanishes", vanished.map(vanish));
                }
                Stage::Pending | Stage::Over { .. } => {}
            }
        }
        if server.foreign == Foreign::None {
            let world = self.spend(|spite| &mut spite.foreign);
            let begin = |world: Self| world.with(name, |server| server.foreign = Foreign::New);
            may("a foreign backup begins", world.map(begin));
        } else {
            may("the foreign backup ends", Some(self.with(name, |server| server.foreign = Foreign::None)));
        }
        if let Some(late) = server.late {
            may("the lost trigger is carried out", Some(self.with(name, |server| server.carry_out(late.run))));
        }
        if server.up {
            let world = self.spend(|spite| &mut spite.outages);
            may("out of reach", world.map(|world| world.with(name, |server| server.up = false)));
        } else {
            may("in reach again", Some(self.with(name, |server| server.up = true)));
        }
        next
    }
}

impl Server {
    /// A trigger is carried out.
    pub(crate) fn carry_out(&mut self, run: u8) {
        self.late = None;
        self.executions.push(Execution { by: Starter::Run(run), stage: Stage::Hidden, listed: true, closed: false });
    }

    /// This run's executions of the job that write, or may yet.
    pub(crate) fn ours(&self) -> impl Iterator<Item = (usize, &Execution)> {
        let executions = self.executions.iter().enumerate();
        executions.filter(|(_, execution)| execution.is_unfinished() && matches!(execution.by, Starter::Run(_)))
    }
}
