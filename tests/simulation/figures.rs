//! What was tried, counted, so that nobody has to believe that a fault which is never drawn was survived.

use std::collections::BTreeMap;
use std::fmt;

/// How often each thing happened.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures(BTreeMap<String, u64>);

impl Figures {
    pub(crate) fn count(&mut self, what: impl Into<String>) {
        self.add(what, 1);
    }

    pub(crate) fn add(&mut self, what: impl Into<String>, times: u64) {
        *self.0.entry(what.into()).or_default() += times;
    }

    pub(crate) fn take_in(&mut self, other: Self) {
        for (what, times) in other.0 {
            self.add(what, times);
        }
    }

    pub(crate) fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or_default()
    }

    /// How often anything happened whose name ends so.
    pub(crate) fn matching(&self, end: &str) -> u64 {
        self.0.iter().filter(|(what, _)| what.ends_with(end)).map(|(_, times)| times).sum()
    }

    /// Those that never happened.
    pub(crate) fn missing<'a>(&self, expected: &[&'a str]) -> Vec<&'a str> {
        expected.iter().copied().filter(|what| self.of(what) == 0).collect()
    }
}

impl fmt::Display for Figures {
    /// One line, `name=number` each; those of single functions are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.iter().filter(|(what, _)| !what.contains('/'));
        let shown: Vec<String> = shown.map(|(what, times)| format!("{what}={times}")).collect();
        f.write_str(&shown.join(" "))
    }
}

/// Everything that must have happened, or the generator has silently lost something.
pub(crate) const EXPECTED: &[&str] = &[
    // What the runs did.
    "runs_complete",
    "runs_incomplete",
    "resumed",
    "started_over",
    "fresh_asked_for",
    "too_old",
    "adopted",
    "adopted_late",
    "stops",
    "released",
    "unsafe_ends",
    "gates_opened",
    "gates_closed",
    "gates_left_open",
    "overlaps_allowed",
    "triggers_repeated",
    "pace_fixed",
    // How processes ended.
    "crash_before_store",
    "crash_in_store",
    "crash_after_store",
    "crash_after_action",
    "crash_before_call",
    "crash_after_call",
    "crash_torn_file",
    "signals",
    // What changed between them.
    "clock_back",
    "clock_forward",
    "plan_job_leaves",
    "plan_job_joins",
    "plan_job_id",
    "plan_job_renamed",
    "plan_limits",
    "plan_keep",
    "plan_server_leaves",
    "plan_server_joins",
    "plan_guard",
    "plan_refused_for_a_lost_server",
    // What went wrong on the servers.
    "fault_slow",
    "fault_slow/listQueueGroups",
    "fault_slow/listLogs",
    "fault_lost_answer/runBackupJobManually",
    "fault_late/runBackupJobManually",
    "fault_does_not_stick/runBackupJobManually",
    "fault_not_found",
    "fault_warning_before",
    "fault_garbled",
    "fault_empty",
    "fault_truncated",
    "fault_refused",
    "fault_does_not_stick",
    "fault_killed_before",
    "fault_lost_command",
    "fault_lost_answer",
    "fault_late",
    "fault_late_arrival",
    "fault_outage",
    "fault_restarting",
    "fault_reboot",
    "fault_reboot_that_leaves_groups",
    "fault_rerun",
    // What order, windows, freshness, tries and holds came to.
    "triggers_in_a_window",
    "triggers_that_fit",
    "triggers_after_another",
    "kept_back_because_it_does_not_fit",
    "window_ends",
    "waits_for_a_window",
    "nothing_due",
    "windows_all_closed",
    "due_and_started",
    "due_again",
    "waits_for_another_try",
    "tries_again_after_a_backup",
    "tries_again_after_failed",
    "tries_again_after_never_started",
    "tries_again_after_an_api_error",
    "held_by_hand",
    "released_by_hand",
    "plan_schedule",
    // Who else started backups.
    "writes_by_api",
    "writes_by_schedule",
    "writes_by_rerun",
    "writes_by_others",
    // How outcomes were called.
    "verdict_completed",
    "verdict_partial",
    "verdict_skipped",
    "verdict_unconfirmed",
    "verdict_never_started",
    "verdict_aborted",
    "verdict_never_finished",
    "verdict_failed",
    "verdict_status",
    "verdict_lost",
];

/// Every function that `jbr` calls; each must have been answered wrongly or not at all.
pub(crate) const FUNCTIONS: [&str; 14] = [
    "runBackupJobManually",
    "stopQueueGroup",
    "manageBackupJob",
    "manageDestinationState",
    "manageDestination",
    "listQueueGroups",
    "listBackupJobs",
    "listDestinations",
    "listLogs",
    "getQueueGroup",
    "getLog",
    "getDestination",
    "getBackupJob",
    "getSettingsPerformance",
];
