//! Reading a plan by hand, because each message must name the event and the place that is wrong.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Action, MAX_EVENTS, MAX_NAME, Plan, PlanError, PlannedEvent, label, schema};
use crate::event::EventKind;

/// Mistakes that are told at once.
const MOST_ERRORS: usize = 50;

impl Plan {
    /// Reads and checks a whole plan.
    ///
    /// # Errors
    /// Every mistake that was found (the first 50), each with the event and the place.
    pub fn read(value: &Value) -> Result<Self, Vec<PlanError>> {
        let mut errors = Vec::new();
        let Some(fields) = value.as_object() else {
            let message = "write the plan as {\"events\":[…],\"unplanned\":\"allow\"}";
            return Err(vec![of_plan("plan", message.to_owned())]);
        };
        for field in fields.keys() {
            if !matches!(field.as_str(), "events" | "unplanned") {
                let message = "a plan has \"events\" and \"unplanned\" and nothing else";
                errors.push(of_plan(field, message.to_owned()));
            }
        }
        let unplanned = unplanned(fields, &mut errors);
        let events = events(fields, &mut errors);
        repeated(&events, &mut errors);
        let mut patterns = schema::MAX_PATTERNS;
        for (index, event) in &events {
            errors.extend(named(*index, event));
            for mistake in schema::check(&event.schema, &mut patterns) {
                errors.push(PlanError {
                    event: event.label(),
                    path: format!("events[{index}].schema{}", mistake.path),
                    message: mistake.message,
                });
            }
            if errors.len() >= MOST_ERRORS {
                break;
            }
        }
        if errors.is_empty() {
            let events = events.into_iter().map(|(_, event)| event).collect();
            return Ok(Self { events, unplanned });
        }
        errors.truncate(MOST_ERRORS);
        Err(errors)
    }
}

fn of_plan(path: &str, message: String) -> PlanError {
    PlanError {
        event: String::new(),
        path: path.to_owned(),
        message,
    }
}

fn unplanned(fields: &Map<String, Value>, errors: &mut Vec<PlanError>) -> Action {
    let Some(value) = fields.get("unplanned") else {
        return Action::Allow;
    };
    serde_json::from_value(value.clone()).unwrap_or_else(|_| {
        let words = Action::ALL.map(Action::as_str).join(", ");
        errors.push(of_plan("unplanned", format!("write one of {words}")));
        Action::Allow
    })
}

/// The entries that can be read, each with its place.
fn events(fields: &Map<String, Value>, errors: &mut Vec<PlanError>) -> Vec<(usize, PlannedEvent)> {
    let list = match fields.get("events") {
        None => return Vec::new(),
        Some(Value::Array(list)) => list,
        Some(_) => {
            errors.push(of_plan("events", "write a list of events".to_owned()));
            return Vec::new();
        }
    };
    if list.len() > MAX_EVENTS {
        let message = format!(
            "the plan has {} events; it may have {MAX_EVENTS}",
            list.len()
        );
        errors.push(of_plan("events", message));
        return Vec::new();
    }
    let mut events = Vec::with_capacity(list.len());
    for (index, value) in list.iter().enumerate() {
        match serde_json::from_value::<PlannedEvent>(value.clone()) {
            Ok(event) => events.push((index, event)),
            Err(error) => errors.push(PlanError {
                event: spoken(value),
                path: format!("events[{index}]"),
                message: format!(
                    "{error}: write {{\"type\":\"track\",\"event\":\"…\",\"on_violation\":\"flag\",\"schema\":{{…}}}}"
                ),
            }),
        }
    }
    events
}

/// What an entry that cannot be read seems to mean.
fn spoken(value: &Value) -> String {
    let kind = value.get("type").and_then(Value::as_str);
    let kind = kind.and_then(EventKind::from_word);
    kind.map_or_else(String::new, |kind| {
        label(kind, value.get("event").and_then(Value::as_str))
    })
}

/// Whether the entry has a name where it needs one, and none where it cannot have one.
fn named(index: usize, event: &PlannedEvent) -> Option<PlanError> {
    let message = match (event.kind, event.event.as_deref()) {
        (EventKind::Alias, _) => {
            "an alias has neither properties nor traits: leave it out of the plan"
        }
        (EventKind::Track, None) => "a track event needs \"event\", its name",
        (EventKind::Identify | EventKind::Group, Some(_)) => {
            "identify and group calls have no name: leave \"event\" away"
        }
        (_, Some(name)) if name.trim().is_empty() => "the name is empty",
        (_, Some(name)) if name.chars().count() > MAX_NAME => {
            "the name has more than 255 characters"
        }
        _ => return None,
    };
    Some(PlanError {
        event: event.label(),
        path: format!("events[{index}].event"),
        message: message.to_owned(),
    })
}

fn repeated(events: &[(usize, PlannedEvent)], errors: &mut Vec<PlanError>) {
    let mut seen: BTreeMap<(EventKind, Option<&str>), usize> = BTreeMap::new();
    for (index, event) in events {
        let first = *seen
            .entry((event.kind, event.event.as_deref()))
            .or_insert(*index);
        if first != *index {
            errors.push(PlanError {
                event: event.label(),
                path: format!("events[{index}]"),
                message: format!("the same event is already at events[{first}]: keep one of them"),
            });
        }
    }
}
