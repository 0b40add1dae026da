//! Whole lists or nothing: page limits, lists that move while they are read, totals that lie.

use std::ops::Range;
use std::time::Duration;

use jbr::jetbackup::client::CallError;
use jbr::jetbackup::facts::Group;
use jbr::jetbackup::page::Page;
use jbr::jetbackup::paging::{LIST_LIMIT, PAGES_MAX, READS_MAX, ROWS_MAX, read_within};
use jbr::names::GroupId;
use jbr::transport::Output;
use serde_json::{Value, json};

use crate::scripted::{client, outputs, parameter, stdout};

/// A group whose `created` grows with its number.
fn row(number: u64) -> Value {
    json!({"_id": format!("g{number:05}"), "type": 1, "status": 100, "created": 1_700_000_000 + number})
}

fn answer(rows: &[Value], total: u64) -> Output {
    stdout(json!({"success": 1, "data": {"groups": rows, "total": total}}).to_string())
}

/// The part of the list that a line asks for, of a server that gives `cap` rows at most.
fn slice(line: &str, rows: Vec<Value>, cap: usize) -> Vec<Value> {
    let number = |key, default| parameter(line, key).map_or(default, |value| value.parse::<usize>().unwrap());
    rows.into_iter().skip(number("skip", 0)).take(number("limit", 100).min(cap)).collect()
}

fn numbers(groups: &[jbr::jetbackup::facts::Group]) -> Vec<u64> {
    groups.iter().map(|group| GroupId::as_str(&group.id)[1..].parse().unwrap()).collect()
}

fn newest_first(range: Range<u64>) -> Vec<u64> {
    range.rev().collect()
}

#[test]
fn whatever_a_server_gives_at_once_all_rows_come_newest_first() {
    // (rows, what the server gives at most, calls): 100 is its default, which it may insist on.
    let table =
        [(0, 100, 1), (1, 100, 1), (100, 100, 1), (101, 100, 2), (250, 100, 3), (250, 5000, 1), (2500, 5000, 3)];
    for (count, cap, calls) in table {
        for server_order in [newest_first(0..count), (0..count).collect(), scattered(count)] {
            let (mut client, sent) = client(move |line| {
                let rows = slice(line, server_order.iter().map(|n| row(*n)).collect(), cap);
                Ok(answer(&rows, count))
            });
            assert_eq!(numbers(&client.groups().unwrap()), newest_first(0..count));
            let lines = sent.lines();
            assert_eq!(lines.len(), calls, "{count} rows, {cap} at once");
            assert!(lines.iter().all(|line| line.contains(&format!("&limit={LIST_LIMIT}&"))), "{lines:?}");
        }
    }
}

/// Every number once, in no order.
fn scattered(count: u64) -> Vec<u64> {
    let mut numbers: Vec<u64> = (0..count).collect();
    numbers.sort_by_key(|n| n.wrapping_mul(2_654_435_761) % 1009);
    numbers
}

#[test]
fn a_group_that_appears_between_two_pages_is_not_lost() {
    let mut calls = 0;
    let (mut client, sent) = client(move |line| {
        calls += 1;
        // The list has 150 groups while the first page is read, and one more from then on.
        let count = if calls == 1 { 150 } else { 151 };
        Ok(answer(&slice(line, newest_first(0..count).into_iter().map(row).collect(), 100), count))
    });
    assert_eq!(numbers(&client.groups().unwrap()), newest_first(0..151));
    assert_eq!(sent.lines().len(), 4, "two pages, and both again");
}

#[test]
fn a_group_that_goes_while_another_comes_is_noticed_although_the_total_stays() {
    let mut calls = 0;
    let (mut client, _) = client(move |line| {
        calls += 1;
        let range = if calls == 1 { 0..150 } else { 1..151 };
        Ok(answer(&slice(line, newest_first(range).into_iter().map(row).collect(), 100), 150))
    });
    assert_eq!(numbers(&client.groups().unwrap()), newest_first(1..151));
}

