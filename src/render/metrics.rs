//! The verdict of `jbr check` as Prometheus reads it from a file (node_exporter's textfile collector).
//!
//! What nobody knows has no sample: a missing one is something that an alert can ask for (`absent`), a wrong one is not.

use std::fmt::Write as _;
use std::time::Duration;

use crate::check::{Check, JobCheck};
use crate::clock::Timestamp;
use crate::seen::Seen;

/// What every file of metrics begins with, so that `jbr` can tell its own from another.
pub const FIRST_WORDS: &str = "# HELP jbr_";

/// The verdict in the text format 0.0.4.
#[must_use]
pub fn metrics(check: &Check) -> String {
    let mut page = Page { text: String::new() };
    page.family("jbr_check_timestamp_seconds", "When jbr check was run; alert where it stands still.");
    page.sample("jbr_check_timestamp_seconds", &[], timestamp(check.at));
    page.family("jbr_check_level", "The worst of everything: 0 ok, 1 warning, 2 critical, 3 unknown.");
    page.sample("jbr_check_level", &[], check.level().number());
    page.family("jbr_remarks", "What else is to be looked at, such as jobs that are in no plan.");
    page.sample("jbr_remarks", &[], check.remarks.len());
    page.jobs(check, "jbr_job_level", "The job: 0 ok, 1 warning, 2 critical, 3 unknown.", |job| {
        Some(job.level().number().to_string())
    });
    page.jobs(
        check,
        "jbr_last_success_timestamp_seconds",
        "When the last good backup ended; 0 if there never was one, no sample if that is not known.",
        |job| match &job.history.last_good {
            Seen::Known(last) => Some(last.map_or(0, timestamp).to_string()),
            Seen::Unknown(_) => None,
        },
    );
    page.jobs(
        check,
        "jbr_last_success_partial",
        "1 if the last good backup is a partial one; no sample if none is known.",
        |job| job.partial().map(|partial| u8::from(partial).to_string()),
    );
    page.jobs(check, "jbr_max_age_seconds", "How old the last good backup may be.", |job| {
        job.max_age.map(|age| age.as_secs().to_string())
    });
    page.jobs(check, "jbr_logs_readable", "1 if JetBackup's logs of the job could be read.", |job| {
        Some(u8::from(job.history.unread.is_none()).to_string())
    });
    page.jobs(check, "jbr_failures_in_a_row", "How many times in a row the job did not end well.", |job| {
        job.failures_in_a_row().map(|failures| failures.to_string())
    });
    page.jobs(check, "jbr_running", "1 if a backup of the job is under way.", |job| {
        job.runs.map(|runs| u8::from(runs).to_string())
    });
    page.jobs(check, "jbr_held", "1 if the job is held.", |job| Some(u8::from(job.holds.is_some()).to_string()));
    page.jobs(check, "jbr_hold_expiry_timestamp_seconds", "When the hold ends; no sample if it has no end.", |job| {
        job.holds.as_ref()?.until().map(|until| timestamp(until).to_string())
    });
    page.durations(check);
    page.text
}

struct Page {
    text: String,
}

impl Page {
    fn family(&mut self, name: &str, help: &str) {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} gauge");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.text, "{name}{labels} {value}");
    }

    fn jobs(&mut self, check: &Check, name: &str, help: &str, value: impl Fn(&JobCheck) -> Option<String>) {
        self.family(name, help);
        for job in &check.jobs {
            if let Some(value) = value(job) {
                self.sample(name, &[("server", job.address.server.as_str()), ("job", job.address.job.as_str())], value);
            }
        }
    }

    fn durations(&mut self, check: &Check) {
        const NAME: &str = "jbr_usual_duration_seconds";
        self.family(NAME, "How long the job's good backups took: the median and nine of ten.");
        for job in &check.jobs {
            let quantiles = [("0.5", job.history.median()), ("0.9", job.history.p90())];
            for (quantile, duration) in quantiles {
                let labels = [
                    ("server", job.address.server.as_str()),
                    ("job", job.address.job.as_str()),
                    ("quantile", quantile),
                ];
                if let Some(duration) = duration {
                    self.sample(NAME, &labels, Duration::as_secs(&duration));
                }
            }
        }
    }
}

fn timestamp(at: Timestamp) -> i64 {
    at.timestamp()
}

/// A label's value: whatever somebody called a thing, it stays between its quotes and on its line.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_its_quotes_or_its_line() {
        let mut page = Page { text: String::new() };
        page.family("jbr_x", "one\nline \\ of help");
        page.sample("jbr_x", &[("job", "a\"} 1\njbr_forged{b=\"\\")], 7);
        assert_eq!(
            page.text,
            "# HELP jbr_x one\\nline \\\\ of help\n# TYPE jbr_x gauge\njbr_x{job=\"a\\\"} 1\\njbr_forged{b=\\\"\\\\\"} 7\n"
        );
    }
}
