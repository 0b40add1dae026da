//! One server's JetBackup: a question, its command line, its answer as facts.
//!
//! The client remembers nothing but the version. It does not retry, wait or decide: what a lost or refused call means
//! is its caller's business, and [`CallError`] says what the caller must know for it.

use std::cmp::Reverse;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::jetbackup::command::{Command, Slice};
use crate::jetbackup::facts::{Destination, Group, Job, Log, LogText, Performance, Schedule};
use crate::jetbackup::page::{Page, Row};
use crate::jetbackup::paging;
use crate::jetbackup::reply::{self, Data, Envelope, Node, ReplyError};
use crate::jetbackup::ssh_gate::{self, SshGate};
use crate::names::{DestinationId, GroupId, JobId, LogId};
use crate::transport::Transport;

pub use crate::jetbackup::call_error::{CallError, seen};

/// How many unfinished groups that do not name their job are asked for one by one. No server has that many backups under way.
const NAMELESS_UNFINISHED_MAX: usize = 100;
/// How many of the newest groups that do not name their job are asked for one by one, the unfinished ones aside.
const NAMELESS_ASKED: usize = 10;

/// Which of two functions makes a destination disabled: one is undocumented and works, the other is documented. Use one, read
/// the destination back, and use the other where it did not stick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Via {
    /// `manageDestinationState`.
    State,
    /// `manageDestination` with `action=modify`.
    Modify,
}

/// JetBackup on one server.
pub struct Client {
    transport: Box<dyn Transport>,
    version: Option<String>,
}

impl Client {
    /// Speaks over this transport; says nothing yet.
    #[must_use]
    pub fn new(transport: Box<dyn Transport>) -> Self {
        Self { transport, version: None }
    }

    /// JetBackup's version as the last answer that named one did; printable.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// From now on no call takes longer than this.
    pub fn hurry(&mut self, limit: Duration) {
        self.transport.hurry(limit);
    }

    /// Keeps the idle connection alive.
    pub fn keep_alive(&mut self) {
        self.transport.keep_alive();
    }

    /// All backup jobs, JetBackup's own too.
    ///
    /// # Errors
    /// Any [`CallError`]; one row that cannot be understood makes the list [`CallError::Garbled`].
    pub fn jobs(&mut self) -> Result<Vec<Job>, CallError> {
        self.list(Command::ListBackupJobs, reply::jobs)
    }

    /// One backup job.
    ///
    /// # Errors
    /// Any [`CallError`]; an answer about another job is [`CallError::Garbled`].
    pub fn job(&mut self, id: &JobId) -> Result<Job, CallError> {
        self.one(&Command::GetBackupJob(id.clone()), id.as_str(), reply::job)
    }

    /// All queue groups of backups, newest first by `created`, whatever order the server gave. One without `created` could
    /// be the newest and stands first.
    ///
    /// # Errors
    /// Any [`CallError`]; one row that cannot be understood makes the list [`CallError::Garbled`], for it might be a running
    /// backup.
    pub fn groups(&mut self) -> Result<Vec<Group>, CallError> {
        let mut groups = self.list(Command::ListQueueGroups, reply::groups)?;
        groups.sort_by(|a, b| newest_first(a.created, b.created).then_with(|| b.id.cmp(&a.id)));
        Ok(groups)
    }

    /// [`Client::groups`]; where the list does not name the job of a group that may matter, the group is asked for by itself: some
    /// versions say it only there.
    ///
    /// # Errors
    /// As [`Client::groups`] and [`Client::group`].
    pub fn named_groups(&mut self) -> Result<Vec<Group>, CallError> {
        let mut groups = self.groups()?;
        let is_open = |group: &&Group| group.job.is_none() && group.status.is_unfinished();
        let open = groups.iter().filter(is_open).count();
        if open > NAMELESS_UNFINISHED_MAX {
            let message = format!("{open} unfinished groups name no job, and {NAMELESS_UNFINISHED_MAX} is the limit");
            return Err(CallError::Garbled { function: "listQueueGroups", message });
        }
        let nameless = groups.iter_mut().filter(|group| group.job.is_none());
        for (count, group) in nameless.enumerate() {
            if group.status.is_unfinished() || count < NAMELESS_ASKED {
                *group = self.group(&group.id)?;
            }
        }
        Ok(groups)
    }

