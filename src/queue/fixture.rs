//! The jobs that the queue's own tests arrange.

use std::time::Duration;

use crate::desired::{After, Job, OnTimeout, Retry, When};
use crate::names::JobId;

const SECOND: Duration = Duration::from_secs(1);

/// A job that comes after these, whenever they succeeded.
pub(super) fn job(address: &str, priority: i64, after: &[&str]) -> Job {
    Job {
        address: address.parse().unwrap(),
        id: JobId::new("a").unwrap(),
        kind: None,
        priority,
        timeout: SECOND,
        start_timeout: SECOND,
        on_timeout: OnTimeout::Hold,
        keep_disabled: false,
        after: after.iter().map(|job| after_success(job)).collect(),
        windows: Vec::new(),
        fits: false,
        every: None,
        max_age: None,
        retry: Retry::NEVER,
        hold: None,
    }
}

/// That a job comes after the success of this one.
pub(super) fn after_success(job: &str) -> After {
    After { job: job.parse().unwrap(), when: When::Success }
}
