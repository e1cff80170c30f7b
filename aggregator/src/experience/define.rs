//! Making, changing and archiving experiences.

use cdp_core::decision::{Experience, Mistake, Variant};
use cdp_core::event::Object;
use serde_json::Value;

use super::fields;
use super::store::{self, Stored};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::{audience, clock, id, placement};

/// The fields of an experience that people write.
const FIELDS: [&str; 10] = [
    "name",
    "placement",
    "enabled",
    "priority",
    "audience_id",
    "starts_at",
    "ends_at",
    "frequency_caps",
    "holdout",
    "variants",
];
/// The fields of a variant.
const OF_VARIANT: [&str; 5] = ["key", "weight", "enabled", "audience_id", "value"];

/// Makes an experience.
pub(super) async fn create(app: &App, space_id: &str, body: Object) -> Result<Stored> {
    let now = clock::now();
    let experience = checked(app, space_id, id::dated("exp", now)?, body).await?;
    let stored = Stored::first(experience, now);
    store::insert(&app.database, space_id, &stored).await?;
    follow(app).await?;
    Ok(stored)
}

/// Changes an experience that nobody else has changed since it was read.
pub(super) async fn change(
    app: &App,
    space_id: &str,
    id: &str,
    mut body: Object,
) -> Result<Stored> {
    let known = store::one(&app.database, space_id, id).await?;
    fields::check_version(&mut body, known.version)?;
    must_live(&known)?;
    let mut fields = fields::overlaid(&known.experience, body)?;
    fields.remove("id");
    let experience = checked(app, space_id, id.to_owned(), fields).await?;
    save(app, space_id, known.next(experience, clock::now())).await
}

/// Ends an experience for good. What was measured stays.
pub(super) async fn archive(app: &App, space_id: &str, id: &str) -> Result<Stored> {
    let known = store::one(&app.database, space_id, id).await?;
    if known.archived_at.is_some() {
        return Ok(known);
    }
    let now = clock::now();
    let off = Experience {
        enabled: false,
        ..known.experience.clone()
    };
    let archived = Stored {
        archived_at: Some(now),
        ..known.next(off, now)
    };
    save(app, space_id, archived).await
}

fn must_live(known: &Stored) -> Result<()> {
    if known.archived_at.is_none() {
        return Ok(());
    }
    let message = "this experience is archived and stays as it was: make another one";
    Err(Error::new(Code::Conflict, message))
}

async fn save(app: &App, space_id: &str, stored: Stored) -> Result<Stored> {
    if !store::update(&app.database, space_id, &stored).await? {
        return Err(fields::conflict(stored.version));
    }
    follow(app).await?;
    Ok(stored)
}

/// Lets the edge know.
pub(super) async fn follow(app: &App) -> Result<()> {
    app.sources.reload(&app.database).await?;
    // A snapshot has the exposures of the experiences that there were.
    app.snapshots.clear();
    Ok(())
}

/// An experience that can be decided, or everything that is wrong with it.
async fn checked(app: &App, space_id: &str, id: String, body: Object) -> Result<Experience> {
    let mut mistakes = Vec::new();
    let experience = read(id, body, &mut mistakes);
    fields::add_new(&mut mistakes, experience.mistakes());
    for (path, audience_id) in experience.audiences() {
        match audience::must_exist(app, space_id, audience_id).await {
            Ok(()) => {}
            Err(error) if error.code == Code::InvalidDefinition => {
                mistakes.push(Mistake::at(path, error.message));
            }
            Err(error) => return Err(error),
        }
    }
    let unfit = placement::mistakes_of(app, space_id, &experience).await?;
    fields::add_new(&mut mistakes, unfit);
    fields::none(&mistakes).map(|()| experience)
}

fn read(id: String, mut body: Object, mistakes: &mut Vec<Mistake>) -> Experience {
    mistakes.extend(fields::unknown(&body, &FIELDS, ""));
    let variants: Vec<Value> = fields::take(&mut body, "variants", mistakes);
    let variants = variants
        .into_iter()
        .enumerate()
        .map(|(at, variant)| read_variant(variant, &format!("variants[{at}]"), mistakes))
        .collect();
    let enabled: Option<bool> = fields::take(&mut body, "enabled", mistakes);
    Experience {
        id,
        name: fields::take(&mut body, "name", mistakes),
        placement: fields::take(&mut body, "placement", mistakes),
        enabled: enabled.unwrap_or(true),
        priority: fields::take(&mut body, "priority", mistakes),
        audience_id: fields::take(&mut body, "audience_id", mistakes),
        starts_at: fields::take(&mut body, "starts_at", mistakes),
        ends_at: fields::take(&mut body, "ends_at", mistakes),
        frequency_caps: fields::take(&mut body, "frequency_caps", mistakes),
        holdout: fields::take(&mut body, "holdout", mistakes),
        variants,
    }
}

fn read_variant(variant: Value, path: &str, mistakes: &mut Vec<Mistake>) -> Variant {
    let Value::Object(mut fields) = variant else {
        mistakes.push(Mistake::at(
            path,
            "write a variant such as {\"key\":\"a\",\"value\":{}}",
        ));
        return Variant::default();
    };
    mistakes.extend(fields::unknown(&fields, &OF_VARIANT, &format!("{path}.")));
    let usual = Variant::default();
    let weight: Option<f64> = fields::take(&mut fields, &format!("{path}.weight"), mistakes);
    let enabled: Option<bool> = fields::take(&mut fields, &format!("{path}.enabled"), mistakes);
    Variant {
        key: fields::take(&mut fields, &format!("{path}.key"), mistakes),
        weight: weight.unwrap_or(usual.weight),
        enabled: enabled.unwrap_or(usual.enabled),
        audience_id: fields::take(&mut fields, &format!("{path}.audience_id"), mistakes),
        value: fields.remove("value").unwrap_or_default(),
    }
}
