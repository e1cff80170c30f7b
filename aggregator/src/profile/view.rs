//! A profile as callers see it.

use std::collections::BTreeMap;

use cdp_core::consent::Choices;
use cdp_core::event::Object;
use cdp_core::identifier::Identifier;
use serde::Serialize;

use super::store;
use crate::app::App;
use crate::audience::{self, Belongs};
use crate::error::{Error, Result};
use crate::{computed_trait, consent, traits};

/// A profile.
#[derive(Debug, Serialize)]
pub(super) struct Profile {
    pub(super) id: String,
    identifiers: Vec<IdentifierView>,
    traits: Object,
    computed_traits: Object,
    audiences: Vec<Belongs>,
    consent: Choices,
}

/// An identifier as callers see it.
#[derive(Debug, Serialize)]
pub(crate) struct IdentifierView {
    kind: String,
    value: String,
}

impl From<Identifier> for IdentifierView {
    fn from(Identifier { kind, value }: Identifier) -> Self {
        Self { kind, value }
    }
}

/// One profile.
pub(super) async fn one(app: &App, space_id: &str, id: String) -> Result<Profile> {
    many(app, space_id, vec![id])
        .await?
        .pop()
        .ok_or_else(|| Error::not_found("profile"))
}

/// Several profiles, in the order of their ids as given.
pub(super) async fn many(app: &App, space_id: &str, ids: Vec<String>) -> Result<Vec<Profile>> {
    let mut connection = app.database.reader().acquire().await?;
    let mut identifiers = store::identifiers_of(&mut connection, space_id, &ids).await?;
    let mut traits = traits::of_profiles(&mut connection, space_id, &ids).await?;
    let mut computed = computed_trait::of_profiles(&mut connection, space_id, &ids)
        .await?
        .values;
    let mut audiences = audience::memberships_of(&mut connection, space_id, &ids).await?;
    let mut consent = consent::of_profiles(&mut connection, space_id, &ids).await?;
    let view = |id: String| Profile {
        identifiers: strongest_first(identifiers.remove(&id).unwrap_or_default()),
        traits: traits.remove(&id).unwrap_or_default(),
        computed_traits: computed.remove(&id).unwrap_or_default(),
        audiences: audiences.remove(&id).unwrap_or_default(),
        consent: consent.remove(&id).unwrap_or_else(BTreeMap::new),
        id,
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
    Ok(found
        .into_iter()
        .map(|(id, identifiers)| (id, strongest_first(identifiers)))
        .collect())
}

fn strongest_first(mut identifiers: Vec<Identifier>) -> Vec<IdentifierView> {
    identifiers.sort_by_cached_key(|identifier| (identifier.priority(), identifier.clone()));
    identifiers.into_iter().map(IdentifierView::from).collect()
}
