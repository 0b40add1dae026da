//! The only place with a terminal, an environment and exit codes: one file a verb.

mod apply;
mod args;
mod audit;
mod check;
mod completions;
mod conduct;
mod demo;
mod error;
mod exit;
mod fleet;
mod global;
mod graph;
mod hold;
mod import;
mod list;
mod log;
mod man;
mod notify;
mod output;
mod period;
mod plan;
mod prompt;
mod remembered;
pub mod saved;
mod schema;
mod screen;
mod select;
mod state;
mod status;
mod stop;
mod test;
mod textfile;
mod ticker;
mod validate;

use std::ffi::OsString;
use std::io;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory as _, Parser as _};

use args::{Cli, Verb};
use error::CliError;
pub use exit::Exit;
use global::Global;
use output::Output;
use state::StateVerb;

/// Runs `jbr` with these arguments, the program's name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(usage) => return usage_exit(usage),
    };
    let mut output = Output::new(&cli.global);
    if let Err(error) = log::refuse_own_files(&cli.global) {
        output.error(&error);
        return error.exit();
    }
    output.log = log::start(&cli.global, is_worth_a_log(&cli.verb), &output);
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(target: log::TOLD, "jbr {version} begins: {} (process {})", typed(&args), std::process::id());
    let exit = dispatch(&cli, &output).unwrap_or_else(|error| {
        output.error(&error);
        error.exit()
    });
    tracing::info!(target: log::TOLD, "jbr ends with exit code {}", exit.code());
    exit
}

/// What was typed, as far as a line of the log goes. A path need not be text.
fn typed(args: &[OsString]) -> String {
    let words: Vec<_> = args.iter().skip(1).map(|word| word.to_string_lossy()).collect();
    crate::printable::printable(&words.join(" "))
}

/// Whether a command asks a server or changes something; the demo does neither.
fn is_worth_a_log(verb: &Verb) -> bool {
    !matches!(
        verb,
        Verb::State(StateVerb::Show | StateVerb::List | StateVerb::History)
            | Verb::Validate
            | Verb::Graph(_)
            | Verb::Demo
            | Verb::Completions(_)
            | Verb::Man(_)
            | Verb::Schema
    )
}

fn dispatch(cli: &Cli, output: &Output) -> Result<Exit, CliError> {
    let global = &cli.global;
    match &cli.verb {
        Verb::Plan(args) => plan::plan(global, args, output),
        Verb::Apply(args) => apply::apply(global, args, output),
        Verb::State(verb) => state::state(global, verb, output),
        Verb::Status(args) => status::status(global, args, output),
        Verb::List(args) => list::list(global, args, output),
        Verb::Stop(args) => stop::stop(global, args, output),
        Verb::Test(args) => test::test(global, args, output),
        Verb::Check(args) => check::check(global, args, output),
        Verb::Hold(args) => hold::hold(global, args, output),
        Verb::Release(args) => hold::release(global, args, output),
        Verb::Audit(args) => audit::audit(global, args, output),
        Verb::Import(args) => import::import(global, args, output),
        Verb::Graph(args) => graph::graph(global, args, output),
        Verb::Completions(args) => completions::completions(Cli::command(), *args, output),
        Verb::Man(args) => man::man(Cli::command(), args, output),
        Verb::Schema => schema::schema(output),
        Verb::Notify(verb) => notify::notify(global, *verb, output),
        Verb::Validate => validate::validate(global, output),
        Verb::Demo => demo::demo(output),
    }
}

/// The usage line of the command that was typed. clap's own is of what was typed, and shows every option that the line or the environment
/// names as if the command required it.
fn whole_usage(usage: &clap::Error) -> Option<ContextValue> {
    let ContextValue::StyledStr(typed) = usage.get(ContextKind::Usage)? else { return None };
    let mut root = Cli::command();
    root.build();
    let mut command = &mut root;
    // `Usage: jbr state rm …`: as far as they are commands.
    for word in typed.to_string().split_whitespace().skip(2) {
        if command.find_subcommand(word).is_none() {
            break;
        }
        command = command.find_subcommand_mut(word)?;
    }
    Some(ContextValue::StyledStr(command.render_usage()))
}

/// clap ends with 2 on a usage error, which is `plan --detailed-exitcode`'s "something to do".
fn usage_exit(mut usage: clap::Error) -> Exit {
    if let Some(whole) = whole_usage(&usage) {
        usage.insert(ContextKind::Usage, whole);
    }
    match usage.print() {
        _ if usage.use_stderr() => Exit::Usage,
        // Help that nobody reads to its end (`jbr --help | head`) is no error.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Exit::Error,
        _ => Exit::Success,
    }
}
