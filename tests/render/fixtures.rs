//! The world that the expected texts are about: a small fleet, made by the project's own functions wherever they make such things.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jbr::clock::{Timestamp, earlier, later};
use jbr::desired::{
    After, Desired, Destination, HostKeyPolicy, Job, JobKind, OnTimeout, Partial, Retry, RunSettings, Server, When,
};
use jbr::execute::event::Event;
use jbr::execute::journal::{
    Answer, Baseline, Confirming, Entry, GateState, Journal, Opened, Overlap, Phase, Running, Stop, Triggered,
    WaitReason, Waiting,
};
use jbr::execute::outcome::{Outcome, Verdict};
use jbr::execute::{End, step};
use jbr::inventory::{Inventory, ServerView};
use jbr::jetbackup::facts::{self, Group, GroupStatus};
use jbr::jetbackup::ssh_gate::{Scope, SshGate};
use jbr::names::{DestinationId, GroupId, JobAddress, JobId, LogId, RunId, ServerName, WindowName};
use jbr::proposal::{Proposal, Request, propose};
use jbr::queue::{Gate, Item, Queue, Usual};
use jbr::seen::{Seen, Why};
use jbr::state::{JobRecord, Run, RunEnd, State};
use jbr::window::{Days, On, Span, TimeOfDay, Window};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// Two in the morning, when the timer starts a run.
pub(crate) fn now() -> Timestamp {
    "2026-11-23T02:00:00Z".parse().unwrap()
}

pub(crate) fn address(text: &str) -> JobAddress {
    text.parse().unwrap()
}

pub(crate) fn server_name(text: &str) -> ServerName {
    ServerName::new(text).unwrap()
}

/// 24 digits that end in this number.
pub(crate) fn hex(number: u32) -> String {
    format!("{number:024}")
}

pub(crate) fn job_id(number: u32) -> JobId {
    JobId::new(hex(number)).unwrap()
}

pub(crate) fn group_id(number: u32) -> GroupId {
    GroupId::new(format!("a{number:023}")).unwrap()
}

pub(crate) fn destination_id(number: u32) -> DestinationId {
    DestinationId::new(format!("d{number:023}")).unwrap()
}

pub(crate) fn desired(servers: Vec<Server>, jobs: Vec<Job>) -> Desired {
    let run = RunSettings {
        poll: Duration::from_secs(30),
        pace: jbr::desired::Pace::Adaptive,
        unreachable_wait: 15 * MINUTE,
        partial: Partial::Warn,
        resume_within: 20 * HOUR,
    };
    Desired { servers, jobs, run, notify: None }
}

pub(crate) fn server(name: &str) -> Server {
    Server {
        name: server_name(name),
        host: format!("{name}.example.com"),
        port: 51514,
        user: "root".to_owned(),
        key: None,
        known_hosts: "/var/lib/jbr/known_hosts".into(),
        host_key: HostKeyPolicy::AcceptNew,
        connect_timeout: Duration::from_secs(30),
        command_timeout: 2 * MINUTE,
        destination: None,
    }
}

pub(crate) fn closed_destination(number: u32) -> Destination {
    Destination { id: destination_id(number), keep_closed: true }
}

pub(crate) fn job(address_text: &str, id: u32) -> Job {
    Job {
        address: address(address_text),
        id: job_id(id),
        kind: None,
        priority: 0,
        timeout: 4 * HOUR,
        start_timeout: 2 * MINUTE,
        on_timeout: OnTimeout::Hold,
        keep_disabled: false,
        after: Vec::new(),
        windows: Vec::new(),
        fits: false,
        every: None,
        max_age: None,
        retry: Retry::NEVER,
        hold: None,
    }
}

pub(crate) fn live(id: u32, name: &str) -> facts::Job {
    facts::Job {
        id: job_id(id),
        name: name.to_owned(),
        kind: 1,
        contains: Some(511),
        destinations: vec![destination_id(1)],
        disabled: false,
        running: None,
        schedules: Some(0),
        next_run: None,
    }
}

pub(crate) fn group(id: u32, job: Option<u32>, status: GroupStatus, percent: Option<u8>) -> Group {
    let job = job.map(job_id);
    Group { id: group_id(id), job, created: None, status, log: None, percent, execution_time: None }
}

