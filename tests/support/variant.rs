//! Every call that jbr can make, numbered: tests that must name them all do not compile without a new one.

use jbr::jetbackup::command::Command;

/// How many there are.
pub(crate) const VARIANTS: usize = 17;

/// The number of a call, whatever its arguments.
pub(crate) fn number(command: &Command) -> usize {
    match command {
        Command::ListBackupJobs(_) => 0,
        Command::GetBackupJob(_) => 1,
        Command::RunBackupJobManually(_) => 2,
        Command::ListQueueGroups(_) => 3,
        Command::GetQueueGroup(_) => 4,
        Command::StopQueueGroup(_) => 5,
        Command::ListDestinations(_) => 6,
        Command::GetDestination(_) => 7,
        Command::ListLogs(..) => 8,
        Command::GetLog(_) => 9,
        Command::GetSettingsPerformance => 10,
        Command::DisableJob(..) => 11,
        Command::DisableDestinationByState(..) => 12,
        Command::DisableDestinationByModify(..) => 13,
        Command::ListAllLogs(_) => 14,
        Command::ListSchedules(_) => 15,
        Command::GetQueueGroupLog(_) => 16,
    }
}
