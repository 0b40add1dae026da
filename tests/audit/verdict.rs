//! The verdict by itself: what is proven, what is not, and why.

use std::time::Duration;

use chrono::TimeDelta;
use jbr::audit::{Assumption, Audit, Conclusion, Gap, Offset, Period};
use jbr::execute::journal::{Entry, Phase, Running};
use jbr::execute::outcome::Verdict;
use jbr::jetbackup::facts::{GroupStatus, LogStatus};
use jbr::names::RunId;
use jbr::queue::Queue;
use jbr::state::Run;
use proptest::prelude::*;

use crate::scene::{DAY, NAS, Scene, at, group, job, journal, log, outcome, seen};

/// The overlaps as pairs of logs, and how long each is in seconds.
fn overlaps(audit: &Audit) -> Vec<(String, String, i64)> {
    let id = |backup: &jbr::audit::Backup| backup.log.as_ref().map_or("-".to_owned(), ToString::to_string);
    audit.overlaps.iter().map(|p| (id(&p.first), id(&p.second), (p.to - p.from).num_seconds())).collect()
}

/// The gaps' names.
fn gaps(audit: &Audit) -> Vec<String> {
    let name = |gap: &Gap| format!("{gap:?}").split([' ', '{']).next().unwrap().to_owned();
    audit.gaps.iter().map(name).collect()
}

fn check(scene: &Scene, conclusion: Conclusion, expected: &[&str]) {
    let audit = scene.audit();
    assert_eq!((gaps(&audit), audit.conclusion()), (expected.iter().map(|s| (*s).to_owned()).collect(), conclusion));
}

fn proven(scene: &Scene) {
    check(scene, Conclusion::Proven, &[]);
}

fn unproven(scene: &Scene, expected: &[&str]) {
    check(scene, Conclusion::Unproven, expected);
}

#[test]
fn one_after_the_other_is_proven_and_two_at_once_are_named() {
    let mut scene = Scene::of(&["a", "b"]);
    proven(&scene);
    scene.ran("a", "1", 100, 200);
    scene.ran("b", "2", 300, 400);
    proven(&scene);
    scene.ran("a", "3", 350, 500);
    scene.ran("b", "4", 360, 370);
    check(&scene, Conclusion::Overlapped, &[]);
    let expected = [("l2", "l3", 50), ("l2", "l4", 10), ("l3", "l4", 10)];
    assert_eq!(overlaps(&scene.audit()), expected.map(|(a, b, s)| (a.to_owned(), b.to_owned(), s)));
    let first = &scene.audit().overlaps[0].first;
    assert_eq!(first.address.as_ref().unwrap().to_string(), "b/job");
    assert_eq!((first.group.as_ref().unwrap().as_str(), first.from, first.to), ("g2", at(300), Some(at(400))));
}

#[test]
fn only_the_period_counts() {
    let mut scene = Scene::of(&["a"]);
    scene.ran("a", "1", -500, -300);
    scene.ran("a", "2", -400, -200);
    scene.ran("a", "3", DAY + 10, DAY + 20);
    scene.ran("a", "4", DAY + 10, DAY + 20);
    scene.now = at(2 * DAY);
    proven(&scene);
    assert_eq!(scene.audit().backups.len(), 0);
    // One that reaches into it counts, and so does what they have in common there.
    scene.ran("a", "5", -300, 50);
    scene.ran("a", "6", -100, 10);
    assert_eq!(overlaps(&scene.audit()), [("l5".to_owned(), "l6".to_owned(), 110)]);
}

#[test]
fn the_first_moment_of_the_period_belongs_to_it_and_the_one_after_it_does_not() {
    let mut scene = Scene::of(&["a"]);
    scene.now = at(2 * DAY);
    scene.ran("a", "1", -100, 0);
    scene.ran("a", "2", DAY, DAY);
    assert_eq!(scene.audit().backups.len(), 0);
    // One that took less than a second is at its moment.
    scene.ran("a", "3", 0, 0);
    assert_eq!(scene.audit().backups.len(), 1);
}

#[test]
fn on_one_server_the_end_of_one_may_be_the_second_in_which_the_next_begins() {
    let mut scene = Scene::of(&["a"]);
    scene.ran("a", "1", 100, 200);
    scene.ran("a", "2", 200, 200);
    scene.ran("a", "3", 200, 300);
    proven(&scene);
    // Shorter than a second, but in the middle of another.
    scene.ran("a", "4", 250, 250);
    assert_eq!(overlaps(&scene.audit()), [("l3".to_owned(), "l4".to_owned(), 0)]);
}

