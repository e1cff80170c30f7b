//! Paths into JSON: names joined by dots. Those that gather go through arrays ([`reach`]); those that compare
//! name one value ([`find`]).

use serde_json::Value;

use crate::event::{Event, Object};

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

/// The one value of this name in an object. A name that has a dot itself wins over a path; a path goes into
/// objects by name and into arrays by index, and ends at a whole value.
#[must_use]
pub fn find<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| {
        let (first, rest) = name.split_once('.')?;
        rest.split('.')
            .try_fold(object.get(first)?, |here, name| match here {
                Value::Object(members) => members.get(name),
                Value::Array(items) => items.get(index(name)?),
                _ => None,
            })
    })
}

/// A number as JSON writes one: `0` and `12`, but not `+1` or `01`.
fn index(name: &str) -> Option<usize> {
    let written = name == "0" || name.starts_with(|first| matches!(first, '1'..='9'));
    written.then(|| name.parse().ok()).flatten()
}

fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        other => vec![other],
    }
}
