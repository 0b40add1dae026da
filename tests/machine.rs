//! Ring 1: the pure machine, a row for each phase and observation that decides something. Each row says why.

#[cfg(test)]
#[path = "machine/foretold.rs"]
mod foretold;
#[cfg(test)]
#[path = "machine/ready.rs"]
mod ready;
#[cfg(test)]
#[path = "machine/scene.rs"]
mod scene;

use std::time::Duration;

use jbr::desired::{OnTimeout, Pace};
use jbr::execute::journal::{Answer, GateState, Phase, WaitReason};
use jbr::execute::outcome::Verdict;
use jbr::execute::resume::{Standing, resume, start_over};
use jbr::execute::step::{GATE_TRIES_MAX, STOP_WAIT, STOPS_MAX, TRIGGERS_MAX};
use jbr::execute::{Action, End, Event};
use jbr::jetbackup::facts::{GroupStatus, LogStatus};
use jbr::queue::Gate;
use scene::{MINUTE, Scene, busy, group, idle, job, log, no_logs, unknown};

#[test]
fn a_fresh_run_asks_every_server_before_its_first_trigger() {
    let mut scene = Scene::new(&["a/x", "b/y"]);
    assert_eq!(scene.start(), Action::Survey { job: Some(scene.job_of("a/x")) });
    assert_eq!(scene.survey(&[("a", idle()), ("b", idle())]), scene.trigger_of("a/x"));
    assert!(matches!(scene.phase("a/x"), Phase::Triggered(_)), "the intent is in the journal before the trigger");
}

/// A plan that polls adaptively asks no more than one that does not.
#[test]
fn what_was_just_seen_to_run_is_not_asked_for_again_at_once() {
    for (pace, is_asked) in [(Pace::Adaptive, false), (Pace::Fixed, true)] {
        let mut scene = Scene::new(&["a/x", "b/y"]);
        scene.queue.pace = pace;
        scene.start();
        scene.survey(&[("a", idle()), ("b", idle())]);
        scene.trigger_accepted();
        let next = scene.look(&[group("g1", &job("a/x"), GroupStatus::Started)], no_logs());
        assert_eq!(matches!(next, Action::LookAtGroup { .. }), is_asked, "{pace:?}: {next:?}");
    }
}

#[test]
fn a_foreign_backup_on_any_server_is_waited_for_and_never_stopped() {
    let mut scene = Scene::new(&["a/x", "b/y"]);
    scene.start();
    let other = group("g1", "zz", GroupStatus::Started);
    for _ in 0..50 {
        let action = scene.survey(&[("a", idle()), ("b", busy(std::slice::from_ref(&other)))]);
        assert_eq!(action, Action::Wait(MINUTE / 2));
        scene.pass(MINUTE * 60);
        assert_eq!(scene.waited(), Action::Survey { job: Some(scene.job_of("a/x")) });
    }
    let waits = scene.events.iter().filter(|event| matches!(event, Event::Waiting { .. })).count();
    assert_eq!(waits, 1, "a reason is said once");
    assert_eq!(scene.survey(&[("a", idle()), ("b", idle())]), scene.trigger_of("a/x"));
}

#[test]
fn a_pending_group_counts_as_much_as_a_running_one() {
    let mut scene = Scene::new(&["a/x", "b/y"]);
    scene.start();
    let pending = group("g1", "zz", GroupStatus::Pending);
    assert!(matches!(scene.survey(&[("a", idle()), ("b", busy(&[pending]))]), Action::Wait(_)));
}

#[test]
fn what_does_not_write_to_the_guarded_storage_does_not_count() {
    let mut scene = Scene::new(&["a/x", "b/y"]);
    scene.start();
    let elsewhere = scene::unguarded(&[group("g1", "zz", GroupStatus::Started)]);
    assert_eq!(scene.survey(&[("a", idle()), ("b", elsewhere)]), scene.trigger_of("a/x"));
}

#[test]
fn s8_a_server_that_cannot_be_asked_is_not_idle() {
    let mut scene = Scene::new(&["a/x", "b/y"]);
    scene.start();
    assert!(matches!(scene.survey(&[("a", idle()), ("b", unknown())]), Action::Wait(_)));
    let waiting = scene.journal.waiting.as_ref().map(|waiting| &waiting.reason);
    assert!(matches!(waiting, Some(WaitReason::Unreachable { server, .. }) if server.as_str() == "b"));
}

#[test]
fn after_unreachable_wait_its_own_jobs_are_skipped_loudly_and_the_others_go_on() {
    let mut scene = Scene::new(&["b/y", "a/x"]);
    scene.start();
    scene.survey(&[("a", idle()), ("b", unknown())]);
    scene.pass(MINUTE * 16);
    scene.survey(&[("a", idle()), ("b", unknown())]);
    assert_eq!(scene.verdict("b/y"), Verdict::Skipped);
    assert_eq!(scene.survey(&[("a", idle()), ("b", unknown())]), scene.trigger_of("a/x"));
    let unasked =
        scene.events.iter().any(|event| matches!(event, Event::Triggering { unasked, .. } if unasked.len() == 1));
    assert!(unasked, "a trigger that goes out without one server's word says so");
}

