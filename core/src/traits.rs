//! Traits: what people and programs said about a person, last write by event time.

use serde_json::Value;

use crate::event::{Event, EventKind};
use crate::time::Timestamp;

/// The traits that an event sets; a null removes. `identify` sets its traits; `context.traits` of
/// any call of the person sets too, weaker than the call's own.
#[must_use]
pub fn of_event(event: &Event) -> Vec<(String, Value)> {
    if event.kind == EventKind::Group {
        return Vec::new();
    }
    let own = if event.kind == EventKind::Identify {
        Some(&*event.traits)
    } else {
        None
    };
    let context = event.context.member("traits").and_then(Value::as_object);
    let mut set: Vec<(String, Value)> = Vec::new();
    for (key, value) in [own, context].into_iter().flatten().flatten() {
        if !set.iter().any(|(known, _)| known == key) {
            set.push((key.clone(), value.clone()));
        }
    }
    set
}

/// Whether a write wins over the one that is there: the later event time, and between equal times
/// the greater message id, so that the order of arrival never matters.
#[must_use]
pub fn wins(new: (Timestamp, &str), old: (Timestamp, &str)) -> bool {
    new > old
}
