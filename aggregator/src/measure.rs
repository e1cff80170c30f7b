//! The identity stage by itself, for `headwater-load identity`: nothing else can be told from it over HTTP.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use cdp_core::event::Event;

use crate::consent::Rules;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::identity::{self, Cache};
use crate::pipeline::{Logged, Pace, Turn};
use crate::source::Directory;

/// A space that no folder has.
const SPACE: &str = "spc_measured";

/// Resolves events in SQLite in an empty folder, in turns as the pipeline takes them where many wait: their evidence is written,
/// and who is who found and written, committed as the pipeline commits. Gives what `clock` says that it took, making the events
/// not counted.
///
/// # Errors
/// What the database says, in a sentence.
pub async fn identity(
    folder: &Path,
    events: impl Iterator<Item = Event>,
    clock: impl FnMut() -> f64,
) -> std::result::Result<f64, String> {
    let database = Database::open_folder(folder).await;
    let database = database.map_err(|error| error.to_string())?;
    let took = resolve(&database, events, clock).await;
    database.close().await;
    took.map_err(|error| error.to_string())
}

async fn resolve(
    database: &Database,
    events: impl Iterator<Item = Event>,
    mut clock: impl FnMut() -> f64,
) -> Result<f64> {
    let sources = Directory::load(database).await?;
    let rules = Rules::of(&sources, SPACE);
    let (space_id, source_id): (Arc<str>, Arc<str>) = (Arc::from(SPACE), Arc::from("src"));
    let mut events = events.peekable();
    let mut cache = Cache::default();
    let mut pace = Pace::default();
    let mut took = 0.0;
    while events.peek().is_some() {
        let portion: Vec<Event> = events.by_ref().take(pace.portion().messages).collect();
        let (before, started) = (clock(), Instant::now());
        let mut logged = Vec::with_capacity(portion.len());
        let mut named = Vec::with_capacity(portion.len());
        for event in portion {
            let identifiers = rules.identity().identifiers_of(&event);
            logged.push(Logged {
                offset: 0,
                space_id: Arc::clone(&space_id),
                source_id: Arc::clone(&source_id),
                anchor: identifiers
                    .first()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                event: Arc::new(event),
            });
            named.push(identifiers);
        }
        let mut connection = database.begin_derived().await?;
        let mut transaction = connection.begin().await?;
        let mut turn = Turn::of(&rules, &logged, named);
        identity::apply(&mut transaction, &mut turn, &mut cache).await?;
        transaction.commit().await.map_err(Error::from)?;
        cache.settle();
        took += clock() - before;
        pace.took(logged.len(), started.elapsed());
    }
    Ok(took)
}
