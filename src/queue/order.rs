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
        // What never became ready still misses something.
        Err(Circle((0..priorities.len()).filter(|place| missing[*place] > 0).collect()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
        // An edge that is declared twice is one edge.
        check(&[10, 0, 5], &[(1, 0), (1, 0)], &[2, 1, 0]);
        // What becomes ready late comes at once if nothing that is ready is more urgent.
        check(&[0, 0, 0, 7], &[(0, 3)], &[0, 3, 1, 2]);
        assert_eq!(order(&[0, 0, 0], &[(0, 1), (1, 0)]), Err(Circle(vec![0, 1])));
        assert_eq!(order(&[0, 0], &[(1, 1)]), Err(Circle(vec![1])));
    }

    /// Ten thousand jobs, each after the one before it in the file backwards: no recursion that could overflow.
    #[test]
    fn a_long_chain_is_no_deep_one() {
        let edges: Vec<(usize, usize)> = (1..10_000).map(|place| (place, place - 1)).collect();
        let expected: Vec<usize> = (0..10_000).rev().collect();
        assert_eq!(order(&vec![0; 10_000], &edges), Ok(expected));
    }

    /// Priorities, and edges from earlier to later places of a hidden permutation, so that there is no circle.
    fn graphs() -> impl Strategy<Value = (Vec<i64>, Vec<(usize, usize)>)> {
        (1_usize..12).prop_flat_map(|length| {
            let priorities = prop::collection::vec(-2_i64..3, length);
            let permutation = Just((0..length).collect::<Vec<_>>()).prop_shuffle();
            let pairs = prop::collection::vec((0..length, 0..length), 0..20);
            (priorities, permutation, pairs).prop_map(|(priorities, hidden, pairs)| {
                let forwards = |(a, b): (usize, usize)| (a != b).then(|| (hidden[a.min(b)], hidden[a.max(b)]));
                (priorities, pairs.into_iter().filter_map(forwards).collect())
            })
        })
    }

    proptest! {
        #[test]
        fn every_order_is_whole_keeps_the_edges_and_is_greedy((priorities, edges) in graphs()) {
            let ordered = order(&priorities, &edges).unwrap();
            prop_assert_eq!(order(&priorities, &edges), Ok(ordered.clone()), "the same input, the same order");
            let mut sorted = ordered.clone();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..priorities.len()).collect::<Vec<_>>(), "a permutation");
            let at = |place: usize| ordered.iter().position(|other| *other == place).unwrap();
            for (before, after) in &edges {
                prop_assert!(at(*before) < at(*after), "{before} before {after} in {ordered:?}");
            }
            // Whatever is passed over for a less urgent one was waiting for something.
            for (number, picked) in ordered.iter().enumerate() {
                for later in &ordered[number + 1..] {
                    let is_more_urgent = (Reverse(priorities[*later]), later) < (Reverse(priorities[*picked]), picked);
                    let waits = edges.iter().any(|(before, after)| after == later && at(*before) >= number);
                    prop_assert!(!is_more_urgent || waits, "{later} is more urgent than {picked} in {ordered:?}");
                }
            }
        }

        #[test]
        fn a_circle_is_found_and_what_hangs_on_it((priorities, edges) in graphs(), from in 0_usize..12, to in 0_usize..12) {
            let (from, to) = (from % priorities.len(), to % priorities.len());
            let ordered = order(&priorities, &edges).unwrap();
            let mut edges = edges;
            edges.extend([(from, to), (to, from)]);
            let Err(Circle(stuck)) = order(&priorities, &edges) else { panic!("{ordered:?} {edges:?}") };
            prop_assert!(stuck.contains(&from) && stuck.contains(&to));
            for place in &stuck {
                prop_assert!(edges.iter().any(|(before, after)| after == place && stuck.contains(before)));
            }
        }
    }
}