#[test]
fn a_server_that_was_busy_when_it_went_out_of_reach_is_never_given_up() {
    let mut scene = Scene::new(&["a/x", "b/y"]);
    scene.start();
    scene.survey(&[("a", idle()), ("b", busy(&[group("g1", "zz", GroupStatus::Started)]))]);
    scene.survey(&[("a", idle()), ("b", unknown())]);
    scene.pass(MINUTE * 16);
    let action = scene.survey(&[("a", idle()), ("b", unknown())]);
    assert!(matches!(action, Action::Finish(End::Unsafe(_))), "{action:?}");
}

#[test]
fn a_server_with_a_backup_of_ours_is_waited_for_without_limit() {
    let mut scene = Scene::running("a/x", "g1");
    for _ in 0..100 {
        scene.pass(MINUTE * 60);
        assert!(matches!(scene.group(&unknown()), Action::Wait(_)));
        scene.waited();
    }
    assert!(matches!(scene.phase("a/x"), Phase::Running(_)));
}

#[test]
fn adopt_a_backup_of_the_queue_that_is_under_way_already() {
    let mut scene = Scene::new(&["a/x", "b/y"]);
    scene.start();
    let mut running = group("g7", &job("b/y"), GroupStatus::Step(30));
    running.execution_time = Some(MINUTE * 20);
    scene.survey(&[("a", idle()), ("b", busy(&[running]))]);
    let Phase::Running(running) = scene.phase("b/y") else { panic!("{:?}", scene.phase("b/y")) };
    assert!(running.adopted);
    assert_eq!(scene.now - running.since, chrono::TimeDelta::minutes(20), "JetBackup says how long it has run");
}

#[test]
fn s10_a_refused_trigger_did_not_start_and_is_not_taken_for_started() {
    let mut scene = Scene::triggered("a/x");
    assert!(matches!(scene.trigger_refused("no such job"), Action::LookAtJob { .. }));
    scene.look(&[], no_logs());
    assert_eq!(scene.verdict("a/x"), Verdict::NeverStarted);
}

#[test]
fn a_refused_trigger_that_started_all_the_same_is_watched() {
    let mut scene = Scene::triggered("a/x");
    scene.trigger_refused("try again later");
    scene.look(&[group("g1", &job("a/x"), GroupStatus::Pending)], no_logs());
    assert!(matches!(scene.phase("a/x"), Phase::Running(_)));
}

#[test]
fn s11_a_job_shorter_than_any_poll_is_found_among_the_finished() {
    let mut scene = Scene::triggered("a/x");
    scene.trigger_accepted();
    let mut done = group("g1", &job("a/x"), GroupStatus::Completed);
    done.log = Some("l1".parse().unwrap());
    scene.look(&[done.clone()], no_logs());
    scene.group(&scene::known(Some(done)));
    scene.log(&scene::known(Some(log("l1", LogStatus::Completed))));
    assert_eq!(scene.verdict("a/x"), Verdict::Completed);
}

#[test]
fn s11_one_that_starts_after_the_start_limit_is_taken_back() {
    let mut scene = Scene::triggered("a/x");
    scene.trigger_accepted();
    scene.pass(MINUTE * 3);
    scene.look(&[], no_logs());
    assert_eq!(scene.verdict("a/x"), Verdict::NeverStarted);
    let late = group("g1", &job("a/x"), GroupStatus::Started);
    scene.survey(&[("a", busy(&[late])), ("b", idle())]);
    assert!(matches!(scene.phase("a/x"), Phase::Running(_)), "adopt, don't bury");
}

#[test]
fn an_accepted_trigger_has_its_start_timeout_and_no_second_try() {
    let mut scene = Scene::triggered("a/x");
    scene.trigger_accepted();
    scene.pass((MINUTE * 2).checked_sub(Duration::from_secs(1)).unwrap());
    assert_eq!(scene.look(&[], no_logs()), Action::Wait(Duration::from_secs(1)), "to the limit, and not past it");
    scene.pass(Duration::from_secs(1));
    scene.look(&[], no_logs());
    assert_eq!(scene.verdict("a/x"), Verdict::NeverStarted);
}

#[test]
fn a_lost_answer_is_resolved_by_looking() {
    let mut scene = Scene::triggered("a/x");
    assert!(matches!(scene.trigger_lost(), Action::Wait(_)));
    assert!(matches!(scene.waited(), Action::LookAtJob { .. }));
    scene.look(&[group("g1", &job("a/x"), GroupStatus::Started)], no_logs());
    assert!(matches!(scene.phase("a/x"), Phase::Running(_)));
}

#[test]
fn a_lost_trigger_is_waited_out_before_it_is_sent_again_and_not_for_ever() {
    let mut scene = Scene::triggered("a/x");
    for attempt in 1..=TRIGGERS_MAX {
        assert_eq!(scene.triggers("a/x"), attempt);
        scene.trigger_lost();
        scene.pass((MINUTE * 4).checked_sub(Duration::from_secs(1)).unwrap());
        assert!(matches!(scene.look(&[], no_logs()), Action::Wait(_)), "a lost command may be carried out late");
        scene.pass(Duration::from_secs(1));
        assert!(matches!(scene.look(&[], no_logs()), Action::Survey { .. }), "everybody is asked again first");
        scene.survey(&[("a", idle()), ("b", idle())]);
    }
    assert_eq!(scene.verdict("a/x"), Verdict::NeverStarted);
}

