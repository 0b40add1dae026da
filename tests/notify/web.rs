//! A web server of a few lines: it keeps what it is asked, and answers with the codes that a test gives it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// What it was asked: method, path and body.
pub(crate) type Asked = (String, String, String);

/// A web server, ended when it is dropped.
pub(crate) struct WebServer {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl WebServer {
    /// One that answers requests with these codes in turn, and with 200 after that.
    pub(crate) fn start(codes: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, is_over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (kept, over, codes) = (Arc::clone(&asked), Arc::clone(&is_over), codes.to_vec());
        let mut codes = codes.into_iter();
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                if let Some(request) = answer(stream.unwrap(), || codes.next().unwrap_or(200)) {
                    kept.lock().unwrap().push(request);
                }
            }
        });
        Self { port, asked, is_over, thread: Some(thread) }
    }

    /// An address of it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The paths that it was asked for.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|(_, path, _)| path).collect()
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(stream: TcpStream, code: impl FnOnce() -> u16) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let mut words = first.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(number) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = number.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let code = code();
    let leads = if (300..400).contains(&code) { "Location: /elsewhere\r\n" } else { "" };
    write!(reader.into_inner(), "HTTP/1.1 {code} x\r\n{leads}Content-Length: 0\r\nConnection: close\r\n\r\n").ok()?;
    Some((method, path, String::from_utf8(body).unwrap()))
}
