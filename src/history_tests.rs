//! What two witnesses prove together, case by case.

use super::*;
use crate::clock::earlier;
use crate::execute::outcome::Outcome;
use crate::jetbackup::facts::LogStatus;
use crate::names::{JobId, LogId};

const HOUR: Duration = Duration::from_secs(3600);

fn now() -> Timestamp {
    "2026-11-23T02:00:00Z".parse().unwrap()
}

fn ago(hours: u32) -> Timestamp {
    earlier(now(), HOUR * hours)
}

fn log(code: i64, ended: Option<Timestamp>) -> Log {
    let started = ended.map(|ended| earlier(ended, HOUR));
    Log { id: LogId::new("c").unwrap(), job: None, started, ended, status: LogStatus::from_code(code) }
}

fn record(last_success: Option<Timestamp>, failures_in_a_row: u32, last_ended: Timestamp) -> JobRecord {
    let verdict = if failures_in_a_row == 0 { Verdict::Completed } else { Verdict::Failed };
    let last_outcome = Some(Outcome::without_run(verdict, last_ended, String::new()));
    JobRecord { last_success, last_outcome, failures_in_a_row, ..JobRecord::new(JobId::new("a").unwrap()) }
}

fn unread<'a>() -> Seen<&'a [Log]> {
    Seen::Unknown(Why::new("no route to host"))
}

/// What is asked of the last good backup.
#[derive(Debug, PartialEq)]
enum Last {
    At(Timestamp),
    Never,
    Unknown,
}