#[test]
fn a_list_that_never_holds_still_is_unknown() {
    let mut count = 150;
    let (mut client, sent) = client(move |line| {
        count += 1;
        Ok(answer(&slice(line, newest_first(0..count).into_iter().map(row).collect(), 100), count))
    });
    let error = client.groups().unwrap_err();
    assert!(matches!(error, CallError::Garbled { function: "listQueueGroups", .. }), "{error}");
    assert_eq!(sent.lines().len(), 2 * READS_MAX);
}

#[test]
fn totals_that_contradict_what_came_make_the_list_unknown() {
    let rows: Vec<Value> = (0..3).map(row).collect();
    let twice = vec![row(0), row(0)];
    let table: [(&[Value], u64, &str); 6] = [
        (&rows, 2, "it says that there are 2 rows, and 3 came at once"),
        (&rows, 0, "it says that there are 0 rows, and 3 came at once"),
        (&[], 3, "it says that there are 3 rows, and 0 came"),
        (&twice, 2, "it says that there are 2 rows, and 1 came"),
        (&rows, ROWS_MAX + 1, "and 20000 is the limit"),
        (&rows, i64::MAX as u64, "and 20000 is the limit"),
    ];
    for (rows, total, expected) in table {
        let rows = rows.to_vec();
        let (mut client, _) = client(move |_| Ok(answer(&rows, total)));
        let error = client.groups().unwrap_err();
        assert!(error.may_have_run() && error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_server_that_gives_the_same_page_for_ever_is_not_asked_for_ever() {
    let rows: Vec<Value> = (0..3).map(row).collect();
    let (mut client, sent) = client(move |_| Ok(answer(&rows, 10_000)));
    assert!(client.groups().is_err());
    assert!(sent.lines().len() <= READS_MAX * PAGES_MAX);
}

#[test]
fn a_list_that_takes_too_long_is_unknown_however_good_its_pages_are() {
    let mut asked = 0;
    let list = read_within::<Group>(Duration::ZERO, "listQueueGroups", |_| {
        asked += 1;
        Ok(Page { rows: Vec::new(), total: 1 })
    });
    let Err(CallError::Garbled { message, .. }) = list else { panic!("{list:?}") };
    assert!(message.contains("did not come within") && asked <= 1, "{message}, {asked}");
}

#[test]
fn more_nameless_groups_under_way_than_any_server_has_are_not_asked_for_one_by_one() {
    let row = |number: u64| json!({"_id": format!("g{number:05}"), "type": 1, "status": 2, "created": 1});
    let rows: Vec<Value> = (0..101).map(row).collect();
    let (mut client, sent) = client(move |_| Ok(answer(&rows, 101)));
    assert!(matches!(client.named_groups(), Err(CallError::Garbled { .. })));
    assert_eq!(sent.lines().len(), 1);
}

#[test]
fn a_short_page_is_not_the_end() {
    // 3 of 5, then 1, then 1: nothing says that a page must be full.
    let (mut client, sent) =
        outputs(vec![answer(&(0..3).map(row).collect::<Vec<_>>(), 5), answer(&[row(3)], 5), answer(&[row(4)], 5)]);
    assert_eq!(numbers(&client.groups().unwrap()), newest_first(0..5));
    let skips: Vec<_> = sent.lines().iter().map(|line| parameter(line, "skip").unwrap()).collect();
    assert_eq!(skips, ["0", "3", "4"]);
}

#[test]
fn an_error_on_any_page_is_the_answer_for_the_whole_list() {
    let refused = || stdout(r#"{"success":0,"message":"busy"}"#);
    let (mut client, sent) = outputs(vec![answer(&[row(0)], 2), refused()]);
    let error = client.groups().unwrap_err();
    assert_eq!(error, CallError::Refused { function: "listQueueGroups", message: "busy".into() });
    assert_eq!(sent.lines().len(), 2);
}

#[test]
fn a_group_without_a_time_could_be_the_newest_and_stands_first() {
    let mut timeless = row(1);
    timeless["created"] = json!("");
    let (mut client, _) = outputs(vec![answer(&[row(0), timeless, row(2)], 3)]);
    assert_eq!(numbers(&client.groups().unwrap()), [1, 2, 0]);
}