pub(crate) fn view(name: &str, jobs: Vec<facts::Job>) -> ServerView {
    let destination =
        facts::Destination { id: destination_id(1), name: "NAS".to_owned(), kind: "SSH".to_owned(), disabled: false };
    ServerView {
        server: server_name(name),
        version: Some("5.3.14".to_owned()),
        jobs: Seen::Known(jobs),
        groups: Seen::Known(Vec::new()),
        destinations: Seen::Known(vec![destination]),
        gate: Seen::Known(SshGate::Own { version: 1, scope: Scope::Everything }),
        forks: Seen::Known(Some(1)),
        logs: BTreeMap::new(),
    }
}

pub(crate) fn unread(name: &str, why: &str) -> ServerView {
    ServerView {
        server: server_name(name),
        version: None,
        jobs: Seen::Unknown(Why::new(why)),
        groups: Seen::Unknown(Why::new(why)),
        destinations: Seen::Unknown(Why::new(why)),
        gate: Seen::Unknown(Why::new(why)),
        forks: Seen::Unknown(Why::new(why)),
        logs: BTreeMap::new(),
    }
}

pub(crate) fn outcome(verdict: Verdict, started: Option<Timestamp>, ended: Timestamp, note: &str) -> Outcome {
    Outcome {
        verdict,
        group: started.map(|_| group_id(900)),
        log: started.map(|_| LogId::new("c00000000000000000000900").unwrap()),
        triggered: started,
        started,
        ended,
        overdue: false,
        note: note.to_owned(),
    }
}

/// A record of a job whose last good backup took `usual` and ended `ago`.
pub(crate) fn record(id: u32, usual: Duration, ago: Duration) -> JobRecord {
    let ended = earlier(now(), ago);
    JobRecord {
        id: job_id(id),
        last_success: Some(ended),
        last_success_partial: false,
        last_outcome: Some(outcome(Verdict::Completed, Some(earlier(ended, usual)), ended, "")),
        durations: vec![usual],
        failures_in_a_row: 0,
    }
}

/// A record of a job that ended badly in its last `failures` runs.
pub(crate) fn bad_record(id: u32, verdict: Verdict, failures: u32) -> JobRecord {
    let ended = earlier(now(), 26 * HOUR);
    JobRecord {
        id: job_id(id),
        last_success: None,
        last_success_partial: false,
        last_outcome: Some(outcome(verdict, Some(earlier(ended, HOUR)), ended, "")),
        durations: Vec::new(),
        failures_in_a_row: failures,
    }
}

pub(crate) fn state() -> State {
    let mut state = State::new("3f2a9c".to_owned());
    state.serial = 412;
    state
}

pub(crate) fn plan(desired: &Desired, views: Vec<ServerView>, state: &State, fresh: bool) -> Proposal {
    let request = Request { is_asked_for: &|_| true, fresh };
    propose(desired, &Inventory { servers: views }, state, &request, now())
}

/// Three servers, four jobs, all well.
pub(crate) fn fleet() -> (Desired, Vec<ServerView>, State) {
    let jobs = vec![
        job("server1/accounts", 11),
        job("server1/directories", 12),
        Job { priority: 10, timeout: 2 * HOUR, ..job("server2/databases", 21) },
        job("server3/accounts", 31),
    ];
    let desired = desired(vec![server("server1"), server("server2"), server("server3")], jobs);
    let views = vec![
        view("server1", vec![live(11, "Accounts, daily"), live(12, "Directories")]),
        view("server2", vec![live(21, "Databases of every account, each night")]),
        view("server3", vec![live(31, "Accounts")]),
    ];
    let mut state = state();
    state.jobs.insert(address("server1/accounts"), record(11, 65 * MINUTE, 22 * HOUR));
    state.jobs.insert(address("server1/directories"), record(12, 2 * HOUR, 21 * HOUR));
    state.jobs.insert(address("server2/databases"), record(21, 26 * MINUTE, 23 * HOUR));
    state.jobs.insert(address("server3/accounts"), record(31, 95 * MINUTE, 50 * HOUR));
    (desired, views, state)
}

