//! SIGKILL at any moment: nothing is lost, nothing runs twice, and no two write at once.
//!
//! `JBR_SEED` repeats the moments of an earlier run, which are printed with every failure; `JBR_KILL_ROUNDS` asks for more than the twenty.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]
#![expect(clippy::print_stdout, reason = "a failure comes with what repeats it")]

#[path = "support/random.rs"]
mod random;
#[path = "support/setting.rs"]
mod setting;
mod support;

use std::io::Write as _;
use std::time::{Duration, Instant};

use chrono::Utc;
use jbr::simulator::{Execution, Fault, Fleet, Rule, Server};
use random::Random;
use serde_json::json;
use setting::number;
use support::parts::{id, job, ms, run_with, with_nas};
use support::process::Process;
use support::site::{NAS, Site};
use support::until::{until, until_within};

/// How many processes are killed if nobody says otherwise.
const KILLS: usize = 20;
/// A process lives this long at most, in milliseconds, before it is killed: twenty of them, half as long on average, are about as
/// long as a whole run.
const LIFE_MAX_MS: u64 = 2600;
/// One process in so many is counted from its own start instead of the run's first sign of life.
const EARLY_EVERY: u64 = 5;
/// No process is waited for longer.
const PROCESS_MAX: Duration = Duration::from_secs(120);
/// A lost trigger is waited out for the start and the longest call: ten seconds with these.
const LIMITS: &str = ", connect_timeout: 2s, command_timeout: 4s";

/// Address, number, how long until it is seen, how long it writes (both ms), how it ends, what that is called.
type Row = (&'static str, usize, u64, u64, i64, &'static str);

const ROWS: [Row; 8] = [
    ("a/good", 1, 0, 1500, 100, "completed"),
    ("b/shorter-than-any-poll", 2, 0, 20, 100, "completed"),
    ("c/seen-late", 3, 1200, 600, 100, "completed"),
    ("a/partial", 4, 0, 900, 101, "partial"),
    ("b/failed", 5, 0, 700, 102, "failed"),
    ("c/short-and-aborted", 6, 0, 50, 103, "aborted"),
    ("a/late-and-short", 7, 900, 30, 104, "never_finished"),
    ("b/long", 8, 0, 2500, 100, "completed"),
];

fn new_seed() -> u64 {
    Utc::now().timestamp_nanos_opt().unwrap().unsigned_abs()
}

fn site() -> Site {
    let on = |name: &'static str| {
        move |server: Server| {
            let rows = ROWS.iter().filter(|row| row.0.starts_with(name));
            rows.fold(with_nas(server), |server, (_, number, seen, writes, status, _)| {
                let execution = Execution::of(ms(*writes)).appears_after(ms(*seen)).starts_after(ms(100)).ends(*status);
                server.job(job(*number, execution))
            })
        }
    };
    let site = Site::start(&Fleet::new(Utc::now()).server("a", on("a/")).server("b", on("b/")).server("c", on("c/")));
    let jobs = ROWS.map(|(address, number, ..)| (address, number, ""));
    site.write_plan_with(LIMITS, &run_with(", start_timeout: 2s", &jobs));
    site
}

fn is_in_its_run(jbr: &Process) -> bool {
    jbr.events().iter().any(|line| line["run"].is_string())
}

/// The account and the state when no run is in progress; how many runs there were. The history counts them: one may be over and
/// recorded, and its process killed before it could say so.
fn assert_whole(site: &Site) -> usize {
    let history = site.history();
    let runs = history.len();
    let account = site.account();
    assert_eq!(account.max_writers(NAS), 1, "{:?}", account.overlaps(NAS));
    for (address, number, _, _, _, verdict) in ROWS {
        let (server, _) = address.split_once('/').unwrap();
        assert_eq!(account.triggers_by_api(server, &id(number)), runs, "{address} in {runs} runs");
        assert_eq!(site.verdict(address), json!(verdict), "{address}");
    }
    assert_eq!(account.writes.len(), ROWS.len() * runs);
    for run in history {
        assert_eq!(run["end"], "complete", "{run}");
        let verdicts: Vec<_> = run["jobs"].as_array().unwrap().iter().map(|job| &job["outcome"]["verdict"]).collect();
        assert_eq!(verdicts, ROWS.map(|row| json!(row.5)).iter().collect::<Vec<_>>(), "{run}");
    }
    assert_eq!(site.state()["run"], json!(null));
    runs
}

