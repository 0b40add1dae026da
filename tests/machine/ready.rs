//! When an item may start: what it comes after, its windows, the wait before another try.

use std::time::Duration;

use jbr::clock::{Timestamp, later};
use jbr::desired::{After, Retry, RetryWhen, When};
use jbr::execute::journal::Phase;
use jbr::execute::outcome::{Outcome, Verdict};
use jbr::execute::{Action, End, Event};
use jbr::jetbackup::facts::{Group, GroupStatus, LogStatus};
use jbr::queue::Usual;
use jbr::window::Opening;

use super::scene::{self, MINUTE, Scene, group, idle, job, log, no_logs};

const ALL_IDLE: [&str; 2] = ["a", "b"];

impl Scene {
    fn ask(&mut self) -> Action {
        self.survey(&ALL_IDLE.map(|server| (server, idle())))
    }

    /// A new process that may start nothing asks everybody once all the same.
    fn start_and_ask(&mut self) -> Action {
        assert_eq!(self.start(), Action::Survey { job: None });
        self.ask()
    }

    /// The first item is started, runs, and ends like this.
    fn ends(&mut self, address: &str, id: &str, status: GroupStatus, recorded: LogStatus) -> Action {
        assert_eq!(self.ask(), self.trigger_of(address));
        self.trigger_accepted();
        let mut over = group(id, &job(address), status);
        over.log = Some(format!("l{id}").parse().unwrap());
        self.look(&[over.clone()], no_logs());
        self.group(&scene::known(Some(over)));
        self.log(&scene::known(Some(log(&format!("l{id}"), recorded))))
    }

    fn comes_after(&mut self, item: usize, address: &str, when: When) {
        self.queue.items[item].after = vec![After { job: address.parse().unwrap(), when }];
    }

    fn opens(&mut self, item: usize, openings: &[(u32, u32)]) {
        let at = |minutes: u32| -> Timestamp { later(self.now, MINUTE * minutes) };
        let openings = openings.iter().map(|(from, to)| Opening { from: at(*from), to: at(*to) }).collect();
        self.queue.items[item].openings = Some(openings);
    }
}

#[test]
fn what_comes_after_a_good_backup_is_run_and_what_comes_after_a_bad_one_is_not() {
    let (good, bad) = ((GroupStatus::Completed, LogStatus::Completed), (GroupStatus::Failed, LogStatus::Failed));
    let rows = [(good, When::Success, true), (bad, When::Success, false), (bad, When::Finished, true)];
    for ((status, recorded), when, runs) in rows {
        let mut scene = Scene::new(&["a/x", "b/y", "b/z"]);
        scene.comes_after(1, "a/x", when);
        scene.comes_after(2, "b/y", When::Success);
        scene.start();
        let next = scene.ends("a/x", "g1", status, recorded);
        if runs {
            assert_eq!(next, Action::Survey { job: Some(scene.job_of("b/y")) }, "{when:?}");
        } else {
            assert_eq!(next, Action::Finish(End::Complete), "and so on down the chain");
            assert_eq!([scene.verdict("b/y"), scene.verdict("b/z")], [Verdict::Skipped; 2]);
            let note = &scene.journal.outcome(&"b/z".parse().unwrap()).unwrap().note;
            assert!(note.contains("b/y") && note.contains("skipped"), "{note}");
        }
    }
}

/// One dead server must not take healthy ones along that only want to come after it.
#[test]
fn finished_is_over_however_it_ended_and_be_it_that_it_never_began() {
    let verdicts = [
        (Verdict::Completed, true),
        (Verdict::Partial, true),
        (Verdict::Skipped, false),
        (Verdict::Unconfirmed, false),
        (Verdict::NeverStarted, false),
        (Verdict::Aborted, false),
        (Verdict::NeverFinished, false),
        (Verdict::Failed, false),
        (Verdict::UnknownStatus(107), false),
        (Verdict::Lost, false),
    ];
    for (verdict, is_success) in verdicts {
        for (when, runs) in [(When::Success, is_success), (When::Finished, true)] {
            let mut scene = Scene::new(&["a/x", "b/y"]);
            scene.comes_after(1, "a/x", when);
            let outcome = Outcome::without_run(verdict, scene.now, String::new());
            scene.journal.entry_mut(&"a/x".parse().unwrap()).phase = Phase::Done(outcome);
            let asks_for_it = scene.start() == Action::Survey { job: Some(scene.job_of("b/y")) };
            assert_eq!(asks_for_it, runs, "{verdict:?}, {when:?}");
        }
    }
}