#[test]
fn a_trigger_that_did_not_leave_is_prepared_anew() {
    let mut scene = Scene::triggered("a/x");
    assert!(matches!(scene.trigger_not_sent(), Action::Wait(_)));
    assert_eq!(*scene.phase("a/x"), Phase::Preparing);
}

#[test]
fn s15_a_group_that_was_there_before_the_trigger_is_not_this_runs() {
    let mut scene = Scene::new(&["a/x", "b/y"]);
    scene.start();
    let old = group("g1", &job("a/x"), GroupStatus::Completed);
    scene.survey(&[("a", busy(std::slice::from_ref(&old))), ("b", idle())]);
    scene.trigger_accepted();
    assert!(matches!(scene.look(&[old], no_logs()), Action::Wait(_)));
    assert!(matches!(scene.phase("a/x"), Phase::Triggered(_)));
}

#[test]
fn a_new_log_proves_a_run_whose_group_was_cleared() {
    let mut scene = Scene::triggered("a/x");
    scene.trigger_accepted();
    scene.look(&[], scene::known(vec![log("l9", LogStatus::Partial)]));
    assert_eq!(scene.verdict("a/x"), Verdict::Partial);
}

#[test]
fn starting_in_the_middle_of_a_trigger_looks_before_anything_else() {
    let mut scene = Scene::triggered("a/x");
    assert!(matches!(scene.start(), Action::LookAtJob { .. }));
    let Phase::Triggered(triggered) = scene.phase("a/x") else { panic!() };
    assert_eq!(triggered.answer, Answer::None);
}

#[test]
fn starting_in_the_middle_of_a_backup_goes_on_watching_it() {
    let mut scene = Scene::running("a/x", "g1");
    assert!(matches!(scene.start(), Action::LookAtGroup { .. }));
}

#[test]
fn s6_every_status_of_the_table_has_its_verdict_and_only_two_are_good() {
    let rows = [
        (100, 1, Verdict::Completed),
        (101, 4, Verdict::Partial),
        (102, 2, Verdict::Failed),
        (103, 3, Verdict::Aborted),
        (104, 5, Verdict::NeverFinished),
        (107, 1, Verdict::UnknownStatus(107)),
        // The two records disagree: the worse one counts.
        (100, 2, Verdict::Failed),
        (102, 1, Verdict::Failed),
        (100, 4, Verdict::Partial),
        (101, 1, Verdict::Partial),
        (100, 9, Verdict::UnknownStatus(9)),
    ];
    for (group_code, log_code, expected) in rows {
        let mut scene = Scene::running("a/x", "g1");
        let mut over = group("g1", &job("a/x"), GroupStatus::from_code(group_code));
        over.log = Some("l1".parse().unwrap());
        assert!(matches!(scene.group(&scene::known(Some(over))), Action::ReadLog { .. }));
        scene.log(&scene::known(Some(log("l1", LogStatus::from_code(log_code)))));
        assert_eq!(scene.verdict("a/x"), expected, "group {group_code}, log {log_code}");
    }
}

#[test]
fn a_good_group_whose_log_cannot_be_read_is_not_called_good() {
    let mut scene = Scene::running("a/x", "g1");
    let mut over = group("g1", &job("a/x"), GroupStatus::Completed);
    over.log = Some("l1".parse().unwrap());
    scene.group(&scene::known(Some(over)));
    assert!(matches!(scene.log(&unknown()), Action::Wait(_)));
    scene.pass(MINUTE * 16);
    scene.log(&unknown());
    assert_eq!(scene.verdict("a/x"), Verdict::Unconfirmed);
}

#[test]
fn a_group_that_vanished_is_judged_by_its_log_or_is_lost() {
    for (log_seen, expected) in [(Some(LogStatus::Completed), Verdict::Completed), (None, Verdict::Lost)] {
        let mut scene = Scene::running("a/x", "g1");
        let mut under_way = group("g1", &job("a/x"), GroupStatus::Started);
        under_way.log = Some("l1".parse().unwrap());
        scene.group(&scene::known(Some(under_way)));
        scene.group(&scene::known(None));
        scene.log(&scene::known(log_seen.map(|status| log("l1", status))));
        assert_eq!(scene.verdict("a/x"), expected);
    }
}

#[test]
fn hold_reports_once_and_keeps_the_slot() {
    let mut scene = Scene::overdue(OnTimeout::Hold);
    for _ in 0..10 {
        assert!(matches!(scene.group(&scene::under_way("g1")), Action::Wait(_)));
        scene.pass(MINUTE * 60);
        assert!(matches!(scene.waited(), Action::LookAtGroup { .. }), "no survey, no other job");
    }
    assert_eq!(scene.events.iter().filter(|event| matches!(event, Event::Overdue { .. })).count(), 1);
}

#[test]
fn release_goes_on_and_reports_the_overlap() {
    let mut scene = Scene::overdue(OnTimeout::Release);
    assert!(matches!(scene.group(&scene::under_way("g1")), Action::Survey { .. }));
    let mine = group("g1", &job("a/x"), GroupStatus::Started);
    assert_eq!(scene.survey(&[("a", busy(&[mine])), ("b", idle())]), scene.trigger_of("b/y"));
    scene.trigger_accepted();
    scene.look(&[group("g2", &job("b/y"), GroupStatus::Started)], no_logs());
    assert_eq!(scene.journal.overlaps.len(), 1);
}

