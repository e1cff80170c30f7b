//! An entry of the consent ledger, and the chain that entries make.

use cdp_core::consent::Choices;
use cdp_core::event::{Event, EventKind};
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::id;

/// How the server heard of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ConsentEntryKind")]
enum Kind {
    /// The person, or somebody for them, said it by itself.
    Statement,
    /// An event's receipt said something new.
    Receipt,
    /// A choice released an event that was held.
    Release,
}

/// What somebody said of consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ConsentEntryBody")]
pub(super) struct Entry {
    space_id: String,
    anchor: String,
    seq: i64,
    kind: Kind,
    message_id: String,
    source_id: String,
    /// What was said, by purpose.
    choices: Choices,
    gpc: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jurisdiction: Option<String>,
    /// When it was said, by our clock.
    said_at: Timestamp,
    received_at: Timestamp,
    /// Hash of the entry before; empty for the first.
    previous: String,
}

/// The end of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tip {
    pub(super) seq: i64,
    pub(super) hash: String,
}

/// An entry as it is kept.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) anchor: String,
    pub(super) seq: i64,
    pub(super) body: String,
    pub(super) hash: String,
}

impl Tip {
    /// Chains what an event says of consent to the end, which it then is.
    pub(super) fn add(
        &mut self,
        space_id: &str,
        source_id: &str,
        anchor: &str,
        event: &Event,
    ) -> Result<Kept> {
        let receipt = &event.receipt;
        let kind = match event.kind {
            EventKind::Consent => Kind::Statement,
            _ if receipt.release.is_some() => Kind::Release,
            _ => Kind::Receipt,
        };
        let entry = Entry {
            space_id: space_id.to_owned(),
            anchor: anchor.to_owned(),
            seq: self.seq + 1,
            kind,
            message_id: event.message_id.clone(),
            source_id: source_id.to_owned(),
            choices: receipt.ruling().clone(),
            gpc: receipt.gpc,
            source: receipt.ruling_source().map(str::to_owned),
            policy_version: receipt.policy_version,
            jurisdiction: receipt.jurisdiction.clone(),
            said_at: event.ruled_at(),
            received_at: event.received_at,
            previous: self.hash.clone(),
        };
        let body = serde_json::to_string(&entry)?;
        let hash = id::digest(&body);
        *self = Self {
            seq: entry.seq,
            hash: hash.clone(),
        };
        Ok(Kept {
            anchor: entry.anchor,
            seq: entry.seq,
            body,
            hash,
        })
    }
}

/// Whether the entries of one anchor, in their order, are as they were written and none is missing
/// between them.
pub(super) fn holds(space_id: &str, entries: &[&Kept]) -> bool {
    let mut tip = Tip::default();
    entries.iter().all(|kept| {
        let Ok(entry) = serde_json::from_str::<Entry>(&kept.body) else {
            return false;
        };
        let place = entry.space_id == space_id && entry.anchor == kept.anchor;
        let chained = entry.previous == tip.hash && entry.seq == tip.seq + 1;
        tip = Tip {
            seq: kept.seq,
            hash: id::digest(&kept.body),
        };
        place && chained && entry.seq == kept.seq && tip.hash == kept.hash
    })
}

#[cfg(test)]
mod tests {
    use super::{Kept, Tip, holds};
    use serde_json::json;

    fn chain() -> Vec<Kept> {
        let mut tip = Tip::default();
        let said = |granted: bool| {
            let event = json!({
                "messageId": format!("m-{granted}"), "type": "consent", "userId": "u1",
                "timestamp": "2026-01-01T00:00:00Z", "receivedAt": "2026-01-01T00:00:00Z",
                "receipt": {"categoryPreferences": {"analytics": granted}}
            });
            serde_json::from_value(event).unwrap()
        };
        [true, false, true]
            .map(|granted| tip.add("spc", "src", "user_id:u1", &said(granted)).unwrap())
            .to_vec()
    }

    #[test]
    fn a_chain_holds_until_an_entry_is_changed_taken_out_or_moved() {
        let chain = chain();
        let whole: Vec<&Kept> = chain.iter().collect();
        assert!(holds("spc", &whole));
        assert!(!holds("other", &whole));
        assert!(!holds("spc", &[&chain[0], &chain[2]]), "one is missing");
        assert!(!holds("spc", &[&chain[1], &chain[0], &chain[2]]));
        let mut changed = chain.clone();
        changed[1].body = changed[1]
            .body
            .replace("\"analytics\":false", "\"analytics\":true");
        let rewritten: Vec<&Kept> = changed.iter().collect();
        assert!(!holds("spc", &rewritten));
        let mut rehashed = changed.clone();
        rehashed[1].hash = crate::id::digest(&rehashed[1].body);
        let rehashed: Vec<&Kept> = rehashed.iter().collect();
        assert!(
            !holds("spc", &rehashed),
            "the next entry knows the old hash"
        );
    }
}
