//! The shortest chain of evidence between two identifiers.

use std::collections::{BTreeMap, VecDeque};

use cdp_core::identifier::Identifier;

use super::store::Link;

/// The fewest pieces of evidence that lead from one identifier to another, in their order: breadth first, where several
/// are as short by the oldest evidence.
pub(super) fn shortest(links: Vec<Link>, from: &Identifier, to: &Identifier) -> Option<Vec<Link>> {
    let mut beside: BTreeMap<&Identifier, Vec<usize>> = BTreeMap::new();
    for (at, link) in links.iter().enumerate() {
        beside.entry(&link.a).or_default().push(at);
        beside.entry(&link.b).or_default().push(at);
    }
    let mut came_by: BTreeMap<&Identifier, Option<(usize, &Identifier)>> =
        BTreeMap::from([(from, None)]);
    let mut queue = VecDeque::from([from]);
    while let Some(one) = queue.pop_front().filter(|one| *one != to) {
        for at in beside.get(one).into_iter().flatten() {
            let Some(link) = links.get(*at) else { continue };
            let other = if link.a == *one { &link.b } else { &link.a };
            if !came_by.contains_key(other) {
                came_by.insert(other, Some((*at, one)));
                queue.push_back(other);
            }
        }
    }
    let mut chain = Vec::new();
    let mut place = to;
    while let Some((at, before)) = came_by.get(place).copied()? {
        chain.push(at);
        place = before;
    }
    chain.reverse();
    let mut links: Vec<Option<Link>> = links.into_iter().map(Some).collect();
    chain
        .into_iter()
        .map(|at| links.get_mut(at).and_then(Option::take))
        .collect()
}