#[test]
fn what_waits_for_another_lets_those_pass_that_do_not() {
    let mut scene = Scene::new(&["a/x", "b/y", "b/z"]);
    scene.opens(0, &[(600, 900)]);
    scene.comes_after(1, "a/x", When::Success);
    assert_eq!(scene.start(), Action::Survey { job: Some(scene.job_of("b/z")) });
}

#[test]
fn nothing_starts_in_a_closed_window_and_the_run_can_be_resumed() {
    let mut scene = Scene::new(&["a/x"]);
    scene.opens(0, &[(60, 120)]);
    let opens = Some(later(scene.now, MINUTE * 60));
    assert_eq!(scene.start_and_ask(), Action::Finish(End::WindowClosed { opens }));
    scene.pass(MINUTE * 60);
    assert_eq!(scene.start(), Action::Survey { job: Some(scene.job_of("a/x")) });
    scene.pass(MINUTE * 60);
    assert_eq!(scene.start_and_ask(), Action::Finish(End::WindowClosed { opens: None }), "an end is no time to start");
}

#[test]
fn a_backup_that_runs_is_watched_though_nothing_may_start() {
    let mut scene = Scene::new(&["a/x"]);
    scene.opens(0, &[(60, 120)]);
    assert_eq!(scene.start(), Action::Survey { job: None });
    let runs = scene::busy(&[group("g1", &job("a/x"), GroupStatus::Started)]);
    assert!(matches!(scene.survey(&[("a", runs), ("b", idle())]), Action::LookAtGroup { .. } | Action::Wait(_)));
    assert!(matches!(scene.phase("a/x"), Phase::Running(running) if running.adopted));
}

#[test]
fn a_run_that_is_to_stay_waits_for_the_window() {
    let mut scene = Scene::new(&["a/x"]);
    scene.queue.stays = true;
    scene.opens(0, &[(60, 120)]);
    for _ in 0..60 {
        let Action::Wait(pause) = scene.waited() else { panic!("it leaves") };
        assert!(pause <= MINUTE, "a signal must be heard, and connections kept alive");
        scene.pass(pause);
    }
    assert_eq!(scene.waited(), Action::Survey { job: Some(scene.job_of("a/x")) });
    assert_eq!(scene.events.iter().filter(|event| matches!(event, Event::Waiting { .. })).count(), 1);
}

#[test]
fn a_window_that_closes_stops_no_backup() {
    let mut scene = Scene::running("a/x", "g1");
    scene.opens(0, &[(0, 1)]);
    scene.opens(1, &[(0, 1)]);
    scene.pass(MINUTE * 30);
    assert!(matches!(scene.group(&scene::under_way("g1")), Action::Wait(_)));
    let mut over = group("g1", &job("a/x"), GroupStatus::Completed);
    over.log = Some("l1".parse().unwrap());
    scene.group(&scene::known(Some(over)));
    let end = scene.log(&scene::known(Some(log("l1", LogStatus::Completed))));
    assert_eq!(end, Action::Finish(End::WindowClosed { opens: None }));
    assert_eq!(scene.verdict("a/x"), Verdict::Completed);
}

#[test]
fn a_window_that_closes_while_everybody_is_asked_is_closed() {
    let mut scene = Scene::new(&["a/x"]);
    scene.opens(0, &[(0, 10)]);
    assert!(matches!(scene.start(), Action::Survey { .. }));
    scene.pass(MINUTE * 10);
    assert_eq!(scene.ask(), Action::Finish(End::WindowClosed { opens: None }));
    assert_eq!(scene.phase("a/x"), &Phase::Queued);
}

