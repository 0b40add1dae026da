//! The options that every command takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::log::LogArgs;

/// Where plans are if nobody says otherwise.
pub(super) const PLAN_DEFAULT: &str = "/etc/jbr/plans";
/// Where the state is if nobody says otherwise.
pub(super) const STATE_DEFAULT: &str = "/var/lib/jbr/state.json";

/// The options that every command takes, anywhere on the line.
#[derive(Debug, Clone, Args)]
pub(super) struct Global {
    /// The plan: a YAML file, or a folder of them
    #[arg(long, short = 'f', global = true, value_name = "PATH", env = "JBR_PLAN", default_value = PLAN_DEFAULT)]
    pub(super) plan: PathBuf,
    /// The state file
    #[arg(long, global = true, value_name = "PATH", env = "JBR_STATE", default_value = STATE_DEFAULT)]
    pub(super) state: PathBuf,
    /// Print facts as JSON; for `apply`, one event a line
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = ColorWhen::Auto)]
    pub(super) color: ColorWhen,
    /// Log every command that is sent to a server, on stderr and in the log file; twice: also how long each took
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Never ask anything: what asks then needs `--auto-approve` (`apply`: or a saved plan)
    #[arg(long, global = true)]
    pub(super) no_input: bool,
    /// The log.
    #[command(flatten)]
    pub(super) log: LogArgs,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
