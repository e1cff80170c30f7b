//! Paths into an event's JSON: names joined by dots, going through arrays.

use serde_json::Value;

use crate::event::Event;

/// All values that a path such as `properties.products.quantity` reaches in an event. Where an
/// array is on the way, the path goes on in each of its items. The first name is one of
/// `properties`, `traits`, `context`.
#[must_use]
pub fn of_event<'a>(event: &'a Event, path: &str) -> Vec<&'a Value> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let object = match first {
        "properties" => &event.properties,
        "traits" => &event.traits,
        "context" => &event.context,
        _ => return Vec::new(),
    };
    let (name, rest) = rest.split_once('.').unwrap_or((rest, ""));
    object
        .get(name)
        .map(|value| reach(value, rest))
        .unwrap_or_default()
}

/// All values that a path reaches below a value.
#[must_use]
pub fn reach<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut here = vec![value];
    for name in path.split('.').filter(|name| !name.is_empty()) {
        here = here
            .into_iter()
            .flat_map(items)
            .filter_map(|value| value.get(name))
            .collect();
    }
    here.into_iter().flat_map(items).collect()
}

fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        other => vec![other],
    }
}