#[test]
fn a_released_backup_is_watched_to_its_end_before_the_run_is_over() {
    let mut scene = Scene::overdue(OnTimeout::Release);
    scene.drop_item("b/y");
    assert!(matches!(scene.group(&scene::under_way("g1")), Action::LookAtGroup { .. }));
    assert!(matches!(scene.group(&scene::under_way("g1")), Action::Wait(_)));
}

#[test]
fn s1_a_stop_that_is_not_seen_holds_the_slot_and_raises_the_alarm() {
    let mut scene = Scene::overdue(OnTimeout::Stop);
    for _ in 0..STOPS_MAX {
        assert!(matches!(scene.group(&scene::under_way("g1")), Action::Stop { .. }));
        assert!(matches!(scene.stopped(), Action::Wait(_)));
        scene.pass(STOP_WAIT);
    }
    for _ in 0..10 {
        assert!(matches!(scene.group(&scene::under_way("g1")), Action::Wait(_)));
        scene.pass(STOP_WAIT);
        assert!(matches!(scene.waited(), Action::LookAtGroup { .. }), "never the next job");
    }
    assert_eq!(scene.events.iter().filter(|event| matches!(event, Event::StopUnseen { .. })).count(), 1);
}

#[test]
fn s2_a_wish_to_stop_leaves_the_backup_alone() {
    let mut scene = Scene::running("a/x", "g1");
    scene.wish_to_stop();
    assert_eq!(scene.group(&scene::under_way("g1")), Action::Finish(End::Interrupted));
    assert!(matches!(scene.phase("a/x"), Phase::Running(_)), "the next start watches it");
}

#[test]
fn nothing_new_starts_after_a_wish_to_stop() {
    let mut scene = Scene::new(&["a/x", "b/y"]);
    scene.start();
    scene.wish_to_stop();
    assert_eq!(scene.survey(&[("a", idle()), ("b", idle())]), Action::Finish(End::Interrupted));
    assert_eq!(*scene.phase("a/x"), Phase::Queued, "no intent is left behind that could be taken for a trigger");
}

#[test]
fn a_gate_is_opened_seen_open_and_everybody_is_asked_once_more_before_the_trigger() {
    let mut scene = Scene::with_gate("a/x");
    scene.start();
    let set = scene.survey(&[("a", idle()), ("b", idle())]);
    assert!(matches!(set, Action::Set { open: true, .. }));
    assert_eq!(scene.journal.opened.len(), 1, "that it may be open is stored before the server hears of it");
    assert!(matches!(scene.gate(&scene::known(true)), Action::Survey { .. }));
    assert_eq!(scene.survey(&[("a", idle()), ("b", idle())]), scene.trigger_of("a/x"));
}

#[test]
fn a_gate_that_does_not_open_skips_its_item_and_is_not_left_open() {
    let mut scene = Scene::with_gate("a/x");
    scene.start();
    for _ in 0..GATE_TRIES_MAX {
        scene.survey(&[("a", idle()), ("b", idle())]);
        scene.gate(&scene::known(false));
    }
    assert_eq!(scene.verdict("a/x"), Verdict::Skipped);
    assert!(matches!(scene.survey(&[("a", idle()), ("b", idle())]), Action::Wait(_)), "a command may come late");
    scene.pass(MINUTE * 4);
    let close = scene.survey(&[("a", idle()), ("b", idle())]);
    assert!(matches!(close, Action::Set { open: false, .. }), "{close:?}");
    scene.gate(&scene::known(false));
    assert!(scene.journal.opened.is_empty());
}

#[test]
fn a_gate_is_closed_after_its_backup_but_not_under_another() {
    let mut scene = Scene::after_gated_backup("a/x");
    let other = group("g9", "zz", GroupStatus::Started);
    assert!(matches!(scene.survey(&[("a", busy(&[other])), ("b", idle())]), Action::Wait(_)), "a user's own run");
    let close = scene.survey(&[("a", idle()), ("b", idle())]);
    assert!(matches!(close, Action::Set { open: false, .. }));
    scene.gate(&scene::known(false));
    assert!(scene.journal.opened.is_empty());
}

#[test]
fn s16_what_cannot_be_closed_is_an_alarm_that_outlives_the_run_and_is_tried_again_at_the_next_start() {
    let mut scene = Scene::after_gated_backup("a/x");
    for _ in 0..GATE_TRIES_MAX {
        scene.survey(&[("a", idle()), ("b", idle())]);
        scene.gate(&scene::known(true));
    }
    assert!(matches!(scene.journal.opened[0].state, GateState::LeftOpen { .. }));
    assert!(scene.events.iter().any(|event| matches!(event, Event::LeftOpen { .. })));
    scene.start();
    assert_eq!(scene.journal.opened[0].state, GateState::Open);
    assert!(matches!(scene.survey(&[("a", idle()), ("b", idle())]), Action::Set { open: false, .. }));
}

