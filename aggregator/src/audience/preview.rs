//! How many a definition would reach, before it is saved.

use cdp_core::audience::Expr;
use serde::Serialize;

use super::{facts, store};
use crate::app::App;
use crate::clock;
use crate::consent::{self, Rules};
use crate::error::Result;
use crate::profile::{self, IdentifierView};

/// Profiles in memory at the same time.
const PART: i64 = 200;
/// Profiles shown as examples.
const SAMPLE: usize = 10;

/// The answer of a preview.
#[derive(Debug, Default, Serialize)]
pub(super) struct Preview {
    count: u64,
    sample: Vec<Example>,
}

#[derive(Debug, Serialize)]
struct Example {
    id: String,
    identifiers: Vec<IdentifierView>,
}

/// Looks at every profile and writes nothing.
pub(super) async fn preview(app: &App, space_id: &str, rule: &Expr) -> Result<Preview> {
    let now = clock::now();
    let rules = Rules::of(&app.sources, space_id);
    let needed = rules.for_audiences();
    let mut answer = Preview::default();
    let mut cursor = String::new();
    loop {
        let profiles = store::profiles_after(&app.database, space_id, &cursor, PART).await?;
        let Some(last) = profiles.last() else {
            return Ok(answer);
        };
        cursor.clone_from(last);
        let mut connection = app.database.reader().acquire().await?;
        let facts = facts::load_and_count(&mut connection, &rules, rule, &profiles).await?;
        let folded = consent::folded_of_profiles(&mut connection, space_id, &profiles).await?;
        for id in profiles {
            let mut of_profile = folded.get(&id).into_iter().flatten();
            let agreed = of_profile.any(|folded| folded.serves(needed));
            let seen = facts.seen_for(&id, needed);
            if agreed && rule.evaluate(&seen.facts(), now).member {
                answer.count += 1;
                if answer.sample.len() < SAMPLE {
                    let identifiers =
                        profile::identifiers(app, space_id, std::slice::from_ref(&id)).await?;
                    answer.sample.push(Example {
                        identifiers: identifiers.into_values().flatten().collect(),
                        id,
                    });
                }
            }
        }
    }
}
