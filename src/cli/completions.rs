//! `jbr completions`: what a shell must know to complete a line.

use clap::{Args, Command};
use clap_complete::Shell;

use super::error::CliError;
use super::{Exit, Output};

/// `jbr completions`.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(super) shell: Shell,
}

/// Prints a script for the shell, with the commands and options of `root`.
pub(super) fn completions(mut root: Command, args: CompletionsArgs, output: &Output) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut root, "jbr", &mut script);
    output.result(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}
