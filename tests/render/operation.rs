//! What an operator reads by day, in every form that it can have.

use std::time::Duration;

use chrono::TimeDelta;
use jbr::audit::Offset;
use jbr::catalogue::{Shelf, shelf};
use jbr::clock::earlier;
use jbr::desired::{Desired, Job, Server};
use jbr::execute::outcome::Verdict;
use jbr::halt::{Halt, Sight};
use jbr::hold::ByHand;
use jbr::inventory::Inventory;
use jbr::jetbackup::call_error::CallError;
use jbr::jetbackup::facts::{self, Group, GroupStatus};
use jbr::jetbackup::ssh_gate::{Scope, SshGate};
use jbr::names::ServerName;
use jbr::probe::{self, ClockSight, KeySight, Probe, judge};
use jbr::proposal::{Request, propose};
use jbr::render::{Page, edit, halt};
use jbr::seen::{Seen, Why};
use jbr::state::State;
use jbr::state::lock::{Holder, Lock};
use jbr::status::{Outbox, Status, UnderWay, Unsent, View, status};
use jbr::transport::ssh::Milestone;
use jbr::transport::{Failure, FailureKind};

use crate::fixtures::{
    HOUR, MINUTE, address, bad_record, closed_destination, desired, every_phase, everything, fleet, group, job, job_id,
    live, now, record, server, server_name, unread, view,
};

fn at(desired: &Desired, inventory: &Inventory, state: &State, lock: Lock, unsent: Vec<Unsent>) -> Status {
    let proposal = propose(desired, inventory, state, &Request { is_asked_for: &|_| true, fresh: false }, now());
    // Where something waits, not all of it can be read, and the disk is full.
    let (unreadable, shut) =
        if unsent.is_empty() { (0, None) } else { (2, Some("no space is left on its disk".to_owned())) };
    let (state, lock) = (&Seen::Known(state.clone()), Seen::Known(lock));
    let outbox = Seen::Known(Outbox { unsent, unreadable, shut });
    status(View { desired, inventory, state, lock, outbox, proposal: &proposal, is_asked_for: &|_| true, now: now() })
}

fn holder() -> Lock {
    let (what, user, host) = ("apply".to_owned(), "root".to_owned(), "pi".to_owned());
    Lock::Held(Some(Holder { pid: 4711, what, user, host, since: earlier(now(), HOUR) }))
}

/// A notice that was tried so often; the one that was tried most was refused for good.
fn unsent(tries: u32) -> Unsent {
    let what = format!("jbr on pi: FAILED, night {tries}");
    let why = (tries > 0).then(|| "450 try again later".to_owned());
    Unsent { since: earlier(now(), HOUR), channel: "mail", what, tries, why, refused: tries > 1 }
}

/// Every server and job in a state of its own, beside a run that is at work.
pub(crate) fn busy() -> Status {
    let (mut desired, mut views, _) = everything();
    let mut state = every_phase();
    desired.jobs.push(job("server3/held", 39));
    let by_hand =
        ByHand { user: "ana".to_owned(), since: earlier(now(), HOUR), reason: "moved".to_owned(), until: None };
    state.holds.insert(address("server3/held"), by_hand);
    views[2] = view("server3", vec![live(31, "Unread"), live(39, "Held")]);
    at(&desired, &Inventory { servers: views }, &state, holder(), vec![unsent(0), unsent(1), unsent(5)])
}

/// Nothing runs, and nothing has ever run.
pub(crate) fn quiet() -> Status {
    let (desired, views, state) = fleet();
    at(&desired, &Inventory { servers: views }, &state, Lock::Free, Vec::new())
}

