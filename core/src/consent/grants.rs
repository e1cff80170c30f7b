//! What an event's own evidence allows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Evidence, Ground, Policy, Verdict};
use crate::event::Event;
use crate::source::ConsentBasis;
use crate::time::Timestamp;

/// On what the permission for a purpose rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// The person agreed.
    Chosen,
    /// Nobody asked: it is necessary, the place presumes it, or the source's owner declares a basis.
    Presumed,
}

/// The purposes that an event's evidence allows, and the moment of that evidence. It follows from the
/// event and the policy alone; what the person has said since is their [`super::Standing`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grants {
    /// When the choices were made, by our clock; without choices, when the event was captured.
    pub ruled_at: Timestamp,
    /// The purposes that are allowed.
    pub purposes: BTreeMap<String, Grant>,
}

impl Grants {
    /// What an event allows: for each purpose of the policy, what [`Policy::ask`] says to the event's
    /// ruling choices, to the place that the edge saw, to Global Privacy Control, and to the basis that
    /// the source declares.
    #[must_use]
    pub fn of(policy: &Policy, basis: &ConsentBasis, event: &Event) -> Self {
        let evidence = Evidence::of_receipt(&event.receipt, basis.declared());
        let granted = |purpose: &super::Purpose| {
            let why = policy.ask_purpose(&purpose.name, &evidence);
            let grant = match why.ground {
                Ground::Agreed => Grant::Chosen,
                _ => Grant::Presumed,
            };
            (why.verdict == Verdict::Allow).then(|| (purpose.name.clone(), grant))
        };
        Self {
            ruled_at: event.ruled_at(),
            purposes: policy.purposes.iter().filter_map(granted).collect(),
        }
    }

    /// On what the permission for a purpose rests; `None` where there is none.
    #[must_use]
    pub fn of_purpose(&self, purpose: &str) -> Option<Grant> {
        self.purposes.get(purpose).copied()
    }
}
