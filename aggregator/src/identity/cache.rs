//! The identifiers that were seen last, in memory: most events come from people who just sent one.

use std::collections::HashMap;
use std::sync::Arc;

use cdp_core::identifier::Identifier;

use super::store::Node;

/// Identifiers in each of the two generations.
const GENERATION: usize = 50_000;

/// Nodes by space and identifier.
type Generation = HashMap<Arc<str>, HashMap<Identifier, Node>>;

/// Nodes by space and identifier. Changes of a turn count once the turn is committed.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    /// What it has counts before what the older one has.
    young: Generation,
    old: Generation,
    pending: Vec<(Arc<str>, Identifier, Node)>,
    /// The component's number that was given out last; `None` until it is read.
    pub(super) last_component: Option<i64>,
}

impl Cache {
    /// The node, as the last committed turn left it.
    pub(super) fn get(&self, space_id: &str, identifier: &Identifier) -> Option<Node> {
        let of = |generation: &Generation| generation.get(space_id)?.get(identifier).cloned();
        of(&self.young).or_else(|| of(&self.old))
    }

    /// Remembers a node when the turn is committed.
    pub(super) fn put(&mut self, space_id: &Arc<str>, identifier: Identifier, node: Node) {
        self.pending.push((Arc::clone(space_id), identifier, node));
    }

    /// The turn is committed.
    pub(crate) fn settle(&mut self) {
        for (space_id, identifier, node) in std::mem::take(&mut self.pending) {
            // Once is enough.
            if let Some(of_space) = self.old.get_mut(&space_id) {
                of_space.remove(&identifier);
            }
            let of_space = self.young.entry(space_id).or_default();
            of_space.insert(identifier, node);
        }
        if self.young.values().map(HashMap::len).sum::<usize>() > GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
    }
}
