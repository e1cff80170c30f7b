//! What the events of a turn say of who is who, against what was known before.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::identifier::{self, Identifier};
use cdp_core::identity::edges_of;
use cdp_core::time::Timestamp;

use super::store::{EdgeRow, Node};
use crate::pipeline::Logged;

/// Two identifiers, as the evidence names them.
pub(super) type Pair = (Identifier, Identifier);

/// Identifiers and pairs of a turn, each with its earliest and latest event.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    pub(super) seen: BTreeMap<Identifier, Timestamp>,
    pub(super) pairs: BTreeMap<Pair, EdgeRow>,
}

impl Evidence {
    /// Collects it; the order of the events does not matter.
    pub(super) fn of(events: &[Logged]) -> Self {
        let mut evidence = Self::default();
        for logged in events {
            let event = &logged.event;
            for identifier in identifier::of_event(event) {
                let seen = evidence.seen.entry(identifier).or_insert(event.timestamp);
                *seen = event.timestamp.min(*seen);
            }
            for edge in edges_of(event) {
                let row = EdgeRow {
                    first_seen: edge.first_seen,
                    last_seen: event.timestamp,
                    first_event: event.message_id.clone(),
                    source_id: logged.source_id.to_string(),
                };
                evidence
                    .pairs
                    .entry((edge.a, edge.b))
                    .and_modify(|known| known.merge(&row))
                    .or_insert(row);
            }
        }
        evidence
    }

    /// What differs from before: pairs to write, and identifiers whose component has to be resolved
    /// again because one of them is new, was seen earlier than known, or has new or earlier evidence.
    pub(super) fn changes(
        &self,
        nodes: &BTreeMap<Identifier, Node>,
        pairs: &BTreeMap<Pair, EdgeRow>,
    ) -> Changes {
        let mut changes = Changes::default();
        for (identifier, seen) in &self.seen {
            if nodes
                .get(identifier)
                .is_none_or(|node| *seen < node.first_seen)
            {
                changes.dirty.insert(identifier.clone());
            }
        }
        for (pair, row) in &self.pairs {
            let known = pairs.get(pair);
            let merged = known.map_or_else(|| row.clone(), |known| known.merged(row));
            if known.is_none_or(|known| merged.first_seen < known.first_seen) {
                changes.dirty.extend([pair.0.clone(), pair.1.clone()]);
            }
            if known != Some(&merged) {
                changes.pairs.insert(pair.clone(), merged);
            }
        }
        changes
    }
}

/// See [`Evidence::changes`].
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) dirty: BTreeSet<Identifier>,
    pub(super) pairs: BTreeMap<Pair, EdgeRow>,
}