#[test]
fn one_whose_window_opens_while_everybody_is_asked_for_another_is_asked_for_itself() {
    let mut scene = Scene::new(&["a/x", "b/y"]);
    scene.opens(0, &[(1, 10)]);
    assert_eq!(scene.start(), Action::Survey { job: Some(scene.job_of("b/y")) });
    scene.pass(MINUTE);
    assert_eq!(scene.ask(), Action::Survey { job: Some(scene.job_of("a/x")) }, "those logs were another job's");
    assert_eq!(scene.ask(), scene.trigger_of("a/x"));
}

#[test]
fn a_gate_that_was_opened_is_closed_when_the_window_is() {
    let mut scene = Scene::with_gate("a/x");
    scene.opens(0, &[(0, 10)]);
    scene.start();
    scene.ask();
    scene.pass(MINUTE * 10);
    assert!(matches!(scene.gate(&scene::known(true)), Action::Survey { .. }));
    assert_eq!(scene.ask(), Action::Survey { job: None }, "to close what was opened");
    assert!(matches!(scene.ask(), Action::Set { open: false, .. }));
    assert_eq!(scene.gate(&scene::known(false)), Action::Finish(End::WindowClosed { opens: None }));
}

#[test]
fn what_must_fit_starts_only_where_enough_of_the_window_is_left() {
    let mut scene = Scene::new(&["a/x"]);
    scene.opens(0, &[(0, 60), (100, 200)]);
    scene.queue.items[0].fits = Some(MINUTE * 61);
    let opens = Some(later(scene.now, MINUTE * 100));
    assert_eq!(scene.start_and_ask(), Action::Finish(End::WindowClosed { opens }));
    scene.queue.items[0].fits = Some(MINUTE * 60);
    assert_eq!(scene.start(), Action::Survey { job: Some(scene.job_of("a/x")) });
}

/// What counts is what is left of the window when its turn comes, not how long the window is.
#[test]
fn what_must_fit_is_measured_from_when_it_would_start() {
    let mut scene = Scene::new(&["a/x"]);
    scene.opens(0, &[(0, 60)]);
    scene.queue.items[0].fits = Some(MINUTE * 60);
    scene.pass(MINUTE);
    assert_eq!(scene.start_and_ask(), Action::Finish(End::WindowClosed { opens: None }));
}

fn retrying(attempts: u32) -> Scene {
    let mut scene = Scene::new(&["a/x", "b/y"]);
    scene.queue.items[0].retry = Retry { attempts, wait: MINUTE * 15, ..Retry::NEVER };
    scene.start();
    scene
}

#[test]
fn a_failed_backup_is_tried_again_after_its_wait_and_others_go_on_meanwhile() {
    let mut scene = retrying(2);
    let next = scene.ends("a/x", "g1", GroupStatus::Failed, LogStatus::Failed);
    assert_eq!(next, Action::Survey { job: Some(scene.job_of("b/y")) });
    assert_eq!(scene.journal.entry_mut(&"a/x".parse().unwrap()).triggers, 0, "each try has all of its triggers");
    let wait = scene.ends("b/y", "g2", GroupStatus::Completed, LogStatus::Completed);
    assert!(matches!(wait, Action::Wait(_)), "{wait:?}");
    scene.pass(MINUTE * 15);
    assert_eq!(scene.waited(), Action::Survey { job: Some(scene.job_of("a/x")) }, "nothing starts without a look");
    assert_eq!(scene.ends("a/x", "g3", GroupStatus::Failed, LogStatus::Failed), Action::Finish(End::Complete));
    assert_eq!(scene.verdict("a/x"), Verdict::Failed, "two tries are two");
    let tries = scene.events.iter().filter(|event| matches!(event, Event::Retrying { attempt: 2, .. })).count();
    assert_eq!(tries, 1);
}

