//! A real mail server on loopback: aiosmtpd, in the mood that a test asks for, with a certificate of its own house.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Where Debian's package has its interpreter; a tester's own Python does not know aiosmtpd.
const PYTHON: &str = "/usr/bin/python3";
const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/notify/smtp.py");

/// A mail server, ended when it is dropped.
pub(crate) struct MailServer {
    folder: TempDir,
    options: Vec<String>,
    child: Child,
    port: u16,
}

impl MailServer {
    /// Starts one with these options of `smtp.py`.
    pub(crate) fn start(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        if options.iter().any(|option| option == "starttls" || option == "tls") {
            let (certificate, key) = certificate(folder.path());
            options.extend(["--certificate".to_owned(), certificate, "--key".to_owned(), key]);
        }
        let (child, port) = serve(folder.path(), &options);
        Self { folder, options, child, port }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The certificate of the house that signed the server's.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub(crate) fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts again on the same port, in this mood.
    pub(crate) fn restart(&mut self, mood: &str) {
        self.stop();
        let mut options = self.options.clone();
        options.extend(["--mood".to_owned(), mood.to_owned(), "--port".to_owned(), self.port.to_string()]);
        self.child = serve(self.folder.path(), &options).0;
    }

    /// From now on whoever is greylisted has waited long enough.
    pub(crate) fn know(&self) {
        fs::write(self.folder.path().join("known"), "").unwrap();
    }

    /// The mails that it has taken, oldest first.
    pub(crate) fn mails(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut mails: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "eml")).collect();
        mails.sort();
        mails.iter().map(|path| String::from_utf8(fs::read(path).unwrap()).unwrap()).collect()
    }

    /// How often this stands in its log.
    pub(crate) fn noted(&self, line: &str) -> usize {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        log.lines().filter(|noted| noted.starts_with(line)).count()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(folder: &Path, options: &[String]) -> (Child, u16) {
    let mut child = Command::new(PYTHON).arg(SERVER).arg(folder).args(options).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line
        .trim()
        .parse()
        .unwrap_or_else(|_| panic!("the mail server did not start: {line}; tests/run installs aiosmtpd"));
    (child, port)
}

/// A certificate for localhost and its key, signed by a house of its own.
fn certificate(folder: &Path) -> (String, String) {
    let path = |name: &str| folder.join(name).display().to_string();
    let openssl = |arguments: &[&str]| {
        let made = Command::new("openssl").args(arguments).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let (ca, ca_key, request, key, certificate, names) =
        (path("ca.pem"), path("ca.key"), path("server.csr"), path("server.key"), path("server.pem"), path("names"));
    openssl(
        &[&["req", "-x509", "-days", "2", "-subj", "/CN=the house", "-keyout", &ca_key, "-out", &ca][..], &curve]
            .concat(),
    );
    openssl(&[&["req", "-subj", "/CN=localhost", "-keyout", &key, "-out", &request][..], &curve].concat());
    fs::write(&names, "subjectAltName=DNS:localhost\n").unwrap();
    openssl(&[
        "x509",
        "-req",
        "-days",
        "2",
        "-in",
        &request,
        "-CA",
        &ca,
        "-CAkey",
        &ca_key,
        "-CAcreateserial",
        "-extfile",
        &names,
        "-out",
        &certificate,
    ]);
    (certificate, key)
}