#[test]
fn between_two_servers_their_clocks_decide_what_is_too_close() {
    for (from, conclusion) in [
        (205, Conclusion::Proven),
        (202, Conclusion::Proven),
        (201, Conclusion::Unproven),
        (200, Conclusion::Unproven),
        (198, Conclusion::Unproven),
        (197, Conclusion::Overlapped),
        (150, Conclusion::Overlapped),
    ] {
        let mut scene = Scene::of(&["a", "b"]);
        scene.ran("a", "1", 100, 200);
        scene.ran("b", "2", from, 300);
        assert_eq!(scene.audit().conclusion(), conclusion, "{from}");
        let expected: &[&str] = if conclusion == Conclusion::Unproven { &["TooClose"] } else { &[] };
        check(&scene, conclusion, expected);
        scene.tolerance = Duration::ZERO;
        let is_apart = from >= 200;
        assert_eq!(scene.audit().conclusion() == Conclusion::Proven, is_apart, "{from}, clocks that agree");
    }
    // Short ones in the middle of a long one: only a clock that is far off could make that serial.
    let mut scene = Scene::of(&["a", "b"]);
    scene.ran("a", "1", 100, 200);
    scene.ran("b", "2", 150, 151);
    check(&scene, Conclusion::Overlapped, &[]);
}

#[test]
fn what_is_too_close_for_the_clocks_is_serial_where_jbr_read_the_end_before_it_asked() {
    use Verdict::{Completed, Failed, Lost, NeverFinished, Unconfirmed};
    // When jbr saw the first one over, how, and when the first trigger of the second left.
    for (seen_over, verdict, triggered, is_serial) in [
        (201, Completed, Some(201), true),
        (201, Failed, Some(202), true),
        (202, Completed, Some(201), false),
        (201, Completed, None, false),
        (201, Lost, Some(202), false),
        (201, Unconfirmed, Some(202), false),
        (201, NeverFinished, Some(202), false),
    ] {
        for from in [199, 200, 201] {
            let mut scene = Scene::of(&["a", "b"]);
            scene.ran("a", "1", 100, 200);
            scene.ran("b", "2", from, 300);
            let first = outcome("a", "1", verdict, Some(98), 99, seen_over);
            let second = outcome("b", "2", Completed, triggered, 203, 301);
            scene.remember_run(vec![first, second], vec![]);
            let audit = scene.audit();
            let is_doubted = audit.gaps.iter().any(|gap| matches!(gap, Gap::TooClose { .. }));
            let by_order = Assumption::OrderSeen { pairs: 1 };
            let case = format!("{seen_over} {verdict:?} {triggered:?} {from}");
            assert_eq!((!is_doubted, audit.assumptions.contains(&by_order)), (is_serial, is_serial), "{case}");
            assert!(audit.overlaps.is_empty(), "{case}");
        }
    }
}

#[test]
fn jbrs_order_is_no_word_against_an_overlap_nor_of_two_runs_nor_of_other_records() {
    let first = || outcome("a", "1", Verdict::Completed, Some(98), 99, 201);
    let second = || outcome("b", "2", Verdict::Completed, Some(202), 203, 301);
    let scene = |from: i64| {
        let mut scene = Scene::of(&["a", "b"]);
        scene.ran("a", "1", 100, 200);
        scene.ran("b", "2", from, 300);
        scene
    };
    let mut overlapped = scene(150);
    overlapped.remember_run(vec![first(), second()], vec![]);
    assert_eq!(overlapped.audit().conclusion(), Conclusion::Overlapped);
    // Its clock may have been set between two runs.
    let mut two_runs = scene(201);
    two_runs.remember_run(vec![first()], vec![]);
    two_runs.remember_run(vec![second()], vec![]);
    unproven(&two_runs, &["TooClose"]);
    // The log that was seen to be over is another one.
    let mut another = scene(201);
    another.ran("a", "3", 20, 30);
    another.remember_run(vec![outcome("a", "3", Verdict::Completed, Some(18), 19, 201), second()], vec![]);
    unproven(&another, &["TooClose"]);
}

