//! A plan from what has arrived.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use jsonschema::Validator;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Action, MAX_EVENTS, MAX_NAME, Plan, PlannedEvent, label, part_of, schema, words};
use crate::event::EventKind;

/// Levels of objects and lists that are looked into.
const DEEPEST: usize = 6;
/// Names that an object may have until it is taken for a map with any names.
const MOST_NAMES: usize = 100;
/// Different texts that still are a choice among a few.
const MOST_OPTIONS: usize = 10;
/// Texts that have to be seen before a choice is believed.
const ENOUGH: usize = 50;
/// Characters that an option may have.
const LONGEST_OPTION: usize = 64;
/// Items of one list that are looked at.
const MOST_ITEMS: usize = 50;

/// Formats that are recognised, the strictest first.
const FORMATS: [&str; 5] = ["date-time", "date", "uuid", "email", "uri"];

/// What was seen of the events so far.
#[derive(Debug, Default)]
pub struct Observed {
    events: BTreeMap<(EventKind, Option<String>), Shape>,
    /// Names beyond what a plan may hold.
    left_out: usize,
}

/// A plan that takes everything that was seen.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Inferred {
    /// The plan.
    pub plan: Plan,
    /// What a person should look at before publishing it.
    pub notes: Vec<String>,
}

/// What was seen at one place.
#[derive(Debug, Default)]
struct Shape {
    seen: usize,
    nulls: usize,
    booleans: usize,
    integers: usize,
    numbers: usize,
    texts: Texts,
    lists: usize,
    items: Option<Box<Shape>>,
    objects: usize,
    fields: BTreeMap<String, Shape>,
    /// There are too many names to be a fixed set.
    is_map: bool,
}

#[derive(Debug, Default)]
struct Texts {
    count: usize,
    numeric: usize,
    /// How many texts are in each format of [`FORMATS`].
    formats: [usize; FORMATS.len()],
    options: BTreeMap<String, usize>,
    /// There are too many different texts, or too long ones, to be a choice.
    free: bool,
}

impl Observed {
    /// Takes an event in: its properties, or its traits.
    pub fn see(&mut self, kind: EventKind, name: Option<&str>, body: &Value) {
        let fits =
            name.is_none_or(|name| !name.trim().is_empty() && name.chars().count() <= MAX_NAME);
        if part_of(kind).is_none() || !fits || (kind == EventKind::Track && name.is_none()) {
            return;
        }
        let key = (kind, name.map(str::to_owned));
        if self.events.len() >= MAX_EVENTS && !self.events.contains_key(&key) {
            self.left_out += 1;
            return;
        }
        self.events.entry(key).or_default().see(body, 0);
    }

    /// The plan. Each event gets the action that `known` has for it; one that is not there is
    /// flagged, and so is what is not planned, unless `known` says otherwise.
    #[must_use]
    pub fn infer(&self, known: Option<&Plan>) -> Inferred {
        let mut notes = Vec::new();
        let mut events = Vec::with_capacity(self.events.len());
        for ((kind, name), shape) in &self.events {
            let before = known.and_then(|plan| {
                let mut entries = plan.events.iter();
                entries.find(|entry| entry.kind == *kind && entry.event == *name)
            });
            let event = label(*kind, name.as_deref());
            let mut told = |path: &str, note: String| {
                notes.push(format!("{event}, {path}: {note}"));
            };
            let path = part_of(*kind).unwrap_or_default();
            events.push(PlannedEvent {
                kind: *kind,
                event: name.clone(),
                description: before.map_or_else(
                    || format!("Seen {} times.", shape.seen),
                    |before| before.description.clone(),
                ),
                on_violation: before.map_or(Action::Flag, |before| before.on_violation),
                schema: shape.schema(path, &mut told),
            });
        }
        if self.left_out > 0 {
            notes.push(format!(
                "{} events have names beyond the {MAX_EVENTS} that a plan may have and are left out: put what differs from event to event into a property",
                self.left_out
            ));
        }
        let unplanned = known.map_or(Action::Flag, |plan| plan.unplanned);
        Inferred {
            plan: Plan { events, unplanned },
            notes,
        }
    }
}

impl Shape {
    fn see(&mut self, value: &Value, depth: usize) {
        self.seen += 1;
        match value {
            Value::Null => self.nulls += 1,
            Value::Bool(_) => self.booleans += 1,
            // 3.0 is a whole number in JSON Schema, and browsers write whole numbers so.
            Value::Number(number)
                if number.as_f64().is_some_and(|number| number.fract() == 0.0) =>
            {
                self.integers += 1;
            }
            Value::Number(_) => self.numbers += 1,
            Value::String(text) => self.texts.see(text),
            Value::Array(items) => {
                self.lists += 1;
                if depth < DEEPEST {
                    let shape = self.items.get_or_insert_default();
                    for item in items.iter().take(MOST_ITEMS) {
                        shape.see(item, depth + 1);
                    }
                }
            }
            Value::Object(fields) => {
                self.objects += 1;
                if depth < DEEPEST {
                    self.see_fields(fields, depth);
                }
            }
        }
    }

