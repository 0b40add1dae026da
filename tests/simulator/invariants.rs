//! What holds of every fleet, whatever is asked of it and whatever goes wrong.

use std::collections::HashMap;
use std::time::Duration;

use jbr::clock::{Timestamp, later};
use jbr::simulator::{
    Dialect, Execution, Fault, Fleet, ForeignGroup, LeftBehind, OnRunning, Phase, Reboot, Rule, Server, Stopping, When,
    WhileDisabled,
};
use proptest::prelude::*;

use crate::lab::{JOB, NAS, OTHER, STORAGE, at, seconds, usual};

const SERVERS: [&str; 2] = ["server1", "server2"];
/// Everything is over by then.
const END: u64 = 100_000;

#[derive(Debug, Clone)]
struct Call {
    after: u64,
    server: usize,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Trigger(bool),
    Stop(prop::sample::Index),
    Rerun(prop::sample::Index),
    Destination(bool),
    Job(bool),
    Look,
}

fn execution() -> impl Strategy<Value = Execution> {
    (0..50u64, 0..50u64, 0..400u64, prop::sample::select(vec![100, 101, 102, 103, 104, 107])).prop_map(
        |(appears, starts, runs, status)| {
            Execution::of(seconds(runs)).appears_after(seconds(appears)).starts_after(seconds(starts)).ends(status)
        },
    )
}

fn dialect() -> impl Strategy<Value = Dialect> {
    let stopping = prop_oneof![
        (0..300u64).prop_map(|s| Stopping::After(seconds(s))),
        Just(Stopping::Never),
        Just(Stopping::FinishesFirst)
    ];
    let on_running = prop::sample::select(vec![OnRunning::Error, OnRunning::SecondGroup, OnRunning::Nothing]);
    let while_disabled = prop::sample::select(vec![WhileDisabled::Waits, WhileDisabled::Fails, WhileDisabled::Writes]);
    let kept = prop::option::of((0..2000u64).prop_map(seconds));
    (stopping, on_running, while_disabled, kept).prop_map(|(stopping, on_running, while_disabled, groups_kept)| {
        Dialect { stopping, on_running, while_disabled, groups_kept, ..Dialect::default() }
    })
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        (0..500u64).prop_map(|s| Fault::Late(seconds(s))),
        Just(Fault::LostAnswer),
        Just(Fault::LostCommand),
        Just(Fault::DoesNotStick),
        Just(Fault::NotFound)
    ]
}

fn disaster() -> impl Strategy<Value = Reboot> {
    let leaves = prop::sample::select(vec![LeftBehind::NeverFinished, LeftBehind::Stuck]);
    (0..3000u64, 0..200u64, leaves).prop_map(|(when, takes, leaves)| Reboot {
        at: at(when),
        takes: seconds(takes),
        leaves,
    })
}

fn server() -> impl Strategy<Value = Server> {
    let scripts = [prop::collection::vec(execution(), 1..4), prop::collection::vec(execution(), 1..4)];
    let schedule = prop::option::of((0..2000u64, 300..3000u64));
    let rules = prop::collection::vec((fault(), 1..6u64), 0..3);
    let foreign = prop::option::of((0..2000u64, execution()));
    (dialect(), 1..3usize, scripts, schedule, rules, prop::option::of(disaster()), foreign).prop_map(
        |(dialect, forks, scripts, schedule, rules, reboot, foreign)| {
            let mut server = usual(Server::new("")).dialect(dialect).forks(forks);
            for (job, script) in server.jobs.iter_mut().skip(1).zip(scripts) {
                job.script = script;
            }
            if let Some((first, every)) = schedule {
                let job = server.jobs.remove(1);
                let job = job.schedule("5c0000000000000000000001", at(first), Some(seconds(every)));
                server.jobs.insert(1, job);
            }
            server.rules = rules.into_iter().map(|(fault, nth)| Rule::any(fault).when(When::EveryNth(nth))).collect();
            server.reboots.extend(reboot);
            server.foreign.extend(foreign.map(|(when, how)| ForeignGroup::new(at(when), 1, how).writes_to(NAS)));
            server
        },
    )
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let what = prop_oneof![
        4 => any::<bool>().prop_map(What::Trigger),
        2 => any::<prop::sample::Index>().prop_map(What::Stop),
        1 => any::<prop::sample::Index>().prop_map(What::Rerun),
        1 => any::<bool>().prop_map(What::Destination),
        1 => any::<bool>().prop_map(What::Job),
        1 => Just(What::Look),
    ];
    let call = (0..300u64, 0..SERVERS.len(), what).prop_map(|(after, server, what)| Call { after, server, what });
    prop::collection::vec(call, 0..20)
}

fn fleet(servers: Vec<Server>) -> Fleet {
    SERVERS.iter().zip(servers).fold(Fleet::new(at(0)), |fleet, (name, declared)| {
        fleet.server(*name, |mut server| {
            server.clone_from(&declared);
            (*name).clone_into(&mut server.name);
            server
        })
    })
}