    /// One queue group of a backup.
    ///
    /// # Errors
    /// Any [`CallError`]; an answer about another group, or about one that is no backup, is [`CallError::Garbled`].
    pub fn group(&mut self, id: &GroupId) -> Result<Group, CallError> {
        self.one(&Command::GetQueueGroup(id.clone()), id.as_str(), reply::group)
    }

    /// What the log file of a queue group says, as much of it as there is.
    ///
    /// # Errors
    /// As [`Client::group`]; a log that is longer than any answer may be is lost.
    pub fn log_text(&mut self, id: &GroupId) -> Result<LogText, CallError> {
        self.one(&Command::GetQueueGroupLog(id.clone()), id.as_str(), reply::log_text)
    }

    /// All destinations.
    ///
    /// # Errors
    /// Any [`CallError`]; one row that cannot be understood makes the list [`CallError::Garbled`].
    pub fn destinations(&mut self) -> Result<Vec<Destination>, CallError> {
        self.list(Command::ListDestinations, reply::destinations)
    }

    /// All of JetBackup's own schedules.
    ///
    /// # Errors
    /// Any [`CallError`]; one row that cannot be understood makes the list [`CallError::Garbled`].
    pub fn schedules(&mut self) -> Result<Vec<Schedule>, CallError> {
        self.list(Command::ListSchedules, reply::schedules)
    }

    /// One destination.
    ///
    /// # Errors
    /// Any [`CallError`]; an answer about another destination is [`CallError::Garbled`].
    pub fn destination(&mut self, id: &DestinationId) -> Result<Destination, CallError> {
        self.one(&Command::GetDestination(id.clone()), id.as_str(), reply::destination)
    }

    /// The newest `limit` logs of a job, newest first by start time; one without could be the newest and stands first.
    ///
    /// All of the job's logs are read and the newest picked here: the server's order is not documented, and a short answer in
    /// the wrong order would look like the newest ones.
    ///
    /// # Errors
    /// As [`Client::logs_of`].
    pub fn newest_logs(&mut self, job: &JobId, limit: usize) -> Result<Vec<Log>, CallError> {
        let mut logs = self.logs_of(job)?;
        logs.truncate(limit);
        Ok(logs)
    }

    /// Every log that is kept of a job, newest first by start time; one without could be the newest and stands first.
    ///
    /// # Errors
    /// Any [`CallError`]; a log that does not name this job is [`CallError::Garbled`], for then the server did not do what
    /// was asked.
    pub fn logs_of(&mut self, job: &JobId) -> Result<Vec<Log>, CallError> {
        let mut logs = self.list(|slice| Command::ListLogs(job.clone(), slice), reply::logs)?;
        if let Some(stray) = logs.iter().find(|log| log.job.as_ref() != Some(job)) {
            let owner = stray.job.as_ref().map_or("no job", JobId::as_str);
            let message = format!("asked for the logs of job {job}, got log {} of {owner}", stray.id);
            return Err(CallError::Garbled { function: "listLogs", message });
        }
        logs.sort_by(|a, b| newest_first(a.started, b.started).then_with(|| b.id.cmp(&a.id)));
        Ok(logs)
    }

    /// Every log that is kept of a backup, whatever job it is of, newest first by start time; one without could be the newest and
    /// stands first.
    ///
    /// # Errors
    /// Any [`CallError`]; one row that cannot be understood makes the list [`CallError::Garbled`].
    pub fn all_logs(&mut self) -> Result<Vec<Log>, CallError> {
        let mut logs = self.list(Command::ListAllLogs, reply::logs)?;
        logs.sort_by(|a, b| newest_first(a.started, b.started).then_with(|| b.id.cmp(&a.id)));
        Ok(logs)
    }

    /// One log of a backup.
    ///
    /// # Errors
    /// Any [`CallError`]; an answer about another log, or about one that is of no backup, is [`CallError::Garbled`].
    pub fn log(&mut self, id: &LogId) -> Result<Log, CallError> {
        self.one(&Command::GetLog(id.clone()), id.as_str(), reply::log)
    }

