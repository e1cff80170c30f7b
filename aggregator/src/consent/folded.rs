//! Under which words an anchor's facts were found.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::consent::{Grants, Scope, Standing};
use cdp_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The scopes that an anchor's events have, and what the person had denied when they were found. As long
/// as that is what the person denies, what is kept of the anchor is what its events come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Folded {
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    scopes: BTreeSet<Scope>,
    /// Purposes that were granted and not allowed: agreeing may bring back what was presumed, and who denied them may turn out
    /// to be somebody else.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    withheld: BTreeSet<String>,
    /// What was denied then, of the purposes above.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    under: BTreeMap<String, Denied>,
}

/// How a purpose was denied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Denied {
    at: Timestamp,
    /// Whether that was the last word.
    still: bool,
}

fn denied(standing: &Standing, purpose: &str) -> Option<Denied> {
    let said = standing.0.get(purpose)?;
    Some(Denied {
        at: said.denied_at?,
        still: said.denies(),
    })
}

impl Folded {
    /// Takes in an event that counts so under these words.
    pub(crate) fn add(&mut self, grants: &Grants, scope: &Scope, standing: &Standing) {
        let withheld = grants.purposes.keys().filter(|purpose| !scope.has(purpose));
        self.withheld.extend(withheld.cloned());
        if !self.scopes.contains(scope) {
            self.scopes.insert(scope.clone());
        }
        for purpose in self.purposes() {
            if let Some(denied) = denied(standing, &purpose) {
                self.under.insert(purpose, denied);
            }
        }
    }

    /// Whether the words have come to say something else of what was found.
    pub(crate) fn differs(&self, standing: &Standing) -> bool {
        self.purposes()
            .iter()
            .any(|purpose| self.under.get(purpose) != denied(standing, purpose).as_ref())
    }

    /// Whether some event counts for all of these purposes.
    pub(crate) fn serves<S: AsRef<str>>(&self, needed: &[S]) -> bool {
        self.scopes.iter().any(|scope| scope.serves(needed))
    }

    /// Whether some event counts for a purpose.
    pub(super) fn has(&self, purpose: &str) -> bool {
        self.scopes.iter().any(|scope| scope.has(purpose))
    }

    fn purposes(&self) -> BTreeSet<String> {
        let counted = self.scopes.iter().flat_map(Scope::purposes);
        let counted = counted.map(str::to_owned);
        counted.chain(self.withheld.iter().cloned()).collect()
    }
}
