//! The text form of a definition, for people who write it: one tree, two spellings.
//!
//! ```text
//! event "Order Completed" where total >= 100 count >= 2 within 30d
//!   and not event "Order Completed" within 7d
//!   and consent personalization
//! ```
//!
//! `and` binds closer than `or`, `not` closest. What the words cannot say is written as the JSON of the
//! condition: `traits {"$or": [{"plan": "pro"}, {"seats": {"$gte": 10}}]}`.

use std::fmt;

use serde_json::{Map, Value, json};

use super::{Expr, ExprError};

mod place;
mod read;
mod token;

/// A text that is no definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong and how to write it.
    pub message: String,
}

impl fmt::Display for TextError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            column,
            message,
        } = self;
        write!(formatter, "line {line}, column {column}: {message}")
    }
}

impl std::error::Error for TextError {}

impl TextError {
    /// What is wrong at so many bytes of a text.
    fn at(text: &str, at: usize, message: String) -> Self {
        let before = text.get(..at).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        Self {
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
            message,
        }
    }
}

/// A definition that was read from its text form, and from where in it.
#[derive(Clone, Debug)]
pub struct Text {
    /// The definition.
    pub rule: Expr,
    text: String,
    places: place::Places,
}

impl Text {
    /// Reads the text form.
    ///
    /// # Errors
    /// The first place that is wrong, by line and column.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        read::Reader::of(text).definition()
    }

    /// What is wrong with the definition, said of the place in the text that became this path of it.
    #[must_use]
    pub fn error(&self, error: ExprError) -> TextError {
        place_error(&self.text, &self.places, error)
    }
}

/// An error of the tree as one of the text that it was read from.
fn place_error(text: &str, places: &place::Places, error: ExprError) -> TextError {
    let (at, rest) = places.of(&error.path);
    let message = if rest.is_empty() {
        error.message
    } else {
        format!("{rest}: {}", error.message)
    };
    TextError::at(text, at, message)
}

/// The operators that have a sign of their own.
const SIGNS: [(&str, &str); 6] = [
    (">=", "$gte"),
    ("<=", "$lte"),
    ("!=", "$ne"),
    ("=", "$eq"),
    (">", "$gt"),
    ("<", "$lt"),
];

/// The text form.
impl fmt::Display for Expr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = serde_json::to_value(self).map_err(|_| fmt::Error)?;
        formatter.write_str(&rule(&written, Strength::Or))
    }
}

/// How closely what stands around a rule binds.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Strength {
    Or,
    And,
    Not,
}

fn rule(value: &Value, around: Strength) -> String {
    let Some(object) = value.as_object() else {
        return value.to_string();
    };
    let joined = |items: &Value, word: &str, none: &str, strength: Strength| {
        let items = items.as_array().map(Vec::as_slice).unwrap_or_default();
        match items {
            [] => none.to_owned(),
            [one] => format!("({word} {})", rule(one, Strength::Not)),
            _ => {
                let parts: Vec<String> = items
                    .iter()
                    .map(|item| rule(item, next(strength)))
                    .collect();
                let text = parts.join(&format!(" {word} "));
                if around > strength {
                    format!("({text})")
                } else {
                    text
                }
            }
        }
    };
    if let Some(items) = object.get("all") {
        return joined(items, "and", "everybody", Strength::And);
    }
    if let Some(items) = object.get("any") {
        return joined(items, "or", "nobody", Strength::Or);
    }
    if let Some(inner) = object.get("not") {
        return format!("not {}", rule(inner, Strength::Not));
    }
    leaf(object)
}

/// Rules of one kind side by side stay apart from the same kind within them: `a and (b and c)`.
fn next(strength: Strength) -> Strength {
    match strength {
        Strength::Or => Strength::And,
        Strength::And | Strength::Not => Strength::Not,
    }
}

