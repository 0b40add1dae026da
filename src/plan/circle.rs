//! Circles among things that wait for each other: for each knot of them, the shortest way around.
//!
//! A graph from a stranger: no recursion, and a limit on the search. (`queue/` orders what has no circles.)

/// How many edges the search for shortest ways may look at. Beyond it, the shortest found so far is shown: in a knot that large,
/// any circle is a start.
const STEPS_MAX: usize = 2_000_000;

/// The circles of a graph given as each node's successors: one for each set of nodes that can all reach each other, the shortest,
/// beginning with its first node. A node that leads to itself is a circle of one.
pub(super) fn circles(successors: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut steps_left = STEPS_MAX;
    let mut circles: Vec<Vec<usize>> =
        knots(successors).iter().filter_map(|knot| shortest(knot, successors, &mut steps_left)).collect();
    circles.sort_unstable();
    circles
}

/// The sets of nodes that can all reach each other (Kosaraju's way), each in order.
fn knots(successors: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut predecessors = vec![Vec::new(); successors.len()];
    for (node, next) in successors.iter().enumerate() {
        for next in next {
            predecessors[*next].push(node);
        }
    }
    let mut seen = vec![false; successors.len()];
    let mut finished = Vec::with_capacity(successors.len());
    for node in 0..successors.len() {
        visit(node, successors, &mut seen, &mut finished);
    }
    let mut seen = vec![false; successors.len()];
    let mut knots = Vec::new();
    for node in finished.into_iter().rev() {
        let mut knot = Vec::new();
        visit(node, &predecessors, &mut seen, &mut knot);
        knot.sort_unstable();
        knots.push(knot);
    }
    knots
}

/// Appends what can be reached and was not seen yet, each node after all that it leads to.
fn visit(start: usize, edges: &[Vec<usize>], seen: &mut [bool], finished: &mut Vec<usize>) {
    if std::mem::replace(&mut seen[start], true) {
        return;
    }
    let mut way = vec![(start, 0)];
    while let Some((node, place)) = way.last_mut() {
        let next = edges[*node].get(*place).copied();
        *place += 1;
        match next {
            Some(next) if !std::mem::replace(&mut seen[next], true) => way.push((next, 0)),
            Some(_) => {}
            None => {
                finished.push(*node);
                way.pop();
            }
        }
    }
}

/// The shortest circle within a knot; `None` for a single node that does not lead to itself.
fn shortest(knot: &[usize], successors: &[Vec<usize>], steps_left: &mut usize) -> Option<Vec<usize>> {
    let mut best: Option<Vec<usize>> = None;
    for node in knot {
        let limit = best.as_ref().map_or(knot.len(), |best| best.len() - 1);
        if limit == 0 || (*steps_left == 0 && best.is_some()) {
            break;
        }
        best = around(*node, limit, knot, successors, steps_left).or(best);
    }
    let mut circle = best?;
    let first = circle.iter().enumerate().min_by_key(|(_, node)| **node).map_or(0, |(place, _)| place);
    circle.rotate_left(first);
    Some(circle)
}

/// The shortest way from a node back to itself, of `limit` nodes at most, breadth first.
fn around(
    start: usize,
    limit: usize,
    knot: &[usize],
    successors: &[Vec<usize>],
    steps_left: &mut usize,
) -> Option<Vec<usize>> {
    let place = |node: usize| knot.binary_search(&node).ok();
    let mut came_from: Vec<Option<usize>> = vec![None; knot.len()];
    let mut edge_of_search = vec![start];
    for _ in 0..limit {
        let mut next_edge = Vec::new();
        for node in edge_of_search {
            for next in &successors[node] {
                *steps_left = steps_left.saturating_sub(1);
                if *next == start {
                    return Some(way_back(node, start, knot, &came_from));
                }
                if let Some(place) = place(*next).filter(|place| came_from[*place].is_none()) {
                    came_from[place] = Some(node);
                    next_edge.push(*next);
                }
            }
        }
        edge_of_search = next_edge;
    }
    None
}

fn way_back(end: usize, start: usize, knot: &[usize], came_from: &[Option<usize>]) -> Vec<usize> {
    let before = |node: &usize| knot.binary_search(node).ok().and_then(|place| came_from[place]);
    let mut way: Vec<usize> =
        std::iter::successors(Some(end), |node| (*node != start).then(|| before(node)).flatten()).collect();
    way.reverse();
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(successors: &[&[usize]], expected: &[&[usize]]) {
        let successors: Vec<Vec<usize>> = successors.iter().map(|next| next.to_vec()).collect();
        assert_eq!(circles(&successors), expected, "{successors:?}");
    }

    #[test]
    fn each_knot_shows_its_shortest_circle() {
        check(&[], &[]);
        check(&[&[1], &[2], &[]], &[]);
        check(&[&[0]], &[&[0]]);
        check(&[&[1], &[0]], &[&[0, 1]]);
        check(&[&[2], &[0], &[1]], &[&[0, 2, 1]]);
        // A long way around and a short one.
        check(&[&[1], &[2], &[3, 1], &[0]], &[&[1, 2]]);
        // Two knots, joined by one that is in neither.
        check(&[&[1], &[0, 2], &[3], &[4], &[3]], &[&[0, 1], &[3, 4]]);
        // One that leads to itself within a larger one.
        check(&[&[1], &[1, 0]], &[&[1]]);
    }

    #[test]
    fn a_long_chain_and_a_dense_knot_end() {
        let ring: Vec<Vec<usize>> = (0..10_000).map(|node| vec![(node + 1) % 10_000]).collect();
        assert_eq!(circles(&ring), [(0..10_000).collect::<Vec<_>>()]);
        let dense: Vec<Vec<usize>> = (0..2000).map(|node| (1..100).map(|by| (node + by) % 2000).collect()).collect();
        assert_eq!(circles(&dense)[0].len(), 2000_usize.div_ceil(99));
    }
}