fn act(fleet: &mut Fleet, call: &Call, now: Timestamp) {
    let server = SERVERS[call.server];
    let group = |index: &prop::sample::Index, fleet: &Fleet| {
        let groups = &fleet.server_of(server).unwrap().groups;
        if groups.is_empty() { String::new() } else { index.get(groups).id.clone() }
    };
    let flag = |disabled: &bool| i64::from(*disabled);
    let (function, data) = match &call.what {
        What::Trigger(first) => ("runBackupJobManually", format!("_id={}", if *first { JOB } else { OTHER })),
        What::Stop(index) => ("stopQueueGroup", format!("_id={}", group(index, fleet))),
        What::Rerun(index) => ("rerunFailedQueueGroup", format!("_id={}", group(index, fleet))),
        What::Destination(disabled) => ("manageDestinationState", format!("_id={NAS}&disabled={}", flag(disabled))),
        What::Job(disabled) => ("manageBackupJob", format!("action=modify&_id={JOB}&disabled={}", flag(disabled))),
        What::Look => ("listQueueGroups", "type=1".to_owned()),
    };
    let _ = fleet.ask(server, function, &data, now);
}

/// Lets the calls happen, time in steps of this length, with a look after every step.
fn play(mut fleet: Fleet, calls: &[Call], step: Duration, mut look: impl FnMut(&Fleet)) -> Fleet {
    let mut now = at(0);
    for call in calls {
        let end = later(now, seconds(call.after));
        while now < end {
            now = later(now, step).min(end);
            fleet.advance(now);
            look(&fleet);
        }
        act(&mut fleet, call, now);
        look(&fleet);
    }
    while now < at(END) {
        now = later(now, step.saturating_mul(100)).min(at(END));
        fleet.advance(now);
        look(&fleet);
    }
    fleet
}

fn rank(phase: Phase) -> u8 {
    match phase {
        Phase::Pending { .. } => 0,
        Phase::Running { .. } => 1,
        Phase::Stuck { .. } => 2,
        Phase::Finished { .. } => 3,
    }
}

/// A group only moves forward; only a rerun, which is another execution, takes it back.
fn moves_forward(seen: &mut HashMap<String, (u64, u8)>, fleet: &Fleet) {
    for group in fleet.servers().iter().flat_map(|server| &server.groups) {
        let now = (group.reruns, rank(group.phase));
        let before = seen.insert(group.id.clone(), now);
        assert!(before.is_none_or(|before| before <= now), "{group:?} went back");
    }
    let reruns: u64 = seen.values().map(|(reruns, _)| reruns).sum();
    let asked = fleet.account().calls.iter().filter(|call| call.function == "rerunFailedQueueGroup").count();
    assert!(reruns <= asked as u64, "{reruns} reruns, {asked} asked for");
}

/// Whoever writes has a running group, and every running group that may write has a write.
fn account_agrees(fleet: &Fleet) {
    for server in fleet.servers() {
        let writing = fleet.account().writes.iter().filter(|write| write.server == server.name && write.to.is_none());
        for write in writing.clone() {
            let group = server.groups.iter().find(|group| group.id == write.group).expect("a writer has its group");
            assert!(group.is_running(), "{write:?} writes on in {group:?}");
        }
        let backups = server.groups.iter().filter(|group| group.kind == 1 && group.is_running()).count();
        assert!(backups <= server.forks, "{} runs {backups} backups with {} forks", server.name, server.forks);
        assert!(writing.count() <= backups);
    }
}

/// By hand, in another way than the account's: the most writes that cover one moment.
fn most_at_once(fleet: &Fleet) -> usize {
    let writes = &fleet.account().writes;
    let covers = |moment| writes.iter().filter(|w| w.from <= moment && w.to.is_none_or(|to| moment < to)).count();
    writes.iter().map(|write| covers(write.from)).max().unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn groups_move_forward_and_the_account_agrees(
        servers in prop::collection::vec(server(), SERVERS.len()),
        calls in calls(),
    ) {
        let mut seen = HashMap::new();
        let end = play(fleet(servers), &calls, seconds(7), |fleet| {
            account_agrees(fleet);
            moves_forward(&mut seen, fleet);
        });
        let account = end.account();
        prop_assert_eq!(account.max_writers(STORAGE), most_at_once(&end));
        prop_assert_eq!(account.overlaps(STORAGE).is_empty(), account.max_writers(STORAGE) <= 1);
        prop_assert!(account.max_writers(STORAGE) <= end.servers().iter().map(|server| server.forks).sum());
    }

    #[test]
    fn one_step_is_many_steps_and_a_world_file_changes_nothing(
        servers in prop::collection::vec(server(), SERVERS.len()),
        calls in calls(),
        step in 1..40u64,
    ) {
        let one = play(fleet(servers.clone()), &calls, seconds(END), |_| ());
        let many = play(fleet(servers), &calls, seconds(step), |_| ());
        prop_assert_eq!(&one, &many);
        let kept = serde_json::to_string(&one).unwrap();
        prop_assert_eq!(serde_json::from_str::<Fleet>(&kept).unwrap(), one);
    }
}