/// What runs ends meanwhile, and would be started anew.
#[test]
fn a_new_process_that_waits_for_a_try_asks_everybody_once() {
    let mut scene = Scene::new(&["a/x", "b/y"]);
    scene.opens(1, &[(600, 900)]);
    let entry = scene.journal.entry_mut(&"a/x".parse().unwrap());
    (entry.attempts, entry.not_before) = (1, Some(later(scene.now, MINUTE * 15)));
    assert_eq!(scene.start(), Action::Survey { job: None });
    let runs = scene::busy(&[group("g1", &job("b/y"), GroupStatus::Started)]);
    assert!(matches!(scene.survey(&[("a", idle()), ("b", runs)]), Action::LookAtGroup { .. } | Action::Wait(_)));
    assert!(matches!(scene.phase("b/y"), Phase::Running(running) if running.adopted));
}

#[test]
fn a_window_that_opens_before_the_next_try_is_not_slept_over() {
    let mut scene = Scene::new(&["a/x", "b/y"]);
    let opens = later(scene.now, Duration::from_secs(20));
    scene.queue.items[1].openings = Some(vec![Opening { from: opens, to: later(opens, MINUTE) }]);
    let entry = scene.journal.entry_mut(&"a/x".parse().unwrap());
    (entry.attempts, entry.not_before) = (1, Some(later(scene.now, MINUTE * 15)));
    assert_eq!(scene.start_and_ask(), Action::Wait(Duration::from_secs(20)));
}

#[test]
fn a_try_that_is_good_is_the_last() {
    let mut scene = retrying(3);
    scene.ends("a/x", "g1", GroupStatus::Failed, LogStatus::Failed);
    scene.ends("b/y", "g2", GroupStatus::Completed, LogStatus::Completed);
    scene.pass(MINUTE * 15);
    scene.waited();
    assert_eq!(scene.ends("a/x", "g3", GroupStatus::Completed, LogStatus::Completed), Action::Finish(End::Complete));
    assert_eq!(scene.verdict("a/x"), Verdict::Completed);
}

#[test]
fn nothing_is_tried_again_in_a_closed_window() {
    let mut scene = retrying(2);
    scene.opens(0, &[(0, 10)]);
    scene.opens(1, &[(0, 0)]);
    assert_eq!(
        scene.ends("a/x", "g1", GroupStatus::Failed, LogStatus::Failed),
        Action::Finish(End::WindowClosed { opens: None })
    );
}

/// Others ran meanwhile, or no process did: the wait is over, and so is the window in which it was.
#[test]
fn a_wait_that_was_over_in_its_window_opens_it_no_more() {
    let mut scene = Scene::new(&["a/x"]);
    scene.opens(0, &[(0, 10)]);
    let entry = scene.journal.entry_mut(&"a/x".parse().unwrap());
    (entry.attempts, entry.not_before) = (1, Some(later(scene.now, MINUTE * 5)));
    scene.pass(MINUTE * 20);
    assert_eq!(scene.start_and_ask(), Action::Finish(End::WindowClosed { opens: None }));
}

#[test]
fn what_may_be_good_and_what_was_aborted_is_not_tried_again() {
    let mut scene = retrying(5);
    scene.ends("a/x", "g1", GroupStatus::Aborted, LogStatus::Aborted);
    assert_eq!(scene.verdict("a/x"), Verdict::Aborted);
    let mut scene = retrying(5);
    scene.ends("a/x", "g1", GroupStatus::Partial, LogStatus::Partial);
    assert_eq!(scene.verdict("a/x"), Verdict::Partial);
}

#[test]
fn what_jetbackup_recorded_as_bad_in_whatever_way_has_failed() {
    for (status, recorded) in [
        (GroupStatus::Failed, LogStatus::Failed),
        (GroupStatus::NeverFinished, LogStatus::NeverFinished),
        (GroupStatus::Other(107), LogStatus::Other(9)),
    ] {
        let mut scene = retrying(2);
        scene.queue.items[0].retry.when = RetryWhen { failed: true, never_started: false, api_error: false };
        scene.ends("a/x", "g1", status, recorded);
        assert_eq!(scene.phase("a/x"), &Phase::Queued, "{status:?}");
    }
}

