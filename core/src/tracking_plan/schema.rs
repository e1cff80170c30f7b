//! Checking and compiling the schema of one event.

use std::collections::BTreeSet;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value};

/// Schemas that a schema may come to, with each reference counted as what it refers to.
const MAX_NODES: usize = 2_000;
/// How deep they may be nested, references included.
const MAX_DEPTH: usize = 48;
/// Patterns that a plan may have, with each reference counted as what it refers to.
pub(crate) const MAX_PATTERNS: usize = 200;
/// Bytes that a compiled pattern may take, and as many again while it is matched.
const PATTERN_BYTES: usize = 256 * 1024;

/// What is wrong with a schema, and where: a JSON pointer.
#[derive(Debug)]
pub(crate) struct Mistake {
    pub(crate) path: String,
    pub(crate) message: String,
}

/// Everything that is wrong with a schema. `patterns` is what the plan has left of them.
pub(crate) fn check(schema: &Value, patterns: &mut usize) -> Vec<Mistake> {
    let mut walk = Walk::of(schema);
    walk.patterns = *patterns;
    walk.schema(schema, String::new());
    *patterns = walk.patterns;
    if walk.mistakes.is_empty() {
        walk.mistakes.extend(compile(schema).err());
    }
    walk.mistakes
}

/// The names of properties that a schema knows.
pub(super) fn names(schema: &Value) -> BTreeSet<String> {
    let mut walk = Walk::of(schema);
    walk.patterns = MAX_PATTERNS;
    walk.schema(schema, String::new());
    walk.names
}

/// A validator of a schema that was checked.
pub(crate) fn compile(schema: &Value) -> Result<Validator, Mistake> {
    let mut schema = schema.clone();
    let draft = draft(&schema).map_err(|message| Mistake {
        path: "/$schema".to_owned(),
        message,
    })?;
    // The document's own address means nothing here, and without one every reference is local.
    if let Some(fields) = schema.as_object_mut() {
        fields.remove("$id");
    }
    let patterns = PatternOptions::regex()
        .size_limit(PATTERN_BYTES)
        .dfa_size_limit(PATTERN_BYTES);
    jsonschema::options()
        .with_draft(draft)
        .offline()
        .should_validate_formats(true)
        .should_ignore_unknown_formats(false)
        .with_pattern_options(patterns)
        .build(&schema)
        .map_err(|error| Mistake {
            path: error.instance_path().as_str().to_owned(),
            message: in_words(&error.to_string()),
        })
}

/// What the validator says of a schema, with what to do about it.
fn in_words(said: &str) -> String {
    if let Some((format, _)) = said.split_once(". Adjust configuration") {
        return format!(
            "{format}: leave \"format\" away, or write one of date, date-time, time, duration, email, hostname, ipv4, ipv6, uri, uri-reference, uuid, regex"
        );
    }
    if said.ends_with("is not a \"regex\"") {
        return format!(
            "{said} that can be used here: write it without look-around and back-references (RE2's syntax), and with smaller repetitions if it is large"
        );
    }
    said.to_owned()
}

fn draft(schema: &Value) -> Result<Draft, String> {
    let Some(named) = schema.get("$schema") else {
        return Ok(Draft::Draft202012);
    };
    let address = named.as_str().unwrap_or_default().trim_end_matches('#');
    match address
        .trim_start_matches("https://")
        .trim_start_matches("http://")
    {
        "json-schema.org/draft/2020-12/schema" => Ok(Draft::Draft202012),
        "json-schema.org/draft-07/schema" => Ok(Draft::Draft7),
        _ => Err("write \"https://json-schema.org/draft/2020-12/schema\" or \"http://json-schema.org/draft-07/schema#\", or leave \"$schema\" away".to_owned()),
    }
}

/// A walk over a schema and everything that it refers to.
struct Walk<'a> {
    root: &'a Value,
    /// The references that are being followed.
    following: Vec<&'a str>,
    nodes: usize,
    depth: usize,
    patterns: usize,
    names: BTreeSet<String>,
    mistakes: Vec<Mistake>,
}

