//! `orchestrator` and `destination`: how a run behaves.

use super::{Conversion, Fate};
use crate::import::json::Json;
use crate::import::yaml::duration;

impl Conversion {
    pub(super) fn orchestrator(&mut self, json: &Json) {
        let reader = &mut self.reader;
        for (key, value) in reader.entries("orchestrator", json) {
            let at = format!("orchestrator.{key}");
            match key {
                "poll_interval" => {
                    if let Some(poll) = reader.seconds(&at, value, &(1..=3600)) {
                        self.draft.run.push(("poll", duration(poll)));
                        reader.say(&at, Fate::Same, format!("run.poll: {}", duration(poll)));
                    }
                }
                "job_timeout" => {
                    if let Some(timeout) = reader.seconds(&at, value, &(1..=30 * 86_400)) {
                        self.draft.timeout = Some(timeout);
                        let words = format!(
                            "defaults.job.timeout: {}; a backup that is overdue keeps its place until it ends. `on_timeout: release` goes on to the next job beside it, as the predecessor did",
                            duration(timeout)
                        );
                        reader.say(&at, Fate::Changed, words);
                    }
                }
                "startup_timeout" => {
                    if let Some(limit) = reader.seconds(&at, value, &(1..=86_400)) {
                        self.draft.run.push(("start_timeout", duration(limit)));
                        reader.say(&at, Fate::Same, format!("run.start_timeout: {}", duration(limit)));
                    }
                }
                "lock_file" => reader.not_needed(&at, "jbr's lock lies beside its state, which `--state` names"),
                "log_file" | "log_max_bytes" | "log_backup_count" => {
                    reader.not_needed(&at, "jbr logs to standard error, which systemd keeps in its journal");
                }
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
