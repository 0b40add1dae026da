//! What can be typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::exit::EXIT_CODES_HELP;
use super::period::{When, duration_or_none};
use crate::names::{JobAddress, ServerName};

/// Where plans are if nobody says otherwise.
pub(super) const PLAN_DEFAULT: &str = "/etc/jbr/plans";
/// Where the state is if nobody says otherwise.
pub(super) const STATE_DEFAULT: &str = "/var/lib/jbr/state.json";

/// Runs the JetBackup 5 backup jobs of many servers one at a time.
///
/// Write a plan, look at what it would do with `jbr plan`, and run it with `jbr apply`.
/// `jbr demo` shows all of it on a simulated fleet, without a server.
#[derive(Debug, Parser)]
#[command(name = "jbr", version, after_help = EXIT_CODES_HELP, propagate_version = true)]
pub(super) struct Cli {
    /// The options that every command takes.
    #[command(flatten)]
    pub(super) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(super) verb: Verb,
}

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
    /// Log on stderr every command that is sent to a server; twice: also how long each took
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Never ask anything: `apply` then needs `--auto-approve` or a saved plan
    #[arg(long, global = true)]
    pub(super) no_input: bool,
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

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Show what `apply` would do; changes nothing, anywhere
    ///
    /// Compares the plan with every server and shows the queue: `>` will run, `=` is running and will be watched, `~` differs,
    /// `!` needs attention, `?` could not be read, `·` is not due yet, `x` is an error, such as a job that its server does not have.
    ///
    /// Only calls that read are sent, and the state is read and not written. With `host_key: accept-new`, the default, the key of a server
    /// that was never seen before is recorded, and its fingerprint shown.
    Plan(PlanArgs),
    /// Run the queue, one backup at a time
    ///
    /// Shows the plan, asks, and runs it. An interrupted run goes on first: what is done stays done, what still runs is
    /// watched. A first SIGINT, SIGTERM or SIGHUP (a closed terminal) stops after the current step and leaves the remote backup
    /// running; a second one ends jbr at once.
    Apply(ApplyArgs),
    /// Show what jbr remembers
    #[command(subcommand)]
    State(StateVerb),
    /// Say which job's last good backup is too old, as a monitoring plug-in
    ///
    /// Reads JetBackup's logs on every server and what jbr remembers; whoever ran a backup, it counts. Changes nothing, waits for no lock, and
    /// needs no `apply` to have run. A backup is too old when it is older than the job's `max_age`, or, without one, than twice its
    /// `every`; with neither, only a job without any good backup is critical.
    ///
    /// Exits as plug-ins of Nagios and Icinga do: 0 ok, 1 warning (held, failing, disabled, or something on a server that the plan does not
    /// know), 2 critical (too old, never, missing), 3 unknown (not to be read, or no valid plan); 64 if the options are wrong.
    Check(CheckArgs),
    /// Keep a job from being started for now
    ///
    /// Recorded in the state with who, why, since when and until when, and shown by `plan`, `check` and `state show`. A backup that
    /// runs is not touched. A hold that the job has already is replaced.
    Hold(HoldArgs),
    /// End a hold
    Release(ReleaseArgs),
    /// Prove from JetBackup's own records that no two guarded backups wrote at the same time
    ///
    /// Reads the logs and queue groups of every server, changes nothing, and holds what jbr remembers against them. Backups count whoever
    /// started them.
    ///
    /// Exits with 0 only with a proof, with 3 if two backups overlapped, with 4 if JetBackup recorded another outcome than jbr remembers,
    /// and with 8 if records are missing; what is known to be wrong comes before what is not known, and everything is shown.
    Audit(AuditArgs),
    /// Check the plan alone, without the network
    Validate,
    /// Propose a plan from live servers, or from the config.json of jetbackup-remote
    ///
    /// With `--host`, reads the jobs, destinations and schedules of these servers and prints a plan, with JetBackup's own names as
    /// comments. Without, reads the servers of the plan (which may have no jobs yet) and prints what it lacks, as a file to put beside it.
    ///
    /// What was found, what is left out and what is to be done by hand is said on standard error. Changes nothing on any server, and is
    /// YAML even with `--json`.
    Import(ImportArgs),
    /// Draw the order of the plan, without the network
    ///
    /// Prints the jobs in the order in which they run, as DOT (`jbr graph | dot -Tsvg`) or Mermaid: dashed arrows are that order, the
    /// others are what waits for what.
    Graph(GraphArgs),
    /// Show the whole job on a simulated fleet: no server, no setup
    ///
    /// Takes about half a minute. It has a plan and a state of its own: `--plan` and `--state` are not used.
    Demo,
}

