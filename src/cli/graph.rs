//! `jbr graph`: the order of the plan as a picture, without the network.

use super::args::{GraphArgs, GraphFormat};
use super::error::CliError;
use super::validate::load;
use super::{Exit, Global, Output, select};
use crate::render::graph::Graph;

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