/// Every step in every way in which it can go.
pub(crate) fn probes() -> Vec<Probe> {
    let (mut one, two) = (server("server1"), server("server2"));
    one.destination = Some(closed_destination(1));
    one.key = Some("/root/.ssh/jbr".into());
    let jobs = vec![job("server1/accounts", 11), job("server1/gone", 19), job("server2/accounts", 21)];
    let desired = desired(vec![one.clone(), two.clone()], jobs);
    let reached = |server: &Server| {
        let address = format!("192.0.2.7:{}", server.port).parse().unwrap();
        let (kind, fingerprint) = ("ED25519".to_owned(), "SHA256:abc".to_owned());
        let key = Milestone::HostKey { kind, fingerprint, accepted: None };
        vec![Milestone::Resolved(vec![address]), Milestone::Connected(address), key, Milestone::LoggedIn]
    };
    let lost = |kind, message: &str| Err(CallError::NotSent(Failure::not_sent(kind, message)));
    let sight = |server: &Server, milestones: usize, gate| probe::Sight {
        server: server.name.clone(),
        at: now(),
        milestones: reached(server).into_iter().take(milestones).collect(),
        gate,
        jobs: None,
        destinations: None,
        version: None,
        clock: ClockSight::Unknown,
        key: KeySight { is_there: true, public: Some("ssh-ed25519 AAAA jbr".into()) },
    };
    let answers = |server: &Server, scope, jobs: Vec<_>, clock| {
        let whole = view(server.name.as_str(), jobs);
        let known = |seen: Seen<Vec<_>>| match seen {
            Seen::Known(rows) => Some(Ok(rows)),
            Seen::Unknown(_) => None,
        };
        let destinations = match whole.destinations {
            Seen::Known(rows) => Some(Ok(rows)),
            Seen::Unknown(_) => None,
        };
        probe::Sight {
            jobs: known(whole.jobs),
            destinations,
            version: whole.version,
            clock,
            ..sight(server, 4, Ok(SshGate::Own { version: 1, scope }))
        }
    };
    let offset = |from, to| ClockSight::Measured {
        offset: Offset::new(TimeDelta::seconds(from), TimeDelta::seconds(to)),
        ended: earlier(now(), 22 * HOUR),
    };
    let only = Scope::Only { jobs: vec![job_id(11)], destinations: vec![] };
    let changed = "server2: the host key of server2.example.com has changed; run `ssh-keygen -f '/var/lib/jbr/known_hosts' -R 'server2.example.com'` and try again";
    let sights = [
        answers(&two, Scope::Everything, vec![live(21, "Accounts")], offset(-2, 3)),
        answers(&one, only, vec![live(11, "Accounts"), live(12, "Files")], offset(400, 500)),
        answers(&two, Scope::ReadOnly, vec![live(21, "Accounts")], ClockSight::Ahead(TimeDelta::hours(3))),
        answers(&two, Scope::Everything, vec![live(21, "Accounts")], offset(-7200, 3600)),
        probe::Sight {
            jobs: Some(Err(CallError::Garbled { function: "listBackupJobs", message: "no JSON".to_owned() })),
            ..sight(&two, 4, Ok(SshGate::Foreign))
        },
        // The gate answered, the connection was lost, and opening it anew was refused.
        probe::Sight {
            jobs: Some(
                lost(FailureKind::Connect, "server2: no connection to server2.example.com port 51514")
                    .map(|_: SshGate| vec![]),
            ),
            ..sight(&two, 1, Ok(SshGate::Own { version: 1, scope: Scope::Everything }))
        },
        sight(
            &two,
            0,
            lost(
                FailureKind::Resolve,
                "server2: the name server2.example.com has no address: Name or service not known",
            ),
        ),
        sight(&two, 1, lost(FailureKind::Connect, "server2: no connection to server2.example.com port 51514")),
        sight(&two, 2, lost(FailureKind::HostKey, changed)),
        sight(
            &one,
            3,
            lost(FailureKind::Login, "server1: the server does not take the key /root/.ssh/jbr for user root"),
        ),
        probe::Sight {
            key: KeySight::default(),
            ..sight(&one, 0, lost(FailureKind::Login, "server1: the key file /root/.ssh/jbr is not there"))
        },
    ];
    let of = |name: &ServerName| if *name == one.name { &one } else { &two };
    sights.iter().map(|sight| judge(&desired, of(&sight.server), sight)).collect()
}

