//! JetBackup's own schedules as windows and `every`.

use std::time::Duration;

use chrono::{Datelike as _, NaiveTime, TimeDelta, Timelike as _, Weekday};

use super::yaml::{joined, shown};
use super::{Order, WindowDraft};
use crate::clock::Timestamp;
use crate::jetbackup::facts::{Rhythm, Schedule};
use crate::names::JobId;

/// How long a proposed window is open.
const WINDOW_LENGTH: TimeDelta = TimeDelta::hours(8);
/// A timer that fires at the same time every day finds a backup that is a little younger than a day: an `every` of whole days would skip
/// every other one. So a sixth of it is left out, 4 hours of a day: an hour's job ends some minutes after the hour, and would be due as much
/// later each time.
const SLACK: u32 = 6;
const DAY: Duration = Duration::from_secs(24 * 3600);
const HOUR: Duration = Duration::from_secs(3600);
/// The shortest month.
const MONTH_DAYS: u32 = 28;
const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

/// What a job's schedules come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Proposal {
    /// `every`; the rest is filled by whoever knows the names and the addresses.
    pub(super) order: Order,
    /// The window that it begins in.
    pub(super) window: Option<WindowDraft>,
    /// Why there is none, where one might be expected.
    pub(super) doubt: Option<&'static str>,
    /// The jobs that it comes after.
    pub(super) after: Vec<JobId>,
    /// The schedules in words.
    pub(super) words: Vec<String>,
}

/// What a job's schedules come to, given when it starts next.
pub(super) fn proposal<'a>(schedules: impl Iterator<Item = &'a Schedule>, next_run: Option<Timestamp>) -> Proposal {
    let mut proposal = Proposal::default();
    let mut week: Vec<Weekday> = Vec::new();
    let mut gaps: Vec<Duration> = Vec::new();
    // What the next start may belong to; nobody says what it does belong to.
    let mut timed = 0_usize;
    let mut is_any_day = false;
    for schedule in schedules {
        proposal.words.push(words(schedule));
        timed += 1;
        match &schedule.rhythm {
            Rhythm::Hourly { every_h } => gaps.push(with_slack(HOUR * *every_h)),
            Rhythm::Daily(days) => week.extend(days),
            Rhythm::Weekly(day) => week.push(*day),
            Rhythm::Monthly(days) => {
                let shortest = gap(days.iter().map(|day| day.saturating_sub(1) % MONTH_DAYS), MONTH_DAYS);
                gaps.push(days_apart(shortest));
                is_any_day = true;
            }
            Rhythm::AfterJob(job) => {
                proposal.after.push(job.clone());
                timed -= 1;
            }
            Rhythm::Other(_) => {}
        }
    }
    let week = in_week_order(&week);
    if !week.is_empty() {
        gaps.push(days_apart(gap(week.iter().map(Weekday::num_days_from_monday), 7)));
    }
    proposal.order.every = gaps.into_iter().min();
    let days = if is_any_day { WEEK.to_vec() } else { week };
    match next_run.filter(|_| !days.is_empty()) {
        None => {}
        Some(_) if timed > 1 => {
            proposal.doubt = Some("No window: JetBackup does not say to which of its schedules the next start belongs");
        }
        Some(next) => match in_utc(&days, next.weekday()) {
            Some(days) => proposal.window = Some(window(days, next)),
            None => proposal.doubt = Some("No window: its next start is on none of its days"),
        },
    }
    proposal
}

/// A schedule's days are its server's, and its next start is UTC: the day may be the one before, or after.
fn in_utc(days: &[Weekday], next: Weekday) -> Option<Vec<Weekday>> {
    let moved = |by: fn(&Weekday) -> Weekday| in_week_order(&days.iter().map(by).collect::<Vec<_>>());
    let tells = |days: &Vec<Weekday>| days.contains(&next);
    let same = Some(days.to_vec()).filter(tells);
    same.or_else(|| {
        let (before, after) = (Some(moved(Weekday::pred)).filter(tells), Some(moved(Weekday::succ)).filter(tells));
        // Where either may be, nothing is told.
        if before.is_some() && after.is_some() { None } else { before.or(after) }
    })
}

/// A little less than a period.
fn with_slack(period: Duration) -> Duration {
    period.saturating_sub(period / SLACK)
}

/// A little less than so many days: it is one day's slack, however many they are.
fn days_apart(days: u32) -> Duration {
    (DAY * days).saturating_sub(DAY / SLACK)
}

fn window(days: Vec<Weekday>, next: Timestamp) -> WindowDraft {
    let from = NaiveTime::from_hms_opt(next.hour(), next.minute(), 0).unwrap_or_default();
    let (to, _) = from.overflowing_add_signed(WINDOW_LENGTH);
    let on = if days.len() == WEEK.len() { "daily".to_owned() } else { joined(&days, "-") };
    WindowDraft { name: format!("jetbackup-{on}-{}", from.format("%H%M")), days, from, to }
}

/// The fewest days between two of these days in a cycle of so many; the whole cycle for a single one.
fn gap(days: impl Iterator<Item = u32>, cycle: u32) -> u32 {
    let mut days: Vec<u32> = days.collect();
    days.sort_unstable();
    days.dedup();
    let Some(first) = days.first().copied() else { return cycle };
    let next = days.iter().skip(1).copied().chain([first + cycle]);
    days.iter().zip(next).map(|(day, next)| next - day).min().unwrap_or(cycle)
}

fn in_week_order(days: &[Weekday]) -> Vec<Weekday> {
    WEEK.into_iter().filter(|day| days.contains(day)).collect()
}

