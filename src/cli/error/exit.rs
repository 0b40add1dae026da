//! The exit code of an error.

use super::CliError;
use crate::cli::exit::Exit;
use crate::execute::drive::DriveError;
use crate::state::EditError;
use crate::state::lock::LockError;

impl CliError {
    /// The exit code.
    #[must_use]
    pub(in crate::cli) fn exit(&self) -> Exit {
        match self {
            Self::UnknownName { .. }
            | Self::NothingSelected
            | Self::Period(_)
            | Self::Hold(_)
            | Self::LogFile { .. }
            | Self::StopTarget(_) => Exit::Usage,
            Self::Edit { what, .. } => of_edit(what),
            Self::NothingToStop { .. } => Exit::NothingRan,
            Self::NobodyToAsk | Self::NobodyToConfirm | Self::NotApproved => Exit::NotApproved,
            Self::Stopped => Exit::Stopped,
            Self::Stale { .. } => Exit::Stale,
            Self::Lock(LockError::Held(_)) | Self::HoldWhileLocked(_) | Self::StateWhileLocked(_) => Exit::Locked,
            Self::ServerGone { .. } | Self::OpenServerGone { .. } | Self::Drive(DriveError::Violation(_)) => {
                Exit::Unsafe
            }
            Self::PlanRead(_)
            | Self::PlanInvalid { .. }
            | Self::Missing(_)
            | Self::Forbidden(_)
            | Self::ImportIncomplete(_)
            | Self::NothingRead(_)
            | Self::NothingToImport(_)
            | Self::Import(_)
            | Self::ImportOut { .. }
            | Self::ManOut { .. }
            | Self::Config { .. }
            | Self::ConfigInvalid { .. }
            | Self::RunInProgress(_)
            | Self::SavedPlan { .. }
            | Self::NotHeld { .. }
            | Self::NoNotify
            | Self::Textfile { .. }
            | Self::StopUnread { .. }
            | Self::StopAmbiguous { .. }
            | Self::StopNameless { .. }
            | Self::StopForbidden { .. }
            | Self::StopRefused { .. }
            | Self::Store(_)
            | Self::Lock(_)
            | Self::Drive(DriveError::Store(_))
            | Self::Output(_)
            | Self::System { .. } => Exit::Error,
        }
    }
}

/// How a change of the state that cannot be made ends: a wrong name is a usage error.
fn of_edit(what: &EditError) -> Exit {
    match what {
        EditError::NotRemembered(_) | EditError::OtherServer { .. } | EditError::SameName(_) => Exit::Usage,
        EditError::NoRecord { .. }
        | EditError::InRun { .. }
        | EditError::OtherJob { .. }
        | EditError::BothHeld { .. }
        | EditError::BothInRun { .. } => Exit::Error,
    }
}
