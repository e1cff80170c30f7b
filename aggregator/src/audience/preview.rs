//! How many a definition would reach, before it is saved.

use cdp_core::audience::Expr;
use serde::Serialize;

use super::{facts, store};
use crate::app::App;
use crate::clock;
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
    let mut answer = Preview::default();
    let mut cursor = String::new();
    loop {
        let profiles = store::profiles_after(&app.database, space_id, &cursor, PART).await?;
        let Some(last) = profiles.last() else {
            return Ok(answer);
        };
        cursor.clone_from(last);
        let mut connection = app.database.reader().acquire().await?;
        let facts = facts::load_and_count(&mut connection, space_id, rule, &profiles).await?;
        for id in profiles {
            if rule.evaluate(&facts.of(&id), now).member {
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
