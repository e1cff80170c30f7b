//! Comparisons in our own words (`{"gte": 3}`), as definitions could have them from the beginning. They are
//! read into the condition language, in which they are kept.

use serde_json::{Map, Value, json};

use super::ExprError;
use crate::condition::{Condition, Operators};

/// Our words, and the operator that each is.
const WORDS: [(&str, &str); 8] = [
    ("eq", "$eq"),
    ("ne", "$ne"),
    ("gt", "$gt"),
    ("gte", "$gte"),
    ("lt", "$lt"),
    ("lte", "$lte"),
    ("in", "$in"),
    ("exists", "$exists"),
];
/// The word that is not one operator: a text that contains this text, or a list that has this value.
const CONTAINS: &str = "contains";

/// Whether an object is a comparison in our words.
fn is_ours(value: &Value) -> bool {
    let known = |word: &String| word == CONTAINS || WORDS.iter().any(|(ours, _)| ours == word);
    value
        .as_object()
        .is_some_and(|object| !object.is_empty() && object.keys().all(known))
}

/// A comparison of one attribute, as a condition.
fn of_attribute(name: &str, comparison: &Map<String, Value>) -> Value {
    let mut operators = Map::new();
    let mut rest = Vec::new();
    for (word, operand) in comparison {
        match WORDS.iter().find(|(ours, _)| ours == word) {
            Some((_, operator)) => {
                operators.insert((*operator).to_owned(), operand.clone());
            }
            None => {
                let mut either = vec![json!({name: {"$elemMatch": {"$eq": operand}}})];
                if let Some(part) = operand.as_str() {
                    either.push(json!({name: {"$regex": regex_lite::escape(part)}}));
                }
                rest.push(json!({"$or": either}));
            }
        }
    }
    match (operators.is_empty(), rest.len()) {
        (false, 0) => json!({name: operators}),
        (true, 1) => rest.remove(0),
        (true, _) => json!({"$and": rest}),
        (false, _) => {
            rest.push(json!({name: operators}));
            json!({"$and": rest})
        }
    }
}

/// Reads what the properties of events have to be: a condition, in which an attribute may be compared in our
/// words too.
pub(crate) fn read_where(value: &Value, path: &str) -> Result<Condition, ExprError> {
    let Some(object) = value.as_object() else {
        return Err(ExprError {
            path: path.to_owned(),
            message: "write an object from property to what it has to be, such as {\"category\": \"sneakers\"}".to_owned(),
        });
    };
    let mut plain = Map::new();
    let mut all = Vec::new();
    for (name, wanted) in object {
        match wanted.as_object() {
            Some(comparison) if !name.starts_with('$') && is_ours(wanted) => {
                all.push(of_attribute(name, comparison));
            }
            _ => {
                plain.insert(name.clone(), wanted.clone());
            }
        }
    }
    // Where each attribute has operators of its own, they are one object.
    let mut joined = plain;
    let mut apart = Vec::new();
    for condition in all {
        match condition {
            Value::Object(condition)
                if condition
                    .keys()
                    .all(|key| !key.starts_with('$') && !joined.contains_key(key)) =>
            {
                joined.extend(condition);
            }
            condition => apart.push(condition),
        }
    }
    let condition = if apart.is_empty() {
        Value::Object(joined)
    } else {
        if !joined.is_empty() {
            apart.push(Value::Object(joined));
        }
        json!({"$and": apart})
    };
    Condition::parse(&condition, path)
}

/// Reads the comparison of a named attribute: operators, a value, or our words.
pub(super) fn read_attribute(
    name: &str,
    value: Option<&Value>,
    path: &str,
) -> Result<Condition, ExprError> {
    let fail = |message: String| ExprError {
        path: path.to_owned(),
        message,
    };
    let value = value
        .ok_or_else(|| fail("a comparison is missing, such as {\"$eq\": \"pro\"}".to_owned()))?;
    if name.starts_with('$') {
        return Err(fail(
            "a name that begins with $ is kept for conditions".to_owned(),
        ));
    }
    let condition = match value.as_object() {
        Some(object) if is_ours(value) => of_attribute(name, object),
        Some(object) => {
            refuse_other_words(object).map_err(fail)?;
            json!({name: value})
        }
        None => json!({name: value}),
    };
    Condition::parse(&condition, path).map_err(|error| ExprError {
        // The attribute's name is ours; the place is the comparison's.
        path: error
            .path
            .strip_prefix(&format!("{path}.{name}"))
            .map_or(error.path.clone(), |rest| format!("{path}{rest}")),
        ..error
    })
}

/// Reads the comparison of a number that has no name.
pub(super) fn read_operators(value: &Value, path: &str) -> Result<Operators, ExprError> {
    let fail = |message: String| ExprError {
        path: path.to_owned(),
        message,
    };
    let Some(object) = value.as_object() else {
        return Operators::parse(value, path);
    };
    if !is_ours(value) {
        refuse_other_words(object).map_err(fail)?;
        return Operators::parse(value, path);
    }
    let mut operators = Map::new();
    for (word, operand) in object {
        let Some((_, operator)) = WORDS.iter().find(|(ours, _)| ours == word) else {
            return Err(fail(format!("\"{CONTAINS}\" does not compare numbers")));
        };
        operators.insert((*operator).to_owned(), operand.clone());
    }
    Operators::parse(&Value::Object(operators), path)
}

/// An object without operators would be compared as a whole, which nobody means here.
fn refuse_other_words(object: &Map<String, Value>) -> Result<(), String> {
    let known = "write operators such as $eq, $ne, $gt, $gte, $lt, $lte, $in, $exists, $regex, or our words eq, ne, gt, gte, lt, lte, in, contains, exists";
    match object.keys().find(|key| !key.starts_with('$')) {
        Some(word) => Err(format!("unknown field `{word}`; {known}")),
        None if object.is_empty() => Err(format!("write at least one of these: {known}")),
        None => Ok(()),
    }
}