fn words(schedule: &Schedule) -> String {
    let when = match &schedule.rhythm {
        Rhythm::Hourly { every_h: 1 } => "every hour".to_owned(),
        Rhythm::Hourly { every_h } => format!("every {every_h} hours"),
        Rhythm::Daily(days) if in_week_order(days).len() == WEEK.len() => "every day".to_owned(),
        Rhythm::Daily(days) => format!("on {}", joined(&in_week_order(days), ", ")),
        Rhythm::Weekly(day) => format!("every week on {}", joined(&[*day], "")),
        Rhythm::Monthly(days) => {
            let days: Vec<String> = days.iter().map(u32::to_string).collect();
            format!("every month on day {}", days.join(", "))
        }
        Rhythm::AfterJob(job) => format!("after job {job}"),
        Rhythm::Other(kind) => format!("a schedule of type {kind}, which jbr does not know"),
    };
    format!("{when} (schedule {})", shown(&schedule.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(rhythm: Rhythm) -> Schedule {
        Schedule { id: "5c4e".parse().unwrap(), name: "x".to_owned(), rhythm, jobs: Vec::new() }
    }

    /// By its schedules and its next start, of the job: `every` in minutes, and the window.
    fn check_all(rhythms: &[Rhythm], next: &str, every_min: Option<u64>, window: Option<&str>) {
        let schedules: Vec<Schedule> = rhythms.iter().cloned().map(schedule).collect();
        let proposal = proposal(schedules.iter(), Some(next.parse().unwrap()));
        assert_eq!(proposal.order.every.map(|every| every.as_secs() / 60), every_min, "{rhythms:?}");
        assert_eq!(proposal.window.as_ref().map(|window| window.name.as_str()), window, "{rhythms:?}");
        if let Some(window) = proposal.window {
            assert_eq!((window.from.to_string(), window.to.to_string()), ("22:30:00".into(), "06:30:00".into()));
        }
    }

    /// A Tuesday.
    const TUESDAY: &str = "2026-11-24T22:30:12Z";
    /// A Sunday.
    const SUNDAY: &str = "2026-11-29T22:30:12Z";

    fn check(rhythm: Rhythm, next: &str, every_h: Option<u64>, window: Option<&str>) {
        check_all(&[rhythm], next, every_h.map(|hours| hours * 60), window);
    }

    #[test]
    fn rhythms_become_every_and_windows() {
        use Weekday::{Mon, Sat, Sun, Thu};
        check(Rhythm::Hourly { every_h: 6 }, TUESDAY, Some(5), None);
        check_all(&[Rhythm::Hourly { every_h: 1 }], TUESDAY, Some(50), None);
        check(Rhythm::Daily(WEEK.to_vec()), TUESDAY, Some(20), Some("jetbackup-daily-2230"));
        // Sunday and Monday are neighbours, whatever the order.
        check(Rhythm::Daily(vec![Sun, Mon]), SUNDAY, Some(20), Some("jetbackup-mon-sun-2230"));
        check(Rhythm::Daily(vec![Sun, Thu]), SUNDAY, Some(3 * 24 - 4), Some("jetbackup-thu-sun-2230"));
        check(Rhythm::Weekly(Sun), SUNDAY, Some(7 * 24 - 4), Some("jetbackup-sun-2230"));
        check(Rhythm::Monthly(vec![1]), TUESDAY, Some(28 * 24 - 4), Some("jetbackup-daily-2230"));
        check(Rhythm::Monthly(vec![31, 1, 15]), TUESDAY, Some(2 * 24 - 4), Some("jetbackup-daily-2230"));
        check(Rhythm::AfterJob("a".parse().unwrap()), TUESDAY, None, None);
        check(Rhythm::Other(9), TUESDAY, None, None);
        check_all(&[Rhythm::Daily(vec![Sat]), Rhythm::Weekly(Sun)], SUNDAY, Some(20 * 60), None);
    }

    #[test]
    fn the_next_start_says_on_which_days_of_utc_the_server_s_days_begin() {
        use Weekday::{Fri, Mon, Sat, Sun, Wed};
        let weekly = Some(7 * 24 - 4);
        check(Rhythm::Weekly(Mon), SUNDAY, weekly, Some("jetbackup-sun-2230"));
        check(Rhythm::Weekly(Sat), SUNDAY, weekly, Some("jetbackup-sun-2230"));
        check(Rhythm::Weekly(Wed), SUNDAY, weekly, None);
        check(Rhythm::Daily(vec![Mon, Wed]), TUESDAY, Some(2 * 24 - 4), None);
        check(Rhythm::Daily(vec![Mon, Fri]), TUESDAY, Some(3 * 24 - 4), Some("jetbackup-tue-sat-2230"));
        check(Rhythm::Weekly(Sun), TUESDAY, weekly, None);
    }

    #[test]
    fn where_several_schedules_may_be_the_next_no_window_is_guessed() {
        let after = Rhythm::AfterJob("a".parse().unwrap());
        let (sunday, saturday) = (Rhythm::Weekly(Weekday::Sun), Rhythm::Weekly(Weekday::Sat));
        let week = Some((7 * 24 - 4) * 60);
        check_all(&[sunday.clone(), after], SUNDAY, week, Some("jetbackup-sun-2230"));
        check_all(&[sunday.clone(), Rhythm::Other(9)], SUNDAY, week, None);
        check_all(&[sunday, saturday], SUNDAY, Some(20 * 60), None);
    }
}
