//! `orchestrator` and `destination`: how a run behaves.

use super::reader::Reader;
use super::{Conversion, Fate};
use crate::clock::spelled;
use crate::import::json::Json;
use crate::import::yaml::shown;

/// The most that `JBR_LOG_KEEP` takes.
const LOG_KEEP_MAX: i64 = 100;
/// The units of `JBR_LOG_SIZE`, the largest first, and what it takes at the least and at the most.
const LOG_UNITS: [(i64, &str); 3] = [(1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")];
const LOG_SIZE_MIN: i64 = 4 << 10;
const LOG_SIZE_MAX: i64 = 4 << 30;

/// The log is no part of a plan: its settings are options and variables of `jbr`.
fn log(reader: &mut Reader, at: &str, key: &str, value: &Json) {
    let text = match key {
        "log_file" => reader.text(at, value).map(|path| {
            format!(
                "`JBR_LOG_FILE={}` in /etc/default/jbr, or `--log-file`; jbr.service may write in /var/log/jbr alone. jbr logs to standard error \
                 as well, which systemd keeps in its journal",
                shown(&path)
            )
        }),
        "log_max_bytes" => reader.whole(at, value).map(|bytes| {
            let never = if bytes <= 0 { "; there, 0 let it grow without end, which jbr does not" } else { "" };
            format!("`JBR_LOG_SIZE={}`, or `--log-size`{never}", log_size(bytes))
        }),
        _ => reader
            .whole(at, value)
            .map(|files| format!("`JBR_LOG_KEEP={}`, or `--log-keep`", files.clamp(0, LOG_KEEP_MAX))),
    };
    if let Some(text) = text {
        reader.say(at, Fate::ToDo, text);
    }
}

/// A size as `JBR_LOG_SIZE` takes it: no smaller than it was, within the limits.
fn log_size(bytes: i64) -> String {
    let bytes = if bytes <= 0 { LOG_SIZE_MAX } else { bytes.clamp(LOG_SIZE_MIN, LOG_SIZE_MAX) };
    let whole = LOG_UNITS.iter().find(|(unit, _)| bytes % unit == 0);
    whole.map_or(format!("{}K", (bytes / (1 << 10)) + 1), |(unit, name)| format!("{}{name}", bytes / unit))
}

impl Conversion {
    pub(super) fn orchestrator(&mut self, json: &Json) {
        let reader = &mut self.reader;
        for (key, value) in reader.entries("orchestrator", json) {
            let at = format!("orchestrator.{key}");
            match key {
                "poll_interval" => {
                    if let Some(poll) = reader.seconds(&at, value, &(1..=3600)) {
                        self.draft.run.push(("poll", spelled(poll)));
                        reader.say(&at, Fate::Same, format!("run.poll: {}", spelled(poll)));
                    }
                }
                "job_timeout" => {
                    if let Some(timeout) = reader.seconds(&at, value, &(1..=30 * 86_400)) {
                        self.draft.timeout = Some(timeout);
                        let words = format!(
                            "defaults.job.timeout: {}; a backup that is overdue keeps its place until it ends. `on_timeout: release` goes on to the next job beside it, as the predecessor did",
                            spelled(timeout)
                        );
                        reader.say(&at, Fate::Changed, words);
                    }
                }
                "startup_timeout" => {
                    if let Some(limit) = reader.seconds(&at, value, &(1..=86_400)) {
                        self.draft.run.push(("start_timeout", spelled(limit)));
                        reader.say(&at, Fate::Same, format!("run.start_timeout: {}", spelled(limit)));
                    }
                }
                "lock_file" => reader.not_needed(&at, "jbr's lock lies beside its state, which `--state` names"),
                "log_file" | "log_max_bytes" | "log_backup_count" => log(reader, &at, key, value),
                _ => reader.unknown(&at),
            }
        }
    }

    pub(super) fn destination(&mut self, json: &Json) {
        let reader = &mut self.reader;
        for (key, value) in reader.entries("destination", json) {
            let at = format!("destination.{key}");
            match key {
                "force_activate" => {
                    let Some(opens) = reader.flag(&at, value) else { continue };
                    let words = if opens {
                        "`keep: closed` of every server's destination"
                    } else {
                        "destinations are left as they are"
                    };
                    reader.say(&at, Fate::Same, words.to_owned());
                }
                "skip_if_disabled" => {
                    let Some(skips) = reader.flag(&at, value) else { continue };
                    let skipped = "a job whose destination is disabled is always skipped, and counted";
                    if skips {
                        reader.say(&at, Fate::Same, skipped.to_owned());
                    } else {
                        reader.say(&at, Fate::Changed, format!("{skipped}; `keep: closed` enables it"));
                    }
                }
                "alert_days_without_jobs" => {
                    if let Some(days) = reader.whole(&at, value) {
                        reader.say(
                            &at,
                            Fate::ToDo,
                            format!("declare `max_age: {days}d` for the jobs, and let `jbr check` watch it"),
                        );
                    }
                }
                _ => reader.unknown(&at),
            }
        }
    }
}
