//! What the stages hand on to each other.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use cdp_core::consent::{Scope, Standing};
use cdp_core::identifier::Identifier;

use super::Logged;
use crate::consent::{Rules, Withdrawal};
use crate::error::{Error, Result};
use crate::{audience, computed_trait};

/// Whose an identifier is.
#[derive(Clone, Debug)]
pub(crate) struct Whose {
    /// The person behind it.
    pub(crate) person_id: Arc<str>,
    /// The profile, which is less where consent links only parts of the person.
    pub(crate) profile_id: Arc<str>,
}

/// One turn over the events of one space; stages leave in it what later stages need.
pub(crate) struct Turn<'a> {
    /// Whose events.
    pub(crate) space_id: &'a str,
    /// The events, in the log's order.
    pub(crate) events: &'a [Logged],
    /// Whose each identifier is that the events name.
    pub(crate) whose: HashMap<Arc<str>, Whose>,
    /// Profiles of which anything may have changed, beside what the events themselves say.
    pub(crate) touched: BTreeSet<String>,
    /// Those of them that are new, so that everything of theirs is what these events say.
    pub(crate) fresh: BTreeSet<String>,
    /// Profiles that went into another: from → into.
    pub(crate) merged: BTreeMap<String, String>,
    /// The identifiers of each of the events, strongest first.
    pub(crate) named: Vec<Vec<Identifier>>,
    /// The space's rules.
    pub(crate) rules: &'a Rules,
    /// People whose identifiers or words may have changed.
    pub(crate) people: BTreeSet<String>,
    /// People of whom consent may link only parts.
    pub(crate) divided: BTreeSet<String>,
    /// Anchors that lost or got events which were taken in before.
    pub(crate) moved: BTreeSet<String>,
    /// For what each of the events counts.
    pub(crate) scopes: Vec<Scope>,
    /// Anchors that have to be folded again, and the words under which.
    pub(crate) again: BTreeMap<String, Standing>,
    /// What was taken back.
    pub(crate) withdrawn: Vec<Withdrawal>,
    /// What computed traits and the counts of audiences have come to with these events.
    pub(crate) counted: computed_trait::Counted,
    /// Who entered audiences and who left them.
    pub(crate) changes: Vec<audience::Change>,
}

impl<'a> Turn<'a> {
    /// A turn over events that no stage has seen.
    pub(crate) fn of(rules: &'a Rules, events: &'a [Logged], named: Vec<Vec<Identifier>>) -> Self {
        Self {
            named,
            ..Self::over(rules, events)
        }
    }

    /// A turn over events that were taken in before: who is who stays, and they name nobody.
    pub(crate) fn over(rules: &'a Rules, events: &'a [Logged]) -> Self {
        Self {
            space_id: rules.space_id(),
            events,
            named: Vec::new(),
            whose: HashMap::new(),
            touched: BTreeSet::new(),
            fresh: BTreeSet::new(),
            merged: BTreeMap::new(),
            rules,
            people: BTreeSet::new(),
            divided: BTreeSet::new(),
            moved: BTreeSet::new(),
            scopes: Vec::new(),
            again: BTreeMap::new(),
            withdrawn: Vec::new(),
            counted: computed_trait::Counted::default(),
            changes: Vec::new(),
        }
    }

    /// The profile of an identifier that the events name.
    pub(crate) fn profile_of(&self, identifier: &str) -> Option<&str> {
        self.whose.get(identifier).map(|whose| &*whose.profile_id)
    }

    /// The person behind it.
    pub(crate) fn person_of(&self, identifier: &str) -> Option<&str> {
        self.whose.get(identifier).map(|whose| &*whose.person_id)
    }

    /// The identifiers to which events were given that do not carry them, and those that lost such events.
    pub(crate) fn given(&self) -> Result<BTreeSet<Identifier>> {
        if !self.rules.identity().attributes_by_time() {
            return Ok(BTreeSet::new());
        }
        let anchors = self.events.iter().map(|logged| &logged.anchor);
        let anchors = anchors.chain(&self.moved);
        let parsed =
            anchors.map(|anchor| anchor.parse().map_err(|text: String| Error::internal(text)));
        parsed.collect()
    }

    /// Profiles of which something may have changed.
    pub(crate) fn concerned(&self) -> BTreeSet<String> {
        let of_events = self
            .events
            .iter()
            .filter_map(|logged| self.profile_of(&logged.anchor));
        let of_events = of_events.map(ToOwned::to_owned);
        of_events.chain(self.touched.iter().cloned()).collect()
    }

    /// The events with their scopes, without those whose anchors are folded again with all that they have.
    pub(crate) fn scoped(&self) -> impl Iterator<Item = (&'a Logged, &Scope)> {
        let events = self.events.iter().zip(&self.scopes);
        events.filter(|(logged, _)| !self.again.contains_key(&logged.anchor))
    }

    /// Those of them of which facts are kept.
    pub(crate) fn facts(&self) -> impl Iterator<Item = (&'a Logged, &Scope)> {
        self.scoped().filter(|(_, scope)| self.rules.keeps(scope))
    }
}
