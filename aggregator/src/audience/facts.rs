//! What the audiences of a space want to know of profiles.

use std::collections::BTreeMap;

use cdp_core::audience::{EventFact, Expr, Facts};
use cdp_core::event::Object;
use cdp_core::time::{Span, Timestamp};
use sqlx::AnyConnection;

use super::store;
use crate::error::Result;
use crate::{computed_trait, traits};

/// Facts of several profiles.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    traits: BTreeMap<String, Object>,
    computed_traits: BTreeMap<String, Object>,
    events: BTreeMap<String, Vec<EventFact>>,
    nothing: Object,
}

impl Loaded {
    /// The facts of one of them.
    pub(super) fn of(&self, profile_id: &str) -> Facts<'_> {
        Facts {
            traits: self.traits.get(profile_id).unwrap_or(&self.nothing),
            computed_traits: self
                .computed_traits
                .get(profile_id)
                .unwrap_or(&self.nothing),
            events: self.events.get(profile_id).map_or(&[], Vec::as_slice),
        }
    }
}

/// Loads what these rules look at: traits, computed traits, and the events of the names they
/// mention, within the longest window that mentions them.
pub(super) async fn load(
    connection: &mut AnyConnection,
    space_id: &str,
    rules: &[&Expr],
    profiles: &[String],
    now: Timestamp,
) -> Result<Loaded> {
    let mut loaded = Loaded {
        traits: traits::of_profiles(connection, space_id, profiles).await?,
        computed_traits: computed_trait::of_profiles(connection, space_id, profiles).await?,
        ..Loaded::default()
    };
    for (name, window) in windows(rules) {
        let since = window.map_or(i64::MIN, |window| now.plus(window.negated()).as_micros());
        for (profile_id, fact) in
            store::events_of(connection, space_id, name, since, profiles).await?
        {
            loaded.events.entry(profile_id).or_default().push(fact);
        }
    }
    Ok(loaded)
}

/// Each event name with how far back the rules look at it; `None` is everything.
fn windows<'a>(rules: &[&'a Expr]) -> BTreeMap<&'a str, Option<Span>> {
    let mut windows: BTreeMap<&str, Option<Span>> = BTreeMap::new();
    for rule in rules {
        for name in rule.event_names() {
            let Some(window) = rule.longest_window(name) else {
                continue;
            };
            let known = windows.entry(name).or_insert(window);
            *known = known.zip(window).map(|(one, two)| one.max(two));
        }
    }
    windows
}
