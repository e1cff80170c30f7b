//! The named types of the description: what is taken and what is answered under one roof.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::http::contract::given;

/// Where references lead.
const PLACE: &str = "#/components/schemas/";
/// Marks a member that may be left away and may be null when it is not.
const NULLABLE: &str = "x-nullable";
/// What the name of a type that is taken otherwise than it is answered ends with.
const TAKEN: &str = "Input";

/// A word of the wire as a name.
pub(super) fn pascal(word: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect::<String>())
            .unwrap_or_default()
    };
    word.split('_').map(capital).collect()
}

/// All named types. One that is taken in more forms than it is answered in has a name of its own, which the bodies of
/// `paths` are told. What is answered is closed: a member that is not described is not answered.
pub(super) fn joined(
    paths: &mut Value,
    mut written: Map<String, Value>,
    read: Map<String, Value>,
) -> Map<String, Value> {
    let differs = differing(&written, &read);
    let renamed = |name: &str| match differs.contains(name) {
        true => format!("{name}{TAKEN}"),
        false => name.to_owned(),
    };
    let operations = paths
        .as_object_mut()
        .into_iter()
        .flat_map(|paths| paths.values_mut())
        .filter_map(Value::as_object_mut)
        .flat_map(|methods| methods.values_mut());
    for operation in operations {
        for part in ["requestBody", "parameters"] {
            if let Some(part) = operation.get_mut(part) {
                each(part, &mut |schema| rename(schema, &renamed));
                each(part, &mut plain);
            }
        }
        let responses = operation
            .get_mut("responses")
            .and_then(Value::as_object_mut);
        for response in responses.into_iter().flat_map(|all| all.values_mut()) {
            each(response, &mut plain);
            let content = response.get_mut("content").and_then(Value::as_object_mut);
            for content in content.into_iter().flat_map(|all| all.values_mut()) {
                close(&mut content["schema"]);
            }
        }
    }
    let named = written.clone();
    for schema in written.values_mut() {
        each(schema, &mut plain);
        each(schema, &mut |schema| unfold(schema, &named));
        each(schema, &mut never_null);
        close(schema);
    }
    for (name, mut schema) in read {
        if written.contains_key(&name) && !differs.contains(&name) {
            continue;
        }
        each(&mut schema, &mut |schema| rename(schema, &renamed));
        each(&mut schema, &mut plain);
        written.insert(renamed(&name), schema);
    }
    written
}

/// The types that are answered, too, but otherwise than they are taken, or that name such a one.
fn differing(written: &Map<String, Value>, read: &Map<String, Value>) -> BTreeSet<String> {
    let mut differs: BTreeSet<String> = read
        .iter()
        .filter(|(name, schema)| {
            written
                .get(*name)
                .is_some_and(|known| closed(known) != closed(schema))
        })
        .map(|(name, _)| name.clone())
        .collect();
    loop {
        let before = differs.len();
        for (name, schema) in read {
            let mut leads = false;
            each(&mut schema.clone(), &mut |schema| {
                leads |= target(schema).is_some_and(|name| differs.contains(name));
            });
            if leads && written.contains_key(name) {
                differs.insert(name.clone());
            }
        }
        if differs.len() == before {
            return differs;
        }
    }
}

fn closed(schema: &Value) -> Value {
    let mut schema = schema.clone();
    close(&mut schema);
    schema
}

/// The name to which a schema refers.
fn target(schema: &Map<String, Value>) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(PLACE)
}

fn rename(schema: &mut Map<String, Value>, renamed: &impl Fn(&str) -> String) {
    if let Some(name) = target(schema).map(renamed) {
        schema.insert("$ref".to_owned(), json!(format!("{PLACE}{name}")));
    }
}

/// Takes the marks of links to code out of what is said.
fn plain(schema: &mut Map<String, Value>) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text
            .replace("[`", "")
            .replace("`]", "")
            .replace('`', "")
            .replace('\n', " ");
    }
    // The only formats that say more than the type does.
    let is_known = |format: &Value| format == "date-time";
    if schema
        .get("format")
        .is_some_and(|format| format.is_string() && !is_known(format))
    {
        schema.remove("format");
    }
}

/// Puts the members of a named type beside others in the place of its name: each of both would be closed to the
/// members of the other.
fn unfold(schema: &mut Map<String, Value>, named: &Map<String, Value>) {
    if !schema.contains_key("properties") {
        return;
    }
    let found = target(schema).and_then(|name| named.get(name)).cloned();
    let Some(Value::Object(found)) = found else {
        return;
    };
    schema.remove("$ref");
    for (word, value) in found {
        match (schema.get_mut(&word), value) {
            (Some(Value::Object(known)), Value::Object(more)) => known.extend(more),
            (Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
            (Some(_), _) => {}
            (None, value) => drop(schema.insert(word, value)),
        }
    }
}

/// Takes null away from members that are left away instead.
fn never_null(schema: &mut Map<String, Value>) {
    let required = schema.get("required").and_then(Value::as_array).cloned();
    let required = required.unwrap_or_default();
    let members = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (name, member) in members.into_iter().flatten() {
        let mark = member
            .as_object_mut()
            .and_then(|member| member.remove(NULLABLE));
        if mark.is_none() && !required.contains(&json!(name)) {
            *member = given(member);
        }
    }
}

/// Visits every object within, the outermost first.
fn each(value: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            visit(members);
            // What is inside of examples is no schema.
            let data =
                |name: &str| matches!(name, "example" | "examples" | "default" | "enum" | "const");
            let within = members.iter_mut().filter(|(name, _)| !data(name));
            within.for_each(|(_, value)| each(value, visit));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| each(value, visit)),
        _ => {}
    }
}

/// Closes a schema and those within: nothing is answered that is not described.
fn close(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    let has_members = members.contains_key("properties");
    let is_joined = ["allOf", "anyOf", "oneOf", "$ref"]
        .into_iter()
        .any(|word| members.contains_key(word));
    if has_members && !members.contains_key("additionalProperties") {
        let word = if is_joined {
            "unevaluatedProperties"
        } else {
            "additionalProperties"
        };
        members.insert(word.to_owned(), json!(false));
    }
    for word in ["properties", "$defs"] {
        let within = members.get_mut(word).and_then(Value::as_object_mut);
        within
            .into_iter()
            .flat_map(|within| within.values_mut())
            .for_each(close);
    }
    for word in ["items", "additionalProperties"] {
        members.get_mut(word).into_iter().for_each(close);
    }
    // Of what is joined to members beside it, the outer schema says what is known.
    for word in ["allOf", "anyOf", "oneOf"] {
        let choices = members.get_mut(word).and_then(Value::as_array_mut);
        for choice in choices.into_iter().flatten() {
            if has_members {
                within(choice);
            } else {
                close(choice);
            }
        }
    }
}

/// Closes what is within the members of a schema that stays open itself.
fn within(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    let properties = members.get_mut("properties").and_then(Value::as_object_mut);
    properties
        .into_iter()
        .flat_map(|all| all.values_mut())
        .for_each(close);
    for word in ["allOf", "anyOf", "oneOf"] {
        let choices = members.get_mut(word).and_then(Value::as_array_mut);
        choices.into_iter().flatten().for_each(within);
    }
}
