//! A profile as callers see it.

use std::collections::BTreeMap;

use cdp_core::consent::{Choices, Scope};
use cdp_core::event::Object;
use cdp_core::identifier::Identifier;
use cdp_core::identity;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::AnyConnection;

use super::store;
use crate::app::App;
use crate::audience::{self, Belongs};
use crate::consent::Rules;
use crate::error::{Error, Result};
use crate::{clock, computed_trait, consent, traits};

/// A profile.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Profile {
    pub(crate) id: String,
    identifiers: Vec<IdentifierView>,
    traits: Object,
    computed_traits: Object,
    /// The purposes for which the evidence of each counts.
    rests_on: RestsOn,
    audiences: Vec<Belongs>,
    consent: Choices,
}

/// On what traits rest, by name.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProfileRestsOn")]
struct RestsOn {
    traits: BTreeMap<String, Vec<String>>,
    computed_traits: BTreeMap<String, Vec<String>>,
}

fn purposes(scopes: BTreeMap<String, Scope>) -> BTreeMap<String, Vec<String>> {
    let listed = |scope: &Scope| scope.purposes().map(str::to_owned).collect();
    scopes
        .into_iter()
        .map(|(name, scope)| (name, listed(&scope)))
        .collect()
}

/// An identifier as callers see it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProfileIdentifier")]
pub(crate) struct IdentifierView {
    kind: String,
    value: String,
}

impl From<Identifier> for IdentifierView {
    fn from(identifier: Identifier) -> Self {
        Self {
            kind: identifier.kind().to_owned(),
            value: identifier.value().to_owned(),
        }
    }
}

/// One profile, as one connection sees it.
pub(super) async fn one(
    connection: &mut AnyConnection,
    rules: &Rules,
    id: String,
    purpose: Option<&str>,
) -> Result<Profile> {
    seen_by(connection, rules, vec![id], purpose)
        .await?
        .pop()
        .ok_or_else(|| Error::not_found("profile"))
}

/// Those of these profiles that there are, for the person whom they are about.
pub(crate) async fn known_of(
    app: &App,
    space_id: &str,
    ids: impl Iterator<Item = &String>,
) -> Result<Vec<serde_json::Value>> {
    let rules = Rules::of(&app.sources, space_id);
    let mut connection = app.database.moment().await?;
    let profiles = seen_by(&mut connection, &rules, ids.cloned().collect(), None).await?;
    connection.commit().await?;
    let known = profiles
        .iter()
        .filter(|profile| !profile.identifiers.is_empty());
    known
        .map(|profile| Ok(serde_json::to_value(profile)?))
        .collect()
}

/// Several profiles, in the order of their ids as given, as far as evidence for facts, and for a purpose if
/// one is given, tells of them, as one connection sees them.
pub(crate) async fn seen_by(
    connection: &mut AnyConnection,
    rules: &Rules,
    ids: Vec<String>,
    purpose: Option<&str>,
) -> Result<Vec<Profile>> {
    let space_id = rules.space_id();
    let mut needed = rules.policy().uses.traits.clone();
    needed.extend(purpose.map(str::to_owned));
    let mut identifiers = store::identifiers_of(connection, space_id, &ids).await?;
    let traits = traits::of_profiles(connection, space_id, &ids).await?;
    let definitions = computed_trait::all(connection, space_id).await?;
    let computed = computed_trait::of_profiles(connection, space_id, definitions, &ids).await?;
    let mut audiences = audience::memberships_of(connection, space_id, &ids).await?;
    let mut consent = consent::of_profiles(connection, space_id, &ids).await?;
    let now = clock::now();
    let view = |id: String| {
        let (traits, computed) = (
            traits.seen_for(&id, &needed),
            computed.seen_for(&id, &needed, now),
        );
        let mut audiences = audiences.remove(&id).unwrap_or_default();
        audiences.retain(|belongs| purpose.is_none_or(|purpose| belongs.holds_for(purpose)));
        Profile {
            identifiers: strongest_first(
                rules.identity(),
                identifiers.remove(&id).unwrap_or_default(),
            ),
            traits: traits.values,
            computed_traits: computed.values,
            rests_on: RestsOn {
                traits: purposes(traits.scopes),
                computed_traits: purposes(computed.scopes),
            },
            audiences,
            consent: consent.remove(&id).unwrap_or_default(),
            id,
        }
    };
    Ok(ids.into_iter().map(view).collect())
}

/// The identifiers of several profiles.
pub(crate) async fn identifiers(
    app: &App,
    space_id: &str,
    ids: &[String],
) -> Result<BTreeMap<String, Vec<IdentifierView>>> {
    let mut connection = app.database.reader().acquire().await?;
    let found = store::identifiers_of(&mut connection, space_id, ids).await?;
    let rules = app.sources.identity(space_id);
    Ok(found
        .into_iter()
        .map(|(id, identifiers)| (id, strongest_first(&rules, identifiers)))
        .collect())
}

/// The identifiers of one profile.
pub(crate) async fn names(app: &App, space_id: &str, id: &str) -> Result<Vec<Identifier>> {
    let mut connection = app.database.reader().acquire().await?;
    names_at(&mut connection, space_id, id).await
}

/// The same, as one connection sees them.
pub(crate) async fn names_at(
    connection: &mut AnyConnection,
    space_id: &str,
    id: &str,
) -> Result<Vec<Identifier>> {
    let mut found = store::identifiers_of(connection, space_id, &[id.to_owned()]).await?;
    Ok(found.remove(id).unwrap_or_default())
}

fn strongest_first(
    rules: &identity::Rules,
    mut identifiers: Vec<Identifier>,
) -> Vec<IdentifierView> {
    let strength = |identifier: &Identifier| rules.place(identifier.kind()).unwrap_or(usize::MAX);
    identifiers.sort_by_cached_key(|identifier| (strength(identifier), identifier.clone()));
    identifiers.into_iter().map(IdentifierView::from).collect()
}
