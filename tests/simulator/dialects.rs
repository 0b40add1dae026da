//! The same facts in other words.

use jbr::simulator::{Carried, Dialect, Emptiness, FlagStyle, ListOrder, Server, Unset};
use serde_json::{Value, json};

use crate::lab::{JOB, Lab, NAS, OTHER};

fn lab(change: impl FnOnce(&mut Dialect)) -> Lab {
    let mut dialect = Dialect::default();
    change(&mut dialect);
    Lab::new(|server: Server| server.dialect(dialect))
}

#[test]
fn a_flag_is_a_bool_an_int_a_text_or_null() {
    for (style, no, yes) in [
        (FlagStyle::Bool, json!(false), json!(true)),
        (FlagStyle::Int, json!(0), json!(1)),
        (FlagStyle::Text, json!("0"), json!("1")),
        (FlagStyle::Null, Value::Null, json!(true)),
    ] {
        let mut lab = lab(|dialect| {
            dialect.job_running = style;
            dialect.job_disabled = style;
            dialect.destination_disabled = style;
        });
        assert_eq!((&lab.job(0)["running"], &lab.job(0)["disabled"]), (&no, &no), "{style:?}");
        lab.trigger(0);
        lab.ask(10, "manageBackupJob", &format!("action=modify&_id={JOB}&disabled=1"));
        assert_eq!((&lab.job(10)["running"], &lab.job(10)["disabled"]), (&yes, &yes), "{style:?}");
        assert_eq!(lab.ask(10, "getDestination", &format!("_id={NAS}"))["disabled"], no);
        lab.ask(10, "manageDestinationState", &format!("_id={NAS}&disabled=1"));
        assert_eq!(lab.ask(10, "getDestination", &format!("_id={NAS}"))["disabled"], yes);
        let found = lab.ask(10, "listBackupJobs", "find[disabled]=1")["total"].clone();
        assert_eq!(found, 1, "{style:?}: find means the fact, not its form");
    }
}

#[test]
fn a_date_has_an_offset_and_may_be_unset_in_three_ways() {
    for (unset, written) in [(Unset::EmptyText, json!("")), (Unset::Null, Value::Null), (Unset::False, json!(false))] {
        let mut lab = lab(|dialect| {
            dialect.unset = unset;
            dialect.offset_s = 5400;
        });
        lab.trigger(0);
        let group = lab.group(4);
        assert_eq!((&group["created"], &group["started"]), (&json!("2026-11-23T03:30:00+01:30"), &written));
    }
}

#[test]
fn an_empty_list_is_a_list_null_or_an_object_and_one_with_gaps_is_an_object() {
    for (empty_list, written) in
        [(Emptiness::List, json!([])), (Emptiness::Null, Value::Null), (Emptiness::Object, json!({}))]
    {
        let mut lab = lab(|dialect| dialect.empty_list = empty_list);
        assert_eq!(lab.ask(0, "listQueueGroups", "type=1"), json!({"groups": written, "total": 0}));
        assert_eq!(lab.job(0)["schedules"], written);
    }
    let mut lab = lab(|dialect| dialect.lists_have_gaps = true);
    let jobs = lab.ask(0, "listBackupJobs", "limit=2&skip=1")["jobs"].clone();
    assert_eq!((&jobs["1"]["_id"], &jobs["3"]["_id"]), (&json!(JOB), &json!(OTHER)));
    assert_eq!(jobs["1"]["destination"], json!({"1": NAS}));
}

#[test]
fn a_list_that_nobody_sorts_may_stand_either_way() {
    for (list_order, first) in [(ListOrder::OldestFirst, "JetBackup Config"), (ListOrder::NewestFirst, "databases")] {
        let mut lab = lab(|dialect| dialect.list_order = list_order);
        assert_eq!(lab.ask(0, "listBackupJobs", "")["jobs"][0]["name"], first);
        assert_eq!(lab.ask(0, "listBackupJobs", "sort[name]=-1")["jobs"][0]["name"], "databases");
    }
}

#[test]
fn older_versions_leave_fields_out_of_their_groups() {
    for (carried, in_list, alone) in
        [(Carried::Always, true, true), (Carried::Alone, false, true), (Carried::Never, false, false)]
    {
        let mut lab = lab(|dialect| {
            dialect.group_log_id = carried;
            dialect.group_progress = carried;
            dialect.group_data = carried;
        });
        lab.trigger(0);
        let listed = lab.group(10);
        let single = lab.ask(10, "getQueueGroup", &format!("_id={}", listed["_id"].as_str().unwrap()));
        for field in ["log_id", "progress", "data"] {
            assert_eq!(listed.get(field).is_some(), in_list, "{carried:?} {field}");
            assert_eq!(single.get(field).is_some(), alone, "{carried:?} {field}");
        }
    }
}

#[test]
fn a_server_may_not_know_manage_destination_state() {
    let mut lab = lab(|dialect| dialect.manage_destination_state = false);
    let message = lab.refusal(0, "manageDestinationState", &format!("_id={NAS}&disabled=1"));
    assert_eq!(message, "Function \"manageDestinationState\" not found");
    assert_eq!(lab.ask(0, "getDestination", &format!("_id={NAS}"))["disabled"], false);
}

#[test]
fn the_system_part_may_be_anything() {
    let mut lapsed = lab(|dialect| dialect.license_issue = Some("License has expired".to_owned()));
    let envelope = lapsed.envelope(0, "getStatistics", "");
    assert_eq!(envelope["system"]["licenseIssue"], "License has expired");
    let mut bare = lab(|dialect| dialect.version = None);
    assert_eq!(bare.envelope(0, "getStatistics", "")["system"], json!({}));
    let mut wandering = Lab::new(|server| server.dialect(Dialect::wandering()));
    wandering.trigger(0);
    assert_eq!(wandering.ask(10, "listQueueGroups", "type=1")["groups"]["1"]["status"], 2);
    assert_eq!(wandering.envelope(10, "getLog", "").get("data"), None);
}

#[test]
fn a_clock_that_is_wrong_is_wrong_in_all_that_it_shows_and_starts_nothing_earlier() {
    for (skew, created) in
        [(0, "2026-11-23T02:00:00+00:00"), (-600, "2026-11-23T01:50:00+00:00"), (90, "2026-11-23T02:01:30+00:00")]
    {
        let mut lab = Lab::new(|server| server.skew(skew));
        lab.trigger(0);
        assert_eq!(lab.group(4)["created"], created);
        assert_eq!(lab.statuses(65), [100]);
        assert_eq!(lab.writes(), [(5, Some(65))], "the account knows the true time");
    }
}