#[test]
fn a_gate_stays_open_while_its_trigger_is_unresolved() {
    let mut scene = Scene::with_gate("a/x");
    scene.start();
    scene.survey(&[("a", idle()), ("b", idle())]);
    scene.gate(&scene::known(true));
    scene.survey(&[("a", idle()), ("b", idle())]);
    assert!(matches!(scene.trigger_lost(), Action::Wait(_)));
    scene.pass(MINUTE);
    assert!(matches!(scene.waited(), Action::LookAtJob { .. }));
    assert!(matches!(scene.journal.opened[0].gate, Gate::Destination(_)));
}

#[test]
fn time_never_goes_back_in_the_journal() {
    let mut scene = Scene::triggered("a/x");
    let before = scene.journal.at;
    scene.now -= chrono::TimeDelta::days(365);
    scene.trigger_accepted();
    assert!(scene.journal.at >= before);
}

#[test]
fn a_poll_without_news_costs_no_write() {
    let mut scene = Scene::running("a/x", "g1");
    scene.group(&scene::under_way("g1"));
    let before = scene.journal.clone();
    for _ in 0..100 {
        scene.pass(Duration::from_secs(30));
        scene.waited();
        scene.group(&scene::under_way("g1"));
    }
    assert_eq!(scene.journal, before);
}

#[test]
fn a_wish_to_stop_that_comes_after_the_last_item_stops_nothing() {
    let mut scene = Scene::running("a/x", "g1");
    scene.drop_item("b/y");
    let mut over = group("g1", &job("a/x"), GroupStatus::Completed);
    over.log = Some("l1".parse().unwrap());
    scene.group(&scene::known(Some(over)));
    scene.wish_to_stop();
    assert_eq!(scene.log(&scene::known(Some(log("l1", LogStatus::Completed)))), Action::Finish(End::Complete));
}

#[test]
fn a_server_that_was_busy_and_left_the_plan_is_not_waited_for() {
    let mut scene = Scene::new(&["a/x"]);
    scene.journal.busy.insert("gone".parse().unwrap());
    scene.start();
    assert_eq!(scene.survey(&[("a", idle()), ("b", idle())]), scene.trigger_of("a/x"));
}

#[test]
fn an_answer_that_took_longer_than_a_start_may_does_not_use_the_start_up() {
    let mut scene = Scene::triggered("a/x");
    scene.pass(MINUTE * 2);
    scene.trigger_accepted();
    assert!(matches!(scene.look(&[], no_logs()), Action::Wait(_)));
    scene.pass(MINUTE * 2);
    scene.look(&[], no_logs());
    assert_eq!(scene.verdict("a/x"), Verdict::NeverStarted);
}

#[test]
fn unread_logs_are_no_proof_that_a_lost_trigger_had_no_effect_but_not_for_ever() {
    let mut scene = Scene::triggered("a/x");
    scene.trigger_lost();
    scene.pass(MINUTE * 5);
    assert!(matches!(scene.look(&[], unknown()), Action::Wait(_)), "its group may be gone, and its log is not read");
    scene.pass(MINUTE * 15);
    assert!(matches!(scene.look(&[], unknown()), Action::Survey { .. }));
}

#[test]
fn a_log_that_a_later_process_cannot_read_at_first_is_tried_again() {
    let mut scene = Scene::running("a/x", "g1");
    let mut over = group("g1", &job("a/x"), GroupStatus::Completed);
    over.log = Some("l1".parse().unwrap());
    scene.group(&scene::known(Some(over)));
    scene.pass(MINUTE * 600);
    scene.start();
    assert!(matches!(scene.log(&unknown()), Action::Wait(_)));
    scene.log(&scene::known(Some(log("l1", LogStatus::Completed))));
    assert_eq!(scene.verdict("a/x"), Verdict::Completed);
}

#[test]
fn a_server_that_is_silent_is_not_called_reachable_because_its_log_is_given_up() {
    let mut scene = Scene::running("a/x", "g1");
    let mut over = group("g1", &job("a/x"), GroupStatus::Completed);
    over.log = Some("l1".parse().unwrap());
    scene.group(&scene::known(Some(over)));
    scene.log(&unknown());
    scene.pass(MINUTE * 16);
    scene.log(&unknown());
    assert_eq!(scene.verdict("a/x"), Verdict::Unconfirmed);
    assert!(!scene.events.iter().any(|event| matches!(event, Event::Reachable(_))));
}

#[test]
fn a_backup_that_writes_elsewhere_keeps_no_gate_open_and_one_that_does_is_named() {
    let mut scene = Scene::after_gated_backup("a/x");
    let other = group("g9", "zz", GroupStatus::Started);
    scene.survey(&[("a", busy(std::slice::from_ref(&other))), ("b", idle())]);
    let waits = |event: &&Event| matches!(event, Event::Waiting { reason: WaitReason::Busy { .. }, .. });
    assert_eq!(scene.events.iter().filter(waits).count(), 1, "whoever waits says why");
    let close = scene.survey(&[("a", scene::unguarded(&[other])), ("b", idle())]);
    assert!(matches!(close, Action::Set { open: false, .. }), "{close:?}");
    assert!(scene.journal.waiting.is_none());
}

