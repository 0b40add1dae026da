//! `jbr import`: a plan from live servers, or from the predecessor's configuration. It changes nothing anywhere, and replaces no file.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::error::CliError;
use super::fleet::{connect, interrupt_on_signals};
use super::plan::stop_if_asked;
use super::{Exit, Global, Output};
use crate::desired::Desired;
use crate::import::live::{Beside, Imported, ask, import as import_live};
use crate::import::{Draft, Login, NameBook, config, server_name};
use crate::names::ServerName;
use crate::plan::{self, FILE_SIZE_MAX_BYTES, Source};
use crate::printable::printable;
use crate::render;

/// `jbr import`.
#[derive(Debug, Clone, Args)]
pub(super) struct ImportArgs {
    /// A server to read: its host name or address (repeatable); without any, those of the plan
    #[arg(long = "host", value_name = "HOST", conflicts_with = "config_json")]
    pub(super) hosts: Vec<String>,
    /// The port of their SSH servers; 51514 if it is not given
    #[arg(long, value_name = "PORT", requires = "hosts", conflicts_with = "config_json", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) port: Option<u16>,
    /// Who logs in; root if it is not given
    #[arg(long, value_name = "USER", requires = "hosts", conflicts_with = "config_json")]
    pub(super) user: Option<String>,
    /// The private key's file; the SSH agent if it is not given
    #[arg(long, value_name = "FILE", requires = "hosts", conflicts_with = "config_json")]
    pub(super) key: Option<PathBuf>,
    /// Where host keys are kept; /var/lib/jbr/known_hosts if it is not given
    #[arg(long, value_name = "FILE", requires = "hosts", conflicts_with = "config_json")]
    pub(super) known_hosts: Option<PathBuf>,
    /// The predecessor's configuration, instead of servers: no network is used
    #[arg(long, value_name = "FILE")]
    pub(super) config_json: Option<PathBuf>,
    /// Write the plan into this file, which must not be there yet
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

/// No configuration of the predecessor is larger.
const CONFIG_SIZE_MAX_BYTES: u64 = 1024 * 1024;

/// Imports.
pub(super) fn import(global: &Global, args: &ImportArgs, output: &Output) -> Result<Exit, CliError> {
    if let Some(path) = &args.out {
        // Before the servers are read: whoever mistyped should not wait for the answer.
        refuse_to_replace(path)?;
    }
    if let Some(path) = &args.config_json {
        let draft = from_config(path, output)?;
        hand_out(&draft, &[], args, output)?;
        return Ok(Exit::Success);
    }
    let (sources, desired) = servers(global, args, output)?;
    let windows = plan::windows(&sources);
    let beside = args.hosts.is_empty().then_some(Beside { desired: &desired, windows: &windows });
    let imported = from_servers(&desired, beside, args, output)?;
    imported.said.iter().for_each(|line| output.say(line));
    // An unknown server may have jobs: that is what is wrong, and not that there are none.
    if !imported.unread.is_empty() && !has_jobs(&imported.draft) {
        return Err(CliError::NothingRead(imported.unread));
    }
    if !has_jobs(&imported.draft) && !desired.jobs.is_empty() {
        output.say("the plan lacks no job of these servers; nothing is proposed");
        left_out(&imported.draft).for_each(|line| output.say(format_args!("  not in it: {line}")));
        return Ok(Exit::Success);
    }
    hand_out(&imported.draft, &sources, args, output)?;
    if imported.unread.is_empty() { Ok(Exit::Success) } else { Err(CliError::ImportIncomplete(imported.unread)) }
}

fn from_config(path: &Path, output: &Output) -> Result<Draft, CliError> {
    let text = read_config(path)?;
    let file = path.to_string_lossy();
    match config::convert(&text) {
        Ok(converted) => {
            output.say(render::import::account(&file, &converted.account, &output.stderr_page()).trim_end());
            Ok(converted.draft)
        }
        Err(problems) => {
            output.say(render::import::problems(&file, &problems, &output.stderr_page()).trim_end());
            Err(CliError::ConfigInvalid { count: problems.len() })
        }
    }
}

fn read_config(path: &Path) -> Result<String, CliError> {
    let unusable = |what: String| CliError::Config { path: path.to_owned(), what };
    let failed = |why: std::io::Error| unusable(format!("it cannot be read: {why}"));
    if !fs::metadata(path).map_err(failed)?.is_file() {
        // A pipe would be waited for without end.
        return Err(unusable("it is no regular file".to_owned()));
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(failed)?;
    file.take(CONFIG_SIZE_MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > CONFIG_SIZE_MAX_BYTES {
        return Err(unusable(format!("it is larger than {CONFIG_SIZE_MAX_BYTES} bytes, so it is no configuration")));
    }
    String::from_utf8(bytes).map_err(|error| {
        unusable(format!(
            "it is not UTF-8 text (byte {} of the file, counted from 1)",
            error.utf8_error().valid_up_to() + 1
        ))
    })
}

/// The servers to read: those that were named, or those of the plan, which is then what the result stands beside.
fn servers(global: &Global, args: &ImportArgs, output: &Output) -> Result<(Vec<Source>, Desired), CliError> {
    let sources = if args.hosts.is_empty() {
        plan::read(&global.plan).map_err(CliError::PlanRead)?
    } else {
        vec![Source { path: PathBuf::from("the options"), text: seed(args)?.to_yaml() }]
    };
    let desired = plan::load_servers(&sources).map_err(|findings| {
        output.complain(plan::report(&findings, &sources, output.is_stderr_coloured()));
        CliError::PlanInvalid { count: findings.len() }
    })?;
    Ok(if args.hosts.is_empty() { (sources, desired) } else { (Vec::new(), desired) })
}

/// A draft of the named servers alone. Read back as a plan, its options are checked like a plan's.
fn seed(args: &ImportArgs) -> Result<Draft, CliError> {
    let mut book = NameBook::default();
    let mut servers = Vec::new();
    for host in &args.hosts {
        let name: ServerName = book.server(server_name(host)).map_err(|error| CliError::Import(error.to_string()))?;
        servers.push(crate::import::ServerDraft {
            name,
            host: host.clone(),
            login: Login::default(),
            guard: crate::import::Guard::Everything,
            notes: Vec::new(),
        });
    }
    Ok(Draft { login: login(args)?, servers, ..Draft::default() })
}

/// How the named servers are reached. Paths are made whole: in a plan they are meant from its folder, here from where `jbr` was started.
fn login(args: &ImportArgs) -> Result<Login, CliError> {
    let whole = |path: &Option<PathBuf>| {
        let system = |why| CliError::System { what: "a path cannot be resolved", why };
        path.as_ref().map(std::path::absolute).transpose().map_err(system)
    };
    Ok(Login {
        port: args.port,
        user: args.user.clone(),
        key: whole(&args.key)?,
        known_hosts: whole(&args.known_hosts)?,
        connect_timeout: None,
    })
}

fn from_servers(
    desired: &Desired,
    beside: Option<Beside<'_>>,
    args: &ImportArgs,
    output: &Output,
) -> Result<Imported, CliError> {
    let interrupt = interrupt_on_signals()?;
    let mut links = connect(desired, &interrupt, output);
    let host = |name: &ServerName| desired.server(name).map_or("", |server| server.host.as_str());
    let found = links.ask_all(|link| ask(link, host(&link.server)));
    stop_if_asked(&interrupt)?;
    let found: Vec<_> = found.into_iter().map(|(_, found)| found).collect();
    import_live(&found, login(args)?, beside).map_err(|error| CliError::Import(error.to_string()))
}

fn has_jobs(draft: &Draft) -> bool {
    draft.jobs.iter().any(|job| job.left_out.is_none())
}

/// The jobs that are not proposed to be run, each with the reason.
fn left_out(draft: &Draft) -> impl Iterator<Item = String> {
    let left_out = draft.jobs.iter().filter_map(|job| Some((job, job.left_out.as_ref()?)));
    left_out.map(|(job, why)| format!("{} ({}): {why}", job.address, printable(&job.label)))
}

/// Checks that the result is a plan, and prints or writes it.
fn hand_out(draft: &Draft, beside: &[Source], args: &ImportArgs, output: &Output) -> Result<(), CliError> {
    if !has_jobs(draft) {
        return Err(CliError::NothingToImport(left_out(draft).collect()));
    }
    let text = draft.to_yaml();
    if text.len() > FILE_SIZE_MAX_BYTES {
        return Err(CliError::Import(format!(
            "the plan would be larger than {FILE_SIZE_MAX_BYTES} bytes; import fewer servers at a time"
        )));
    }
    let imported = Source { path: PathBuf::from("the imported plan"), text: text.clone() };
    let sources: Vec<Source> = beside.iter().cloned().chain([imported]).collect();
    if let Err(findings) = plan::load(&sources) {
        output.complain(plan::report(&findings, &sources, output.is_stderr_coloured()));
        return Err(CliError::PlanInvalid { count: findings.len() });
    }
    match &args.out {
        None => output.result(&text),
        Some(path) => {
            write(path, &text)?;
            output.say(format_args!("written: {}; read it, then `jbr validate`", printable(&path.to_string_lossy())));
            Ok(())
        }
    }
}

fn unwritable(path: &Path, what: String) -> CliError {
    CliError::ImportOut { path: path.to_owned(), what }
}

fn refuse_to_replace(path: &Path) -> Result<(), CliError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(unwritable(path, format!("it cannot be looked at: {error}"))),
        Ok(_) => return Err(unwritable(path, "it is there already, and is not replaced".to_owned())),
    }
    if folder_of(path).is_dir() {
        Ok(())
    } else {
        Err(unwritable(path, "the folder that it would be in does not exist".to_owned()))
    }
}

/// Whole or not at all, and never over something that is there.
fn write(path: &Path, text: &str) -> Result<(), CliError> {
    let failed = |why: std::io::Error| unwritable(path, format!("it cannot be written: {why}"));
    let mut file = tempfile::NamedTempFile::new_in(folder_of(path)).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    file.persist_noclobber(path).map_err(|error| failed(error.error))?;
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
