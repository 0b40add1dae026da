//! The order of a queue: what must come first comes first, then by priority, then as the files have it.
//!
//! petgraph's own topological order is not the file's, so it only holds the graph; the next ready item is taken by
//! priority and place.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

/// The items that wait for each other in a circle, by their place in the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("these items wait for each other")]
pub struct Circle(pub Vec<usize>);

/// The order of items given by their priorities in file order, and pairs `(before, after)` of places.
///
/// # Errors
/// [`Circle`] with the places that can never become ready.
pub fn order(priorities: &[i64], edges: &[(usize, usize)]) -> Result<Vec<usize>, Circle> {
    let mut graph = DiGraph::<usize, ()>::new();
    let nodes: Vec<NodeIndex> = (0..priorities.len()).map(|place| graph.add_node(place)).collect();
    for (before, after) in edges {
        graph.update_edge(nodes[*before], nodes[*after], ());
    }
    let mut missing: Vec<usize> =
        nodes.iter().map(|node| graph.neighbors_directed(*node, Direction::Incoming).count()).collect();
    let ready = (0..priorities.len()).filter(|place| missing[*place] == 0);
    let mut ready: BTreeSet<(Reverse<i64>, usize)> = ready.map(|place| (Reverse(priorities[place]), place)).collect();
    let mut ordered = Vec::with_capacity(priorities.len());
    while let Some((_, place)) = ready.pop_first() {
        ordered.push(place);
        for next in graph.neighbors(nodes[place]).map(|node| graph[node]) {
            missing[next] -= 1;
            if missing[next] == 0 {
                ready.insert((Reverse(priorities[next]), next));
            }
        }
    }
    if ordered.len() == priorities.len() {
        Ok(ordered)
    } else {
        Err(Circle((0..priorities.len()).filter(|place| !ordered.contains(place)).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(priorities: &[i64], edges: &[(usize, usize)], expected: &[usize]) {
        assert_eq!(order(priorities, edges), Ok(expected.to_vec()), "{priorities:?} {edges:?}");
    }

    #[test]
    fn priority_is_over_all_and_ties_keep_the_order_of_the_file() {
        check(&[], &[], &[]);
        check(&[0, 0, 0], &[], &[0, 1, 2]);
        check(&[0, 5, 1], &[], &[1, 2, 0]);
        // S12: server b's 5 and 0 (places 1 and 2) must not both run before server a's 1 (place 0).
        check(&[1, 5, 0], &[], &[1, 0, 2]);
    }

    #[test]
    fn what_must_come_first_comes_first_whatever_its_priority() {
        check(&[10, 0, 5], &[(1, 0)], &[2, 1, 0]);
        assert_eq!(order(&[0, 0, 0], &[(0, 1), (1, 0)]), Err(Circle(vec![0, 1])));
    }
}
