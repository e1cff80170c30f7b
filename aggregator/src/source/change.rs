//! Making a source and changing one: everything is checked as a whole, and a typo is an error.

use cdp_core::collection::CollectionPolicy;
use cdp_core::event::Object;
use cdp_core::origin;
use cdp_core::source::ConsentBasis;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::store::Source;
use super::{NewSource, fresh, store};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::http::contract::Partly;
use crate::{clock, id};

/// Characters that a name or a basis may have.
const LONGEST: usize = 200;
/// What a source can be, and whether every event of it has to carry consent.
const KINDS: [(&str, bool); 4] = [
    ("website", true),
    ("app", true),
    ("server", false),
    ("import", false),
];

/// A source that is to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewSource")]
pub(super) struct Wanted {
    name: String,
    kind: String,
    #[schemars(with = "Option<ConsentBasis>")]
    consent_basis: Option<Value>,
    #[serde(default)]
    allowed_origins: Vec<String>,
    #[schemars(with = "Option<Partly<CollectionPolicy>>")]
    collection: Option<Object>,
}

/// What of a source is to change; what is absent stays.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SourceChange")]
pub(super) struct Change {
    name: Option<String>,
    enabled: Option<bool>,
    allowed_origins: Option<Vec<String>>,
    #[schemars(with = "Option<Partly<CollectionPolicy>>")]
    collection: Option<Object>,
    #[schemars(with = "Option<ConsentBasis>")]
    consent_basis: Option<Value>,
}

/// Makes a source with a fresh write key.
pub(super) async fn make(app: &App, space_id: &str, wanted: Wanted) -> Result<Source> {
    let basis = basis_of(&wanted.kind, wanted.consent_basis)?;
    let mut source = NewSource {
        allowed_origins: wanted.allowed_origins,
        ..fresh(space_id, wanted.name.trim(), &wanted.kind, basis)?
    };
    if let Some(said) = &wanted.collection {
        source.collection = changed(&source.collection, said)?;
    }
    check_name(&source.name)?;
    check_origins(&source.allowed_origins)?;
    let mut transaction = app.database.begin().await?;
    store::insert(&mut transaction, &source, clock::now()).await?;
    transaction.commit().await?;
    app.sources.reload(&app.database).await?;
    one(app, space_id, &source.id).await
}

/// Changes a source.
pub(super) async fn change(
    app: &App,
    space_id: &str,
    source_id: &str,
    change: Change,
) -> Result<Source> {
    let mut source = one(app, space_id, source_id).await?;
    if let Some(name) = change.name {
        name.trim().clone_into(&mut source.name);
        check_name(&source.name)?;
    }
    if let Some(basis) = change.consent_basis {
        source.consent_basis = basis_of(&source.kind, Some(basis))?;
    }
    if let Some(origins) = change.allowed_origins {
        source.allowed_origins = origins;
        check_origins(&source.allowed_origins)?;
    }
    if let Some(said) = &change.collection {
        source.collection = changed(&source.collection, said)?;
    }
    source.enabled = change.enabled.unwrap_or(source.enabled);
    save(app, space_id, source).await
}

/// Gives a source another write key; the one before is not known any more.
pub(super) async fn rotate(app: &App, space_id: &str, source_id: &str) -> Result<Source> {
    let mut source = one(app, space_id, source_id).await?;
    source.write_key = id::fresh("wk")?;
    save(app, space_id, source).await
}

/// A source of the space.
pub(super) async fn one(app: &App, space_id: &str, source_id: &str) -> Result<Source> {
    let found = store::by_id(&app.database, space_id, source_id).await?;
    found.ok_or_else(|| Error::not_found("source"))
}

async fn save(app: &App, space_id: &str, source: Source) -> Result<Source> {
    let mut transaction = app.database.begin().await?;
    store::update(&mut transaction, space_id, &source).await?;
    transaction.commit().await?;
    app.sources.reload(&app.database).await?;
    Ok(source)
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(Code::InvalidDefinition, message)
}

fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || name.chars().count() > LONGEST || name.chars().any(char::is_control) {
        return Err(invalid(format!(
            "a source needs a \"name\" of 1 to {LONGEST} characters"
        )));
    }
    Ok(())
}

fn check_origins(origins: &[String]) -> Result<()> {
    origin::check(origins).map_err(|wrong| {
        invalid(format!(
            "\"allowed_origins\" was not saved: {}",
            wrong.join("; ")
        ))
        .with("allowed_origins", wrong)
    })
}

/// The basis of a kind of source: people's own browsers and apps send consent with every event, for
/// everything else the owner declares on what the data rests.
fn basis_of(kind: &str, said: Option<Value>) -> Result<ConsentBasis> {
    let Some((_, every_event)) = KINDS.into_iter().find(|(known, _)| *known == kind) else {
        let known = KINDS.map(|(known, _)| known).join(", ");
        return Err(invalid(format!("\"kind\" is one of {known}")));
    };
    let declare = "say on what the data rests: \"consent_basis\":{\"kind\":\"declared\",\"basis\":\"contract\"}";
    let said: Option<ConsentBasis> = said
        .map(|said| {
            serde_json::from_value(said).map_err(|error| {
                invalid(format!(
                    "\"consent_basis\" cannot be read ({error}): {declare}"
                ))
            })
        })
        .transpose()?;
    match (every_event, said) {
        (true, None | Some(ConsentBasis::EveryEvent)) => Ok(ConsentBasis::EveryEvent),
        (true, Some(ConsentBasis::Declared { .. })) => Err(invalid(format!(
            "a source of kind {kind} has {{\"kind\":\"every_event\"}} as its consent basis: people choose there, and each event says what"
        ))),
        (false, Some(ConsentBasis::Declared { basis }))
            if !basis.trim().is_empty() && basis.chars().count() <= LONGEST =>
        {
            Ok(ConsentBasis::Declared { basis })
        }
        (false, _) => Err(invalid(format!("a source of kind {kind}: {declare}"))),
    }
}

/// A policy with some of its fields said anew.
fn changed(policy: &CollectionPolicy, said: &Object) -> Result<CollectionPolicy> {
    let mut fields = serde_json::to_value(policy)?;
    overlay(&mut fields, said, "collection")?;
    let policy: CollectionPolicy = serde_json::from_value(fields).map_err(|error| {
        invalid(format!(
            "\"collection\" cannot be read ({error}): write {}",
            serde_json::json!(CollectionPolicy::default())
        ))
    })?;
    policy.check().map_err(invalid)?;
    Ok(policy)
}

/// Writes what is said over what is there; a name that is not there is a typo.
fn overlay(place: &mut Value, said: &Object, path: &str) -> Result<()> {
    for (key, value) in said {
        let there = place.get_mut(key).ok_or_else(|| {
            invalid(format!(
                "\"{path}.{key}\" does not exist: GET the source shows every field"
            ))
        })?;
        match (there.is_object(), value) {
            (true, Value::Object(inner)) => overlay(there, inner, &format!("{path}.{key}"))?,
            _ => there.clone_from(value),
        }
    }
    Ok(())
}

/// The policy of a source from what is stored of it: what that does not say is what is usual.
pub(super) fn stored(text: &str, basis: &ConsentBasis) -> Result<CollectionPolicy> {
    let usual = CollectionPolicy::usual(basis);
    let said: Object = serde_json::from_str(text)?;
    changed(&usual, &said)
}
