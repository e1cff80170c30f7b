//! Making and changing placements.

use cdp_core::decision::{Experience, Mistake};
use cdp_core::event::Object;
use cdp_core::placement::Placement;
use serde_json::Value;

use super::store::{self, Stored};
use crate::app::App;
use crate::clock;
use crate::error::{Code, Error, Result};
use crate::experience::{self, fields};

/// The fields of a placement.
const FIELDS: [&str; 4] = ["key", "name", "schema", "default"];

/// One placement.
pub(super) async fn one(app: &App, space_id: &str, key: &str) -> Result<Stored> {
    store::one(&app.database, space_id, key)
        .await?
        .ok_or_else(|| Error::not_found("placement"))
}

/// Makes a placement.
pub(super) async fn create(app: &App, space_id: &str, body: Object) -> Result<Stored> {
    let placement = read(body)?;
    let stored = Stored {
        placement,
        version: 1,
        updated_at: clock::now(),
    };
    fits_experiences(app, space_id, &stored.placement).await?;
    if !store::insert(&app.database, space_id, &stored).await? {
        let message = format!(
            "there is a placement \"{}\" already: change it with PATCH, or choose another key",
            stored.placement.key
        );
        return Err(Error::new(Code::Conflict, message));
    }
    app.sources.reload(&app.database).await?;
    Ok(stored)
}

/// Changes a placement that nobody else has changed since it was read.
pub(super) async fn change(
    app: &App,
    space_id: &str,
    key: &str,
    mut body: Object,
) -> Result<Stored> {
    let known = one(app, space_id, key).await?;
    fields::check_version(&mut body, known.version)?;
    if body.get("key").is_some_and(|wanted| wanted != key) {
        return Err(fields::refuse(&[Mistake::at(
            "key",
            "a placement keeps its key, because pages ask for it: make another placement",
        )]));
    }
    let placement = read(fields::overlaid(&known.placement, body)?)?;
    fits_experiences(app, space_id, &placement).await?;
    let stored = Stored {
        placement,
        version: known.version + 1,
        updated_at: clock::now(),
    };
    if !store::update(&app.database, space_id, &stored, known.version).await? {
        return Err(fields::conflict(known.version));
    }
    app.sources.reload(&app.database).await?;
    Ok(stored)
}

fn read(mut body: Object) -> Result<Placement> {
    let mut mistakes = fields::unknown(&body, &FIELDS, "");
    let placement = Placement {
        key: fields::take(&mut body, "key", &mut mistakes),
        name: fields::take(&mut body, "name", &mut mistakes),
        schema: body.remove("schema").filter(|schema| !schema.is_null()),
        default: body.remove("default").unwrap_or_default(),
    };
    fields::add_new(&mut mistakes, placement.mistakes());
    fields::none(&mistakes).map(|()| placement)
}

/// Refuses a schema that does not take what experiences show there.
async fn fits_experiences(app: &App, space_id: &str, placement: &Placement) -> Result<()> {
    let experiences = experience::unarchived(&app.database, space_id).await?;
    let of_placement = |experience: &&Experience| experience.placement == placement.key;
    let mut mistakes = Vec::new();
    for experience in experiences.iter().filter(of_placement) {
        for mistake in mistakes_in(placement, experience) {
            let message = format!(
                "experience \"{}\" ({}) has at {}: {}",
                experience.name, experience.id, mistake.path, mistake.message
            );
            mistakes.push(Mistake::at("schema", message));
        }
    }
    fields::none(&mistakes)
}

fn mistakes_in(placement: &Placement, experience: &Experience) -> Vec<Mistake> {
    let variants = experience.variants.iter().enumerate();
    variants
        .flat_map(|(at, variant)| {
            placement.mistakes_of(&variant.value, &format!("variants[{at}].value"))
        })
        .collect()
}

/// Where an experience shows what its placement does not take; nothing where there is no such placement.
pub(crate) async fn mistakes_of(
    app: &App,
    space_id: &str,
    experience: &Experience,
) -> Result<Vec<Mistake>> {
    let found = store::one(&app.database, space_id, &experience.placement).await?;
    Ok(found.map_or_else(Vec::new, |stored| {
        mistakes_in(&stored.placement, experience)
    }))
}

impl Stored {
    /// What stands there while nothing else is decided, if that is not the page's own content.
    pub(super) fn default(self) -> Option<(String, Value)> {
        let Placement { key, default, .. } = self.placement;
        (!default.is_null()).then_some((key, default))
    }
}
