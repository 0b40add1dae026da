//! Every command line, to the letter.

use std::collections::BTreeSet;

use jbr::jetbackup::command::{Command, Slice, encode};
use proptest::prelude::*;

use crate::scripted::php_parameters;
use crate::variant::{VARIANTS, number};

const PAGE: Slice = Slice { limit: 1000, skip: 200 };

/// Every command, its exact line, and whether it changes something.
fn table() -> Vec<(Command, &'static str, bool)> {
    use Command::*;
    vec![
        (ListBackupJobs(PAGE), "jetbackup5api -F listBackupJobs -D 'sort[_id]=1&limit=1000&skip=200' -O json", false),
        (GetBackupJob(id("j1")), "jetbackup5api -F getBackupJob -D '_id=j1' -O json", false),
        (RunBackupJobManually(id("j1")), "jetbackup5api -F runBackupJobManually -D '_id=j1' -O json", true),
        (
            ListQueueGroups(PAGE),
            "jetbackup5api -F listQueueGroups -D 'type=1&sort[created]=-1&limit=1000&skip=200' -O json",
            false,
        ),
        (GetQueueGroup(id("g1")), "jetbackup5api -F getQueueGroup -D '_id=g1' -O json", false),
        (StopQueueGroup(id("g1")), "jetbackup5api -F stopQueueGroup -D '_id=g1' -O json", true),
        (ListDestinations(PAGE), "jetbackup5api -F listDestinations -D 'limit=1000&skip=200' -O json", false),
        (GetDestination(id("d1")), "jetbackup5api -F getDestination -D '_id=d1' -O json", false),
        (
            ListLogs(id("j1"), PAGE),
            "jetbackup5api -F listLogs -D 'find[type]=1&find[info.ID]=j1&sort[start_time]=-1&limit=1000&skip=200' -O json",
            false,
        ),
        (GetLog(id("l1")), "jetbackup5api -F getLog -D '_id=l1' -O json", false),
        (GetSettingsPerformance, "jetbackup5api -F getSettingsPerformance -O json", false),
        (
            DisableJob(id("j1"), true),
            "jetbackup5api -F manageBackupJob -D 'action=modify&_id=j1&disabled=1' -O json",
            true,
        ),
        (
            DisableDestinationByState(id("d1"), false),
            "jetbackup5api -F manageDestinationState -D '_id=d1&disabled=0' -O json",
            true,
        ),
        (
            DisableDestinationByModify(id("d1"), true),
            "jetbackup5api -F manageDestination -D 'action=modify&_id=d1&disabled=1' -O json",
            true,
        ),
        (
            ListAllLogs(PAGE),
            "jetbackup5api -F listLogs -D 'find[type]=1&sort[start_time]=-1&limit=1000&skip=200' -O json",
            false,
        ),
        (ListSchedules(PAGE), "jetbackup5api -F listSchedules -D 'limit=1000&skip=200' -O json", false),
        (GetQueueGroupLog(id("g1")), "jetbackup5api -F getQueueGroup -D '_id=g1&get_log_contents=1' -O json", false),
    ]
}

fn id<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

#[test]
fn every_command_has_its_exact_line() {
    let table = table();
    let numbers: Vec<usize> = table.iter().map(|(command, ..)| number(command)).collect();
    assert_eq!(numbers, (0..VARIANTS).collect::<Vec<_>>(), "a command has no row");
    for (command, line, mutates) in table {
        assert_eq!(command.line(), line);
        assert_eq!(command.is_mutation(), mutates, "{line}");
    }
}

#[test]
fn a_line_holds_nothing_that_a_shell_could_read() {
    for (command, ..) in table() {
        let line = command.line();
        let outside: String = line.split('\'').step_by(2).collect();
        let inside: String = line.split('\'').skip(1).step_by(2).collect();
        assert!(outside.bytes().all(|b| b.is_ascii_alphanumeric() || b" -".contains(&b)), "{line}");
        assert!(inside.bytes().all(|b| b.is_ascii_alphanumeric() || b"[]_.=&%-".contains(&b)), "{line}");
        assert!(line.matches(" -D ").count() <= 1 && line.matches('\'').count() <= 2, "{line}");
    }
}

#[test]
fn php_reads_the_parameters_that_were_meant() {
    for (command, ..) in table() {
        let meant: Vec<_> = command.parameters().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        assert_eq!(php_parameters(&command.line()), meant);
    }
}

#[test]
fn the_documentation_names_the_functions_that_are_called_and_no_others() {
    let documentation = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/jetbackup-api.md")).unwrap();
    let rows = documentation.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let documented: BTreeSet<&str> = rows.map(|(function, _)| function).collect();
    let called: BTreeSet<&str> = table().iter().map(|(command, ..)| command.function()).collect();
    assert_eq!(documented, called);
}

proptest! {
    #[test]
    fn any_value_survives_the_way_through_the_shell_and_php(value in ".*") {
        let encoded = encode(&value);
        prop_assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.%".contains(&b)));
        let line = format!("jetbackup5api -F f -D 'a=1&k={encoded}' -O json");
        prop_assert_eq!(php_parameters(&line), [("a".to_owned(), "1".to_owned()), ("k".to_owned(), value)]);
    }
}