#[test]
fn only_the_trouble_that_the_plan_names_is_tried_again() {
    let kinds = |when: RetryWhen| [when.failed, when.never_started, when.api_error];
    for (place, end) in ["failed", "never started", "refused"].into_iter().enumerate() {
        for when in [
            RetryWhen { failed: true, never_started: false, api_error: false },
            RetryWhen { failed: false, never_started: true, api_error: false },
            RetryWhen { failed: false, never_started: false, api_error: true },
        ] {
            let mut scene = retrying(2);
            scene.queue.items[0].retry.when = when;
            scene.start();
            if end == "failed" {
                scene.ends("a/x", "g1", GroupStatus::Failed, LogStatus::Failed);
            } else {
                scene.ask();
                if end == "refused" {
                    scene.trigger_refused("no")
                } else {
                    scene.trigger_accepted()
                };
                scene.pass(MINUTE * 3);
                scene.look(&[], no_logs());
            }
            assert_eq!(scene.phase("a/x") == &Phase::Queued, kinds(when)[place], "{end}, {when:?}");
        }
    }
}

/// A state file can hold any number.
#[test]
fn more_tries_than_can_be_counted_are_enough() {
    let mut scene = retrying(2);
    scene.journal.entry_mut(&"a/x".parse().unwrap()).attempts = u32::MAX;
    scene.start();
    scene.ends("a/x", "g1", GroupStatus::Failed, LogStatus::Failed);
    assert_eq!(scene.verdict("a/x"), Verdict::Failed);
}

#[test]
fn a_crash_gives_no_further_tries_and_takes_none() {
    let mut scene = retrying(2);
    scene.ends("a/x", "g1", GroupStatus::Failed, LogStatus::Failed);
    let today = scene.queue.clone();
    scene.journal = jbr::execute::resume::resume(&scene.queue, &scene.journal, today).journal;
    scene.ends("b/y", "g2", GroupStatus::Completed, LogStatus::Completed);
    scene.pass(Duration::from_secs(15 * 60));
    scene.start();
    scene.ends("a/x", "g3", GroupStatus::Failed, LogStatus::Failed);
    assert_eq!(scene.verdict("a/x"), Verdict::Failed);
}

/// One that was skipped because its server was out of reach, say; what failed has had its tries.
#[test]
fn what_was_skipped_gets_another_chance_when_the_run_goes_on() {
    let mut scene = Scene::new(&["a/x", "b/y"]);
    for (address, verdict) in [("a/x", Verdict::Skipped), ("b/y", Verdict::Failed)] {
        let outcome = Outcome::without_run(verdict, scene.now, String::new());
        scene.journal.entry_mut(&address.parse().unwrap()).phase = Phase::Done(outcome);
    }
    scene.journal = jbr::execute::resume::resume(&scene.queue, &scene.journal, scene.queue.clone()).journal;
    assert_eq!(scene.start(), Action::Survey { job: Some(scene.job_of("a/x")) });
    assert_eq!(scene.verdict("b/y"), Verdict::Failed);
}

/// The trigger was an hour ago, which is what it usually takes: how far it is, its server knows better.
#[test]
fn how_soon_to_look_follows_from_how_long_the_server_says_that_it_runs() {
    let hour = Usual { median: MINUTE * 60, p90: MINUTE * 60 };
    for (status, ran, is_dense) in [
        (GroupStatus::Started, None, true),
        (GroupStatus::Started, Some(MINUTE * 60), true),
        (GroupStatus::Started, Some(MINUTE * 10), false),
        (GroupStatus::Pending, None, false),
    ] {
        let mut scene = Scene::running("a/x", "g1");
        scene.queue.items[0].usual = Some(hour);
        scene.pass(MINUTE * 60);
        let seen = Group { execution_time: ran, ..group("g1", &job("a/x"), status) };
        let Action::Wait(pause) = scene.group(&scene::known(Some(seen))) else { panic!("{status:?}") };
        assert_eq!(pause <= scene.queue.poll, is_dense, "{status:?}, {ran:?}: {pause:?}");
        // Far beyond what is usual is not beyond its `timeout`.
        scene.pass(MINUTE * 100);
        scene.group(&scene::under_way("g1"));
        assert!(!scene.events.iter().any(|event| matches!(event, Event::Overdue { .. })), "{status:?}");
    }
}
