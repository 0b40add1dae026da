//! What a plan and a check remark of a job, by what its server says of it, and what keeps it from running.

use jbr::desired::{Destination, Job, Server};
use jbr::diff::{Notice, Remark, diff, drift};
use jbr::inventory::{Inventory, ServerView};
use jbr::jetbackup::facts;
use jbr::seen::Seen;

use crate::fixtures::{closed_destination, desired, destination_id, job, live, now, server, view};

/// What is remarked of the one job of a server, whose guarded destination is 1, and of the server.
fn remarked(jobs: Vec<Job>, view: ServerView) -> Vec<&'static str> {
    let guarded = Destination { keep_closed: false, ..closed_destination(1) };
    let desired = desired(vec![Server { destination: Some(guarded), ..server("server1") }], jobs);
    let remarks = drift(&desired, &Inventory { servers: vec![view] });
    let word = |remark: &Remark| match &remark.what {
        Notice::Differs { key, .. } => key,
        Notice::Unmanaged { is_certain: true, .. } => "writes",
        Notice::Unmanaged { is_certain: false, .. } => "may write",
        Notice::SeveralDestinations { .. } => "several",
        Notice::Scheduled { .. } => "scheduled",
        Notice::Forks { .. } => "forks",
        other => panic!("{other:?}"),
    };
    remarks.iter().map(word).collect()
}

#[test]
fn what_is_remarked_of_a_job_follows_from_what_its_server_says_of_it() {
    let plain = || live(11, "accounts");
    let elsewhere = facts::Job { destinations: vec![destination_id(2)], ..plain() };
    let both = facts::Job { destinations: vec![destination_id(1), destination_id(2)], ..plain() };
    let scheduled = facts::Job { schedules: Some(1), ..plain() };
    let next = facts::Job { next_run: Some(now()), ..plain() };
    let disabled = facts::Job { disabled: true, ..scheduled.clone() };
    let nowhere = facts::Job { destinations: vec![], ..plain() };
    let config = |schedules| facts::Job { kind: 3, schedules, ..nowhere.clone() };
    // What is said of it where the plan has it, and where it has not.
    let rows: [(&str, facts::Job, &[&str], &[&str]); 10] = [
        ("as it should be", plain(), &[], &["writes"]),
        ("it has a schedule", scheduled, &["scheduled"], &["writes"]),
        ("it has no schedule, and a next start", next, &["scheduled"], &["writes"]),
        ("it has a schedule, and is disabled", disabled, &["disabled"], &[]),
        ("it writes to another destination", elsewhere, &["destination"], &[]),
        ("it writes to both", both, &["several"], &["writes"]),
        ("it names no destination", nowhere.clone(), &[], &["may write"]),
        ("JetBackup's own, started at no time", config(Some(0)), &[], &[]),
        ("JetBackup's own, with a schedule", config(Some(1)), &["scheduled"], &["may write"]),
        ("JetBackup's own, of an older version", config(None), &[], &["may write"]),
    ];
    for (what, live, declared, undeclared) in rows {
        let view = || view("server1", vec![live.clone()]);
        assert_eq!(remarked(vec![job("server1/accounts", 11)], view()), declared, "{what}");
        assert_eq!(remarked(vec![], view()), undeclared, "{what}, in no plan");
    }
    let forks = |forks| remarked(vec![], ServerView { forks: Seen::Known(Some(forks)), ..view("server1", vec![]) });
    assert_eq!([1, 2].map(forks), [vec![], vec!["forks"]]);
}

/// What a disabled destination means to a job that writes to another one as well is the user's affair.
#[test]
fn a_job_is_kept_from_running_where_all_of_its_destinations_are_disabled() {
    let both = facts::Job { destinations: vec![destination_id(1), destination_id(2)], ..live(11, "accounts") };
    let desired = desired(vec![server("server1")], vec![job("server1/accounts", 11)]);
    for (disabled, is_kept) in [([false, false], false), ([false, true], false), ([true, true], true)] {
        let mut view = view("server1", vec![both.clone()]);
        let Seen::Known(all) = &mut view.destinations else { panic!("they are known") };
        all.push(facts::Destination { id: destination_id(2), ..all[0].clone() });
        all.iter_mut().zip(disabled).for_each(|(destination, disabled)| destination.disabled = disabled);
        let decisions = diff(&desired, &Inventory { servers: vec![view] }, |_| true).decisions;
        assert_eq!(decisions[0].verdict.hindrance().is_some(), is_kept, "{disabled:?}");
    }
}