/// Declared, available, missing, and not to be read.
pub(crate) fn shelves() -> Vec<Shelf> {
    let (mut desired, mut views, _) = everything();
    desired.jobs.push(Job { keep_disabled: true, ..job("server2/kept", 27) });
    if let Seen::Known(jobs) = &mut views[1].jobs {
        jobs.push(facts::Job { disabled: true, ..live(27, "Kept") });
    }
    views.push(unread("server6", "no route to host"));
    let shelf_of = |server: &Server| {
        let view = views.iter().find(|view| view.server == server.name)?;
        Some(shelf(&desired, server, &view.jobs, &view.destinations))
    };
    desired.servers.iter().filter_map(shelf_of).collect()
}

fn under_way() -> UnderWay {
    let known = Group {
        percent: Some(43),
        execution_time: Some(50 * MINUTE),
        ..group(1, Some(11), GroupStatus::Started, None)
    };
    let jobs = Seen::Known(vec![live(11, "Accounts, daily")]);
    jbr::status::under_way(&server("server1"), &known, &jobs, &Seen::Known(State::unwritten()), now())
}

/// What `jbr stop` asks and answers.
pub(crate) fn halts(page: &Page) -> (String, Vec<String>) {
    let (server, job, lock) = (server_name("server1"), address("server1/accounts"), Seen::Known(holder()));
    let foreign = under_way();
    let own = UnderWay { whose: jbr::status::Whose::Run, ..foreign.clone() };
    let nameless = UnderWay { job: None, name: None, ..foreign.clone() };
    let target = |backup, address| halt::Target { server: &server, address, backup, lock: &lock, is_too_old: false };
    let took = Duration::from_secs(300);
    let ends = [
        Halt { doubt: None, end: Seen::Known(Sight::Over(GroupStatus::Aborted)), took: Duration::from_secs(4) },
        Halt {
            doubt: Some(Why::new("server1: the answer was lost")),
            end: Seen::Known(Sight::StillRuns(GroupStatus::Step(7))),
            took,
        },
        Halt { doubt: None, end: Seen::Unknown(Why::new("server1: no answer in time")), took },
    ];
    let asked = [target(&own, Some(&job)), target(&foreign, None), target(&nameless, None)];
    let (free, unknown) = (Seen::Known(Lock::Free), Seen::Unknown(Why::new("permission denied")));
    let asked = asked.into_iter().chain([
        halt::Target { lock: &free, ..target(&own, Some(&job)) },
        halt::Target { lock: &free, is_too_old: true, ..target(&own, Some(&job)) },
        halt::Target { lock: &unknown, ..target(&own, Some(&job)) },
    ]);
    let asked: Vec<halt::Target> = asked.collect();
    let mut text: String = asked.iter().map(|target| halt::question(target, now(), page) + "\n").collect();
    for end in &ends {
        text += &halt::text(&asked[0], end, page);
    }
    (text, ends.iter().map(|end| halt::json(&asked[0], end, now())).collect())
}

/// What `jbr state rm` and `mv` show, and what they have done.
pub(crate) fn edits(page: &Page) -> (String, Vec<String>) {
    let (_, _, mut state) = fleet();
    let job = address("server1/accounts");
    state.jobs.insert(job.clone(), record(11, 65 * MINUTE, 22 * HOUR));
    state.jobs.insert(address("server1/bad"), bad_record(12, Verdict::Failed, 2));
    let by_hand =
        ByHand { user: "ana".to_owned(), since: earlier(now(), HOUR), reason: "moved".to_owned(), until: None };
    state.holds.insert(job.clone(), by_hand);
    let before = state.remembered(&job);
    let to = address("server1/homes");
    let (moved, gone) = (
        edit::Edit { job: &job, to: Some(&to), before: &before, joins: false },
        edit::Edit { job: &job, to: None, before: &before, joins: false },
    );
    let joined = edit::Edit { joins: true, ..moved };
    let text = [&moved, &gone, &joined].map(|change| edit::question(change, now(), page)).join("\n");
    (text, vec![edit::json(&moved, &state, now()), edit::json(&gone, &state, now())])
}
