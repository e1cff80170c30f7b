//! Violations in words. They tell what kind of value was found, never the value.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::LocationSegment;
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use super::Found;
use crate::violation::Violation;

/// Characters of a name or of a part of a schema in a sentence.
const LONGEST: usize = 80;
/// Unexpected properties of one object that are told one by one.
const MOST_UNEXPECTED: usize = 10;
/// Allowed values that are listed.
const MOST_OPTIONS: usize = 8;

/// What one error of the validator says. `part` is `properties` or `traits`.
pub(super) fn violations(
    error: &ValidationError<'_>,
    part: &str,
    names: &BTreeSet<String>,
    plan_version: i64,
) -> Vec<Found> {
    let at = Path::of(error, part, names);
    let found = |at: Path, expected: String, found: String| Found {
        violation: Violation {
            plan_version,
            path: at.exact,
            rule: error.kind().keyword().to_owned(),
            expected,
            found,
        },
        place: at.place,
    };
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let at = at.then(property.as_str().unwrap_or_default());
            vec![found(at, "a value".to_owned(), "nothing".to_owned())]
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => unexpected
            .iter()
            .take(MOST_UNEXPECTED)
            .map(|name| {
                let there = error.instance().get(name).unwrap_or(&Value::Null);
                let at = at.clone().then(name);
                found(at, "no property of this name".to_owned(), kind_of(there))
            })
            .collect(),
        kind => vec![found(at, expected(kind), kind_of(error.instance()))],
    }
}

/// A path, exactly and without what differs from event to event.
#[derive(Clone)]
struct Path {
    exact: String,
    place: String,
}

impl Path {
    fn of(error: &ValidationError<'_>, part: &str, names: &BTreeSet<String>) -> Self {
        let mut path = Self {
            exact: part.to_owned(),
            place: part.to_owned(),
        };
        for segment in error.instance_path().segments() {
            match segment {
                LocationSegment::Index(index) => {
                    // Writing to a String cannot fail.
                    let _ = write!(path.exact, "[{index}]");
                    path.place.push_str("[*]");
                }
                LocationSegment::Property(name) => {
                    path.exact.push_str(&step(&name));
                    let known = names.contains(name.as_ref());
                    path.place
                        .push_str(&if known { step(&name) } else { ".*".to_owned() });
                }
            }
        }
        path
    }

    /// A property below, whose name the plan or the event's author has to see.
    fn then(mut self, name: &str) -> Self {
        let step = step(name);
        self.exact.push_str(&step);
        self.place.push_str(&step);
        self
    }
}

/// A step to a property: `.price`, or `["a name"]` where that would be unclear.
fn step(name: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '$');
    if !name.is_empty() && name.chars().all(plain) {
        format!(".{}", short(name))
    } else {
        format!("[{}]", Value::from(short(name)))
    }
}

/// The beginning of a text, without what a line cannot show.
pub(super) fn short(text: &str) -> String {
    let mut start: String = text.chars().take(LONGEST).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start.replace(char::is_control, "\u{fffd}")
}

fn expected(kind: &ValidationErrorKind) -> String {
    match kind {
        ValidationErrorKind::Type { kind } => match kind {
            TypeKind::Single(one) => type_name(*one).to_owned(),
            TypeKind::Multiple(many) => {
                let names: Vec<&str> = many.iter().map(type_name).collect();
                names.join(" or ")
            }
        },
        ValidationErrorKind::Enum { options } => {
            let options = options.as_array().map_or(&[][..], Vec::as_slice);
            let shown = options.iter().take(MOST_OPTIONS).map(json);
            let more = if options.len() > MOST_OPTIONS {
                ", …"
            } else {
                ""
            };
            format!("one of {}{more}", shown.collect::<Vec<_>>().join(", "))
        }
        ValidationErrorKind::Constant { expected_value } => json(expected_value),
        ValidationErrorKind::Format { format } => format!("a text in the form of \"{format}\""),
        ValidationErrorKind::Pattern { pattern } => {
            format!("a text that matches {}", short(pattern))
        }
        ValidationErrorKind::Minimum { limit } => format!("{} or more", json(limit)),
        ValidationErrorKind::Maximum { limit } => format!("{} or less", json(limit)),
        ValidationErrorKind::ExclusiveMinimum { limit } => format!("more than {}", json(limit)),
        ValidationErrorKind::ExclusiveMaximum { limit } => format!("less than {}", json(limit)),
        ValidationErrorKind::MultipleOf { multiple_of } => format!("a multiple of {multiple_of}"),
        ValidationErrorKind::MinLength { limit } => format!("{limit} characters or more"),
        ValidationErrorKind::MaxLength { limit } => format!("{limit} characters or fewer"),
        ValidationErrorKind::MinItems { limit } => format!("{limit} items or more"),
        ValidationErrorKind::MaxItems { limit } => format!("{limit} items or fewer"),
        ValidationErrorKind::AdditionalItems { limit } => format!("{limit} items or fewer"),
        ValidationErrorKind::MinProperties { limit } => format!("{limit} properties or more"),
        ValidationErrorKind::MaxProperties { limit } => format!("{limit} properties or fewer"),
        ValidationErrorKind::UniqueItems => "items that differ from each other".to_owned(),
        ValidationErrorKind::UnevaluatedItems { .. } => "no further items".to_owned(),
        ValidationErrorKind::Contains => "a list with the required items".to_owned(),
        ValidationErrorKind::AnyOf { .. } => "one of the allowed forms".to_owned(),
        ValidationErrorKind::OneOfNotValid { .. } => "one of the allowed forms".to_owned(),
        ValidationErrorKind::OneOfMultipleValid { .. } => {
            "exactly one of the allowed forms".to_owned()
        }
        ValidationErrorKind::Not { .. } => "something else".to_owned(),
        ValidationErrorKind::FalseSchema => "nothing".to_owned(),
        ValidationErrorKind::PropertyNames { .. } => "other names of properties".to_owned(),
        other => format!("what \"{}\" asks for", other.keyword()),
    }
}

/// A value of the schema, which its author wrote.
fn json(value: &Value) -> String {
    short(&value.to_string())
}

const fn type_name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Null => "null",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Number => "a number",
        JsonType::String => "a text",
        JsonType::Array => "a list",
        JsonType::Object => "an object",
    }
}

/// What a value is, without saying it.
fn kind_of(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "true or false".to_owned(),
        Value::Number(number) if number.is_f64() => "a number".to_owned(),
        Value::Number(_) => "a whole number".to_owned(),
        Value::String(text) if is_number(text) => "a number written as a text".to_owned(),
        Value::String(text) => match text.chars().count() {
            0 => "an empty text".to_owned(),
            1 => "a text of 1 character".to_owned(),
            count => format!("a text of {count} characters"),
        },
        Value::Array(items) => match items.len() {
            1 => "a list of 1 item".to_owned(),
            count => format!("a list of {count} items"),
        },
        Value::Object(_) => "an object".to_owned(),
    }
}

/// Whether a text is a number that a client wrote in quotes.
pub(super) fn is_number(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_digit() || letter == '-')
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}
