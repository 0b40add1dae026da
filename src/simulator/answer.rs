//! What comes back from a call: the envelope, and what became of it on its way.

use std::time::Duration;

use serde_json::{Map, Value, json};

#[cfg(test)]
use super::dialect::{Emptiness, FlagStyle};
use super::plain::plain;
use super::server::Server;

/// What comes back from a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// The exit status.
    pub exit: i32,
    /// How long the caller waits for it, or for the end of the connection.
    pub delay: Duration,
    /// Whether it arrives at all.
    pub connection: Connection,
}

/// What becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// The answer arrives.
    Fine,
    /// There is none: the server is down.
    Refused,
    /// It dies before the command leaves.
    KilledBefore,
    /// It dies after: the command may have been carried out, or may be yet.
    LostAnswer,
}

impl Answer {
    /// No answer.
    pub(super) fn none(connection: Connection, delay: Duration) -> Self {
        Self { stdout: String::new(), stderr: String::new(), exit: 0, delay, connection }
    }

    /// An answer that arrives, with exit status 0: that is what is known of failures, too (production).
    pub(super) fn of(stdout: String, delay: Duration) -> Self {
        Self { stdout, ..Self::none(Connection::Fine, delay) }
    }

    /// What a shell says where the program is missing (production).
    pub(super) fn not_found(delay: Duration) -> Self {
        let stderr = "bash: line 1: jetbackup5api: command not found\n".to_owned();
        Self { stderr, exit: 127, ..Self::none(Connection::Fine, delay) }
    }
}

/// What a function has to say, before it is put into its envelope.
#[derive(Debug)]
pub(super) struct Reply {
    success: bool,
    message: String,
    data: Value,
}

impl Reply {
    pub(super) fn success(data: Value, message: &str) -> Self {
        Self { success: true, message: message.to_owned(), data }
    }

    pub(super) fn refusal(message: String) -> Self {
        Self { success: false, message, data: Value::Null }
    }

    /// The envelope (documented), as JSON or as plain text.
    pub(super) fn envelope(self, server: &Server, as_json: bool) -> String {
        let dialect = &server.dialect;
        let mut envelope = Map::new();
        envelope.insert("success".to_owned(), dialect.success.write(self.success));
        envelope.insert("message".to_owned(), json!(self.message));
        let data = if self.success { Some(self.data) } else { dialect.error_data.write() };
        if let Some(data) = data {
            envelope.insert("data".to_owned(), data);
        }
        envelope.insert("system".to_owned(), system(server));
        let envelope = Value::Object(envelope);
        if as_json { format!("{envelope}\n") } else { plain(&envelope) }
    }
}

/// `system`; its keys differ by version (documented).
fn system(server: &Server) -> Value {
    let Some(version) = &server.dialect.version else { return json!({}) };
    let mut system = json!({"version": version, "tier": "STABLE", "type": server.dialect.panel});
    if let Some(issue) = &server.dialect.license_issue {
        system["licenseIssue"] = json!(issue);
    }
    system
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_is_whole_and_its_types_wander_with_the_dialect() {
        let mut server = Server::new("s");
        let system = r#""system":{"tier":"STABLE","type":"cPanel","version":"5.3.14"}"#;
        let ok = Reply::success(json!([]), "").envelope(&server, true);
        assert_eq!(ok, format!("{{\"data\":[],\"message\":\"\",\"success\":1,{system}}}\n"));
        for (style, expected) in [
            (Emptiness::List, r#"{"data":[],"#),
            (Emptiness::Object, r#"{"data":{},"#),
            (Emptiness::Null, r#"{"data":null,"#),
            (Emptiness::Absent, "{"),
        ] {
            server.dialect.error_data = style;
            let refusal = Reply::refusal("no".to_owned()).envelope(&server, true);
            assert_eq!(refusal, format!("{expected}\"message\":\"no\",\"success\":0,{system}}}\n"));
        }
        server.dialect.success = FlagStyle::Text;
        server.dialect.version = None;
        let text = Reply::success(json!({}), "").envelope(&server, true);
        assert!(text.contains(r#""success":"1","system":{}"#), "{text}");
    }
}
