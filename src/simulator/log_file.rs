//! The text of a log file. That a group's answer can hold it is documented, and seen in production; how its lines look is made up.

use super::group::Group;
use super::server::Server;
use crate::clock::Timestamp;

impl Server {
    /// What stands in a group's log file at this moment; empty before it has started.
    pub(super) fn log_text(&self, group: &Group, now: Timestamp) -> String {
        let Some(started) = group.started() else { return String::new() };
        if let Some(text) = &group.execution.log_file {
            return text.clone();
        }
        let items = group.execution.items;
        let done = group.done_of(items, now);
        let mut text = self.log_line(started, "Backup started");
        for item in 0..done {
            // A backup in part lacks its last item.
            let is_left_out = group.status(now) == 101 && item + 1 == items;
            let how = if is_left_out { "failed: Disk quota exceeded" } else { "completed" };
            text.push_str(&self.log_line(started, &format!("Account account{item} {how}")));
        }
        if let Some(ended) = group.ended() {
            let how = match group.status(now) {
                100 => "Backup completed".to_owned(),
                101 => "Backup completed partially".to_owned(),
                102 => "ERROR: Transfer to the destination failed: No space left on device".to_owned(),
                103 => "Backup aborted by request".to_owned(),
                status => format!("Backup ended with status {status}"),
            };
            text.push_str(&self.log_line(ended, &how));
        }
        text
    }

    fn log_line(&self, at: Timestamp, what: &str) -> String {
        let at = self.shown(at).format("%Y-%m-%d %H:%M:%S");
        format!("[{at}] {what}\n")
    }
}
