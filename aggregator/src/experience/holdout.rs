//! The holdout of a whole space: people who see the default everywhere, so that what all experiences do
//! together can be measured.

use cdp_core::decision::Mistake;
use cdp_core::event::Object;
use schemars::JsonSchema;
use serde::Serialize;

use super::{define, fields, store};
use crate::app::App;
use crate::error::Result;

/// People among whom the database counts those of a holdout.
const MILLION: f64 = 1_000_000.0;

/// The holdout as callers see it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Holdout {
    /// Share of all people, 0 to 1.
    share: f64,
}

/// The share that so many people per million are.
pub(crate) fn share(per_million: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "at most a million")]
    let people = per_million as f64;
    people / MILLION
}

/// The space's holdout.
pub(super) async fn read(app: &App, space_id: &str) -> Result<Holdout> {
    let per_million = store::holdout(&app.database, space_id).await?;
    Ok(Holdout {
        share: share(per_million),
    })
}

/// Sets the space's holdout.
pub(super) async fn set(app: &App, space_id: &str, mut body: Object) -> Result<Holdout> {
    let mut mistakes = fields::unknown(&body, &["share"], "");
    let wanted: Option<f64> = fields::take(&mut body, "share", &mut mistakes);
    let wanted = wanted.filter(|share| (0.0..=1.0).contains(share));
    let (Some(wanted), true) = (wanted, mistakes.is_empty()) else {
        let message = "write a share from 0 to 1, such as 0.05";
        fields::add_new(&mut mistakes, vec![Mistake::at("share", message)]);
        return Err(fields::refuse(&mistakes));
    };
    #[expect(clippy::cast_possible_truncation, reason = "at most a million")]
    let per_million = (wanted * MILLION).round() as i64;
    store::set_holdout(&app.database, space_id, per_million).await?;
    define::follow(app).await?;
    read(app, space_id).await
}