/// The fleet with an order: what comes first, priorities that are shared and that are not, and what only the file decides.
pub(crate) fn ordered() -> (Desired, Vec<ServerView>, State) {
    let (mut desired, views, state) = fleet();
    let after = |job: &str, when| vec![After { job: address(job), when }];
    desired.jobs[0].after = after("server3/accounts", When::Success);
    desired.jobs[0].priority = 10;
    desired.jobs[3].after = after("server2/databases", When::Finished);
    desired.jobs[3].priority = 20;
    (desired, views, state)
}

/// A window on every day by UTC.
pub(crate) fn window(name: &str, from: (u16, u16), to: (u16, u16)) -> Window {
    let time = |(hour, minute)| TimeOfDay::new(hour, minute).unwrap();
    let span = Span { on: On::Days(Days::ALL), from: time(from), to: time(to) };
    Window::new(WindowName::new(name).unwrap(), chrono_tz::UTC, span, Vec::new())
}

/// Past backups of so many minutes each.
fn took(id: u32, minutes: &[u32]) -> JobRecord {
    JobRecord { durations: minutes.iter().map(|minutes| MINUTE * *minutes).collect(), ..record(id, HOUR, 22 * HOUR) }
}

/// Windows that are open, closed, too short, and too short for ever; what is slow, what is due too often, what comes after something that
/// is not queued, or will not run.
pub(crate) fn windowed() -> (Desired, Vec<ServerView>, State) {
    let nights = || window("nights", (22, 0), (6, 0));
    let late = || window("late", (3, 0), (3, 40));
    let names =
        ["open", "closed", "narrow", "never", "runs", "after-never", "after-fresh", "fresh", "disabled", "chained"];
    let mut jobs: Vec<Job> = names.iter().zip(11..).map(|(name, id)| job(&format!("server1/{name}"), id)).collect();
    let after = |name: &str| vec![After { job: address(name), when: When::Success }];
    jobs[0].windows = vec![nights(), late()];
    jobs[1].windows = vec![late()];
    jobs[2].windows = vec![nights()];
    jobs[2].fits = true;
    jobs[3].windows = vec![late()];
    jobs[3].fits = true;
    jobs[4].every = Some(HOUR);
    jobs[5].after = after("server1/never");
    jobs[6].after = after("server1/fresh");
    jobs[6].windows = vec![window("days", (0, 0), (24, 0))];
    jobs[7].every = Some(48 * HOUR);
    jobs[9].after = after("server1/disabled");
    let mut live: Vec<facts::Job> = names.iter().zip(11..).map(|(name, id)| live(id, name)).collect();
    live[8].disabled = true;
    let mut view = view("server1", live);
    let runs = Group { execution_time: Some(4 * HOUR), ..group(1, Some(15), GroupStatus::Started, Some(45)) };
    view.groups = Seen::Known(vec![runs]);
    let mut state = state();
    let pasts: [&[u32]; 8] = [
        &[30, 31, 32, 33, 34, 35, 36, 37, 38, 39],
        &[20, 50],
        &[180, 200, 190],
        &[90],
        &[120, 110, 115, 300],
        &[10],
        &[40, 41, 40, 120],
        &[60, 60, 61, 200],
    ];
    for ((name, id), minutes) in names.iter().zip(11..).zip(pasts) {
        state.jobs.insert(address(&format!("server1/{name}")), took(id, minutes));
    }
    (desired(vec![server("server1")], jobs), vec![view], state)
}

/// Nothing runs, and no window is open.
pub(crate) fn shut() -> (Desired, Vec<ServerView>, State) {
    let (mut desired, views, state) = fleet();
    for job in &mut desired.jobs {
        job.windows = vec![window("days", (8, 0), (20, 0))];
    }
    (desired, views, state)
}