#[test]
fn a_gate_that_was_left_open_gets_its_full_time_when_the_next_item_needs_it() {
    let mut scene = Scene::after_gated_backup("a/x");
    for _ in 0..GATE_TRIES_MAX {
        scene.survey(&[("a", idle()), ("b", idle())]);
        scene.gate(&scene::known(true));
    }
    scene.add_item("a/z");
    scene.pass(MINUTE * 60);
    assert_eq!(scene.waited(), Action::Survey { job: Some(scene.job_of("a/z")) });
    assert!(matches!(scene.survey(&[("a", idle()), ("b", idle())]), Action::Set { open: true, .. }));
    assert!(matches!(scene.gate(&unknown()), Action::Wait(_)));
}

#[test]
fn triggers_without_effect_are_counted_over_all_processes() {
    let mut scene = Scene::triggered("a/x");
    scene.trigger_not_sent();
    let merged = resume(&scene.queue, &scene.journal, scene.queue.clone());
    scene.journal = merged.journal;
    assert_eq!((scene.phase("a/x"), scene.triggers("a/x")), (&Phase::Queued, 1));
}

/// A backup of a/x waits in JetBackup's queue, and its destination is closed.
#[cfg(test)]
fn adopted_before_a_closed_gate() -> (Scene, jbr::jetbackup::facts::Group) {
    let mut scene = Scene::with_gate("a/x");
    scene.start();
    let pending = group("g1", &job("a/x"), GroupStatus::Pending);
    (scene, pending)
}

#[test]
fn an_adopted_backup_that_waits_for_a_closed_gate_gets_it_opened_and_closed_again() {
    let (mut scene, pending) = adopted_before_a_closed_gate();
    let open = scene.survey(&[("a", busy(std::slice::from_ref(&pending))), ("b", idle())]);
    assert!(matches!(open, Action::Set { open: true, .. }), "nobody else would ever open it: {open:?}");
    assert!(matches!(scene.gate(&scene::known(true)), Action::Wait(_)));
    scene.waited();
    assert!(matches!(scene.group(&scene::known(Some(pending))), Action::Wait(_)));
    scene.group(&scene::known(Some(group("g1", &job("a/x"), GroupStatus::Completed))));
    scene.look(&[], no_logs());
    let close = scene.survey(&[("a", idle()), ("b", idle())]);
    assert!(matches!(close, Action::Set { open: false, .. }), "{close:?}");
}

#[test]
fn a_gate_is_not_opened_for_an_adopted_backup_beside_another() {
    let (mut scene, pending) = adopted_before_a_closed_gate();
    let other = group("g9", "zz", GroupStatus::Started);
    let mine = busy(std::slice::from_ref(&pending));
    assert!(matches!(scene.survey(&[("a", mine.clone()), ("b", busy(&[other]))]), Action::Wait(_)));
    assert!(matches!(scene.waited(), Action::LookAtGroup { .. }));
    assert_eq!(scene.group(&scene::known(Some(pending.clone()))), Action::Survey { job: None });
    assert!(matches!(scene.survey(&[("a", mine.clone()), ("b", unknown())]), Action::Wait(_)), "unknown is not idle");
    scene.waited();
    scene.group(&scene::known(Some(pending)));
    assert!(matches!(scene.survey(&[("a", mine), ("b", idle())]), Action::Set { open: true, .. }));
}

#[test]
fn two_adopted_backups_before_closed_gates_do_not_wait_for_each_other() {
    let (mut scene, pending) = adopted_before_a_closed_gate();
    scene.add_item("b/y");
    let other = group("g2", &job("b/y"), GroupStatus::Pending);
    let open = scene.survey(&[("a", busy(&[pending])), ("b", busy(&[other]))]);
    assert!(matches!(open, Action::Set { open: true, .. }), "{open:?}");
}

#[test]
fn a_gate_that_does_not_open_for_an_adopted_backup_is_not_tried_for_ever() {
    let (mut scene, pending) = adopted_before_a_closed_gate();
    let mine = busy(std::slice::from_ref(&pending));
    scene.survey(&[("a", mine.clone()), ("b", idle())]);
    for _ in 1..GATE_TRIES_MAX {
        assert!(matches!(scene.gate(&scene::known(false)), Action::Wait(_)));
        scene.waited();
        assert_eq!(scene.group(&scene::known(Some(pending.clone()))), Action::Survey { job: None });
        assert!(matches!(scene.survey(&[("a", mine.clone()), ("b", idle())]), Action::Set { open: true, .. }));
    }
    scene.gate(&scene::known(false));
    scene.waited();
    assert!(matches!(scene.group(&scene::known(Some(pending))), Action::Wait(_)), "it is watched all the same");
}

#[test]
fn starting_over_takes_along_what_runs_and_leaves_what_ended_to_the_closed_run() {
    let rows = [(Standing::UnderWay, true, false), (Standing::Over, false, false), (Standing::Unknown, true, true)];
    for (standing, is_watched, is_inherited) in rows {
        let mut scene = Scene::running("a/x", "g1");
        let merged = start_over(&scene.queue, &scene.journal, scene.queue.clone(), |_, _| standing);
        scene.journal = merged.journal;
        assert_eq!(matches!(scene.phase("a/x"), Phase::Running(_)), is_watched, "{standing:?}");
        let inherited = scene.journal.entries.values().any(|entry| entry.inherited);
        assert_eq!(inherited, is_inherited, "an old outcome is no outcome of this run: {standing:?}");
    }
}

