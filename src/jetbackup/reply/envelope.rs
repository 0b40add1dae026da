//! From bytes to one whole envelope, or to the reason why there is none.
//!
//! The exit status is never trusted: an unknown function was seen to answer with 0, and SSH reports 0 for a command
//! that was cut off. A call succeeded only if its standard output holds one whole JSON object whose `success` is true.

use serde_json::{Deserializer, Value};

use super::ReplyError;
use super::node::Node;
use crate::jetbackup::ssh_gate;
use crate::printable::{printable, printable_bytes};
use crate::transport::Output;

/// How many characters of what is no envelope a message shows.
const SHOWN_LENGTH_MAX: usize = 160;
/// What a shell answers when there is no such command.
const EXIT_NOT_FOUND: i32 = 127;

/// A whole answer, its verdict not yet looked at.
#[derive(Debug, Clone)]
pub struct Envelope {
    function: &'static str,
    success: bool,
    message: String,
    licence: Option<String>,
    version: Option<String>,
    data: Value,
}

/// The data of an answer that says success.
#[derive(Debug, Clone)]
pub struct Data {
    function: &'static str,
    value: Value,
}

impl Data {
    /// The data, to be read.
    #[must_use]
    pub fn node(&self) -> Node<'_> {
        Node::new(self.function, "data", &self.value)
    }
}

impl Envelope {
    /// Finds the envelope in what a command left behind.
    ///
    /// PHP may have written warnings before it. The envelope begins at the first brace that a quoted key follows, and must be
    /// the last thing there is: looking further for something that fits would take the inside of a torn answer for a whole one.
    ///
    /// # Errors
    /// [`ReplyError::Garbled`] where there is no whole one, or where its `success` cannot be understood.
    pub fn read(function: &'static str, output: &Output) -> Result<Self, ReplyError> {
        let garbled = |message: String| ReplyError::Garbled { function, message };
        if let Some(request) = ssh_gate::refused(output) {
            let message = format!("the gate on the server does not let this key do it: {request}");
            return Err(ReplyError::Refused { function, message });
        }
        let mut value = whole_object(output).map_err(garbled)?;
        let success = match value.get("success") {
            Some(success) => Node::new(function, "success", success).flag()?,
            None => return Err(garbled(format!("the answer has no `success`{}", circumstances(output)))),
        };
        let system = value.get("system");
        Ok(Self {
            function,
            success,
            message: value.get("message").and_then(said).unwrap_or_default(),
            licence: system.and_then(|system| system.get("licenseIssue")).and_then(licence_issue),
            version: system.and_then(|system| system.get("version")).and_then(said),
            data: value.get_mut("data").map(Value::take).unwrap_or_default(),
        })
    }

    /// JetBackup's version, printable, where the answer names it.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The data of a success.
    ///
    /// # Errors
    /// [`ReplyError::Refused`] with the server's words, and with its licence problem if it has one.
    pub fn into_data(self) -> Result<Data, ReplyError> {
        if self.success {
            return Ok(Data { function: self.function, value: self.data });
        }
        let reason = if self.message.is_empty() { "it gave no reason".to_owned() } else { self.message };
        let message = match self.licence {
            Some(issue) => format!("{reason} (JetBackup's licence: {issue}; renew it on that server)"),
            None => reason,
        };
        Err(ReplyError::Refused { function: self.function, message })
    }
}

/// The one JSON object on standard output, or what is wrong.
fn whole_object(output: &Output) -> Result<Value, String> {
    let Some(start) = object_start(&output.stdout) else { return Err(no_object(output)) };
    let (before, json) = output.stdout.split_at(start);
    if before.trim_ascii_end().last().is_some_and(|last| b"[{:,\"".contains(last)) {
        return Err(format!("the answer lost its beginning, it starts with {}", shown(before)));
    }
    let mut values = Deserializer::from_slice(json).into_iter::<Value>();
    let value = match values.next() {
        Some(Ok(value)) => value,
        Some(Err(error)) if error.is_eof() => return Err(truncated(json, output)),
        Some(Err(error)) => return Err(format!("the answer is not JSON ({error}): {}", shown(json))),
        None => return Err(no_object(output)),
    };
    let after = json[values.byte_offset()..].trim_ascii();
    if !after.is_empty() {
        return Err(format!("something follows the answer's end: {}", shown(after)));
    }
    Ok(value)
}

/// The first brace with a quoted key behind it.
fn object_start(bytes: &[u8]) -> Option<usize> {
    let opens_object = |at: &usize| bytes[*at] == b'{' && bytes[at + 1..].trim_ascii_start().first() == Some(&b'"');
    (0..bytes.len()).find(opens_object)
}

/// What to say where nothing looks like an answer.
fn no_object(output: &Output) -> String {
    let says_not_found = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).to_lowercase();
        text.contains("command not found") || text.contains("jetbackup5api: not found")
    };
    let with = circumstances(output);
    if output.exit == Some(EXIT_NOT_FOUND) || says_not_found(&output.stderr) || says_not_found(&output.stdout) {
        return format!(
            "the command jetbackup5api was not found on the server{with}; install JetBackup 5 there, or put the folder of \
             jetbackup5api into the PATH of this login"
        );
    }
    if output.stdout.trim_ascii().is_empty() {
        return format!("there is no answer, its output is empty{with}");
    }
    format!("the answer is not JSON, it begins with {}{with}", shown(&output.stdout))
}

fn truncated(json: &[u8], output: &Output) -> String {
    let tail = &json[json.len().saturating_sub(SHOWN_LENGTH_MAX / 2)..];
    format!("the answer breaks off after {} bytes, at {}{}", json.len(), shown(tail), circumstances(output))
}

/// How the command ended, for a message; nothing where it ended well and quietly.
fn circumstances(output: &Output) -> String {
    let mut parts = Vec::new();
    match (&output.signal, output.exit) {
        (Some(signal), _) => parts.push(format!("ended by signal {}", printable(signal))),
        (None, Some(code)) if code != 0 => parts.push(format!("exit status {code}")),
        _ => {}
    }
    if !output.stderr.trim_ascii().is_empty() {
        parts.push(format!("standard error: {}", shown(&output.stderr)));
    }
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

/// Bytes for a message: printable, cut, in quotes.
fn shown(bytes: &[u8]) -> String {
    let text = printable_bytes(bytes);
    match text.char_indices().nth(SHOWN_LENGTH_MAX) {
        Some((end, _)) => format!("\"{}…\"", &text[..end]),
        None => format!("\"{text}\""),
    }
}

/// A text or number that the server says, printable; `None` where it says nothing.
fn said(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null | Value::Bool(false) => return None,
        Value::String(text) => printable(text.trim()),
        Value::Array(list) if list.is_empty() => return None,
        other => printable(&other.to_string()),
    };
    (!text.is_empty()).then_some(text)
}

/// What `system.licenseIssue` says: empty, false or 0 while all is well.
fn licence_issue(value: &Value) -> Option<String> {
    match said(value)?.as_str() {
        "0" | "{}" => None,
        "1" | "true" => Some("the server reports a problem with it".to_owned()),
        issue => Some(issue.to_owned()),
    }
}