/// A plan in which everything is decided and remarked that can be.
pub(crate) fn everything() -> (Desired, Vec<ServerView>, State) {
    let servers = vec![
        Server { destination: Some(closed_destination(1)), ..server("server1") },
        server("server2"),
        server("server3"),
        Server { destination: Some(closed_destination(7)), ..server("server4") },
        Server { destination: Some(closed_destination(1)), ..server("server5") },
        server("server6"),
    ];
    let jobs = vec![
        Job { kind: Some(JobKind::Database), keep_disabled: true, ..job("server1/accounts", 11) },
        job("server1/elsewhere", 12),
        job("server2/disabled", 21),
        job("server2/runs", 22),
        job("server2/gone", 23),
        job("server3/unread", 31),
        job("server4/accounts", 41),
        job("server5/accounts", 51),
        job("server6/queue-unread", 61),
        job("server2/no-destination", 24),
        job("server2/failing", 25),
        job("server2/failed-once", 26),
    ];
    let mut state = state();
    state.jobs.insert(address("server1/accounts"), record(11, 65 * MINUTE, 22 * HOUR));
    state.jobs.insert(address("server2/runs"), record(22, 40 * MINUTE, 22 * HOUR));
    state.jobs.insert(address("server2/failing"), bad_record(25, Verdict::Failed, 3));
    state.jobs.insert(address("server2/failed-once"), bad_record(26, Verdict::UnknownStatus(107), 1));
    let opened = |server: &str, gate, state| Opened {
        server: server_name(server),
        gate,
        since: earlier(now(), 24 * HOUR),
        state,
    };
    let why = "server1 was told to close it 5 times, and it is still open".to_owned();
    state.opened = vec![
        opened("server1", Gate::Destination(destination_id(9)), GateState::LeftOpen { why }),
        opened("server4", Gate::Job(job_id(41)), GateState::Open),
        opened("server5", Gate::Job(job_id(51)), GateState::Opening { tries: 1 }),
        opened("server5", Gate::Destination(destination_id(1)), GateState::Closing { since: now(), tries: 2 }),
    ];
    (desired(servers, jobs), everything_views(), state)
}

fn everything_views() -> Vec<ServerView> {
    let scheduled = facts::Job { schedules: Some(1), next_run: Some(later(now(), 90 * MINUTE)), ..live(11, "Nightly") };
    let elsewhere = facts::Job {
        schedules: Some(2),
        destinations: vec![destination_id(8), destination_id(9)],
        ..live(12, "Elsewhere")
    };
    let unmanaged =
        facts::Job { schedules: Some(1), next_run: Some(later(now(), 26 * HOUR)), ..live(18, "Old monthly") };
    let mut server1 = view("server1", vec![scheduled, elsewhere, live(19, "Weekly full"), unmanaged]);
    if let Seen::Known(destinations) = &mut server1.destinations {
        let cloud = facts::Destination { id: destination_id(8), name: "Cloud".to_owned(), ..destinations[0].clone() };
        destinations.push(cloud);
    }
    server1.forks = Seen::Known(Some(3));
    server1.gate = Seen::Known(SshGate::Absent);
    let closed_elsewhere = facts::Job { destinations: vec![destination_id(2)], ..live(24, "No destination") };
    let mut server2 = view(
        "server2",
        vec![
            facts::Job { disabled: true, ..live(21, "Disabled") },
            live(22, "Runs"),
            closed_elsewhere,
            live(25, "Failing"),
            live(26, "Failed once"),
            live(28, "By hand"),
        ],
    );
    server2.groups = Seen::Known(vec![
        group(1, Some(22), GroupStatus::Step(31), Some(45)),
        group(2, Some(28), GroupStatus::Started, Some(7)),
        group(3, None, GroupStatus::Pending, None),
        group(4, Some(99), GroupStatus::Started, None),
    ]);
    if let Seen::Known(destinations) = &mut server2.destinations {
        let closed = facts::Destination { id: destination_id(2), disabled: true, ..destinations[0].clone() };
        destinations.push(closed);
    }
    let server3 = unread("server3", "no route to host (server3.example.com:51514)");
    let server4 = view("server4", vec![facts::Job { destinations: vec![destination_id(7)], ..live(41, "Accounts") }]);
    let mut server5 = view("server5", vec![live(51, "Accounts")]);
    server5.destinations = Seen::Unknown(Why::new("not allowed by the gate"));
    let mut server6 = view("server6", vec![live(61, "Queue unread")]);
    server6.groups = Seen::Unknown(Why::new("the answer ended in the middle\u{1b}[2J"));
    server6.forks = Seen::Unknown(Why::new("unknown function getSettingsPerformance"));
    vec![server1, server2, server3, server4, server5, server6]
}