    /// The performance settings.
    ///
    /// # Errors
    /// Any [`CallError`].
    pub fn performance(&mut self) -> Result<Performance, CallError> {
        let data = self.call(&Command::GetSettingsPerformance)?;
        Ok(reply::performance(&data.node())?)
    }

    /// Asks for a backup. Success means that the server took the wish, not that it will start anything: a disabled job
    /// answers the same and never runs.
    ///
    /// # Errors
    /// Any [`CallError`]; where [`CallError::may_have_run`], look for a new group before asking again.
    pub fn trigger(&mut self, job: &JobId) -> Result<(), CallError> {
        self.change(&Command::RunBackupJobManually(job.clone()))
    }

    /// Asks a queue group to stop. Success means that the signal was sent; the stop must be seen.
    ///
    /// # Errors
    /// Any [`CallError`]; where [`CallError::may_have_run`], the group may stop yet.
    pub fn stop(&mut self, group: &GroupId) -> Result<(), CallError> {
        self.change(&Command::StopQueueGroup(group.clone()))
    }

    /// Makes a job disabled, or not. Read it back: success is not proof.
    ///
    /// # Errors
    /// Any [`CallError`]; where [`CallError::may_have_run`], it may have been changed.
    pub fn set_job_disabled(&mut self, job: &JobId, disabled: bool) -> Result<(), CallError> {
        self.change(&Command::DisableJob(job.clone(), disabled))
    }

    /// Makes a destination disabled, or not. Read it back: success is not proof.
    ///
    /// # Errors
    /// Any [`CallError`]; where [`CallError::may_have_run`], it may have been changed.
    pub fn set_destination_disabled(
        &mut self,
        destination: &DestinationId,
        disabled: bool,
        via: Via,
    ) -> Result<(), CallError> {
        self.change(&match via {
            Via::State => Command::DisableDestinationByState(destination.clone(), disabled),
            Via::Modify => Command::DisableDestinationByModify(destination.clone(), disabled),
        })
    }

    /// What stands between the key and JetBackup.
    ///
    /// # Errors
    /// Only of the transport: whatever answers, it says something.
    pub fn ssh_gate(&mut self) -> Result<SshGate, CallError> {
        Ok(ssh_gate::read(&self.transport.call(ssh_gate::QUESTION)?))
    }

    fn call(&mut self, command: &Command) -> Result<Data, CallError> {
        let output = self.transport.call(&command.line())?;
        let envelope = Envelope::read(command.function(), &output)?;
        if let Some(version) = envelope.version() {
            self.version = Some(version.to_owned());
        }
        Ok(envelope.into_data()?)
    }

    /// A change's data is empty, or an object that proves nothing: only the verdict counts.
    fn change(&mut self, command: &Command) -> Result<(), CallError> {
        self.call(command).map(drop)
    }

    fn one<T: Row>(
        &mut self,
        command: &Command,
        id: &str,
        read: impl Fn(&Node) -> Result<T, ReplyError>,
    ) -> Result<T, CallError> {
        let data = self.call(command)?;
        let fact = read(&data.node())?;
        if fact.key() == id {
            return Ok(fact);
        }
        let message = format!("asked for {id}, got {}", fact.key());
        Err(CallError::Garbled { function: command.function(), message })
    }

    fn list<T: Row>(
        &mut self,
        command: impl Fn(Slice) -> Command,
        read: impl Fn(&Node) -> Result<Page<T>, ReplyError>,
    ) -> Result<Vec<T>, CallError> {
        let function = command(Slice { limit: 0, skip: 0 }).function();
        paging::read_all(function, |slice| {
            let data = self.call(&command(slice))?;
            Ok(read(&data.node())?)
        })
    }
}

/// Later before earlier; what has no time could be the latest.
fn newest_first(a: Option<Timestamp>, b: Option<Timestamp>) -> std::cmp::Ordering {
    let key = |time: Option<Timestamp>| Reverse(time.unwrap_or(Timestamp::MAX_UTC));
    key(a).cmp(&key(b))
}
