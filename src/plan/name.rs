//! Names of servers and jobs.

use super::finding::quoted;
use super::problem::Problem;
use super::scalar;
use super::tree::Scalar;
use crate::names::{JobName, ServerName};

/// Reads a server's name.
pub(super) fn of_server(scalar: &Scalar) -> Result<ServerName, Problem> {
    let text = scalar::text(scalar)?;
    ServerName::new(text.clone()).map_err(|_| not_a_name(&text))
}

/// Reads a job's name.
pub(super) fn of_job(scalar: &Scalar) -> Result<JobName, Problem> {
    let text = scalar::text(scalar)?;
    JobName::new(text.clone()).map_err(|_| not_a_name(&text))
}

/// A text that no address can hold.
fn not_a_name(text: &str) -> Problem {
    Problem::new(format!("is not a name: {}", quoted(text)), "a server's or job's name must fit into `server/job`")
        .help("use letters, digits, `.`, `_` and `-`, at most 64, with a letter or digit first")
}