/// The run of [`fleet`] that was interrupted `ago` after two of its jobs, while a third was under way.
pub(crate) fn interrupted(ago: Duration) -> (Desired, Vec<ServerView>, State) {
    let (desired, mut views, mut state) = fleet();
    let started = earlier(now(), ago);
    let proposal = plan(&desired, views.clone(), &state, false);
    let mut run = Run {
        id: RunId::new(started, 400),
        started,
        queue: proposal.queue,
        journal: Journal::new(later(started, 95 * MINUTE)),
    };
    let phase = |phase| Entry { phase, triggers: 1, ..Entry::default() };
    let first = outcome(Verdict::Completed, Some(started), later(started, 27 * MINUTE), "");
    let second_began = later(started, 27 * MINUTE);
    let note = "its queue group says 101, its log says 4: the worse one counts";
    let second = outcome(Verdict::Partial, Some(second_began), later(second_began, 66 * MINUTE), note);
    run.journal.entries.insert(address("server2/databases"), phase(Phase::Done(first)));
    run.journal.entries.insert(address("server1/accounts"), phase(Phase::Done(second)));
    run.journal
        .entries
        .insert(address("server1/directories"), phase(Phase::Running(running(5, later(started, 93 * MINUTE)))));
    views[0].groups = Seen::Known(vec![group(5, Some(12), GroupStatus::Step(20), Some(62))]);
    state.run = Some(run);
    (desired, views, state)
}

pub(crate) fn running(group: u32, since: Timestamp) -> Running {
    Running {
        group: group_id(group),
        log: None,
        since,
        adopted: false,
        overdue: false,
        released: false,
        stop: None,
        baseline: Some(Baseline::default()),
    }
}

/// A queue of a run that has one item for each thing to say about it.
pub(crate) fn queue(addresses: &[&str]) -> Queue {
    let items = addresses.iter().zip(1..).map(|(text, number)| Item {
        address: address(text),
        id: job_id(number),
        timeout: 4 * HOUR,
        start_timeout: 2 * MINUTE,
        settle: 4 * MINUTE,
        on_timeout: OnTimeout::Hold,
        gates: Vec::new(),
        after: Vec::new(),
        openings: None,
        fits: None,
        retry: Retry::NEVER,
        usual: None,
    });
    let items: Vec<Item> = items.collect();
    let servers: BTreeSet<ServerName> = items.iter().map(|item| item.address.server.clone()).collect();
    Queue {
        items,
        servers: servers.into_iter().collect(),
        poll: Duration::from_secs(30),
        pace: jbr::desired::Pace::Adaptive,
        unreachable_wait: 15 * MINUTE,
        stays: false,
    }
}

pub(crate) fn entry(phase: Phase, triggers: u32) -> Entry {
    Entry { phase, triggers, ..Entry::default() }
}