#[test]
fn a_clock_that_jbrs_own_record_contradicts_is_not_believed() {
    let mut scene = Scene::of(&["a", "b"]);
    // b's clock is ten minutes ahead: what looks 300 s apart overlapped in truth, or did not.
    scene.ran("a", "1", 100, 200);
    scene.remember("a", "1", Verdict::Completed, 95, 230);
    scene.ran("b", "2", 500, 1000);
    proven(&scene);
    scene.remember("b", "2", Verdict::Completed, -105, 405);
    unproven(&scene, &["TooClose"]);
    let Gap::TooClose { apart, .. } = &scene.audit().gaps[0] else { panic!() };
    assert!(apart.measured && apart.within >= TimeDelta::seconds(600) && apart.within < TimeDelta::seconds(700));
    let offset = scene.audit().servers[1].offset.unwrap();
    assert!(offset.at_least <= TimeDelta::seconds(600) && offset.at_most >= TimeDelta::seconds(600), "{offset:?}");
    // What is further apart than the clocks stays proven, and a long overlap stays one.
    scene.ran("a", "3", 40_000, 50_000);
    scene.ran("b", "4", 42_000, 52_000);
    check(&scene, Conclusion::Overlapped, &["TooClose"]);
}

#[test]
fn a_clock_that_jbrs_own_record_agrees_with_is() {
    let mut scene = Scene::of(&["a", "b"]);
    scene.ran("a", "1", 100, 200);
    scene.remember("a", "1", Verdict::Completed, 95, 4000);
    scene.ran("b", "2", 4010, 4020);
    scene.remember("b", "2", Verdict::Completed, 4001, 4025);
    proven(&scene);
    let expected = Offset::new(TimeDelta::seconds(-3801), TimeDelta::seconds(17));
    assert_eq!(scene.audit().servers[0].offset, Some(expected), "seen late, which says little");
}

#[test]
fn a_server_that_cannot_be_asked_proves_nothing() {
    let mut scene = Scene::of(&["a", "b"]);
    scene.lose("b");
    unproven(&scene, &["Unread"]);
    scene.ran("a", "1", 100, 200);
    scene.ran("a", "2", 150, 250);
    check(&scene, Conclusion::Overlapped, &["Unread"]);
    assert_eq!(scene.audit().overlaps.len(), 1, "both are shown");
    // What jbr remembers of it is not missing a second time.
    scene.remember("b", "9", Verdict::Completed, 100, 200);
    check(&scene, Conclusion::Overlapped, &["Unread"]);
}

#[test]
fn logs_that_do_not_reach_back_prove_nothing() {
    let mut scene = Scene::of(&["a"]);
    scene.ran("a", "1", 100, 200);
    scene.records("a").logs.retain(|log| log.id.as_str() == "l1");
    unproven(&scene, &["LogsTooYoung"]);
    scene.period.from = at(100);
    proven(&scene);
    scene.records("a").logs.clear();
    scene.records("a").groups.clear();
    unproven(&scene, &["LogsTooYoung"]);
}

#[test]
fn a_group_without_its_log_ran_at_a_time_that_nobody_knows() {
    let with = |created: i64, status: GroupStatus, log: Option<&str>| {
        let mut scene = Scene::of(&["a"]);
        scene.records("a").groups.push(group("g1", "a1", created, status, log));
        scene
    };
    let no_log = &["GroupWithoutLog"];
    unproven(&with(100, GroupStatus::Completed, Some("l1")), no_log);
    unproven(&with(100, GroupStatus::Failed, None), no_log);
    unproven(&with(100, GroupStatus::Started, None), no_log);
    unproven(&with(-DAY, GroupStatus::Completed, Some("l1")), no_log);
    proven(&with(-4 * DAY, GroupStatus::Completed, Some("l1")));
    unproven(&with(-4 * DAY, GroupStatus::Step(14), Some("l1")), no_log);
    proven(&with(DAY, GroupStatus::Completed, Some("l1")));
    // What waits in JetBackup's own queue writes nothing.
    proven(&with(100, GroupStatus::Pending, None));
}

