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

use clap::Parser as _;

use args::{Cli, Global, Verb};
use error::CliError;
pub use exit::Exit;
use output::Output;
use state::StateVerb;

/// Runs `jbr` with these arguments, the program's name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(usage) => return usage_exit(&usage),
    };
    let mut output = Output::new(&cli.global);
    output.log = log::start(&cli.global, is_worth_a_log(&cli.verb), &output);
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(target: log::TOLD, "jbr {version} begins: {} (process {})", typed(), std::process::id());
    let exit = dispatch(&cli, &output).unwrap_or_else(|error| {
        output.error(&error);
        error.exit()
    });
    tracing::info!(target: log::TOLD, "jbr ends with exit code {}", exit.code());
    exit
}

/// What was typed, as far as a line of the log goes.
fn typed() -> String {
    let words: Vec<_> = std::env::args().skip(1).collect();
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
        Verb::Completions(args) => completions::completions(*args, output),
        Verb::Man(args) => man::man(args, output),
        Verb::Schema => schema::schema(output),
        Verb::Notify(verb) => notify::notify(global, *verb, output),
        Verb::Validate => validate::validate(global, output),
        Verb::Demo => demo::demo(output),
    }
}

/// clap ends with 2 on a usage error, which is `plan --detailed-exitcode`'s "something to do".
fn usage_exit(usage: &clap::Error) -> Exit {
    match usage.print() {
        _ if usage.use_stderr() => Exit::Usage,
        // Help that nobody reads to its end (`jbr --help | head`) is no error.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Exit::Error,
        _ => Exit::Success,
    }
}