/// A state whose run has an item in every phase.
pub(crate) fn every_phase() -> State {
    let names = [
        "a/done",
        "a/bad",
        "a/late",
        "a/stopping",
        "b/running",
        "b/adopted",
        "c/triggered",
        "c/lost",
        "c/refused",
        "d/confirming",
        "d/vanished",
        "e/preparing",
        "e/again",
        "e/queued",
    ];
    let mut run = Run {
        id: RunId::new(earlier(now(), 6 * HOUR), 400),
        started: earlier(now(), 6 * HOUR),
        queue: queue(&names),
        journal: Journal::new(earlier(now(), MINUTE)),
    };
    let ago = |minutes: u32| earlier(now(), minutes * MINUTE);
    let triggered = |answer| Phase::Triggered(Triggered { at: ago(1), baseline: Baseline::default(), answer });
    let late = Running { overdue: true, released: true, ..running(3, ago(250)) };
    let stop = Some(Stop { asked: ago(3), times: 3, unseen: true });
    let stopping = Running { overdue: true, stop, ..running(4, ago(241)) };
    let over = |status| Phase::Confirming(Confirming { running: running(7, ago(30)), status, ended: ago(2) });
    let phases = [
        Some((Phase::Done(outcome(Verdict::Completed, Some(ago(300)), ago(280), "")), 1)),
        Some((Phase::Done(outcome(Verdict::NeverStarted, None, ago(270), "the server refused: no licence")), 1)),
        Some((Phase::Running(late), 1)),
        Some((Phase::Running(stopping), 1)),
        Some((Phase::Running(running(5, ago(12))), 1)),
        Some((Phase::Running(Running { adopted: true, ..running(6, ago(40)) }), 0)),
        Some((triggered(Answer::Accepted), 1)),
        Some((triggered(Answer::None), 2)),
        Some((triggered(Answer::Refused("the job is locked".to_owned())), 1)),
        Some((over(Some(GroupStatus::Completed)), 1)),
        Some((over(None), 1)),
        Some((Phase::Preparing, 0)),
        Some((Phase::Preparing, 2)),
        None,
    ];
    for (name, phase) in names.iter().zip(phases) {
        if let Some((phase, triggers)) = phase {
            run.journal.entries.insert(address(name), entry(phase, triggers));
        }
    }
    run.journal.waiting = Some(Waiting { since: ago(4), reason: busy() });
    run.journal.unreachable.insert(server_name("f"), ago(9));
    run.journal.busy.insert(server_name("e"));
    run.journal.overlaps.push(overlap(ago(10)));
    run.journal.opened.push(Opened {
        server: server_name("b"),
        gate: Gate::Destination(destination_id(1)),
        since: ago(13),
        state: GateState::Open,
    });
    let mut state = state();
    state.run = Some(run);
    state.jobs.insert(address("a/done"), record(1, 19 * MINUTE, 24 * HOUR));
    state.jobs.insert(address("b/running"), record(5, 26 * MINUTE, 24 * HOUR));
    state.jobs.insert(address("a/bad"), bad_record(2, Verdict::Failed, 4));
    state
}

pub(crate) fn busy() -> WaitReason {
    WaitReason::Busy { server: server_name("e"), group: group_id(77), job: Some(job_id(78)) }
}

pub(crate) fn overlap(at: Timestamp) -> Overlap {
    Overlap { at, first: (server_name("a"), group_id(3)), second: (server_name("b"), group_id(5)) }
}

/// Every verdict there is, with the note that such a one has.
pub(crate) const VERDICTS: [(Verdict, &str); 10] = [
    (Verdict::Completed, ""),
    (Verdict::Partial, ""),
    (Verdict::Skipped, "out of reach for 15m: no route to host (server1.example.com:51514)"),
    (Verdict::Unconfirmed, "its log could not be read: the connection broke"),
    (
        Verdict::NeverStarted,
        "the server accepted the trigger, but no backup appeared within 2m; a disabled job or destination behaves like this",
    ),
    (Verdict::Aborted, ""),
    (Verdict::NeverFinished, ""),
    (Verdict::Failed, "its queue group says 100, its log says 2: the worse one counts"),
    (Verdict::UnknownStatus(107), ""),
    (Verdict::Lost, "JetBackup keeps no log of it"),
];