#[test]
fn a_group_that_names_no_log_has_the_first_one_of_its_job_that_no_other_has() {
    let mut scene = Scene::of(&["a"]);
    scene.add_log("a", log("l1", "a1", Some(110), Some(200)));
    scene.add_log("a", log("l2", "a1", Some(310), Some(400)));
    scene.records("a").groups.push(group("g1", "a1", 100, GroupStatus::Completed, None));
    scene.records("a").groups.push(group("g2", "a1", 300, GroupStatus::Completed, None));
    proven(&scene);
    assert_eq!(scene.audit().backups[1].group.as_ref().unwrap().as_str(), "g2");
    // One whose log is not kept any more takes no other's.
    scene.records("a").groups.push(group("g0", "a1", -5 * DAY, GroupStatus::Completed, None));
    proven(&scene);
    scene.records("a").groups.push(group("g3", "a1", 250, GroupStatus::Completed, None));
    unproven(&scene, &["GroupWithoutLog"]);
    assert!(matches!(&scene.audit().gaps[0], Gap::GroupWithoutLog { group, .. } if group.as_str() == "g3"));
    // A log without an end is no finished group's.
    scene.add_log("a", log("l3", "a1", Some(500), None));
    unproven(&scene, &["LogWithoutEnd", "GroupWithoutLog"]);
}

#[test]
fn what_runs_lasts_until_now() {
    let mut scene = Scene::of(&["a", "b"]);
    scene.add_log("a", log("l1", "a1", Some(100), None));
    unproven(&scene, &["LogWithoutEnd"]);
    scene.records("a").groups.push(group("g1", "a1", 95, GroupStatus::Started, Some("l1")));
    proven(&scene);
    assert_eq!(scene.audit().backups[0].to, None);
    scene.ran("b", "2", 400, 500);
    assert_eq!(overlaps(&scene.audit()), [("l1".to_owned(), "l2".to_owned(), 100)]);
    // A log that ended and a group that has not: one of them is wrong.
    scene.records("b").groups.last_mut().unwrap().status = GroupStatus::Started;
    check(&scene, Conclusion::Overlapped, &["GroupNotOver"]);
}

#[test]
fn two_that_run_now_overlap_even_without_logs() {
    let mut scene = Scene::of(&["a", "b"]);
    for server in ["a", "b"] {
        let mut running = group(&format!("g{server}"), &format!("{server}1"), 100, GroupStatus::Started, None);
        running.execution_time = Some(Duration::from_secs(60));
        scene.records(server).groups.push(running);
    }
    check(&scene, Conclusion::Overlapped, &["GroupWithoutLog", "GroupWithoutLog"]);
    assert_eq!(overlaps(&scene.audit())[0].2, 60);
}

#[test]
fn times_that_cannot_be_place_backups_nowhere() {
    let with = |from: Option<i64>, to: Option<i64>| {
        let mut scene = Scene::of(&["a"]);
        scene.add_log("a", log("l1", "a1", from, to));
        scene
    };
    unproven(&with(None, Some(200)), &["LogWithoutStart"]);
    unproven(&with(None, None), &["LogWithoutStart"]);
    proven(&with(None, Some(-200)));
    unproven(&with(Some(300), Some(200)), &["LogBackwards"]);
    unproven(&with(Some(-300), None), &["LogWithoutEnd"]);
    proven(&with(Some(DAY), None));
    unproven(&with(Some(100), Some(DAY + 600)), &["FromTheFuture"]);
    unproven(&with(Some(DAY + 600), None), &["FromTheFuture"]);
}

#[test]
fn what_writes_elsewhere_does_not_count_and_what_may_write_here_does() {
    let mut scene = Scene::of(&["a"]);
    scene.guard("a");
    scene.records("a").jobs.push(job("cloud", &["cloud"]));
    scene.records("a").jobs.push(job("both", &["cloud", NAS]));
    scene.records("a").jobs.push(job("nowhere", &[]));
    scene.ran("a", "1", 100, 200);
    scene.ran_of("a", "2", "cloud", 100, 200);
    scene.records("a").groups.push(group("g9", "cloud", 100, GroupStatus::Completed, None));
    proven(&scene);
    let audit = scene.audit();
    assert_eq!((audit.backups.len(), audit.servers.len()), (1, 1));
    // Unknown is not "elsewhere", and not "here" either.
    scene.ran_of("a", "3", "nowhere", 150, 160);
    scene.ran_of("a", "4", "gone", 190, 300);
    unproven(&scene, &["PerhapsElsewhere", "PerhapsElsewhere"]);
    scene.ran_of("a", "5", "both", 195, 196);
    check(&scene, Conclusion::Overlapped, &["PerhapsElsewhere", "PerhapsElsewhere", "PerhapsElsewhere"]);
    // Alone, it does no harm.
    let mut scene = Scene::of(&["a"]);
    scene.guard("a");
    scene.ran_of("a", "3", "gone", 150, 160);
    proven(&scene);
}

