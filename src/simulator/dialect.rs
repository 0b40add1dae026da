//! How one server speaks and decides where versions differ or nobody knows.

use std::time::Duration;

use chrono::FixedOffset;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::invocation::KeptData;
use crate::clock::Timestamp;

/// Logs are kept about 30 days (documented).
const LOGS_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// How one server speaks, and what it does where the public knowledge ends. The default is the best documented answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialect {
    /// `system.version`; `None` leaves `system` empty (documented: its keys differ by version).
    pub version: Option<String>,
    /// `system.type`: `cPanel` or `DirectAdmin` (production).
    pub panel: String,
    /// `system.licenseIssue`, once the licence has lapsed (documented).
    pub license_issue: Option<String>,
    /// The order of a list that nobody asked to sort; two public clients assume opposite ones.
    pub list_order: ListOrder,
    /// How `success` is written; an integer in all that is known.
    pub success: FlagStyle,
    /// How a job's `running` is written.
    pub job_running: FlagStyle,
    /// How a job's `disabled` is written.
    pub job_disabled: FlagStyle,
    /// How a destination's `disabled` is written (production: a bool or null).
    pub destination_disabled: FlagStyle,
    /// How a date that is not set is written.
    pub unset: Unset,
    /// The offset of written dates from UTC, in seconds.
    pub offset_s: i32,
    /// How an empty list is written.
    pub empty_list: Emptiness,
    /// Lists are written as objects, as PHP does with a list that has gaps.
    pub lists_have_gaps: bool,
    /// What `data` is on an error.
    pub error_data: Emptiness,
    /// Whether group rows have `log_id`.
    pub group_log_id: Carried,
    /// Whether group rows have `progress`.
    pub group_progress: Carried,
    /// Whether group rows have `data`, with the job's id.
    pub group_data: Carried,
    /// Whether `manageDestinationState` exists (undocumented; production).
    pub manage_destination_state: bool,
    /// What a trigger of a job does that already waits or runs (unknown).
    pub on_running: OnRunning,
    /// What a stop signal does (documented: only a signal).
    pub stopping: Stopping,
    /// What happens to a waiting group while its destinations are disabled (unknown).
    pub while_disabled: WhileDisabled,
    /// How long finished groups stay in the queue (unknown); `None` keeps all.
    pub groups_kept: Option<Duration>,
    /// How long logs are kept.
    pub logs_kept: Duration,
    /// Which of several `-D` counts (production: some functions ignore all but one).
    pub kept_data: KeptData,
}

/// The order of a list that nobody asked to sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListOrder {
    /// As they were made.
    OldestFirst,
    /// The other way round.
    NewestFirst,
}

/// How a flag is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FlagStyle {
    /// `true`, `false`.
    Bool,
    /// `1`, `0`.
    Int,
    /// `"1"`, `"0"`.
    Text,
    /// `true`, `null`.
    Null,
}

/// How a date that is not set is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unset {
    /// `""`.
    EmptyText,
    /// `null`.
    Null,
    /// `false`.
    False,
}

/// How "nothing" is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Emptiness {
    /// `[]`.
    List,
    /// `{}`.
    Object,
    /// `null`.
    Null,
    /// Not at all.
    Absent,
}

/// Where a field of a group is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Carried {
    /// In lists and alone.
    Always,
    /// Only by `getQueueGroup`.
    Alone,
    /// Nowhere.
    Never,
}

/// What a trigger of a job does that already has an unfinished group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnRunning {
    /// `success: 0`.
    Error,
    /// A second group, which runs beside the first where the forks allow it.
    SecondGroup,
    /// Success, and nothing.
    Nothing,
}

/// What a stop signal does to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stopping {
    /// The group becomes 103 after this long.
    After(Duration),
    /// Nothing.
    Never,
    /// A waiting group becomes 103 at once; a running one ends as if nobody had asked.
    FinishesFirst,
}

/// What happens to a group that is ready to start while all its destinations are disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum WhileDisabled {
    /// It waits until one is enabled.
    Waits,
    /// It starts, writes nothing and ends failed (102) within seconds.
    Fails,
    /// It starts and writes all the same.
    Writes,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            version: Some("5.3.14".to_owned()),
            panel: "cPanel".to_owned(),
            license_issue: None,
            list_order: ListOrder::OldestFirst,
            success: FlagStyle::Int,
            job_running: FlagStyle::Bool,
            job_disabled: FlagStyle::Int,
            destination_disabled: FlagStyle::Bool,
            unset: Unset::EmptyText,
            offset_s: 0,
            empty_list: Emptiness::List,
            lists_have_gaps: false,
            error_data: Emptiness::List,
            group_log_id: Carried::Always,
            group_progress: Carried::Always,
            group_data: Carried::Always,
            manage_destination_state: true,
            on_running: OnRunning::Error,
            stopping: Stopping::After(Duration::from_secs(10)),
            while_disabled: WhileDisabled::Waits,
            groups_kept: None,
            logs_kept: LOGS_KEPT,
            kept_data: KeptData::Last,
        }
    }
}

impl Dialect {
    /// The same facts in the least convenient forms that have been seen: every type wanders, rows are bare, lists have gaps.
    #[must_use]
    pub fn wandering() -> Self {
        Self {
            version: None,
            list_order: ListOrder::NewestFirst,
            job_running: FlagStyle::Text,
            job_disabled: FlagStyle::Bool,
            destination_disabled: FlagStyle::Null,
            unset: Unset::False,
            offset_s: 2 * 3600,
            empty_list: Emptiness::Null,
            lists_have_gaps: true,
            error_data: Emptiness::Absent,
            group_progress: Carried::Never,
            manage_destination_state: false,
            ..Self::default()
        }
    }

    /// A date as this server writes it: ISO 8601 with offset (documented), whole seconds.
    pub(super) fn date(&self, at: Option<Timestamp>) -> Value {
        let Some(at) = at else {
            return match self.unset {
                Unset::EmptyText => json!(""),
                Unset::Null => Value::Null,
                Unset::False => json!(false),
            };
        };
        let offset = FixedOffset::east_opt(self.offset_s);
        json!(match offset {
            Some(offset) => at.with_timezone(&offset).format("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            None => at.format("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        })
    }

    /// A list as this server writes it.
    pub(super) fn list(&self, rows: Vec<Value>) -> Value {
        if rows.is_empty() {
            return self.empty_list.write().unwrap_or(Value::Null);
        }
        if self.lists_have_gaps {
            // The first index is missing, so that PHP cannot write a list.
            return rows.into_iter().enumerate().map(|(i, row)| ((2 * i + 1).to_string(), row)).collect();
        }
        Value::Array(rows)
    }
}

impl FlagStyle {
    pub(super) fn write(self, flag: bool) -> Value {
        match (self, flag) {
            (Self::Bool, flag) => json!(flag),
            (Self::Int, flag) => json!(i64::from(flag)),
            (Self::Text, flag) => json!(i64::from(flag).to_string()),
            (Self::Null, true) => json!(true),
            (Self::Null, false) => Value::Null,
        }
    }
}

impl Emptiness {
    /// `None` where nothing is to be written at all.
    pub(super) fn write(self) -> Option<Value> {
        match self {
            Self::List => Some(json!([])),
            Self::Object => Some(json!({})),
            Self::Null => Some(Value::Null),
            Self::Absent => None,
        }
    }
}

impl Carried {
    pub(super) fn is_in(self, list: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Alone => !list,
            Self::Never => false,
        }
    }
}