/// What it is about, the logs if they can be read, what is remembered, and what follows.
type Row = (&'static str, Option<Vec<Log>>, Option<JobRecord>, Last);

fn last(logs: Seen<&[Log]>, record: Option<&JobRecord>) -> Last {
    match History::new(logs, record, now()).last_good {
        Seen::Known(Some(at)) => Last::At(at),
        Seen::Known(None) => Last::Never,
        Seen::Unknown(_) => Last::Unknown,
    }
}

#[test]
fn the_newer_proof_counts_and_unknown_is_not_never() {
    let year_ahead = later(now(), HOUR * 24 * 365);
    let five_minutes_ahead = later(now(), HOUR / 12);
    let remembers = |at| Some(record(Some(at), 0, at));
    let failed = Some(record(None, 2, ago(5)));
    let rows: Vec<Row> = vec![
        ("nothing anywhere", Some(vec![]), None, Last::Never),
        ("a good log", Some(vec![log(1, Some(ago(3)))]), None, Last::At(ago(3))),
        ("a partial log is a backup", Some(vec![log(4, Some(ago(3)))]), None, Last::At(ago(3))),
        ("failed ones are none", Some(vec![log(2, Some(ago(1))), log(3, Some(ago(2)))]), None, Last::Never),
        (
            "nor are stopped, unfinished and unknown ones",
            Some([3, 5, 6, 7].map(|c| log(c, Some(ago(1)))).into()),
            None,
            Last::Never,
        ),
        (
            "the good one below a failed one",
            Some(vec![log(2, Some(ago(1))), log(1, Some(ago(9)))]),
            None,
            Last::At(ago(9)),
        ),
        ("one that is being written", Some(vec![log(6, None), log(1, Some(ago(9)))]), None, Last::At(ago(9))),
        ("the newer is the log's", Some(vec![log(1, Some(ago(3)))]), remembers(ago(9)), Last::At(ago(3))),
        ("the newer is the record's", Some(vec![log(1, Some(ago(9)))]), remembers(ago(3)), Last::At(ago(3))),
        ("logs are gone after a month", Some(vec![]), remembers(ago(1000)), Last::At(ago(1000))),
        ("only the record can be read", None, remembers(ago(3)), Last::At(ago(3))),
        ("nothing can be read", None, None, Last::Unknown),
        ("a record of failures proves no success, and no lack of one", None, failed.clone(), Last::Unknown),
        ("nobody knows of a good one", Some(vec![]), failed, Last::Never),
        ("a clock a little ahead", Some(vec![log(1, Some(five_minutes_ahead))]), None, Last::At(now())),
        ("a clock a year ahead", Some(vec![log(1, Some(year_ahead))]), None, Last::Unknown),
        ("and an older proof", Some(vec![log(1, Some(year_ahead)), log(1, Some(ago(9)))]), None, Last::At(ago(9))),
        ("a clock an hour ahead", Some(vec![log(1, Some(later(now(), HOUR)))]), None, Last::Unknown),
        ("our own clock was a year ahead once", Some(vec![]), remembers(year_ahead), Last::Unknown),
        ("a good log without times", Some(vec![log(1, None)]), None, Last::Unknown),
    ];
    for (what, logs, record, expected) in rows {
        let logs = logs.as_deref().map_or_else(unread, Seen::Known);
        assert_eq!(last(logs, record.as_ref()), expected, "{what}");
    }
    let without_end = Log { ended: None, started: Some(ago(4)), ..log(1, None) };
    assert_eq!(last(Seen::Known(&[without_end]), None), Last::At(ago(4)));
}

#[test]
fn a_job_is_due_from_the_moment_on_that_every_names() {
    let at = |hours| History::new(Seen::Known(&[log(1, Some(ago(hours)))]), None, now());
    assert_eq!(at(23).fresh_until(HOUR * 24, now()), Some((ago(23), later(now(), HOUR))));
    assert_eq!(at(24).fresh_until(HOUR * 24, now()), None);
    assert_eq!(at(25).fresh_until(HOUR * 24, now()), None);
    for not_proven in [History::new(unread(), None, now()), History::new(Seen::Known(&[]), None, now())] {
        assert_eq!(not_proven.fresh_until(HOUR * 24, now()), None, "{not_proven:?}");
    }
    assert_eq!(at(3).fresh_until(Duration::MAX, now()).map(|(_, due)| due), Some(Timestamp::MAX_UTC));
}

#[test]
fn failures_in_a_row_are_counted_by_whoever_knows_more() {
    let failures = |logs: &[Log], record: Option<JobRecord>| {
        History::new(Seen::Known(logs), record.as_ref(), now()).failures_in_a_row
    };
    let two_bad = [log(6, None), log(2, Some(ago(1))), log(3, Some(ago(2))), log(1, Some(ago(3)))];
    assert_eq!(failures(&two_bad, None), 2);
    assert_eq!(failures(&two_bad, Some(record(Some(ago(3)), 4, ago(1)))), 4, "triggers without effect leave no log");
    assert_eq!(failures(&[log(1, Some(ago(1)))], Some(record(None, 4, ago(5)))), 0, "somebody ran it since");
    assert_eq!(failures(&[], Some(record(None, 4, ago(5)))), 4);
}

#[test]
fn durations_come_from_whoever_has_more_of_them_and_are_bounded() {
    let took = |minutes: u64| Duration::from_secs(minutes * 60);
    let good = |minutes| Log { started: Some(earlier(ago(1), took(minutes))), ..log(1, Some(ago(1))) };
    let history = |logs: &[Log], remembered: &[u64]| {
        let mut record = record(Some(ago(1)), 0, ago(1));
        record.durations = remembered.iter().copied().map(took).collect();
        History::new(Seen::Known(logs), Some(&record), now())
    };
    let backwards = Log { started: Some(now()), ..log(1, Some(ago(1))) };
    let two = history(&[good(20), log(2, Some(ago(2))), backwards, good(10)], &[7]);
    assert_eq!(two.durations, [took(10), took(20)], "oldest first, of good ones only");
    assert_eq!(history(&[good(20)], &[7, 8, 9]).durations, [took(7), took(8), took(9)]);
    assert_eq!(history(&[], &[]).durations, [Duration::ZERO; 0]);
    let many: Vec<Log> = (1..=100).map(good).collect();
    let bounded = history(&many, &[]);
    assert_eq!(bounded.durations.len(), DURATIONS_MAX);
    assert_eq!((bounded.median(), bounded.p90()), (Some(took(11)), Some(took(18))));
    assert_eq!(history(&[good(5)], &[]).p90(), Some(took(5)));
    assert_eq!((history(&[], &[]).median(), history(&[], &[]).p90()), (None, None));
}

#[test]
fn partial_is_said_of_the_newest_good_one() {
    let partial = |logs: &[Log]| History::new(Seen::Known(logs), None, now()).partial;
    assert!(partial(&[log(2, Some(ago(1))), log(4, Some(ago(2))), log(1, Some(ago(3)))]));
    assert!(!partial(&[log(1, Some(ago(1))), log(4, Some(ago(2)))]));
    assert!(!partial(&[]));
}

fn item(id: &str) -> crate::queue::Item {
    crate::queue::Item {
        address: "a/x".parse().unwrap(),
        id: JobId::new(id).unwrap(),
        timeout: HOUR,
        start_timeout: HOUR,
        settle: HOUR,
        on_timeout: crate::desired::OnTimeout::Hold,
        gates: vec![],
        after: vec![],
        openings: None,
        fits: None,
        retry: crate::desired::Retry::NEVER,
        usual: None,
    }
}

#[test]
fn a_partial_backup_stays_partial_when_a_later_one_fails() {
    let outcome = |verdict, at| Outcome::without_run(verdict, at, String::new());
    let mut record = JobRecord::new(JobId::new("a").unwrap());
    for (verdict, hours, expected) in
        [(Verdict::Partial, 5, true), (Verdict::Failed, 4, true), (Verdict::Completed, 3, false)]
    {
        record.learn(&item("a"), &outcome(verdict, ago(hours)));
        assert_eq!(History::new(unread(), Some(&record), now()).partial, expected, "{verdict:?}");
    }
}

#[test]
fn what_is_remembered_is_how_long_the_last_good_backups_took() {
    let mut record = JobRecord::new(JobId::new("a").unwrap());
    let took = |minutes: u32| HOUR / 60 * minutes;
    for minutes in 1..=25 {
        for verdict in [Verdict::Completed, Verdict::Failed] {
            let started = Some(earlier(ago(1), took(minutes)));
            let outcome = Outcome { started, ..Outcome::without_run(verdict, ago(1), String::new()) };
            record.learn(&item("a"), &outcome);
        }
    }
    assert_eq!(record.durations, (6..=25).map(took).collect::<Vec<_>>(), "oldest first");
}