#[test]
fn foreign_backups_count() {
    let mut scene = Scene::of(&["a", "b"]);
    scene.ran("a", "1", 100, 200);
    scene.ran_of("b", "2", "foreign", 150, 160);
    check(&scene, Conclusion::Overlapped, &[]);
    let second = &scene.audit().overlaps[0].second;
    assert_eq!((second.address.as_ref(), second.id.as_ref().unwrap().as_str()), (None, "foreign"));
}

#[test]
fn what_jbr_remembers_must_be_recorded() {
    let mut scene = Scene::of(&["a"]);
    scene.ran("a", "1", 100, 200);
    scene.remember("a", "1", Verdict::Completed, 95, 210);
    proven(&scene);
    scene.remember("a", "2", Verdict::Completed, 300, 400);
    unproven(&scene, &["RunWithoutLog"]);
    // Outside of the period it does not matter, and what never ran has no log.
    let mut scene = Scene::of(&["a"]);
    scene.remember("a", "1", Verdict::Completed, -300, -200);
    scene.remember("a", "2", Verdict::Skipped, 100, 100);
    scene.remember("a", "3", Verdict::NeverStarted, 100, 100);
    proven(&scene);
    // A backup that was lost ran all the same.
    scene.remember("a", "4", Verdict::Lost, 100, 200);
    unproven(&scene, &["RunWithoutLog"]);
}

#[test]
fn what_jbr_watches_must_be_recorded() {
    let running = |group: &str| Running {
        group: group.parse().unwrap(),
        log: None,
        since: at(100),
        adopted: false,
        overdue: false,
        released: false,
        stop: None,
        baseline: None,
    };
    let mut scene = Scene::of(&["a"]);
    let mut journal = journal();
    let phase = Phase::Running(running("g1"));
    journal.entries.insert("a/job".parse().unwrap(), Entry { phase, triggers: 1, ..Entry::default() });
    let (poll, unreachable_wait) = (Duration::from_secs(30), Duration::from_secs(900));
    let queue = Queue {
        items: vec![],
        servers: vec![],
        poll,
        pace: jbr::desired::Pace::Adaptive,
        unreachable_wait,
        stays: false,
    };
    scene.state.run = Some(Run { id: RunId::new(at(0), 1), started: at(0), queue, journal });
    unproven(&scene, &["RunWithoutLog"]);
    scene.records("a").groups.push(group("g1", "a1", 100, GroupStatus::Pending, None));
    proven(&scene);
    scene.records("a").groups[0].status = GroupStatus::Started;
    scene.add_log("a", log("l1", "a1", Some(110), None));
    proven(&scene);
}

#[test]
fn a_server_that_left_the_plan_cannot_be_asked() {
    let mut scene = Scene::of(&["a"]);
    scene.remember("gone", "1", Verdict::Completed, 100, 200);
    unproven(&scene, &["ServerGone"]);
    // Who asks about some servers gets an answer about those.
    scene.desired.servers.push(crate::scene::server("b"));
    proven(&scene);
}

#[test]
fn an_end_that_was_recorded_otherwise_is_shown() {
    let with = |remembered: Verdict, group: i64, log: i64| {
        let mut scene = Scene::of(&["a"]);
        scene.ran("a", "1", 100, 200);
        scene.records("a").groups[0].status = GroupStatus::from_code(group);
        scene.records("a").logs[1].status = LogStatus::from_code(log);
        scene.remember("a", "1", remembered, 95, 210);
        scene
    };
    let recorded = |scene: &Scene| scene.audit().disagreements.first().map(|d| (d.remembered, d.recorded));
    for (remembered, group, log, expected) in [
        (Verdict::Completed, 100, 1, None),
        (Verdict::Completed, 102, 2, Some(Verdict::Failed)),
        (Verdict::Completed, 100, 2, Some(Verdict::Failed)),
        (Verdict::Completed, 102, 1, Some(Verdict::Failed)),
        (Verdict::Partial, 100, 1, Some(Verdict::Completed)),
        (Verdict::Failed, 100, 1, Some(Verdict::Completed)),
        (Verdict::Failed, 102, 1, None),
        (Verdict::Aborted, 103, 3, None),
        (Verdict::UnknownStatus(107), 107, 2, None),
        // It claims nothing.
        (Verdict::Unconfirmed, 100, 2, None),
        (Verdict::Lost, 100, 1, None),
    ] {
        let scene = with(remembered, group, log);
        assert_eq!(recorded(&scene), expected.map(|recorded| (remembered, recorded)), "{remembered:?} {group} {log}");
        let conclusion = if expected.is_some() { Conclusion::Disagreement } else { Conclusion::Proven };
        check(&scene, conclusion, &[]);
    }
    // The group said that it failed, and is not listed any more: what remains is no contradiction.
    let mut scene = with(Verdict::Failed, 102, 1);
    scene.records("a").groups.clear();
    proven(&scene);
    // It was run again under its id since: the group speaks of that, the log of this.
    let mut scene = with(Verdict::Partial, 100, 4);
    scene.add_log("a", log("l2", "a1", Some(300), Some(400)));
    scene.records("a").groups[0].log = Some("l2".parse().unwrap());
    proven(&scene);
}

