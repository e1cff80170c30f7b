//! The identifiers that were seen last, in memory: most events come from people who just sent one.

use std::collections::HashMap;
use std::sync::Arc;

use cdp_core::identifier::Identifier;

use super::store::Node;

/// Identifiers in each of the two generations.
const GENERATION: usize = 50_000;

type Place = (Arc<str>, Identifier);

/// Nodes by space and identifier. Changes of a turn count once the turn is committed.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    young: HashMap<Place, Node>,
    old: HashMap<Place, Node>,
    pending: Vec<(Place, Node)>,
    /// The component's number that was given out last; `None` until it is read.
    pub(super) last_component: Option<i64>,
}

impl Cache {
    /// The node, as the last committed turn left it.
    pub(super) fn get(&self, space_id: &Arc<str>, identifier: &Identifier) -> Option<Node> {
        let place = (Arc::clone(space_id), identifier.clone());
        self.young
            .get(&place)
            .or_else(|| self.old.get(&place))
            .cloned()
    }

    /// Remembers a node when the turn is committed.
    pub(super) fn put(&mut self, space_id: &Arc<str>, identifier: Identifier, node: Node) {
        self.pending
            .push(((Arc::clone(space_id), identifier), node));
    }

    /// The turn is committed.
    pub(crate) fn settle(&mut self) {
        for (place, node) in std::mem::take(&mut self.pending) {
            // The older generation must not answer with what was true before.
            self.old.remove(&place);
            self.young.insert(place, node);
        }
        if self.young.len() > GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
    }
}
