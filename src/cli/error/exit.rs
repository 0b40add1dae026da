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
            | Self::StopTarget(_)
            | Self::Edit { what: EditError::NotRemembered(_) | EditError::OtherServer { .. }, .. } => Exit::Usage,
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
            | Self::Edit { .. }
            | Self::StopUnread { .. }
            | Self::StopAmbiguous { .. }
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
