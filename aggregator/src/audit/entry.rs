//! What an entry says, and the digest that chains it to the one before.

use cdp_core::time::Timestamp;
use serde_json::json;

use crate::access::Actor;
use crate::id;

/// Something that was done.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) space_id: String,
    pub(crate) at: Timestamp,
    /// Who.
    pub(crate) actor: Actor,
    /// From where, truncated.
    pub(crate) address: String,
    /// What: method and path, without what stands in its places.
    pub(crate) operation: String,
    /// The ids of what it is about, as JSON.
    pub(crate) about: String,
    /// The profile of the person whom it is about, or nothing. Never an identifier of theirs.
    pub(crate) person: String,
    /// The HTTP status of the answer; 0 of a change that has only begun.
    pub(crate) status: i64,
    /// Of how a change ended: the number of the entry that it had begun; else 0.
    pub(crate) begun: i64,
}

impl Entry {
    /// The digest of an entry at its place in the chain: over all that it says, and the digest before.
    pub(super) fn hash(&self, number: i64, previous: &str) -> String {
        let mut text = json!([
            number,
            self.space_id,
            self.at.as_micros(),
            self.actor.kind,
            self.actor.id,
            self.actor.name,
            self.address,
            self.operation,
            self.about,
            self.person,
            self.status,
            previous
        ]);
        if let (Some(parts), true) = (text.as_array_mut(), self.begun != 0) {
            parts.push(self.begun.into());
        }
        id::digest(text.to_string())
    }
}
