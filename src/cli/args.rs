//! What can be typed: the commands. The options that they share are in `global` and `select`, those of one command beside it.

use clap::{Parser, Subcommand};

use super::apply::ApplyArgs;
use super::audit::AuditArgs;
use super::check::CheckArgs;
use super::completions::CompletionsArgs;
use super::exit::EXIT_CODES_HELP;
use super::global::Global;
use super::graph::GraphArgs;
use super::hold::{HoldArgs, ReleaseArgs};
use super::import::ImportArgs;
use super::list::ListArgs;
use super::man::ManArgs;
use super::notify::NotifyVerb;
use super::plan::PlanArgs;
use super::state::StateVerb;
use super::status::StatusArgs;
use super::stop::StopArgs;
use super::test::TestArgs;
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
    /// Show what jbr remembers, forget a job, or rename one
    #[command(subcommand)]
    State(StateVerb),
    /// Show what every server does now, and what jbr does
    ///
    /// Asks all servers at the same time: which answer, what runs there, since when and how far, and who started it; which jobs are held or
    /// started by JetBackup itself; and says who holds the lock, how far the run in progress is, and what runs next. `=` is under way, `·`
    /// idle, `!` needs attention, `?` could not be read.
    ///
    /// Changes nothing and takes no lock, and a plan without jobs will do. Exits with 0 if everything could be read, with 8 if of a server it
    /// is not known what runs there, with 1 if anything else could not be read: the state, the lock and the outbox too.
    Status(StatusArgs),
    /// Test each server step by step, and say what to do about what does not work
    ///
    /// Name, connection, host key, login, gate, JetBackup's answer, its version and clock, the destination and the declared jobs:
    /// `·` works, `!` works and should be looked at, `x` failed, `?` is not known, `–` was not tried because something before it failed.
    ///
    /// Only calls that read are sent, and a plan without jobs will do. With `host_key: accept-new`, the default, the key of a server that
    /// was never seen before is recorded. Exits with 0 if nothing failed, with 1 if something did.
    Test(TestArgs),
    /// List the declared jobs and those that the servers have, side by side
    ///
    /// Each with its address, JetBackup's name, id, type, where it writes, and whether JetBackup starts it by itself. `!` could write beside
    /// the queue: it is in no plan, or has a schedule; `~` is disabled and not to be, `x` is declared and not there.
    ///
    /// Only calls that read are sent, and a plan without jobs will do. Exits with 0 if everything could be read, otherwise with 1.
    List(ListArgs),
    /// Stop a backup, and wait to see it stop
    ///
    /// `jbr stop SERVER/NAME`, or `jbr stop SERVER GROUP` for one that is in no plan. Shows what it would stop, asks, and watches for the
    /// end. Works while an `apply` is at work too: that one records the backup as aborted and goes on with its queue.
    ///
    /// Exits with 0 if it is over, with 8 if it was not seen to stop within `--timeout`, with 9 if there was nothing to stop (it was
    /// over already, for instance), with 1 if JetBackup refused, or if it cannot be told which backup is meant.
    Stop(StopArgs),
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
    /// Recorded in the state with who, why, since when and until when, and shown by `plan`, `status`, `check` and `state show`. A backup that
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
    /// Try whether notices arrive
    #[command(subcommand)]
    Notify(NotifyVerb),
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
    /// Print the script that lets a shell complete the commands and options of jbr
    ///
    /// For bash: `jbr completions bash > /etc/bash_completion.d/jbr`. Other shells have a folder of their own for it.
    Completions(CompletionsArgs),
    /// Print the manual page of jbr, or write those of all commands
    ///
    /// `jbr man --out /usr/local/share/man/man1` lets `man jbr` and `man jbr-apply` find them.
    Man(ManArgs),
    /// Print the JSON Schema of a plan file, for editors
    ///
    /// `jbr schema > plan.schema.json` in the folder of the plan; plans name it in their first line. `jbr validate` knows more.
    Schema,
    /// Show the whole job on a simulated fleet: no server, no setup
    ///
    /// Takes about half a minute. It has a plan and a state of its own: `--plan` and `--state` are not used.
    Demo,
}
