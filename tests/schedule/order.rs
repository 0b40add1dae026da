//! What comes first comes first.

use serde_json::json;

use crate::scene::{FIRST, SECOND, site, triggers, write_plan};

#[test]
fn what_comes_first_comes_first_and_what_comes_after_a_failure_is_skipped() {
    let ok = site(&[100], &[100]);
    write_plan(&ok, "", ", after: [b/z]", "");
    let ran = ok.apply();
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    let order: Vec<String> = ok.account().triggers.iter().map(|trigger| trigger.job.clone()).collect();
    assert_eq!(order, [SECOND, FIRST]);

    let bad = site(&[100], &[102]);
    write_plan(&bad, "", ", after: [b/z]", "");
    let ran = bad.apply();
    assert_eq!(ran.code, Some(3), "{}", ran.text());
    assert_eq!(triggers(&bad), (0, 1));
    assert_eq!(bad.verdict("a/x"), json!("skipped"));
    assert!(ran.text().contains("it comes after b/z, whose outcome is failed"), "{}", ran.text());
}

#[test]
fn what_comes_after_an_end_of_whatever_kind_runs_after_a_failure() {
    let site = site(&[100], &[102]);
    write_plan(&site, "", ", after: { job: b/z, when: finished }", "");
    let ran = site.apply();
    assert_eq!(ran.code, Some(3), "{}", ran.text());
    assert_eq!(triggers(&site), (1, 1));
    assert_eq!(site.verdict("a/x"), json!("completed"));
}

#[test]
fn a_job_held_by_the_plan_is_not_run_and_neither_is_what_comes_after_it_and_that_is_no_failure() {
    let site = site(&[100], &[100]);
    write_plan(&site, "", ", hold: \"the RAID is rebuilt\"", ", after: [a/x]");
    let planned = site.jbr(&["plan"]);
    assert!(planned.stdout.contains("the RAID is rebuilt"), "{}", planned.text());
    let ran = site.apply();
    assert_eq!(ran.code, Some(0), "a timer would call it a failure each time: {}", ran.text());
    assert!(planned.stdout.contains("comes after a/x, which is held"), "{}", planned.text());
    assert!(ran.text().contains("\"decision\":\"held_back\""), "{}", ran.text());
    assert_eq!(triggers(&site), (0, 0));
    assert!(!site.state_path().exists(), "no run is begun");
}