#[test]
fn what_jbr_saw_together_must_be_in_the_logs() {
    let mut scene = Scene::of(&["a", "b"]);
    scene.ran("a", "1", 100, 200);
    scene.ran("b", "2", 150, 250);
    scene.remember_run(vec![], vec![seen(160, ("a", "g1"), ("b", "g2"))]);
    check(&scene, Conclusion::Overlapped, &[]);
    scene.remember_run(vec![], vec![seen(400, ("a", "g1"), ("b", "g3"))]);
    check(&scene, Conclusion::Overlapped, &["SeenTogether"]);
    let mut scene = Scene::of(&["a", "b"]);
    scene.remember_run(vec![], vec![seen(-400, ("a", "g1"), ("b", "g3"))]);
    proven(&scene);
}

/// Intervals on three servers, in a period.
fn intervals() -> impl Strategy<Value = Vec<(usize, i64, i64)>> {
    prop::collection::vec((0..3_usize, -50..250_i64, 0..60_i64), 0..40)
}

/// Every two, one by one.
fn oracle(intervals: &[(usize, i64, i64)], tolerance: i64, from: i64, to: i64) -> (usize, usize) {
    let (mut certain, mut doubtful) = (0, 0);
    for (place, (server, begun, length)) in intervals.iter().enumerate() {
        for (other, next, next_length) in &intervals[place + 1..] {
            let (end, next_end) = (begun + length, next + next_length);
            let depth = (end - next).min(next_end - begun);
            let within = if server == other { 0 } else { tolerance };
            let (first, last) = ((*begun).max(*next), end.min(next_end));
            let (first, last) = (first.min(last), first.max(last));
            let both_in = [(*begun, end), (*next, next_end)].iter().all(|(b, e)| *b < to && (*e > from || *b >= from));
            let is_in = first < to && (last > from || first >= from);
            if both_in && is_in && depth > within {
                certain += 1;
            } else if both_in && is_in && depth > -within {
                doubtful += 1;
            }
        }
    }
    (certain, doubtful)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_pairs_are_those_that_a_slow_search_finds(intervals in intervals(), tolerance in 0..5_i64, from in 0..50_i64, length in 1..200_i64) {
        let mut scene = Scene::of(&["a", "b", "c"]);
        scene.tolerance = Duration::from_secs(tolerance.unsigned_abs());
        scene.period = Period { from: at(from), to: at(from + length) };
        scene.now = at(DAY);
        for (id, (server, begun, length)) in intervals.iter().enumerate() {
            scene.ran(["a", "b", "c"][*server], &id.to_string(), *begun, begun + length);
        }
        let audit = scene.audit();
        prop_assert_eq!((audit.overlaps.len(), audit.gaps.len()), oracle(&intervals, tolerance, from, from + length));
        let is_proven = audit.overlaps.is_empty() && audit.gaps.is_empty();
        prop_assert_eq!(audit.conclusion() == Conclusion::Proven, is_proven);
    }
}

#[test]
fn a_month_in_which_everything_overlaps_is_cut_and_says_so() {
    let mut scene = Scene::of(&["a"]);
    for id in 0..60 {
        scene.ran("a", &id.to_string(), id, DAY);
    }
    let audit = scene.audit();
    assert_eq!((audit.overlaps.len(), audit.left_out), (1000, 60 * 59 / 2 - 1000));
}