/// A run in which each verdict comes up once.
pub(crate) fn every_verdict() -> (Queue, Journal) {
    let names: Vec<String> = (1..=VERDICTS.len()).map(|number| format!("server1/job{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut queue = queue(&names);
    for item in queue.items.iter_mut().take(5) {
        item.usual = Some(Usual { median: 26 * MINUTE, p90: 30 * MINUTE });
    }
    let mut journal = Journal::new(now());
    let mut at = earlier(now(), 6 * HOUR);
    for (item, (verdict, note)) in queue.items.iter().zip(VERDICTS) {
        let started = at;
        at = later(at, 25 * MINUTE + Duration::from_secs(12));
        let mut outcome = outcome(verdict, verdict.has_run().then_some(started), at, note);
        outcome.overdue = verdict == Verdict::Aborted;
        journal.entries.insert(item.address.clone(), entry(Phase::Done(outcome), 1));
    }
    (queue, journal)
}

/// Some runs that are over.
pub(crate) fn past() -> State {
    let mut state = state();
    let (queue, journal) = every_verdict();
    let mut run = |days: u32, keep: usize, end: RunEnd, overlaps: usize| {
        let started = earlier(now(), days * 24 * HOUR);
        state.serial += 1;
        let mut queue = queue.clone();
        queue.items.truncate(keep);
        let mut journal = journal.clone();
        journal.overlaps = vec![overlap(started); overlaps];
        if end == RunEnd::Incomplete {
            journal.entries.remove(&address("server1/job02"));
        }
        state.run = Some(Run { id: RunId::new(started, state.serial), started, queue, journal });
        state.end(later(started, 5 * HOUR), end);
    };
    run(40, 10, RunEnd::Complete, 0);
    run(4, 0, RunEnd::Complete, 0);
    run(3, 1, RunEnd::Complete, 0);
    run(2, 2, RunEnd::Incomplete, 1);
    run(1, 2, RunEnd::Complete, 1);
    state
}

/// A script that contains every event, with the seconds since the one before.
pub(crate) fn script() -> (Queue, Vec<(u32, Event)>) {
    let mut queue = queue(&["a/accounts", "b/databases", "c/stopped", "d/lost", "d/late", "f/far"]);
    queue.items[1].on_timeout = OnTimeout::Release;
    queue.items[2].on_timeout = OnTimeout::Stop;
    for item in queue.items.iter_mut().take(2) {
        item.usual = Some(Usual { median: 26 * MINUTE, p90: 35 * MINUTE });
    }
    let mut script = first_half();
    script.extend(second_half());
    (queue, script)
}

fn first_half() -> Vec<(u32, Event)> {
    let job = || address("a/accounts");
    let gate = || Gate::Destination(destination_id(1));
    let unreachable = |server: &str| (server_name(server), "no route to host".to_owned());
    let (server, why) = unreachable("f");
    let progress = |percent, pending| Event::Progress { job: job(), percent, pending };
    vec![
        (0, Event::Unreachable { server: server.clone(), why: why.clone() }),
        (0, Event::Waiting { next: Some(job()), reason: WaitReason::Unreachable { server: server.clone(), why } }),
        (60, Event::Reachable(server)),
        (5, Event::Waiting { next: Some(job()), reason: busy() }),
        (200, Event::Opened { server: server_name("a"), gate: gate() }),
        (1, Event::Triggering { job: job(), attempt: 1, unasked: vec![] }),
        (2, Event::TriggerNotSent { job: job(), why: "the connection broke before the command left".to_owned() }),
        (8, Event::Triggering { job: job(), attempt: 2, unasked: vec![] }),
        (12, Event::Started { job: job(), group: group_id(1) }),
        (30, progress(None, true)),
        (300, progress(Some(12), false)),
        (300, progress(Some(33), false)),
        (300, progress(Some(61), false)),
        (5, Event::Unreachable { server: server_name("a"), why: "the connection broke".to_owned() }),
        (45, Event::Reachable(server_name("a"))),
        (700, progress(Some(90), false)),
        (
            30,
            Event::Done {
                job: job(),
                outcome: outcome(Verdict::Completed, Some(now()), later(now(), 28 * MINUTE), ""),
            },
        ),
        (5, Event::Closed { server: server_name("a"), gate: gate() }),
    ]
}

fn second_half() -> Vec<(u32, Event)> {
    let (released, stopped, lost, late) =
        (|| address("b/databases"), || address("c/stopped"), || address("d/lost"), || address("d/late"));
    let why = "a was told to close it 5 times, and it is still open".to_owned();
    let never = outcome(Verdict::NeverStarted, None, later(now(), 10 * HOUR), "the server refused: locked");
    let done = |job, verdict| Event::Done {
        job,
        outcome: outcome(verdict, Some(later(now(), HOUR)), later(now(), 6 * HOUR), ""),
    };
    vec![
        (1, Event::LeftOpen { server: server_name("a"), gate: Gate::Job(job_id(1)), why }),
        (1, Event::Triggering { job: released(), attempt: 1, unasked: vec![server_name("f")] }),
        (4, Event::Started { job: released(), group: group_id(2) }),
        (14_400, Event::Overdue { job: released(), group: group_id(2), released: true }),
        (5, Event::Adopted { job: stopped(), group: group_id(3), late: false }),
        (
            1,
            Event::Overlapped(Overlap {
                at: now(),
                first: (server_name("b"), group_id(2)),
                second: (server_name("e"), group_id(77)),
            }),
        ),
        (14_400, Event::Overdue { job: stopped(), group: group_id(3), released: false }),
        (1, Event::Stopping { job: stopped(), group: group_id(3) }),
        (360, Event::StopUnseen { job: stopped(), group: group_id(3) }),
        (600, done(stopped(), Verdict::Aborted)),
        (1, Event::Triggering { job: lost(), attempt: 1, unasked: vec![] }),
        (120, Event::TriggerLost { job: lost(), why: "no answer within 2m".to_owned() }),
        (10, Event::Started { job: lost(), group: group_id(4) }),
        (900, Event::Progress { job: lost(), percent: Some(40), pending: false }),
        (100, done(lost(), Verdict::Lost)),
        (1, Event::Triggering { job: late(), attempt: 1, unasked: vec![] }),
        (1, Event::Done { job: late(), outcome: never }),
        (60, Event::Adopted { job: late(), group: group_id(5), late: true }),
        (14_400, Event::Overdue { job: late(), group: group_id(5), released: false }),
        (30, done(late(), Verdict::UnknownStatus(107))),
        (
            1,
            Event::EndedBefore {
                job: late(),
                outcome: outcome(Verdict::Completed, Some(now()), later(now(), HOUR), ""),
            },
        ),
        (
            1,
            Event::Retrying {
                job: late(),
                outcome: outcome(Verdict::Failed, Some(now()), later(now(), HOUR), ""),
                attempt: 2,
                not_before: later(now(), 12 * HOUR),
            },
        ),
        (1, Event::Waiting { next: Some(late()), reason: WaitReason::Retry { at: later(now(), 12 * HOUR) } }),
        (1, Event::Waiting { next: Some(late()), reason: WaitReason::Window { opens: later(now(), 20 * HOUR) } }),
        (1, Event::Ended(End::WindowClosed { opens: Some(later(now(), 20 * HOUR)) })),
        (1, Event::Ended(End::WindowClosed { opens: None })),
        (1, Event::Ended(End::Interrupted)),
        (
            1,
            Event::Ended(End::Unsafe(
                "a backup was running on f when it was seen last, and now: no route to host".to_owned(),
            )),
        ),
        (1, Event::Ended(End::Complete)),
    ]
}

/// Names the event; without a default, so that a new one must be given a place in the script.
pub(crate) fn name_of(event: &Event) -> &'static str {
    match event {
        Event::Waiting { .. } => "Waiting",
        Event::Reachable(_) => "Reachable",
        Event::Unreachable { .. } => "Unreachable",
        Event::Opened { .. } => "Opened",
        Event::Closed { .. } => "Closed",
        Event::LeftOpen { .. } => "LeftOpen",
        Event::Triggering { .. } => "Triggering",
        Event::TriggerLost { .. } => "TriggerLost",
        Event::TriggerNotSent { .. } => "TriggerNotSent",
        Event::Started { .. } => "Started",
        Event::Adopted { .. } => "Adopted",
        Event::Progress { .. } => "Progress",
        Event::Overdue { .. } => "Overdue",
        Event::Stopping { .. } => "Stopping",
        Event::StopUnseen { .. } => "StopUnseen",
        Event::Overlapped(_) => "Overlapped",
        Event::Done { .. } => "Done",
        Event::EndedBefore { .. } => "EndedBefore",
        Event::Retrying { .. } => "Retrying",
        Event::Ended(_) => "Ended",
    }
}

/// How many names [`name_of`] has.
pub(crate) const EVENTS: usize = 20;

/// The machine's own limits are words in the texts.
pub(crate) const LIMITS: (u32, u32) = (step::TRIGGERS_MAX, step::STOPS_MAX);