#[test]
fn what_ended_in_a_closed_run_is_started_anew_and_what_is_seen_to_run_is_not() {
    for seen_running in [false, true] {
        let mut scene = Scene::running("a/x", "g1");
        let today = scene.queue.clone();
        scene.journal = start_over(&scene.queue, &scene.journal, today, |_, _| Standing::Unknown).journal;
        assert!(matches!(scene.start(), Action::LookAtGroup { .. }));
        if seen_running {
            scene.group(&scene::under_way("g1"));
            scene.waited();
        }
        scene.group(&scene::known(Some(group("g1", &job("a/x"), GroupStatus::Completed))));
        scene.look(&[], scene::known(vec![log("l1", LogStatus::Completed)]));
        if seen_running {
            assert_eq!(scene.verdict("a/x"), Verdict::Completed);
        } else {
            assert_eq!((scene.phase("a/x"), scene.triggers("a/x")), (&Phase::Queued, 0));
            assert!(scene.events.iter().any(|event| matches!(event, Event::EndedBefore { .. })));
        }
    }
}

#[test]
fn a_trigger_of_this_run_inherits_nothing() {
    let mut scene = Scene::triggered("a/x");
    let today = scene.queue.clone();
    scene.journal = start_over(&scene.queue, &scene.journal, today, |_, _| Standing::Unknown).journal;
    scene.start();
    scene.pass(MINUTE * 5);
    assert!(matches!(scene.look(&[], no_logs()), Action::Survey { .. }), "the old trigger came to nothing");
    assert_eq!(scene.survey(&[("a", idle()), ("b", idle())]), scene.trigger_of("a/x"));
    scene.trigger_accepted();
    scene.look(&[], scene::known(vec![log("l1", LogStatus::Completed)]));
    assert_eq!(scene.verdict("a/x"), Verdict::Completed);
}

#[test]
fn a_gate_that_is_closed_before_a_waiting_backup_is_seen_to_be() {
    let mut scene = Scene::after_gated_backup("a/x");
    // The command to close was carried out, and this process has not seen it; meanwhile somebody started a backup, which waits.
    let waiting = group("g9", "other", GroupStatus::Pending);
    let look = scene.survey(&[("a", busy(&[waiting]))]);
    assert!(matches!(look, Action::LookAtGate { .. }), "{look:?}");
    assert_eq!(scene.gate(&scene::known(false)), Action::Finish(End::Complete));
    assert_eq!(scene.journal.opened, []);
}

#[test]
fn processes_that_are_killed_before_they_open_a_gate_have_not_tried_to() {
    let (mut scene, pending) = adopted_before_a_closed_gate();
    let mine = busy(std::slice::from_ref(&pending));
    for _ in 0..=GATE_TRIES_MAX {
        let action = scene.survey(&[("a", mine.clone()), ("b", idle())]);
        assert!(matches!(action, Action::Set { open: true, .. }), "{action:?}");
        scene.start();
        scene.group(&scene::known(Some(pending.clone())));
    }
}

#[test]
fn of_several_new_logs_the_first_is_this_triggers() {
    let mut scene = Scene::triggered("a/x");
    scene.trigger_accepted();
    let at = |minute: u32, id, status| {
        let started = scene.now + MINUTE * minute;
        jbr::jetbackup::facts::Log { started: Some(started), ..log(id, status) }
    };
    let logs = vec![at(60, "l2", LogStatus::Completed), at(1, "l1", LogStatus::Failed)];
    scene.look(&[], scene::known(logs));
    assert_eq!(scene.verdict("a/x"), Verdict::Failed, "the other is of a later run, which somebody else started");
}

#[test]
fn a_gate_that_was_closed_behind_a_waiting_backup_is_opened_again() {
    let (mut scene, pending) = adopted_before_a_closed_gate();
    let mine = busy(std::slice::from_ref(&pending));
    scene.survey(&[("a", mine.clone()), ("b", idle())]);
    scene.gate(&scene::known(true));
    scene.pass(MINUTE * 3);
    assert!(matches!(scene.group(&scene::known(Some(pending.clone()))), Action::Wait(_)));
    scene.pass(MINUTE);
    assert_eq!(scene.group(&scene::known(Some(pending))), Action::Survey { job: None }, "a lost command may come late");
    assert!(matches!(scene.survey(&[("a", mine), ("b", idle())]), Action::Set { open: true, .. }));
}

#[test]
fn a_backup_that_today_s_plan_gives_more_time_is_not_stopped_for_yesterday_s() {
    let mut scene = Scene::overdue(OnTimeout::Hold);
    scene.group(&scene::under_way("g1"));
    // Somebody read the report, gave the backup more time, and wants it stopped only after that.
    scene.queue.items[0].timeout = MINUTE * 600;
    scene.queue.items[0].on_timeout = OnTimeout::Stop;
    scene.start();
    let action = scene.group(&scene::under_way("g1"));
    assert!(matches!(action, Action::Wait(_)), "a good backup would be stopped: {action:?}");
    scene.pass(MINUTE * 600);
    assert!(matches!(scene.group(&scene::under_way("g1")), Action::Stop { .. }));
}

#[test]
fn a_backup_that_today_s_plan_holds_is_not_released_by_yesterday_s() {
    let mut scene = Scene::overdue(OnTimeout::Release);
    assert!(matches!(scene.group(&scene::under_way("g1")), Action::Survey { .. }));
    scene.queue.items[0].on_timeout = OnTimeout::Hold;
    assert!(matches!(scene.start(), Action::LookAtGroup { .. }), "nothing starts beside it any more");
}