/// Which jobs are meant.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Selection {
    /// Only the jobs of this server (repeatable)
    #[arg(long = "server", value_name = "NAME")]
    pub(super) servers: Vec<ServerName>,
    /// Only this job (repeatable). For `plan` and `apply`: one that is named is due, however young its last good backup is
    #[arg(long = "job", value_name = "SERVER/NAME")]
    pub(super) jobs: Vec<JobAddress>,
}

/// `jbr plan`.
#[derive(Debug, Clone, Args)]
pub(super) struct PlanArgs {
    /// Which jobs.
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Save the plan for `jbr apply FILE`; replaces nothing but an earlier saved plan
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Exit with 2 if there is something to do, with 0 if there is not
    #[arg(long)]
    pub(super) detailed_exitcode: bool,
    /// Show the plan for `apply --fresh`, which closes an interrupted run and starts over
    #[arg(long)]
    pub(super) fresh: bool,
}

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

/// `jbr graph`.
#[derive(Debug, Clone, Args)]
pub(super) struct GraphArgs {
    /// Which jobs.
    #[command(flatten)]
    pub(super) selection: Selection,
    /// The language of the picture
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = GraphFormat::Dot)]
    pub(super) format: GraphFormat,
}

/// The language of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphFormat {
    /// Graphviz.
    Dot,
    /// A flowchart that Markdown renderers draw.
    Mermaid,
}

/// `jbr apply`.
#[derive(Debug, Clone, Args)]
pub(super) struct ApplyArgs {
    /// A plan saved by `jbr plan --out`: running it needs no approval, and it is refused if anything has changed. It
    /// knows where its plan is: `--plan` is not used
    #[arg(value_name = "FILE", conflicts_with_all = ["servers", "jobs", "fresh"])]
    pub(super) saved: Option<PathBuf>,
    /// Which jobs.
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Do not ask
    #[arg(long)]
    pub(super) auto_approve: bool,
    /// Close an interrupted run as incomplete and start over; a backup that still runs is watched all the same
    #[arg(long)]
    pub(super) fresh: bool,
    /// Wait for closed windows to open; otherwise the run ends with exit code 10, and the next `jbr apply` goes on
    #[arg(long)]
    pub(super) wait: bool,
}

/// `jbr check`.
#[derive(Debug, Clone, Args)]
pub(super) struct CheckArgs {
    /// Which jobs.
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Also write the verdict as metrics for Prometheus (node_exporter's textfile collector): this file is replaced whole
    #[arg(long, value_name = "PATH")]
    pub(super) textfile: Option<PathBuf>,
}

/// `jbr hold`.
#[derive(Debug, Clone, Args)]
pub(super) struct HoldArgs {
    /// The job
    #[arg(value_name = "SERVER/NAME")]
    pub(super) job: JobAddress,
    /// Why, for whoever finds it held
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
    /// Until when: how long from now (3d, 36h), a day (2026-12-01: until it begins), or a time (2026-12-01T08:00, local unless it has an
    /// offset). Without it, until `jbr release`
    #[arg(long, value_name = "WHEN")]
    pub(super) until: Option<When>,
}

/// `jbr release`.
#[derive(Debug, Clone, Args)]
pub(super) struct ReleaseArgs {
    /// The job
    #[arg(value_name = "SERVER/NAME")]
    pub(super) job: JobAddress,
}

/// `jbr audit`.
#[derive(Debug, Clone, Args)]
pub(super) struct AuditArgs {
    /// Only this server (repeatable): the proof is of those servers alone
    #[arg(long = "server", value_name = "NAME")]
    pub(super) servers: Vec<ServerName>,
    /// From when on: how long ago (7d, 36h), a day (2026-11-20), or a time (2026-11-20T02:00, local unless it has an offset)
    #[arg(long, value_name = "WHEN", default_value = "7d")]
    pub(super) since: When,
    /// Until when, in the same ways; now if it is not given
    #[arg(long, value_name = "WHEN")]
    pub(super) until: Option<When>,
    /// How far apart the clocks of two servers may be, a second for the resolution of JetBackup's records included
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = duration_or_none)]
    pub(super) clock_tolerance: Duration,
}

/// `jbr state`.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum StateVerb {
    /// The run in progress, what is open, and every job's record
    Show,
    /// The jobs that are remembered
    List,
    /// The last runs
    History,
}
