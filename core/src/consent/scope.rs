//! For which purposes evidence counts now.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Grants, NECESSARY, Standing};

/// The purposes for which evidence counts now: their names in order, divided by spaces. What is
/// necessary goes without saying.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scope(String);

impl Scope {
    /// What evidence grants, without what the person has denied since.
    #[must_use]
    pub fn of(grants: &Grants, standing: &Standing) -> Self {
        let purposes = grants.purposes.keys();
        let counts = |purpose: &&String| standing.allows(grants, purpose);
        Self::listing(purposes.filter(counts).map(String::as_str))
    }

    /// The scope with these purposes, in any order.
    #[must_use]
    pub fn listing<'a>(purposes: impl IntoIterator<Item = &'a str>) -> Self {
        let mut purposes: Vec<&str> = purposes.into_iter().collect();
        purposes.retain(|purpose| *purpose != NECESSARY);
        purposes.sort_unstable();
        purposes.dedup();
        Self(purposes.join(" "))
    }

    /// As it was written.
    #[must_use]
    pub fn from_text(text: String) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The purposes.
    pub fn purposes(&self) -> impl Iterator<Item = &str> {
        self.0.split_whitespace()
    }

    /// Whether it has a purpose.
    #[must_use]
    pub fn has(&self, purpose: &str) -> bool {
        purpose == NECESSARY || self.purposes().any(|known| known == purpose)
    }

    /// Whether it has all of these. Where none is needed, nothing was thought of, and nothing is allowed.
    #[must_use]
    pub fn serves<S: AsRef<str>>(&self, needed: &[S]) -> bool {
        !needed.is_empty() && needed.iter().all(|purpose| self.has(purpose.as_ref()))
    }

    /// What both have: on what something rests that rests on both.
    #[must_use]
    pub fn common(&self, other: &Self) -> Self {
        Self::listing(self.purposes().filter(|purpose| other.has(purpose)))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Scope;
    use crate::consent::{Choices, Grant, Grants, Standing};
    use crate::time::Timestamp;

    #[test]
    fn what_is_granted_counts_until_it_is_denied() {
        let purposes =
            ["analytics", "personalization"].map(|name| (name.to_owned(), Grant::Chosen));
        let grants = Grants {
            ruled_at: Timestamp::from_millis(5),
            purposes: BTreeMap::from(purposes),
        };
        let denied_at = |moment| {
            let choices = Choices::from([("analytics".to_owned(), false)]);
            Scope::of(
                &grants,
                &Standing::of(&choices, Timestamp::from_millis(moment)),
            )
        };
        assert_eq!(denied_at(4).as_str(), "analytics personalization");
        assert_eq!(denied_at(5).as_str(), "personalization");
    }

    #[test]
    fn a_scope_serves_what_it_has_all_purposes_for_and_nothing_that_names_none() {
        let scope = Scope::listing(["personalization", "necessary", "analytics", "analytics"]);
        assert_eq!(scope.as_str(), "analytics personalization");
        assert!(scope.serves(&["analytics", "necessary"]));
        assert!(!scope.serves(&["analytics", "advertising"]));
        assert!(!scope.serves::<&str>(&[]), "no purpose was thought of");
        assert!(Scope::default().serves(&["necessary"]));
        assert!(!Scope::default().serves(&["analytics"]));
        assert_eq!(
            scope.common(&Scope::listing(["analytics"])).as_str(),
            "analytics"
        );
    }
}
