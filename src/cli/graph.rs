//! `jbr graph`: the order of the plan as a picture, without the network.

use clap::{Args, ValueEnum};

use super::error::CliError;
use super::select::Selection;
use super::validate::load;
use super::{Exit, Global, Output, select};
use crate::render::graph::Graph;

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

/// Prints the graph.
pub(super) fn graph(global: &Global, args: &GraphArgs, output: &Output) -> Result<Exit, CliError> {
    let desired = load(&global.plan, output)?;
    select::check(&args.selection, &desired)?;
    let graph = Graph::of(&desired, |address| select::includes(&args.selection, address));
    let text = match args.format {
        _ if output.json => graph.json(),
        GraphFormat::Dot => graph.dot(),
        GraphFormat::Mermaid => graph.mermaid(),
    };
    output.result(&text)?;
    Ok(Exit::Success)
}
