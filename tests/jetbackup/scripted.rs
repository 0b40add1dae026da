//! A server made of a closure: it gets each command line and says what comes back. It writes down what was sent.
//!
//! Another test takes it in with `#[path = "jetbackup/scripted.rs"] mod scripted;`.

use std::sync::{Arc, Mutex};

use jbr::jetbackup::client::Client;
use jbr::transport::{Failure, Output, Transport};

/// What came back of a call.
pub(crate) type Answer = Result<Output, Failure>;

/// The command lines that a scripted server got.
#[derive(Clone, Default)]
pub(crate) struct Sent(Arc<Mutex<Vec<String>>>);

impl Sent {
    /// All of them so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// A transport that answers by a closure.
pub(crate) struct Scripted<F> {
    answer: F,
    sent: Sent,
}

impl<F: FnMut(&str) -> Answer + Send> Transport for Scripted<F> {
    fn call(&mut self, command_line: &str) -> Answer {
        self.sent.0.lock().unwrap().push(command_line.to_owned());
        (self.answer)(command_line)
    }

    fn hurry(&mut self, _: std::time::Duration) {}

    fn keep_alive(&mut self) {
        self.sent.0.lock().unwrap().push("(keep alive)".to_owned());
    }
}

/// A client of a server that answers by this closure, and what it was sent.
pub(crate) fn client(answer: impl FnMut(&str) -> Answer + Send + 'static) -> (Client, Sent) {
    let sent = Sent::default();
    (Client::new(Box::new(Scripted { answer, sent: sent.clone() })), sent)
}

/// A client whose server gives these answers one after the other; one call too many fails the test.
pub(crate) fn replies(answers: Vec<Answer>) -> (Client, Sent) {
    let mut answers = answers.into_iter();
    client(move |line| answers.next().unwrap_or_else(|| panic!("nobody expected {line}")))
}

/// [`replies`] where every call brings an output.
pub(crate) fn outputs(outputs: Vec<Output>) -> (Client, Sent) {
    replies(outputs.into_iter().map(Ok).collect())
}

/// An output of this standard output, exit status 0.
pub(crate) fn stdout(text: impl Into<Vec<u8>>) -> Output {
    Output { stdout: text.into(), exit: Some(0), ..Output::default() }
}

/// A file beside this one.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/jetbackup/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The `-D` of a command line as PHP would take it apart: one level of percent-encoding, `+` as a space.
pub(crate) fn php_parameters(line: &str) -> Vec<(String, String)> {
    let Some((_, data)) = line.split_once(" -D '") else { return Vec::new() };
    let (data, _) = data.split_once('\'').unwrap();
    data.split('&').map(|pair| pair.split_once('=').unwrap()).map(|(k, v)| (php_decode(k), php_decode(v))).collect()
}

/// One parameter of a command line.
pub(crate) fn parameter(line: &str, key: &str) -> Option<String> {
    php_parameters(line).into_iter().find(|(name, _)| name == key).map(|(_, value)| value)
}

fn php_decode(text: &str) -> String {
    let (mut out, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&first, tail)) = rest.split_first() {
        let hex = (first == b'%').then(|| tail.get(..2)).flatten().and_then(|hex| std::str::from_utf8(hex).ok());
        if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(byte);
            rest = &tail[2..];
        } else {
            out.push(if first == b'+' { b' ' } else { first });
            rest = tail;
        }
    }
    String::from_utf8(out).unwrap()
}