fn leaf(object: &Map<String, Value>) -> String {
    let value = |name: &str| object.get(name).unwrap_or(&Value::Null);
    if let Some(condition) = object.get("traits") {
        return named("trait", "traits", condition);
    }
    if let Some(condition) = object.get("computed_traits") {
        return named("computed", "computed_traits", condition);
    }
    if let Some(name) = object.get("date") {
        let rest = object.iter().find(|(key, _)| *key != "date");
        let rest = rest.map(|(word, value)| format!("{word} {}", word_of(value)));
        return format!("date {} {}", word_of(name), rest.unwrap_or_default());
    }
    if let Some(name) = object.get("audience") {
        return format!("audience {}", word_of(name));
    }
    if let Some(kind) = object.get("identifier") {
        return format!("identifier {}", word_of(kind));
    }
    if let Some(purpose) = object.get("consent") {
        let is = object.get("is").map(|is| format!(" is {}", word_of(is)));
        return format!("consent {}{}", word_of(purpose), is.unwrap_or_default());
    }
    if let Some(steps) = object.get("sequence") {
        return sequence(steps, object);
    }
    let mut text = matching(object);
    if let Some(bots) = object.get("bots") {
        text.push_str(&format!(" bots {bots}"));
    }
    if object.contains_key("aggregate") {
        let (aggregate, of) = (word_of(value("aggregate")), word_of(value("of")));
        text.push_str(&format!(" {aggregate} of {of} {}", operators(value("is"))));
    } else if *value("count") != json!({"$gte": 1}) {
        text.push_str(&format!(" count {}", operators(value("count"))));
    }
    for name in crate::window::FIELDS {
        if let Some(value) = object.get(name) {
            text.push_str(&format!(" {name} {}", word_of(value)));
        }
    }
    text
}

fn sequence(steps: &Value, object: &Map<String, Value>) -> String {
    let step = |step: &Value| {
        let Some(step) = step.as_object() else {
            return step.to_string();
        };
        let mut text = match step.get("not").and_then(Value::as_object) {
            Some(not) => format!("not {}", matching(not)),
            None => matching(step),
        };
        if let Some(within) = step.get("within") {
            text.push_str(&format!(" within {}", word_of(within)));
        }
        text
    };
    let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let steps: Vec<String> = items(steps).iter().map(step).collect();
    let mut text = format!("sequence ({})", steps.join(" then "));
    if let Some(without) = object.get("without") {
        let without: Vec<String> = items(without).iter().map(step).collect();
        text.push_str(&format!(" without ({})", without.join(", ")));
    }
    if let Some(within) = object.get("within") {
        text.push_str(&format!(" within {}", word_of(within)));
    }
    text
}

/// `event "Name" where …`
fn matching(object: &Map<String, Value>) -> String {
    let name = object.get("event").unwrap_or(&Value::Null);
    let conditions = object.get("where").map(|condition| {
        let plain = comparisons(condition);
        format!(" where {}", plain.unwrap_or_else(|| condition.to_string()))
    });
    format!("event {name}{}", conditions.unwrap_or_default())
}

/// `trait plan = "pro"`, or the whole condition.
fn named(one: &str, all: &str, condition: &Value) -> String {
    let single = condition
        .as_object()
        .is_some_and(|object| object.len() == 1);
    match comparisons(condition).filter(|_| single) {
        Some(text) => format!("{one} {text}"),
        None => format!("{all} {condition}"),
    }
}

/// `total >= 100, category = "sneakers"`; none where the condition says more.
fn comparisons(condition: &Value) -> Option<String> {
    let object = condition.as_object().filter(|object| !object.is_empty())?;
    let parts: Option<Vec<String>> = object
        .iter()
        .map(|(name, is)| {
            let plain = !name.starts_with('$');
            Some(format!("{} {}", quoted(name), comparison(is)?)).filter(|_| plain)
        })
        .collect();
    Some(parts?.join(", "))
}

/// `>= 100`; none where there is more than one operator, or one without a sign.
fn comparison(is: &Value) -> Option<String> {
    let is_plain = |value: &Value| !value.is_object() && !value.is_array();
    match is.as_object() {
        None => is_plain(is).then(|| format!("= {is}")),
        Some(object) => {
            let mut members = object.iter();
            let (operator, operand) = members.next()?;
            let (sign, _) = SIGNS.iter().find(|(_, known)| known == operator)?;
            (members.next().is_none() && is_plain(operand)).then(|| format!("{sign} {operand}"))
        }
    }
}

fn operators(is: &Value) -> String {
    comparison(is).unwrap_or_else(|| is.to_string())
}

/// A word without quotes where that is enough.
fn word_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), quoted)
}

fn quoted(word: &str) -> String {
    if token::is_word(word) {
        word.to_owned()
    } else {
        Value::from(word).to_string()
    }
}
