//! Comparing JSON values without converting any.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

/// Equal as JSON, at every depth with numbers as numbers: 1 and 1.0 are the same.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(_), Value::Number(_)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let has = |(name, value)| right.get(name).is_some_and(|other| same(value, other));
            left.len() == right.len() && left.iter().all(has)
        }
        _ => left == right,
    }
}

/// Numbers by size, texts by code point; anything else has no order. JavaScript orders texts by UTF-16 unit,
/// which differs where one of them has a character beyond U+FFFF.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64()?.partial_cmp(&right.as_f64()?),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// The word for a value's type.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whether a value is in a list or, of an array, one of its items is: what `$inGroup` asks of a group that is a
/// list of values.
#[must_use]
pub fn is_in(value: &Value, list: &[Value]) -> bool {
    any_item(value, |item| list.iter().any(|listed| same(item, listed)))
}

/// Nobody is in any group.
#[must_use]
pub fn no_groups(_group: &str, _value: &Value) -> bool {
    false
}

/// Of an array whether an item fits, of anything else whether it does.
pub(super) fn any_item(value: &Value, fits: impl Fn(&Value) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().any(fits),
        other => fits(other),
    }
}

/// Values of an operand, compared with or without regard to case.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct List {
    /// As written.
    pub(super) items: Vec<Value>,
    /// The same in lower case, where case does not count.
    folded: Option<Vec<Value>>,
}

impl List {
    pub(super) fn new(items: Vec<Value>, any_case: bool) -> Self {
        let fold = || items.iter().map(|item| folded(item).into_owned()).collect();
        Self {
            folded: any_case.then(fold),
            items,
        }
    }

    pub(super) fn any_case(&self) -> bool {
        self.folded.is_some()
    }

    pub(super) fn has(&self, value: &Value) -> bool {
        let (list, value) = match &self.folded {
            Some(folded_items) => (folded_items, folded(value)),
            None => (&self.items, Cow::Borrowed(value)),
        };
        list.iter().any(|item| same(item, &value))
    }

    /// Whether every value of the list is among these.
    pub(super) fn all_in(&self, values: &[Value]) -> bool {
        match &self.folded {
            Some(folded_items) => {
                let values: Vec<_> = values.iter().map(folded).collect();
                let has = |item: &Value| values.iter().any(|value| same(value, item));
                folded_items.iter().all(has)
            }
            None => {
                let has = |item: &Value| values.iter().any(|value| same(value, item));
                self.items.iter().all(has)
            }
        }
    }
}

fn folded(value: &Value) -> Cow<'_, Value> {
    match value {
        Value::String(text) => Cow::Owned(Value::String(text.to_lowercase())),
        other => Cow::Borrowed(other),
    }
}
