//! What the events of a turn say of who is who, against what was known before.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cdp_core::identifier::Identifier;
use cdp_core::identity::{Conflict, Pair, Rules};
use cdp_core::time::Timestamp;

use super::store::{EdgeRow, Node};
use crate::pipeline::{Logged, Turn};

/// Identifiers and pairs of a turn, each with its earliest and latest event.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    pub(super) seen: HashMap<Identifier, Timestamp>,
    pub(super) pairs: BTreeMap<Pair, EdgeRow>,
}

impl Evidence {
    /// Collects it; the order of the events does not matter.
    pub(super) fn of(turn: &Turn<'_>) -> Self {
        let mut evidence = Self::default();
        for (logged, named) in turn.events.iter().zip(&turn.named) {
            evidence.add(turn.rules.identity(), logged, named);
        }
        evidence
    }

    /// Takes in what one event says.
    pub(super) fn add(&mut self, rules: &Rules, logged: &Logged, named: &[Identifier]) {
        let event = &logged.event;
        for identifier in named {
            match self.seen.get_mut(identifier) {
                Some(seen) => *seen = event.timestamp.min(*seen),
                None => drop(self.seen.insert(identifier.clone(), event.timestamp)),
            }
        }
        for pair in rules.evidence_among(event, named) {
            let row = EdgeRow {
                first_seen: event.timestamp,
                last_seen: event.timestamp,
                first_event: event.message_id.clone(),
                source_id: Arc::clone(&logged.source_id),
                events: 1,
            };
            self.pairs
                .entry(pair)
                .and_modify(|known| known.merge(&row))
                .or_insert(row);
        }
    }

    /// What differs from before: pairs to write, and identifiers whose component has to be resolved
    /// again because one of them is new, was seen earlier than known, or has new or earlier evidence.
    pub(super) fn changes(
        &self,
        rules: &Rules,
        nodes: &HashMap<Identifier, Node>,
        pairs: &BTreeMap<Pair, EdgeRow>,
    ) -> Changes {
        let mut changes = Changes::default();
        let is_news = |(identifier, seen): &(&Identifier, &Timestamp)| {
            let known = nodes.get(identifier);
            known.is_none_or(|node| **seen < node.first_seen)
        };
        let news = self.seen.iter().filter(is_news);
        changes.dirty = news.map(|(identifier, _)| identifier.clone()).collect();
        let crowded = |identifier: &Identifier| {
            nodes
                .get(identifier)
                .is_some_and(|node| node.crowded.is_some())
        };
        let pairs = self.pairs.iter().map(|(pair, row)| {
            let known = pairs.get(pair);
            let merged = known.map_or_else(|| row.clone(), |known| known.merged(row));
            let is_moved = |known: &EdgeRow| {
                merged.first_seen < known.first_seen
                    || (rules.conflict == Conflict::LastOwner && merged.last_seen > known.last_seen)
            };
            if known.is_none_or(is_moved) {
                let ends = [&pair.0, &pair.1].into_iter();
                let mut open = ends.filter(|end| !crowded(end)).peekable();
                // It is kept with the stronger one why it joins nobody.
                let none = open.peek().is_none().then_some(&pair.0);
                changes.dirty.extend(open.chain(none).cloned());
            }
            (pair.clone(), merged)
        });
        changes.pairs = pairs.collect();
        changes
    }
}

/// See [`Evidence::changes`].
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) dirty: BTreeSet<Identifier>,
    pub(super) pairs: BTreeMap<Pair, EdgeRow>,
}