/// What the state says right after a kill, against what the simulator knows: nothing was started that is not in it, and nothing is in it
/// that did not happen. The state is read first: a command that outlives its sender may still arrive.
fn assert_the_state_is_true(site: &Site) {
    let runs_over = site.history().len();
    let run = site.state()["run"].clone();
    let fleet = site.fleet();
    for (address, number, _, _, _, verdict) in ROWS {
        let (server, _) = address.split_once('/').unwrap();
        let triggers = fleet.account().triggers_by_api(server, &id(number));
        let items = run["queue"].as_array().map_or(&[][..], Vec::as_slice);
        let Some(item) = items.iter().find(|item| item["job"] == address) else {
            assert_eq!(triggers, runs_over, "{address} is in no run: {run}");
            continue;
        };
        let of_this_run = triggers.checked_sub(runs_over).unwrap();
        match item["phase"].as_str().unwrap() {
            "queued" | "preparing" => assert_eq!(of_this_run, 0, "{address} was started without its intent: {item}"),
            "triggered" => assert!(of_this_run <= 1, "{address} was started twice: {item}"),
            _ => assert_eq!(of_this_run, 1, "{address}: {item}"),
        }
        if item["phase"] == "done" {
            let outcome = &item["outcome"];
            assert_eq!(outcome["verdict"], json!(verdict), "{item}");
            let mut groups = fleet.server_of(server).unwrap().groups.iter();
            let group = groups.find(|group| outcome["group"] == group.id);
            assert!(group.is_some_and(|group| !group.is_unfinished()), "{item}: {group:?}");
        }
    }
}

#[test]
fn a_run_that_is_killed_at_random_moments_loses_nothing_and_repeats_nothing() {
    let seed = number("JBR_SEED").unwrap_or_else(new_seed);
    let kills = number("JBR_KILL_ROUNDS").map_or(KILLS, |rounds| usize::try_from(rounds).unwrap());
    println!("JBR_SEED={seed} JBR_KILL_ROUNDS={kills}");
    let mut random = Random::new(seed);
    let site = site();
    let (mut killed, mut in_a_run, mut resumed) = (0, 0, 0);
    loop {
        resumed += usize::from(killed > 0 && !site.state()["run"].is_null());
        let mut jbr = site.start_apply();
        // Once all kills are spent, the last process lives to the end of the run.
        let life = (killed < kills).then(|| ms(random.below(LIFE_MAX_MS)));
        let early = random.below(EARLY_EVERY) == 0;
        let mut born = early.then(Instant::now);
        until_within(PROCESS_MAX, "the moment to kill", || {
            if born.is_none() && is_in_its_run(&jbr) {
                born = Some(Instant::now());
            }
            let is_due = |life| born.is_some_and(|born| born.elapsed() >= life);
            jbr.has_ended() || life.is_some_and(is_due)
        });
        if jbr.has_ended() {
            // The worst verdict decides.
            let ran = jbr.ended();
            assert_eq!(ran.code, Some(3), "{}", ran.text());
            let runs = assert_whole(&site);
            if killed >= kills {
                let account = site.account();
                // Past the harness, which shows nothing of a test that passes.
                let mut shown = std::io::stdout();
                writeln!(
                    shown,
                    "figures of kill: kills={killed} in_a_run={in_a_run} resumed={resumed} runs={runs} triggers={} writes={} overlaps={}",
                    account.triggers.len(),
                    account.writes.len(),
                    account.overlaps(NAS).len()
                )
                .unwrap();
                break;
            }
        } else {
            jbr.kill();
            killed += 1;
            in_a_run += usize::from(is_in_its_run(&jbr));
            assert_the_state_is_true(&site);
            println!(
                "killed {life:?} after its {}: {:?}",
                if early { "start" } else { "first event" },
                jbr.events().last()
            );
        }
    }
    assert!(in_a_run * 2 >= kills, "{in_a_run} of {kills} kills met a run that had begun");
}

/// The worst moment: the trigger has arrived, and whoever sent it dies before the answer.
fn a_trigger_that_outlives_its_sender(fault: Fault) {
    let rule = Rule::of("runBackupJobManually", fault).delay(ms(3000));
    let goes = |writes: u64| Execution::of(ms(writes)).starts_after(ms(100));
    let fleet = Fleet::new(Utc::now())
        .server("a", |a| with_nas(a).job(job(1, goes(800))).rule(rule))
        .server("b", |b| with_nas(b).job(job(2, goes(100))));
    let site = Site::start(&fleet);
    site.write_plan_with(LIMITS, &run_with(", start_timeout: 2s", &[("a/one", 1, ""), ("b/two", 2, "")]));
    let mut jbr = site.start_apply();
    jbr.until_event("triggering", None);
    until("the trigger arrives", || site.account().calls_of("a", "runBackupJobManually") == 1);
    jbr.kill();
    assert_eq!(site.state()["run"]["queue"][0]["phase"], "triggered", "the intent was stored before");

    let ran = site.apply();

    assert_eq!(ran.code, Some(0), "{}", ran.text());
    let account = site.account();
    assert_eq!((account.triggers_by_api("a", &id(1)), account.triggers_by_api("b", &id(2))), (1, 1));
    assert_eq!((account.writes.len(), account.max_writers(NAS)), (2, 1));
    assert_eq!((site.verdict("a/one"), site.verdict("b/two")), (json!("completed"), json!("completed")));
}

#[test]
fn a_trigger_whose_answer_nobody_lives_to_hear_is_found_and_not_repeated() {
    a_trigger_that_outlives_its_sender(Fault::Slow);
}

#[test]
fn a_trigger_that_is_carried_out_when_the_next_process_looks_already_is_found_and_not_repeated() {
    a_trigger_that_outlives_its_sender(Fault::Late(ms(3000)));
}