#[test]
fn a_backup_whose_group_was_cleared_runs_as_long_as_its_log_says_so() {
    let mut scene = Scene::running("a/x", "g1");
    let mut under_way = group("g1", &job("a/x"), GroupStatus::Started);
    under_way.log = Some("l1".parse().unwrap());
    scene.group(&scene::known(Some(under_way)));
    scene.group(&scene::known(None));
    for _ in 0..20 {
        let action = scene.log(&scene::known(Some(log("l1", LogStatus::Processing))));
        assert!(matches!(action, Action::Wait(_)), "the next one would write beside it: {action:?}");
        scene.pass(MINUTE * 16);
        assert!(matches!(scene.waited(), Action::ReadLog { .. }));
    }
    assert_eq!(scene.events.iter().filter(|event| matches!(event, Event::Overdue { .. })).count(), 1);
    scene.log(&scene::known(Some(log("l1", LogStatus::Completed))));
    assert_eq!(scene.verdict("a/x"), Verdict::Completed);
}

#[test]
fn a_backup_whose_group_was_cleared_is_waited_for_while_its_server_is_silent() {
    let mut scene = Scene::running("a/x", "g1");
    scene.group(&scene::known(None));
    for _ in 0..20 {
        assert!(matches!(scene.look_unknown(), Action::Wait(_)), "unknown is not over: {:?}", scene.phase("a/x"));
        scene.pass(MINUTE * 16);
        assert!(matches!(scene.waited(), Action::LookAtJob { .. }));
    }
    scene.look(&[], scene::known(vec![log("l1", LogStatus::Failed)]));
    assert_eq!(scene.verdict("a/x"), Verdict::Failed);
}

#[test]
fn only_the_gate_that_was_set_is_taken_for_open() {
    let (mut scene, pending) = adopted_before_a_closed_gate();
    // A command to open this one got no effect yet; it may still come.
    scene.add_item("a/z");
    scene.queue.items[1].gates = vec![Gate::Job(job("a/z").parse().unwrap())];
    scene.journal.opened.push(jbr::execute::journal::Opened {
        server: "a".parse().unwrap(),
        gate: scene.queue.items[1].gates[0].clone(),
        since: scene.now,
        state: GateState::Opening { tries: 1 },
    });
    scene.survey(&[("a", busy(&[pending])), ("b", idle())]);
    scene.gate(&scene::known(true));
    let states: Vec<_> = scene.journal.opened.iter().map(|opened| opened.state.clone()).collect();
    assert_eq!(states, [GateState::Opening { tries: 1 }, GateState::Open]);
}

#[test]
fn the_time_of_a_watch_is_no_time_in_which_another_server_was_asked() {
    let mut scene = Scene::new(&["a/x", "b/y"]);
    scene.start();
    let mine = group("g1", &job("a/x"), GroupStatus::Started);
    scene.survey(&[("a", busy(&[mine])), ("b", unknown())]);
    assert!(matches!(scene.phase("a/x"), Phase::Running(_)));
    scene.pass(MINUTE * 200);
    scene.group(&scene::known(Some(group("g1", &job("a/x"), GroupStatus::Completed))));
    scene.look(&[], no_logs());
    assert!(matches!(scene.survey(&[("a", idle()), ("b", unknown())]), Action::Wait(_)), "{:?}", scene.phase("b/y"));
    scene.pass(MINUTE * 16);
    scene.waited();
    scene.survey(&[("a", idle()), ("b", unknown())]);
    assert_eq!(scene.verdict("b/y"), Verdict::Skipped);
}

#[test]
fn a_silent_server_does_not_keep_an_adopted_backup_s_gate_closed_for_ever() {
    let (mut scene, pending) = adopted_before_a_closed_gate();
    let mine = busy(std::slice::from_ref(&pending));
    scene.survey(&[("a", mine.clone()), ("b", unknown())]);
    for _ in 0..2 {
        scene.waited();
        scene.group(&scene::known(Some(pending.clone())));
        assert!(matches!(scene.survey(&[("a", mine.clone()), ("b", unknown())]), Action::Wait(_)));
        scene.pass(MINUTE * 7);
    }
    scene.pass(MINUTE * 2);
    assert!(matches!(scene.survey(&[("a", mine), ("b", unknown())]), Action::Set { open: true, .. }));
}

#[test]
fn a_job_that_was_renamed_in_the_plan_is_the_same_job_and_is_not_run_again() {
    let mut scene = Scene::running("a/x", "g1");
    let mut today = scene.queue.clone();
    today.items[0].address = "a/renamed".parse().unwrap();
    let merged = resume(&scene.queue, &scene.journal, today.clone());
    let over = start_over(&scene.queue, &scene.journal, today, |_, _| Standing::UnderWay);
    for merged in [over, merged] {
        (scene.queue, scene.journal) = (merged.queue, merged.journal);
        let addresses: Vec<_> = scene.queue.items.iter().map(|item| item.address.to_string()).collect();
        assert_eq!(addresses, ["a/renamed", "b/y"]);
        assert!(matches!(scene.phase("a/renamed"), Phase::Running(running) if running.group.as_str() == "g1"));
    }
}