/// Keywords with one schema.
const ONE: [&str; 12] = [
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords with a list of schemas.
const LIST: [&str; 5] = ["allOf", "anyOf", "items", "oneOf", "prefixItems"];
/// Keywords with schemas by name.
const BY_NAME: [&str; 6] = [
    "$defs",
    "definitions",
    "dependencies",
    "dependentSchemas",
    "patternProperties",
    "properties",
];
/// Keywords that would make a schema mean another document, or itself.
const REFUSED: [&str; 7] = [
    "$anchor",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$recursiveAnchor",
    "$recursiveRef",
    "$schema",
];

impl<'a> Walk<'a> {
    fn of(root: &'a Value) -> Self {
        Self {
            root,
            following: Vec::new(),
            nodes: 0,
            depth: 0,
            patterns: 0,
            names: BTreeSet::new(),
            mistakes: Vec::new(),
        }
    }

    fn mistake(&mut self, path: String, message: impl Into<String>) {
        self.mistakes.push(Mistake {
            path,
            message: message.into(),
        });
    }

    fn schema(&mut self, schema: &'a Value, path: String) {
        let fields = match schema {
            Value::Bool(_) => return,
            Value::Object(fields) => fields,
            _ => return self.mistake(path, "write a JSON Schema: an object, true or false"),
        };
        self.nodes += 1;
        if self.nodes == MAX_NODES + 1 {
            let message = format!(
                "the schema comes to more than {MAX_NODES} parts, with each \"$ref\" counted as what it refers to: split the event or simplify it"
            );
            return self.mistake(path, message);
        }
        if self.nodes > MAX_NODES || self.mistakes.len() > 20 {
            return;
        }
        if self.depth >= MAX_DEPTH {
            let message = format!("schemas may be nested {MAX_DEPTH} deep");
            return self.mistake(path, message);
        }
        self.depth += 1;
        self.keywords(fields, &path);
        self.depth -= 1;
    }

    fn keywords(&mut self, fields: &'a Map<String, Value>, path: &str) {
        let is_root = path.is_empty();
        for keyword in REFUSED {
            let there = fields.contains_key(keyword);
            if there && !(is_root && matches!(keyword, "$id" | "$schema")) {
                let message = format!(
                    "\"{keyword}\" is not taken here: a plan's schema is one document that refers to its own parts with \"$ref\": \"#/$defs/…\""
                );
                self.mistake(format!("{path}/{keyword}"), message);
            }
        }
        if let Some(reference) = fields.get("$ref") {
            self.follow(reference, format!("{path}/$ref"));
        }
        if fields.contains_key("pattern") {
            self.count_pattern(format!("{path}/pattern"));
        }
        if let Some(required) = fields.get("required").and_then(Value::as_array) {
            let required = required.iter().filter_map(Value::as_str);
            self.names.extend(required.map(str::to_owned));
        }
        for keyword in ONE {
            if let Some(schema) = fields.get(keyword).filter(|schema| !schema.is_array()) {
                self.schema(schema, format!("{path}/{keyword}"));
            }
        }
        for keyword in LIST {
            let schemas = fields.get(keyword).and_then(Value::as_array);
            for (index, schema) in schemas.into_iter().flatten().enumerate() {
                self.schema(schema, format!("{path}/{keyword}/{index}"));
            }
        }
        for keyword in BY_NAME {
            let schemas = fields.get(keyword).and_then(Value::as_object);
            for (name, schema) in schemas.into_iter().flatten() {
                let path = format!("{path}/{keyword}/{}", escaped(name));
                match keyword {
                    "properties" => {
                        self.names.insert(name.clone());
                    }
                    "patternProperties" => self.count_pattern(path.clone()),
                    // Draft-07's dependencies may be lists of names.
                    "dependencies" if schema.is_array() => continue,
                    _ => {}
                }
                self.schema(schema, path);
            }
        }
    }

    fn count_pattern(&mut self, path: String) {
        match self.patterns.checked_sub(1) {
            Some(left) => self.patterns = left,
            None => {
                let message = format!("a plan may have {MAX_PATTERNS} patterns");
                self.mistake(path, message);
            }
        }
    }

    fn follow(&mut self, reference: &'a Value, path: String) {
        let Some(text) = reference.as_str() else {
            return self.mistake(path, "write \"#/$defs/…\"");
        };
        let pointer = text.strip_prefix('#').filter(|pointer| {
            (pointer.is_empty() || pointer.starts_with('/')) && !pointer.contains('%')
        });
        let Some(pointer) = pointer else {
            let message = "a schema refers only to its own parts, and nothing is ever fetched: copy the other schema into \"$defs\" and write \"#/$defs/…\"";
            return self.mistake(path, message);
        };
        if pointer.is_empty() || self.following.contains(&pointer) {
            let message = "the schema refers to itself in a circle; an event's schema has to end: write the levels out";
            return self.mistake(path, message);
        }
        let Some(target) = self.root.pointer(pointer) else {
            return self.mistake(path, format!("there is nothing at \"{text}\""));
        };
        self.following.push(pointer);
        // The target's own place is told from the reference, so that it is never taken for the root.
        self.schema(target, path);
        self.following.pop();
    }
}

/// A name as a step of a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