    fn see_fields(&mut self, fields: &Map<String, Value>, depth: usize) {
        for (name, value) in fields {
            if self.is_map {
                return;
            }
            if self.fields.len() >= MOST_NAMES && !self.fields.contains_key(name) {
                self.is_map = true;
                self.fields.clear();
                return;
            }
            self.fields
                .entry(name.clone())
                .or_default()
                .see(value, depth + 1);
        }
    }

    fn schema(&self, path: &str, note: &mut dyn FnMut(&str, String)) -> Value {
        let mut schema = Map::new();
        let types = self.types();
        match types.as_slice() {
            [] => {}
            [one] => {
                schema.insert("type".to_owned(), Value::from(*one));
            }
            many => {
                schema.insert("type".to_owned(), Value::from(many.to_vec()));
                let kinds = many.iter().filter(|kind| **kind != "null").count();
                if kinds > 1 {
                    note(path, format!("came as {}", many.join(", ")));
                }
            }
        }
        if self.texts.count > 0 {
            // What is said of texts alone does not bind values of other types.
            self.texts.describe(&mut schema, self.nulls > 0);
            if self.texts.numeric > 0 {
                note(
                    path,
                    format!(
                        "{} of {} texts are numbers written as texts: sent as numbers, they could be compared and summed",
                        self.texts.numeric, self.texts.count
                    ),
                );
            }
        }
        if self.is_map {
            note(
                path,
                format!("has more than {MOST_NAMES} names of properties; any name is taken"),
            );
        } else if !self.fields.is_empty() {
            let mut properties = Map::new();
            let mut required = BTreeSet::new();
            for (name, field) in &self.fields {
                let path = format!("{path}.{name}");
                properties.insert(name.clone(), field.schema(&path, note));
                if field.seen == self.objects {
                    required.insert(name.as_str());
                }
            }
            schema.insert("properties".to_owned(), Value::Object(properties));
            if !required.is_empty() {
                schema.insert("required".to_owned(), json!(required));
            }
        }
        if let Some(items) = self.items.as_ref().filter(|items| items.seen > 0) {
            let items = items.schema(&format!("{path}[*]"), note);
            schema.insert("items".to_owned(), items);
        }
        Value::Object(schema)
    }

    /// The types that were seen, as JSON Schema writes them.
    fn types(&self) -> Vec<&'static str> {
        let number = if self.numbers > 0 {
            "number"
        } else {
            "integer"
        };
        [
            (self.booleans, "boolean"),
            (self.integers + self.numbers, number),
            (self.texts.count, "string"),
            (self.lists, "array"),
            (self.objects, "object"),
            (self.nulls, "null"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(_, name)| name)
        .collect()
    }
}

impl Texts {
    fn see(&mut self, text: &str) {
        self.count += 1;
        if words::is_number(text) {
            self.numeric += 1;
        }
        for (count, format) in self.formats.iter_mut().zip(formats()) {
            let is = format
                .as_ref()
                .is_some_and(|format| format.is_valid(&Value::from(text)));
            *count += usize::from(is);
        }
        if self.free {
            return;
        }
        if text.chars().count() > LONGEST_OPTION
            || (self.options.len() >= MOST_OPTIONS && !self.options.contains_key(text))
        {
            self.free = true;
            self.options.clear();
            return;
        }
        *self.options.entry(text.to_owned()).or_default() += 1;
    }

    fn describe(&self, schema: &mut Map<String, Value>, or_null: bool) {
        let format = FORMATS
            .iter()
            .zip(self.formats)
            .find(|(_, count)| *count == self.count);
        if let Some((format, _)) = format {
            schema.insert("format".to_owned(), Value::from(*format));
            return;
        }
        // Each option has come back: a text that came once is more likely a person's own.
        let is_choice = !self.free
            && self.count >= ENOUGH
            && self.options.values().all(|count| *count > 1)
            && self.numeric == 0;
        let only_texts = schema.get("type").is_some_and(|kind| {
            kind == "string" || (or_null && *kind == json!(["string", "null"]))
        });
        if is_choice && only_texts {
            let mut options: Vec<Value> = self.options.keys().cloned().map(Value::from).collect();
            options.extend(or_null.then_some(Value::Null));
            schema.insert("enum".to_owned(), Value::Array(options));
        }
    }
}

/// The same checks by which events are judged later, so that a format that is inferred is one that holds.
fn formats() -> &'static [Option<Validator>; FORMATS.len()] {
    static CHECKS: OnceLock<[Option<Validator>; FORMATS.len()]> = OnceLock::new();
    CHECKS.get_or_init(|| FORMATS.map(|format| schema::compile(&json!({"format": format})).ok()))
}
