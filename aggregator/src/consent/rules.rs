//! The rules by which a space's evidence counts.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use cdp_core::consent::{Grants, Policy, Scope, Standing};
use cdp_core::event::EventKind;
use cdp_core::identity::{self, Pair, only_devices};
use cdp_core::source::{ConsentBasis, SourceConfig};

use crate::pipeline::Logged;
use crate::source::Directory;

/// The policy in force, and on what each source's data rests.
pub(crate) struct Rules {
    space_id: String,
    sources: Vec<Arc<SourceConfig>>,
    policy: Policy,
    identity: Arc<identity::Rules>,
    /// What a membership needs.
    audiences: Vec<String>,
    /// What a membership needs before a decision may see it.
    decisions: Vec<String>,
    /// Whose evidence counts for nothing.
    restricted: Option<Arc<HashSet<String>>>,
}

/// What was said with devices: it holds for the events that were given from them to whoever was signed in, too.
#[derive(Debug, Default)]
pub(crate) struct Devices(pub(super) BTreeMap<String, Standing>);

impl Rules {
    /// The rules of a space, as they are now. Without a source nothing can be allowed.
    pub(crate) fn of(sources: &Directory, space_id: &str) -> Self {
        let policy = sources
            .of_space(space_id)
            .first()
            .map_or_else(Policy::closed, |config| config.policy.clone());
        Self::under(policy, sources, space_id)
    }

    /// The rules as another policy would have them.
    pub(crate) fn under(policy: Policy, sources: &Directory, space_id: &str) -> Self {
        let together = |uses: &[&[String]]| {
            // Where one use is never allowed, all of them together are not.
            if uses.iter().any(|needed| needed.is_empty()) {
                return Vec::new();
            }
            let mut needed = uses.concat();
            needed.sort_unstable();
            needed.dedup();
            needed
        };
        let uses = &policy.uses;
        let audiences = together(&[&uses.traits, &uses.audiences]);
        let decisions = together(&[&uses.traits, &uses.audiences, &uses.decisions]);
        Self {
            space_id: space_id.to_owned(),
            sources: sources.of_space(space_id),
            restricted: sources.restricted(space_id),
            identity: sources.identity(space_id),
            audiences,
            decisions,
            policy,
        }
    }

    /// The same, but who is who is found by other rules.
    pub(crate) fn with_identity(self, identity: identity::Rules) -> Self {
        Self {
            identity: Arc::new(identity),
            ..self
        }
    }

    /// Whose rules.
    pub(crate) fn space_id(&self) -> &str {
        &self.space_id
    }

    /// Which identifiers there are, and what joins them.
    pub(crate) fn identity(&self) -> &identity::Rules {
        &self.identity
    }

    /// The policy in force.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The purposes that evidence of a membership needs.
    pub(crate) fn for_audiences(&self) -> &[String] {
        &self.audiences
    }

    /// The purposes that evidence of a membership needs before a decision may see it.
    pub(crate) fn for_decisions(&self) -> &[String] {
        &self.decisions
    }

    /// Whether facts of this scope are kept at all: where nobody may see them, there are none.
    pub(crate) fn keeps(&self, scope: &Scope) -> bool {
        scope.serves(&self.policy.uses.traits)
    }

    /// What an event grants; `None` where it is evidence of nothing.
    pub(crate) fn grants(&self, logged: &Logged) -> Option<Grants> {
        if logged.event.kind == EventKind::Consent {
            return None;
        }
        let basis = self.basis(&logged.source_id)?;
        Some(Grants::of(&self.policy, basis, &logged.event))
    }

    /// On what a source's data rests.
    pub(crate) fn basis(&self, source_id: &str) -> Option<&ConsentBasis> {
        let source = self
            .sources
            .iter()
            .find(|config| config.source_id == source_id)?;
        Some(&source.consent_basis)
    }

    /// Whether somebody asked that data under this identifier is kept and not used.
    fn is_restricted(&self, anchor: &str) -> bool {
        let restricted = self.restricted.as_ref();
        restricted.is_some_and(|identifiers| identifiers.contains(anchor))
    }

    /// Whether an event carries nothing but devices and was given to whoever was signed in.
    pub(crate) fn is_given(&self, logged: &Logged) -> bool {
        !self.given_from(logged).is_empty()
    }

    /// The evidence of an event by which consent may link. What was given to whoever was signed in is evidence of who used
    /// its devices then, and not of whose they are.
    pub(crate) fn links_of(&self, logged: &Logged) -> Vec<Pair> {
        if self.is_given(logged) {
            return Vec::new();
        }
        self.identity.evidence_of(&logged.event)
    }

    /// The devices that such an event came from; none of any other.
    pub(super) fn given_from(&self, logged: &Logged) -> Vec<String> {
        if !self.identity.attributes_by_time() {
            return Vec::new();
        }
        let named = self.identity.identifiers_of(&logged.event);
        let devices: Vec<String> = only_devices(&named).map(ToString::to_string).collect();
        let is_own = devices.contains(&logged.anchor);
        if is_own { Vec::new() } else { devices }
    }

    /// What has to allow an event that is this person's: what they said, and what was said with the devices from which it was
    /// given to them.
    pub(super) fn words<'s>(
        &self,
        logged: &Logged,
        standing: &'s Standing,
        devices: &'s Devices,
    ) -> Vec<&'s Standing> {
        let given_from = self.given_from(logged).into_iter();
        let of_devices = given_from.filter_map(|device| devices.0.get(&device));
        std::iter::once(standing).chain(of_devices).collect()
    }

    /// For what an event of this person counts now, of what it grants.
    pub(crate) fn scope(
        &self,
        logged: &Logged,
        grants: &Grants,
        standing: &Standing,
        devices: &Devices,
    ) -> Scope {
        if self.is_restricted(&logged.anchor) {
            return Scope::default();
        }
        let words = self.words(logged, standing, devices).into_iter();
        let scopes = words.map(|words| Scope::of(grants, words));
        let common = scopes.reduce(|one, other| one.common(&other));
        // That it is this person's is a link.
        let links = |scope: &Scope| !self.is_given(logged) || scope.serves(&self.policy.uses.link);
        common.filter(links).unwrap_or_default()
    }
}
