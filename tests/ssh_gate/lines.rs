//! Every form of request that the gate lets through: jbr's, the predecessor's, and a person's at a prompt.

use jbr::jetbackup::command::{Command, Slice};
use jbr::names::{DestinationId, GroupId, JobId, LogId};

use crate::variant::{VARIANTS, number};

/// An id of a job.
pub(crate) const JOB: &str = "aaaaaaaaaaaaaaaaaaaaaaaa";
/// An id of a destination.
pub(crate) const DESTINATION: &str = "6503eec8ebbf07708d06f1d2";

/// Every call that jbr can make, with these ids and this part of a list. A variant that is missing here is no longer counted
/// by [`number`], which does not compile without it.
pub(crate) fn typed(id: &str, slice: Slice, flag: bool) -> Vec<Command> {
    let job = JobId::new(id).unwrap();
    let group = GroupId::new(id).unwrap();
    let destination = DestinationId::new(id).unwrap();
    let log = LogId::new(id).unwrap();
    let commands = vec![
        Command::ListBackupJobs(slice),
        Command::GetBackupJob(job.clone()),
        Command::RunBackupJobManually(job.clone()),
        Command::ListQueueGroups(slice),
        Command::GetQueueGroup(group.clone()),
        Command::StopQueueGroup(group.clone()),
        Command::ListDestinations(slice),
        Command::GetDestination(destination.clone()),
        Command::ListLogs(job.clone(), slice),
        Command::GetLog(log),
        Command::GetSettingsPerformance,
        Command::DisableJob(job, flag),
        Command::DisableDestinationByState(destination.clone(), flag),
        Command::DisableDestinationByModify(destination, flag),
        Command::ListAllLogs(slice),
        Command::ListSchedules(slice),
        Command::GetQueueGroupLog(group),
    ];
    for (at, command) in commands.iter().enumerate() {
        assert_eq!(number(command), at);
    }
    assert_eq!(commands.len(), VARIANTS);
    commands
}

/// What the predecessor sends, in its own spelling: double quotes, no output format where it reads no answer, `_id` first.
pub(crate) fn predecessors() -> Vec<String> {
    let data = |function: &str, data: &str| format!("jetbackup5api -F {function} -D \"{data}\"");
    let mut lines = vec![
        "echo \"jetbackup-remote-ok\"".to_owned(),
        "jetbackup5api -F listBackupJobs -O json".to_owned(),
        data("runBackupJobManually", &format!("_id={JOB}")),
        data("stopQueueGroup", &format!("_id={JOB}")),
    ];
    for flag in [0, 1] {
        lines.push(data("manageBackupJob", &format!("_id={JOB}&action=modify&disabled={flag}")));
        lines.push(data("manageDestinationState", &format!("_id={DESTINATION}&disabled={flag}")));
    }
    for (function, parameters) in [
        ("getBackupJob", format!("_id={JOB}")),
        ("getDestination", format!("_id={DESTINATION}")),
        ("listQueueGroups", "type=1".to_owned()),
        ("getQueueGroup", format!("_id={JOB}")),
        ("getQueueGroup", format!("_id={JOB}&get_log_contents=1")),
        ("listQueueItems", format!("group_id={JOB}")),
        ("listLogs", "limit=10".to_owned()),
        ("listLogs", "limit=10&type=1".to_owned()),
        ("getLog", format!("_id={JOB}")),
    ] {
        lines.push(format!("{} -O json", data(function, &parameters)));
    }
    lines
}

/// What nobody sends yet, or only a person does.
fn others() -> Vec<String> {
    [
        "jetbackup5api -F listDestinations -O json",
        "jetbackup5api -F listSchedules -D 'limit=1000&skip=0' -O json",
        "jetbackup5api -F listQueueItems -D 'group_id=aaaaaaaaaaaaaaaaaaaaaaaa&limit=1000&skip=0' -O json",
        "jetbackup5api -F listSchedules",
        "echo ok",
        "echo 'ok'",
        "gate-version",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// All of them.
pub(crate) fn allowed() -> Vec<String> {
    let typed = typed(JOB, Slice { limit: 1000, skip: 0 }, true);
    typed.iter().map(Command::line).chain(predecessors()).chain(others()).collect()
}
